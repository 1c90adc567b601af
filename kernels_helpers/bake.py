"""Record the outputs of a chapter: what a reader sees and nbval expects."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat

from kernels_helpers import report, runner
from kernels_helpers.errors import StepFailed


def bake(path: Path, on_cell: Callable[[int, str], object]) -> bool:
    """Run a chapter with its defaults on a fresh lab and store its outputs in it.

    Returns whether the file changed. A chapter that fails is left as it was.
    """
    with tempfile.TemporaryDirectory(prefix="dockbook-bake-") as out:
        made = runner.run(path, runner.Options({}, Path(out)), on_cell)
        if made.status != "passed":
            raise StepFailed(f"{path} is not recorded, it {made.status}: {made.reason}")
        executed = nbformat.read(Path(out) / made.run / report.NOTEBOOK, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    ran = [cell for cell in executed.cells if cell.cell_type == "code"]
    recorded = [cell for cell in notebook.cells if cell.cell_type == "code"]
    # nbval takes a cell without a count for one that never ran
    for number, (cell, source) in enumerate(zip(recorded, ran, strict=True), start=1):
        cell.outputs = source.outputs
        cell.execution_count = number
    before = path.read_text(encoding="utf-8")
    after: str = nbformat.writes(notebook) + "\n"
    path.write_text(after, encoding="utf-8")
    return after != before
