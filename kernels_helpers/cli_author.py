"""The commands for authors: bake, lint, and those of the site."""

import sys
from collections.abc import Callable
from pathlib import Path

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


@click.group()
def site() -> None:
    """Build the site, and keep its translation up to date."""


@site.command()
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default="runs/book",
    show_default=True,
    help="Folder with the runs to publish; else the recorded outputs are.",
)
@click.option("--draft", is_flag=True, help="Show in English what is not translated.")
def build(runs: Path, draft: bool) -> None:
    """Build the site from executed chapters and tell what it shows."""
    from collections import Counter

    from kernels_helpers import book
    from kernels_helpers import site as sites

    pages = sites.build(runs, draft=draft)
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


@site.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if not whole.")
def messages(check: bool) -> None:
    """Bring the catalogues of the Chinese pages up to date; tell what they lack."""
    from kernels_helpers import catalogues
    from kernels_helpers import site as sites

    templates = sites.templates()
    if not check:
        for path in catalogues.update(sites.CATALOGUES, templates):
            click.echo(f"{path}: {'updated' if path.exists() else 'removed'}")
    problems = list(catalogues.problems(sites.CATALOGUES, templates))
    click.echo("\n".join(problems) or "every message is translated")
    if problems and check:
        sys.exit(1)
