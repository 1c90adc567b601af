"""What a bash body would create, change and remove, read from its commands.

The body is parsed, never run. A word that only the host knows stays as it is
written, and a command that is not known here is an effect of its own: a table of
effects may say too much, but it passes over nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kernels_helpers.verbs import Effect, effects_of, unknown

if TYPE_CHECKING:
    from tree_sitter import Node

WRITES = {">", ">>", ">|", "&>", "&>>"}
NOWHERE = {"/dev/null", "/dev/stderr", "/dev/stdout"}
# What tree-sitter-bash 0.25 mistakes behind a heredoc, and before a full stop.
MERGED = re.compile(r" 2>&1(?=\s)")
BARE = re.compile(r"\$([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Scope:
    """Hold what is known: the values of variables, the bodies of functions."""

    values: dict[str, str]
    functions: dict[str, "Node"] = field(default_factory=dict)

    def inside(self, values: dict[str, str], called: str = "") -> "Scope":
        """Return the scope of a loop's turn, or of a function that does not recur."""
        others = {n: body for n, body in self.functions.items() if n != called}
        return Scope(self.values | values, others)


def effects(body: str, values: Mapping[str, str]) -> list[Effect]:
    """List the effects of a body in its order, each once, with the values of words."""
    import tree_sitter
    import tree_sitter_bash

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
    plain = BARE.sub(r"${\1}", MERGED.sub("", body))
    root = parser.parse(plain.encode(errors="replace")).root_node
    found = [*_walk(root, Scope(dict(values)))]
    if root.has_error:
        found.append(unknown(body.split()))
    return list(dict.fromkeys(found))


def _walk(node: "Node", scope: Scope) -> Iterator[Effect]:
    """Go through the commands in their order."""
    if node.type == "for_statement":
        variable, *words, block = node.named_children
        for word in words:
            turn = {_text(variable): _word(word, scope.values)}
            yield from _walk(block, scope.inside(turn))
    elif node.type == "function_definition":
        name, block = node.named_children
        scope.functions[_text(name)] = block
    else:
        for child in node.named_children:
            yield from _walk(child, scope)
        yield from _effects_of(node, scope)


def _effects_of(node: "Node", scope: Scope) -> Iterator[Effect]:
    """Say what an assignment, a redirection or a command would do."""
    if node.type == "variable_assignment":
        name, *value = node.named_children
        scope.values[_text(name)] = "".join(_word(v, scope.values) for v in value)
    elif node.type == "file_redirect":
        target = _word(node.named_children[-1], scope.values)
        if _text(node.children[-2]) in WRITES and target not in NOWHERE:
            yield Effect("write", "file", target)
    elif node.type == "command":
        parts = node.named_children
        parts = [p for p in parts if not p.type.endswith(("assignment", "redirect"))]
        words = [_word(part, scope.values) for part in parts]
        function = scope.functions.get(words[0]) if words else None
        if function:
            given = {str(at): word for at, word in enumerate(words)}
            yield from _walk(function, scope.inside(given, words[0]))
        elif words:
            yield from effects_of(words)


def _word(node: "Node", values: Mapping[str, str]) -> str:
    """Write a word as bash would pass it on, as far as that is known."""
    text = _text(node)
    if node.type == "raw_string":
        return text[1:-1]
    if node.type in ("simple_expansion", "expansion"):
        return values.get(text.strip("${}"), text)
    if node.type == "command_substitution":
        return "$(…)"
    if node.type in ("string", "concatenation", "command_name"):
        source, start = node.text or b"", node.start_byte
        written, at = "", 0
        for child in node.named_children:
            written += source[at : child.start_byte - start].decode()
            written += _word(child, values)
            at = child.end_byte - start
        written += source[at:].decode()
        return written[1:-1] if node.type == "string" else written
    return re.sub(r"\\(.)", r"\1", text)


def _text(node: "Node") -> str:
    return (node.text or b"").decode()
