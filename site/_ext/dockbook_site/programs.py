"""Leave for programs what the pages say: descriptions, Markdown, llms.txt and RSS."""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _

from dockbook_site.languages import LANGUAGES, up
from dockbook_site.markup import WORDS, read_book
from kernels_helpers.site import feeds, twins

FEED = "changes.xml"
HOW = _(
    "Every page is also there as Markdown, at its address with .md for .html; a line "
    "with ✔ is a check that held, one with ✘ a check that did not."
)


def describe(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the first paragraph of a page as its description."""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    said = " ".join(first.astext().split()) if first else ""
    app.env.metadata[app.env.docname]["description"] = said


def tell(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Write the Markdown twin of a page next to it, and tell the page of the rest."""
    if doctree is None:
        return
    path = Path(app.outdir, f"{page}.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = twins.markdown(context["body"], diagram=_("Diagram:"))
    path.write_text(text, encoding="utf-8")
    context["twin"] = path.name
    context["feed"] = context["pathto"](FEED, 1) if app.config.html_baseurl else None
    pdf = f"{up(app.env, page)}book-{app.config.language[:2]}.pdf"
    context["book"] = pdf if context.get("printed") else None


def guide(app: Sphinx, error: Exception | None) -> None:
    """Write ``llms.txt``: what the site is, and a line for each twin."""
    if error or app.builder.format != "html":
        return
    env, base = app.env, app.config.html_baseurl
    book = {page["doc"]: page["status"] for page in read_book(Path(app.srcdir))}
    others = sorted(env.found_docs - {*book})
    about = env.metadata[app.config.root_doc].get("description", "")
    lines = [f"# {app.config.project}", "", f"> {about}", "", str(HOW)]
    for head, docs in ((_("Chapters"), [*book]), (_("The book"), others)):
        lines += ["", f"## {head}", ""]
        for doc in docs:
            status = f"**{WORDS[book[doc]]}** · " if doc in book else ""
            said = env.metadata[doc]["description"]
            title = env.titles[doc].astext()
            lines.append(f"- [{title}]({base}{doc}.md): {status}{said}")
    Path(app.outdir, "llms.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def feed(app: Sphinx, error: Exception | None) -> None:
    """Write the changes of the chapters as RSS, where the site has an address."""
    base, path = app.config.html_baseurl, Path(app.outdir, FEED)
    path.unlink(missing_ok=True)  # of another build
    if error or not base or app.builder.format != "html":
        return
    changes = []
    for page in read_book(Path(app.srcdir)):
        doc, status, checks = page["doc"], page["status"], page["checks"]
        held = sum(check["ok"] for check in checks)
        told = _("{held} of {total} checks held").format(held=held, total=len(checks))
        projected = json.loads(Path(app.srcdir, f"{doc}.ipynb").read_text())
        changes.append(
            feeds.Change(
                title=f"{app.env.titles[doc].astext()}: {WORDS[status]}",
                said=f"{told}. {app.env.metadata[doc]['description']}",
                link=f"{base}{doc}.html",
                version=f"{status}-{feeds.version(projected)}",
                proved=page["facts"].get("started"),
            )
        )
    channel = {
        "title": app.config.project,
        "link": base,
        "description": _("Chapters that have changed, and what their checks say now."),
        "language": LANGUAGES[app.config.language].tag,
    }
    path.write_bytes(feeds.rss(channel, changes))
