"""The command ``dockbook``.

Exit codes: 0 ok; 1 a step or a check failed; 2 the call cannot be understood;
3 no host; 4 a plan has changes pending; 130 interrupted.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kernels_helpers.cli_evidence import diff, report, verify
from kernels_helpers.cli_lab import lab
from kernels_helpers.errors import DockbookError, ParameterError, UsageError

PENDING = 4
INTERRUPTED = 130


class Group(click.Group):
    """Show an error that was raised on purpose as one line, and exit with its code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except DockbookError as error:
            click.echo(f"dockbook: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("dockbook: interrupted", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dockbook")
def main() -> None:
    """Run runbooks for Docker that prove themselves."""


@main.command("list")
def list_() -> None:
    """List the chapters."""
    from kernels_helpers import book, runner

    for name, path in book.chapters().items():
        notebook, _ = runner.load(path)
        title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
        click.echo(f"{name:<14} {title}")


@main.command()
@click.argument("chapter")
def show(chapter: str) -> None:
    """Show the parameters of a chapter: name, type, default, help."""
    from kernels_helpers import book, runner

    notebook, contract = runner.load(book.find(chapter))
    click.echo(notebook.cells[0].source.splitlines()[0].lstrip("# "))
    for p in contract:
        click.echo(f"  {p.name}: {p.type} = {p.default!r}\n      {p.describe()}")


@main.command()
@click.argument("chapters", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="Run every chapter of the book.")
@click.option(
    "-p", "pairs", multiple=True, metavar="NAME=VALUE", help="Set a parameter."
)
@click.option(
    "-f", "file", type=click.Path(path_type=Path), help="Read parameters from YAML."
)
@click.option("--host", metavar="URL", help="lab://, lab://NAME or local://.")
@click.option("--plan", is_flag=True, help="Only say what would be changed.")
@click.option("--keep", is_flag=True, help="Leave what a lesson made.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="Folder for the evidence.",
)
def run(
    chapters: tuple[str, ...],
    all_: bool,  # noqa: FBT001 - click passes options by name
    pairs: tuple[str, ...],
    file: Path | None,
    host: str | None,
    plan: bool,  # noqa: FBT001
    keep: bool,  # noqa: FBT001
    out: Path,
) -> None:
    """Run chapters headless and leave their evidence in a folder.

    On a host that is not a lab a run is a plan, unless -p apply=true is given.
    """
    from kernels_helpers import book, runner

    if bool(chapters) == all_:
        raise UsageError(
            "name the chapters to run, or --all: `dockbook list` shows them"
        )
    given = _parameters(pairs, file, host)
    paths = [book.find(c) for c in chapters] or list(book.chapters().values())
    options = runner.Options(given, out, plan=plan, keep=keep)
    runner.prepare(paths, options)
    reports = []
    for path in paths:
        click.echo(f"{book.name_of(path)}")
        made = runner.run(path, options, _teller())
        reports.append(made)
        click.echo(f"  {_verdict(made)}\n  evidence: {out / made.run}")
        if made.interrupted:
            raise KeyboardInterrupt
    if any(r.status == "failed" for r in reports):
        sys.exit(1)
    if any(r.pending for r in reports):
        sys.exit(PENDING)


def _parameters(
    pairs: tuple[str, ...], file: Path | None, host: str | None
) -> dict[str, Any]:
    from kernels_helpers import parameters

    given: dict[str, Any] = dict(parameters.read_file(file)) if file else {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ParameterError(f"-p {pair!r}: write NAME=VALUE")
        given[name] = value
    return given | ({"host": host} if host else {})


def _teller() -> Callable[[int, str], None]:
    """Make a function that prints each heading once, with the number of its cell."""
    last = ""

    def tell(number: int, heading: str) -> None:
        nonlocal last
        if heading != last:
            click.echo(f"  cell {number:>2}  {heading}")
            last = heading

    return tell


def _verdict(made: Any) -> str:
    if made.status == "planned":
        for a in made.answers:
            if a["kind"] == "change":
                click.echo(f"  {a['answer']:<12}  {a['body'].splitlines()[0]}")
        return f"planned: {made.pending} changes pending"
    held = sum(c["ok"] for c in made.checks)
    counted = f"{held} checks held, {len(made.steps)} steps, {made.seconds:.1f} s"
    told = f"{made.status}: {counted}"
    return f"{told}\n  {made.reason}" if made.reason else told


@main.command()
@click.argument("chapters", nargs=-1)
def bake(chapters: tuple[str, ...]) -> None:
    """Run chapters on a fresh lab and record their outputs in the notebooks."""
    from kernels_helpers import bake as baking
    from kernels_helpers import book

    for path in [book.find(c) for c in chapters] or list(book.chapters().values()):
        changed = baking.bake(path, _teller())
        click.echo(f"{path}: {'recorded' if changed else 'unchanged'}")


@main.command()
@click.argument("chapters", nargs=-1)
def lint(chapters: tuple[str, ...]) -> None:
    """Check the structure of chapters."""
    from kernels_helpers import book
    from kernels_helpers import lint as linting

    paths = [book.find(c) for c in chapters] or list(book.chapters().values())
    problems = [f"{path}: {p}" for path in paths for p in linting.lint(path)]
    click.echo("\n".join(problems) or f"{len(paths)} chapters: nothing to mend")
    if problems:
        sys.exit(1)


@main.command()
def doctor() -> None:
    """Tell what this machine has and what it lacks for labs and chapters."""
    from kernels_helpers import system
    from kernels_helpers.lab import capability

    for tool in system.TOOLS:
        click.echo(
            f"{'ok     ' if tool.found() else 'missing'} {tool.name:<16} {tool.why}"
        )
    capability.require()
    click.echo("ok      a lab can be started here")


@main.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--host", default="lab://", show_default=True, metavar="URL", help="Where."
)
@click.option("--apply", is_flag=True, help="Remove on a host that is not a lab.")
def sweep(run_id: str | None, host: str, apply: bool) -> None:  # noqa: FBT001
    """Remove what runs left behind: only objects with the label dockbook.run.

    On a host that is not a lab it only lists them, unless --apply is given.
    """
    from kernels_helpers import sweep as sweeping
    from kernels_helpers.connect import connect

    with connect(host) as joined:
        found = sweeping.find(joined.docker, run_id)
        removing = joined.is_lab or apply
        for item in sweeping.remove(joined.docker, found) if removing else found:
            verb = "removed" if removing else "would remove"
            click.echo(f"{verb} {item.kind} {item.name} (run {item.run})")
    if not found:
        click.echo("nothing to sweep")
    elif not removing:
        click.echo("nothing was removed: add --apply")
        sys.exit(PENDING)


@main.group()
def site() -> None:
    """Build the site."""


@site.command()
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default="runs/book",
    show_default=True,
    help="Folder with the runs to publish; else the recorded outputs are.",
)
def build(runs: Path) -> None:
    """Build the site from executed chapters and tell what it shows."""
    from collections import Counter

    from kernels_helpers import book
    from kernels_helpers import site as sites

    pages = sites.build(runs)
    for page in pages:
        facts = page.facts
        held = sum(check["ok"] for check in page.checks)
        took = f", {facts['seconds']:.1f} s" if facts else ""
        click.echo(f"{page.name:<14} {page.status}: {held} checks held{took}")
        if facts:
            click.echo(f"{'':<14} evidence: {runs / facts['run']}")
    verdicts = Counter(claim["verdict"] for claim in book.ledger())
    counted = ", ".join(f"{verdicts[v]} {v}" for v in book.VERDICTS if verdicts[v])
    click.echo(f"{'claims':<14} {counted}")
    click.echo(f"{'pages':<14} {sites.SITE / '_build' / 'html' / 'index.html'}")


for command in (lab, verify, diff, report):
    main.add_command(command)
