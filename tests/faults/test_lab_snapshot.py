"""A lab does not touch the machine, and is a real host inside."""

import difflib
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from kernels_helpers.lab.remains import group

Remains = Callable[[Path], list[str]]

# Counters, pools and seeds, which change by themselves.
RESTLESS = re.compile(
    r"^(fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\.)"
    r"|kernel\.(random\.|ns_last_pid|pty\.nr|perf_event_max_sample_rate|cpu_max)"
    r"|net\.netfilter\.nf_conntrack_count|net\.ipv4\.tcp_fastopen_key"
    r"|vm\.stat|debug\.|dev\.cdrom)"
)
COMMANDS = {
    "rules": "iptables-save; ip6tables-save",
    "links": "ip -o link",
    "addresses": "ip -o addr",
    "routes": "ip route show table all; ip -6 route show table all",
    "neighbours": "ip netns list",
    "mounts": "cat /proc/self/mounts",
    "sysctl": "sysctl -a 2>/dev/null",
    "etc": "find /etc/docker /etc/containerd -exec stat -c '%n %Y %s' {} + 2>/dev/null",
    "files": "ls -d /run/docker* /run/containerd* /var/run/docker* 2>/dev/null",
    "loops": "losetup --list --noheadings --output NAME,BACK-FILE",
    "cgroups": "find /sys/fs/cgroup -type d",
}
# Counters of the packets that a rule has met, and times, are no settings.
COUNTERS = re.compile(r"\[\d+:\d+\]|^#.*$| expires \d+sec| valid_lft .*$")


@pytest.fixture(scope="module")
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give the tests that look around inside one lab for all of them."""
    del dockbook_home
    with life.attached("inside", ["vdb=64M"]) as host:
        yield host


def snapshot() -> dict[str, list[str]]:
    """Read the machine's state; what belongs to labs of other homes is not ours."""
    taken = {}
    for name, command in COMMANDS.items():
        told = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, check=False
        )
        lines = (COUNTERS.sub("", line) for line in told.stdout.splitlines())
        taken[name] = sorted(line for line in lines if not RESTLESS.match(line))
    return taken


def differences(
    before: dict[str, list[str]],
    after: dict[str, list[str]],
    ours: Callable[[str], bool],
) -> dict[str, list[str]]:
    found = {}
    for name, lines in before.items():
        changed = [
            line
            for line in difflib.ndiff(lines, after[name])
            if line[0] in "+-" and ours(line)
        ]
        if changed:
            found[name] = changed
    return found


def require_own_namespaces(host: LabHost) -> None:
    """Fail before a scene that would change the machine, were the lab not apart."""
    for space in ("mnt", "net", "pid", "uts", "ipc", "cgroup"):
        theirs = host.run(f"readlink /proc/1/ns/{space}").output.strip()
        assert theirs.startswith(f"{space}:[")
        assert theirs != str(Path(f"/proc/self/ns/{space}").readlink())


def test_lab_leaves_the_machine_as_it_is(empty_home: Path, remains: Remains) -> None:
    life.up("scene")  # the archive of images is made, /run of the tools is warm
    life.down("scene")
    groups = group("scene").removesuffix("scene")

    def ours(line: str) -> bool:
        """Leave out what labs of other homes do at the same time."""
        foreign = "dockbook-" in line and groups not in line
        return not foreign and not ("/dev/loop" in line and str(empty_home) not in line)

    before = snapshot()
    assert before["sysctl"], "sysctl tells nothing"
    with life.attached("scene", ["vdb=64M"]) as host:
        scene = """
        docker network create --subnet 10.99.0.0/24 lan
        docker run -d --network lan -p 8080:80 --name web nginx
        docker swarm init --advertise-addr 127.0.0.1
        sysctl -w net.ipv4.ip_forward=0 net.ipv4.conf.all.rp_filter=2
        iptables -A INPUT -p tcp --dport 9 -j DROP
        echo '{"debug": true}' >/etc/docker/daemon.json
        mkfs.ext4 -q /dev/vdb && mkdir /data/disk && mount /dev/vdb /data/disk
        useradd somebody
        """
        require_own_namespaces(host)
        result = host.run(scene, timeout=60)
        assert result.rc == 0, result.output
        during = differences(before, snapshot(), ours)
        listening = host.run("curl -fs 127.0.0.1:8080")
        assert listening.rc == 0
    assert remains(empty_home) == []
    after = differences(before, snapshot(), ours)
    assert after == {}
    assert set(during) == {"cgroups", "loops"}
    assert all(f"/{groups}scene" in line for line in during["cgroups"])
    (loop,) = during["loops"]
    assert f"{empty_home}/scene/vdb.img" in loop


def test_engine_of_the_user_is_left_alone(empty_home: Path, remains: Remains) -> None:
    """Watch a container of another engine, while a lab comes and goes beside it."""
    with life.attached("users-own") as own:
        body = "docker run -d -p 8080:80 --name web nginx; docker info -f '{{.ID}}'"
        assert own.run(body).rc == 0
        identity = own.docker.info()["ID"]
        started = own.docker.containers.get("web").attrs["State"]["StartedAt"]
        refused: list[str] = []
        done = threading.Event()

        def ask() -> None:
            while not done.is_set():
                answer = own.run("curl -fsS --retry-connrefused -m 5 127.0.0.1:8080")
                if answer.rc:
                    refused.append(answer.output)

        asking = threading.Thread(target=ask)
        assert own.run("until curl -fs 127.0.0.1:8080; do sleep 0.05; done").rc == 0
        asking.start()
        try:
            with life.attached("visitor") as visitor:
                assert visitor.docker.info()["ID"] != identity
                assert visitor.docker.containers.list(all=True) == []
                visitor.run("docker run -d -p 8080:80 --name web nginx")
                visitor.run("systemctl restart docker; docker swarm init", timeout=60)
                visitor.docker.close()
        finally:
            done.set()
            asking.join()
        state = own.docker.containers.get("web").attrs["State"]
        assert (state["Status"], state["StartedAt"]) == ("running", started)
        assert refused == []
        own.docker.close()
    assert remains(empty_home) == []


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


def test_a_long_home_is_refused_in_words(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = empty_home / ("long-" * 16)
    monkeypatch.setenv("DOCKBOOK_HOME", str(long))
    with pytest.raises(LabError, match="set DOCKBOOK_HOME to a short path"):
        life.up("toolong")
    monkeypatch.undo()
    for path in sorted(long.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    long.rmdir()
