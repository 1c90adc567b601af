"""The site: a page for every chapter, with its newest run as the evidence.

A notebook is *projected*: what a page does not need goes, and what it shows in a
way of its own (a step, a check, a diagram, the parameters) is marked in the
metadata of its cell. ``site/_ext`` draws what is marked here.
"""

import contextlib
import copy
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from kernels_helpers import book, report, steps
from kernels_helpers.diagrams import DOT_MIME
from kernels_helpers.errors import ChapterError, CheckFailed, DockbookError
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.parameters import Contract

SITE = book.ROOT / "site"
RUN = re.compile(r"\d{8}T\d{6}Z-(?P<chapter>.+)-[0-9a-f]{6}")
OPENING = re.compile(r"# +(?P<title>.+)\n*(?P<summary>(?:(?!#).+\n?)*)")
REMOVED = {"papermill-error-cell-tag", "injected-parameters"}  # papermill's own cells
KEPT = ("kernelspec", "language_info")  # notebook metadata that name no machine
FACTS = ("run", "engine", "api", "started", "seconds")
LAST_LINES = 20


@dataclass
class Page:
    """Tell what the site says of a chapter, and what proves it.

    ``status`` is ``passed`` or ``failed`` for a run, ``recorded`` for the outputs
    kept with the chapter, ``not run`` for a chapter without any. ``host`` is only
    the kind of host. Each of the ``checks`` has the anchor of its place.
    """

    name: str
    doc: str
    title: str
    summary: str
    status: str
    reason: str | None = None
    host: str | None = None
    run: str | None = None
    engine: str | None = None
    api: str | None = None
    started: str | None = None
    seconds: float | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)


def build(runs: Path, out: Path = SITE / "_build") -> list[Page]:
    """Build the site into ``out/html`` and return the pages of its chapters.

    Takes the newest finished run of a chapter below ``runs``, or else what is
    recorded in the chapter. A build that fails leaves the last site as it was.
    """
    source, html = out / "source", out / "html.new"
    for folder in (source, html):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "runbooks").mkdir(parents=True)
    for file in (*SITE.glob("*.md"), *book.RUNBOOKS.glob("claims.yaml")):
        shutil.copy(file, source)
    pages = []
    for name, path in book.chapters().items():
        notebook, facts = _evidence(runs, name, path)
        page, projected = project(notebook, facts, name, path.stem)
        nbformat.write(clean(notebook), html / f"{page.doc}.ipynb")
        nbformat.write(projected, source / f"{page.doc}.ipynb")
        pages.append(page)
    told = json.dumps([asdict(page) for page in pages], ensure_ascii=False)
    (source / "book.json").write_text(told, encoding="utf-8")
    _sphinx(source, html, out / "doctrees")
    shutil.rmtree(out / "html", ignore_errors=True)
    html.rename(out / "html")
    return pages


def project(
    notebook: NotebookNode, facts: dict[str, Any], name: str, stem: str
) -> tuple[Page, NotebookNode]:
    """Make the page of a chapter from its notebook and the report of its run."""
    projected = clean(notebook)
    projected.cells = [cell for cell in projected.cells if _is_shown(cell)]
    opening = OPENING.match(projected.cells[0].source if projected.cells else "")
    if not opening:
        projected.cells.insert(0, nbformat.v4.new_markdown_cell(f"# {name}"))
    page = Page(
        name=name,
        doc=f"runbooks/{stem}",
        title=opening["title"].strip() if opening else name,
        summary=" ".join(opening["summary"].split()) if opening else "",
        status=_status(notebook, facts),
        reason=facts.get("reason"),
        host=str(facts.get("host") or "").partition(":")[0] or None,
        **{key: facts.get(key) for key in FACTS},
    )
    failed = False
    for cell in projected.cells:
        if cell.cell_type == "code":
            mark = _mark(cell, page, facts)
            cell.metadata["dockbook"] = {
                **mark,
                "ran": not failed,
                "failed": _fails(cell),
            }
            failed = failed or _fails(cell)
            cell.outputs = [o for output in cell.outputs for o in _shown(output)]
    return page, projected


def clean(notebook: NotebookNode) -> NotebookNode:
    """Copy a notebook without what papermill and the machine have left in it."""
    copied = copy.deepcopy(notebook)
    copied.metadata = {k: v for k, v in copied.metadata.items() if k in KEPT}
    copied.cells = [cell for cell in copied.cells if not REMOVED & {*_tags(cell)}]
    for cell in copied.cells:
        cell.metadata = {"tags": _tags(cell)} if _tags(cell) else {}
        if cell.cell_type == "code":
            for node in (cell, *cell.outputs):
                node.update(
                    {"execution_count": None} if "execution_count" in node else {}
                )
    return copied


def _mark(cell: NotebookNode, page: Page, facts: dict[str, Any]) -> dict[str, Any]:
    """Say what a cell is; of a step, only the command stays in the cell."""
    magic, _, body = cell.source.partition("\n")
    with contextlib.suppress(ChapterError):  # malformed: shown as it is written
        if "parameters" in _tags(cell):
            listed = [
                {
                    "name": p.name,
                    "type": p.type,
                    "default": repr(p.default),
                    "help": p.help,
                }
                for p in Contract.parse(cell.source)
            ]
            return {"kind": "parameters", "parameters": listed}
        if magic.rstrip() in ("%%look", "%%change"):
            step = steps.parse(magic.rstrip().removeprefix("%%"), body)
            lines = itertools.takewhile(
                lambda line: line.startswith("#|"), body.splitlines()
            )
            cell.source = step.body
            return {
                "kind": step.kind,
                "options": [steps.OPTION.fullmatch(line).groups() for line in lines],
            }
    checks = [_with_anchor(check, page.checks) for check in _checks(cell, facts)]
    if checks:
        return {"kind": "check", "checks": checks}
    drawn = any(DOT_MIME in output.get("data", {}) for output in cell.outputs)
    return {"kind": "diagram" if drawn else "python"}


def _checks(cell: NotebookNode, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Find the checks of a cell; of one that failed, the report knows the note."""
    for output in cell.outputs:
        if record := output.get("data", {}).get(CHECK_MIME):
            yield dict(record)
        elif output.get("ename") == CheckFailed.__name__:
            false = [c for c in facts.get("checks", ()) if not c.get("ok")]
            notes = [c.get("note") for c in false if c.get("claim") == output.evalue]
            yield {"claim": output.evalue, "ok": False, "note": (notes or [None])[0]}


def _with_anchor(check: dict[str, Any], before: list[dict[str, Any]]) -> dict[str, Any]:
    """Give a check its place on the page: by what it proves, or by its number."""
    words = re.sub(r"[^a-z0-9]+", "-", str(check.get("note") or "").lower())
    anchor = f"check-{words.strip('-')}"
    if not words or anchor in [c["anchor"] for c in before]:
        anchor = f"check-n{len(before) + 1}"
    before.append({**check, "anchor": anchor})
    return before[-1]


def _shown(output: NotebookNode) -> Iterator[NotebookNode]:
    """Leave a check to its mark, and write a diagram as the directive for it."""
    data = output.get("data", {})
    if CHECK_MIME in data or output.get("ename") == CheckFailed.__name__:
        return
    if DOT_MIME in data:
        alt = output.metadata.get(DOT_MIME, {}).get("alt") or data.get("text/plain", "")
        option = json.dumps(" ".join(alt.split()), ensure_ascii=False)
        text = f"`````{{diagram}}\n:alt: {option}\n\n{data[DOT_MIME]}\n`````\n"
        output = nbformat.v4.new_output("display_data", {"text/markdown": text})
    yield output


def _status(notebook: NotebookNode, facts: dict[str, Any]) -> str:
    """Judge a chapter: whatever is not known to have passed has failed."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if any(_fails(cell) for cell in code):
        return "failed"
    if not facts:
        return "recorded" if any(cell.outputs for cell in code) else "not run"
    return "passed" if facts["status"] == "passed" else "failed"


def _fails(cell: NotebookNode) -> bool:
    return any(
        output.output_type == "error"
        or not output.get("data", {}).get(CHECK_MIME, {"ok": True})["ok"]
        for output in cell.outputs
    )


def _is_shown(cell: NotebookNode) -> bool:
    """Hide empty cells, and the one that only binds the notebook to its host."""
    binds = cell.cell_type == "code" and "open_chapter(" in cell.source
    return bool(cell.source.strip()) and not (binds and not _fails(cell))


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", ()))


def _evidence(
    runs: Path, name: str, recorded: Path
) -> tuple[NotebookNode, dict[str, Any]]:
    """Find the newest finished run of a chapter, or else what is recorded in it."""
    for folder in sorted(runs.glob("*"), reverse=True):
        named = RUN.fullmatch(folder.name)
        if named and named["chapter"] == name and (found := _finished(folder, name)):
            return found
    return nbformat.read(recorded, as_version=4), {}


def _finished(folder: Path, name: str) -> tuple[NotebookNode, dict[str, Any]] | None:
    """Read a run; None for one that has not ended, and for a plan: it proves nothing."""
    try:
        notebook = nbformat.read(folder / report.NOTEBOOK, as_version=4)
        if (path := folder / report.REPORT).is_file():
            facts = json.loads(path.read_text(encoding="utf-8"))
        elif notebook.metadata.get("papermill", {}).get("end_time"):
            facts = report.make(folder, folder.name, name).as_dict()
        else:
            return None
    except (OSError, ValueError):  # not written yet, or not to its end
        return None
    return None if facts["status"] == "planned" else (notebook, facts)


def _sphinx(source: Path, html: Path, doctrees: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", "-q"]
    folders = ["-E", "-c", SITE, "-d", doctrees, source, html]
    done = subprocess.run(
        [*command, *folders], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:]
        raise DockbookError("\n".join(["the site was not built; Sphinx says:", *said]))
