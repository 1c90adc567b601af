"""The real site, served below some path of a loopback address, in a real browser."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from filelock import FileLock
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

from kernels_helpers import report
from kernels_helpers.journal import Journal
from kernels_helpers.site.build import PICTURE, build
from kernels_helpers.site.source import SITE
from tests.site.server import served
from tests.unit import small_book
from tests.unit.small_book import failing, notebook, open_book, proved, translated

BELOW = "books/docker"  # a site has to work wherever it is put
ADDRESS = "https://docs.example.org/docker"
REPOSITORY = "https://github.example/ann/docker"


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Let the first of the workers of pytest-xdist make a folder that all read."""
    own = tmp_path_factory.getbasetemp()
    base = own if worker_id == "master" else own.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder = base / name
        with FileLock(base / f"{name}.lock"):
            if not (folder / "made").exists():
                folder.mkdir()
                make(folder)
                (folder / "made").touch()
        return folder

    return made


@pytest.fixture(scope="session")
def html(once: Once) -> Path:
    """Build the site from what is recorded in the chapters."""
    root = once("site", lambda root: build(root / "runs", root / "out"))
    return root / "out" / "html"


@pytest.fixture(scope="session")
def address(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site and give the address of its root, with a slash at the end."""
    root = tmp_path_factory.mktemp("served")
    (root / BELOW).parent.mkdir(parents=True)
    (root / BELOW).symlink_to(html)
    with served(root) as top:
        yield f"{top}{BELOW}/"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@contextlib.contextmanager
def watched(browser: Browser, root: str, **options: Any) -> Iterator[BrowserContext]:
    """Open a browser without a past; no page may complain or ask outside of a root."""
    context = browser.new_context(**options)
    faults: list[str] = []

    def complain(said: ConsoleMessage) -> None:
        if said.type == "error":
            faults.append(f"{said.page.url if said.page else ''}: {said.text}")

    def ask(asked: Request) -> None:
        if not asked.url.startswith((root, "blob:", "data:")):
            faults.append(f"asked for {asked.url}")

    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    context.on("console", complain)
    context.on("request", ask)
    yield context
    context.close()
    assert faults == []


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """Open a browser for the site."""
    size = {"width": 1280, "height": 900}
    with watched(browser, address, viewport=size) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="session")
def published(once: Once) -> Path:
    """Build a book of chapters that fared differently, printed, for an address."""
    return once("published", publish) / "out" / "html"


def publish(root: Path) -> None:
    """Let a chapter pass, one fail, one be edited since it passed, one be killed.

    The one that has passed finds no host the next time.
    """
    passed, runs = (
        small_book.volumes("it is <b>local</b>, says `docker`"),
        root / "runs",
    )
    (root / "runbooks").mkdir()
    for day, (file, chapter, made) in enumerate(
        (
            ("05-volumes", passed, passed),
            ("06-networks", failing(), failing()),
            ("07-edited", notebook(title="# Keep more\n\nIn a volume."), passed),
        ),
        1,
    ):
        nbformat.write(chapter, root / "runbooks" / f"{file}.ipynb")
        run = f"2026010{day}T100000Z-{file[3:]}-aaaaaa"
        proved(runs / run, made, f"2026-01-0{day}T10:00:00+00:00")
    nbformat.write(notebook(), root / "runbooks" / "08-killed.ipynb")
    killed = runs / "20260104T100000Z-killed-aaaaaa"
    Journal(killed / report.JOURNAL).write("open", host="lab://x", engine="20.10.24")
    (runs / "20260105T103000Z-volumes-aaaaaa.refused").write_text("no host\n")
    translated(root / "locale" / "zh_CN" / "LC_MESSAGES")
    (root / "prose").mkdir()
    shutil.copy(SITE / PICTURE, root / "prose")
    place = {"address": ADDRESS, "repository": f"{REPOSITORY}/"}
    with open_book(root):
        build(runs, root / "out", draft=True, pdf=True, **place)


@pytest.fixture(scope="session")
def fates(published: Path) -> list[str]:
    """List the pages of what passed, failed, was edited or killed, and of each run."""
    pages = published.rglob("runbooks/**/*.html")
    found = sorted(str(page.relative_to(published)) for page in pages)
    killed, told = "zh/runbooks/08-killed.html", "runbooks/06-networks.run/report.html"
    assert {killed, told} < {*found}
    return found


@pytest.fixture(scope="session")
def files(html: Path) -> list[str]:
    """List the pages of the site, those in Chinese and of runs too."""
    return sorted(str(file.relative_to(html)) for file in html.rglob("*.html"))


@pytest.fixture(scope="session")
def kinds(files: list[str]) -> list[str]:
    """Pick a page of each kind, in both languages: all but those of most chapters."""
    told = [file for file in files if "runbooks/" not in file or "05-" in file]
    assert {"index.html", "zh/ledger.html", "runbooks/05-volumes.html"} <= {*told}
    return told


@pytest.fixture
def volumes(page: Page, address: str) -> Page:
    page.goto(f"{address}runbooks/05-volumes.html")
    return page


@pytest.fixture
def clipboard(context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
