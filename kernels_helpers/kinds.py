"""What a parameter accepts: values of Python, and texts that stand for them.

A kind checks a value (never converting one, but an int to a float) and reads a
text. A str is its text: ``1.10``, ``007``, ``on`` and ``null`` stay as written.
"""

import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

__all__ = [
    "BUILTINS",
    "Choice",
    "Kind",
    "MisfitError",
    "Scalar",
    "Text",
    "as_text",
    "is_int64",
    "pattern",
    "require_variable",
    "shown",
]

Text: TypeAlias = str | list[str]

ENTRY = 128 * 1024  # bytes of NAME=VALUE and its NUL: MAX_ARG_STRLEN of Linux
SHOWN = 60  # characters of a refused value that a message shows

FORMS: dict[type, tuple[str, Callable[[str], object]]] = {
    str: (r"(?s:.*)", str),
    int: (r"-?(?:0|[1-9][0-9]{0,18})", int),
    float: (r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", float),
    bool: (r"true|false", "true".__eq__),
}

JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


class MisfitError(ValueError):
    """Report a value that is not of its type."""


class Kind(Protocol):
    """Decide which values and which texts belong to a type."""

    @property
    def wanted(self) -> str:
        """Say in words what belongs."""

    def check(self, value: object) -> object:
        """Return the value, or raise MisfitError."""

    def read(self, text: Text) -> object:
        """Return the value that a text stands for, or raise MisfitError."""

    def schema(self) -> dict[str, Any]:
        """Say in JSON Schema what belongs."""


@dataclass(frozen=True)
class Scalar:
    """Accept the values of one Python type that keep to a rule.

    ``limits`` says of the rule what JSON Schema has words for.
    """

    base: type
    wanted: str
    rule: Callable[[Any], bool]
    limits: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def check(self, value: object) -> object:
        """Return the value; an int given for a float becomes one."""
        if self.base is float and type(value) is int and is_int64(value):
            value = float(value)
        if type(value) is not self.base or not self.rule(value):
            raise MisfitError(f"{shown(value)} is not {self.wanted}")
        return value

    def read(self, text: Text) -> object:
        """Convert a text; what cannot be converted fails the check as it is."""
        form, convert = FORMS[self.base]
        if isinstance(text, str) and re.fullmatch(form, text):
            return self.check(convert(text))
        return self.check(text)

    def schema(self) -> dict[str, Any]:
        """Say the type and the limits."""
        return {"type": JSON_TYPES[self.base], **self.limits}


@dataclass(frozen=True)
class Choice:
    """Accept one of a few words."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """List the words."""
        return "one of " + ", ".join(f'"{word}"' for word in self.words)

    def check(self, value: object) -> object:
        """Return the value if it is one of the words."""
        if type(value) is not str or value not in self.words:
            raise MisfitError(f"{shown(value)} is not {self.wanted}")
        return value

    def read(self, text: Text) -> object:
        """Return the text if it is one of the words."""
        return self.check(text)

    def schema(self) -> dict[str, Any]:
        """List the words."""
        return {"type": "string", "enum": [*self.words]}


def as_text(value: object) -> str:
    """Write a value the way a shell step sees it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "\n".join(as_text(item) for item in value)
    return str(value)


def require_variable(name: str, text: str) -> None:
    """Refuse a text that Linux cannot pass as an environment variable."""
    if "\0" in text:
        raise MisfitError("the value has a NUL character: remove it")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise MisfitError(
            f"the value is not Unicode text at character {error.start} "
            "(a lone surrogate): give it in UTF-8"
        ) from None
    limit = ENTRY - len(f"{name}=\0")
    if size > limit:
        raise MisfitError(
            f"the value has {size} bytes and Linux passes {limit}: "
            "put it in a file and give the path"
        )


def shown(value: object) -> str:
    """Show a value in a message, cut short and without control characters."""
    try:
        shown = repr(value)
    except ValueError:  # an int of thousands of digits
        return f"a huge {type(value).__name__}"
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"


def _any(_value: object) -> bool:
    """Accept every value."""
    return True


def is_int64(value: int) -> bool:
    """Say whether bash can count with a number."""
    return -(2**63) <= value < 2**63


def pattern(expression: str) -> dict[str, Any]:
    """Want a whole text in JSON Schema to match.

    Its patterns are searched for, by rules of JavaScript or of Python: in the
    latter ``$`` alone would let a line break follow.
    """
    return {"pattern": rf"^(?:{expression})$(?!\n)"}


BUILTINS: dict[str, Kind] = {
    "str": Scalar(str, "text", _any, pattern(r"[^\0]*")),
    "int": Scalar(
        int,
        "a whole number of 64 bits",
        is_int64,
        {"minimum": -(2**63), "maximum": 2**63 - 1},
    ),
    "float": Scalar(
        float,
        "a finite number",
        math.isfinite,
        {"minimum": -sys.float_info.max, "maximum": sys.float_info.max},
    ),
    "bool": Scalar(bool, "true or false", _any),
}
