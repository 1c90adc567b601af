"""The values of parameters in a bash body, each where its ``$name`` stands.

A filled body runs as it is pasted, in a shell that knows none of the names. Where bash
has to see a name itself, as in ``${image%:*}``, it stays, and the body needs the
variable: ``declared`` sets it.
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


class Chapter:
    """Fill values into the bodies of a chapter, in their order.

    A file that one of them writes may name values, and another one may run it.
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values
        self.files: dict[str, str] = {}  # the text of each by its name

    def fill(self, body: str) -> tuple[list[Piece], list[str]]:
        """Fill values into a body; return its pieces, and the names it still needs.

        A body that cannot be parsed stays as it is and needs all that it names.
        """
        reader = Reader(body, self.values)
        pieces, at = [], 0
        raw, rest = body.encode(), bytearray(body.encode())
        for start, end, name, context in reader.filled():
            pieces.append(Piece(raw[at:start].decode()))
            pieces.append(Piece(written(self.values[name], context), name, context))
            rest[start:end] = b" " * (end - start)
            at = end
        pieces.append(Piece(raw[at:].decode()))
        for start, end in reader.unread:
            rest[start:end] = b" " * (end - start)
        left = rest.decode() + "".join(self._run(rest.decode(), reader.files))
        needed = reader.needed | {*MENTION.findall(left)}
        filled = [piece for piece in pieces if piece.text or piece.name]
        return filled, [name for name in self.values if name in needed]

    def _run(self, body: str, own: Mapping[str, str]) -> Iterator[str]:
        """Give the texts of the files that a body runs, and of those that they run."""
        texts = {**self.files, **own}
        self.files = dict(texts)
        bodies = [body]
        for text in bodies:
            for file in [*texts]:
                named = re.findall(rf"(?<![\w-]){re.escape(file)}(?![\w-])", text)
                if len(named) > (text is body and file in own):  # once to write it
                    bodies.append(texts.pop(file))
        yield from bodies[1:]


def declared(name: str, value: Value) -> list[Piece]:
    """Write the command that sets a variable which a body needs."""
    return [Piece(f"export {name}="), Piece(written(value, "word"), name, "word")]
