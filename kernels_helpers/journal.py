"""The journal of a run: one JSON line for everything that happened, as it happens.

It is a hash chain: ``previous`` of a line is the SHA-256 of the whole line before
it, the line feed included, so ``sed -n 7p journal.jsonl | sha256sum`` is what line
8 must say. A line that a crash has cut short stays where it is; the next writer
ends it and writes the event ``cut`` behind it.
"""

import fcntl
import json
import os
import pwd
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from kernels_helpers.errors import DockbookError
from kernels_helpers.masking import Mask

START = "0" * 64  # what the first line carries
# What undo and resume act on, as the chapter says it: no output of a command.
VERBATIM = frozenset(
    {
        *("run", "chapter", "host", "parameters", "secrets"),
        *("kind", "body", "unless", "undo", "user"),
    }
)
NOBODY = 2**32 - 1  # the kernel's word for a process without a login


class Journal:
    """Append to the journal of one run.

    A line is on the disk before :meth:`write` returns: what a killed run was
    about to do can be read afterwards. Several journals may write to one file.
    ``mask`` is applied to all but what the chapter itself says.
    """

    def __init__(self, path: Path, mask: Mask | None = None) -> None:
        self.path = path
        self._mask = mask or Mask()
        self._end = 0  # where the file ended when the hash was taken
        self._previous = START

    def write(self, event: str, **facts: object) -> None:
        """Append one event; DockbookError when it cannot be stored."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
                self._append(file, event, self._masked(facts))
        except OSError as error:
            raise DockbookError(
                f"the journal {self.path} cannot be written ({error.strerror}): "
                "nothing was run; free space or give another --out"
            ) from error

    def _masked(self, facts: dict[str, object]) -> dict[str, object]:
        """Mask text by text: in the line, a secret could be a word of JSON."""
        return {
            name: fact if name in VERBATIM else self._mask.deep(fact)
            for name, fact in facts.items()
        }

    def _append(self, file: BinaryIO, event: str, facts: dict[str, object]) -> None:
        end, previous, mending = file.seek(0, os.SEEK_END), self._previous, b""
        if end != self._end:  # somebody else has written, or a write failed half-way
            previous, whole = _last(file, previous)
            if not whole:
                cut = _line("cut", {}, previous)
                mending, previous = b"\n" + cut, _hash(cut)
        line = _line(event, facts, previous)
        file.write(mending + line)
        file.flush()
        os.fsync(file.fileno())
        self._end, self._previous = end + len(mending + line), _hash(line)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Read the events of a journal; a line cut short by a crash is left out.

    Raises DockbookError at a line that is damaged in another way.
    """
    lines = _lines(path)
    for number in range(1, len(lines) + 1):
        if _is_cut(lines, number):
            continue
        event = _event(lines[number - 1])
        if event is None:
            raise DockbookError(f"{path}, line {number} is damaged: it is no event")
        yield event


def verify(path: Path) -> list[str]:
    """Name every break of the chain: its line, and what is wrong there."""
    lines = _lines(path)
    problems = [] if lines else ["there is no line"]
    expected = START
    for number, line in enumerate(lines, 1):
        event = _event(line)
        if not line.endswith(b"\n"):
            problems.append(f"line {number} is cut short: its writer was killed")
        elif event is None and not _is_cut(lines, number):
            problems.append(f"line {number} is no event")
        elif event is not None and event.get("previous") != expected:
            before = f"line {number - 1}" if number > 1 else "a beginning"
            problems.append(f"line {number} does not follow {before} as it is now")
        expected = _hash(line)
    return problems


def head(path: Path) -> str:
    """Return the hash of the last line, which stands for all before it."""
    return _hash((_lines(path) or [b""])[-1])


def who() -> str:
    """Name the user who runs this: the one who logged in, also below sudo."""
    try:
        number = int(Path("/proc/self/loginuid").read_text("ascii"))
    except (OSError, ValueError):
        number = NOBODY
    number = os.getuid() if number == NOBODY else number
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _line(event: str, facts: dict[str, object], previous: str) -> bytes:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    record = {"time": stamp, "event": event, **facts, "previous": previous}
    text = json.dumps(record, ensure_ascii=False) + "\n"
    # of half a surrogate pair this makes the escape that JSON has for it
    return text.encode("utf-8", "backslashreplace")


def _hash(line: bytes) -> str:
    return sha256(line).hexdigest()


def _last(file: BinaryIO, default: str) -> tuple[str, bool]:
    """Return the hash of the last line once it is ended, and whether it is."""
    file.seek(0)
    line = b""
    for line in file:  # noqa: B007 - the last one is wanted
        pass
    if not line:
        return default, True
    return _hash(line.rstrip(b"\n") + b"\n"), line.endswith(b"\n")


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            return list(file)
    except FileNotFoundError:
        return []


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _is_cut(lines: list[bytes], number: int) -> bool:
    """Tell whether a line was cut short, even if only by its line feed."""
    if number == len(lines):
        return not lines[-1].endswith(b"\n")
    following = _event(lines[number])
    return following is not None and following["event"] == "cut"
