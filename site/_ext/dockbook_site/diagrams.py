"""The directive for a diagram in DOT, drawn into the page as SVG."""

from collections.abc import Callable
from typing import Any, ClassVar
from xml.etree import ElementTree

import graphviz
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from dockbook_site.languages import speaker
from dockbook_site.markup import prose
from kernels_helpers.book import DIAGRAMS
from kernels_helpers.diagrams import load
from kernels_helpers.site.messages import relabel

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"


class diagram(nodes.General, nodes.Element):  # noqa: N801 - as docutils names nodes
    """A diagram in DOT."""


class DiagramDirective(SphinxDirective):
    """Draw the DOT below it, or a file of diagrams; ``alt`` says the same in words."""

    has_content = True
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "alt": directives.unchanged_required
    }

    def run(self) -> list[nodes.Node]:
        alt = self.options.get("alt")
        if not alt:
            raise self.error("a diagram needs :alt: - say in words what it shows")
        dot = "\n".join(self.content)
        for name in self.arguments:
            self.env.note_dependency(DIAGRAMS / f"{name}.dot")
            dot = load(name, alt=alt).dot
        say = speaker(self.env, self.env.docname)
        return [diagram(dot=relabel(dot, say), alt=say(alt))]


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
        "role": "img" if svg.find(f".//{{{SVG}}}a") is None else "group",
        "aria-labelledby": f"{prefix}-title",
        "style": f"width:{width}px",
    }
    title = ElementTree.Element(f"{{{SVG}}}title", id=f"{prefix}-title")
    title.text = alt
    svg.insert(0, title)
    return ElementTree.tostring(svg, encoding="unicode")
