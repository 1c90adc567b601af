"""A try of a chapter that made no run, for want of a host."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from kernels_helpers.errors import HostError
from kernels_helpers.hosts import Host

SUFFIX = ".refused"  # of the file that stands where the folder of the run would be


@contextlib.contextmanager
def noted(joining: AbstractContextManager[Host], folder: Path) -> Iterator[Host]:
    """Join a host; if there is none, write why beside the folders of the runs."""
    with contextlib.ExitStack() as lifetime:
        try:
            host = lifetime.enter_context(joining)
        except HostError as error:
            path = folder.with_name(folder.name + SUFFIX)
            path.write_text(f"{error}\n", encoding="utf-8")
            raise
        yield host
