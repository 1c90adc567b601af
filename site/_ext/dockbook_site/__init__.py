"""Draw what the chapters of dockbook hold: steps, checks, parameters, diagrams.

``kernels_helpers.site.build`` leaves two files next to the pages: ``book.json``, what
is known of each chapter, and ``claims.yaml``, the ledger.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import i18n

import kernels_helpers
from dockbook_site.cells import Draw
from dockbook_site.diagrams import DiagramDirective, diagram, visit_diagram
from dockbook_site.forms import load
from dockbook_site.languages import LANGUAGES, link
from dockbook_site.ledger import Ledger, filter_it
from dockbook_site.lists import Chapters
from dockbook_site.markup import read_book, read_claims
from dockbook_site.programs import describe, feed, guide, tell

UNUSED = ("doctools.js", "sphinx_highlight.js", "translations.js")  # of Sphinx's search

FONT_ICONS = re.compile(r"""@font-face\{[^}]*\}|(\.fa-[\w-]+,?)+\{--fa:"[^"]*"\}""")


def no_search(app: Sphinx) -> None:
    """Make no page and no index for the search of Sphinx."""
    app.builder.search = False  # type: ignore[attr-defined]  # of the HTML builder


def no_inline_scripts(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Load no script but from a file, and none of the search of Sphinx."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if script.filename and not script.filename.endswith(UNUSED)
    ]


def lighten(app: Sphinx, error: Exception | None) -> None:
    """Remove what the theme brings and no page needs: 2 MB of scripts, maps and icons.

    Icons are those of ``icons.css``.
    """
    static = Path(app.outdir, "_static")
    for pattern in ("**/*.map", "scripts/fontawesome.js*", "*.html", "**/*.woff2"):
        for file in static.glob(pattern):
            file.unlink()
    for sheet in static.glob("styles/pydata-sphinx-theme.css"):
        sheet.write_text(FONT_ICONS.sub("", sheet.read_text(encoding="utf-8")))


def of_all_pages(app: Sphinx, config: Any) -> None:
    """Let Sphinx make every page anew when what draws them changes.

    That is the code, the words of the interface, and the list of the chapters.
    """
    folders = Path(__file__).parent, Path(kernels_helpers.__file__).parent
    code = [path.read_bytes() for f in folders for path in sorted(f.rglob("*.py"))]
    words = sorted(Path(app.srcdir).glob("locale/*/LC_MESSAGES/sphinx.po"))
    code += [path.read_bytes() for path in words]
    titles = repr([(p["doc"], p["title"]) for p in read_book(Path(app.srcdir))])
    config.made_of = hashlib.sha256(b"".join([*code, titles.encode()])).hexdigest()


def outdated(app: Sphinx, env: BuildEnvironment, *_changes: Iterable[str]) -> list[str]:
    """Name the pages of which the report or a claim has changed."""
    source, known = Path(app.srcdir), getattr(env, "facts_of", {})
    claims = read_claims(source)
    facts = {}
    for page in read_book(source):
        own = [claim for claim in claims if claim["chapter"] == page["name"]]
        facts[page["doc"]] = json.dumps([page, own], sort_keys=True)
    env.facts_of = facts  # type: ignore[attr-defined]  # ours, kept with the environment
    return [doc for doc in facts if facts[doc] != known.get(doc)]


def keep_places() -> None:
    """Let a translated text with two links to one page keep both of their places.

    Sphinx gives a link the attributes of the last one to the same page.
    """
    i18n.EXCLUDED_PENDING_XREF_ATTRIBUTES += ("reftargetid",)  # type: ignore[assignment]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this extension adds to Sphinx."""
    keep_places()
    app.add_directive("chapters", Chapters)
    app.add_directive("ledger", Ledger)
    app.add_directive("diagram", DiagramDirective)
    app.add_node(diagram, html=(visit_diagram, None))
    app.add_post_transform(Draw)
    app.add_css_file("icons.css")
    app.add_config_value("made_of", "", "env")
    app.add_config_value("book_languages", [*LANGUAGES], "env")
    app.connect("config-inited", of_all_pages)
    app.connect("env-get-outdated", outdated)
    app.connect("builder-inited", no_search)
    app.connect("doctree-read", describe)
    app.connect("html-page-context", link)
    app.connect("html-page-context", filter_it)
    app.connect("html-page-context", load)
    app.connect("html-page-context", tell)
    app.connect("html-page-context", no_inline_scripts, priority=900)
    app.connect("build-finished", lighten)
    app.connect("build-finished", guide)
    app.connect("build-finished", feed)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
