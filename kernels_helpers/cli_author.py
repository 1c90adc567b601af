"""The commands for authors: new, copy, bake, accept, sanitize and lint."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from kernels_helpers import completion
from kernels_helpers.errors import UsageError


def teller() -> Callable[[int, str], None]:
    """Make a function that prints each heading once, with the number of its cell."""
    last = ""

    def tell(number: int, heading: str) -> None:
        nonlocal last
        if heading != last:
            click.echo(f"  cell {number:>2}  {heading}")
            last = heading

    return tell


CHECK = click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if outputs differ."
)


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Make a chapter from the skeleton: it runs, and waits for your text."""
    from kernels_helpers import new as beginning

    path = beginning.new(name)
    click.echo(f"{path}  (dockbook run {name}; dockbook bake {name})")


@click.command()
@click.argument("chapter", shell_complete=completion.chapters)
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def copy(chapter: str, folder: Path) -> None:
    """Copy a chapter into a folder, the current one by default, to edit it there."""
    from kernels_helpers import book

    path = book.find(chapter)
    made = folder / path.name
    try:
        with made.open("xb") as file:
            file.write(path.read_bytes())
    except FileExistsError:
        raise UsageError(f"{made} is there: move it away, or name a folder") from None
    except OSError as error:
        raise UsageError(
            f"{made}: {error.strerror}; make the folder, or name one"
        ) from error
    click.echo(f"{made}  (dockbook run {made})")


@click.command()
@click.argument("chapters", nargs=-1, shell_complete=completion.chapters)
@CHECK
def bake(chapters: tuple[str, ...], check: bool) -> None:
    """Run chapters on a fresh lab, show what differs, and record their outputs."""
    from kernels_helpers import bake as baking
    from kernels_helpers import book

    paths = [book.find(c) for c in chapters] or list(book.chapters().values())
    _record((baking.bake(path, teller()) for path in paths), check=check)


@click.command()
@click.argument("run")
@CHECK
def accept(run: str, check: bool) -> None:
    """Show what differs in a run that passed, and record its outputs."""
    from kernels_helpers import bake as baking
    from kernels_helpers import evidence

    _record([baking.accept(evidence.find(run))], check=check)


def _record(recordings: Iterable[Any], *, check: bool) -> None:
    """Show the difference before anything is written; exit with 1 on a check."""
    changed = False
    for recording in recordings:
        click.echo("\n".join(recording.difference), nl=bool(recording.difference))
        changed |= bool(recording.difference)
        if recording.difference and not check:
            recording.write()
        told = (
            ("differs" if check else "recorded")
            if recording.difference
            else "unchanged"
        )
        click.echo(f"{recording.path}: {told}")
    if changed and check:
        sys.exit(1)


@click.command()
def sanitize() -> None:
    """Print what may differ between two runs, as a sanitize file for nbval."""
    from kernels_helpers import normalizers

    click.echo(normalizers.sanitize_file(), nl=False)


@click.command()
@click.argument("chapters", nargs=-1, shell_complete=completion.chapters)
def lint(chapters: tuple[str, ...]) -> None:
    """Check the structure of chapters."""
    from kernels_helpers import book
    from kernels_helpers import lint as linting

    paths = [book.find(c) for c in chapters] or list(book.chapters().values())
    problems = [f"{path}: {p}" for path in paths for p in linting.lint(path)]
    many = f"{len(paths)} chapter{'s' * (len(paths) != 1)}"
    click.echo("\n".join(problems) or f"{many}: nothing to mend")
    if problems:
        sys.exit(1)
