"""Try the crashes of a move of Docker's data, and print their table.

    python -m tests.benchmarks.crashes [SEED [COUNT]] >docs/migration-crashes.md

COUNT crashes are drawn from the matrix, and each is resumed once and undone once;
without COUNT all of them are tried, which takes hours.
"""

import itertools
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.faults import crashes, data
from tests.faults.crashes import ENDS, STEPS, Crash, Outcome
from tests.labs import DISKS

AT_ONCE = 2
SHOWN = 3  # differences
NOTE = (
    "cp /etc/fstab /etc/fstab.$(date +%Y-%m-%d)",
    "service docker stop",
    "rsync -avPHSX /var/lib/docker/. /data/docker/ >/dev/null",
    "echo /data/docker/ /var/lib/docker none bind 0 0 >>/etc/fstab",
    "mount -a",
    "service docker start",
)
NOTE_COPY = 3
MOMENTS = 2  # inside the note's copy
NOTE_WAYS = ("power", "dockerd and rsync")
DISK = """
mkfs.ext4 -q /dev/vdb && mount /dev/vdb /data
echo "UUID=$(blkid -s UUID -o value /dev/vdb) /data ext4 defaults 0 2" >>/etc/fstab
"""
HEAD = """# What a crash does to a move of Docker's data

Made by `python -m tests.benchmarks.crashes {words}`; do not edit it. Each row is a run
of the chapter *migration* with `rehearse=false` in a lab of its own. It is hit, then
`dockbook resume` or `dockbook undo` is called, and the host is compared with what it
was: containers with their states, volumes, networks, images; contents, owners, access
lists, attributes and times of a volume, a capability and a socket; the files of
layers, opaque directories and whiteouts; after an undo the configuration, too.
`as before` is no difference.

Changes are numbered as they stand in the chapter, and each row says at which one
the run was when it was hit, by its own journal. Moments inside a copy, and inside the
way back, are drawn from the time that these took in a run which nobody hit; the first
copy is slowed down for that. What was over too soon is tried again, earlier. *way back*
is a run whose runner was killed there, and the power is cut while `dockbook undo`
moves the data back; then it is mended. `the run passed` is a crash that it outlived.

The power is cut by SIGKILL of the host's pid 1, and the host starts again on its disks.
What the machine has not yet written is not lost by that: these are no tests of fsync.
"""
ROW = "| {} | {} | {} | {} | {} |"


def rows(seed: int, count: int | None) -> Iterator[str]:
    """Try crashes, two at a time, and give a row for each end of each."""
    with tempfile.TemporaryDirectory() as folder:
        all_ = [*crashes.matrix(seed, crashes.lengths(Path(folder) / "out"))]
    chosen = random.Random(seed).sample(all_, count or len(all_))  # noqa: S311
    order = sorted(chosen, key=all_.index)
    both = [replace(crash, end=end) for crash in order for end in ENDS]
    yield ROW.format("method", "hit", "where", "then", "outcome")
    yield ROW.format(*["---"] * 5)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for crash, found in pool.map(tried, both):
            where = f"change {crash.step} of {len(STEPS)}, after {crash.delay:g} s"
            yield ROW.format(crash.method, crash.way, where, crash.end, told(found))


def tried(crash: Crash) -> tuple[Crash, Outcome]:
    """Try one crash; a harness that fails is told, not hidden."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return crashes.aimed(crash, Path(folder))
        except Exception as error:  # noqa: BLE001 - the others are to be tried
            return crash, Outcome(
                hit=True, passed=False, differences=[f"not tried: {error!r}"]
            )


def rows_of_note(seed: int) -> Iterator[str]:
    """Crash the note's procedure at each of its steps and in its copy; run it again."""
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    length = copy_of_note()
    yield ROW.format("the note", "hit", "where", "then", "outcome")
    yield ROW.format(*["---"] * 5)
    for way in NOTE_WAYS:
        moments = [(n, 0.0) for n in range(1, len(NOTE) + 1)]
        inside = [round(chance.uniform(0, length), 2) for _ in range(MOMENTS)]
        moments[NOTE_COPY:NOTE_COPY] = [(NOTE_COPY, delay) for delay in inside]
        for step, delay in moments:
            found = outcome_of_note(way, step, delay)
            where = f"`{NOTE[step - 1]}`, after {delay:g} s"
            yield ROW.format("bind", way, where, "run again", told(found))


def copy_of_note() -> float:
    """Tell the seconds of the note's copy that nobody hits."""
    with life.attached(f"note-{secrets.token_hex(3)}", DISKS) as host:
        prepare(host)
        for command in NOTE[: NOTE_COPY - 1]:
            data.says(host, command)
        began = time.monotonic()
        data.says(host, NOTE[NOTE_COPY - 1])
        return time.monotonic() - began


def prepare(host: LabHost) -> None:
    """Give a host data, and a data disk that is mounted."""
    data.write(host)
    data.says(host, DISK)


def outcome_of_note(way: str, step: int, delay: float) -> Outcome:
    """Crash the note's own procedure at a step, run it again, and compare."""
    name = f"note-{secrets.token_hex(3)}"
    with life.attached(name, DISKS, durable=True) as host:
        prepare(host)
        before = data.state(host)
        for command in NOTE[: step - 1]:
            data.says(host, command)
        with ThreadPoolExecutor() as other:
            half = other.submit(host.run, NOTE[step - 1])
            time.sleep(delay)
            there = not half.done()
            if way == "power":
                host = life.power_cut(name)
            else:
                host.run("pkill -KILL -x 'dockerd|rsync' || true")
            half.result()
        answers = [host.run(command).rc for command in NOTE]
        failed = [f"fails: {c}" for c, rc in zip(NOTE, answers, strict=True) if rc]
        found = failed + data.settled(host, before)
        return Outcome(there, passed=False, differences=found)


def told(found: Outcome) -> str:
    """Tell the first differences in a cell of a table."""
    lines = found.differences
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    text = "; ".join(line.replace("|", r"\|") for line in lines[:SHOWN]) + more
    text = text.replace("\n", " ") or "as before"
    passed = "; the run passed" if found.passed else ""
    return f"{'' if found.hit else 'not hit; '}{text}{passed}"


def main(seed: int = 1, count: int | None = None) -> None:
    """Print the page."""
    words = f"{seed}" if count is None else f"{seed} {count}"
    page = ([HEAD.format(words=words)], rows(seed, count), [""], rows_of_note(seed))
    for line in itertools.chain(*page):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
