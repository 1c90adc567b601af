"""A lab without Docker: a fresh Debian, which is written to in the lab only."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernels_helpers import connect
from kernels_helpers.errors import HostError
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life

Remains = Callable[[Path], list[str]]

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y docker.io >/dev/null 2>&1
systemctl is-active docker
"""


@pytest.fixture
def bare_home(tree: Path, empty_home: Path) -> Iterator[Path]:
    """Give a home without labs that has the tree."""
    (empty_home / ".trees").mkdir(exist_ok=True)
    shared = empty_home / ".trees" / tree.name
    if not shared.exists():
        shared.symlink_to(tree)
    yield empty_home
    shared.unlink()


def state_of(tree: Path) -> str:
    """Tell name, kind, mode, owner, size and times of everything in a tree."""
    told = subprocess.run(
        ["find", tree, "-printf", "%p %y %m %U:%G %s %T@ %C@ %l\\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.count("\n") > 5000
    return told.stdout


def test_it_has_nothing_of_docker_and_a_service_manager(bare_lab: LabHost) -> None:
    assert bare_lab.run("docker --version").rc == 127
    assert bare_lab.run("ls -d /usr/sbin/dockerd /etc/docker /var/lib/docker").rc == 2
    assert bare_lab.run("systemctl list-units --failed -q").output == ""
    assert bare_lab.run("grep -c . /etc/apt/sources.list").output == "1\n"
    assert bare_lab.run("grep -v file: /etc/apt/sources.list").rc == 1
    assert bare_lab.run("ls -A /etc/apt/sources.list.d").output == ""
    assert not bare_lab.has_engine()


def test_docker_is_installed_in_the_lab_and_not_in_the_tree(
    tree: Path, bare_home: Path, remains: Remains
) -> None:
    before = state_of(tree)
    with life.attached("one", bare=True) as one:
        done = one.run(INSTALL)
        assert done.output == "active\n"
        assert one.has_engine()
        assert one.docker.info()["Driver"] == "overlay2"
        assert one.run("docker load -qi /var/lib/dockbook/images.tar").rc == 0
        assert one.run("docker run --rm busybox echo works").output == "works\n"
        one.docker.close()
        assert state_of(tree) == before
        with life.attached("two", bare=True) as two:
            assert two.run("docker --version").rc == 127
    assert state_of(tree) == before
    assert remains(bare_home) == []


@pytest.mark.parametrize("victim", ["init", "supervisor"])
def test_killed_it_leaves_nothing(
    victim: str, tree: Path, bare_home: Path, remains: Remains
) -> None:
    host = life.up("heart", bare=True)
    assert host.run(INSTALL).output == "active\n"
    init = host.state.init
    parent = Path(f"/proc/{init}/stat").read_text().rsplit(")", 1)[1].split()[1]
    os.kill(init if victim == "init" else int(parent), signal.SIGKILL)
    host.has_engine()
    assert "heart" in life.names()
    life.down("heart")
    assert remains(bare_home) == []
    assert (tree / "usr").is_dir()


@pytest.mark.usefixtures("bare_home")
def test_its_url_starts_one_beside_the_lab_with_docker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKBOOK_LAB", "try")
    with connect.connect("lab://+bare", engine=False) as bare:
        assert bare.url == "lab://try-bare"
        assert connect.plain_name(bare) == "try"
        assert not bare.has_engine()
        with pytest.raises(HostError, match="no Docker Engine answers at unix://"):
            connect.connect("lab://try-bare").__enter__()
    with connect.connect_for_run("lab://+bare", engine=False) as fresh:
        assert fresh.url.startswith("lab://run-")
        assert fresh.url.endswith("-bare")
