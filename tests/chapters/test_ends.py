"""Runs that are interrupted, out of time or killed, and what is left of them."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernels_helpers import journal, sweep
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import cgroups
from tests.chapters.calls import (
    began,
    call,
    command,
    kernel_of,
    kill_in_the_middle,
    report_in,
    zygote_of,
)
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, MAKE, WAIT
from tests.waiting import until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_its_step_unwinds_and_exits_with_130(
    own_lab: LabHost, tmp_path: Path, number: signal.Signals
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, WAIT)
    out = tmp_path / "out"
    words = command("run", chapter, "--host", own_lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as run:
        until(began(out, "sleep 300"))
        run.send_signal(number)
        assert run.wait(30) == 130
    assert own_lab.run("pgrep -x sleep").rc == 1
    assert own_lab.docker.volumes.list() == []
    assert report_in(out)["status"] == "failed"


@pytest.mark.parametrize("killed", [zygote_of, kernel_of])
def test_after_kill_9_of_the_kernel_or_its_zygote_the_runner_sweeps(
    own_lab: LabHost, tmp_path: Path, killed: Callable[[int], int]
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, WAIT)
    out = tmp_path / "out"
    words = command("run", chapter, "--host", own_lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as run:
        until(began(out, "sleep 300"))
        os.kill(killed(run.pid), signal.SIGKILL)
        told, _ = run.communicate(timeout=60)
    said = "killed by SIGKILL" if killed is kernel_of else "with the process it was"
    assert said in told
    assert said in report_in(out)["reason"]
    until(lambda: own_lab.run("pgrep -x --runstates DIRST sleep").rc == 1, seconds=5)
    assert own_lab.docker.volumes.list() == []


PYTHON_WAIT = "import time\ntime.sleep(300)"


DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PYTHON_WAIT


@pytest.mark.parametrize(
    ("option", "cell", "said"),
    [
        ("--cell-timeout", WAIT, "the cell did not end within 2 s"),
        ("--cell-timeout", PYTHON_WAIT, "the cell did not end within 2 s"),
        ("--timeout", WAIT, "the chapter did not end within 2 s"),
    ],
)
def test_a_timeout_fails_the_cell_which_unwinds(
    own_lab: LabHost, tmp_path: Path, option: str, cell: str, said: str
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, cell)
    out = tmp_path / "out"
    words = ("run", chapter, "--host", own_lab.url, "--out", out, option, "2s")
    done = call(*words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout
    assert report_in(out)["reason"] == said
    (path,) = out.glob("*/journal.jsonl")
    events = [event["event"] for event in journal.read(path)]
    assert events.index("timeout") < events.index("failed") < events.index("undo")
    assert own_lab.run("pgrep -x sleep").rc == 1
    assert own_lab.docker.volumes.list() == []


def test_a_cell_that_ignores_its_timeout_is_killed_and_what_it_made_is_swept(
    own_lab: LabHost, tmp_path: Path
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, DEAF)
    out = tmp_path / "out"
    words = ("run", chapter, "--host", own_lab.url, "--out", out)
    done = call(*words, "--cell-timeout", "2s")
    assert done.returncode == 1, done.stdout + done.stderr
    reason = report_in(out)["reason"]
    assert reason.startswith("the cell did not end within 2 s; it did not unwind")
    assert own_lab.docker.volumes.list() == []


@pytest.fixture
def tight() -> Iterator[Path]:
    """Make a memory cgroup of 96 MB, or skip where none can be made."""
    group = next((h for h in cgroups.hierarchies() if h.name == "memory"), cgroups.ROOT)
    group /= f"dockbook-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no memory cgroup can be made: {error}")
    try:
        limits = ("memory.limit_in_bytes", "memory.max")
        found = next((group / n for n in limits if (group / n).exists()), None)
        if found is None:
            pytest.skip("no memory controller is on here")
        found.write_text(str(96 << 20))
        yield group
    finally:
        until(lambda: (group / "cgroup.procs").read_text() == "")
        group.rmdir()


def test_a_kernel_out_of_memory_is_told_and_what_it_made_is_swept(
    own_lab: LabHost, tmp_path: Path, tight: Path
) -> None:
    enter = f"import os\nopen('{tight}/cgroup.procs', 'w').write(str(os.getpid()))"
    eat = "hoard = [bytearray(b'x' * 2**20) for _ in range(1024)]"
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, enter, eat)
    out = tmp_path / "out"
    done = call("run", chapter, "--host", own_lab.url, "--out", out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the kernel was killed by SIGKILL (out of memory?)" in done.stdout
    assert own_lab.docker.volumes.list() == []


def test_after_kill_9_of_runner_and_kernel_sweep_finds_what_is_left(
    own_lab: LabHost, tmp_path: Path
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, WAIT)
    out = tmp_path / "out"
    own_lab.docker.volumes.create("of-the-user")
    kill_in_the_middle(chapter, own_lab, out)
    until(lambda: own_lab.run("pgrep -x sleep").rc == 1)
    assert [f.name for f in sweep.find(own_lab.docker)] == ["dockbook-small"]
    assert call("sweep", "--host", own_lab.url).returncode == 0
    assert sweep.find(own_lab.docker) == []
    assert [v.name for v in own_lab.docker.volumes.list()] == ["of-the-user"]
