"""What a worker of a fleet does: one run, as it was ordered, and never a second time.

A worker is a thread of a process that dask.distributed knows, here or elsewhere; the
run's kernel is a process of its own. Orders hold references to secrets, never values.
"""

import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernels_helpers import afterwards, cases, forks, journal, report, runner
from kernels_helpers.errors import DockbookError, HostError
from kernels_helpers.hosts.lab import home
from kernels_helpers.kinds import Text
from kernels_helpers.process import start_time
from kernels_helpers.report import Report
from kernels_helpers.runner import Options

UNKNOWN = "unknown"
UNREACHABLE = "unreachable"
SETTINGS = ("plan", "keep", "cell_timeout", "timeout")  # of a run, in an order
FILES = (report.JOURNAL, report.NOTEBOOK, report.REPORT)


@dataclass(frozen=True)
class Order:
    """Say what is to be run: a chapter that the worker has received, and how.

    ``folder`` is the one of the fleet, if the workers share it; else evidence lies
    with the worker until it is sent. ``resume`` goes on with a run begun before.
    """

    fleet: str
    run: str
    target: str
    parameters: Mapping[str, Text]
    chapter: str
    folder: str | None = None
    plan: bool = False
    keep: bool = False
    cell_timeout: str = ""
    timeout: str = ""
    resume: bool = False

    @property
    def out(self) -> Path:
        """Return where the run's folder is to be."""
        return place(self.fleet, self.folder)


@dataclass(frozen=True)
class Answer:
    """Tell how a run has ended; ``files`` are its evidence, if it lies elsewhere."""

    status: str
    reason: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def place(fleet: str, folder: str | None) -> Path:
    """Return where a worker keeps the runs of a fleet."""
    return Path(folder) if folder else home() / ".fleets" / fleet


def receive(fleet: str, folder: str | None, chapter: str, text: str) -> None:
    """Take the chapter that orders will name, and import what its kernels need."""
    out = place(fleet, folder)
    out.mkdir(parents=True, exist_ok=True)
    (out / chapter).write_text(text, encoding="utf-8")
    forks.zygote()


def work(order: Order) -> Answer:
    """Carry an order out; what goes wrong with the target is part of the answer."""
    try:
        made = _resume(order) if order.resume else _begin(order)
    except FileExistsError:
        return Answer(UNKNOWN, f"{order.run} was begun before: it is not run again")
    except HostError as error:
        return Answer(UNREACHABLE, str(error))
    except DockbookError as error:
        return Answer("failed", str(error))
    sent = {} if order.folder else _files(order.out / order.run)
    return Answer(made.status, made.reason, made.as_dict(), sent)


def holding(fleet: str, folder: str | None, runs: Sequence[str]) -> list[str]:
    """List the runs that this worker has begun."""
    return [run for run in runs if _mark(place(fleet, folder), run).exists()]


def interrupt(fleet: str, folder: str | None, runs: Sequence[str]) -> None:
    """Interrupt the kernels of some runs, which then unwind."""
    for run in runs:
        events = list(journal.read(place(fleet, folder) / run / report.JOURNAL))
        opened = [e for e in events if e["event"] == "open"]
        if opened and not any(e["event"] == "failed" for e in events):
            pid, started = opened[-1]["pid"], opened[-1]["started"]
            if start_time(pid) == started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)


def forget(fleet: str, folder: str | None, runs: Sequence[str]) -> None:
    """Remove what a worker keeps of runs whose evidence is where it belongs."""
    out = place(fleet, folder)
    for run in runs:
        _mark(out, run).unlink(missing_ok=True)
        if folder is None:
            shutil.rmtree(out / run, ignore_errors=True)
    if folder is None and out.is_dir() and not any(p.is_dir() for p in out.iterdir()):
        shutil.rmtree(out, ignore_errors=True)


def _mark(out: Path, run: str) -> Path:
    """Return the file that says that a run was begun."""
    return out / f".{run}"


def _begin(order: Order) -> Report:
    _mark(order.out, order.run).touch(exist_ok=False)
    return _run(order)


def _run(order: Order) -> Report:
    chapter = order.out / order.chapter
    how = {name: getattr(order, name) for name in SETTINGS}
    options = Options(order.parameters, order.out, **how)
    runner.prepare([chapter], options)
    return runner.run(chapter, options, lambda *_: None, order.run)


def _resume(order: Order) -> Report:
    """Go on with a run; one that had ended, or had not begun, is seen as such."""
    folder = order.out / order.run
    if not folder.is_dir():
        return _run(order)
    with runner.claimed(folder):
        events = {e["event"] for e in journal.read(folder / report.JOURNAL)}
    if "open" not in events:
        shutil.rmtree(folder)
        return _run(order)
    made = cases.remake(folder)
    return (
        afterwards.resume(folder, lambda *_: None) if made.status == "failed" else made
    )


def _files(folder: Path) -> dict[str, bytes]:
    return {n: (folder / n).read_bytes() for n in FILES if (folder / n).is_file()}
