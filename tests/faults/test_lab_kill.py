"""Kill -9 whatever belongs to a lab: at most ``gc`` is needed, and nothing is left."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.hosts import LabHost
from kernels_helpers.hosts.lab import LabState
from kernels_helpers.lab import life

Remains = Callable[[Path], list[str]]
Process = subprocess.Popen[str]
Start = Callable[..., Process]

ATTACH = """
import sys
from kernels_helpers.lab import life
with life.attached(sys.argv[1], sys.argv[2:]):
    print("ready", flush=True)
    sys.stdin.read()
"""
UP = """
import sys
from kernels_helpers.lab import life
print("ready", flush=True)
life.up(sys.argv[1], sys.argv[2:])
"""
RUN = """
import sys
from kernels_helpers.hosts import LabHost
LabHost(sys.argv[1]).run("echo ready; sleep 1021.7", on_output=print)
"""
# A lab with something of everything that could stay behind.
BUSY = """
mkfs.ext4 -q /dev/vdb
mkdir /data/disk
mount /dev/vdb /data/disk
docker run -d --name web -p 8080:80 --restart=always -v /data/disk:/v -v named:/n nginx
until curl -fs 127.0.0.1:8080; do sleep 0.05; done
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Python process, wait until it says that it is ready, end it later."""
    started: list[Process] = []

    def start(script: str, *words: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", script, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def leave(process: Process) -> None:
    """Let a process come to its own end."""
    process.communicate(timeout=30)
    assert process.returncode == 0


def until(condition: Callable[[], bool], *, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def watcher(home: Path) -> int:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
            environ = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"kernels_helpers.lab.watch" in words and bytes(home) in environ:
            return int(entry.name)
    raise AssertionError("there is no watcher")


def busy(name: str) -> LabHost:
    host = LabHost(name)
    result = host.run(BUSY, timeout=60)
    assert result.rc == 0, result.output
    return host


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_starter(
    number: signal.Signals,
    empty_home: Path,
    start: Start,
    remains: Remains,
) -> None:
    process = start(ATTACH, "starter", "vdb=64M")
    busy("starter")
    kinds = " ".join(remains_now(empty_home, remains))
    process.send_signal(number)
    process.communicate()
    assert remains(empty_home) == []
    assert kinds == "cgroup folder loop process"


def remains_now(home: Path, remains: Remains) -> list[str]:
    """Prove that the counting sees a running lab at all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(remains.__globals__, "SETTLE", 0)
        return sorted({line.split()[0] for line in remains(home)})


@pytest.mark.parametrize("victim", ["supervisor", "init"])
def test_heart_of_an_attached_lab(
    victim: str,
    empty_home: Path,
    start: Start,
    remains: Remains,
) -> None:
    process = start(ATTACH, victim, "vdb=64M")
    host = busy(victim)
    init = host.state.init
    os.kill(init if victim == "init" else parent(init), signal.SIGKILL)
    until(lambda: not life.running(victim))
    with pytest.raises(LabError, match="has ended"):
        host.run("true")
    leave(process)
    assert remains(empty_home) == []


@pytest.mark.parametrize("victim", ["supervisor", "init"])
def test_heart_of_a_persistent_lab(
    victim: str, empty_home: Path, remains: Remains
) -> None:
    life.up(victim, ["vdb=64M"])
    init = busy(victim).state.init
    os.kill(init if victim == "init" else parent(init), signal.SIGKILL)
    until(lambda: not life.running(victim))
    assert life.gc() == [victim]
    assert remains(empty_home) == []


def test_watcher_then_starter(empty_home: Path, start: Start, remains: Remains) -> None:
    process = start(ATTACH, "watcher", "vdb=64M")
    busy("watcher")
    os.kill(watcher(empty_home), signal.SIGKILL)
    assert life.gc() == []  # it is in use
    process.kill()
    process.wait()
    assert life.running("watcher")
    assert life.gc() == ["watcher"]
    assert remains(empty_home) == []


def test_before_docker_is_ready(
    empty_home: Path, start: Start, remains: Remains
) -> None:
    process = start(UP, "early")
    until(lambda: life.running("early"), seconds=30)
    process.kill()
    process.wait()
    life.gc()
    assert remains(empty_home) == []


@pytest.mark.parametrize("part", range(6))
def test_in_the_middle_of_up(
    part: int,
    empty_home: Path,
    start: Start,
    remains: Remains,
) -> None:
    process = start(UP, "half", "vdb=64M")
    delay = random.uniform(part, part + 1) * 0.3  # noqa: S311 (any moment will do)
    time.sleep(delay)
    process.kill()
    process.wait()
    state = LabState.load(empty_home / "half")
    if state is not None and state.persistent:  # it was up already: it may stay
        life.down("half")
    life.gc()
    assert remains(empty_home) == [], f"killed after {delay} s"


def test_gc_in_the_middle_of_up_leaves_it_alone(
    empty_home: Path, start: Start, remains: Remains
) -> None:
    process = start(UP, "busy")
    while process.poll() is None:
        assert life.gc() == []
    assert LabHost("busy").run("docker info").rc == 0
    life.down("busy")
    assert remains(empty_home) == []


def test_command_ends_with_the_process_that_runs_it(
    empty_home: Path, start: Start, remains: Remains
) -> None:
    with life.attached("reaped") as host:
        process = start(RUN, "reaped")
        process.kill()
        process.wait()
        until(lambda: host.run("pgrep -f 'sleep [1]021.7'").rc == 1)
    assert remains(empty_home) == []


def test_two_labs_publish_the_same_port(empty_home: Path, remains: Remains) -> None:
    serve = """
    docker run -d -p 8080:80 busybox sh -c "echo $name >index.html; httpd -f -p 80"
    until curl -fs 127.0.0.1:8080; do sleep 0.05; done
    """

    with (
        ThreadPoolExecutor() as both,
        life.attached("one") as one,
        life.attached("two") as two,
    ):
        hosts = (one, two)
        jobs = [
            both.submit(host.run, serve, env={"name": host.name}, timeout=60)
            for host in hosts
        ]
        results = [job.result() for job in jobs]
        assert [r.output.split()[-1] for r in results] == ["one", "two"]
        addresses = [host.run("ip -4 -br addr show docker0").output for host in hosts]
        assert addresses[0] == addresses[1]
        assert "172.17.0.1/16" in addresses[0]
    assert remains(empty_home) == []


def test_one_of_two_leaves(empty_home: Path, start: Start, remains: Remains) -> None:
    starter = start(ATTACH, "default")
    joiner = start(ATTACH, "default")
    init = LabHost("default").state.init
    leave(starter)
    time.sleep(0.5)  # what a watcher would need that does not look
    host = LabHost("default")
    assert host.state.init == init
    assert host.run("docker run --rm busybox echo works").output == "works\n"
    leave(joiner)
    assert remains(empty_home) == []


def test_the_next_one_gets_a_fresh_lab(empty_home: Path, remains: Remains) -> None:
    """Join in the moment when the watcher of the lab before is at work."""
    inits = set()
    for _ in range(3):
        with life.attached("again") as host:
            inits.add(host.state.init)
            assert host.run("docker info").rc == 0
    assert remains(empty_home) == []
    assert inits


def test_persistent_lab_outlives_its_starter(
    empty_home: Path, start: Start, remains: Remains
) -> None:
    leave(start(UP, "stays", "vdb=64M"))
    busy("stays")
    leave(start(ATTACH, "stays"))
    assert life.gc() == []
    time.sleep(0.5)
    assert life.running("stays")
    with pytest.raises(LabError, match="is running already"):
        life.up("stays")
    life.down("stays")
    assert remains(empty_home) == []
    with pytest.raises(LabError, match="there is no lab 'stays'"):
        life.down("stays")
