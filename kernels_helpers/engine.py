"""The papermill engine of dockbook: progress, the kernel's environment, signals."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty
from types import FrameType
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger
from traitlets.config import Config

NAME = "dockbook"
READY_TIMEOUT = 60.0  # seconds


class Engine(NBClientEngine):  # type: ignore[misc]  # papermill is untyped
    """Execute a notebook as papermill does, and let the kernel end it on a signal.

    ``kernel_env`` is added to the environment of the kernel, ``on_cell`` is called
    with the index of each cell before it runs.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernel_env: Mapping[str, str],
        on_cell: Callable[[int], None],
        start_timeout: int = 60,
        **_: Any,
    ) -> NotebookNode:
        """Run the cells; a failed one ends the run."""
        with private_sockets() as config, written_once(nb_man):
            client = PapermillNotebookClient(
                nb_man,
                timeout=None,
                startup_timeout=start_timeout,
                kernel_name=kernel_name,
                coalesce_streams=True,  # the pieces of one output may come in any size
                log=logger,
                extra_arguments=[
                    "--log-level=CRITICAL",  # its shutdown interrupts it: no error
                    "--HistoryManager.enabled=False",  # a run is not the user's typing
                ],
                config=config,
                on_cell_execute=lambda cell, cell_index: on_cell(cell_index),
            )
            client.km = client.create_kernel_manager()
            client.km.client_class = f"{__name__}.{Client.__name__}"
            with signals_to_kernel(client):
                return client.execute(env={**os.environ, **kernel_env})


class Client(AsyncKernelClient):  # type: ignore[misc]  # jupyter_client is untyped
    """Take a kernel for ready as soon as it has answered, to the last message.

    jupyter_client listens for 0.2 s more, to every kernel.
    """

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


def _is_idle(message: dict[str, Any], request: str) -> bool:
    answered: bool = message["parent_header"].get("msg_id") == request
    return answered and message["content"].get("execution_state") == "idle"


@contextmanager
def private_sockets() -> Iterator[Config]:
    """Let client and kernel talk over sockets of this user, not over open TCP ports."""
    with tempfile.TemporaryDirectory(prefix="dockbook-") as folder:
        yield Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})


@contextmanager
def written_once(nb_man: Any) -> Iterator[None]:
    """Write the notebook when the run ends, however it ends, and not per cell.

    papermill writes it twice a cell; what a killed run did is in the journal.
    """
    path, nb_man.output_path = nb_man.output_path, None
    try:
        yield
    finally:
        nb_man.output_path = path
        nb_man.save()


@contextmanager
def signals_to_kernel(client: PapermillNotebookClient) -> Iterator[None]:
    """Hand Ctrl-C and SIGTERM to the kernel, which fails its cell and unwinds.

    A second signal ends this process at once; the journal then tells what to undo.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)

    def forward(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.default_int_handler)
        provisioner = client.km and client.km.provisioner
        if provisioner is None or provisioner.pid is None:
            raise KeyboardInterrupt
        os.kill(provisioner.pid, signal.SIGINT)

    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


papermill_engines.register(NAME, Engine)
