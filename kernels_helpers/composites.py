"""What a parameter accepts that is made of other kinds: lists, and what may be None."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kernels_helpers.kinds import Kind, MisfitError, Text, as_text, pattern, shown

__all__ = ["ListOf", "Maybe"]

NONE = {"", "none", "null", "~"}  # texts that stand for None, if None is allowed


@dataclass(frozen=True)
class ListOf:
    """Accept a list whose items are of one kind."""

    item: Kind

    @property
    def wanted(self) -> str:
        """Describe the items."""
        return f"a list, each item {self.item.wanted}"

    def check(self, value: object) -> object:
        """Return a new list of checked items."""
        if type(value) is not list:
            raise MisfitError(f"{shown(value)} is not {self.wanted}")
        return [self._item(n, self.item.check, x) for n, x in enumerate(value, 1)]

    def read(self, text: Text) -> object:
        """Convert each item; one text is split at its commas."""
        if isinstance(text, str):
            text = [part.strip() for part in text.split(",")] if text.strip() else []
        return [self._item(n, self.item.read, x) for n, x in enumerate(text, 1)]

    def schema(self) -> dict[str, Any]:
        """Say what each item is; a text is one line that is not empty."""
        item = self.item.schema()
        line = {"allOf": [pattern(r"[^\n]+")]} if item["type"] == "string" else {}
        return {"type": "array", "items": {**item, **line}}

    @staticmethod
    def _item(number: int, accept: Callable[[Any], object], value: object) -> object:
        """Accept one item that a shell step can read as one line."""
        try:
            item = accept(value)
        except MisfitError as misfit:
            raise MisfitError(f"item {number}: {misfit}") from None
        if as_text(item) == "" or "\n" in as_text(item):
            raise MisfitError(
                f"item {number} is empty or has a line break: use one line"
            )
        return item


@dataclass(frozen=True)
class Maybe:
    """Accept None besides another kind."""

    kind: Kind

    @property
    def wanted(self) -> str:
        """Describe the other kind, and None as it is written in a text."""
        return f"{self.kind.wanted}, or none"

    def check(self, value: object) -> object:
        """Return None, or what the other kind makes of the value."""
        return None if value is None else self.kind.check(value)

    def read(self, text: Text) -> object:
        """Return None for a text that means it."""
        none = isinstance(text, str) and text in NONE
        return None if none else self.kind.read(text)

    def schema(self) -> dict[str, Any]:
        """Say what the other kind accepts, or null."""
        return {"anyOf": [self.kind.schema(), {"type": "null"}]}
