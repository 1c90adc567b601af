"""Measure the backup of a volume by the chapter's scripts against the usual line.

Prints the table that is committed in tests/benchmarks/README.md. The volume has
Python's library and the programs of systemd, some 110 MB in thousands of files; the
ways take turns on it, in a lab.
"""

import re
import statistics
import time

from kernels_helpers import book, notebook, steps
from kernels_helpers.errors import ChapterError
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life

ROUNDS = 3
TARGET = "/var/backup"  # on the disk
ENV = {"target": TARGET, "compress": "zstd", "quiet": "pause"}
FILL = """
docker volume create data && cd "$(docker volume inspect -f '{{.Mountpoint}}' data)"
cp -a /usr/lib/python3 /usr/lib/python3.* .
cp -a --parents /usr/lib/systemd .
du -sm . && find . | wc -l
"""
WAYS = {
    "the chapter's `backup`, zstd": ("bash backup data", "volumes/data.tar.zst"),
    "`docker run -v … tar czf`": (
        "docker run --rm -v data:/data:ro -v /var/backup:/backup busybox "
        "tar czf /backup/usual.tar.gz -C /data . && sync usual.tar.gz",
        "usual.tar.gz",
    ),
    "`tar czf` of GNU, without Docker": (
        'tar czf gnu.tar.gz -C "$(docker volume inspect -f {{.Mountpoint}} data)" . '
        "&& sync gnu.tar.gz",
        "gnu.tar.gz",
    ),
}


def says(host: LabHost, script: str) -> str:
    done = host.run(script, env=ENV)
    if done.rc:
        raise ChapterError(done.output)
    return done.output


def write_scripts(host: LabHost) -> None:
    """Run the cells of the chapter that write its scripts."""
    chapter, _ = notebook.load(book.find("backup"))
    for cell in chapter.cells:
        if re.search(r'^cat >"\$target/', cell.source, re.M):
            says(host, steps.parse("change", cell.source.partition("\n")[2]).body)


def measured(host: LabHost) -> dict[str, tuple[float, int]]:
    """Time each way in turn; return the median and the size of its archive."""
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    sizes = dict.fromkeys(WAYS, 0)
    for _ in range(ROUNDS):
        for name, (command, made) in WAYS.items():
            says(host, f"cd {TARGET} && rm -f {made} && sync")
            started = time.perf_counter()
            says(host, f"cd {TARGET} && {command}")
            taken[name].append(time.perf_counter() - started)
            sizes[name] = int(says(host, f"stat -c %s {TARGET}/{made}"))
    return {name: (statistics.median(taken[name]), sizes[name]) for name in WAYS}


def main() -> None:
    """Print the table."""
    with life.attached("bench-backup") as host:
        megabytes, files = (
            int(line.split()[0]) for line in says(host, FILL).splitlines()[1:]
        )
        write_scripts(host)
        found = measured(host)
    usual_time, usual_size = found["`docker run -v … tar czf`"]
    print(f"{megabytes} MB in {files} files:\n")
    print("| way | median | throughput | to the usual | size | to the usual |")
    print("|---|---|---|---|---|---|")
    for name, (took, size) in found.items():
        print(
            f"| {name} | {took:.1f} s | {megabytes / took:.0f} MB/s "
            f"| {usual_time / took:.2f} | {size / 1e6:.1f} MB "
            f"| {size / usual_size:.2f} |"
        )


if __name__ == "__main__":
    main()
