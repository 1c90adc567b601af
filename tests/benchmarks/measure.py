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
from typing import TypeAlias

import IPython

from kernels_helpers import book, kernel, notebook, runner
from kernels_helpers.chapter import Chapter
from kernels_helpers.errors import ChapterError
from kernels_helpers.hosts import LabHost
from kernels_helpers.hosts.base import SHELL
from kernels_helpers.journal import Journal
from kernels_helpers.lab import life, start
from kernels_helpers.script import script
from tests.benchmarks import site
from tests.unit import notebooks

ROUNDS = 7
BIN = Path(sys.executable).parent
API = """\
import sys
import papermill
for path in sys.argv[2:]:
    papermill.execute_notebook(
        path, sys.argv[1], parameters={"host": "lab://bench"}, progress_bar=False
    )
"""


PAPERMILL_HOST = ("host", "lab://bench")
TITLES = {
    ("eight", "eight by API"): "eight small chapters in one command to papermill's API",
    ("eight", "eight by command"): "the same to eight `papermill` commands",
    ("one", "one by command"): "one small chapter to the `papermill` command",
    ("long", "long by command"): "one of 100 trivial cells to the `papermill` command",
}

Row: TypeAlias = tuple[str, str, str, str]


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


def small_chapter(path: Path, cells: int) -> Path:
    """Write a chapter of trivial cells and one check; four cells are its frame."""
    trivial = [f"x = {n}\nx" for n in range(cells - 4)]
    return notebooks.write(
        path,
        notebooks.BINDING,
        *trivial,
        'check("it is small", x < 1000)',
        notebooks.UNWIND,
    )


def call(*words: str | Path) -> None:
    """Run a command of this environment to its end."""
    done = subprocess.run(
        [BIN / words[0], *words[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 2):
        raise ChapterError(done.stdout + done.stderr)


def ways(folder: Path) -> dict[str, Callable[[], object]]:
    """Name the ways to run eight small chapters, one, and one of 100 cells."""
    eight = [small_chapter(folder / f"small-{n}.ipynb", 12) for n in range(8)]
    long = small_chapter(folder / "long.ipynb", 100)
    host, out = ("--host", "lab://bench", "--out", folder), folder / "out.ipynb"

    def papermill(*chapters: Path) -> None:
        for chapter in chapters:
            call("papermill", "--no-progress-bar", chapter, out, "-p", *PAPERMILL_HOST)

    return {
        "eight": lambda: call("dockbook", "run", *eight, *host, "--jobs", "2"),
        "eight by API": lambda: call("python", "-c", API, out, *eight),
        "eight by command": lambda: papermill(*eight),
        "one": lambda: call("dockbook", "run", eight[0], *host),
        "one by command": lambda: papermill(eight[0]),
        "long": lambda: call("dockbook", "run", long, *host),
        "long by command": lambda: papermill(long),
        "help": lambda: call("dockbook", "--help"),
        "error": lambda: call("dockbook", "run", eight[0], "-p", "volum=x"),
    }


def rotated(acts: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Time each way once a round, each round beginning with another one."""
    names = [*acts]
    taken: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(ROUNDS):
        for name in names[turn:] + names[:turn]:
            taken[name].append(seconds(acts[name]))
    return {name: statistics.median(times) for name, times in taken.items()}


def compared(took: dict[str, float], ours: str, theirs: str, aim: str) -> Row:
    words = f"{took[ours]:.2f} s to {took[theirs]:.2f} s"
    title = TITLES[ours, theirs]
    return title, words, f"{took[ours] / took[theirs]:.2f}", aim


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dockbook-bench-") as name:
        folder = Path(name)
        with_images = start.FIRST_COMMAND
        answering = lab_up("systemctl start docker && docker version")
        loaded = lab_up(with_images)
        with life.attached("bench") as host:
            took = rotated(ways(folder))
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
        compared(took, "eight", "eight by API", "≤ 0.2"),
        compared(took, "eight", "eight by command", "≤ 0.15"),
        compared(took, "one", "one by command", "≤ 0.6"),
        compared(took, "long", "long by command", "≤ 0.4"),
        ("`dockbook --help`", f"{took['help']:.2f} s", "", "≤ 0.25 s"),
        (
            "a parameter error of `dockbook run`",
            f"{took['error']:.2f} s",
            "",
            "≤ 0.25 s",
        ),
        *site.rows(),
    ]
    sys.stdout.write("| measured | median | ratio | aim |\n|---|---|---|---|\n")
    for row in rows:
        sys.stdout.write(f"| {' | '.join(row)} |\n")


if __name__ == "__main__":
    main()
