"""The commands for authors: bake and lint."""

import sys
from collections.abc import Callable

import click


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
@click.argument("chapters", nargs=-1)
def bake(chapters: tuple[str, ...]) -> None:
    """Run chapters on a fresh lab and record their outputs in the notebooks."""
    from kernels_helpers import bake as baking
    from kernels_helpers import book

    for path in [book.find(c) for c in chapters] or list(book.chapters().values()):
        changed = baking.bake(path, teller())
        click.echo(f"{path}: {'recorded' if changed else 'unchanged'}")


@click.command()
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
