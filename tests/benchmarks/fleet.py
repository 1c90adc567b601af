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

from kernels_helpers import book, cases, cluster, fleet, report
from kernels_helpers.cluster import Crew
from kernels_helpers.rollout import Limits
from kernels_helpers.runner import Options
from kernels_helpers.targets import Target
from kernels_helpers.worker import Answer, Order
from tests.benchmarks.page import opened

SIZES = (10, 100, 1000)
WARM = 20  # targets that come first: what is imported and set up once
ROWS = (
    ("CPU of the control a target", "{cpu:.1f} ms", "≤ 25 ms"),
    ("of it dask's own, for as many tasks that do the same", "{dask:.1f} ms", ""),
    ("memory that they added", "{memory:.0f} MB", "flat"),
    ("elapsed", "{seconds:.1f} s", ""),
    ("the merged page is open in Chromium", "{open:.2f} s", "≤ 2 s"),
    (f"the same to the page of {WARM} targets", "{ratio:.2f}", ""),
)
FILES = (report.JOURNAL, report.NOTEBOOK, report.REPORT)
# by its name: what runs as __main__ would be sent to the workers whole
ONE = "from tests.benchmarks import fleet; fleet.tell()"

RECORD: list[Answer] = []  # what every host answers; workers are threads of ours


def replay(_order: Order) -> Answer:
    return RECORD[0]


def measured() -> list[dict[str, float]]:
    """Measure all sizes, with the record of one run."""
    with tempfile.TemporaryDirectory() as folder:
        dockbook = Path(sys.executable).with_name("dockbook")
        record = (dockbook, "run", "volumes", "--out", folder)
        subprocess.run(record, stdout=subprocess.DEVNULL, check=True)
        (run,) = Path(folder).iterdir()
        words = [sys.executable, "-c", ONE]
        calls = [[*words, str(size), str(run)] for size in SIZES]
        done = [subprocess.run(c, stdout=subprocess.PIPE, check=True) for c in calls]
    return [json.loads(told.stdout) for told in done]


def tell() -> None:
    """Measure the size and run of the command line, as a process of its own."""
    _, size, run = sys.argv
    print(json.dumps(measure(int(size), Path(run))))


def measure(size: int, run: Path) -> dict[str, float]:
    """Measure one size: CPU in ms and memory in MB, of the targets alone."""
    files = {name: (run / name).read_bytes() for name in FILES}
    RECORD.append(Answer("passed", None, cases.remake(run).as_dict(), files))
    with tempfile.TemporaryDirectory() as folder, cluster.crew(None, 2) as crew:
        small = rolled(crew, WARM, Path(folder))
        base, started = peak(), time.perf_counter()
        before = time.process_time()
        page = rolled(crew, size, Path(folder))
        cpu = time.process_time() - before
        seconds, memory = time.perf_counter() - started, peak() - base
        before = time.process_time()
        bare(crew, size)
        dask = time.process_time() - before
        other, mine = opened([small, page])
        told = {"cpu": 1000 * cpu / size, "dask": 1000 * dask / size}
        told |= {"memory": memory, "seconds": seconds, "open": mine.seconds}
        return told | {"ratio": mine.seconds / other.seconds}


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


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    columns = measured()
    sizes = " | ".join(f"{size:,}" for size in SIZES)
    sys.stdout.write(f"| targets | {sizes} | aim |\n|---|---|---|---|---|\n")
    for name, shown, aim in ROWS:
        values = " | ".join(shown.format(**column) for column in columns)
        sys.stdout.write(f"| {name} | {values} | {aim} |\n")


if __name__ == "__main__":
    main()
