"""What Sphinx reads: pages, and the chapters as their newest runs have left them."""

import json
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import nbformat

from kernels_helpers import book, report
from kernels_helpers.errors import ChapterError
from kernels_helpers.site import downloads, newest, outputs, proof
from kernels_helpers.site.newest import Evidence
from kernels_helpers.site.pages import EDITED, Facts, Page, project, wordless

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


def evidence(runs: Path) -> dict[str, Evidence]:
    """Find what there is of each chapter: its newest run, or else what is recorded."""
    return {n: newest.of(runs, n, path) for n, path in book.chapters().items()}


def recorded() -> dict[str, Evidence]:
    """Read the chapters as they are, with the outputs recorded in them."""
    return {name: newest.recorded(path) for name, path in book.chapters().items()}


def write(
    source: Path, evidence: Mapping[str, Evidence], engines: Sequence[Facts] = ()
) -> list[Page]:
    """Write what Sphinx reads: pages, ledger, catalogues, and projected chapters.

    ``engines`` are the columns of the ledger that tell of runs.

    A file that is as it was is left alone: its time tells Sphinx what is new. With
    another list of files all is made anew, as no page may know of one that is gone.
    Raises ChapterError, with a line for each fault, for what cannot be a page.
    """
    if faults := [*_faults(evidence)]:
        raise ChapterError("\n".join(faults))
    files = _written_by_hand()
    pages = []
    for name, path in book.chapters().items():
        notebook, facts, folder, refused = evidence[name]
        took = proof.steps(folder) if folder else ()
        page, projected = project(notebook, facts, name, path.stem, took)
        if page.status == "passed" and _is_edited(path, facts):
            page.status = EDITED
        page.refused = refused
        page.fieldless = [
            parameter.name
            for parameter in downloads.contract_of(notebook)
            if not (parameter.is_secret or downloads.has_field(parameter))
        ]
        if folder and proof.may_be_published(folder):
            page.proof = f"{page.doc}.run"
        files[f"{page.doc}.ipynb"] = nbformat.writes(projected).encode()
        pages.append(page)
    files["book.json"] = json.dumps([asdict(page) for page in pages]).encode()
    files["engines.json"] = json.dumps(engines).encode()
    _bring(source, files)
    return pages


def _bring(source: Path, files: Mapping[str, bytes]) -> None:
    """Write what has changed; with another list of files, all of them anew."""
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
    for path in book.PROGRAMS.glob("*.*"):  # to which chapters lead
        files[f"kernels_helpers/programs/{path.name}"] = path.read_bytes()
    return files


def _faults(evidence: Mapping[str, Evidence]) -> Iterator[str]:
    """Say what no page leads to, and what no page can show of a chapter."""
    chapters = book.chapters()
    for path in sorted(book.RUNBOOKS.glob("*.ipynb")):
        if path not in chapters.values():
            yield f"{path}: no page leads to it: name it NN-NAME.ipynb, or move it away"
    for name, path in chapters.items():
        notebook = evidence[name].notebook
        contract = downloads.contract_of(notebook)
        yield from outputs.not_findable(name, contract, notebook)
        yield from wordless(notebook, f"runbooks/{path.name}")


def _is_edited(chapter: Path, facts: Facts) -> bool:
    """Tell whether a chapter says or does something else than what was run."""
    now = report.source_of(nbformat.read(chapter, as_version=4))
    return bool(facts.get("source", now) != now)
