"""Record the outputs of a chapter: what a reader sees and nbval expects."""

import difflib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from kernels_helpers import book, journal, report, runner
from kernels_helpers.errors import StepFailed, UsageError
from kernels_helpers.hosts import PODMAN
from kernels_helpers.normalizers import normalize

DRAWN = ("image/svg+xml", "image/png")  # other fonts draw the same otherwise


@dataclass(frozen=True)
class Recording:
    """Hold a chapter with the outputs of a run, not yet written.

    ``difference`` compares them with what is recorded, as lines of a unified diff;
    what the normalizers know to vary is none.
    """

    path: Path
    notebook: nbformat.NotebookNode
    difference: list[str]

    def write(self) -> None:
        """Record the outputs."""
        self.path.write_text(nbformat.writes(self.notebook) + "\n", encoding="utf-8")


def bake(path: Path, on_cell: Callable[[int, str], object]) -> Recording:
    """Run a chapter with its defaults on a fresh lab.

    Raises StepFailed when it does not pass.
    """
    with tempfile.TemporaryDirectory(prefix="dockbook-bake-") as out:
        made = runner.run(path, runner.Options({}, Path(out)), on_cell)
        if made.status != "passed":
            raise StepFailed(f"{path} is not recorded, it {made.status}: {made.reason}")
        return _recording(path, Path(out) / made.run)


def accept(folder: Path) -> Recording:
    """Take the outputs of a run that there is.

    Raises UsageError when it did not pass, had parameters of its own, or the chapter
    has been edited since.
    """
    facts = json.loads((folder / report.REPORT).read_text(encoding="utf-8"))
    began = next(iter(journal.read(folder / report.JOURNAL)))
    path = book.ROOT / began["path"]
    if facts["status"] != "passed":
        raise UsageError(f"{folder} has {facts['status']}: only a pass is recorded")
    if facts["product"] == PODMAN:
        raise UsageError(f"{folder} was run on Podman: what is recorded is Docker's")
    if given := ", ".join(sorted({*began["settings"]["parameters"]} - {"host"})):
        raise UsageError(f"{folder} was run with {given}: run it with the defaults")
    if report.source_of(nbformat.read(path, as_version=4)) != began["source"]:
        raise UsageError(f"{path} has been edited since {folder}: run it again")
    return _recording(path, folder)


def _recording(path: Path, folder: Path) -> Recording:
    executed = nbformat.read(folder / report.NOTEBOOK, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    before = list(_lines(notebook))
    ran = [
        c for c in _code(executed) if not report.ADDED & {*c.metadata.get("tags", ())}
    ]
    # nbval takes a cell without a count for one that never ran
    for number, (cell, source) in enumerate(
        zip(_code(notebook), ran, strict=True), start=1
    ):
        cell.outputs = source.outputs
        cell.execution_count = number
    sides = before, list(_lines(notebook))
    compared = difflib.unified_diff(*sides, "recorded", "of this run", n=2, lineterm="")
    return Recording(path, notebook, list(compared))


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _lines(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Say what the cells have answered, line by line, below the id of each."""
    for cell in _code(notebook):
        yield f"cell {cell.id}" + ("" if cell.execution_count else ", never run")
        for output in cell.outputs:
            for text in _texts(output):
                yield from (f"  {line}" for line in normalize(text).splitlines())


def _texts(output: nbformat.NotebookNode) -> list[str]:
    if output.output_type == "stream":
        return [output.text]
    said = [
        d for kind, d in sorted(output.get("data", {}).items()) if kind not in DRAWN
    ]
    return [d if isinstance(d, str) else json.dumps(d) for d in said]
