"""The command ``dockbook``.

Exit codes: 0 ok; 1 a step or a check failed; 2 the call cannot be understood;
3 no host; 4 a plan has changes pending; 130 interrupted.
"""

from typing import Any

import click

from kernels_helpers import completion
from kernels_helpers.cli_author import accept, bake, copy, lint, new, sanitize
from kernels_helpers.cli_evidence import (
    check_leaks,
    diff,
    report,
    sweep,
    undo,
    verify,
)
from kernels_helpers.cli_lab import lab
from kernels_helpers.cli_run import resume, run, script
from kernels_helpers.cli_site import site
from kernels_helpers.cli_watch import watch
from kernels_helpers.errors import DockbookError

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
    from kernels_helpers import book, notebook

    chapters = book.chapters()
    width = max(map(len, chapters), default=0)
    for name, path in chapters.items():
        click.echo(f"{name:<{width}} {notebook.head(path).title}")


@main.command()
@click.argument("chapter", shell_complete=completion.chapters)
@click.option("--json-schema", "as_schema", is_flag=True, help="Print a JSON Schema.")
def show(chapter: str, as_schema: bool) -> None:
    """Show the parameters of a chapter: name, type, default, help."""
    import json

    from kernels_helpers import book, notebook
    from kernels_helpers.schema import json_schema

    head = notebook.head(book.find(chapter))
    if as_schema:
        schema = json_schema(head.contract, head.title)
        click.echo(json.dumps(schema, indent=2))
        return
    click.echo(head.title)
    for p in head.contract:
        click.echo(f"  {p.name}: {p.type} = {p.default!r}\n      {p.describe()}")


@main.command()
def doctor() -> None:
    """Tell what this machine has and what it lacks for labs and chapters."""
    from kernels_helpers import system
    from kernels_helpers.lab import capability

    for tool in (*system.TOOLS, *system.EXTRA):
        click.echo(
            f"{'ok     ' if tool.found() else 'missing'} {tool.name:<16} {tool.why}"
        )
    capability.require()
    click.echo("ok      a lab can be started here")


for command in (
    *(run, watch, resume, script, new, copy, bake, accept, sanitize, lint),
    *(site, lab),
    *(sweep, undo, verify, diff, check_leaks, report),
):
    main.add_command(command)
