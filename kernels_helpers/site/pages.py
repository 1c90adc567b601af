"""The projection of notebooks: what a page shows of a chapter.

What a page does not need goes, and the checks are marked in the metadata of their
cells. The extension in ``site/_ext`` draws the rest.
"""

import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from kernels_helpers import differences, report
from kernels_helpers.cases import Case, is_step
from kernels_helpers.diagrams import DOT_MIME
from kernels_helpers.errors import CheckFailed
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.site import messages

OPENING = re.compile(r"# +(?P<title>.+)\n*(?P<summary>(?:(?!#).+\n?)*)")
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
EDITED = "edited since"  # the run: it proves another text
INTERRUPTED = "interrupted"  # of a run that was killed: it has no report
Facts = dict[str, Any]


@dataclass
class Page:
    """Tell what the site says of a chapter, and what proves it.

    ``status`` is ``passed`` or ``failed`` for a run, ``edited since`` for one that has
    passed with another text of the chapter, ``recorded`` for the outputs kept with the
    chapter, ``not run`` for a chapter without any. ``facts`` is the report of the run.
    Each of the ``checks`` has the anchor of its place. ``proof`` is the folder of the
    run's own files, if they are published. ``podman`` says why the chapter is not for
    Podman, if it is not. ``refused`` is when it was tried in vain since, for want of a
    host. ``fieldless`` are the parameters that a reader can see and not type.
    """

    name: str
    doc: str
    title: str
    summary: str
    status: str
    facts: Facts
    checks: list[Facts] = field(default_factory=list)
    proof: str | None = None
    podman: str | None = None
    refused: str | None = None
    fieldless: list[str] = field(default_factory=list)


def project(
    notebook: NotebookNode,
    facts: Facts,
    name: str,
    stem: str,
    took: Iterable[Case] = (),
) -> tuple[Page, NotebookNode]:
    """Make the page of a chapter from its notebook and the report of its run.

    ``took`` are the steps of the run, in the order of their cells.
    """
    projected = clean(notebook)
    projected.cells = [cell for cell in projected.cells if _is_shown(cell)]
    opening = OPENING.match(projected.cells[0].source if projected.cells else "")
    if not opening:
        projected.cells.insert(0, nbformat.v4.new_markdown_cell(f"# {name}"))
    title = opening["title"].strip() if opening else name
    summary = " ".join(opening["summary"].split()) if opening else ""
    status = _status(notebook, facts)
    page = Page(name, f"runbooks/{stem}", title, summary, status, facts)
    page.podman = differences.of_chapter(notebook)
    steps = iter(took)
    for cell in _code(projected):
        checks = [_placed(check, page.checks) for check in _checks(cell, facts)]
        step = next(steps, None) if is_step(cell) else None
        mark = {"checks": checks, "failed": _fails(cell), "took": _took(step)}
        cell.metadata["dockbook"] = mark
        cell.outputs = [o for output in cell.outputs for o in _shown(output)]
    return page, projected


def wordless(notebook: NotebookNode, name: str) -> Iterator[str]:
    """Say of each diagram without words where it is."""
    for number, cell in enumerate(clean(notebook).cells, 1):
        for output in cell.get("outputs", ()):
            if DOT_MIME in output.get("data", {}) and not messages.alt_of(output):
                yield f"{name}, cell {number}: a diagram has no words: give it an alt"


def clean(notebook: NotebookNode) -> NotebookNode:
    """Copy a notebook without what papermill and the machine have left in it."""
    made = copy.deepcopy(notebook)
    made.metadata = {"kernelspec": KERNEL}
    made.cells = [cell for cell in made.cells if not report.ADDED & {*_tags(cell)}]
    for cell in made.cells:
        cell.metadata = {"tags": _tags(cell)} if _tags(cell) else {}
    for cell in _code(made):
        for node in (cell, *cell.outputs):
            node.update({"execution_count": None} if "execution_count" in node else {})
    return made


def _checks(cell: NotebookNode, facts: Facts) -> Iterator[Facts]:
    """Find the checks of a cell, and what its source says of Podman.

    Of one that failed, the report knows the note.
    """
    podman = differences.of_checks(cell)
    false = {c["claim"]: c["note"] for c in facts.get("checks", ()) if not c["ok"]}
    for output in cell.outputs:
        if record := output.get("data", {}).get(CHECK_MIME):
            yield {**record, "podman": podman.get(record["claim"])}
        elif output.get("ename") == CheckFailed.__name__:
            claim = output.evalue
            note, why = false.get(claim), podman.get(claim)
            yield {"claim": claim, "ok": False, "note": note, "podman": why}


def _placed(check: Facts, before: list[Facts]) -> Facts:
    """Give a check its anchor: by what it proves, or else by its number."""
    number = f"n{len(before) + 1}"
    note = str(check["note"] or number).lower()
    anchor = "check-" + re.sub(r"[^a-z0-9]+", "-", note).strip("-")
    if anchor in [placed["anchor"] for placed in before]:
        anchor = f"check-{number}"
    before.append({**check, "anchor": anchor})
    return before[-1]


def _took(step: Case | None) -> Facts | None:
    """Tell how long a step took in all, in how many attempts; None if unknown.

    A step that was not run has its answer instead.
    """
    if step is None or not (step.codes or step.answer):
        return None
    seconds, attempts = step.seconds, len(step.codes)
    return {"seconds": seconds, "attempts": attempts, "answer": step.answer}


def _shown(output: NotebookNode) -> Iterator[NotebookNode]:
    """Leave a check to its mark, and write a diagram as the directive for it."""
    data = output.get("data", {})
    if CHECK_MIME in data or output.get("ename") == CheckFailed.__name__:
        return
    if DOT_MIME in data:
        option = json.dumps(messages.alt_of(output), ensure_ascii=False)
        text = f"`````{{diagram}}\n:alt: {option}\n\n{data[DOT_MIME]}\n`````\n"
        output = nbformat.v4.new_output("display_data", {"text/markdown": text})
    yield output


def _status(notebook: NotebookNode, facts: Facts) -> str:
    """Judge a chapter: what is not known to have passed has failed."""
    if any(_fails(cell) for cell in _code(notebook)):
        return "failed"
    if facts:
        return "passed" if facts["status"] == "passed" else "failed"
    return "recorded" if any(cell.outputs for cell in _code(notebook)) else "not run"


def _fails(cell: NotebookNode) -> bool:
    return any(o.output_type == "error" for o in cell.get("outputs", ()))


def _is_shown(cell: NotebookNode) -> bool:
    """Hide empty cells, and the one that only binds the notebook to its host."""
    binds = cell.cell_type == "code" and "open_chapter(" in cell.source
    return bool(cell.source.strip()) and (not binds or _fails(cell))


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", ()))
