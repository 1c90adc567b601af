"""The commands for what runs have left: verify, diff, report, leaks, undo, sweep."""

import sys

import click

PENDING = 4  # exit code: something would be changed


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
def undo(run: str) -> None:
    """Undo a run that was killed or kept, from its journal."""
    from kernels_helpers import afterwards, evidence

    def say(text: str) -> None:
        click.echo(text, nl=False)

    if not afterwards.undo(evidence.find(run), say):
        sys.exit(1)
    click.echo("nothing of the run is left")


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


@click.command("check-leaks")
@click.argument("run")
@click.option(
    "--env",
    "names",
    multiple=True,
    required=True,
    metavar="NAME",
    help="The variable with a secret; may be given again.",
)
def check_leaks(run: str, names: tuple[str, ...]) -> None:
    """Search the files of a run for secrets, and exit with 1 if there is one.

    Tells file, line and how the secret is written there, never the secret.
    """
    from kernels_helpers import evidence, leaks, references

    folder = evidence.find(run)
    secrets = references.resolve({name: f"env:{name}" for name in names})
    found = list(leaks.scan(folder, secrets))
    for leak in found:
        click.echo(f"{leak.file}:{leak.line}: {leak.name}, {leak.form}")
    if found:
        sys.exit(1)
    count = len(leaks.files(folder))
    click.echo(f"no leak of {', '.join(names)} in {count} files")


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--host", default="lab://", show_default=True, metavar="URL", help="Where."
)
@click.option("--apply", is_flag=True, help="Remove on a host that is not a lab.")
def sweep(run_id: str | None, host: str, apply: bool) -> None:
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
