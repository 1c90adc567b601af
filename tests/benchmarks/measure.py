"""Measure what issue after issue promises, as ratios inside one run.

Prints the table that is committed in tests/benchmarks/README.md. Never part of the
test suite: machines are noisy.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import IPython

from kernels_helpers import book, kernel, notebook, runner
from kernels_helpers.chapter import Chapter
from kernels_helpers.errors import ChapterError
from kernels_helpers.hosts import LabHost
from kernels_helpers.hosts.base import SHELL
from kernels_helpers.journal import Journal
from kernels_helpers.lab import life, start
from kernels_helpers.script import script

ROUNDS = 7


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def lab_up(first_command: str) -> float:
    """Start labs until Docker has done a first command."""
    start.FIRST_COMMAND = first_command
    taken = []
    for _ in range(ROUNDS):
        taken.append(seconds(lambda: life.up("bench")))
        life.down("bench")
    return statistics.median(taken)


def step(host: LabHost, folder: Path) -> tuple[float, float]:
    """Time a ``%%look true`` cell, and the same command by subprocess, in turn."""
    shell = IPython.core.interactiveshell.InteractiveShell.instance()
    chapter = Chapter(
        host, "bench", {}, Journal(folder / "journal"), say=lambda _: None
    )
    magics = kernel.Steps(shell)
    magics.chapter = chapter
    shell.register_magics(magics)
    bare = [*host.argv(), *SHELL, "true"]

    def plain() -> None:
        subprocess.run(
            bare,
            env=host.environment(),
            stdout=subprocess.PIPE,
            preexec_fn=host.before_exec,
            check=True,
        )

    cells, plains = [], []
    for _ in range(ROUNDS * 5):
        cells.append(seconds(lambda: shell.run_cell("%%look\ntrue")))
        plains.append(seconds(plain))
    return statistics.median(cells), statistics.median(plains)


def chapter(host: LabHost, folder: Path) -> tuple[float, float]:
    """Time the chapter volumes headless, and its commands as one script, in turn."""
    path = book.find("volumes")
    chapter, contract = notebook.load(path)
    commands = script(chapter, contract, {}, "bench")
    options = runner.Options({"host": host.url}, folder)

    def headless() -> None:
        made = runner.run(path, options, lambda *_: None)
        if made.status != "passed":
            raise ChapterError(f"{made.reason}")

    def bare() -> None:
        done = host.run(commands)
        if done.rc:
            raise ChapterError(done.output)

    runs, scripts = [], []
    for _ in range(3):
        runs.append(seconds(headless))
        scripts.append(seconds(bare))
    return statistics.median(runs), statistics.median(scripts)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dockbook-bench-") as name:
        folder = Path(name)
        with_images = start.FIRST_COMMAND
        answering = lab_up("systemctl start docker && docker version")
        loaded = lab_up(with_images)
        with life.attached("bench") as host:
            headless, bare = chapter(host, folder)  # first: IPython slows nbclient
            cell, plain = step(host, folder)
            host.docker.close()
    rows = [
        ("lab up, Docker answering", f"{answering:.2f} s", "", "≤ 1.5 s"),
        ("the same, images loaded as well", f"{loaded:.2f} s", "", ""),
        (
            "`%%look true` to the same by subprocess",
            f"{cell * 1000:.1f} ms to {plain * 1000:.1f} ms",
            f"{cell / plain:.2f}",
            "≤ 3",
        ),
        (
            "*volumes* headless to its commands as one script",
            f"{headless:.1f} s to {bare:.1f} s",
            f"{headless / bare:.2f}",
            "≤ 1.5",
        ),
    ]
    sys.stdout.write("| measured | median | ratio | aim |\n|---|---|---|---|\n")
    for row in rows:
        sys.stdout.write(f"| {' | '.join(row)} |\n")


if __name__ == "__main__":
    main()
