"""The hosts of a fleet, from an inventory in Ansible's YAML format.

::

    all:
      vars: {ansible_user: root}
      children:
        web:
          hosts:
            web[01:20].example.org:
            web21.example.org: {ansible_port: 2222}

It is read as Ansible reads it: a variable of a child group wins over one of its
parent, of groups of the same depth the last by name wins (``ansible_group_priority``
is heeded), and a host wins over all groups. A value is the text that is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kernels_helpers.errors import InventoryError
from kernels_helpers.inventory_file import ALL, Group, Vars, parse

UNGROUPED = "ungrouped"
BESIDE = ("group_vars", "host_vars")
PRIORITY = "ansible_group_priority"


@dataclass(frozen=True)
class Inventory:
    """Hold the hosts of a file in their order, each with its groups and variables."""

    path: Path
    hosts: Mapping[str, Vars]
    groups: Mapping[str, frozenset[str]]  # of each host

    @property
    def unread(self) -> list[str]:
        """Name the folders with variables beside the file, which are not read."""
        return [name for name in BESIDE if (self.path.parent / name).is_dir()]

    def limited(self, words: str) -> list[str]:
        """List the hosts that names of hosts and groups, with commas, stand for.

        Raises InventoryError for a name that is neither, and when none is left.
        """
        names = {word.strip() for word in words.split(",") if word.strip()} or {ALL}
        known = {*self.hosts, *(g for groups in self.groups.values() for g in groups)}
        if unknown := names - known - {ALL}:
            raise InventoryError(
                f"{self.path}: --limit {', '.join(sorted(unknown))}: no host and no "
                "group with a host is called so"
            )
        found = [h for h in self.hosts if names & {ALL, h, *self.groups[h]}]
        if not found:
            raise InventoryError(f"{self.path}: there is no host: add one below hosts:")
        return found


def read(path: Path) -> Inventory:
    """Read an inventory; InventoryError when it is not one, or has a cycle."""
    groups, own = parse(path)
    depths = _depths(groups, path)
    above = {host: _above(groups, host) for host in own}
    return Inventory(
        path,
        {host: _inherited(groups, depths, above[host]) | own[host] for host in own},
        above,
    )


def _depths(groups: Mapping[str, Group], path: Path) -> dict[str, int]:
    """Tell how deep each group is below ``all``, by the longest way to it."""
    depths = dict.fromkeys(groups, 0)

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circle = " > ".join((*way[way.index(name) :], name))
            raise InventoryError(
                f"{path}: the groups {circle} are a cycle: take one out of children:"
            )
        if len(way) > depths[name] or not way:
            depths[name] = max(depths[name], len(way))
            for child in groups[name].children:
                visit(child, (*way, name))

    for name in groups:
        visit(name, (ALL,) if name != ALL else ())
    return depths


def _above(groups: Mapping[str, Group], host: str) -> frozenset[str]:
    """Name the groups that a host belongs to, itself or by a child of theirs."""
    found = {name for name, group in groups.items() if host in group.hosts}
    found = found - {ALL} or {UNGROUPED}
    while more := {n for n, g in groups.items() if found & {*g.children}} - found:
        found |= more
    return frozenset(found | {ALL})


def _inherited(
    groups: Mapping[str, Group], depths: Mapping[str, int], names: frozenset[str]
) -> Vars:
    """Merge the variables of some groups, the weakest first."""

    def strength(name: str) -> tuple[int, int, str]:
        priority = str(groups[name].vars.get(PRIORITY, "1"))
        return depths[name], int(priority) if priority.isdecimal() else 1, name

    merged: Vars = {}
    for name in sorted(names & {*groups}, key=strength):
        merged |= groups[name].vars
    return merged
