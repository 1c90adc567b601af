"""Mask what leaves a kernel: the text of its streams, and all other output.

The kernel itself is not told what is secret by Jupyter or papermill: its session
packs every message, and its two streams are written to by all that prints.
"""

import io
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from kernels_helpers.errors import ChapterError
from kernels_helpers.masking import Mask, Stream

# What a cell can put a text into, in all messages of the kernel. The other fields
# are the protocol's own, and its words stay.
OUTPUT = frozenset(
    {
        *("text", "data", "metadata", "payload", "user_expressions"),
        *("ename", "evalue", "traceback"),
    }
)


def mask_all(shell: InteractiveShell, mask: Mask) -> Callable[[object], None]:
    """Mask the output of a kernel from now on.

    Returns what sends the end of a text that is held back: call it at the end of
    each cell. Raises ChapterError where there is no kernel.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        raise ChapterError("a chapter with a secret is for a kernel: run it in Jupyter")
    session = kernel.session
    pack = session.pack
    session.pack = lambda part: pack(_masked(part, mask))
    filters = [Filter(stream, mask) for stream in (sys.stdout, sys.stderr)]

    def end_cell(_result: object) -> None:
        for each in filters:
            each.end(session)

    return end_cell


class Filter:
    """Mask what goes out over one stream of a kernel, message by message.

    What is written to the stream cannot be masked before: IPython takes its
    ``write`` for itself in every cell.
    """

    def __init__(self, stream: Any, mask: Mask) -> None:
        self._stream = stream
        self._lock = threading.RLock()  # the thread that sends is another one
        self._parts: list[str] = []
        self._masked = Stream(mask, self._parts.append)
        stream.register_hook(self._pass)  # a thread has hooks of its own
        stream.pub_thread.schedule(lambda: stream.register_hook(self._pass))
        _silence(stream)

    def end(self, session: Any) -> None:
        """Send the text that is held back."""
        self._stream.flush()  # with what is on its way to it
        with self._lock:
            self._masked.flush()
            text = self._take()
        if text:
            content = {"name": self._stream.name, "text": text}
            header = self._stream.parent_header
            thread, topic = self._stream.pub_thread, self._stream.topic
            session.send(thread, "stream", content, parent=header, ident=topic)

    def _pass(self, message: dict[str, Any]) -> dict[str, Any]:
        """Mask one message; one that must wait goes out empty, or others got lost."""
        with self._lock:
            self._masked.write(message["content"]["text"])
            message["content"]["text"] = self._take()
        return message

    def _take(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        return text


def _masked(part: Any, mask: Mask) -> Any:
    """Mask one part of a message: its content has output, its headers have none."""
    if not isinstance(part, dict):
        return part
    return {k: _inside(v, mask) if k in OUTPUT else v for k, v in part.items()}


def _inside(value: Any, mask: Mask) -> Any:
    """Mask a text or a bundle; the types of a bundle are not output."""
    if isinstance(value, dict):
        return {kind: mask.deep(shown) for kind, shown in value.items()}
    return mask.deep(value)


def _silence(stream: Any) -> None:
    """Keep what other programs write from the terminal, where it is not masked.

    A kernel that reads what they write, to show it in the cell, has a copy for it;
    one that does not has let them write there.
    """
    try:
        terminal = stream.fileno()
    except io.UnsupportedOperation:
        terminal = {"stdout": 1, "stderr": 2}[stream.name]
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, terminal)
    os.close(nothing)
