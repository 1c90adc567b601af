"""Draw what the chapters of dockbook hold: steps, checks, parameters, diagrams.

``kernels_helpers.site`` leaves two files next to the pages: ``book.json``, what is
known of each chapter, and ``claims.yaml``, the ledger.
"""

import html
import itertools
import json
import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

import graphviz
import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from kernels_helpers import steps
from kernels_helpers.errors import DockbookError
from kernels_helpers.parameters import Contract

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
OPTION_WORDS = {"rc": "exit code", "as": "as user"}


def read_book(source: Path) -> list[dict[str, Any]]:
    """Read what is known of the chapters."""
    return json.loads((source / "book.json").read_text(encoding="utf-8"))


def read_claims(source: Path) -> list[dict[str, Any]]:
    """Read the ledger; it is empty as long as it has not been written."""
    path = source / "claims.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []


def claim_anchor(name: object) -> str:
    """Name the place of a claim in the ledger."""
    return "claim-" + re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-")


def prose(text: object) -> str:
    """Write a text as HTML, with `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text), quote=False))


def badge(word: str) -> str:
    """Write a status or a verdict as a small label."""
    return f'<span class="badge is-{word.replace(" ", "-")}">{html.escape(word)}</span>'


def raw(text: str) -> nodes.raw:
    """Hold HTML."""
    return nodes.raw("", text, format="html")


class Chapters(SphinxDirective):
    """List the chapters, and how each of them fared."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        self.env.note_dependency(source / "book.json")
        items = "".join(self.item(page) for page in read_book(source))
        return [raw(f'<ol class="chapters">{items}</ol>')]

    def item(self, page: dict[str, Any]) -> str:
        checks = len(page["checks"])
        told = f"{checks} check{'s' * (checks != 1)}" if checks else ""
        return (
            f'<li><div><a href="{page["doc"]}.html">{prose(page["title"])}</a>'
            f"<p>{prose(page['summary'])}</p></div>"
            f'<p class="state">{badge(page["status"])}<small>{told}</small></p></li>'
        )


class Ledger(SphinxDirective):
    """Show every claim with its verdict and the checks that prove it."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        for name in ("book.json", "claims.yaml"):
            self.env.note_dependency(source / name)
        claims = read_claims(source)
        if not claims:
            return [raw('<p class="empty">The ledger has not been written yet.</p>')]
        proofs: dict[str, list[str]] = {}
        for page in read_book(source):
            for check in page["checks"]:
                proofs.setdefault(str(check["note"]), []).append(proof(page, check))
        groups = itertools.groupby(claims, key=lambda claim: str(claim["section"]))
        body = "".join(self.group(section, rows, proofs) for section, rows in groups)
        return [
            raw(
                f'<p class="tally">{self.tally(claims)}</p>'
                '<div class="scroll" tabindex="0"><table class="ledger"><thead><tr>'
                '<th scope="col">Claim</th><th scope="col">Verdict</th>'
                f'<th scope="col">Proof</th></tr></thead>{body}</table></div>'
            )
        ]

    def tally(self, claims: list[dict[str, Any]]) -> str:
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
        rows = "".join(self.row(claim, proofs) for claim in claims)
        return (
            '<tbody><tr class="section"><th colspan="3" scope="rowgroup">'
            f"{prose(section)}</th></tr>{rows}</tbody>"
        )

    def row(self, claim: dict[str, Any], proofs: dict[str, list[str]]) -> str:
        anchor = claim_anchor(claim["id"])
        why = claim.get("why") or {}
        found = proofs.get(str(claim["id"])) or ['<span class="none">no check yet</span>']
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
    """Write a link to a check."""
    ok = check["ok"] and page["status"] != "failed"
    return (
        f'<a class="proof is-{"ok" if ok else "false"}" '
        f'href="{page["doc"]}.html#{check["anchor"]}">{html.escape(page["name"])}</a>'
    )


class diagram(nodes.General, nodes.Element):  # noqa: N801 - as docutils names nodes
    """A diagram in DOT."""


class DiagramDirective(SphinxDirective):
    """Draw the DOT below it; ``alt`` says the same in words."""

    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "alt": directives.unchanged_required
    }

    def run(self) -> list[nodes.Node]:
        alt = self.options.get("alt")
        if not alt:
            raise self.error("a diagram needs :alt: - say in words what it shows")
        return [diagram(dot="\n".join(self.content), alt=alt)]


def visit_diagram(self: Any, node: diagram) -> None:
    """Put the SVG into the page, so that it takes the colours of the page."""
    drawing = draw(node["dot"], node["alt"], f"d{len(self.body)}")
    self.body.append(
        f'<figure class="diagram"><div class="scroll" tabindex="0">{drawing}</div>'
        f"<figcaption>{prose(node['alt'])}</figcaption></figure>"
    )
    raise nodes.SkipNode


def draw(dot: str, alt: str, prefix: str) -> str:
    """Draw DOT as SVG in the colour of the text, with ids of its own."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    drawn = graphviz.Source(dot).pipe(format="svg", encoding="utf-8")
    svg = ElementTree.fromstring(drawn)  # noqa: S314 - from our own dot
    for parent in list(svg.iter()):
        for child in parent.findall(f"{{{SVG}}}title"):
            parent.remove(child)
    for element in svg.iter():
        if "id" in element.attrib:
            element.set("id", f"{prefix}-{element.get('id')}")
        if element.tag == f"{{{SVG}}}text" and "fill" not in element.attrib:
            element.set("fill", "currentColor")
        for name in ("fill", "stroke"):
            if element.get(name) in ("black", "#000000"):
                element.set(name, "currentColor")
    width = round(float(svg.get("width", "0pt").removesuffix("pt")) * 4 / 3)
    svg.attrib = {
        "viewBox": svg.get("viewBox", ""),
        "role": "img",
        "aria-labelledby": f"{prefix}-title",
        "style": f"width:{width}px",
    }
    title = ElementTree.Element(f"{{{SVG}}}title", id=f"{prefix}-title")
    title.text = alt
    svg.insert(0, title)
    return ElementTree.tostring(svg, encoding="unicode")


class Draw(SphinxPostTransform):
    """Draw the cells of a chapter and, under its title, how its run went."""

    default_priority = 50
    formats = ("html",)

    def run(self, **_: Any) -> None:
        source = Path(self.env.srcdir)
        page = {p["doc"]: p for p in read_book(source)}.get(self.env.docname)
        if page is None:
            return
        self.page = page
        self.up = "../" * page["doc"].count("/")
        self.claims = {str(claim["id"]) for claim in read_claims(source)}
        failed = False
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") != "cell_code":
                continue
            mark = cell["cell_metadata"]["dockbook"]
            if failed:
                cell["classes"].append("not-run")
            elif mark["failed"]:
                cell["classes"].append("failed")
                cell.insert(0, raw('<span id="failed"></span>'))
            failed = failed or mark["failed"]
            self.cell(cell, mark)
        title = next(iter(self.document.findall(nodes.title)))
        place = title.parent.index(title) + 1
        title.parent.insert(place, raw(self.run_badge(page, failed=failed)))

    def cell(self, cell: nodes.container, mark: dict[str, Any]) -> None:
        block = next(iter(cell.findall(nodes.literal_block)))
        text = block.astext()
        try:
            if "parameters" in cell["cell_metadata"].get("tags", ()):
                cell.replace_self(raw(parameters(Contract.parse(text))))
                return
            magic, _, body = text.partition("\n")
            if magic.rstrip() in ("%%look", "%%change"):
                self.step(cell, block, steps.parse(magic.rstrip()[2:], body), body)
                return
        except DockbookError:
            pass  # malformed: shown as it is written
        if mark["checks"]:
            self.fold(cell, "checks", "".join(map(self.check, mark["checks"])))
        elif next(iter(cell.findall(diagram)), None):
            self.fold(cell, "drawn", "")

    def step(
        self,
        cell: nodes.container,
        block: nodes.literal_block,
        step: steps.Step,
        body: str,
    ) -> None:
        """Show a step as the command that it is, with its options below."""
        block.replace_self(nodes.literal_block(step.body, step.body, language="bash"))
        cell["classes"] += ["step", step.kind]
        lines = itertools.takewhile(lambda line: line.startswith("#|"), body.splitlines())
        options = [line[2:].split(":", 1) for line in lines]
        items = "".join(
            f"<div><dt>{OPTION_WORDS.get(name.strip(), name.strip())}</dt>"
            f"<dd><code>{html.escape(value.strip())}</code></dd></div>"
            for name, value in options
        )
        if items:
            cell.insert(cell.index(block.parent) + 1 if block.parent in cell else 1, raw(f'<dl class="options">{items}</dl>'))

    def fold(self, cell: nodes.container, kind: str, shown: str) -> None:
        """Show what a Python cell says, and fold its source."""
        cell["classes"].append(kind)
        source, *outputs = (
            child for child in cell.children if isinstance(child, nodes.container)
        )
        marks = [child for child in cell.children if isinstance(child, nodes.raw)]
        cell.children = []
        cell += [
            *marks,
            raw(shown),
            *outputs,
            raw('<details class="source"><summary>source</summary>'),
            source,
            raw("</details>"),
        ]

    def check(self, check: dict[str, Any]) -> str:
        ok, note = check["ok"], check["note"]
        known = note is not None and str(note) in self.claims
        claim = "" if note is None else html.escape(str(note))
        if known:
            claim = f'<a href="{self.up}ledger.html#{claim_anchor(note)}">{claim}</a>'
        return (
            f'<p class="check is-{"ok" if ok else "false"}" id="{check["anchor"]}">'
            f'<span class="mark">{"✔" if ok else "✘"}</span> '
            f'<span>{prose(check["claim"])} <small class="claim">{claim}</small></span></p>'
        )

    def run_badge(self, page: dict[str, Any], *, failed: bool) -> str:
        notebook = Path(page["doc"]).name + ".ipynb"
        facts = [badge(page["status"])]
        if page["started"]:
            started = html.escape(page["started"])
            shown = f"{started[:10]} {started[11:16]} UTC"
            facts.append(f'<time datetime="{started}">{shown}</time>')
        elif page["status"] == "recorded":
            facts.append("outputs kept with the chapter")
        if page["engine"]:
            api = f" (API {page['api']})" if page["api"] else ""
            facts.append(html.escape(f"Docker Engine {page['engine']}{api}"))
        if page["host"]:
            facts.append(html.escape(f"on {page['host']}"))
        if page["seconds"]:
            facts.append(f"{page['seconds']:.0f} s")
        facts.append(f'<a href="{notebook}" download>notebook</a>')
        shown = "".join(f"<li>{fact}</li>" for fact in facts)
        return f'<ul class="run is-{page["status"].replace(" ", "-")}">{shown}</ul>' + (
            self.alarm(page, failed=failed) if page["status"] == "failed" else ""
        )

    def alarm(self, page: dict[str, Any], *, failed: bool) -> str:
        where = ' <a href="#failed">See where.</a>' if failed else ""
        reason = prose(page["reason"] or "see the cell that failed")
        return (
            '<div class="alarm" role="note"><strong>This run failed.</strong> '
            f"Do not rely on what this page says.{where}<p>{reason}</p></div>"
        )


def parameters(contract: Contract) -> str:
    """Write the parameters of a chapter as a table."""
    rows = "".join(
        f'<tr><th scope="row"><code>{p.name}</code><small>{html.escape(p.type)}</small></th>'
        f"<td><code>{html.escape(shlex.quote(p.default) if isinstance(p.default, str) else repr(p.default))}</code></td>"
        f"<td>{prose(p.help)}</td></tr>"
        for p in contract
    )
    return (
        '<table class="parameters"><thead><tr><th scope="col">Parameter</th>'
        '<th scope="col">Default</th><th scope="col">Meaning</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this extension adds to Sphinx."""
    app.add_directive("chapters", Chapters)
    app.add_directive("ledger", Ledger)
    app.add_directive("diagram", DiagramDirective)
    app.add_node(diagram, html=(visit_diagram, None))
    app.add_post_transform(Draw)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
