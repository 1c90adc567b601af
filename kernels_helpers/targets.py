"""What a fleet's chapter is to be run on: hosts of an inventory, rows of a matrix."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernels_helpers import references
from kernels_helpers.connect import FRESH
from kernels_helpers.errors import InventoryError, ParameterError, UsageError
from kernels_helpers.inventory import Inventory
from kernels_helpers.inventory_file import Vars
from kernels_helpers.kinds import Text
from kernels_helpers.parameters import Contract

OURS = "dockbook_host"  # the variable that says the URL itself
# Where a run acts, and whether it may change what is no lab, is said with the call:
# an inventory is shared with others, who may mean something else by these words.
NEVER = {"host", "apply"}
CONNECTIONS = {"ssh", "smart", "paramiko", "paramiko_ssh"}  # all go by the system's ssh
TEMPLATE = "{{"
Row = dict[str, Text]


@dataclass(frozen=True)
class Target:
    """Name what a chapter is run on once: a host and parameters, as texts."""

    name: str
    parameters: Mapping[str, Text]

    @property
    def url(self) -> str:
        """Return the URL of the host."""
        return str(self.parameters["host"])

    @property
    def place(self) -> str:
        """Name what two targets must not work on at once: a fresh lab is its own."""
        return self.name if self.url in FRESH else self.url


def of_inventory(
    inventory: Inventory, names: Iterable[str], contract: Contract
) -> list[Target]:
    """Make a target of each host: its variables that the chapter has as parameters.

    Raises InventoryError for a variable that is none of its type, and for two hosts
    with one URL.
    """
    known = {p.name for p in contract} - NEVER
    found: dict[str, Target] = {}
    for name in names:
        where = f"{inventory.path}: host {name}"
        variables = inventory.hosts[name]
        given = {n: _text(where, n, variables[n]) for n in known & {*variables}}
        target = Target(name, {**given, "host": _url(where, name, variables)})
        _check(where, contract, target)
        if twin := found.get(target.place):
            raise InventoryError(
                f"{where} is {target.url}, and so is {twin.name}: keep one, or leave "
                "one out with --limit"
            )
        found[target.place] = target
    return list(found.values())


def spread(
    targets: Iterable[Target], given: Mapping[str, Text], rows: Iterable[Row]
) -> list[Target]:
    """Give each target what the call says, and make one of it for each row."""
    return [
        Target(_named(target.name, row), {**target.parameters, **given, **row})
        for target in targets
        for row in rows
    ]


def matrix(path: Path | None, given: Mapping[str, Text]) -> list[Row]:
    """List all combinations of the values in a YAML file: lists, by parameter.

    Raises ParameterError for a value that the call gives as well.
    """
    from kernels_helpers.parameters_file import read_file  # slow to import

    columns = read_file(path) if path else {}
    for name, values in columns.items():
        if not values:
            raise ParameterError(f"{path}: {name} has no value: list at least one")
        if name in given:
            raise ParameterError(f"{path} has {name}, and so has the call: keep one")
    lists = [v if isinstance(v, list) else [v] for v in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in itertools.product(*lists)]


def check(targets: Iterable[Target], contract: Contract) -> None:
    """Refuse what is wrong with any target before anything starts."""
    for target in targets:
        values = _check(f"target {target.name}", contract, target)
        for name, reference in contract.secrets(values).items():
            if reference == references.PROMPT:
                raise UsageError(
                    f"parameter {name}: nobody can be asked on a worker: give "
                    "env:NAME or file:/absolute/path, which the worker reads"
                )


def _check(where: str, contract: Contract, target: Target) -> dict[str, object]:
    try:
        return contract.read(target.parameters)
    except ParameterError as error:
        raise InventoryError(f"{where}: {error}") from None


def _text(where: str, name: str, value: object) -> Text:
    if not isinstance(value, str | list):
        raise InventoryError(
            f"{where}: {name} is nested: a parameter has one value or a flat list"
        )
    if TEMPLATE in str(value):
        raise InventoryError(
            f"{where}: {name} is a template, which only Ansible fills: write the value"
        )
    return value


def _url(where: str, name: str, variables: Vars) -> str:
    """Make the URL of a host from Ansible's variables, or take ours."""

    def said(*names: str) -> str:
        texts = (str(_text(where, n, variables.get(n, ""))) for n in names)
        return next(filter(None, texts), "")

    connection = said("ansible_connection") or "ssh"
    if ours := said(OURS):
        return ours
    if connection == "local":
        return "local://"
    if connection not in CONNECTIONS:
        raise InventoryError(
            f"{where} has ansible_connection {connection!r}: set {OURS} to a URL, or "
            "leave the host out with --limit"
        )
    user = said("ansible_user", "ansible_ssh_user")
    port = said("ansible_port", "ansible_ssh_port")
    address = said("ansible_host", "ansible_ssh_host") or name
    return f"ssh://{user and user + '@'}{address}{port and ':' + port}"


def _named(name: str, row: Row) -> str:
    told = ", ".join(f"{n}={_shown(v)}" for n, v in row.items())
    return f"{name} ({told})" if told else name


def _shown(value: Text) -> str:
    return value if isinstance(value, str) else ",".join(value)
