"""Run one command to its end, whatever happens to this process meanwhile.

A command is a session of its own. It is ended as a group: on Ctrl-C, at its
time-out, and by a small reaper when this process is killed.
"""

import functools
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

GRACE = 2.0  # seconds between SIGINT, SIGTERM and SIGKILL

REAPER = """
while read -r line; do group=$line; done
[ "${group:-0}" = 0 ] || kill -KILL -- "-$group"
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
    before_exec: Callable[[], None] | None = None,
) -> Result:
    """Run a command, hand on its output as it comes, and return its result.

    Stdout and stderr share one pipe, as on a terminal; stdin is empty. The exit
    code is the shell's: 128 + N for a command ended by signal N.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        argv,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=before_exec,
    )
    _announce(process.pid)
    deadline = None if timeout is None else started + timeout
    try:
        output, timed_out = _follow(process, deadline, on_output)
    finally:
        _end_group(process)
        _announce(0)
    rc = process.returncode
    seconds = time.monotonic() - started
    return Result(rc if rc >= 0 else 128 - rc, output, seconds, timed_out)


def _follow(
    process: subprocess.Popen[bytes],
    deadline: float | None,
    on_output: Callable[[str], object],
) -> tuple[str, bool]:
    pipe = process.stdout
    if pipe is None:
        raise AssertionError
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    ended = os.pidfd_open(process.pid)
    poller.register(ended, select.POLLIN)
    chunks: list[str] = []
    pending = b""
    try:
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return "".join(chunks), True
            ready = {fd for fd, _ in poller.poll(None if left is None else left * 1000)}
            if pipe.fileno() in ready:
                data = os.read(pipe.fileno(), 65536)
                text, pending = _decode(pending + data, final=not data)
                if text:
                    chunks.append(text)
                    on_output(text)
                if not data:
                    process.wait()
                    return "".join(chunks), False
            elif ended in ready:
                # What the command left in the background may hold the pipe open.
                return "".join(chunks), False
    finally:
        os.close(ended)


def _decode(data: bytes, *, final: bool) -> tuple[str, bytes]:
    """Decode what is complete; keep the first bytes of a split character back."""
    try:
        return data.decode(), b""
    except UnicodeDecodeError as error:
        split = not final and error.reason == "unexpected end of data"
        cut = error.start if split else len(data)
        return data[:cut].decode(errors="replace"), data[cut:]


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the command and all it left in its group: politely while it runs."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if process.poll() is not None:
            break
        _kill(process.pid, number)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
    _kill(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _kill(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


@functools.cache
def _reaper() -> IO[bytes]:
    process = subprocess.Popen(
        ["sh", "-c", REAPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if process.stdin is None:
        raise AssertionError
    return process.stdin


def _announce(group: int) -> None:
    """Tell the reaper which group to end when this process dies (0: none)."""
    pipe = _reaper()
    pipe.write(b"%d\n" % group)
    pipe.flush()
