"""The file of an inventory: from YAML to its groups, with the line in each error."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from kernels_helpers.errors import InventoryError
from kernels_helpers.yaml_file import compose

ALL = "all"
PARTS = ("hosts", "children", "vars")
RANGE = re.compile(r"\[(\w+):(\w+)(?::(\d+))?\]")
MOST = 10_000  # hosts that one range may stand for
NULL = "tag:yaml.org,2002:null"
Node: TypeAlias = yaml.Node
Vars: TypeAlias = dict[str, Any]  # a text, texts, or a node of YAML that is nested


@dataclass
class Group:
    """Hold a group: the names of its hosts and of its children, its variables."""

    hosts: set[str] = field(default_factory=set)
    children: dict[str, None] = field(default_factory=dict)  # in their order
    vars: Vars = field(default_factory=dict)


def parse(path: Path) -> tuple[dict[str, Group], dict[str, Vars]]:
    """Read the groups of a file, and its hosts with the variables of their own.

    Raises InventoryError.
    """
    root = compose(path, "SafeLoader", InventoryError, "name a YAML inventory")
    file = File(path)
    try:
        for name, node in file.entries(root, "groups, like all:"):
            file.add(name, node)
    except RecursionError:
        raise InventoryError(f"{path}: its groups are nested too deeply") from None
    return file.groups, file.hosts


class File:
    """Gather the groups of one file; a group may be described in several places."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.groups: dict[str, Group] = {ALL: Group()}
        self.hosts: dict[str, Vars] = {}

    def add(self, name: str, node: Node) -> None:
        """Add what a node says of a group, and of the groups below it."""
        group = self.groups.setdefault(name, Group())
        for part, content in self.entries(node, f"{', '.join(PARTS)} of group {name}"):
            if part not in PARTS:
                raise self._fault(
                    content, f"group {name} has {part!r}: it may have {_or(PARTS)}"
                )
            getattr(self, f"_{part}")(group, content)

    def entries(self, node: Node | None, wanted: str) -> Iterator[tuple[str, Node]]:
        """List the entries of a mapping; an empty one may be left out.

        Raises InventoryError for what is no mapping, and for a key given twice.
        """
        if node is None or node.tag == NULL:
            return
        if not isinstance(node, yaml.MappingNode):
            raise self._fault(node, f"this is no mapping: write {wanted}")
        written = {id(key) for key, _ in node.value}
        yaml.constructor.SafeConstructor().flatten_mapping(node)  # of `<<`
        found: dict[str, Node] = {}
        mine: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if id(key) in written and name in mine:
                raise self._fault(key, f"{name!r} is there twice: keep one")
            mine |= {name} if id(key) in written else set()
            found[name] = value
        yield from found.items()

    def _hosts(self, group: Group, node: Node) -> None:
        for pattern, described in self.entries(node, "`NAME:` for each host"):
            variables = self._variables(described, f"variables of host {pattern}")
            try:
                names = [*expanded(pattern)]
            except ValueError as error:
                raise self._fault(node, f"host {pattern!r}: {error}") from None
            for host in names:
                group.hosts.add(host)
                self.hosts.setdefault(host, {}).update(variables)

    def _children(self, group: Group, node: Node) -> None:
        for name, described in self.entries(node, "`NAME:` for each group"):
            group.children[name] = None
            self.add(name, described)

    def _vars(self, group: Group, node: Node) -> None:
        group.vars |= self._variables(node, "variables as name: value")

    def _variables(self, node: Node | None, wanted: str) -> Vars:
        """Read variables; what is nested stays a node: it can be no parameter."""
        return {name: _value(value) for name, value in self.entries(node, wanted)}

    def _fault(self, node: Node, message: str) -> InventoryError:
        return InventoryError(
            f"{self.path}, line {node.start_mark.line + 1}: {message}"
        )


def expanded(pattern: str) -> Iterator[str]:
    """List the hosts that a name with ranges like ``[01:20]`` or ``[a:c]`` means.

    Raises ValueError for a range that is none.
    """
    found = RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    before, after = pattern[: found.start()], pattern[found.end() :]
    for part in _range(found[1], found[2], int(found[3] or 1)):
        yield from (f"{before}{part}{rest}" for rest in expanded(after))


def _range(first: str, last: str, step: int) -> list[str]:
    numbers = first.isdecimal() and last.isdecimal()
    if not numbers and not (len(first) == len(last) == 1):
        raise ValueError("a range is like [01:20] or [a:f]")
    begin, end = (int(first), int(last)) if numbers else (ord(first), ord(last))
    if not step or not begin <= end < begin + MOST:
        raise ValueError(f"the range has to rise, by at most {MOST} hosts")
    steps = range(begin, end + 1, step)
    width = len(first) if first.startswith("0") else 0
    return [str(n).zfill(width) if numbers else chr(n) for n in steps]


def _value(node: Node) -> Any:
    """Return the text that is written; ``~`` and nothing are the empty one."""
    if isinstance(node, yaml.ScalarNode):
        return "" if node.tag == NULL else str(node.value)
    if isinstance(node, yaml.SequenceNode) and all(
        isinstance(item, yaml.ScalarNode) for item in node.value
    ):
        return [str(item.value) for item in node.value]
    return node


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
