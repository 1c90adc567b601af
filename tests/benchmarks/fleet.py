"""Measure a fleet on hosts that answer from a recorded run: 10, 100, 1,000 targets.

``python -m tests.benchmarks.fleet`` runs *volumes* once in a lab for the record. Each
size is measured in a process of its own: CPU and memory are those of the control, its
worker threads and dask, on one machine.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypeAlias

from playwright.sync_api import sync_playwright

from kernels_helpers import book, cases, cluster, fleet, report
from kernels_helpers.cluster import Crew
from kernels_helpers.rollout import Limits
from kernels_helpers.runner import Options
from kernels_helpers.targets import Target
from kernels_helpers.worker import Answer, Order

SIZES = (10, 100, 1000)
AIM, OPENS = 25.0, 2.0  # ms of CPU a target; seconds until the page is there
WARM = 20  # targets that come first: what is imported and set up once
FILES = (report.JOURNAL, report.NOTEBOOK, report.REPORT)
# by its name: what runs as __main__ would be sent to the workers whole
ONE = "from tests.benchmarks import fleet; fleet.tell()"

Row: TypeAlias = tuple[str, str, str, str]
RECORD: list[Answer] = []  # what every host answers; workers are threads of ours


def replay(_order: Order) -> Answer:
    return RECORD[0]


def rows() -> list[Row]:
    """Return the lines of the table in README.md."""
    with tempfile.TemporaryDirectory() as folder:
        dockbook = Path(sys.executable).with_name("dockbook")
        record = (dockbook, "run", "volumes", "--out", folder)
        subprocess.run(record, stdout=subprocess.DEVNULL, check=True)
        (run,) = Path(folder).iterdir()
        return [row for size in SIZES for row in _measured(size, run)]


def _measured(size: int, run: Path) -> list[Row]:
    words = [sys.executable, "-c", ONE, str(size), str(run)]
    told = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)
    name = f"{size} targets"
    return [
        (f"{name}: CPU a target", f"{told['cpu']:.1f} ms", "", f"≤ {AIM:.0f} ms"),
        (f"{name}: of it dask's own", f"{told['dask']:.1f} ms", "", ""),
        (f"{name}: memory that they added", f"{told['memory']:.0f} MB", "", ""),
        (f"{name}: elapsed", f"{told['seconds']:.1f} s", "", ""),
        (f"{name}: the page is open", f"{told['page']:.2f} s", "", f"≤ {OPENS:.0f} s"),
    ]


def tell() -> None:
    """Measure the size and run of the command line, as a process of its own."""
    _, size, run = sys.argv
    print(json.dumps(measure(int(size), Path(run))))


def measure(size: int, run: Path) -> dict[str, float]:
    """Measure one size: CPU in ms and memory in MB, of the targets alone."""
    files = {name: (run / name).read_bytes() for name in FILES}
    RECORD.append(Answer("passed", None, cases.remake(run).as_dict(), files))
    with tempfile.TemporaryDirectory() as folder, cluster.crew(None, 2) as crew:
        rolled(crew, WARM, Path(folder))
        base, started = peak(), time.perf_counter()
        before = time.process_time()
        page = rolled(crew, size, Path(folder))
        cpu = time.process_time() - before
        seconds, memory = time.perf_counter() - started, peak() - base
        before = time.process_time()
        bare(crew, size)
        dask = time.process_time() - before
        told = {"cpu": cpu, "dask": dask}
        opened = {"page": opens(page), "seconds": seconds, "memory": memory}
        return {n: 1000 * value / size for n, value in told.items()} | opened


def rolled(crew: Crew, size: int, out: Path) -> Path:
    """Run a fleet; return its page."""
    begun = fleet.begin(book.find("volumes"), Options({}, out))
    targets = [Target(f"host{n}", {"host": f"ssh://host{n}"}) for n in range(size)]
    ended = fleet.run(begun, targets, crew, Limits(), lambda _: None, replay)
    assert [row.status for row in ended] == ["passed"] * size
    return begun.folder / "fleet.html"


def bare(crew: Crew, size: int) -> None:
    """Give dask as many tasks, two at a time, and do nothing else."""
    client = crew._client
    for n in range(0, size, 2):
        pair = [
            client.submit(replay, n + i, key=f"bare-{n + i}", retries=0) for i in (0, 1)
        ]
        for future in pair:
            future.result()


def opens(page: Path) -> float:
    """Return the seconds until a browser has loaded and laid out a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        tab = browser.new_page()
        started = time.perf_counter()
        tab.goto(page.as_uri())
        tab.evaluate("document.body.getBoundingClientRect().height")
        return time.perf_counter() - started


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    for row in rows():
        print(f"| {' | '.join(row)} |")
