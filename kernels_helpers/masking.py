"""Mask secrets by value in texts, however they are written there.

A text may come in pieces: :class:`Stream` holds back only an end that may be the
beginning of a secret, so that splitting a text never shows what is in it.
"""

import base64
import html
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "Form", "Mask", "Stream", "forms"]

MASK = "***"
LINE = 8  # characters of a line that is masked without the others of its secret

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
URLSAFE = str.maketrans("+/", "-_")
GO_JSON = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&"})
BACKSLASHED = re.compile(r"""[\s'"\\|&;()<>!{}*\[\]?^$`,]|\A[#~]|(?<=[=:])~""")
ANSI_C = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True)
class Form:
    """One way to write a secret: a text, and what may stand at its two edges.

    ``left`` and ``right`` are sets of characters that hold a few bits of the secret
    besides some of its neighbours, as base64 has them.
    """

    name: str
    core: str
    left: str = ""
    right: str = ""

    def __len__(self) -> int:
        return len(self.core) + bool(self.left) + bool(self.right)

    @property
    def pattern(self) -> str:
        """Return a regular expression for the form."""
        return f"{_any_of(self.left)}{re.escape(self.core)}{_any_of(self.right)}"

    def begins(self, text: str, start: int) -> int:
        """Find where an unfinished form may begin; the length of the text if nowhere.

        That is the first place from ``start`` on from which the text, to its end, is
        a form that lacks something.
        """
        at = max(start, len(text) - len(self.core))
        while (at := text.find(self.core[0], at)) >= 0:
            rest = len(text) - at
            more = rest < len(self.core) or self.right
            if more and self.core.startswith(text[at:]):
                return at - (at > start and text[at - 1] in self.left)
            at += 1
        return len(text) - (len(text) > start and text[-1] in self.left)


class Mask:
    """Replace secrets in texts, in all forms; without secrets a text stays as it is."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found = {(f.left, f.core, f.right): f for s in secrets for f in forms(s)}
        self.forms = sorted(found.values(), key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self.forms)

    def __call__(self, text: str) -> str:
        """Mask a whole text."""
        pattern = self._pattern(text)
        return pattern.sub(MASK, text) if pattern else text

    def deep(self, value: Any) -> Any:
        """Mask every text in lists and mappings."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list | tuple):
            return [self.deep(item) for item in value]
        if isinstance(value, dict):
            return {self.deep(key): self.deep(item) for key, item in value.items()}
        return value

    def split(self, text: str) -> tuple[str, str]:
        """Mask a text that goes on; return that, and the end that must wait."""
        pattern = self._pattern(text)
        done, start = "", 0
        while True:
            held = min((f.begins(text, start) for f in self.forms), default=len(text))
            found = pattern.search(text, start) if pattern else None
            if found is None or held <= found.start():
                return done + text[start:held], text[held:]
            done += text[start : found.start()] + MASK
            start = found.end()

    def _pattern(self, text: str) -> re.Pattern[str] | None:
        """Return what finds the forms that are in a text, the longest first."""
        there = tuple(form.pattern for form in self.forms if form.core in text)
        return _compiled(there) if there else None


class Stream:
    """Mask a text that comes in pieces, on its way to ``write``."""

    def __init__(self, mask: Mask, write: Callable[[str], object]) -> None:
        self._mask = mask
        self._write = write
        self._held = ""

    def __enter__(self) -> Callable[[str], None]:
        return self.write

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.flush()

    def write(self, text: str) -> None:
        """Hand on all but an end that may be the beginning of a secret."""
        done, self._held = self._mask.split(self._held + text)
        if done:
            self._write(done)

    def flush(self) -> None:
        """Hand on what is held back: nothing follows it."""
        held, self._held = self._held, ""
        if held:
            self._write(self._mask(held))


def forms(secret: str) -> Iterator[Form]:
    """List the ways to write a secret, and each longer line of it."""
    lines = secret.splitlines()
    more = [line for line in lines if len(line) >= LINE] if len(lines) > 1 else []
    for value in (secret, *more):
        yield Form("plain", value)
        yield from _base64(value.encode())
        yield from (Form("URL-encoded", text) for text in _in_url(value))
        yield from (Form("JSON", text) for text in _in_json(value))
        yield from (Form("shell", text) for text in _in_shell(value))
        yield Form("Python", repr(value)[1:-1])
        yield Form("Python", repr(value.encode())[2:-1])
        yield Form("HTML", html.escape(value))


def _base64(raw: bytes) -> Iterator[Form]:
    """Encode behind 0, 1 and 2 bytes: base64 takes three at a time.

    A character at an edge has bits of the neighbour in it: only the others are sure.
    """
    for before in range(3):
        first = -(-8 * before // 6)
        last, over = divmod(8 * (before + len(raw)), 6)
        core = base64.b64encode(bytes(before) + raw).decode()[first:last]
        mine = 8 * -before % 6  # bits of ours in the character at the left edge
        low = raw[0] >> 8 - mine
        left = BASE64[low :: 1 << mine] if mine else ""
        high = (raw[-1] & (1 << over) - 1) << 6 - over
        right = BASE64[high : high + (1 << 6 - over)] if over else ""
        yield Form("base64", core, left, right)
        yield Form("base64", *(s.translate(URLSAFE) for s in (core, left, right)))


def _in_url(value: str) -> Iterator[str]:
    """Encode as Python does, and as JavaScript does."""
    for text in (
        *(quote(value, safe) for safe in ("", "/", "!'()*")),
        quote_plus(value),
    ):
        yield text
        yield re.sub("%..", lambda found: found[0].lower(), text)


def _in_json(value: str) -> Iterator[str]:
    """Escape as Python does, and as Go, which Docker is written in."""
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield text
        yield text.translate(GO_JSON)


def _in_shell(value: str) -> Iterator[str]:
    """Quote as shlex does, and as bash does for ``set -x``, ``printf %q``, ``declare``.

    The quotes around the whole are left out.
    """
    yield shlex.quote(value).removeprefix("'").removesuffix("'")
    yield value.replace("'", r"'\''")
    yield "".join(ANSI_C.get(c, c) for c in value)
    yield BACKSLASHED.sub(r"\\\g<0>", value)
    yield re.sub(r'(["$`\\])', r"\\\1", value)


def _any_of(characters: str) -> str:
    return f"[{re.escape(characters)}]?" if characters else ""


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns))
