"""The commands that run chapters: run, resume, script."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from kernels_helpers import cli_fleet, completion
from kernels_helpers.cli_author import teller
from kernels_helpers.cli_evidence import PENDING
from kernels_helpers.errors import HostError, ParameterError, UsageError


def _duration(_: click.Context, option: click.Parameter, text: str) -> Any:
    """Return a duration as it is written, if it is one."""
    from kernels_helpers.field_types import FIELDS
    from kernels_helpers.kinds import MisfitError

    try:
        return text and FIELDS["Duration"].read(text)
    except MisfitError as misfit:
        raise UsageError(f"{option.opts[0]}: {misfit}") from None


DURATION: dict[str, Any] = {"default": "", "metavar": "DURATION", "callback": _duration}
PAIRS = click.option(
    "-p",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter.",
    shell_complete=completion.parameters,
)


FILE = click.option(
    "-f", "file", type=click.Path(path_type=Path), help="Read parameters from YAML."
)


@click.command()
@click.argument("chapter", shell_complete=completion.chapters)
@PAIRS
@FILE
@click.option("--keep", is_flag=True, help="Leave what a lesson made.")
def script(chapter: str, pairs: tuple[str, ...], file: Path | None, keep: bool) -> None:
    """Print a chapter as one bash script to read and run on a Docker host."""
    from kernels_helpers import book, labels, notebook

    path = book.find(chapter)
    values = notebook.head(path).contract.read(parameters(pairs, file, None))
    from kernels_helpers import script as scripts  # slow to import

    run_id = labels.new_run_id(book.name_of(path))
    loaded = notebook.load(path)
    text = scripts.script(*loaded, values, run_id, unwind=not keep)
    click.echo(text, nl=False)


@click.command()
@click.argument("chapters", nargs=-1, shell_complete=completion.chapters)
@click.option("--all", "all_", is_flag=True, help="Run every chapter of the book.")
@PAIRS
@FILE
@click.option(
    "--host", metavar="URL", help="A host, like lab://, lab://NAME or local://."
)
@click.option("--ask", "asking", is_flag=True, help="Ask for the parameters not given.")
@click.option("--plan", is_flag=True, help="Only say what would be changed.")
@click.option("--keep", is_flag=True, help="Leave what a lesson made.")
@click.option("--cell-timeout", **DURATION, help="End a cell after this time.")
@click.option("--timeout", **DURATION, help="End a chapter after this time.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Run N chapters at the same time; by default one per CPU if each has a lab of "
    "its own, else one.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="Folder for the evidence.",
)
@cli_fleet.options
def run(
    chapters: tuple[str, ...],
    all_: bool,
    pairs: tuple[str, ...],
    file: Path | None,
    host: str | None,
    asking: bool,
    plan: bool,
    keep: bool,
    cell_timeout: str,
    timeout: str,
    jobs: int | None,
    out: Path,
    **fleet: Any,
) -> None:
    """Run chapters headless and leave their evidence in a folder.

    On a host that is not a lab a run is a plan, unless -p apply=true is given.
    With --inventory or --matrix it is a fleet: one chapter on many targets.
    """
    from kernels_helpers import book, notebook

    if bool(chapters) == all_:
        raise UsageError(
            "name the chapters to run, or --all: `dockbook list` shows them"
        )
    given = parameters(pairs, file, host)
    paths = [book.find(c) for c in chapters] or list(book.chapters().values())
    if asking:
        given |= _ask(paths, given)
    how: dict[str, Any] = {
        "plan": plan,
        "keep": keep,
        "cell_timeout": cell_timeout,
        "timeout": timeout,
    }
    if (asked := cli_fleet.Asked(**fleet)).wanted:
        if len(paths) > 1 or jobs:
            raise UsageError("a fleet runs one chapter: --forks says how many at once")
        cli_fleet.run(paths[0], asked, given, {**how, "out": out})
        return
    hosts = {notebook.head(p).contract.read(given).get("host") for p in paths}
    from kernels_helpers import forks

    forks.zygote()  # it imports while this process does
    from kernels_helpers import jobs as at_once
    from kernels_helpers import references, runner

    options = runner.Options(given, out, **how)
    missing = runner.prepare(paths, options)
    options = replace(options, typed={name: references.ask(name) for name in missing})

    def work(path: Path) -> Any:
        click.echo(f"{book.name_of(path)}")
        try:
            made = runner.run(path, options, teller())
        except HostError as error:
            if not all_:
                raise
            click.echo(f"  refused: {error}")
            return error
        _tell(made, out / made.run)
        return made

    jobs = jobs or at_once.default(paths, hosts)
    _exit(at_once.run(paths, jobs, work) if jobs > 1 else [work(p) for p in paths])


@click.command()
@click.argument("run_id", metavar="RUN")
def resume(run_id: str) -> None:
    """Go on with a run that failed or was killed, with the parameters that it had.

    Steps that are proved done by their `unless` are skipped. A chapter that has
    been edited since is refused.
    """
    from kernels_helpers import afterwards, evidence

    folder = evidence.find(run_id)
    made = afterwards.resume(folder, teller())
    _tell(made, folder)
    _exit([made])


def _tell(made: Any, folder: Path) -> None:
    """Say how a run has ended, and where its evidence is."""
    click.echo(f"  {_verdict(made)}\n  evidence: {folder}")
    if made.interrupted:
        raise KeyboardInterrupt


def _exit(outcomes: list[Any]) -> None:
    """Exit with the code that the runs ask for, or a host that cannot be had."""
    reports = [o for o in outcomes if not isinstance(o, HostError)]
    if any(r.status == "failed" for r in reports):
        sys.exit(1)
    if any(r.pending for r in reports):
        sys.exit(PENDING)
    if len(reports) < len(outcomes):
        sys.exit(HostError.exit_code)


def parameters(
    pairs: tuple[str, ...], file: Path | None, host: str | None
) -> dict[str, Any]:
    """Gather what is given for parameters: a file, then pairs, then the host."""
    from kernels_helpers.parameters_file import read_file

    given: dict[str, Any] = dict(read_file(file)) if file else {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ParameterError(f"-p {pair!r}: write NAME=VALUE")
        given[name] = value
    return given | ({"host": host} if host else {})


def _ask(paths: list[Path], given: dict[str, Any]) -> dict[str, Any]:
    from kernels_helpers import ask, notebook

    if len(paths) != 1:
        raise UsageError("--ask is for one chapter at a time")
    contract = notebook.head(paths[0]).contract

    def prompt(text: str, default: str, hidden: bool) -> str:
        return str(click.prompt(text, default=default, hide_input=hidden))

    try:
        return dict(ask.ask(contract, given, prompt))
    except click.Abort as error:
        raise KeyboardInterrupt from error


def _verdict(made: Any) -> str:
    if made.status == "planned":
        for a in made.answers:
            if a["kind"] == "change":
                click.echo(f"  {a['answer']:<12}  {a['body'].splitlines()[0]}")
        for effect in made.effects and [("would", "what", "name"), *made.effects]:
            click.echo("  {:<9} {:<12} {}".format(*effect))
        return f"planned: {made.pending} changes pending"
    for what, why in made.differences:
        click.echo(f"  ≠ {what}; on Podman: {why}")
    held = sum(c["ok"] for c in made.checks)
    differ = f"{len(made.differences)} differ on Podman, " if made.differences else ""
    steps = f"{len(made.steps)} steps, {made.seconds:.1f} s"
    counted = f"{held} checks held, {differ}{steps}"
    told = f"{made.status}: {counted}"
    return f"{told}\n  {made.reason}" if made.reason else told
