"""Kill -9 whatever belongs to a lab: at most ``gc`` is needed, and nothing is left."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.hosts import LabHost
from kernels_helpers.hosts.lab import LabState
from kernels_helpers.lab import life
from tests.faults.attaching import ATTACH, UP, Start, busy, leave

Remains = Callable[[Path], list[str]]

RUN = """
import sys
from kernels_helpers.hosts import LabHost
LabHost(sys.argv[1]).run("echo ready; sleep 1021.7", on_output=print)
"""


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
