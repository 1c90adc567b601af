"""A move of Docker's data that is hit half-way is resumed or undone: nothing is lost.

A seeded sample; `python -m tests.benchmarks.crashes` tries the whole matrix.
"""

from pathlib import Path

import pytest

from tests.faults.crashes import COPIES, STEPS, Crash, outcome

SWITCH = next(n for n, body in enumerate(STEPS, 1) if "\nswitch\n" in body)
SAMPLE = [
    Crash("bind", "power", COPIES[0], 0.4, "resume"),
    Crash("data-root", "power", SWITCH, 0.0, "undo"),
]


@pytest.mark.parametrize("crash", SAMPLE, ids=str)
def test_nothing_is_lost(dockbook_home: Path, tmp_path: Path, crash: Crash) -> None:
    del dockbook_home
    assert outcome(crash, tmp_path / "out") == []
