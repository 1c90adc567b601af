"""Measure how long Docker is away: the chapter against the note, on the same data.

``python -m tests.benchmarks.migration`` prints the table of tests/benchmarks/README.md.
Each row is one lab: the note's own steps move its data, all is put back, and then the
chapter moves it. Both begin with all in the page cache, or, in a row that says so,
with no page of any file of the old data there. The chapter's time is `stop`, until
Docker has ended, `pass`, the last one, `switch`, and `start`, until the container runs
again. The floor is a stop and a start of Docker and the container alone, the median of
three; `above` is what the chapter takes besides.
"""

import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from kernels_helpers import book, journal, report, runner
from kernels_helpers.errors import ChapterError
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life

AWAY = re.compile(r"Docker was away for (\d+) ms")
PART = re.compile(r"^(?:stop|last pass|switch): (\d+) ms$", re.M)
STORED = 1_000_000_000  # bytes in all the files together

MOUNT = """
mkfs.ext4 -q /dev/vdb && mkdir -p /data
echo '/dev/vdb /data ext4 defaults 0 2' >>/etc/fstab && mount /data
"""
FILL = """
python3 - "$place" "$files" "$size" <<'END'
import os, sys
place, files, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for n in range(files):
    if n % 200 == 0:
        os.makedirs(f"{place}/{n // 200}")
    with open(f"{place}/{n // 200}/{n}", "wb") as file:
        file.write(n.to_bytes(8, "big") * (size // 8))
END
"""
IN_VOLUME = "docker volume create big; place=/var/lib/docker/volumes/big/_data"
IN_LAYER = "place=/var/tmp/layer"
TO_LAYER = "tar -C /var/tmp/layer -c . | docker import - big && rm -rf /var/tmp/layer"
WRITER = """
docker run -d --init --name writer -v busy:/busy busybox sh -c "$write"
"""
SMALL = "while :; do date >>/busy/log; sleep 0.1; done"
LARGE = """n=0; while :; do n=$(((n + 1) % 100))
dd if=/dev/zero of=/busy/$n bs=1M count=2 2>/dev/null; sleep 0.1; done"""
NOTE = """
started=$(date +%s%3N)
service docker stop
rsync -avPHSX /var/lib/docker/. /data/docker/ >/dev/null
echo '/data/docker /var/lib/docker none bind 0 0' >>/etc/fstab
mount -a
service docker start
docker start writer >/dev/null
echo "Docker was away for $(($(date +%s%3N) - started)) ms"
"""
FLOOR = """
started=$(date +%s%3N)
docker stop writer >/dev/null && systemctl stop docker.socket docker.service
systemctl start docker && docker start writer >/dev/null
echo "Docker was away for $(($(date +%s%3N) - started)) ms"
"""
FORGET = """
sync && find /var/lib/docker -xdev -type f -print0 | python3 -c '
import os, sys
for name in sys.stdin.buffer.read().split(b"\\0")[:-1]:
    file = os.open(name, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)'
"""
FLOORS = 3
BACK = """
docker stop writer && service docker stop
umount /var/lib/docker && sed -i '/bind/d' /etc/fstab && rm -rf /data/docker
service docker start && docker start writer && sync
find /var/lib/docker -type f -exec cat {} + >/dev/null
"""


class Case(NamedTuple):
    """One row: how many files, where, and what is written meanwhile."""

    files: int
    in_layer: bool = False
    write: str = SMALL
    forgotten: bool = False

    @property
    def title(self) -> str:
        where = "a layer of an image" if self.in_layer else "a volume"
        how = "20 MB/s" if self.write == LARGE else "a line each 0.1 s"
        memory = ", not in memory" if self.forgotten else ""
        return f"{self.files // 1000},000 files in {where}, {how}{memory}"


CASES = (
    Case(10_000),
    Case(40_000),
    Case(160_000),
    Case(40_000, forgotten=True),
    Case(40_000, write=LARGE),
    Case(40_000, in_layer=True),
)


def say(host: LabHost, script: str, **env: str) -> str:
    """Run a script on a host to its end and return what it says."""
    done = host.run(script, env=env)
    if done.rc:
        raise ChapterError(done.output)
    return done.output


def fill(host: LabHost, case: Case) -> None:
    """Give a host a data disk and data, and a container that goes on writing."""
    size = {"files": str(case.files), "size": str(STORED // case.files)}
    say(host, MOUNT)
    say(host, (IN_LAYER if case.in_layer else IN_VOLUME) + FILL, **size)
    say(host, TO_LAYER if case.in_layer else ":")
    say(host, WRITER, write=case.write)


def away(text: str) -> float:
    """Find the seconds in what was printed."""
    return int(AWAY.findall(text)[-1]) / 1000


class Times(NamedTuple):
    """Seconds: the note, the chapter and its parts, and what neither can avoid."""

    note: float
    ours: float
    stop: float
    last: float
    switch: float
    start: float
    floor: float
    above: float


def chapter(host: LabHost, folder: Path) -> str:
    """Move the data as the chapter does, and return what its steps have said."""
    options = runner.Options({"host": host.url, "rehearse": "false"}, folder)
    made = runner.run(book.find("migration"), options, lambda *_: None)
    if made.status != "passed":
        raise ChapterError(f"{made.reason}")
    events = journal.read(folder / made.run / report.JOURNAL)
    return "".join(e["output"] for e in events if e["event"] == "end")


def measured(case: Case) -> Times:
    """Give the seconds without Docker, of the note and of the chapter."""
    with (
        tempfile.TemporaryDirectory(prefix="dockbook-bench-") as folder,
        life.attached("bench-migration", ["vdb=4G"]) as host,
    ):
        fill(host, case)
        forget = FORGET if case.forgotten else ":"
        say(host, forget)
        note = away(say(host, NOTE))
        say(host, BACK + forget)
        told = chapter(host, Path(folder))
        floor = statistics.median(away(say(host, FLOOR)) for _ in range(FLOORS))
        host.docker.close()
    stop, last, switch = (int(ms) / 1000 for ms in PART.findall(told))
    ours = away(told)
    start = ours - stop - last - switch
    return Times(note, ours, stop, last, switch, start, floor, ours - floor)


def main() -> None:
    head = "note | chapter | ratio | stop | pass | switch | start | floor | above"
    sys.stdout.write(f"| 1 GB of data | {head} |\n|{'---|' * 10}\n")
    for case in CASES:
        times = measured(case)
        note, ours, *parts = (f"{seconds:.2f} s" for seconds in times)
        words = [case.title, note, ours, f"{times.ours / times.note:.2f}", *parts]
        sys.stdout.write(f"| {' | '.join(words)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
