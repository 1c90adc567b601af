"""The chapter migration while Docker is away, at the next boot, and on the way back."""

import json
import secrets
from pathlib import Path

import pytest

from kernels_helpers.lab import life
from tests.chapters import rare
from tests.chapters.attempts import attempt, inventory, lying
from tests.chapters.test_migration import (
    BACK,
    OF_THE_USER,
    ROOT,
    SETTINGS,
    objects,
    says,
)
from tests.labs import DISKS
from tests.waiting import until

BY_HAND = """
/usr/bin/rsync "$@" || exit
pgrep -x dockerd >/dev/null && exit
systemctl start docker 2>/run/refused
setsid dockerd -H unix:///run/docker.sock \\
  --containerd=/run/containerd/containerd.sock </dev/null >/dev/null 2>&1 &
until docker info >/dev/null 2>&1; do sleep 0.1; done
"""
BUSY = "/var/lib/docker/volumes/kept/_data/busy"
WRITES = f"""
case "$*" in *--out-format*) echo new >{BUSY}; echo once >>/run/compared ;; esac
exec /usr/bin/rsync "$@"
"""
PROCESS = "systemctl show docker -p MainPID --value"
NONE = ("", "ls: cannot access '/data/docker': No such file or directory\n")
AWAY = """
systemctl stop docker.socket docker.service
! mountpoint -q /var/lib/docker || umount /var/lib/docker
umount /data
"""
# systemd hears of a mount that came or went by hand only after a while
BY_NOW = """
known() { for at in /data /var/lib/docker; do
  unit=$(systemd-escape -p --suffix=mount $at); mountpoint -q $at; there=$?
  systemctl is-active -q "$unit"; [ $((!$?)) = $((!there)) ] || return 1
done; }
! mountpoint -q /var/lib/docker || umount /var/lib/docker
umount /data && mount /data
until known; do sleep 0.05; done
systemctl start docker
"""
ELSEWHERE = """
mkfs.xfs -q /dev/vdc && mkdir -p /srv/disk && mount /dev/vdc /srv/disk
mkdir -p /etc/docker && cd /etc/docker
echo '{"data-root": "/srv/disk/docker"}' >daemon.json
systemctl restart docker && docker load -qi /var/lib/dockbook/images.tar
docker volume create kept
"""


def test_an_engine_that_is_started_in_the_window_is_refused_or_ends_the_move(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Start one by systemd, which refuses, and one by hand: the old data is back."""
    del dockbook_home
    with lying(BY_HAND, "rsync") as host:
        before = inventory(host)
        made = attempt("migration", host, tmp_path, rehearse="false")
        assert made.reason == (
            "StepFailed: the command ended with 1, expected 0: "
            "the old data is in use: end that, and call dockbook resume"
        )
        assert "Assertion failed" in says(host, "cat /run/refused")
        assert (inventory(host), says(host, ROOT)) == (before, "/var/lib/docker\n")
        assert says(host, PROCESS) != "0\n"


def test_passes_that_stay_too_long_stop_nothing(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    with lying('sleep 0.6\nexec /usr/bin/rsync "$@"', "rsync") as host:
        before = inventory(host), says(host, PROCESS)
        made = attempt("migration", host, tmp_path, rehearse="false", max_downtime="1s")
        assert (made.reason or "").endswith(
            "ms is too long: raise max_downtime, or calm what writes"
        )
        assert (inventory(host), says(host, PROCESS)) == before


def test_what_is_written_while_it_is_compared_is_no_difference(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    with lying(WRITES, "rsync") as host:
        says(host, f"docker volume create kept && echo old >{BUSY}")
        made = attempt("migration", host, tmp_path)
        assert (made.status, made.reason) == ("passed", None)
        assert says(host, f"cat /run/compared {BUSY}") == "once\nnew\n"


@pytest.mark.exhaustive
def test_a_service_that_is_back_too_late_is_told_and_left_alone(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    late = '[ "$*" != "start docker.service" ] || sleep 8\nexec /usr/bin/systemctl "$@"'
    with lying(late, "systemctl") as host:
        made = attempt("migration", host, tmp_path, rehearse="false", max_downtime="8s")
        assert made.reason == "CheckFailed: Docker was away no longer than max_downtime"
        assert says(host, "stat -c %m /var/lib/docker/volumes") == "/var/lib/docker\n"


@pytest.mark.parametrize("method", ["bind", "data-root"])
def test_the_next_boot_has_the_data_and_without_the_disk_docker_does_not_start(
    dockbook_home: Path, tmp_path: Path, method: str
) -> None:
    del dockbook_home
    name = f"boots-{secrets.token_hex(4)}"
    with life.attached(name, DISKS, durable=True) as host:
        says(host, OF_THE_USER + rare.MAKE, settings=SETTINGS)
        made = attempt("migration", host, tmp_path, method=method, rehearse="false")
        assert (made.status, made.reason) == ("passed", None)
        after, seen, root = objects(host), says(host, rare.SHOW), says(host, ROOT)
        host.docker.close()
        host = life.power_cut(name)
        until(lambda: host.run("docker exec user true").rc == 0)
        assert (objects(host), says(host, rare.SHOW)) == (after, seen)
        assert says(host, ROOT) == root
        host.docker.close()
        says(host, AWAY + "mount -t tmpfs none /data")  # a disk with nothing on it
        assert host.run("systemctl start docker").rc == 1
        # systemd may make the directory that a line of fstab binds, and mount it
        assert host.run("pgrep -x dockerd; ls -A /data/docker || true").output in NONE
        says(host, BY_NOW)
        assert objects(host) == after
        host.docker.close()


def test_a_data_root_that_was_configured_is_configured_again(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Move from an xfs, and change another key before the way back."""
    del dockbook_home
    file, old = "/etc/docker/daemon.json", "/srv/disk/docker"
    disks = [*DISKS, "vdc=400M"]
    with life.attached(f"configured-{secrets.token_hex(4)}", disks) as host:
        says(host, ELSEWHERE)
        says(host, rare.MAKE)
        before, seen = objects(host), says(host, rare.SHOW)
        made = attempt(
            "migration",
            host,
            tmp_path,
            rehearse="false",
            old=old,
            aside=f"{old}.old",
            method="data-root",
        )
        assert (made.status, made.reason) == ("passed", None)
        says(host, f"jq '.debug = true' {file} >/tmp/json && cp /tmp/json {file}")
        says(host, BACK)
        assert json.loads(says(host, f"cat {file}")) == {
            "data-root": old,
            "debug": True,
        }
        assert (objects(host), says(host, rare.SHOW)) == (before, seen)
        assert says(host, ROOT) == f"{old}\n"
        host.docker.close()
