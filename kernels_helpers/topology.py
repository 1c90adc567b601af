"""A picture of the networks of a run, drawn from what the engine says."""

from typing import Any

import graphviz
from docker import DockerClient

from kernels_helpers.diagrams import Diagram, digraph

HOST = "the Docker host"
OUTSIDE = "other machines"
DIRECT = {"ipvlan", "macvlan"}  # past the host, which their members do not reach
TIGHT = {"ranksep": "0.3", "nodesep": "0.2"}  # or a page has to shrink it
SHARED = {"style": "bold", "arrowhead": "none"}


def draw(docker: DockerClient, label: str) -> Diagram:
    """Draw the containers with a label, their networks and their published ports.

    The containers are asked where they are; what their networks say is for checks.
    Nodes and edges are sorted by name, so that the same state gives the same DOT.
    """
    containers = sorted(
        docker.containers.list(all=True, filters={"label": label}),
        key=lambda container: str(container.name),
    )
    names = {container.id: str(container.name) for container in containers}
    links = {str(c.name): _links(c.attrs, names) for c in containers}
    used = {name for found in links.values() for name, address in found if address}
    graph = digraph("networks", **TIGHT)
    graph.node(OUTSIDE, OUTSIDE, style="dashed,rounded")
    graph.node(HOST, f"{HOST}\nown interfaces", peripheries="2")
    _beside(graph, OUTSIDE, HOST, dir="both")
    for network in sorted(used):
        _network(graph, network, docker.networks.get(network).attrs)
    for container in containers:
        _container(graph, container, links[str(container.name)])
    return Diagram(graph.source, "; ".join(_said(links)) or "no containers")


def _links(
    attrs: dict[str, Any], names: dict[str | None, str]
) -> list[tuple[str, str]]:
    """List the networks of a container, with its address in each."""
    joined = str(attrs["HostConfig"]["NetworkMode"]).partition("container:")[2]
    if joined:
        return [(f"container {names.get(joined, joined[:12])}", "")]
    return sorted(
        (network, str(endpoint["IPAddress"]))
        for network, endpoint in attrs["NetworkSettings"]["Networks"].items()
        if endpoint["IPAddress"] or (network == "host" and attrs["State"]["Running"])
    )


def _network(graph: graphviz.Digraph, name: str, attrs: dict[str, Any]) -> None:
    """Draw a network and its way to the host, or past it."""
    pools = [f"{pool['Subnet']}" for pool in attrs["IPAM"]["Config"]]
    words = "\n".join([name, attrs["Driver"], *pools])
    graph.node(f"network {name}", words, shape="hexagon", style="")
    closed = {"label": "internal", "style": "dashed", "arrowhead": "none"}
    way = closed if attrs["Internal"] else {"dir": "both"}
    start = OUTSIDE if attrs["Driver"] in DIRECT else HOST
    graph.edge(start, f"network {name}", **way)


def _container(graph: graphviz.Digraph, container: Any, links: list[Any]) -> None:
    """Draw a container with what it publishes, and where it is attached."""
    node = f"container {container.name}"
    state = [] if container.status == "running" else [str(container.status)]
    words = [str(container.name), *state, *_published(container.attrs)]
    graph.node(node, "\n".join(words))
    for network, address in links:
        if network.startswith("container "):
            _beside(graph, network, node, **SHARED)
        elif network == "host":
            graph.edge(HOST, node, **SHARED)
        else:
            graph.edge(f"network {network}", node, address, dir="both")


def _beside(graph: graphviz.Digraph, one: str, other: str, **way: str) -> None:
    """Draw an edge between two nodes in one column."""
    with graph.subgraph() as column:
        column.attr(rank="same")
        column.edge(one, other, **way)


def _published(attrs: dict[str, Any]) -> list[str]:
    ports = (attrs["NetworkSettings"]["Ports"] or {}).items()
    found = {
        f"{bound['HostIp']}:{bound['HostPort']} → {port}"
        for port, bindings in ports
        for bound in bindings or ()
        if bound["HostIp"] != "::"  # the same port again, for IPv6
    }
    return sorted(found)


def _said(links: dict[str, list[tuple[str, str]]]) -> list[str]:
    said = [
        _sentence(name, network, address)
        for name, found in links.items()
        for network, address in found
    ]
    alone = [f"{name} is on no network" for name, found in links.items() if not found]
    return sorted(said + alone)


def _sentence(name: str, network: str, address: str) -> str:
    if network == "host":
        return f"{name} has the interfaces of the host"
    if not address:
        return f"{name} shares the network of {network.removeprefix('container ')}"
    return f"{name} has {address} on {network}"
