"""The site: a page for every chapter, with its newest run as the evidence.

Sphinx builds it twice from the same pages, in English and in Chinese. What is to be
translated is found in the chapters as they are recorded.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import nbformat
from babel.messages import Catalog
from babel.messages.pofile import read_po
from nbformat import NotebookNode

from kernels_helpers import book, catalogues, messages, report
from kernels_helpers.cases import RUN
from kernels_helpers.errors import DockbookError
from kernels_helpers.pages import Facts, Page, clean, project

SITE = book.ROOT / "site"
LOCALE = SITE / "locale"
CATALOGUES = LOCALE / catalogues.LANGUAGE / "LC_MESSAGES"
BUILD = SITE / "_build"
Evidence = tuple[NotebookNode, Facts]  # of a chapter: its notebook and the report


def build(runs: Path, out: Path = BUILD, *, draft: bool = False) -> list[Page]:
    """Build the site into ``out/html`` and return the pages of its chapters.

    Takes the newest finished run of a chapter below ``runs``, or else what is
    recorded in the chapter. English is at the root, Chinese in ``zh``, from the
    same source. A build that fails leaves the last site as it was; one with a text
    that is not translated fails, unless it is a ``draft``, which shows it in English.
    """
    source, html, chinese = out / "source", out / "html.new", out / "zh" / "html"
    for folder in (html, chinese):
        shutil.rmtree(folder, ignore_errors=True)
    (html / "runbooks").mkdir(parents=True)
    evidence = {n: _evidence(runs, n, path) for n, path in book.chapters().items()}
    pages = _write(source, evidence)
    for page in pages:
        notebook, _ = evidence[page.name]
        nbformat.write(clean(notebook), html / f"{page.doc}.ipynb")
    doctrees = out / "doctrees"
    with ThreadPoolExecutor() as together:
        judged = None if draft else together.submit(untranslated, out)
        english = together.submit(_sphinx, "html", source, html, doctrees / "en")
        _sphinx("html", source, chinese, doctrees / "zh", catalogues.LANGUAGE)
        english.result()
        problems = judged.result() if judged else []
    if problems:
        raise DockbookError("\n".join(["the site is not translated", *problems]))
    chinese.rename(html / "zh")
    shutil.rmtree(out / "html", ignore_errors=True)
    html.rename(out / "html")
    return pages


def untranslated(out: Path = BUILD) -> list[str]:
    """Say of each message that is not translated, or wrongly, where it is."""
    return list(catalogues.problems(CATALOGUES, templates(out)))


def templates(out: Path = BUILD) -> dict[str, Catalog]:
    """Find what there is to translate, in the chapters as they are recorded."""
    out = out / "messages"
    source, found = out / "source", out / "found"
    chapters = book.chapters()
    recorded = {n: nbformat.read(path, as_version=4) for n, path in chapters.items()}
    pages = _write(source, {n: (notebook, {}) for n, notebook in recorded.items()})
    shutil.rmtree(found, ignore_errors=True)
    _sphinx("gettext", source, found, out / "doctrees")
    texts = {
        path.relative_to(found).with_suffix("").as_posix(): _prose(path)
        for path in sorted(found.rglob("*.pot"))
    }
    for page in pages:
        texts[page.doc] += messages.of_cells(recorded[page.name])
    texts["sphinx"] = list(messages.of_interface(SITE))
    return {name: catalogues.template(found) for name, found in texts.items()}


def _write(source: Path, evidence: Mapping[str, Evidence]) -> list[Page]:
    """Write what Sphinx reads: pages, ledger, catalogues, and projected chapters."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "runbooks").mkdir(parents=True)
    for file in (*SITE.glob("*.md"), *book.RUNBOOKS.glob("claims.yaml")):
        shutil.copy(file, source)
    shutil.copytree(LOCALE, source / "locale")
    pages = []
    for name, path in book.chapters().items():
        page, projected = project(*evidence[name], name, path.stem)
        nbformat.write(projected, source / f"{page.doc}.ipynb")
        pages.append(page)
    (source / "book.json").write_text(json.dumps([asdict(page) for page in pages]))
    return pages


def _evidence(runs: Path, name: str, recorded: Path) -> Evidence:
    """Find the newest finished run of a chapter, or else what is recorded in it.

    A run ends with its report. A plan is passed over: it proves nothing.
    """
    for folder in sorted(runs.glob("*"), reverse=True):
        named = RUN.fullmatch(folder.name)
        if not named or named["chapter"] != name:
            continue
        try:
            facts = json.loads((folder / report.REPORT).read_text(encoding="utf-8"))
            notebook = nbformat.read(folder / report.NOTEBOOK, as_version=4)
        except (OSError, ValueError):  # not written yet, or not to its end
            continue
        if facts["status"] != "planned":
            return notebook, facts
    return nbformat.read(recorded, as_version=4), {}


def _prose(path: Path) -> list[messages.Message]:
    with path.open(encoding="utf-8") as file:
        return [("", str(message.id)) for message in read_po(file) if message.id]


def _sphinx(
    builder: str, source: Path, out: Path, doctrees: Path, language: str = "en"
) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", builder]
    options = ["-q", "-E", "-c", str(SITE), "-d", str(doctrees)]
    options += ["-D", f"language={language}", str(source), str(out)]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join(done.stderr.splitlines()[-20:])
        raise DockbookError(f"the site was not built; Sphinx says:\n{said}")
