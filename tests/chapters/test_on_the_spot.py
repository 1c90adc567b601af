"""Chapters on the machine that dockbook runs on: in a lab, into which it is brought.

There ``local://`` is an engine with systemd and disks, as on a host in production.
"""

import secrets
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kernels_helpers import sweep
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.brought import DOCKBOOK, bring
from tests.chapters.attempts import inventory
from tests.far import SSHD
from tests.labs import DISKS
from tests.switch import joined

MOUNT = "stat -c %m \"$(docker info --format '{{.DockerRootDir}}')\""
MOVED = {"bind": "/var/lib/docker\n", "data-root": "/data\n"}
SETTINGS = {
    "mirror-config": "settings=/srv/wanted",
    "log-rotation-and-cleanup": "labelled=stage=ci",
}
KEYS = """
mkdir -pm 700 /root/.ssh && cd /root/.ssh
for name in id_ed25519 spare; do ssh-keygen -qt ed25519 -N '' -f "$name"; done
echo "$address $(cat spare.pub)" >known_hosts
"""
IN_USE = """
echo '{"log-driver": "local"}' >/srv/wanted
docker volume create kept
docker run -d --init --name user -v kept:/data --restart always busybox \
  sh -c 'echo kept >/data/file; sleep 1d'
"""


@pytest.fixture
def spot(dockbook_home: Path) -> Iterator[LabHost]:
    del dockbook_home
    with life.attached(f"spot-{secrets.token_hex(4)}", DISKS) as host:
        bring(host)
        yield host
        host.docker.close()


@pytest.fixture
def spare(spot: LabHost) -> Iterator[tuple[LabHost, str]]:
    """Give a second host, and its URL for the first one."""
    name = f"spare-{secrets.token_hex(4)}"
    with life.attached(name) as host, joined([spot, host]):
        address = {"address": "10.77.0.2"}
        assert spot.run(KEYS, env=address).rc == 0
        key, accepted = (
            spot.run(f"cat /root/.ssh/{name}").output
            for name in ("spare", "id_ed25519.pub")
        )
        done = host.run(
            SSHD, env=address | {"key": key, "accepted": accepted, "port": "22"}
        )
        assert done.rc == 0, done.output
        yield host, "ssh://root@10.77.0.2"
        host.docker.close()


def spoken(host: LabHost, *words: str) -> tuple[int, str]:
    """Call dockbook inside a lab; return its exit code and what it says."""
    env = {"IPYTHONDIR": "/run/ipython"}  # else it is made in the home of root
    done = host.run(shlex.join([DOCKBOOK, *words]), env=env, timeout=300)
    return done.rc, done.output


def given(values: Sequence[str]) -> list[str]:
    return [word for value in values for word in ("-p", value)]


def run_on(spot: LabHost, chapter: str, *values: str) -> None:
    """Plan a chapter, which changes nothing, and then run it."""
    before = inventory(spot)
    run = ["run", chapter, "--host", "local://", "--out", "/run/out", *given(values)]
    rc, said = spoken(spot, *run)
    assert (rc, "changes pending" in said) == (4, True), said
    assert inventory(spot) == before
    rc, said = spoken(spot, *run, "-p", "apply=true")
    assert rc == 0, said
    assert sweep.find(spot.docker) == []


@pytest.mark.parametrize(
    "chapter",
    [
        "mirror-config",
        pytest.param("log-rotation-and-cleanup", marks=pytest.mark.exhaustive),
    ],
)
def test_settings_are_planned_first_and_stay_and_are_watched(
    spot: LabHost, chapter: str
) -> None:
    assert spot.run(IN_USE).rc == 0
    values = ("rehearse=false", "restart=true", SETTINGS[chapter])
    run_on(spot, chapter, *values)
    assert spot.docker.containers.get("user").status == "running"
    watch = [
        "watch",
        chapter,
        "--host",
        "local://",
        "--out",
        "/run/out",
        *given(values),
    ]
    rc, said = spoken(spot, *watch)
    assert (rc, said[:5]) == (0, "holds"), said
    assert spot.run("rm /etc/docker/daemon.json; systemctl restart docker").rc == 0
    rc, said = spoken(spot, *watch)
    assert (rc, "would run" in said) == (1, True), said


@pytest.mark.parametrize(
    "method", ["bind", pytest.param("data-root", marks=pytest.mark.exhaustive)]
)
def test_a_move_is_planned_first_and_taken_back(spot: LabHost, method: str) -> None:
    assert spot.run(IN_USE).rc == 0
    before = spot.run(MOUNT).output
    run_on(spot, "migration", "rehearse=false", f"method={method}")
    assert spot.run(MOUNT).output == MOVED[method] != before
    assert spot.run("bash /root/dockbook-migration/back").rc == 0
    assert spot.run(MOUNT).output == before


def test_a_backup_is_planned_first_and_restored_on_a_second_host(
    spot: LabHost, spare: tuple[LabHost, str]
) -> None:
    other, url = spare
    assert spot.run(IN_USE).rc == 0
    before = inventory(other)
    values = ("rehearse=false", "volume=kept", "target=/srv/backup", f"second={url}")
    run_on(spot, "backup", *values)
    assert inventory(other) == before
    assert spot.docker.containers.get("user").status == "running"
    assert spot.run("cd /srv/backup && sha256sum -c SHA256SUMS").rc == 0
