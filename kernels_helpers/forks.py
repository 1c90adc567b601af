"""Kernels forked from a process that has imported what they need (decision 6)."""

import asyncio
import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

from kernels_helpers.errors import DockbookError

START_TIMEOUT = 60.0  # seconds
MAIN = "import sys; del sys.path[0]; from kernels_helpers.zygote import main; main({})"
KERNEL = ["-m", "ipykernel_launcher"]
STARTUP = ("PYTHON", "LD_")  # variables that count when a process starts, no later

_zygote: "Zygote | None" = None


class Forked:
    """Stand in for the Popen of a forked kernel.

    ``returncode`` is that of Popen; ``orphaned`` tells that the kernel was killed
    because the process it was forked from ended.
    """

    stdin = stdout = stderr = None
    returncode: int | None = None
    orphaned = False

    def __init__(self, channel: socket.socket, pid: int) -> None:
        self._channel = channel
        self.pid = pid

    def fileno(self) -> int:
        """Return the descriptor that can be read when the kernel has ended."""
        return self._channel.fileno()

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs."""
        if self.returncode is None and select.select([self._channel], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """Wait for the end of the kernel and return its exit code."""
        if self.returncode is None:
            with self._channel as channel:
                word, _, code = channel.recv(64).decode().partition(" ")
            self.orphaned = word != "exit"
            self.returncode = -signal.SIGKILL if self.orphaned else int(code)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Zygote:
    """Hold the process that this process's kernels are forked from.

    It is started, or forked from the zygote of the process that forked this one.
    """

    def __init__(self, parent: "Zygote | None" = None) -> None:
        self._control, theirs = _pair()
        self.owner = os.getpid()
        self.process = None
        with theirs:
            if parent:
                socket.send_fds(parent._control, [b"z"], [theirs.fileno()])
                return
            self.process = subprocess.Popen(
                [sys.executable, "-c", MAIN.format(theirs.fileno())],
                env={k: v for k, v in os.environ.items() if k != "JPY_PARENT_PID"},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        atexit.register(self.close)

    async def fork(
        self, arguments: Sequence[str], env: Mapping[str, str], cwd: str
    ) -> Forked:
        """Fork a kernel and wait until it listens; DockbookError when it does not."""
        channel, theirs = _pair()
        channel.setblocking(False)  # noqa: FBT003 - the name says it
        with theirs, os.fdopen(os.memfd_create("request"), "w+b") as request:
            told = {"arguments": arguments, "env": dict(env), "cwd": cwd}
            request.write(json.dumps(told).encode())
            request.seek(0)
            socket.send_fds(self._control, [b"k"], [request.fileno(), theirs.fileno()])
        receive = functools.partial(asyncio.get_running_loop().sock_recv, channel, 64)
        async with asyncio.timeout(START_TIMEOUT):
            word, _, pid = (await receive()).decode().partition(" ")
            if word != "pid" or await receive() != b"ready":
                raise DockbookError("the kernel ended before it was ready")
        channel.setblocking(True)  # noqa: FBT003
        return Forked(channel, int(pid))

    def alive(self) -> bool:
        """Tell whether the process listens: all it would ever say is its end."""
        return not select.select([self._control], [], [], 0)[0]

    def close(self) -> None:
        """End the process, and with it its kernels."""
        atexit.unregister(self.close)
        self._control.close()
        if self.process:
            self.process.kill()
            self.process.wait()


def zygote() -> Zygote:
    """Return the zygote of this process; the first call starts it."""
    global _zygote
    parent = None
    if _zygote and _zygote.owner != os.getpid():
        parent, _zygote = _zygote, None
    elif _zygote and not _zygote.alive():
        _zygote.close()
        _zygote = None
    if _zygote is None:
        _zygote = Zygote(parent if parent and parent.alive() else None)
    return _zygote


def arguments_of(command: Sequence[str], env: Mapping[str, str]) -> list[str] | None:
    """Return what follows ``python -m ipykernel_launcher`` in a kernel's command.

    None for a kernel that cannot be forked: it is another's, or another Python's, or
    its environment has what counts only when Python starts.
    """
    if command[0] != sys.executable or _startup(env) != _startup(os.environ):
        return None
    words = [word for word in command[1:] if word != "-Xfrozen_modules=off"]
    return words[len(KERNEL) :] if words[: len(KERNEL)] == KERNEL else None


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _startup(env: Mapping[str, str]) -> dict[str, str]:
    return {name: env[name] for name in env if name.startswith(STARTUP)}
