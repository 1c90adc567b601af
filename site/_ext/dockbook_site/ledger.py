"""The directive for the ledger: a table of claims, and a form that filters it.

The script ``ledger.js`` shows the form. Its choices are in the fragment of the
address, as ``#chapter=volumes``; there is a place of that name for readers without it.
"""

import html
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from dockbook_site.languages import speaker
from dockbook_site.markup import (
    WORDS,
    badge,
    claim_anchor,
    correction,
    prose,
    raw,
    read_book,
    read_claims,
    read_engines,
    said,
)
from kernels_helpers.hosts import PODMAN
from kernels_helpers.site.pages import EDITED

Claim = dict[str, Any]


def filter_it(app: Sphinx, page: str, *_of_page: Any) -> None:
    """Give the page of the ledger its script."""
    if page == "ledger":
        app.add_js_file("ledger.js", loading_method="defer")


class Ledger(SphinxDirective):
    """Show every claim with its verdict and the checks that prove it."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        for name in ("book.json", "claims.yaml", "engines.json"):
            self.env.note_dependency(source / name)
        claims = read_claims(source)
        if not claims:
            empty = _("The ledger has not been written yet.")
            return [raw(f'<p class="empty">{empty}</p>')]
        self.language = str(self.config.language)
        self.pages = {page["name"]: page for page in read_book(source)}
        self.engines = read_engines(source)
        self.places: set[str] = set()  # that the fragment of an address may name
        self.proofs: dict[str, list[str]] = {}
        for page in self.pages.values():
            for check in page["checks"]:
                name = str(check["note"])
                self.proofs.setdefault(name, []).append(proof(page, check))
        groups = itertools.groupby(
            claims, key=lambda claim: said(claim["section"], self.language)
        )
        body = "".join(self.group(section, rows) for section, rows in groups)
        names = [html.escape(f"{e['product']} {e['version']}") for e in self.engines]
        heads = (_("Claim"), _("Verdict"), _("Proof"), *names)
        head = "".join(f'<th scope="col">{word}</th>' for word in heads)
        return [
            raw(
                f'<p class="tally">{tally(claims)}</p>{self.form(claims)}'
                '<div class="scroll" tabindex="0"><table class="ledger"><thead><tr>'
                f"{head}</tr></thead>{body}</table></div>"
            )
        ]

    def form(self, claims: list[Claim]) -> str:
        """Write the form; it is hidden as long as no script is at work."""
        found = Counter(str(claim["chapter"]) for claim in claims)
        chapters = [
            (name, speaker(self.env, page["doc"])(page["title"]).replace("`", ""))
            for name, page in self.pages.items()
            if found[name]
        ]
        verdicts = [
            (v, WORDS.get(v, v)) for v in Counter(verdict_of(c) for c in claims)
        ]
        words, many = _("Words"), _("{n} of {total} claims")
        told = html.escape(str(many).replace("{total}", str(len(claims))))
        return (
            '<form class="filter" hidden>'
            + choice("verdict", _("Verdict"), _("all verdicts"), verdicts)
            + choice("chapter", _("Chapter"), _("all chapters"), chapters)
            + f'<label>{words} <input type="search" name="words"></label>'
            f'<output name="told" aria-live="polite" data-told="{told}"></output>'
            "</form>"
        )

    def group(self, section: str, claims: Iterable[Claim]) -> str:
        """Write the claims of one section of the note."""
        rows = "".join(map(self.row, claims))
        word = _("Section {section} of the note").format(section=prose(section))
        return (
            f'<tbody><tr class="section"><th colspan="{3 + len(self.engines)}" '
            'scope="rowgroup">'
            f"{word}</th></tr>{rows}</tbody>"
        )

    def row(self, claim: Claim) -> str:
        """Write one claim."""
        anchor, verdict = claim_anchor(claim["id"]), verdict_of(claim)
        chapter = html.escape(str(claim["chapter"] or ""))
        if verdict == "corrected":
            text = correction(claim, self.language)
        else:
            why = prose(said(claim.get("why"), self.language))
            text = f"{prose(said(claim['claim'], self.language))}"
            text += f'<p class="why">{why}</p>'
        return (
            f'<tr id="{anchor}" data-verdict="{verdict}" data-chapter="{chapter}">'
            f'<td>{self.marks(verdict, chapter)}<a class="id" href="#{anchor}">'
            f"{html.escape(str(claim['id']))}</a> {text}</td><td>{badge(verdict)}</td>"
            f"<td>{self.proof(claim)}</td>{''.join(self.found(claim))}</tr>"
        )

    def found(self, claim: Claim) -> Iterator[str]:
        """Say what runs have found of a claim on each engine."""
        page = self.pages.get(claim["chapter"])
        say = speaker(self.env, page["doc"]) if page else str
        refused = page and page["podman"] if claim["id"] in self.proofs else None
        for engine in self.engines:
            checks = engine["claims"].get(claim["id"], [])
            verdict, reasons = outcome(checks)
            if refused and not checks and engine["product"] == PODMAN:
                verdict, reasons = "skipped", [refused]
            why = " ".join(prose(say(reason)) for reason in reasons)
            told = f'<p class="why">{why}</p>' if why else ""
            name = html.escape(f"{engine['product']} {engine['version']}")
            shown = badge(verdict) if verdict else ""
            yield f'<td class="engine" data-engine="{name}">{shown}{told}</td>'

    def marks(self, verdict: str, chapter: str) -> str:
        """Name the first row of a verdict and of a chapter as an address does."""
        names = {f"verdict={verdict}", f"chapter={chapter}"} - self.places
        self.places |= names
        return "".join(f'<span id="{name}"></span>' for name in sorted(names))

    def proof(self, claim: Claim) -> str:
        """Lead to the checks of a claim, or to the chapter that speaks of it."""
        if found := self.proofs.get(str(claim["id"])):
            return "<br>".join(found)
        proved = verdict_of(claim) in ("confirmed", "corrected")
        word = _("no check yet") if proved else _("not checked")
        page = self.pages.get(claim["chapter"])
        where = f'<a href="{page["doc"]}.html">{page["name"]}</a><br>' if page else ""
        return f'{where}<span class="none">{word}</span>'


def outcome(checks: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """Judge the checks of a claim in a run: failed, differs and how, or held."""
    reasons = [check["differs"] for check in checks if "differs" in check]
    if any(check["ok"] == ("differs" in check) for check in checks):
        return "failed", []
    return ("differs" if reasons else "held" if checks else ""), reasons


def tally(claims: list[Claim]) -> str:
    """Count the claims, and the verdicts; each of these leads to its claims."""
    counted = Counter(map(verdict_of, claims))
    total = _("{n} claims:").format(n=len(claims))
    return f"<span>{total}</span> " + " ".join(
        f'<a href="#verdict={verdict}">{badge(verdict)} {counted[verdict]}</a>'
        for verdict in sorted(counted)
    )


def verdict_of(claim: Claim) -> str:
    """Take the verdict of a claim as text for HTML."""
    return html.escape(str(claim["verdict"]))


def choice(name: str, word: str, every: str, options: Iterable[tuple[str, str]]) -> str:
    """Write a list to choose from; the first choice is all."""
    listed = "".join(
        f'<option value="{html.escape(value)}">{html.escape(str(shown))}</option>'
        for value, shown in [("", every), *options]
    )
    return f'<label>{word} <select name="{name}">{listed}</select></label>'


def proof(page: dict[str, Any], check: dict[str, Any]) -> str:
    """Write a link to a check; one that held in a run in doubt says so."""
    in_doubt = check["ok"] and page["status"] in ("failed", EDITED)
    doubt = " " + badge(page["status"]) if in_doubt else ""
    return (
        f'<a class="proof is-{"ok" if check["ok"] else "false"}" '
        f'href="{page["doc"]}.html#{check["anchor"]}">{html.escape(page["name"])}</a>{doubt}'
    )
