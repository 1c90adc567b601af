"""Draw what the chapters of dockbook hold: steps, checks, parameters, diagrams.

``kernels_helpers.site`` leaves two files next to the pages: ``book.json``, what is
known of each chapter, and ``claims.yaml``, the ledger.
"""

from typing import Any

from sphinx.application import Sphinx

from dockbook_site.cells import Draw
from dockbook_site.diagrams import DiagramDirective, diagram, visit_diagram
from dockbook_site.lists import Chapters, Ledger


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this extension adds to Sphinx."""
    app.add_directive("chapters", Chapters)
    app.add_directive("ledger", Ledger)
    app.add_directive("diagram", DiagramDirective)
    app.add_node(diagram, html=(visit_diagram, None))
    app.add_post_transform(Draw)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
