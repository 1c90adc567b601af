"""The commands for authors: copy, bake and lint."""

import sys
from collections.abc import Callable
from pathlib import Path

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
        raise UsageError(f"{made}: {error.strerror}; name a folder there is") from error
    click.echo(f"{made}  (dockbook run {made})")


@click.command()
@click.argument("chapters", nargs=-1, shell_complete=completion.chapters)
def bake(chapters: tuple[str, ...]) -> None:
    """Run chapters on a fresh lab and record their outputs in the notebooks."""
    from kernels_helpers import bake as baking
    from kernels_helpers import book

    for path in [book.find(c) for c in chapters] or list(book.chapters().values()):
        changed = baking.bake(path, teller())
        click.echo(f"{path}: {'recorded' if changed else 'unchanged'}")


@click.command()
@click.argument("chapters", nargs=-1, shell_complete=completion.chapters)
def lint(chapters: tuple[str, ...]) -> None:
    """Check the structure of chapters."""
    from kernels_helpers import book
    from kernels_helpers import lint as linting

    paths = [book.find(c) for c in chapters] or list(book.chapters().values())
    problems = [f"{path}: {p}" for path in paths for p in linting.lint(path)]
    click.echo("\n".join(problems) or f"{len(paths)} chapters: nothing to mend")
    if problems:
        sys.exit(1)
