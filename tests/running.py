"""Processes of the machine, those in labs too."""

from collections.abc import Iterator
from pathlib import Path


def running() -> Iterator[tuple[str, bytes]]:
    """List processes by their pid and command line; the dead have none."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.parts[2], path.read_bytes()
        except OSError:
            continue
