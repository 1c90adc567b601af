"""Try the crashes of a move of Docker's data, and print their table.

    python -m tests.benchmarks.crashes [SEED [COUNT]] >docs/migration-crashes.md

COUNT crashes are drawn from the matrix, and each is resumed once and undone once;
without COUNT all of them are tried, which takes hours. What has been tried is told on
standard error; SIGINT ends it, and keeps the rows so far.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from multiprocessing import Pool, pool
from pathlib import Path

from tests.faults import crashes, note
from tests.faults.crashes import (
    COPIES,
    ENDS,
    SEAL,
    STEPS,
    SWITCH,
    Crash,
    Outcome,
)

AT_ONCE = 2
SHOWN = 3  # differences
FIRST = {*COPIES, SWITCH + 1, SEAL}  # where most is at stake
HEAD = """# What a crash does to a move of Docker's data

Made by `python -m tests.benchmarks.crashes {words}`; do not edit it. Each row is a run
of the chapter *migration* with `rehearse=false` in a lab of its own. It is hit, then
`dockbook resume` or `dockbook undo` is called, and the host is compared with what it
was: containers with their states, volumes, networks, images; contents, owners, access
lists, attributes and times of a volume, a capability and a socket; the files of
layers, opaque directories and whiteouts; after an undo the configuration, too.
`as before` is no difference.

These are {some} of the {all} crashes of the matrix method × way × step, each resumed
once and undone once. They are drawn by the first number above: one of every method and
way before any has two, and of these first those that hit a copy, the step in which
Docker is away, the one after it or the seal of the move, at as many different steps as
can be. The last table is of the note's own procedure.

Changes are numbered as they stand in the chapter, and each row says at which one the
run was when it was hit, by its own journal. Moments inside a copy, inside the step in
which Docker is away, and inside the way back, are drawn from the time that these took
in a run which nobody hit; the first copy is slowed down for that. What was over too
soon is tried again, earlier. *way back* is a run whose runner was killed there, and
the power is cut while `dockbook undo` moves the data back; then it is mended. `the run
passed` is a crash that it outlived.

The power is cut by SIGKILL of the host's pid 1, and the host starts again on its disks.
What the machine has not yet written is not lost by that: these are no tests of fsync.
"""
ROW = "| {} | {} | {} | {} | {} |"


def drawn(seed: int, all_: list[Crash], count: int) -> list[Crash]:
    """Draw crashes: of each method and way one, before there are two of any."""
    rest = random.Random(seed).sample(all_, len(all_))  # noqa: S311
    some: list[Crash] = []
    had: Counter[object] = Counter()

    def rank(crash: Crash) -> tuple[int, bool, int]:
        return had[crash.method, crash.way], crash.step not in FIRST, had[crash.step]

    while rest and len(some) < count:
        crash = min(rest, key=rank)
        rest.remove(crash)
        some.append(crash)
        had.update([(crash.method, crash.way), crash.step])
    return sorted(some, key=all_.index)


def table(
    workers: pool.Pool, tried: Iterable[Crash], where: Callable[[Crash], str]
) -> Iterator[str]:
    """Try crashes, two at a time, and give a row for each."""
    yield ROW.format("method", "hit", "where", "then", "outcome")
    yield ROW.format(*["---"] * 5)
    for crash, found in workers.imap(attempt, tried):
        at = f"{where(crash)}, after {crash.delay:g} s"
        yield ROW.format(crash.method, crash.way, at, crash.end, told(found))


def attempt(crash: Crash) -> tuple[Crash, Outcome]:
    """Try one crash; a harness that fails is told, not hidden."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            if crash.end == note.AGAIN:
                found = note.outcome(crash)
            else:
                crash, found = crashes.aimed(crash, Path(folder))
        except Exception as error:  # noqa: BLE001 - the others are to be tried
            found = Outcome(
                hit=True, passed=False, differences=[f"not tried: {error!r}"]
            )
    tell(began, f"{crash}: {told(found)}")
    return crash, found


def tell(began: float, what: str) -> None:
    """Tell on standard error what has been done, and how long it took."""
    sys.stderr.write(f"{time.monotonic() - began:.0f} s: {what}\n")


def told(found: Outcome) -> str:
    """Tell the first differences in a cell of a table."""
    lines = found.differences
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    text = "; ".join(line.replace("|", r"\|") for line in lines[:SHOWN]) + more
    text = text.replace("\n", " ") or "as before"
    passed = "; the run passed" if found.passed else ""
    return f"{'' if found.hit else 'not hit; '}{text}{passed}"


def lengths() -> tuple[dict[int, float], float]:
    """Tell the seconds of the steps of a move, and of the note's copy."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        took = crashes.lengths(Path(folder) / "out"), note.length()
    tell(began, "what nobody hits")
    return took


def page(workers: pool.Pool, seed: int, count: int | None) -> Iterator[str]:
    """Give the lines of the page."""
    took, copy = lengths()
    all_ = [*crashes.matrix(seed, took)]
    some = drawn(seed, all_, count or len(all_))
    words = f"{seed}" if count is None else f"{seed} {count}"
    yield HEAD.format(words=words, some=len(some), all=len(all_))
    both = [replace(crash, end=end) for crash in some for end in ENDS]
    yield from table(
        workers, both, lambda crash: f"change {crash.step} of {len(STEPS)}"
    )
    yield ""
    notes = note.matrix(seed, copy)
    yield from table(workers, notes, lambda crash: f"`{note.STEPS[crash.step - 1]}`")


def ready() -> None:
    """Let a worker leave nothing when the pool ends it; SIGINT is not for it."""
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())


def main(seed: int = 1, count: int | None = None) -> None:
    """Print the page."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also behind an `&`
    with tempfile.TemporaryDirectory() as left:
        os.environ["TMPDIR"] = left  # for what a run that is killed leaves
        with Pool(AT_ONCE, ready) as workers:
            try:
                for line in page(workers, seed, count):
                    sys.stdout.write(line + "\n")
                    sys.stdout.flush()
            except KeyboardInterrupt:
                sys.exit("stopped: the rows so far are whole")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
