"""Write commands, prose and outputs with the values of parameters marked in them.

``form.js`` puts what a reader types in place of each ``<var>``.
"""

import html
import re
import shlex
from collections.abc import Iterable

from docutils import nodes
from pygments.lexers.shell import BashLexer
from pygments.token import STANDARD_TYPES
from sphinx.locale import _

from dockbook_site.markup import raw
from kernels_helpers.kinds import as_text
from kernels_helpers.labels import label_of
from kernels_helpers.parameters import Contract, Parameter
from kernels_helpers.references import in_shell
from kernels_helpers.site import outputs
from kernels_helpers.site.downloads import by_hand, has_field
from kernels_helpers.site.filling import Chapter, Piece, declared
from kernels_helpers.site.places import Value

BASH = BashLexer(stripnl=False, ensurenl=False)
ALONE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


class References:
    """Mark in what a chapter shows where it refers to its parameters."""

    def __init__(self, contract: Contract, chapter: str) -> None:
        run = by_hand(chapter)
        self.contract = contract
        self.fields = {p.name: value(p) for p in contract if has_field(p)}
        self.others = {p.name: p for p in contract if not has_field(p)}
        self.values: dict[str, Value] = {
            **self.fields,
            **dict.fromkeys(self.others),
            "run": run,
            "label": label_of(run),
        }
        self.chapter = Chapter(self.values)
        self.recorded = outputs.findable(contract)

    def command(self, body: str) -> nodes.raw:
        """Write the body of a step so that it runs as it is copied."""
        return block("highlight-bash", highlighted(self.whole(body, "\n")))

    def option(self, body: str) -> str:
        """Write a command in an option of a step, which is one line."""
        return "".join(map(marked, self.whole(body, "; ")))

    def whole(self, body: str, end: str) -> list[Piece]:
        """Fill a body, behind the lines that set what it needs besides."""
        pieces, needed = self.chapter.fill(body)
        for name in reversed(needed):
            if name in self.others:
                line = [Piece(self.other(self.others[name]))]
            else:
                line = declared(name, self.values[name])
            pieces = [*line, Piece(end), *pieces]
        return pieces

    def other(self, parameter: Parameter) -> str:
        """Write the line that sets what no field gives: a secret, a list, none."""
        text = as_text(parameter.default)
        if parameter.is_secret and text:
            return in_shell(parameter.name, text)
        return f"export {parameter.name}={shlex.quote(text)}"

    def code(self, text: str) -> str | None:
        """Write a span of code in prose, if it refers to a parameter."""
        alone = ALONE.fullmatch(text)
        name = alone and (alone[1] or alone[2])
        if name in self.fields:
            return marked(Piece(str(self.fields[name]), name, "text"))
        pieces, _needed = Chapter(self.fields).fill(text)
        named = any(piece.name for piece in pieces)
        return "".join(map(marked, pieces)) if named else None

    def prose(self, document: nodes.document) -> None:
        """Mark the spans of code in the prose of a page; titles go elsewhere, too."""
        for literal in list(document.findall(nodes.literal)):
            shown = self.code(literal.astext())
            if shown is not None and not isinstance(literal.parent, nodes.title):
                code = f'<code class="docutils literal notranslate">{shown}</code>'
                literal.replace_self(raw(code))

    def output(self, cell: nodes.container) -> None:
        """Mark what a step has printed."""
        for stream in list(cell.findall(nodes.literal_block)):
            pieces = outputs.mark(stream.astext(), self.recorded)
            if "stream" in stream["classes"] and any(p.name for p in pieces):
                classes = " ".join([*stream["classes"], "highlight-none"])
                shown = block(classes, "".join(map(marked, pieces)))
                stream.parent.replace(stream, shown)  # it has the classes itself


def value(parameter: Parameter) -> Value:
    """Give a default as it is filled in."""
    default = parameter.default
    return default if type(default) is int else as_text(default)


def block(classes: str, shown: str) -> nodes.raw:
    """Write code as Sphinx does."""
    return raw(
        f'<div class="{classes} notranslate"><div class="highlight"><pre><span></span>'
        f"{shown}</pre></div></div>"
    )


def marked(piece: Piece) -> str:
    """Write a piece; one with a name is what a reader can change."""
    shown = html.escape(piece.text, quote=False)
    if not piece.name:
        return shown
    if piece.context == "output":
        title = _("recorded: {value}").format(value=piece.text)
    else:
        title = f"${piece.name}"
    return (
        f'<var data-name="{piece.name}" data-as="{piece.context}" '
        f'title="{html.escape(title)}">{shown}</var>'
    )


def highlighted(pieces: Iterable[Piece]) -> str:
    """Write bash with the colours of Pygments; a value has one of its own."""
    pieces = list(pieces)
    tokens = list(BASH.get_tokens_unprocessed("".join(piece.text for piece in pieces)))
    written, start = [], 0
    for piece in pieces:
        end = start + len(piece.text)
        if piece.name:
            written.append(marked(piece))
        else:
            for at, kind, text in tokens:
                part = text[max(start - at, 0) : max(end - at, 0)]
                written.append(coloured(STANDARD_TYPES.get(kind, ""), part))
        start = end
    return "".join(written)


def coloured(kind: str, text: str) -> str:
    """Write a part of a token."""
    shown = html.escape(text, quote=False)
    return f'<span class="{kind}">{shown}</span>' if kind and shown else shown
