"""Chapters on the machine that dockbook runs on: in a lab, which has its files, too.

There ``local://`` is an engine with systemd and disks, as on a host in production.
"""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers import sweep
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import inventory
from tests.labs import DISKS

DOCKBOOK = Path(sys.executable).with_name("dockbook")
MOVED = "mountpoint -q /var/lib/docker"
GIVEN = {
    "migration": ["-p", "rehearse=false"],
    "mirror-config": [],
    "log-rotation-and-cleanup": [],
}


@pytest.fixture
def spot(dockbook_home: Path) -> Iterator[LabHost]:
    del dockbook_home
    with life.attached("spot", DISKS) as host:
        yield host
        host.docker.close()


def spoken(host: LabHost, *words: str) -> tuple[int, str]:
    """Call dockbook inside a lab; return its exit code and what it says."""
    done = host.run(shlex.join([str(DOCKBOOK), *words]), timeout=300)
    return done.rc, done.output


@pytest.mark.parametrize("chapter", GIVEN)
def test_it_is_planned_first_then_runs(spot: LabHost, chapter: str) -> None:
    before = inventory(spot)
    run = ["run", chapter, "--host", "local://", "--out", "/run/out", *GIVEN[chapter]]
    rc, said = spoken(spot, *run)
    assert (rc, "would run" in said) == (4, True), said
    assert inventory(spot) == before
    rc, said = spoken(spot, *run, "-p", "apply=true")
    assert rc == 0, said
    assert sweep.find(spot.docker) == []
    if chapter == "migration":
        assert spot.run(MOVED).rc == 0
        assert spot.run("bash /root/dockbook-migration/back").rc == 0
        assert spot.run(f"! {MOVED}").rc == 0
    else:
        assert inventory(spot) == before
