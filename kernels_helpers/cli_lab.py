"""The command ``dockbook lab``: start, use and end throw-away Docker hosts."""

import json
import subprocess
import sys

import click


@click.group()
def lab() -> None:
    """Start, use and end throw-away Docker hosts."""


@lab.command()
@click.argument("name", default="default")
@click.option("--disk", multiple=True, metavar="vdb=2G", help="Add an empty disk.")
@click.option("--bare", is_flag=True, help="A fresh Debian without Docker.")
@click.option(
    "--engine", type=click.Choice(["docker", "podman"]), help="Docker if left out."
)
def up(name: str, disk: tuple[str, ...], bare: bool, engine: str | None) -> None:
    """Start a lab that stays until `lab down`."""
    from kernels_helpers.lab import life

    host = life.up(name, disk, bare=bare, engine=engine)
    click.echo(f"{host.url} is up: {host.socket}")


@lab.command()
@click.argument("name")
@click.argument("script")
def sh(name: str, script: str) -> None:
    """Run a shell command in a lab; the exit code is the command's."""
    from kernels_helpers.hosts import LabHost

    result = LabHost(name).run(
        script, on_output=lambda text: click.echo(text, nl=False)
    )
    sys.exit(result.rc)


@lab.command()
@click.argument("name", default="default")
def shell(name: str) -> None:
    """Open a root shell in a lab."""
    from kernels_helpers.hosts import LabHost

    host = LabHost(name)
    env = {**host.environment(), "TERM": "xterm-256color", "PS1": rf"\u@{name}:\w\$ "}
    argv = [*host.argv(), "bash", "--norc", "-i"]
    ended = subprocess.run(argv, env=env, preexec_fn=host.before_exec, check=False)
    sys.exit(ended.returncode)


@lab.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def ls(as_json: bool) -> None:
    """List the labs of the current user: name, state, engine, pid, socket."""
    from kernels_helpers.lab import life

    rows = life.ls()
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        pid, engine = row["pid"] or "-", row["engine"] or "-"
        told = f"{row['name']:<20} {row['state']:<10} {engine:<8} {pid:<8}"
        click.echo(f"{told} {row['socket']}")


@lab.command()
@click.argument("name", default="default")
def down(name: str) -> None:
    """End a lab and remove all that is left of it."""
    from kernels_helpers.lab import life

    life.down(name)


@lab.command()
def gc() -> None:
    """Remove what labs that died left behind."""
    from kernels_helpers.lab import life

    for name in life.gc():
        click.echo(f"removed {name}")
