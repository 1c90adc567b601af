"""Calls of the command, and the processes that they start."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kernels_helpers import journal
from kernels_helpers.hosts import LabHost
from tests.waiting import until

BIN = Path(sys.executable).parent


def command(*words: str | Path) -> list[str]:
    return [str(BIN / "dockbook"), *(str(w) for w in words)]


def call(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), capture_output=True, text=True, check=False, **options
    )


def report_in(out: Path) -> dict[str, Any]:
    (folder,) = out.iterdir()
    loaded: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return loaded


def began(out: Path, body: str) -> Callable[[], bool]:
    def tell() -> bool:
        return any(
            event["event"] == "begin" and body in event["body"]
            for path in out.glob("*/journal.jsonl")
            for event in journal.read(path)
        )

    return tell


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


def child_of(pid: int, word: str) -> int:
    """Find the child whose command has a word in it."""
    commands = {c: Path(f"/proc/{c}/cmdline").read_text() for c in children(pid)}
    (child,) = (c for c, command in commands.items() if word in command)
    return child


def zygote_of(pid: int) -> int:
    return child_of(pid, "kernels_helpers.zygote")


def kernel_of(pid: int) -> int:
    (kernel,) = children(zygote_of(pid))
    return kernel


def kill_in_the_middle(chapter: Path, lab: LabHost, out: Path) -> None:
    """Run a chapter that waits, and end runner and kernel with -9 while it does."""
    words = command("run", chapter, "--host", lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as run:
        until(began(out, "sleep 300"))
        kernel = kernel_of(run.pid)
        os.kill(run.pid, signal.SIGKILL)
        os.kill(kernel, signal.SIGKILL)
