"""Try the crashes of a move of Docker's data, and print their table.

    python -m tests.benchmarks.crashes [SEED [COUNT]] >docs/migration-crashes.md

COUNT crashes are drawn from the matrix; without it all of them are tried, which takes
hours.
"""

import itertools
import random
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults import crashes
from tests.faults.crashes import NOTE, STEPS, Crash

AT_ONCE = 2
SHOWN = 3  # differences
HEAD = """# What a crash does to a move of Docker's data

Made by `python -m tests.benchmarks.crashes {words}`; do not edit it. Each row is a run
of the chapter *migration* with `rehearse=false` in a lab of its own. It is hit, then
`dockbook resume` or `dockbook undo` is called, and the host is compared with what it
was: containers with their states, volumes, networks, images; contents, owners, access
lists, attributes and times of a volume; the files of layers; after an undo the
configuration, too. `as before` is no difference.

The power is cut by SIGKILL of the host's pid 1, and the host starts again on its disks.
What the machine has not yet written is not lost by that: these are no tests of fsync.
"""
ROW = "| {} | {} | {} | {} | {} |"


def rows(seed: int, count: int | None) -> Iterator[str]:
    """Try crashes, two at a time, and give a row for each."""
    all_ = [*crashes.matrix(seed)]
    chosen = random.Random(seed).sample(all_, count or len(all_))  # noqa: S311
    order = sorted(chosen, key=all_.index)
    yield ROW.format("method", "hit", "where", "then", "outcome")
    yield ROW.format(*["---"] * 5)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for crash, found in zip(order, pool.map(tried, order), strict=True):
            where = f"change {crash.step} of {len(STEPS)}, after {crash.delay:g} s"
            yield ROW.format(crash.method, crash.way, where, crash.end, told(found))


def tried(crash: Crash) -> list[str]:
    """Try one crash; a harness that fails is told, not hidden."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return crashes.outcome(crash, Path(folder) / "out")
        except Exception as error:  # noqa: BLE001 - the others are to be tried
            return [f"not tried: {error!r}"]


def rows_of_note() -> Iterator[str]:
    """Crash the note's procedure at each of its steps, and run it again."""
    yield ROW.format("the note", "hit", "where", "then", "outcome")
    yield ROW.format(*["---"] * 5)
    for way in ("power", "dockerd and rsync"):
        for step, command in enumerate(NOTE, 1):
            found = crashes.outcome_of_note(way, step)
            yield ROW.format("bind", way, f"`{command}`", "run again", told(found))


def told(found: list[str]) -> str:
    """Tell the first differences in a cell of a table."""
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    text = "; ".join(line.replace("|", r"\|") for line in found[:SHOWN]) + more
    return text.replace("\n", " ") or "as before"


def main(seed: int = 1, count: int | None = None) -> None:
    """Print the page."""
    words = f"{seed}" if count is None else f"{seed} {count}"
    page = ([HEAD.format(words=words)], rows(seed, count), [""], rows_of_note())
    for line in itertools.chain(*page):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
