"""A move of Docker's data that is hit half-way is resumed or undone: nothing is lost.

A seeded sample; `python -m tests.benchmarks.crashes` tries the whole matrix.
"""

from pathlib import Path

import pytest

from kernels_helpers.lab import life
from tests.chapters.calls import call
from tests.faults import kills
from tests.faults.crashes import CHAPTER, COPIES, SEAL, SEALED, SWITCH, Crash, outcome
from tests.labs import DISKS

SAMPLE = [
    Crash("bind", "power", COPIES[0], 0.4, "resume"),
    Crash("data-root", "power", SWITCH, 0.0, "undo"),
    pytest.param(
        Crash("bind", "copy", COPIES[0], 0.4, "resume"), marks=pytest.mark.exhaustive
    ),
    pytest.param(  # while the inventory is written
        Crash("data-root", "runner", SWITCH, 0.0, "resume"),
        marks=pytest.mark.exhaustive,
    ),
    pytest.param(
        Crash("bind", "way back", SWITCH + 1, 0.0, "undo"), marks=pytest.mark.exhaustive
    ),
    pytest.param(
        Crash("data-root", "runner", SEAL, 0.0, "resume"), marks=pytest.mark.exhaustive
    ),
]


@pytest.mark.parametrize("crash", SAMPLE, ids=str)
def test_nothing_is_lost(dockbook_home: Path, tmp_path: Path, crash: Crash) -> None:
    del dockbook_home
    found = outcome(crash, tmp_path / "out")
    assert (found.hit, found.passed, found.differences) == (True, False, [])


def test_a_sealed_move_stays_and_is_not_resumed(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Kill the runner when nothing is left but to remove the witnesses."""
    del dockbook_home
    kept = "test -e /root/dockbook-migration/kept"
    witnesses = "docker ps -aq --filter name=^dockbook-mig-"
    with life.attached("sealed", DISKS) as host:
        folder = kills.kill(
            "runner",
            CHAPTER,
            host,
            tmp_path / "out",
            lambda: host.run(kept).rc == 0,
            "-p",
            "rehearse=false",
        )
        resumed = call("resume", folder)
        assert (resumed.returncode, SEALED in resumed.stdout) == (1, True)
        assert call("undo", folder).returncode == 0
        assert host.run(f"{kept} && mountpoint -q /var/lib/docker").rc == 0
        assert host.run(witnesses).output == ""
        host.docker.close()
