"""The directive for a diagram in DOT, drawn into the page as SVG."""

import posixpath
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar
from xml.etree import ElementTree

import graphviz
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from dockbook_site.languages import speaker
from dockbook_site.markup import prose
from kernels_helpers.book import DIAGRAMS
from kernels_helpers.diagrams import load
from kernels_helpers.site import messages

logger = logging.getLogger(__name__)
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
STOPS = {"; ": _("; "), ": ": _(": "), ", ": _(", ")}  # between facts


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
        say, dot = speaker(self.env, self.env.docname), "\n".join(self.content)
        for name in self.arguments:
            self.env.note_dependency(DIAGRAMS / f"{name}.dot")
            dot = load(name, alt=alt).dot
        if messages.is_prose(alt):
            return self.placed(diagram(dot=messages.relabel(dot, say), alt=say(alt)))
        told = messages.retell(alt, say, lambda sign: str(STOPS[sign]))
        dot = messages.relabel(dot, partial(messages.fill, say=say))
        return self.placed(diagram(dot=dot, alt=told))

    def placed(self, node: diagram) -> list[nodes.Node]:
        """Return a node that knows where it was written."""
        self.set_source_info(node)
        return [node]


def visit_diagram(self: Any, node: diagram) -> None:
    """Put the SVG into the page, so that it takes the colours of the page."""
    drawing = draw(
        node["dot"], node["alt"], f"d{len(self.body)}", partial(lead, self, node)
    )
    self.body.append(
        f'<figure class="diagram"><div class="scroll" tabindex="0">{drawing}</div>'
        f"<figcaption>{prose(node['alt'])}</figcaption></figure>"
    )
    raise nodes.SkipNode


def lead(writer: Any, node: diagram, target: str) -> str:
    """Turn the file of a page, as a chapter would link to it, into its address."""
    here, builder = writer.builder.current_docname, writer.builder
    file, sign, anchor = target.partition("#")
    page, suffix = posixpath.splitext(posixpath.join(posixpath.dirname(here), file))
    if suffix not in (".ipynb", ".md"):
        return target
    page = posixpath.normpath(page)
    if page not in builder.env.all_docs:
        told = "a diagram leads to %r, which is no page"
        logger.warning(told, target, location=node)
    return str(builder.get_relative_uri(here, page)) + sign + anchor


def draw(dot: str, alt: str, prefix: str, lead: Callable[[str], str]) -> str:
    """Draw DOT as SVG in the colour of the text, with ids of its own.

    ``lead`` turns what a ``URL`` of the DOT says into an address for the page.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    drawn = graphviz.Source(dot).pipe(format="svg", encoding="utf-8")
    svg = ElementTree.fromstring(drawn)  # noqa: S314 - from our own dot
    adapt(svg, prefix)
    links = list(svg.iter(f"{{{SVG}}}a"))
    for link in links:
        link.attrib = {"href": lead(link.get(f"{{{XLINK}}}href", ""))}
    width = round(float(svg.get("width", "0pt").removesuffix("pt")) * 4 / 3)
    svg.attrib = {
        "viewBox": svg.get("viewBox", ""),
        "role": "group" if links else "img",  # in an image no link is found
        "aria-labelledby": f"{prefix}-title",
        "style": f"width:{width}px",
    }
    title = ElementTree.Element(f"{{{SVG}}}title", id=f"{prefix}-title")
    title.text = alt
    svg.insert(0, title)
    return ElementTree.tostring(svg, encoding="unicode")


def adapt(svg: ElementTree.Element, prefix: str) -> None:
    """Take out the tool tips, and let the SVG have the colour of the text."""
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
