"""Several chapters at the same time, each in a process of its own.

A process is forked when all that is slow to import has been imported. It dies with
the one that forked it, and so do its kernels; its lab ends with its lock.
"""

import contextlib
import ctypes
import functools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from kernels_helpers import book, execution  # noqa: F401 - what is slow to import
from kernels_helpers.connect import FRESH
from kernels_helpers.errors import DockbookError
from kernels_helpers.zygote import PR_SET_PDEATHSIG

Work: TypeAlias = Callable[[Path], Any]


def default(paths: list[Path], hosts: set[object]) -> int:
    """Return how many chapters to run at once: those with own labs, one per CPU."""
    own = hosts <= {*FRESH}
    return min(len(paths), len(os.sched_getaffinity(0))) if own else 1


@dataclass
class Outcome:
    """Hold what the work on a chapter has returned, or the error that it raised."""

    made: Any = None
    error: BaseException | None = None


@dataclass
class Job:
    """Hold a chapter at work: its process, what it says, how it ends."""

    path: Path
    process: multiprocessing.process.BaseProcess
    end: "connection.Connection[Outcome, Outcome]"  # of a pipe, for the outcome
    said: int  # descriptor of what it has said

    def outcome(self) -> Outcome:
        """Wait for the end; say what the chapter has said, return what came of it."""
        outcome = None
        with contextlib.suppress(EOFError):
            outcome = self.end.recv()
        self.process.join()
        sys.stdout.write(os.pread(self.said, os.fstat(self.said).st_size, 0).decode())
        os.close(self.said)
        killed = DockbookError(
            f"{book.name_of(self.path)}: its process was killed "
            f"({self.process.exitcode}); `dockbook undo` and the name of the run take "
            "back what it has made"
        )
        return outcome or Outcome(error=killed)


def run(paths: list[Path], jobs: int, work: Work) -> list[Any]:
    """Work on the chapters, so many at once; return what was made, as they ended.

    Raises what the first of them raised, when all that were at work have ended:
    none is begun after that, nor after Ctrl-C or SIGTERM, which they all get.
    """
    coming, active, outcomes = iter(paths), list[Job](), list[Outcome]()
    with heeding(functools.partial(_interrupt, active)) as stopped:
        while True:
            bad = stopped or any(outcome.error for outcome in outcomes)
            while not bad and len(active) < jobs and (path := next(coming, None)):
                active.append(_start(path, work))
            if not active:
                break
            ready = connection.wait([job.end for job in active])  # or at its end
            for job in [job for job in active if job.end in ready]:
                outcomes.append(job.outcome())
                active.remove(job)
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    if stopped:
        raise KeyboardInterrupt
    return [outcome.made for outcome in outcomes]


def _interrupt(active: list[Job]) -> None:
    for job in active:
        os.kill(job.process.pid or 0, signal.SIGINT)


def _start(path: Path, work: Work) -> Job:
    end, theirs = multiprocessing.Pipe(duplex=False)
    said = os.memfd_create("said")
    arguments = (path, work, theirs, said, os.getpid())
    process = get_context("fork").Process(target=_be, args=arguments, daemon=True)
    sys.stdout.flush()
    process.start()
    theirs.close()
    return Job(path, process, end, said)


def _be(path: Path, work: Work, end: Any, said: int, parent: int) -> None:
    """Be the process of a chapter."""
    os.setpgid(0, 0)  # Ctrl-C comes once, from the one that waits
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    os.dup2(said, sys.stdout.fileno())
    try:
        end.send(Outcome(work(path)))
    except (DockbookError, KeyboardInterrupt) as error:
        end.send(Outcome(error=error))


@contextlib.contextmanager
def heeding(hand_on: Callable[[], object]) -> Iterator[list[int]]:
    """Hand Ctrl-C and SIGTERM on; yield the signals that have come.

    A second one ends this process, and Linux kills the others with it.
    """
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)

    def heed(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        for each in numbers:
            signal.signal(each, signal.default_int_handler)
        hand_on()

    before = {number: signal.signal(number, heed) for number in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
