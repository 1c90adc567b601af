"""The values of parameters in a bash body, each where its ``$name`` stands.

A filled body runs as it is pasted, in a shell that knows none of the names. Where bash
has to see a name itself, as in ``${image%:*}``, it stays, and the body needs the
variable: ``declared`` writes the lines that set it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote

from kernels_helpers.site.places import Reader, Value

MENTION = re.compile(r"\$\{?[#!]?(\w+)")


@dataclass(frozen=True)
class Piece:
    """Hold a piece of a body; one with a name is a value, written for its context.

    The context is ``word``, ``quoted`` (inside of double quotes), ``heredoc``,
    ``number`` (in arithmetic), or for what is no bash ``text`` or ``output``.
    """

    text: str
    name: str = ""
    context: str = ""


def written(value: Value, context: str) -> str:
    """Write a value so that bash takes it literally in its context."""
    text = str(value)
    if context == "word":
        return quote(text)
    if context == "quoted":  # an interactive bash would act on a ! in there
        return re.sub(r'([\\"$`])', r"\\\1", text).replace("!", "\"'!'\"")
    if context == "heredoc":
        return re.sub(r"([\\$`])", r"\\\1", text)
    return text


def fill(body: str, values: Mapping[str, Value]) -> tuple[list[Piece], list[str]]:
    """Fill values into a body; return its pieces, and the names that it still needs.

    A body that cannot be parsed stays as it is and needs all that it names.
    """
    reader = Reader(body, values)
    pieces, at = [], 0
    raw, rest = body.encode(), bytearray(body.encode())
    for start, end, name, context in reader.filled():
        pieces.append(Piece(raw[at:start].decode()))
        pieces.append(Piece(written(values[name], context), name, context))
        rest[start:end] = b" " * (end - start)
        at = end
    pieces.append(Piece(raw[at:].decode()))
    for start, end in reader.unread:
        rest[start:end] = b" " * (end - start)
    needed = reader.needed | {*MENTION.findall(rest.decode())}
    return [p for p in pieces if p.text or p.name], [
        name for name in values if name in needed
    ]


def declared(needed: list[str], values: Mapping[str, Value]) -> Iterator[Piece]:
    """Write the lines that set the variables which a body needs."""
    for name in needed:
        if values[name] is not None:
            yield Piece(f"export {name}=")
            yield Piece(written(values[name], "word"), name, "word")
            yield Piece("\n")
