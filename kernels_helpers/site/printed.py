"""The book as one PDF: the pages of a language on end, printed by Chromium."""

import html
import os
import posixpath
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from kernels_helpers.errors import DockbookError
from kernels_helpers.site import glyphs

SHEET = "printed.html"  # next to the first page while it is printed
SECONDS = 300
REFERENCES = ("href", "xlink:href")
NAMES = ("id", "aria-labelledby")


def chromium() -> str:
    """Find Chromium, or say what to do."""
    if found := shutil.which("chromium"):
        return found
    raise DockbookError(
        "the book cannot be printed: there is no chromium on this machine; "
        "install the Debian package chromium, or build without --pdf"
    )


def books(site: Path, folders: Mapping[str, str]) -> None:
    """Print ``book-en.pdf`` and the like below ``site``, from the folder of each."""
    with ThreadPoolExecutor() as together:
        printing = [
            together.submit(write, site / folder, site / f"book-{language[:2]}.pdf")
            for language, folder in folders.items()
        ]
        for book in printing:
            book.result()


def write(folder: Path, pdf: Path) -> None:
    """Print the pages of the language whose ``index.html`` is in a folder.

    The PDF is tagged, and has an outline. The contents, and with them the order of
    the pages, are those of the sidebar.
    """
    sheet = folder.absolute() / SHEET
    sheet.write_text(assemble(folder), encoding="utf-8")
    try:
        said = _print(sheet, pdf.absolute())
    finally:
        sheet.unlink()
    if said is not None:
        raise DockbookError(f"the book was not printed; chromium says:\n{said}")
    glyphs.mend(pdf)


def _print(sheet: Path, pdf: Path) -> str | None:
    """Print an HTML file; return the last that Chromium said if it failed."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            chromium(),
            "--headless",
            "--disable-gpu",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            "--generate-pdf-document-outline",
            f"--print-to-pdf={pdf}",
            sheet.as_uri(),
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"nothing, for {SECONDS} seconds"
    failed = done.returncode or not pdf.exists()
    return "\n".join(done.stderr.splitlines()[-20:]) if failed else None


def assemble(folder: Path) -> str:
    """Put the pages that the sidebar names on end, below a title and the contents."""
    home = _read(folder / "index.html")
    contents = home.select_one("nav.bd-docs-nav")
    about = home.select_one("meta[name=description]")
    if not (home.html and home.h1 and contents and about):
        raise DockbookError(f"{folder / 'index.html'} has no title or no contents")
    pages = [str(a["href"]) for a in contents.select("a.internal") if a["href"] != "#"]
    _place(contents, "index.html", pages)
    for link in home.h1.select("a.headerlink"):
        link.decompose()
    title, said = (html.escape(s) for s in (home.h1.get_text(), str(about["content"])))
    parts = {page: _read(folder / page) for page in pages}
    read = {"index.html": home, **parts}
    styles = "".join(
        dict.fromkeys(s for page in read for s in _styles(read[page], page))
    )
    made = BeautifulSoup(
        f'<!doctype html><html lang="{home.html["lang"]}" data-theme="light">'
        f'<head><meta charset="utf-8"/><title>{title}</title>{styles}</head>'
        f'<body class="book"><header id="index"><h1>{title}</h1><p>{said}</p></header>'
        f"{contents}</body></html>",
        "html.parser",
    )
    for page, part in parts.items():
        article = part.select_one("article.bd-article")
        if not (article and made.body):
            raise DockbookError(f"{folder / page} has no article")
        for hidden in article.select("details.source"):
            hidden.decompose()
        for folded in article.select("details"):
            del folded["name"]  # of those that share one, one is open
            folded["open"] = ""
        for listing in article.select("pre"):
            listing.string = listing.get_text()  # in one colour
        _place(article, page, pages)
        article["id"] = _anchor(page)
        made.body.append(article)
    return str(made)


def _styles(part: Tag, page: str) -> Iterator[str]:
    """Find the style sheets of a page, as ``index.html`` would name them."""
    for link in part.select('link[rel="stylesheet"]'):
        path = posixpath.join(posixpath.dirname(page), str(link["href"]))
        link["href"] = posixpath.normpath(path)
        yield str(link)


def _place(part: Tag, page: str, pages: list[str]) -> None:
    """Make the names in a part of a page unique, and lead its links to the parts.

    What is on the site and not in the book is no link on paper.
    """
    for element in part.select("*"):
        for name in {*NAMES} & {*element.attrs}:
            element[name] = _anchor(page, str(element[name]))
        for name in {*REFERENCES} & {*element.attrs}:
            target, _, place = str(element[name]).partition("#")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
            if not target or path in pages:
                element[name] = f"#{_anchor(path if target else page, place)}"
            elif ":" not in target:
                del element[name]


def _anchor(page: str, place: str = "") -> str:
    name = page.removesuffix(".html").replace("/", "-")
    return f"{name}--{place}" if place else name


def _read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
