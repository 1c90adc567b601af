"""The commands of the site."""

import importlib.util
import sys
from pathlib import Path

import click

from kernels_helpers.errors import MissingExtra


@click.group()
def site() -> None:
    """Build, look at and check the site, and keep its translation up to date."""
    if importlib.util.find_spec("sphinx") is None:
        raise MissingExtra("the site needs Sphinx and more", "site")


@site.command()
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default="runs/book",
    show_default=True,
    help="Folder with the runs to publish; else the recorded outputs are.",
)
@click.option("--draft", is_flag=True, help="Show in English what is not translated.")
@click.option(
    "--address",
    metavar="URL",
    help="Where the site will be: canonical links, sitemap.xml and RSS need it.",
)
@click.option(
    "--repository",
    metavar="URL",
    help="Where pages can be edited, if site/book.toml does not say it.",
)
@click.option("--pdf", is_flag=True, help="Print the book, too; needs chromium.")
def build(
    runs: Path, draft: bool, address: str | None, repository: str | None, pdf: bool
) -> None:
    """Build the site from executed chapters and tell what it shows."""
    from collections import Counter

    from kernels_helpers import book
    from kernels_helpers.site import build as building

    pages = building.build(
        runs, draft=draft, address=address, repository=repository, pdf=pdf
    )
    width = max([14, *(len(page.name) for page in pages)])
    for page in pages:
        facts = page.facts
        held = sum(check["ok"] for check in page.checks)
        took = f", {facts['seconds']:.1f} s" if "seconds" in facts else ""
        click.echo(f"{page.name:<{width}} {page.status}: {held} checks held{took}")
        if names := ", ".join(page.fieldless):
            told = "a list, or what may be None, has no field in the form"
            click.echo(f"{'':<{width}} {names}: {told}")
        if facts:
            click.echo(f"{'':<{width}} evidence: {runs / facts['run']}")
    verdicts = Counter(claim["verdict"] for claim in book.ledger())
    counted = ", ".join(f"{verdicts[v]} {v}" for v in book.VERDICTS if verdicts[v])
    told = f"{verdicts.total()}: {counted}" if counted else "no ledger"
    click.echo(f"{'claims':<{width}} {told}")
    click.echo(f"{'pages':<{width}} {building.BUILD / 'html' / 'index.html'}")


@site.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if not whole.")
def messages(check: bool) -> None:
    """Bring the catalogues of the Chinese pages up to date; tell what they lack."""
    from kernels_helpers.site import catalogues, translation
    from kernels_helpers.site.build import BUILD

    templates = translation.templates(BUILD)
    if not check:
        for path in catalogues.update(translation.CATALOGUES, templates):
            click.echo(f"{path}: {'updated' if path.exists() else 'removed'}")
    problems = list(catalogues.problems(translation.CATALOGUES, templates))
    click.echo("\n".join(problems) or "every message is translated")
    if problems and check:
        sys.exit(1)


@site.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
def serve(port: int) -> None:
    """Serve the built site on this machine until Ctrl-C."""
    from contextlib import suppress

    from kernels_helpers.site import build as building
    from kernels_helpers.site import serving

    with serving.server(building.built(), port) as server:
        click.echo(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C ends)")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


@site.command()
def check() -> None:
    """Check the built site: links, languages, what pages load, say and weigh."""
    from kernels_helpers.site import build as building
    from kernels_helpers.site import links

    problems = links.problems(building.built())
    click.echo("\n".join(problems) or "every page is as it should be")
    if problems:
        sys.exit(1)
