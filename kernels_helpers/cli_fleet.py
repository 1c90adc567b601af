"""The options of ``dockbook run`` for a fleet, and what it does with them."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from kernels_helpers.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

EXPORT = "`ansible-inventory --list --export --yaml` writes all into one file"
COUNT = click.IntRange(1)
OPTIONS = (
    click.option(
        "--inventory",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Run on the hosts of an inventory, Ansible's YAML format.",
    ),
    click.option("--limit", metavar="NAMES", help="Only these groups and hosts of it."),
    click.option(
        "--matrix",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Run with all combinations of the values in a YAML file.",
    ),
    click.option("--forks", type=COUNT, metavar="N", help="Targets at the same time."),
    click.option(
        "--max-failures", type=COUNT, metavar="N", help="Begin none after N failures."
    ),
    click.option(
        "--canary", type=COUNT, metavar="N", help="Go on when the first N have passed."
    ),
    click.option(
        "--retry-failed", metavar="RUN", help="Go on with what is not good in a fleet."
    ),
    click.option(
        "--scheduler", metavar="URL", help="Use the workers of a Dask scheduler."
    ),
)


@dataclass(frozen=True)
class Asked:
    """Hold the options of a fleet as they were given."""

    inventory: Path | None
    limit: str | None
    matrix: Path | None
    forks: int | None
    max_failures: int | None
    canary: int | None
    retry_failed: str | None
    scheduler: str | None

    @property
    def wanted(self) -> bool:
        """Tell whether a fleet is asked for. UsageError for options without one."""
        if self.inventory or self.matrix:
            return True
        given = [n for n, value in vars(self).items() if value is not None]
        if given:
            raise UsageError(
                f"--{given[0].replace('_', '-')} is for a fleet: name its hosts with "
                "--inventory, or its parameters with --matrix"
            )
        return False


def options(command: Command) -> Command:
    """Add the options of a fleet to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def run(
    path: Path, asked: Asked, given: Mapping[str, Any], how: Mapping[str, Any]
) -> None:
    """Run a chapter on the targets, and exit with the code that the worst asks for."""
    from kernels_helpers import cluster, fleet, fleet_report, notebook
    from kernels_helpers.rollout import Limits
    from kernels_helpers.runner import Options

    contract = notebook.head(path).contract
    where = (asked.inventory, asked.limit, asked.matrix)
    targets = targets_of(contract, given, *where)
    options = Options(given, **how)
    with cluster.crew(asked.scheduler, asked.forks) as crew:
        name = asked.retry_failed
        call = fleet.again(name, path, options) if name else fleet.begin(path, options)
        count, at_once = len(targets), min(crew.size, len(targets))
        called = f"{count} target{'s' * (count != 1)}"
        click.echo(f"{call.id}: {called}, {at_once} at a time")
        limits = Limits(asked.canary or 0, asked.max_failures)
        try:
            ended = fleet.run(call, targets, crew, limits, _tell)
        finally:
            click.echo(f"  report: {call.folder}/fleet.html")
    click.echo(f"  {fleet_report.counted(ended)}")
    if why := fleet_report.stopped(call.folder):
        click.echo(f"  stopped: {why}")
    code = fleet_report.exit_code(ended)
    if code not in (0, 4):
        click.echo(f"  to go on: the same call with --retry-failed {call.id}")
    if code:
        sys.exit(code)


def targets_of(
    contract: Any,
    given: Mapping[str, Any],
    inventory: Path | None,
    limit: str | None,
    matrix: Path | None = None,
) -> list[Any]:
    """List the targets; whatever is wrong with one is told before anything starts."""
    from kernels_helpers import inventory as inventories
    from kernels_helpers import targets

    if inventory:
        if "host" in given:
            raise UsageError("--host and --inventory: the inventory names the hosts")
        hosts = inventories.read(inventory)
        for name in hosts.unread:
            click.echo(
                f"{inventory}: {name}/ beside it is not read: {EXPORT}", err=True
            )
        found = targets.of_inventory(hosts, hosts.limited(limit or ""), contract)
    else:
        url = str(contract.read(given)["host"])
        found = [targets.Target(url, {"host": url})]
    spread = targets.spread(found, given, targets.matrix(matrix, given))
    targets.check(spread, contract)
    return spread


def _tell(row: Any) -> None:
    """Say how a target has ended."""
    click.echo(f"  {row.status:<12} {row.target}  {row.strip}  {row.seconds:.1f} s")
    if row.reason:
        click.echo(f"  {'':<12} {row.reason}")
