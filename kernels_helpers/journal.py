"""The journal of a run: one JSON line for everything that happened, as it happens."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kernels_helpers.errors import DockbookError


class Journal:
    """Append to the journal of one run.

    A line is on the disk before :meth:`write` returns: what a killed run was
    about to do can be read afterwards.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, event: str, **facts: object) -> None:
        """Append one event; DockbookError when it cannot be stored."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps({"time": stamp, "event": event, **facts}, ensure_ascii=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DockbookError(
                f"the journal {self.path} cannot be written ({error.strerror}): "
                "nothing was run; free space or give another --out"
            ) from error


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Read the events of a journal; a last line cut short by a crash is left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)
