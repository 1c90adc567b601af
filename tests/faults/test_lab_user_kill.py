"""Kill -9 what belongs to the lab of a normal user: nothing is left."""

import os
import signal
import time
from pathlib import Path

import pytest

from kernels_helpers.hosts.lab import LabState
from tests.faults.throwaway import DOWN, GC, UP, Remains, User, init

ATTACH = """
import sys
from kernels_helpers.lab import life
with life.attached(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.read()
"""


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_starter(
    number: signal.Signals, lab_user: User, remains: Remains
) -> None:
    process = lab_user.start(ATTACH, "starter")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    lab_user.run("starter", "docker run -d --restart=always -p 80:80 -v named:/v nginx")
    process.send_signal(number)
    process.communicate()
    assert remains(lab_user.home) == []


@pytest.mark.parametrize("victim", ["supervisor", "init"])
def test_killed_heart(victim: str, lab_user: User, remains: Remains) -> None:
    assert lab_user.python(UP, "heart").returncode == 0
    lab_user.run("heart", "docker run -d --restart=always -p 80:80 -v named:/v nginx")
    pid = init(lab_user, "heart")
    os.kill(pid if victim == "init" else parent(pid), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert lab_user.python(GC).stdout == "heart\n"
    assert remains(lab_user.home) == []


@pytest.mark.parametrize("delay", [0.2, 0.5, 0.9, 1.3])
def test_killed_in_the_middle_of_up(
    delay: float, lab_user: User, remains: Remains
) -> None:
    process = lab_user.start(f"print(flush=True); {UP}", "half")
    assert process.stdout is not None
    assert process.stdout.readline() == "\n"
    time.sleep(delay)
    process.kill()
    process.communicate()
    state = LabState.load(lab_user.home / "half")
    if state is not None and state.persistent:  # it was up already: it may stay
        assert lab_user.python(DOWN, "half").returncode == 0
    assert lab_user.python(GC).returncode == 0
    assert remains(lab_user.home) == []
