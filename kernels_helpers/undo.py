"""Undo a run afterwards, from its journal: after a kill, a reboot, or a --keep."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kernels_helpers import journal, references, report, runner
from kernels_helpers.chapter import Chapter
from kernels_helpers.connect import connect
from kernels_helpers.errors import DockbookError
from kernels_helpers.journal import Journal
from kernels_helpers.masking import Mask
from kernels_helpers.steps import Step


def undo(folder: Path, say: Callable[[str], object]) -> bool:
    """Undo what is left of the run in a folder; tell whether all could be undone.

    Undos run last in first out and are verified, as in the run itself; then what
    carries the run's label is removed. What was undone before is left alone, so
    that a second call is harmless. Raises HostError when the host is gone, and
    ParameterError when a secret of the run is not to be had again.
    """
    path = folder / report.JOURNAL
    events = list(journal.read(path))
    opened = next((e for e in events if e["event"] == "open"), None)
    if opened is None:
        raise DockbookError(f"{path}: the chapter was never opened: nothing to undo")
    _, contract = runner.load(folder / report.NOTEBOOK)
    parameters = opened["parameters"]
    secrets = references.resolve(contract.secrets(parameters))
    mask = Mask(secrets.values())
    with connect(opened["host"]) as host:
        chapter = Chapter(
            host=host,
            run=opened["run"],
            environment=contract.environment(parameters) | secrets,
            journal=Journal(path, mask),
            say=say,
            mask=mask,
        )
        chapter.recall(pending(events))
        chapter.unwind()
        left = chapter.left()
    made = report.make(folder, opened["run"], opened["chapter"])
    (folder / report.REPORT).write_text(made.as_text(), encoding="utf-8")
    return not left and not pending(list(journal.read(path)))


def pending(events: list[dict[str, Any]]) -> list[Step]:
    """List the steps whose undo has not succeeded yet, in the order they were taken."""
    taken: list[Step] = []
    failed: list[Step] = []
    for event in events:
        if event["event"] == "begin" and event["undo"]:
            fields = ("kind", "body", "unless", "undo", "user")
            taken.append(Step(**{name: event[name] for name in fields}))
        elif event["event"] == "undo":
            step = _last(taken or failed, str(event["undo"]))
            if step and not event["ok"]:
                failed.insert(0, step)
    return failed + taken


def _last(steps: list[Step], undo: str) -> Step | None:
    """Take the last step with that undo off the list."""
    for index in range(len(steps) - 1, -1, -1):
        if steps[index].undo == undo:
            return steps.pop(index)
    return None
