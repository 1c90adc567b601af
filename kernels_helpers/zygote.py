"""The process that kernels are forked from, with what they need imported.

``main`` gets one end of a socket pair. A message ``k`` on it asks for a kernel and
carries two descriptors: a file with the request (JSON: arguments, environment,
folder) and the kernel's channel. There the kernel says ``pid N`` and ``ready``, and
this process ``exit N``. A message ``z`` asks for another process like this one and
carries the end of its pair. When the pair ends, this process does, and Linux kills
the kernels with it.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any, TypeAlias

PARENT = "JPY_PARENT_PID"  # how a kernel knows who started it
PR_SET_PDEATHSIG = 1
NEEDED = (
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "kernels_helpers.diagrams",
    "kernels_helpers.kernel",
    "tornado.platform.asyncio",
)
Kernels: TypeAlias = dict[int, tuple[int, socket.socket]]  # by pidfd: pid, channel
FLUSH = 1.0  # seconds for the last answer of a kernel


def main(descriptor: int) -> None:
    """Import what kernels need, then serve."""
    _import()
    while (another := _serve_pair(descriptor)) is not None:
        descriptor = another


def _serve_pair(descriptor: int) -> int | None:
    """Fork kernels until the socket pair ends; without threads: so fork is safe.

    Returns None then, and in a forked process like this one the end of its pair.
    """
    zygote, poller = os.getpid(), select.poll()
    kernels: Kernels = {}
    with socket.socket(fileno=descriptor) as control:
        poller.register(control, select.POLLIN)
        while True:
            for ready, _ in poller.poll():
                if ready in kernels:
                    poller.unregister(ready)
                    _report(ready, *kernels.pop(ready))
                    continue
                message, received, *_ = socket.recv_fds(control, 1, 2)
                if not message:
                    return None
                if message == b"z":
                    if another := _fork_another(received[0], kernels):
                        return another
                    continue
                request, channel = received[0], socket.socket(fileno=received[1])
                pid = _fork(kernels)
                if pid == 0:
                    control.close()
                    _run(request, channel, zygote)
                os.close(request)
                process = os.pidfd_open(pid)
                kernels[process] = pid, channel
                poller.register(process, select.POLLIN)


def _fork(kernels: Kernels) -> int:
    """Fork; the new process does not hold what belongs to the kernels."""
    pid = os.fork()
    if pid == 0:
        for process, (_, channel) in kernels.items():
            os.close(process)
            channel.close()
    return pid


def _fork_another(end: int, kernels: Kernels) -> int | None:
    """Fork a process like this one, with its end of a pair; None in this one."""
    pid = _fork(kernels)
    if pid:
        os.close(end)
        os.waitpid(pid, 0)
        return None
    if os.fork():
        os._exit(0)
    os.setsid()
    return end


def _import() -> None:
    """Import what a kernel would, but no debugger: none is used headless."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # is not to be found
    for name in NEEDED:
        importlib.import_module(name)
    del sys.modules["debugpy"]
    gc.collect()
    gc.freeze()  # the collector shall not write to the pages that kernels share


def _report(process: int, pid: int, channel: socket.socket) -> None:
    """Tell how a kernel ended."""
    os.close(process)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with channel, contextlib.suppress(OSError):  # nobody may listen any more
        channel.send(b"exit %d" % code)


def _run(request: int, channel: socket.socket, zygote: int) -> None:
    """Be a kernel: never return."""
    code = 1
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != zygote:  # it ended before Linux was told
            os._exit(code)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with open(request, encoding="utf-8") as file:
            _serve(json.load(file), channel)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - nothing may go back into the loop of main
        traceback.print_exc()
    finally:
        _end(code)


def _serve(request: dict[str, Any], channel: socket.socket) -> None:
    """Run the kernel's application as ``ipykernel_launcher`` does."""
    from ipykernel.kernelapp import IPKernelApp

    channel.send(b"pid %d" % os.getpid())
    os.environ.clear()
    os.environ.update(request["env"])
    os.environ[PARENT] = str(os.getppid())
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv = ["ipykernel_launcher", *request["arguments"]]
    app = IPKernelApp.instance()
    app.initialize(request["arguments"])
    with channel:
        channel.send(b"ready")
    app.start()
    # It was told to stop, and may be flushing to what is closed next.
    app.control_thread.join(FLUSH)


def _end(code: int) -> None:
    """End as Python does, but leave the memory to Linux."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
