"""The map of Docker's commands, read from the help of the command line itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import graphviz

from kernels_helpers.diagrams import Diagram, digraph
from kernels_helpers.hosts import Host

SECTION = re.compile(r"^((?:.* )?Commands):\n((?:  .*\n)+)", re.M)
COMMAND = re.compile(r"^  ([a-z][\w-]*)\*?  +(\S.*)$", re.M)  # * marks a plug-in
GROUPS = ("Management Commands", "Swarm Commands")
EACH = 'for name in $names; do echo "# $name"; docker "$name" --help; done'
ROW = 6  # commands side by side
COMPACT = {"nodesep": "0.12", "ranksep": "0.25"}

Commands = Mapping[str, str]  # name to what the help says of it


@dataclass(frozen=True)
class CommandMap:
    """Hold the short commands, and the long ones by their management command."""

    short: Commands
    long: Mapping[str, Commands]

    def __iter__(self) -> Iterator[str]:
        """Name every command that `docker --help` lists."""
        return iter(sorted([*self.short, *self.long]))

    def homes(self) -> dict[str, str]:
        """Find the long form of short commands: ``ps`` is ``container ls``.

        Both are described in the same words. Where several management commands
        have it, the largest one counts.
        """
        largest = sorted(self.long, key=lambda name: (-len(self.long[name]), name))
        return {
            short: f"{group} {name}"
            for short, words in self.short.items()
            for group in reversed(largest)
            for name, same in self.long[group].items()
            if same == words
        }

    def diagram(self) -> Diagram:
        """Draw each command once, the short ones beside their management command."""
        homes = self.homes()
        members: dict[str, list[str]] = {group: [] for group in self.long}
        for short, form in sorted(homes.items()):
            members[form.split()[0]].append(short)
        heads = sorted(filter(members.get, members), key=lambda g: -len(members[g]))
        rest = {
            "in the long form only": sorted(set(members) - set(heads)),
            "on their own": sorted(set(self.short) - set(homes)),
        }
        graph = digraph("commands", **COMPACT)
        # dot stacks boxes from the bottom up
        for title, names in reversed(rest.items()):
            _box(graph, title, names, homes)
        for head in reversed(heads):
            title = f"docker {head} …, and its short commands"
            _box(graph, title, members[head], homes, head=head)
        boxes = {**{f"docker {head}": members[head] for head in heads}, **rest}
        said = [f"{title}: {', '.join(names)}" for title, names in boxes.items()]
        return Diagram(graph.source, "; ".join(said))


def read(host: Host) -> CommandMap:
    """Ask the command line of a host for its commands.

    What the engine does not support is not listed, and plug-ins are.
    """
    sections = dict(SECTION.findall(host.run("docker --help").output))
    groups = {
        name for title in GROUPS for name, _ in COMMAND.findall(sections.get(title, ""))
    }
    short = {
        name: words
        for text in sections.values()
        for name, words in COMMAND.findall(text)
        if name not in groups
    }
    told = host.run(EACH, env={"names": " ".join(sorted(groups))}).output
    helps = re.findall(r"^# (\S+)\n((?:(?!# ).*\n)*)", told, re.M)
    long = {
        name: {
            word: words
            for _, text in SECTION.findall(help_)
            for word, words in COMMAND.findall(text)
        }
        for name, help_ in helps
    }
    return CommandMap(short, long)


def _box(
    graph: graphviz.Digraph,
    title: str,
    names: list[str],
    homes: Mapping[str, str],
    head: str = "",
) -> None:
    """Draw commands as a grid in a box, row by row."""
    with graph.subgraph(
        name=f"cluster {title}", graph_attr={"label": title, "style": "rounded"}
    ) as box:
        if head:
            box.node(f"docker {head}", head, peripheries="2")
        rows = [names[start : start + ROW] for start in range(0, len(names), ROW)]
        for row in reversed(rows) if head else rows:
            for before, name in zip([head, *row], row, strict=False):
                form = homes.get(name, name)
                renamed = form.split()[-1] != name
                box.node(f"docker {name}", f"{name}\n{form}" if renamed else name)
                if before:
                    box.edge(f"docker {before}", f"docker {name}", style="invis")
