"""Run one command to its end, whatever happens to this process meanwhile.

A command is a session of its own. It is ended as a group: on Ctrl-C, at its
time-out, and by a small reaper when this process is killed.
"""

import codecs
import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GRACE = 2.0  # seconds between SIGINT, SIGTERM and SIGKILL
TAIL = 0.1  # seconds for the last output of what a command left in the background

REAPER = """
while read -r line; do group=$line; done
[ "${group:-0}" = 0 ] || kill -KILL "-$group"
"""


@dataclass(frozen=True)
class Result:
    """Hold what a command did: exit code, output of both streams, seconds."""

    rc: int
    output: str
    seconds: float
    timed_out: bool = False


def start_time(pid: int) -> str | None:
    """Read when a process started, in clock ticks; None for the dead and zombies.

    Together with the pid it names one process for good: pids are used again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] in "ZX" else fields[19]


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    on_output: Callable[[str], object] = lambda _text: None,
    before_exec: Callable[[], None] = lambda: None,
) -> Result:
    """Run a command, hand on its output as it comes, and return its result.

    Stdout and stderr share one pipe, as on a terminal; stdin is empty. The exit
    code is the shell's: 128 + N for a command ended by signal N.
    """
    started = time.monotonic()
    deadline = None if timeout is None else started + timeout
    with _reaper() as announce:

        def prepare() -> None:
            announce(os.getpid())  # here, so that there is no moment without a reaper
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's `&` ignores it
            before_exec()

        with contextlib.ExitStack() as running:
            with _interrupt_deferred():
                process = subprocess.Popen(
                    argv,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=prepare,
                )
                running.enter_context(process)
                running.callback(_end_group, process)
            output, timed_out = _follow(process, deadline, on_output)
        announce(0)
    rc = process.returncode
    seconds = time.monotonic() - started
    return Result(rc if rc >= 0 else 128 - rc, output, seconds, timed_out)


def _follow(
    process: subprocess.Popen[bytes],
    deadline: float | None,
    on_output: Callable[[str], object],
) -> tuple[str, bool]:
    """Hand on output until the command ends; tell whether time ran out before."""
    if process.stdout is None:
        raise AssertionError
    pipe = process.stdout.fileno()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    chunks: list[str] = []
    ended = os.pidfd_open(process.pid)
    waiting = {pipe, ended}
    try:
        while waiting:
            ready = _ready(waiting, deadline)
            if not ready:
                break
            if pipe in ready:
                data = os.read(pipe, 65536)
                if text := decoder.decode(data, final=not data):
                    chunks.append(text)
                    on_output(text)
                if not data:
                    waiting.remove(pipe)
            if ended in ready:  # what it left in the background may hold the pipe open
                waiting.remove(ended)
                deadline = time.monotonic() + TAIL
    finally:
        os.close(ended)
    return "".join(chunks), ended in waiting


def _ready(descriptors: set[int], deadline: float | None) -> set[int]:
    """Wait for something to read; nothing when the time is over."""
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        return set()
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    return {fd for fd, _ in poller.poll(None if left is None else left * 1000)}


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the command and all it left in its group: politely while it runs."""
    if process.poll() is None:
        for number in (signal.SIGINT, signal.SIGTERM):
            _kill(process.pid, number)
            if _gone(process, within=GRACE):
                return
    _kill(process.pid, signal.SIGKILL)
    process.wait()


def _gone(process: subprocess.Popen[bytes], *, within: float) -> bool:
    """Wait for the whole group: its leader may end before those that it runs."""
    deadline = time.monotonic() + within
    while process.poll() is None or _kill(process.pid, 0):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _kill(group: int, number: int) -> bool:
    """Send a signal to a group (0: none); tell whether there is such a group."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextlib.contextmanager
def _interrupt_deferred() -> Iterator[None]:
    """Let SIGINT wait for the end of the block.

    Python loses the KeyboardInterrupt that is raised while it forks.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        yield
        return
    came: list[Any] = []
    signal.signal(signal.SIGINT, lambda *told: came.append(told))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(*came[0])


@contextlib.contextmanager
def _reaper() -> Iterator[Callable[[int], None]]:
    """Watch over one group (0: none): it ends when this process does."""
    with _interrupt_deferred():
        reaper = subprocess.Popen(
            ["sh", "-c", REAPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    if reaper.stdin is None:
        raise AssertionError
    pipe = reaper.stdin.fileno()
    with reaper:
        yield lambda group: _tell(pipe, group)


def _tell(pipe: int, group: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # somebody killed it: nothing to tell
        os.write(pipe, b"%d\n" % group)
