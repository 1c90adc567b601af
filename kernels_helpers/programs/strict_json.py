"""Read JSON that people write by hand, strictly, and merge one text into another.

A program of its own, for any host with Python 3.9: ``strict_json.py FILE`` ends with 0
if FILE is an object in JSON, and else says file, line, reason and what to do.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any, NoReturn

SIGNS = {  # what JSON on Linux has not, and what to do about it
    b"\xef\xbb\xbf": "a byte order mark: save the file as UTF-8 without BOM",
    b"\r": "the line ends in CR LF: take the CR out with sed -i 's/\\r$//'",
}


class Stopped(Exception):
    """Say why something is not done, or not kept, with the exit code for it."""

    def __init__(self, said: str, code: int = 1) -> None:
        super().__init__(said)
        self.code = code


def read(path: Path) -> dict[str, Any]:
    """Return the object in a file that only its owner can write; else Stopped."""
    text = _text(path)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in (key for key in keys if keys.count(key) > 1):
            found = re.finditer(rf"{re.escape(json.dumps(key))}\s*:", text)
            lines = ", ".join(str(_line(text, match.start())) for match in found)
            raise Stopped(f"{path}:{lines}: the key {key!r} is there twice: leave one")
        return dict(pairs)

    def number(word: str) -> NoReturn:
        raise Stopped(f"{path}: {word} is no number of JSON: write one")

    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=number)
    except json.JSONDecodeError as error:
        raise Stopped(f"{path}:{error.lineno}: {_reason(text, error)}") from None
    except RecursionError:
        raise Stopped(f"{path}: it is nested too deeply: make it flatter") from None
    if not isinstance(found, dict):
        raise Stopped(f"{path}:1: this is no object: put the settings into {{ … }}")
    return found


def merge(old: object, new: object) -> Any:
    """Return what a JSON merge patch makes of a value: null takes a key away."""
    if not isinstance(new, dict):
        return new
    both = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        if value is None:
            both.pop(key, None)
        else:
            both[key] = merge(both.get(key), value)
    return both


def _text(path: Path) -> str:
    _judge(path)
    data = path.read_bytes()
    for sign, said in SIGNS.items():
        if sign in data:
            raise Stopped(f"{path}:{_line(data, data.index(sign))}: {said}")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = _line(data, error.start)
        raise Stopped(f"{path}:{line}: this is no UTF-8: save it as UTF-8") from None


def _judge(path: Path) -> None:
    """Refuse what is no file, and what somebody else could write."""
    facts = path.lstat()
    mode = stat.S_IMODE(facts.st_mode)
    if stat.S_ISLNK(facts.st_mode):
        to = path.readlink()
        raise Stopped(f"{path}: this is a link to {to}: put the file itself there")
    if not stat.S_ISREG(facts.st_mode):
        raise Stopped(f"{path}: this is no file: name one with settings in JSON")
    if facts.st_uid not in (0, os.geteuid()):
        raise Stopped(f"{path}: it belongs to user {facts.st_uid}: chown root")
    if mode & 0o022:
        raise Stopped(f"{path}: with mode {mode:o} others may write it: chmod go-w")


def _reason(text: str, error: json.JSONDecodeError) -> str:
    """Say what a person has written that is not JSON."""
    here, before = text[error.pos :], text[: error.pos].rstrip()
    if here.startswith(("//", "/*", "#")):
        return "a comment, which JSON has not: take it out"
    if re.match(r"\s*[]}]", here) and before.endswith(","):
        return "a comma before the bracket that closes: take it out"
    return f"{error.msg}, column {error.colno}: mend the JSON there"


def _line(text: str | bytes, at: int) -> int:
    """Count the lines up to a place."""
    before = text[:at]
    return 1 + (before.count("\n") if isinstance(before, str) else before.count(b"\n"))


def main() -> None:
    """Judge the file that the command line names."""
    try:
        read(Path(sys.argv[1]))
    except Stopped as stopped:
        sys.exit(str(stopped))
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
