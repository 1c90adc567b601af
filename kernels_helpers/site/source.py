"""What Sphinx reads: pages, and the chapters as their newest runs have left them."""

import json
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from kernels_helpers import book, report
from kernels_helpers.errors import ChapterError
from kernels_helpers.hosts import PODMAN
from kernels_helpers.site import proof
from kernels_helpers.site.pages import Facts, Page, project
from kernels_helpers.site.runs import Finished

SITE = book.INSTALLED / "site"  # how pages look, and the words of the interface
PROSE = book.ROOT / "site"  # the pages that are no chapters
LOCALE = PROSE / "locale"
LANGUAGES = {"en": "", "zh_CN": "zh/"}  # and their folders in the site
FRONT = """\
# {title}

Every chapter is a notebook that has been run, from its first cell to its last. What it
says is checked by code on the page.

```{{chapters}}
```

```{{toctree}}
:hidden:
:glob:

runbooks/*
```
"""


class Evidence(NamedTuple):
    """Hold what there is of a chapter: its notebook, and the report of its run."""

    notebook: NotebookNode
    facts: Facts
    folder: Path | None = None


def settings() -> dict[str, str]:
    """Read what the book says of itself in ``book.toml``: title and repository.

    A book that says nothing is called as its folder is.
    """
    path = PROSE / "book.toml"
    said = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"title": book.ROOT.name, **said}


def languages() -> dict[str, str]:
    """Return the languages of the book: English, and Chinese if it has catalogues."""
    return LANGUAGES if LOCALE.exists() else {"en": ""}


def evidence(runs: Sequence[Finished]) -> dict[str, Evidence]:
    """Find what there is of each chapter: its newest run, or else what is recorded.

    It is of Docker: what differs on Podman is said beside it.

    Raises ChapterError for a notebook among them that no page would lead to.
    """
    chapters = book.chapters()
    for path in sorted(book.RUNBOOKS.glob("*.ipynb")):
        if path not in chapters.values():
            raise ChapterError(
                f"{path}: no page leads to it: name it NN-NAME.ipynb, or move it away"
            )
    return {name: _newest(runs, name, path) for name, path in chapters.items()}


def recorded() -> dict[str, Evidence]:
    """Read the chapters as they are, with the outputs recorded in them."""
    return {name: _recorded(path) for name, path in book.chapters().items()}


def write(
    source: Path, evidence: Mapping[str, Evidence], engines: Sequence[Facts] = ()
) -> list[Page]:
    """Write what Sphinx reads: pages, ledger, catalogues, and projected chapters.

    ``engines`` are the columns of the ledger that tell of runs.

    A file that is as it was is left alone: its time tells Sphinx what is new. With
    another list of files all is made anew, as no page may know of one that is gone.
    """
    files = _written_by_hand()
    pages = []
    for name, path in book.chapters().items():
        notebook, facts, folder = evidence[name]
        took = proof.steps(folder) if folder else ()
        page, projected = project(notebook, facts, name, path.stem, took)
        if folder and proof.may_be_published(folder):
            page.proof = f"{page.doc}.run"
        files[f"{page.doc}.ipynb"] = nbformat.writes(projected).encode()
        pages.append(page)
    files["book.json"] = json.dumps([asdict(page) for page in pages]).encode()
    files["engines.json"] = json.dumps(engines).encode()
    there = [path for path in source.rglob("*") if path.is_file()]
    names = {path.relative_to(source).as_posix() for path in there} - {*files}
    if any(not name.endswith(".mo") for name in names) or not there:
        for folder in (source, source.parent / "pages", source.parent / "doctrees"):
            shutil.rmtree(folder, ignore_errors=True)
    for file, content in files.items():
        path = source / file
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return pages


def _written_by_hand() -> dict[str, bytes]:
    """Read the pages that are no chapters, the ledger and the catalogues."""
    files = {
        path.name: path.read_bytes()
        for path in (*PROSE.glob("*.md"), *book.RUNBOOKS.glob("claims.yaml"))
    }
    files.setdefault("index.md", FRONT.format_map(settings()).encode())
    for folder, pattern in (SITE / "locale", "*/*/sphinx.po"), (LOCALE, "**/*.po"):
        for path in folder.glob(pattern):
            files[f"locale/{path.relative_to(folder)}"] = path.read_bytes()
    for name, text in book.programs().items():  # to which chapters lead
        files[f"kernels_helpers/programs/{name}.py"] = text.encode()
    return files


def _newest(runs: Sequence[Finished], name: str, chapter: Path) -> Evidence:
    for run in runs:
        if run.chapter != name or run.facts.get("product") == PODMAN:
            continue
        try:
            notebook = nbformat.read(run.folder / report.NOTEBOOK, as_version=4)
        except (OSError, ValueError):  # not written to its end
            continue
        return Evidence(notebook, run.facts, run.folder)
    return _recorded(chapter)


def _recorded(chapter: Path) -> Evidence:
    return Evidence(nbformat.read(chapter, as_version=4), {})
