import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kernels_helpers import report

OPEN = {
    "event": "open",
    "host": "lab://x",
    "engine": "20.10",
    "api": "1.41",
    "plan": False,
}
CLOSE = {"event": "close"}
HELD = {"event": "check", "claim": "c", "ok": True, "note": "1"}


def make(
    folder: Path, *events: dict[str, Any], cells: list[Any] | None = None
) -> report.Report:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = (
        [nbformat.v4.new_code_cell("1", execution_count=1)] if cells is None else cells
    )
    nbformat.write(notebook, folder / report.NOTEBOOK)
    lines = "".join(json.dumps(e) + "\n" for e in events)
    (folder / report.JOURNAL).write_text(lines)
    return report.make(folder, "a-run", "small")


def test_a_run_whose_checks_held_has_passed(tmp_path: Path) -> None:
    made = make(tmp_path, OPEN, HELD, CLOSE)
    assert (made.status, made.reason, made.engine) == ("passed", None, "20.10")
    assert made.checks == [{"claim": "c", "ok": True, "note": "1"}]


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([], "never opened"),
        ([OPEN, CLOSE], "no check has run"),
        ([OPEN, HELD], "the kernel died"),
        ([OPEN, HELD, {"event": "failed", "reason": "boom"}], "boom"),
        ([OPEN, HELD, {"event": "sweep failed"}], "sweep failed"),
        ([OPEN, HELD, {"event": "undo", "undo": "rm x", "ok": False}], "rm x"),
    ],
)
def test_what_is_not_a_pass(
    tmp_path: Path, events: list[dict[str, Any]], reason: str
) -> None:
    made = make(tmp_path, *events)
    assert made.status == "failed"
    assert reason in str(made.reason)


def test_an_error_in_a_cell_and_a_cell_that_has_not_run_are_failures(
    tmp_path: Path,
) -> None:
    error = nbformat.v4.new_output("error", ename="E", evalue="v", traceback=[])
    cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=[error])
    assert make(tmp_path, OPEN, HELD, CLOSE, cells=[cell]).reason == "E: v"
    cell = nbformat.v4.new_code_cell("1")
    assert (
        make(tmp_path, OPEN, HELD, CLOSE, cells=[cell]).reason
        == "not every cell has run"
    )


def test_a_plan_counts_what_is_pending(tmp_path: Path) -> None:
    answers = [
        {"event": "answer", "kind": kind, "body": "b", "answer": answer, "effects": []}
        for kind, answer in [
            ("change", "already true"),
            ("change", "would run"),
            ("change", "cannot know"),
            ("change", "left out"),
            ("look", "cannot know"),
        ]
    ]
    made = make(tmp_path, {**OPEN, "plan": True}, *answers, CLOSE)
    assert (made.status, made.pending) == ("planned", 2)
