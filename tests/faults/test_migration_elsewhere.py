"""A move of Docker's data on hosts unlike the lab: other paths, a socket, no disk."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.hosts.lab import home
from kernels_helpers.lab import life, remains, start
from tests.chapters.attempts import attempt
from tests.faults.data import says, settled, state, write
from tests.waiting import until

pytestmark = pytest.mark.exhaustive

NONE = ("", "ls: cannot access '/data/docker': No such file or directory\n")
BACK = "bash /root/dockbook-migration/back"
GUARD = "cat /etc/systemd/system/docker.service.d/data-disk.conf"
# They have been removed since the move, and are there again.
WITNESSES = """
docker rm -fv $(docker ps -aq --filter name=^/dockbook-mig-)
docker volume rm dockbook-mig-data && docker network rm dockbook-mig-net
"""
AT_SRV = """
mkfs.ext4 -q /dev/vdc && mount /dev/vdc /srv
echo '/dev/vdc /srv ext4 defaults 0 2' >>/etc/fstab
mkdir -p /etc/docker && echo '{"data-root": "/srv/docker"}' >/etc/docker/daemon.json
systemctl restart docker && docker load -qi /var/lib/dockbook/images.tar
"""
SOCKET = """
cd /etc/systemd/system && rm docker.socket && mkdir docker.service.d
echo '[Socket]
ListenStream=/run/docker.sock
[Install]
WantedBy=sockets.target' >docker.socket
echo '[Unit]
Requires=docker.socket
After=docker.socket
[Service]
ExecStart=
ExecStart=/usr/bin/env dockerd -H fd:// --containerd=/run/containerd/containerd.sock
' >docker.service.d/socket.conf
systemctl daemon-reload && systemctl stop docker && rm -f /run/docker.sock
systemctl enable --now docker.socket
docker start user
"""
# A question would have the socket, if it were there, start the engine.
ASKED = """
until [ -e /run/over ]; do
  [ ! -e /run/docker-moves ] || docker ps >/dev/null 2>&1 ||
    systemctl is-active docker.socket || true
  sleep 0.1
done
"""


@pytest.fixture
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a host with two disks that can have a power cut."""
    del dockbook_home
    name = f"unlike-{secrets.token_hex(3)}"
    with life.attached(name, ["vdb=1G", "vdc=1G"], durable=True) as host:
        yield host


def moved(
    host: LabHost,
    out: Path,
    method: str,
    before: list[str],
    old: str = "/var/lib/docker",
    mount: str = "/data",
    disk: str = "/dev/vdb",
    records: str = "/root/dockbook-migration",
) -> None:
    """Move what a user has, and see that it is as before."""
    made = attempt(
        "migration",
        host,
        out,
        rehearse="false",
        method=method,
        old=old,
        aside=f"{old}.old",
        mount=mount,
        new=f"{mount}/docker",
        disk=disk,
        records=records,
    )
    host.docker.close()
    assert (made.status, made.reason) == ("passed", None)
    assert settled(host, before) == []


def given(host: LabHost) -> list[str]:
    """Give a host what a user has, and tell what is there."""
    write(host)
    return state(host)


@pytest.mark.parametrize("method", ["bind", "data-root"])
def test_data_that_was_elsewhere_moves_on_boots_and_comes_back(
    host: LabHost, tmp_path: Path, method: str
) -> None:
    says(host, AT_SRV)
    before = given(host)
    moved(host, tmp_path, method, before, "/srv/docker", "/mnt/disk")
    booted = life.power_cut(host.name)
    assert settled(booted, before) == []
    on_disk = 'findmnt -no TARGET -T "$(docker info -f "{{.DockerRootDir}}")"'
    at = {"bind": "/srv/docker\n", "data-root": "/mnt/disk\n"}
    assert booted.run(on_disk).output == at[method]
    says(booted, BACK)
    assert settled(booted, before) == []
    assert booted.run(on_disk).output == "/srv\n"


def test_a_second_move_brings_the_guard_of_the_first_back(
    host: LabHost, tmp_path: Path
) -> None:
    before, second = given(host), "/root/a-second-move"
    moved(host, tmp_path, "data-root", before)
    guard = host.run(GUARD).output
    moved(
        host,
        tmp_path,
        "data-root",
        before,
        old="/data/docker",
        mount="/mnt",
        disk="/dev/vdc",
        records=second,
    )
    assert host.run(GUARD).output == guard.replace("/data/docker", "/mnt/docker")
    says(host, f"bash {second}/back")
    assert (settled(host, before), host.run(GUARD).output) == ([], guard)
    says(host, BACK)
    assert (settled(host, before), host.run(GUARD).rc) == ([], 1)


def test_a_socket_unit_goes_down_in_the_window_and_comes_back(
    host: LabHost, tmp_path: Path
) -> None:
    write(host)
    says(host, SOCKET)
    active = "systemctl is-active docker.socket docker.service"
    with ThreadPoolExecutor() as other:
        asked = other.submit(host.run, ASKED)
        try:
            made = attempt("migration", host, tmp_path)
        finally:
            host.run("touch /run/over")
    host.docker.close()
    assert (made.status, made.reason) == ("passed", None)
    assert "inactive" in asked.result().output.split()
    assert host.run(active).output == "active\nactive\n"


@pytest.mark.parametrize("lost", [False, True], ids=["back", "lost"])
@pytest.mark.parametrize("method", ["bind", "data-root"])
def test_without_its_disk_docker_does_not_start_and_all_can_come_back(
    host: LabHost, tmp_path: Path, method: str, lost: bool
) -> None:
    """Bring the disk back, or go back without it."""
    before = given(host)
    moved(host, tmp_path, method, before)
    disk = home() / host.name / "vdb.img"
    remains.end(host.name)
    away = disk.rename(disk.with_suffix(".away"))
    start.boot(host.name)
    alone = LabHost(host.name)
    until(lambda: alone.run("systemctl start docker").rc == 1, seconds=120)
    assert alone.run("pgrep -x dockerd; ls -A /data/docker || true").output in NONE
    assert alone.run(BACK).rc != 0  # nothing is there to take along
    if lost:
        says(alone, f"{BACK} --without-new")
        says(alone, WITNESSES)
        assert settled(alone, before) == []
        assert alone.run("test -e /var/lib/docker.old").rc == 1
        return
    remains.end(host.name)
    away.rename(disk)
    start.boot(host.name)
    assert settled(LabHost(host.name), before) == []
