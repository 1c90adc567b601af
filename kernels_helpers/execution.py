"""One execution of a notebook: the kernel's environment, time-outs, signals."""

import asyncio
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger

from kernels_helpers import forks, kernels
from kernels_helpers.steps import seconds

GRACE = 10.0  # seconds from a time-out until the kernel must have begun to unwind
INSIST = 0.5  # seconds between two interrupts
TAIL = 0.1  # seconds for the last messages of a kernel that has ended
QUIET = [
    "--log-level=CRITICAL",  # its shutdown interrupts it: no error
    "--HistoryManager.enabled=False",  # a run is not the user's typing
]


@dataclass(frozen=True)
class Watch:
    """Say what is to be told of an execution, and how long it may take.

    ``on_cell`` is called with each code cell before it runs, ``on_timeout`` with what
    has taken too long. The time-outs are written like ``30s`` or ``5m``.
    ``unwinding`` tells whether the kernel has begun to unwind: else it is killed.
    """

    on_cell: Callable[[NotebookNode], None] = lambda _: None
    on_timeout: Callable[[str], None] = lambda _: None
    unwinding: Callable[[], bool] = lambda: False
    cell_timeout: str = ""
    chapter_timeout: str = ""


class Execution(NBClientEngine):  # type: ignore[misc]  # papermill is untyped
    """Execute a notebook as papermill does, and let the kernel end it on a signal.

    ``kernel_env`` is added to the environment of the kernel; ``watch`` is a
    :class:`Watch`. All other options are those of papermill's engine.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        kernel_env: Mapping[str, str] | None = None,
        watch: Watch | None = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **options: Any,
    ) -> NotebookNode:
        """Run the cells; a failed one ends the run."""
        for name in ("input_path", "startup_timeout"):
            options.pop(name, None)
        options["timeout"] = execution_timeout or options.get("timeout")
        env = {**os.environ, **(kernel_env or {})}
        with written_seldom(nb_man):
            client = NotebookClient(
                nb_man,
                watch=watch or Watch(),
                kernel_name=kernel_name,
                kernel_manager_class=kernels.Manager,
                startup_timeout=start_timeout,
                log=logger,
                **options,
            )
            manager = client.create_kernel_manager()
            forked = forks.arguments_of(manager.format_kernel_cmd(), env) is not None
            if forked:
                client.extra_arguments = [*client.extra_arguments, *QUIET]
            sockets = kernels.private_sockets(manager) if forked else nullcontext()
            with sockets, signals_to_kernel(client):
                return client.execute(env=env)


class NotebookClient(PapermillNotebookClient):  # type: ignore[misc]
    """Watch the kernel while a cell runs: its end, and the time.

    A time-out interrupts the kernel, which fails its cell and unwinds, and kills one
    that has not begun to within ``GRACE``.
    """

    def __init__(self, nb_man: Any, watch: Watch, **options: Any) -> None:
        super().__init__(
            nb_man,
            on_cell_execute=lambda cell, cell_index: watch.on_cell(cell),
            **options,
        )
        self.watch = watch
        self.end = _deadline(watch.chapter_timeout)
        self.death: str | None = None
        self.interrupted = False

    def execute(self, **options: Any) -> NotebookNode:
        """Execute the notebook; DeadKernelError says how the kernel has ended."""
        try:
            return super().execute(**options)
        except DeadKernelError as error:
            raise DeadKernelError(self.death or str(error)) from error

    async def _async_poll_kernel_alive(self) -> None:
        """Do what nbclient asks for once a second, without asking."""
        provisioner = self.km.provisioner
        if not isinstance(provisioner, kernels.Provisioner):
            await super()._async_poll_kernel_alive()
            return
        while self.interrupted and not self.watch.unwinding():
            await self.km.interrupt_kernel()  # the signal came between two cells
            with suppress(TimeoutError):
                async with asyncio.timeout(INSIST):
                    await provisioner.ended()
                    break
        if told := await self._late(provisioner):
            self.watch.on_timeout(told)
            await self.km.interrupt_kernel()
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await provisioner.ended()
            if not self.watch.unwinding() and await self.km.is_alive():
                self.death = f"it did not unwind within {GRACE:.0f} s and was killed"
                await provisioner.kill()
            await provisioner.ended()
        self.death = self.death or provisioner.death()
        await asyncio.sleep(TAIL)
        while await self.kc.iopub_channel.msg_ready():
            await asyncio.sleep(TAIL)
        self.task_poll_for_reply.cancel()

    async def _late(self, provisioner: kernels.Provisioner) -> str | None:
        """Wait for the end of the kernel, or return what has taken too long."""
        cell_end = _deadline(self.watch.cell_timeout)
        heard = time.monotonic() + INSIST  # by then the kernel is at work on the cell
        try:
            async with asyncio.timeout_at(max(min(cell_end, self.end), heard)):
                await provisioner.ended()
        except TimeoutError:
            if cell_end <= self.end:
                return f"the cell did not end within {_words(self.watch.cell_timeout)}"
            words = _words(self.watch.chapter_timeout)
            return f"the chapter did not end within {words}"
        return None


def _deadline(duration: str) -> float:
    """Return when the time that begins now is over, as the event loop counts."""
    return time.monotonic() + seconds(duration) if duration else math.inf


def _words(duration: str) -> str:
    return f"{duration[:-1]} {duration[-1]}"


@contextmanager
def written_seldom(nb_man: Any) -> Iterator[None]:
    """Write the notebook when the run ends, however it ends, and not twice a cell.

    papermill's ``autosave_cell_every`` still counts, which is 30 seconds.
    """
    save = nb_man.save

    def save_if_due(**_: Any) -> None:
        age = (nb_man.now() - nb_man.last_save_time).total_seconds()
        if nb_man.autosave_cell_every and age >= nb_man.autosave_cell_every:
            save()

    nb_man.save = save_if_due
    try:
        yield
    finally:
        nb_man.save = save
        nb_man.save()


@contextmanager
def signals_to_kernel(client: NotebookClient) -> Iterator[None]:
    """Hand Ctrl-C and SIGTERM to the kernel, which fails its cell and unwinds.

    A second signal ends this process at once; the journal then tells what to undo.
    Outside the main thread there are no signals to hand on.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)

    def forward(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.default_int_handler)
        client.interrupted = True
        provisioner = client.km and client.km.provisioner
        if not getattr(provisioner, "pid", None):
            raise KeyboardInterrupt
        os.kill(provisioner.pid, signal.SIGINT)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
