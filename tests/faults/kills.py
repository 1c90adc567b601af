"""Kill a run somewhere, and count what is left of it."""

import contextlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat

from kernels_helpers import journal, recovery, report
from kernels_helpers.connect import FRESH
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import inventory
from tests.chapters.calls import call, command, kernel_of, report_in
from tests.waiting import until

SETTLE = 30.0  # seconds that what has been ended may take to go
PATIENCE = 180.0  # seconds: four runs at a time, on a machine that may be loaded
# Of each way: the signal, and the exit code of the run.
WAYS = {
    "sigint": (signal.SIGINT, 130),
    "sigterm": (signal.SIGTERM, 130),
    "kernel": (signal.SIGKILL, 1),
    "runner": (signal.SIGKILL, -signal.SIGKILL),
}
CLEAN: dict[int, list[str]] = {}  # what a lab had when it was new, by its pid 1

Place = Callable[[], bool]


@contextlib.contextmanager
def lab(way: str, kind: str = "lab://") -> Iterator[LabHost]:
    """Give a lab that many share, until one of them leaves something in it."""
    fresh = FRESH[kind]
    name = way + fresh.ending
    if life.running(name):
        host = LabHost(name)
    else:
        host = life.up(name, fresh.disks, bare=fresh.bare)
    if host.state.init not in CLEAN:
        CLEAN[host.state.init] = state(host)
    try:
        yield host
    finally:
        more = left(host)
        if host.has_engine():
            host.docker.close()
        if more:
            life.down(name)


def state(host: LabHost) -> list[str]:
    """List what a lab has: also its processes, but for those that list them."""
    told = host.run("ps -eo args= --sort args | grep -v -e '^ps ' -e '^grep ' -e ^bash")
    return inventory(host) + [f"process {line}" for line in told.output.splitlines()]


def left(host: LabHost) -> list[str]:
    """Name what a lab has more, or less, than when it was new."""
    before, after = CLEAN[host.state.init], state(host)
    more = [f"left: {line}" for line in after if line not in before]
    return more + [f"gone: {line}" for line in before if line not in after]


def processes(mark: str) -> list[str]:
    """List the processes of the machine with a mark in environment or command."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = [(entry / n).read_bytes() for n in ("cmdline", "environ")]
        except OSError:
            continue
        if any(mark.encode() in word for word in words):
            found.append(f"process {entry.name} {words[0]!r}")
    return found


def settled(find: Callable[[], list[str]]) -> list[str]:
    """Wait for the end of what is on its way out, and list what stays."""
    deadline = time.monotonic() + SETTLE
    while (found := find()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def changes(path: Path) -> list[str]:
    """Take the cells of a chapter that change something."""
    cells = nbformat.read(path, as_version=4).cells
    return [c.source for c in cells if c.source.startswith("%%change")]


def began(out: Path, step: int) -> Place:
    """Tell whether so many changes have begun; one that was true already has not."""
    return _noted(out, step, {"begin"})


def reached(out: Path, step: int) -> Place:
    """Tell whether so many changes have begun, or been answered without."""
    return _noted(out, step, {"begin", "answer"})


def _noted(out: Path, step: int, wanted: set[str]) -> Place:
    def tell() -> bool:
        events = [e for p in out.glob("*/journal.jsonl") for e in journal.read(p)]
        kinds = [e["kind"] for e in events if e["event"] in wanted]
        return kinds.count("change") >= step

    return tell


def kill(
    way: str, chapter: Path, host: LabHost, out: Path, there: Place, *options: str
) -> Path:
    """Run a chapter, kill it when it is there, and see all its processes end."""
    number, code = WAYS[way]
    mark = f"kill-{secrets.token_hex(8)}"
    with subprocess.Popen(
        command("run", chapter, "--host", host.url, "--out", out, *options),
        env={**os.environ, "MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        try:
            until(lambda: there() or run.poll() is not None, seconds=PATIENCE)
            assert run.poll() is None, run.communicate()[0]
            os.kill(kernel_of(run.pid) if way == "kernel" else run.pid, number)
            told, _ = run.communicate(timeout=PATIENCE)
        finally:
            run.kill()
    assert run.returncode == code, f"it exited with {run.returncode}: {told}"
    (folder,) = out.iterdir()
    assert_none(settled(lambda: processes(mark)))
    return folder


def take_back(way: str, folder: Path, host: LabHost) -> None:
    """Undo what a killed runner could not; see that nothing is left of the run."""
    if way == "runner":
        done = call("undo", folder)
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        assert_closed(folder)
    events = list(journal.read(folder / report.JOURNAL))
    assert_none([e for e in events if e["event"] == "undo" and not e["ok"]])
    assert_none(recovery.pending(events))
    assert_none(journal.verify(folder / report.JOURNAL))
    assert_none(settled(lambda: left(host) + processes(folder.name)))


def assert_none(found: list[Any]) -> None:
    """See that a list is empty, or name what is in it."""
    assert not found, "\n".join(map(str, found))


def assert_closed(folder: Path) -> None:
    """See that the evidence of a run that could end says where it was hit."""
    notebook = nbformat.read(folder / report.NOTEBOOK, as_version=4)
    timing = notebook.metadata.papermill
    assert timing.end_time
    assert timing.exception is True
    noted = [c.metadata.get("papermill", {}) for c in notebook.cells]
    told = [n["status"] for n in noted if n]  # not that of the cell with the error
    hit = told.index("failed")
    rest = len(told) - hit - 1
    assert told == ["completed"] * hit + ["failed"] + ["pending"] * rest, told
    assert report_in(folder.parent)["status"] == "failed"
