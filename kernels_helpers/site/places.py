"""The places in a bash body at which a value can stand for its ``$name``."""

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from kernels_helpers.effects import BARE, MERGED

if TYPE_CHECKING:
    from tree_sitter import Node

Value: TypeAlias = str | int | None  # None stands for one that cannot be filled in
Place: TypeAlias = tuple[int, int, str, str]  # start and end in bytes, name, context

PLAIN = re.compile(r"(?<!\\)\$\{(\w+)\}")
NO_WORDS = {"binary_expression", "case_item", "command_name", "translated_string"}
SUMS = {"binary_expression", "parenthesized_expression", "unary_expression"}
SETS = re.compile(r"[^=!<>]=(?!=)|\+\+|--")
WRITTEN = re.compile(r"cat [^|\n]*>+ *\"?(?:[^\s\"|<]*/)?([^\s\"/|<]+)[^|\n]*\n")
SETTERS = {"read", "mapfile", "readarray", "printf", "getopts", "unset", "let"}


class Reader:
    """Read where a body uses the names of values, and which it sets itself."""

    def __init__(self, body: str, values: Mapping[str, Value]) -> None:
        """Parse a body as tree-sitter-bash 0.25 reads it rightly.

        Names get braces, and what a heredoc merges is blank: places differ by braces.
        """
        import tree_sitter
        import tree_sitter_bash

        self.values = values
        self.places: list[Place] = []
        self.unread: list[tuple[int, int]] = []  # by this shell: comments, files
        self.files: dict[str, str] = {}  # the text of each by its name
        self.needed: set[str] = set()
        self.bound: set[str] = set()
        blank = MERGED.sub("     ", body)
        self.braces = [
            len(blank[: found.start()].encode()) + 2 * number
            for number, found in enumerate(BARE.finditer(blank))
        ]
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
        root = parser.parse(BARE.sub(r"${\1}", blank).encode()).root_node
        if not root.has_error:
            self.read(root)

    def filled(self) -> list[Place]:
        """List the places of values in their order."""
        return sorted(place for place in self.places if place[2] not in self.bound)

    def read(self, node: "Node") -> None:
        """Go through a tree; what is inside of an expansion belongs to it."""
        kind = node.type
        if kind == "expansion":
            self.expansion(node)
        elif kind == "comment":
            self.unread.append(self.place(node))
        elif kind == "heredoc_redirect":
            self.heredoc(node)
        elif kind == "variable_name":
            self.name(node)
        elif not (kind == "command_substitution" and _text(node).startswith("`")):
            if kind == "command":
                words = [_text(child) for child in node.named_children]
                self.bound |= {*words} if SETTERS & {*words} else set()
            for child in node.named_children:
                self.read(child)

    def place(self, node: "Node") -> tuple[int, int]:
        """Say where a node is in the body, in bytes, without space before it."""
        space = len(_text(node)) - len(_text(node).lstrip())
        return self.at(node.start_byte + space), self.at(node.end_byte)

    def at(self, parsed: int) -> int:
        """Say where a byte of the parsed text is in the body."""
        return parsed - 2 * bisect_left(self.braces, parsed)

    def expansion(self, node: "Node") -> None:
        """Read ``${name}``; with an operator it is left to bash."""
        if found := PLAIN.fullmatch(_text(node).strip()):
            node, context = self.context(node)
            self.note(self.place(node), context, found[1])

    def note(self, place: tuple[int, int], context: str, name: str) -> None:
        """Note a place, if a value of this type can stand in it."""
        value = self.values.get(name)
        fits = isinstance(value, int) if context == "number" else bool(context)
        if value is not None and fits:
            self.places.append((*place, name, context))
        elif name in self.values:
            self.needed.add(name)

    def context(self, node: "Node") -> tuple["Node", str]:
        """Say what a value has to take the place of, and how it is written there."""
        around = node.parent
        assert around is not None  # noqa: S101 - the root is no expansion
        if around.type == "string":
            whole = _text(around) == f'"{_text(node)}"'
            whole &= around.parent is not None and around.parent.type not in NO_WORDS
            return (around, "word") if whole else (node, "quoted")
        if _is_sum(around):
            return node, "number"
        if around.type == "concatenation" and around.parent:
            around = around.parent
        return node, "" if around.type in {*NO_WORDS, "subscript"} else "word"

    def heredoc(self, node: "Node") -> None:
        """Read a text below a command; the parser passes over some names in it."""
        for child in node.named_children:
            if child.type != "heredoc_body":
                self.read(child)
                continue
            text, start = _text(child), child.start_byte
            if re.search(r"<<-?\s*\S*['\"\\]", _text(node)):
                if file := WRITTEN.match(_text(node.parent)):
                    self.files[file[1]] = text
                    self.unread.append(self.place(child))
            elif not re.search(r"\$\(|`|\$\{\w+[^}\w]", text):
                for found in PLAIN.finditer(text):
                    first, last = (start + len(text[:i].encode()) for i in found.span())
                    self.note((self.at(first), self.at(last)), "heredoc", found[1])

    def name(self, node: "Node") -> None:
        """Read a name without a dollar sign: of a variable that is set, or in a sum."""
        name, around = _text(node), node.parent
        if around is None:
            return
        if around.type == "declaration_command":
            exported = _text(around.children[0]) == "export" or " -p " in _text(around)
            (self.needed if exported else self.bound).add(name)
        elif around.type in ("variable_assignment", "for_statement"):
            self.bound.add(name)
        elif _is_sum(around) and not SETS.search(_text(around)):
            self.note(self.place(node), "number", name)
        else:
            self.bound.add(name)
            self.needed.add(name)


def _is_sum(node: "Node") -> bool:
    """Tell whether a node is in arithmetic, and not in a test."""
    while node.type in SUMS and node.parent:
        node = node.parent
    return node.type == "arithmetic_expansion"


def _text(node: "Node | None") -> str:
    return (node.text or b"").decode() if node else ""
