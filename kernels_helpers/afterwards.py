"""What can be done with a run that ended early: undo it, or resume it."""

import difflib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat

from kernels_helpers import book, cases, journal, references, report, runner
from kernels_helpers.connect import connect
from kernels_helpers.errors import ChapterError, DockbookError, UsageError
from kernels_helpers.journal import Journal, who
from kernels_helpers.notebook import load
from kernels_helpers.process import start_time
from kernels_helpers.report import Report
from kernels_helpers.runner import Options, Run
from kernels_helpers.unwinding import unwind

KERNEL_ENDS = 5.0  # seconds that a kernel may outlive the runner that was killed


def undo(folder: Path, say: Callable[[str], object]) -> bool:
    """Undo what is left of the run in a folder; tell whether all could be undone.

    What was undone before is left alone, so that a second call is harmless. Raises
    HostError when the host is gone, DockbookError while the run is at work, and
    ParameterError when a secret of the run is not to be had again.
    """
    with runner.claimed(folder):
        path = folder / report.JOURNAL
        opened = _opened(path)
        _, contract = load(folder / report.NOTEBOOK)
        given = opened["parameters"]
        with connect(opened["host"], engine=False) as host:  # it may be stopped
            done = unwind(opened["run"], path, host, contract, given, say=say)
        text = cases.remake(folder).as_text()
        (folder / report.REPORT).write_text(text, encoding="utf-8")
    return done


def resume(folder: Path, on_cell: Callable[[int, str], object]) -> Report:
    """Run the chapter of a run that ended early again, as the same run.

    Steps whose ``unless`` is true are skipped; what no ``unless`` can prove is
    undone first. Raises ChapterError when the chapter has been edited since, and
    UsageError when there is nothing to resume.
    """
    with runner.claimed(folder):
        path = folder / report.JOURNAL
        began = next((e for e in journal.read(path) if e["event"] == "run"), None)
        if began is None:
            raise UsageError(f"{folder} was not made by `dockbook run`")
        if (status := cases.remake(folder).status) != "failed":
            raise UsageError(f"{began['run']} has {status}: there is nothing to resume")
        chapter = book.ROOT / began["path"]
        notebook, contract = load(chapter)
        if report.source_of(notebook) != began["source"]:
            raise _edited(chapter, notebook, folder)
        url = _opened(path)["host"]
        settings = began["settings"]
        named = contract.secrets(contract.bind(settings["parameters"]))
        typed = {n: references.ask(n) for n in named if named[n] == references.PROMPT}
        options = Options(**settings, out=folder.parent, typed=typed)
        run = Run(began["run"], chapter, folder, options)
        with connect(url, engine=False) as host:  # the run may have stopped it
            Journal(path).write("resume", user=who())
            return runner.attempt(run, notebook, contract, host, on_cell)


def _opened(path: Path) -> dict[str, Any]:
    """Find how the chapter was opened last, and see that its kernel has ended."""
    opened = [e for e in journal.read(path) if e["event"] == "open"]
    if not opened:
        raise DockbookError(f"{path}: the chapter was never opened: nothing was done")
    pid, started = opened[-1]["pid"], opened[-1]["started"]
    deadline = time.monotonic() + KERNEL_ENDS
    while start_time(pid) == started:
        if time.monotonic() > deadline:
            raise DockbookError(f"{path}: the kernel of the run, {pid}, has not ended")
        time.sleep(0.05)
    return opened[-1]


def _edited(path: Path, notebook: nbformat.NotebookNode, folder: Path) -> ChapterError:
    """Say what has changed in a chapter since it was run."""
    old = nbformat.read(folder / report.NOTEBOOK, as_version=4)
    lines = difflib.unified_diff(
        list(_lines(old)), list(_lines(notebook)), "as it was run", "as it is", n=1
    )
    return ChapterError(
        f"{path} has been edited since: undo the run, or take the edit back\n"
        + "\n".join(line.rstrip("\n") for line in lines)
    )


def _lines(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if not report.ADDED & {*cell.metadata.get("tags", ())}:
            yield from cell.source.splitlines()
            yield ""
