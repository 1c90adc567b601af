"""What there is to translate, apart from prose: Sphinx finds that.

A message is a text and the kind of thing that says it: a ``check``, a ``parameter``,
a ``diagram`` in words, a ``label`` in one, or the ``interface``.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from babel.messages.extract import extract_from_dir
from nbformat import NotebookNode

from kernels_helpers.diagrams import DOT_MIME, load
from kernels_helpers.errors import ChapterError
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.parameters import Contract

Message: TypeAlias = tuple[str, str]

WORD = re.compile(r"(?<![^\s(])[A-Za-z]+(?:'[a-z]+)?(?![^\s,.;:!?)])")
DIAGRAM = re.compile(r"^`{3,}\{diagram\} (\S+)\n:alt: (.+)$", re.MULTILINE)
LABEL = re.compile(r'(?<=label=")(?:[^"\\]|\\.)*(?=")')


def has_words(text: str) -> bool:
    """Tell whether a line of a label says something, or only names something."""
    return WORD.search(text) is not None


def of_cells(notebook: NotebookNode) -> Iterator[Message]:
    """Find what the code cells of a chapter show in English."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            yield from _of_parameters(cell.source)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if CHECK_MIME in data:
                yield "check", data[CHECK_MIME]["claim"]
            if DOT_MIME in data:
                yield "diagram", alt_of(output)
                yield from (("label", text) for text in labels(data[DOT_MIME]))


def of_prose(text: str) -> Iterator[Message]:
    """Find what the diagrams of a page in Markdown say."""
    for name, alt in DIAGRAM.findall(text):
        yield "diagram", alt
        yield from (("label", said) for said in labels(load(name, alt=alt).dot))


def _of_parameters(source: str) -> Iterator[Message]:
    try:
        contract = Contract.parse(source)
    except ChapterError:
        return  # shown as it is written
    yield from (("parameter", parameter.help) for parameter in contract)


def alt_of(output: NotebookNode) -> str:
    """Take the words that say the same as a diagram, on one line."""
    alt = output.metadata.get(DOT_MIME, {}).get("alt")
    return " ".join((alt or output.data.get("text/plain", "")).split())


def labels(dot: str) -> list[str]:
    """Find the texts in the labels of DOT, as ``relabel`` puts them to ``say``."""
    found: list[str] = []

    def keep(text: str) -> str:
        found.append(text)
        return text

    relabel(dot, keep)
    return found


def relabel(dot: str, say: Callable[[str], str]) -> str:
    """Put what ``say`` answers in place of each label of DOT.

    A label of words is one text. In one that also has lines of names, as
    ``volume`` above ``/data``, each line of words is a text of its own.
    """

    def replace(label: re.Match[str]) -> str:
        text = label[0].replace(r"\n", "\n").replace(r"\"", '"')
        lines = text.split("\n")
        pieces = [text] if all(map(has_words, lines)) else lines
        said = "\n".join(say(p) if has_words(p) else p for p in pieces)
        return said.replace('"', r"\"").replace("\n", r"\n")

    return LABEL.sub(replace, dot)


def of_interface(site: Path) -> Iterator[Message]:
    """Find the texts that extension and templates of the site bring themselves."""
    for folder, pattern, method in (
        ("_ext", "**.py", "python"),
        ("_templates", "**.html", "jinja2"),
    ):
        found = extract_from_dir(site / folder, method_map=[(pattern, method)])
        for _, _, text, _, _ in sorted(found, key=lambda message: message[:2]):
            yield "interface", str(text)
