"""Draw what the chapters of dockbook hold: steps, checks, parameters, diagrams.

``kernels_helpers.site`` leaves two files next to the pages: ``book.json``, what is
known of each chapter, and ``claims.yaml``, the ledger.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from dockbook_site.cells import Draw
from dockbook_site.diagrams import DiagramDirective, diagram, visit_diagram
from dockbook_site.languages import link
from dockbook_site.lists import Chapters, Ledger


def no_search(app: Sphinx) -> None:
    """Make no page and no index for the search of Sphinx."""
    app.builder.search = False  # type: ignore[attr-defined]  # of the HTML builder


def lighten(app: Sphinx, error: Exception | None) -> None:
    """Remove what the theme brings and no page loads: 2 MB of scripts and maps."""
    static = Path(app.outdir, "_static")
    for pattern in ("**/*.map", "scripts/fontawesome.js*", "*.html"):
        for file in static.glob(pattern):
            file.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this extension adds to Sphinx."""
    app.add_directive("chapters", Chapters)
    app.add_directive("ledger", Ledger)
    app.add_directive("diagram", DiagramDirective)
    app.add_node(diagram, html=(visit_diagram, None))
    app.add_post_transform(Draw)
    app.connect("builder-inited", no_search)
    app.connect("html-page-context", link)
    app.connect("build-finished", lighten)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
