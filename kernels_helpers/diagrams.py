"""Diagrams: DOT from ``diagrams/``, or drawn from what the engine says."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import graphviz
from docker import DockerClient
from docker.auth import INDEX_NAME, resolve_repository_name
from docker.utils import parse_repository_tag

from kernels_helpers.book import DIAGRAMS
from kernels_helpers.errors import ChapterError

DOT_MIME = "text/vnd.graphviz"
GRAPH = {"bgcolor": "transparent", "rankdir": "LR", "nodesep": "0.3", "ranksep": "0.7"}
FONT = {"fontname": "Noto Sans,Noto Sans CJK SC,sans-serif", "fontsize": "11"}
UNNAMED = "anonymous volume"
SHORT = len("sha256:") + 12  # characters of a digest that a node shows
ANONYMOUS = re.compile(r"[0-9a-f]{64}")
NODE = {**FONT, "shape": "box", "style": "rounded", "margin": "0.15,0.08"}


@dataclass(frozen=True)
class Diagram:
    """Show itself in a notebook: DOT for the site, SVG for Jupyter, text for all."""

    dot: str
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, object]]:
        svg = graphviz.Source(self.dot).pipe(format="svg", encoding="utf-8")
        bundle = {DOT_MIME: self.dot, "image/svg+xml": svg, "text/plain": self.alt}
        return bundle, {DOT_MIME: {"alt": self.alt}}


def digraph(name: str, **graph: str) -> graphviz.Digraph:
    """Begin a diagram in the shared style; ``graph`` says what is other in it."""
    return graphviz.Digraph(
        name, graph_attr={**GRAPH, **FONT, **graph}, node_attr=NODE, edge_attr=FONT
    )


def load(name: str, *, alt: str) -> Diagram:
    """Load ``diagrams/NAME.dot`` and give it the shared style.

    A ``URL`` in it is what a link in the chapter would be: ``05-volumes.ipynb#place``.
    """
    path = DIAGRAMS / f"{name}.dot"
    if not path.is_file():
        raise ChapterError(f"there is no diagram {path}: name a file of diagrams/")
    head, brace, body = path.read_text(encoding="utf-8").partition("{")
    style = "".join(
        f"  {kind} [{_attributes(values)}]\n"
        for kind, values in (
            ("graph", {**GRAPH, **FONT}),
            ("node", NODE),
            ("edge", FONT),
        )
    )
    return Diagram(f"{head}{brace}\n{style}{body.lstrip(chr(10))}", alt)


def _attributes(values: dict[str, str]) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in values.items())


def mounts(docker: DockerClient, label: str) -> Diagram:
    """Draw the containers with a label and what the engine says is mounted in them.

    Nodes and edges are sorted by name, so that the same state gives the same DOT.
    """
    graph = digraph("mounts")
    containers = {
        str(container.name): container
        for container in docker.containers.list(all=True, filters={"label": label})
    }
    edges = sorted(
        (_source(mount), name, _words(mount))
        for name, container in containers.items()
        for mount in container.attrs["Mounts"]
    )
    for name, container in sorted(containers.items()):
        graph.node(f"container {name}", f"{name}\n{container.status}")
    for source, name, words in edges:
        # each anonymous volume is one of its own
        node = f"source {source}" + (f" {name}{words}" if source == UNNAMED else "")
        graph.node(node, source, shape="cylinder", style="")
        graph.edge(node, f"container {name}", words)
    said = [
        f"{source} is mounted in {name} at {words}" for source, name, words in edges
    ]
    return Diagram(graph.source, "; ".join(said) or "no mounts")


def names(docker: DockerClient, registry: str) -> Diagram:
    """Draw the images that have a name in a registry, with all the names they have.

    The way is registry, repository, tag or digest, image. It is sorted by name, so
    that the same state gives the same DOT.
    """
    graph = digraph("names")
    graph.strict = True
    found = {str(i.id): _references(i.attrs) for i in docker.images.list()}
    ways = sorted(
        [*_parts(reference), image]
        for image, references in found.items()
        if any(reference.startswith(f"{registry}/") for reference in references)
        for reference in references
    )
    for host, repository, mark, image in ways:
        ids = [host, f"{host}/{repository}", f"{host}/{repository} {mark}", image]
        nodes = [name.replace(":", " ") for name in ids]  # a colon would name a port
        graph.node(nodes[0], f"registry\n{host}")
        graph.node(nodes[1], f"repository\n{repository}")
        graph.node(nodes[2], mark[:SHORT])
        graph.node(nodes[3], f"image\n{image[:SHORT]}", peripheries="2")
        graph.edges(pairwise(nodes))
    said = [f"{h}/{r} {mark[:SHORT]} is {image[:SHORT]}" for h, r, mark, image in ways]
    return Diagram(graph.source, "; ".join(said) or "no names")


def _references(attrs: dict[str, Any]) -> list[str]:
    """List the names of an image, by tag and by digest."""
    return [*(attrs["RepoTags"] or ()), *(attrs["RepoDigests"] or ())]


def _parts(reference: str) -> list[str]:
    """Take a name apart: registry, repository, and tag or digest."""
    name, mark = parse_repository_tag(reference)
    host, repository = resolve_repository_name(name)
    official = host == INDEX_NAME and "/" not in repository
    return [host, f"library/{repository}" if official else repository, str(mark)]


def _source(mount: dict[str, Any]) -> str:
    """Name what is mounted; an anonymous volume by its kind, not its random name."""
    if mount["Type"] == "volume":
        name = str(mount["Name"])
        return UNNAMED if ANONYMOUS.fullmatch(name) else name
    return str(mount["Type"]) if mount["Type"] == "tmpfs" else str(mount["Source"])


def _words(mount: dict[str, Any]) -> str:
    return str(mount["Destination"]) + ("" if mount["RW"] else " (read-only)")
