"""The commands that read what runs have left: verify, diff, report."""

import sys

import click


@click.command()
@click.argument("run")
def verify(run: str) -> None:
    """Tell whether the evidence of a run is whole, and exit with 1 if it is not."""
    from kernels_helpers import evidence

    problems = evidence.verify(evidence.find(run))
    click.echo("\n".join(problems) or "the evidence is whole")
    if problems:
        sys.exit(1)


@click.command()
@click.argument("run")
@click.argument("other")
def diff(run: str, other: str) -> None:
    """Show what changed between two runs, step by step; exit with 1 if anything."""
    from kernels_helpers import evidence

    changes = evidence.compare(evidence.find(run), evidence.find(other))
    click.echo("\n".join(changes) or "nothing changed")
    if changes:
        sys.exit(1)


@click.command()
@click.argument("run")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "junit", "html", "md"]),
    default="md",
    show_default=True,
    help="What to print.",
)
def report(run: str, form: str) -> None:
    """Print the report of a run, made from its notebook and journal."""
    from kernels_helpers import cases, evidence, formats

    folder = evidence.find(run)
    if form == "json":
        click.echo(cases.remake(folder).as_text(), nl=False)
    else:
        make = {"junit": formats.junit, "html": formats.html, "md": formats.markdown}
        click.echo(make[form](folder))
