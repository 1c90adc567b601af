"""A lab is a real host inside."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life


@pytest.fixture(scope="module")
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give the tests that look around inside one lab for all of them."""
    del dockbook_home
    with life.attached("inside", ["vdb=64M"]) as host:
        yield host


def test_systemd_is_real(host: LabHost) -> None:
    def says(command: str) -> str:
        return host.run(command, timeout=60).output.strip()

    assert says("cat /proc/1/comm") == "systemd"
    assert says("systemctl is-active docker") == "active"
    first = says("systemctl show -P MainPID docker")
    assert says("systemctl restart docker; docker info -f ok") == "ok"
    second = says("systemctl show -P MainPID docker")
    assert first != second
    assert says("systemctl reload docker; systemctl show -P MainPID docker") == second
    assert says("systemctl stop docker") == ""
    stopped = host.run("systemctl is-active docker")
    assert (stopped.rc, stopped.output) == (3, "inactive\n")
    assert "Cannot connect to the Docker daemon" in says("docker info")
    assert says("systemctl start docker; docker info -f ok") == "ok"
    journal = says("journalctl -u docker --no-pager")
    assert journal.count("Started docker.service") == 3
    assert "API listen on /run/docker.sock" in journal
    assert says("systemctl --failed --no-legend") == ""


def test_daemon_json_takes_effect(host: LabHost) -> None:
    good = """
    echo '{"log-driver": "local", "data-root": "/data/docker"}' >/etc/docker/daemon.json
    systemctl restart docker
    docker info -f '{{.LoggingDriver}} {{.DockerRootDir}}'
    """
    assert host.run(good, timeout=60).output == "local /data/docker\n"
    reload = """
    echo '{"log-driver": "local", "data-root": "/data/docker", "debug": true}' \
      >/etc/docker/daemon.json
    systemctl reload docker
    until [ "$(docker info -f '{{.Debug}}')" = true ]; do sleep 0.05; done
    """
    assert host.run(reload, timeout=20).rc == 0
    bad = "echo '{\"log-driver\": }' >/etc/docker/daemon.json; systemctl restart docker"
    failed = host.run(bad, timeout=60)
    assert failed.rc == 1
    expected = "Job for docker.service failed because the control process exited with"
    assert expected in failed.output
    journal = host.run("journalctl -u docker --no-pager").output
    assert "invalid character '}' looking for beginning of value" in journal
    mend = "rm /etc/docker/daemon.json; systemctl restart docker; docker info"
    assert host.run(mend, timeout=60).rc == 0


def test_disk_is_real(host: LabHost) -> None:
    made = host.run(
        """
        mkfs.ext4 -q -L small /dev/vdb
        mkdir /data/small
        echo 'LABEL=small /data/small ext4 defaults 0 2' >>/etc/fstab
        findmnt --verify
        mount -a
        findmnt -n -o SOURCE,FSTYPE /data/small
        """
    )
    assert made.rc == 0, made.output
    assert re.search(r"^/dev/(vdb|loop\d+) +ext4$", made.output, re.MULTILINE)
    full = host.run(
        "docker run --rm -v /data/small:/v busybox dd if=/dev/zero of=/v/f bs=1M"
    )
    assert full.rc == 1
    assert "No space left on device" in full.output
    assert host.run("df --output=pcent /data/small | tail -1").output.strip() == "100%"
    assert host.run("umount /data/small").rc == 0


def test_disk_must_be_free_to_name(empty_home: Path) -> None:
    del empty_home
    with life.attached("plain") as host:
        assert host.run("test -e /dev/vdb").rc == 1


def test_commands_are_in_the_labs_cgroups(host: LabHost) -> None:
    """Else neither its limits nor its end would reach them."""
    groups = host.run("cat /proc/self/cgroup").output.splitlines()
    assert len(groups) > 0
    assert [line for line in groups if not line.endswith(":/")] == []


def test_network_is_the_labs_own(host: LabHost) -> None:
    assert "eth0" not in host.run("ip -o link").output
    assert host.run("curl -sS -m 5 http://registry-1.docker.io/").rc == 6
    assert host.run("hostname").output == "inside\n"


def test_files_of_the_machine_are_out_of_sight(host: LabHost) -> None:
    assert host.run("ls -A /root /home /srv /mnt").output.split() == [
        "/home:",
        "/mnt:",
        "/root:",
        "/srv:",
    ]
    for secret in ("/etc/shadow-", "/etc/ssh", "/etc/machine-info", "/work", "/boot"):
        assert host.run(f"test ! -e {secret}").rc == 0, secret
    assert host.run("test -w /usr").rc == 1
    assert host.run("test -w /proc/sys/kernel/hostname").rc == 1
