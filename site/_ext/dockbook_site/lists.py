"""The directives for the list of chapters and for the ledger."""

import html
import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from dockbook_site.languages import speaker
from dockbook_site.markup import (
    badge,
    claim_anchor,
    prose,
    raw,
    read_book,
    read_claims,
)


class Chapters(SphinxDirective):
    """List the chapters, and how each of them fared."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        self.env.note_dependency(source / "book.json")
        items = "".join(self.item(page) for page in read_book(source))
        return [raw(f'<ol class="chapters">{items}</ol>')]

    def item(self, page: dict[str, Any]) -> str:
        """Write the entry of a chapter."""
        say = speaker(self.env, page["doc"])
        total = len(page["checks"])
        held = sum(check["ok"] for check in page["checks"])
        told = _("{held} of {total} checks held").format(held=held, total=total)
        return (
            f'<li><div><a href="{page["doc"]}.html">{prose(say(page["title"]))}</a>'
            f"<p>{prose(first_sentence(say(page['summary'])))}</p></div>"
            f'<p class="state">{badge(page["status"])}'
            f"<small>{told if total else ''}</small></p></li>"
        )


def first_sentence(text: str) -> str:
    """Take the first sentence of a text in English or in Chinese."""
    return re.split(r"(?<=\.)\s|(?<=。)", text, maxsplit=1)[0]


class Ledger(SphinxDirective):
    """Show every claim with its verdict and the checks that prove it."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        for name in ("book.json", "claims.yaml"):
            self.env.note_dependency(source / name)
        claims = read_claims(source)
        if not claims:
            said = _("The ledger has not been written yet.")
            return [raw(f'<p class="empty">{said}</p>')]
        proofs: dict[str, list[str]] = {}
        for page in read_book(source):
            for check in page["checks"]:
                proofs.setdefault(str(check["note"]), []).append(proof(page, check))
        groups = itertools.groupby(
            claims, key=lambda claim: self.said(claim["section"])
        )
        body = "".join(self.group(section, rows, proofs) for section, rows in groups)
        heads = (_("Claim"), _("Verdict"), _("Proof"))
        head = "".join(f'<th scope="col">{word}</th>' for word in heads)
        return [
            raw(
                f'<p class="tally">{self.tally(claims)}</p>'
                '<div class="scroll" tabindex="0"><table class="ledger"><thead><tr>'
                f"{head}</tr></thead>{body}</table></div>"
            )
        ]

    def tally(self, claims: list[dict[str, Any]]) -> str:
        """Count the verdicts."""
        verdicts = [str(claim["verdict"]) for claim in claims]
        return " ".join(
            f"<span>{badge(verdict)} {verdicts.count(verdict)}</span>"
            for verdict in sorted(set(verdicts))
        )

    def group(
        self,
        section: str,
        claims: Iterable[dict[str, Any]],
        proofs: dict[str, list[str]],
    ) -> str:
        """Write the claims of one section of the note."""
        rows = "".join(self.row(claim, proofs) for claim in claims)
        said = _("Section {section} of the note").format(section=prose(section))
        return (
            '<tbody><tr class="section"><th colspan="3" scope="rowgroup">'
            f"{said}</th></tr>{rows}</tbody>"
        )

    def row(self, claim: dict[str, Any], proofs: dict[str, list[str]]) -> str:
        """Write one claim."""
        anchor = claim_anchor(claim["id"])
        why = claim.get("why") or {}
        skipped = claim["verdict"] == "skipped"
        none = _("not checked") if skipped else _("no check yet")
        found = proofs.get(str(claim["id"]), [f'<span class="none">{none}</span>'])
        return (
            f'<tr id="{anchor}"><td><a class="id" href="#{anchor}">'
            f"{html.escape(str(claim['id']))}</a> {prose(self.said(claim['claim']))}"
            f'<p class="why">{prose(self.said(why))}</p></td>'
            f"<td>{badge(str(claim['verdict']))}</td>"
            f"<td>{'<br>'.join(found)}</td></tr>"
        )

    def said(self, text: Any) -> str:
        """Take a text of the ledger in the language of the page."""
        if not isinstance(text, dict):
            return str(text or "")
        language = str(self.config.language)[:2]
        return str(text.get(language) or text.get("en") or "")


def proof(page: dict[str, Any], check: dict[str, Any]) -> str:
    """Write a link to a check; one that held in a run that failed says so."""
    doubt = " " + badge("failed") if check["ok"] and page["status"] == "failed" else ""
    return (
        f'<a class="proof is-{"ok" if check["ok"] else "false"}" '
        f'href="{page["doc"]}.html#{check["anchor"]}">{html.escape(page["name"])}</a>{doubt}'
    )
