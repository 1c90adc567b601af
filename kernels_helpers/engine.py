"""The papermill engine of dockbook: progress, the kernel's environment, signals."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger
from traitlets.config import Config

NAME = "dockbook"


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
                config=config,
                on_cell_execute=lambda cell, cell_index: on_cell(cell_index),
            )
            with signals_to_kernel(client):
                return client.execute(env={**os.environ, **kernel_env})


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
