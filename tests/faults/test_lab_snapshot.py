"""A lab does not touch the machine."""

import difflib
import re
import subprocess
import threading
from collections.abc import Callable
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
