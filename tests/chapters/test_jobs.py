"""Chapters that run at the same time: how they go on and end together."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels_helpers import jobs
from kernels_helpers.errors import HostError
from kernels_helpers.hosts import LabHost
from tests.chapters.calls import call, children, command
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, MAKE, UNWIND
from tests.waiting import until

MEET = """\
%%look
#| timeout: 60s
touch "/srv/{mine}"; until test -e "/srv/{other}"; do sleep 0.1; done"""
WAIT = '%%look\n: "$volume"; sleep 300'


def two(folder: Path, *cells: str) -> list[Path]:
    """Write two chapters with a volume each."""
    return [
        notebooks.write(
            folder / f"{name}.ipynb",
            BINDING,
            MAKE,
            *cells,
            CHECK,
            UNWIND,
            parameters=notebooks.PARAMETERS.replace("dockbook-small", f"own-{name}"),
        )
        for name in ("one", "two")
    ]


def begun(lab: LabHost) -> int:
    return len(lab.run("pgrep -x --runstates DIRST sleep").output.split())


def test_two_chapters_that_wait_for_each_other_pass_and_speak_one_by_one(
    own_lab: LabHost, tmp_path: Path
) -> None:
    paths = [
        notebooks.write(
            tmp_path / f"{mine}.ipynb",
            BINDING,
            MEET.format(mine=mine, other=other),
            'check("they met", True)',
            UNWIND,
        )
        for mine, other in (("one", "two"), ("two", "one"))
    ]
    out = tmp_path / "out"
    done = call("run", *paths, "--host", own_lab.url, "--out", out, "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    ends = [n for n, line in enumerate(lines) if line.startswith("  evidence")]
    assert {lines[0], lines[ends[0] + 1]} == {"one", "two"}
    assert [lines[n - 1].split(":")[0] for n in ends] == ["  passed"] * 2


def test_a_report_of_any_size_comes_through(own_lab: LabHost, tmp_path: Path) -> None:
    long = f"%%look\n# {'x' * 60_000}\ntrue"
    paths, out = two(tmp_path, long, long, long), tmp_path / "out"
    words = command("run", *paths, "--host", own_lab.url, "--out", out, "--jobs", "2")
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("send", "number"), [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)]
)
def test_an_interrupt_unwinds_all_and_begins_no_other(
    own_lab: LabHost,
    tmp_path: Path,
    send: Callable[[int, int], None],
    number: signal.Signals,
) -> None:
    """Send it as a terminal does, to the group, and as a service manager does."""
    third = notebooks.write(tmp_path / "three.ipynb", BINDING, "x = 1")
    paths, out = [*two(tmp_path, WAIT), third], tmp_path / "out"
    words = command("run", *paths, "--host", own_lab.url, "--out", out, "--jobs", "2")
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        until(lambda: begun(own_lab) == 2)
        send(run.pid, number)
        told, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    assert told.count("failed: ") == 2
    assert begun(own_lab) == 0
    assert own_lab.docker.volumes.list() == []
    assert [p for p in out.iterdir() if "three" in p.name] == []


def test_kill_9_of_the_command_leaves_no_process_and_undo_takes_back(
    own_lab: LabHost, tmp_path: Path
) -> None:
    paths, out = two(tmp_path, WAIT), tmp_path / "out"
    words = command("run", *paths, "--host", own_lab.url, "--out", out, "--jobs", "2")
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as run:
        until(lambda: begun(own_lab) == 2)
        run.kill()
    until(lambda: not any(str(out).encode() in environ for environ in environs()))
    until(lambda: begun(own_lab) == 0)
    assert len(own_lab.docker.volumes.list()) == 2
    for folder in out.iterdir():
        assert call("undo", folder).returncode == 0
    assert own_lab.docker.volumes.list() == []


def environs() -> list[bytes]:
    """Read the environments of all processes: kernels have their run's in theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return found


def test_a_chapter_whose_process_is_killed_is_told_and_the_other_goes_on(
    own_lab: LabHost, tmp_path: Path
) -> None:
    paths, out = two(tmp_path, WAIT.replace("300", "3")), tmp_path / "out"
    words = command("run", *paths, "--host", own_lab.url, "--out", out, "--jobs", "2")
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True) as run:
        until(lambda: begun(own_lab) == 2)
        worker = next(pid for pid in children(run.pid) if own_group(pid))
        os.kill(worker, signal.SIGKILL)
        told, complaint = run.communicate(timeout=60)
    assert run.returncode == 1
    assert told.count("passed: ") == 1
    assert "its process was killed" in complaint
    assert len(own_lab.docker.volumes.list()) == 1


def own_group(pid: int) -> bool:
    """Tell whether a process leads a group in its parent's session: a chapter's."""
    return os.getpgid(pid) == pid and os.getsid(pid) != pid


def test_what_is_no_chapter_s_fault_ends_the_command_with_its_code(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    paths, out = two(tmp_path), tmp_path / "out"
    done = call("run", *paths, "--host", "lab://none", "--out", out, "--jobs", "2")
    assert done.returncode == 3
    assert "none" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_that_is_returned_ends_no_other_chapter() -> None:
    """`run --all` returns it for a chapter whose host cannot be had."""
    made = jobs.run([Path(n) for n in "abc"], 2, lambda p: HostError(p.name))
    assert sorted(map(str, made)) == ["a", "b", "c"]


def test_only_chapters_with_labs_of_their_own_run_at_once_by_default() -> None:
    paths = [Path("a"), Path("b"), Path("c")]
    most = min(3, len(os.sched_getaffinity(0)))
    assert jobs.default(paths, {"lab://"}) == most
    assert jobs.default(paths, {"lab://", "lab://+bare"}) == most
    assert jobs.default(paths, {"lab://x"}) == 1
    assert jobs.default(paths, {"lab://", "local://"}) == 1
