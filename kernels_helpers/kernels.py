"""Kernels for the engine: how they start, are known to be ready, and end.

They are jupyter_client's, without its fixed pauses: it asks ten times a second
whether a process has ended, and listens for 0.2 s to one that is ready.
"""

import asyncio
import os
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from nbclient.exceptions import DeadKernelError

from kernels_helpers import forks

READY_TIMEOUT = 60.0  # seconds


class Provisioner(LocalProvisioner):  # type: ignore[misc]  # jupyter_client is untyped
    """Fork the kernels of this Python, spawn others, and wait without polling."""

    process: Any  # Forked, Popen, or None before and after

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; DockbookError when a forked one does not listen."""
        arguments = forks.arguments_of(cmd, kwargs["env"])
        if arguments is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = str(kwargs.get("cwd") or Path.cwd())
        self.process = await forks.zygote().fork(arguments, kwargs["env"], self.cwd)
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def ended(self) -> None:
        """Return when the kernel's process has ended."""
        if self.process is None or self.process.poll() is not None:
            return
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        if isinstance(self.process, forks.Forked):
            descriptor = os.dup(self.process.fileno())  # others may wait, too
        else:
            descriptor = os.pidfd_open(self.process.pid)
        loop.add_reader(descriptor, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    async def wait(self) -> int | None:
        """Wait for the end of the process, without asking again and again."""
        await self.ended()
        code: int | None = await super().wait()
        return code

    def death(self) -> str:
        """Say how the kernel came to its end."""
        code = self.process and self.process.poll()
        if getattr(self.process, "orphaned", False):
            return "the kernel died with the process it was forked from"
        if code is None or code >= 0:
            return f"the kernel exited with {code or 0}"
        name = signal.Signals(-code).name
        why = " (out of memory?)" if -code == signal.SIGKILL else ""
        return f"the kernel was killed by {name}{why}"


class Manager(AsyncKernelManager):  # type: ignore[misc]
    """Start a kernel by :class:`Provisioner`, unless its kernelspec names another."""

    provisioner: Any
    # without the 10 ms each that jupyter_client adds for its own tests
    start_kernel = AsyncKernelManager.start_kernel.__wrapped__
    shutdown_kernel = AsyncKernelManager.shutdown_kernel.__wrapped__

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_class = f"{__name__}.{Client.__name__}"
        if "kernel_provisioner" not in self.kernel_spec.metadata:
            self.kernel_id = str(uuid.uuid4())
            self.provisioner = Provisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        """Wait for the kernel's end: what a shutdown does."""
        if isinstance(self.provisioner, Provisioner):
            await self.provisioner.ended()
        else:
            await super()._async_wait(pollinterval)


class Client(AsyncKernelClient):  # type: ignore[misc]
    """Take a kernel for ready as soon as it has answered, to the last message."""

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or READY_TIMEOUT)
        while time.monotonic() < deadline:
            request = self.kernel_info()
            with suppress(Empty):
                reply = await self.get_shell_msg(timeout=1)
                while not _is_idle(await self.get_iopub_msg(timeout=0.2), request):
                    pass
                self._handle_kernel_info_reply(reply)
                return
            if not await self.is_alive():
                raise DeadKernelError("the kernel died before it was ready")
        raise DeadKernelError("the kernel does not answer")

    wait_for_ready = _async_wait_for_ready


@contextmanager
def private_sockets(manager: AsyncKernelManager) -> Iterator[None]:
    """Let client and kernel talk over sockets of this user, not over open TCP ports."""
    with tempfile.TemporaryDirectory(prefix="dockbook-") as folder:
        manager.transport, manager.ip = "ipc", f"{folder}/kernel"
        yield


def _is_idle(message: dict[str, Any], request: str) -> bool:
    answered: bool = message["parent_header"].get("msg_id") == request
    return answered and message["content"].get("execution_state") == "idle"
