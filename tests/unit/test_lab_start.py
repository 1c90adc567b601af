"""Waiting for a lab: one whose processes are gone is not waited for."""

import threading
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.lab import remains, start


def looks(monkeypatch: pytest.MonkeyPatch, *found: list[int]) -> None:
    """Let a look for the processes of a lab find these; the last one stays."""
    left = list(found)

    def processes(_: Path) -> list[int]:
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(remains, "processes", processes)


def test_a_process_that_is_just_in_execve_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    looks(monkeypatch, [], [1], [], [1])
    ready = threading.Timer(1, (tmp_path / "run/lab.ready").touch)
    ready.start()
    start._wait(tmp_path)
    ready.join()


def test_a_lab_that_died_says_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_text("unshare: no permission\n")
    looks(monkeypatch, [1], [])
    with pytest.raises(LabError, match="did not start: unshare: no permission"):
        start._wait(tmp_path)
