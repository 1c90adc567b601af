"""What the tests of runs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life


@pytest.fixture
def own_lab(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a persistent lab to one test."""
    del dockbook_home
    host = life.up("own")
    try:
        yield host
        if host.has_engine():
            host.docker.close()
    finally:
        life.down("own")
