"""The processes of an engine and its containers, drawn from the host's own list."""

import itertools

from kernels_helpers.diagrams import Diagram, digraph
from kernels_helpers.hosts import Host

LIST = "ps -eo pid=,ppid=,comm="
PARTS = ("containerd", "dockerd")  # of the engine


def draw(host: Host, label: str) -> Diagram:
    """Draw who is whose parent: the engine's parts, and the containers with a label.

    From each of them upwards, to the first process. Nodes are numbered in the order
    of names, not by process, so that the same state gives the same DOT.
    """
    rows = [line.split(maxsplit=2) for line in host.run(LIST).output.splitlines()]
    parents = {pid: parent for pid, parent, _ in rows}
    names = {pid: name for pid, _, name in rows}
    programs = {
        str(container.attrs["State"]["Pid"]): f"in {container.name}"
        for container in host.docker.containers.list(filters={"label": label})
    }
    ends = [pid for pid, name in names.items() if name in PARTS] + [*programs]
    words = {pid: f"{names[pid]} {programs.get(pid, '')}".strip() for pid in names}
    lines = sorted(
        (_ancestry(pid, parents) for pid in ends),
        key=lambda line: [words[pid] for pid in line],
    )
    graph = digraph("processes")
    numbers = {
        pid: str(i) for i, pid in enumerate(dict.fromkeys(itertools.chain(*lines)))
    }
    for pid, number in numbers.items():
        text = words[pid].replace(" in ", "\nin ")
        graph.node(number, text, peripheries="2" if pid in programs else "1")
    pairs = [pair for line in lines for pair in itertools.pairwise(line)]
    for parent, child in dict.fromkeys(pairs):
        graph.edge(numbers[parent], numbers[child])
    said = [" > ".join(words[pid] for pid in line) for line in lines]
    return Diagram(graph.source, "parent > child: " + "; ".join(said))


def _ancestry(pid: str, parents: dict[str, str]) -> list[str]:
    """List a process and those above it, the first one first."""
    line: list[str] = []
    while pid in parents:
        line.insert(0, pid)
        pid = parents[pid]
    return line
