"""A lab with Podman that cannot be had: one sentence, exit code 3, nothing left."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life, podman
from tests.conftest import require

Remains = Callable[[Path], list[str]]

DOCKBOOK = (sys.executable, "-c", "from kernels_helpers.cli import main; main()")
NO_HELPERS = "mount -t tmpfs none /usr/lib/podman"
NO_PODMAN = 'mount --bind /dev/null "$(command -v podman)"'


def dockbook(*words: str, hidden: str = "true") -> subprocess.CompletedProcess[str]:
    """Call the command line where something of the machine is hidden."""
    alone = ["unshare", "--mount", "--propagation=private", "sh", "-ec"]
    return subprocess.run(
        [*alone, f'{hidden}\nexec "$@"', "sh", *DOCKBOOK, *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("hidden", "absent"),
    [
        (NO_PODMAN, "podman"),
        (NO_HELPERS, "netavark, aardvark-dns"),
        (f"{NO_PODMAN}; {NO_HELPERS}", "podman, netavark, aardvark-dns"),
    ],
    ids=["podman", "helpers", "all"],
)
def test_packages_that_are_missing_are_named_with_the_command(
    hidden: str,
    absent: str,
    request: pytest.FixtureRequest,
    empty_home: Path,
    remains: Remains,
) -> None:
    require(request, podman.missing())
    told = dockbook("lab", "up", "pod", "--engine", "podman", hidden=hidden)
    assert (told.returncode, told.stdout) == (3, "")
    assert told.stderr == (
        f"dockbook: no lab with Podman can be started here: {absent} not found; on "
        "Debian or Ubuntu: `apt-get install --no-install-recommends podman "
        "netavark aardvark-dns`\n"
    )
    assert remains(empty_home) == []


@pytest.mark.parametrize(
    ("engine", "other"), [("docker", "podman"), ("podman", "docker")]
)
def test_a_lab_that_has_the_other_engine_is_left_alone(
    engine: str,
    other: str,
    request: pytest.FixtureRequest,
    empty_home: Path,
    remains: Remains,
) -> None:
    require(request, podman.missing())
    state = life.up("pod", engine=engine).state
    said = (
        f"the engine of lab 'pod' is {engine}, not {other}: take another name, or "
        "end it with `dockbook lab down pod`"
    )
    told = dockbook("lab", "up", "pod", "--engine", other)
    assert (told.returncode, told.stderr) == (3, f"dockbook: {said}\n")
    with pytest.raises(LabError, match=said), life.attached("pod", engine=other):
        pass
    with life.attached("pod", engine=engine) as host:
        assert host.state == state
    assert LabHost("pod").run("docker info").rc == 0
    life.down("pod")
    assert remains(empty_home) == []
