"""Build the site with Sphinx, twice from the same pages: in English and in Chinese.

A page whose evidence has not changed since the last build is not made again. What is
to be translated is found in the chapters as they are recorded.
"""

import hashlib
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

import kernels_helpers
from kernels_helpers import book, report
from kernels_helpers.cases import RUN
from kernels_helpers.errors import DockbookError, UsageError
from kernels_helpers.site import catalogues, messages
from kernels_helpers.site.pages import Facts, Page, clean, project

SITE = book.ROOT / "site"
LOCALE = SITE / "locale"
CATALOGUES = LOCALE / catalogues.LANGUAGE / "LC_MESSAGES"
BUILD = SITE / "_build"
FOLDERS = {"en": "", catalogues.LANGUAGE: "zh"}  # of a language, in the site
Evidence = tuple[NotebookNode, Facts]  # of a chapter: its notebook and the report


def build(runs: Path, out: Path = BUILD, *, draft: bool = False) -> list[Page]:
    """Build the site into ``out/html`` and return the pages of its chapters.

    Takes the newest finished run of a chapter below ``runs``, or else what is
    recorded in the chapter. English is at the root, Chinese in ``zh``, from the
    same source. A build that fails leaves the last site as it was; one with a text
    that is not translated fails, unless it is a ``draft``, which shows it in English.
    """
    evidence = {n: _evidence(runs, n, path) for n, path in book.chapters().items()}
    pages = _write(out / "source", evidence)
    with ThreadPoolExecutor() as together:
        judged = None if draft else together.submit(untranslated, out)
        made = [together.submit(_sphinx, out, "html", language) for language in FOLDERS]
        for pages_made in made:
            pages_made.result()
        problems = judged.result() if judged else []
    if problems:
        raise DockbookError("\n".join(["the site is not translated", *problems]))
    html = out / "html.new"
    shutil.rmtree(html, ignore_errors=True)
    for language, folder in FOLDERS.items():
        shutil.copytree(out / "pages" / language, html / folder, dirs_exist_ok=True)
    for page in pages:
        notebook, _ = evidence[page.name]
        nbformat.write(clean(notebook), html / f"{page.doc}.ipynb")
    shutil.rmtree(out / "html", ignore_errors=True)
    html.rename(out / "html")
    return pages


def built(out: Path = BUILD) -> Path:
    """Return the folder of the built site, or say what to run first."""
    if not (made := out / "html").is_dir():
        raise UsageError(f"there is no site in {made}; run `dockbook site build` first")
    return made


def untranslated(out: Path = BUILD) -> list[str]:
    """Say of each message that is not translated, or wrongly, where it is.

    What was found right is not judged again before something that it rests on changes.
    """
    right, now = out / "messages" / "right", _digest()
    if right.exists() and right.read_text() == now:
        return []
    problems = list(catalogues.problems(CATALOGUES, templates(out)))
    if not problems:
        right.write_text(now)
    return problems


def templates(out: Path = BUILD) -> dict[str, Catalog]:
    """Find what there is to translate, in the chapters as they are recorded."""
    out = out / "messages"
    chapters = book.chapters()
    recorded = {n: nbformat.read(path, as_version=4) for n, path in chapters.items()}
    pages = _write(out / "source", {n: (made, {}) for n, made in recorded.items()})
    found = _sphinx(out, "gettext", "en")
    texts = {
        path.relative_to(found).with_suffix("").as_posix(): _prose(path)
        for path in sorted(found.rglob("*.pot"))
    }
    for page in pages:
        texts[page.doc] += messages.of_cells(recorded[page.name])
    texts["sphinx"] = list(messages.of_interface(SITE))
    return {name: catalogues.template(found) for name, found in texts.items()}


def _write(source: Path, evidence: Mapping[str, Evidence]) -> list[Page]:
    """Write what Sphinx reads: pages, ledger, catalogues, and projected chapters.

    A file that is as it was is left alone: its time tells Sphinx what is new. With
    another list of files all is made anew, as no page may know of one that is gone.
    """
    files = {
        path.name: path.read_bytes()
        for path in (*SITE.glob("*.md"), *book.RUNBOOKS.glob("claims.yaml"))
    }
    for path in LOCALE.rglob("*.po"):
        files[f"locale/{path.relative_to(LOCALE)}"] = path.read_bytes()
    pages = []
    for name, path in book.chapters().items():
        page, projected = project(*evidence[name], name, path.stem)
        files[f"{page.doc}.ipynb"] = nbformat.writes(projected).encode()
        pages.append(page)
    files["book.json"] = json.dumps([asdict(page) for page in pages]).encode()
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


def _digest() -> str:
    """Digest all that messages and their translations come from."""
    drawn, code = book.ROOT / "diagrams", Path(kernels_helpers.__file__).parent
    digest = hashlib.sha256()
    for folder in (SITE, LOCALE, book.RUNBOOKS, drawn, code):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder).parts
            if path.is_file() and not {"_build", "__pycache__"} & {*inside}:
                digest.update(b"%a %b" % (inside, path.read_bytes()))
    return digest.hexdigest()


def _prose(path: Path) -> list[messages.Message]:
    with path.open(encoding="utf-8") as file:
        return [("", str(message.id)) for message in read_po(file) if message.id]


def _sphinx(out: Path, builder: str, language: str) -> Path:
    """Build ``out/source`` in a language, and return the folder of what was made.

    After a warning the pages are read anew the next time: else it would be forgotten.
    """
    made, doctrees = out / "pages" / language, out / "doctrees" / language
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", builder]
    options = ["-q", "-c", str(SITE), "-d", str(doctrees), "-D", f"language={language}"]
    done = subprocess.run(
        [*command, *options, str(out / "source"), str(made)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(doctrees, ignore_errors=True)
        said = "\n".join(done.stderr.splitlines()[-20:])
        raise DockbookError(f"the site was not built; Sphinx says:\n{said}")
    return made
