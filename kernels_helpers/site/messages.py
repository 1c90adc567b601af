"""What there is to translate, apart from prose: Sphinx finds that.

A message is a text and the kind of thing that says it: a ``check``, a ``parameter``,
a ``difference`` on Podman, a ``diagram`` in words, a ``label`` in one, or the
``interface``.

The words of a diagram are prose, or facts that the engine has told, as in
``web has 172.17.0.2 on bridge; db is on no network``. A fact is a message with places
for what another run would name otherwise: ``web has {1} on bridge``.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

from babel.messages.extract import extract_from_dir
from nbformat import NotebookNode

from kernels_helpers import differences
from kernels_helpers.diagrams import DOT_MIME, load
from kernels_helpers.errors import ChapterError
from kernels_helpers.field_types import KINDS
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.kinds import Scalar
from kernels_helpers.parameters import Contract

Message: TypeAlias = tuple[str, str]

WORD = re.compile(r"(?<![^\s(])[A-Za-z]+(?:'[a-z]+)?(?![^\s,.;:!?)])")
# What has a digit or a sign in it is the name of something, as volumes/NAME or eth0.
NAME = re.compile(
    r"(?<!\S)(?=[A-Za-z]*(?:[.:](?=\S)|[^A-Za-z\s,;:.()>…']))[^\s,;()]*[^\s,;:.()]"
)
PLACE = re.compile(r"\{(\d+)\}")
STOP = re.compile(r"(; |: |, )")
DIAGRAM = re.compile(r"^`{3,}\{diagram\} (\S+)\n:alt: (.+)$", re.MULTILINE)
LABEL = re.compile(r'(?<=label=")(?:[^"\\]|\\.)*(?=")')


def has_words(text: str) -> bool:
    """Tell whether a line of a label says something, or only names something."""
    return WORD.search(blank(text)[0]) is not None


def blank(text: str) -> tuple[str, list[str]]:
    """Take the names out of a text: the text with numbered places, and the names."""
    names: list[str] = []

    def place(name: re.Match[str]) -> str:
        names.append(name[0])
        return f"{{{len(names)}}}"

    return NAME.sub(place, text), names


def fill(text: str, say: Callable[[str], str]) -> str:
    """Say a text without its names, and put these into their places."""
    message, names = blank(text)
    return PLACE.sub(lambda place: names[int(place[1]) - 1], say(message))


def is_prose(alt: str) -> bool:
    """Tell whether the words of a diagram are sentences, or facts of the engine."""
    return alt.endswith(".")


def retell(
    facts: str, say: Callable[[str], str], stop: Callable[[str], str] = str
) -> str:
    """Put what ``say`` answers in place of each fact, and ``stop`` of each separator.

    A single word in a list, as of commands, is a name.
    """
    pieces = STOP.split(facts)
    pieces[::2] = [fill(p, say) if " " in p else p for p in pieces[::2]]
    pieces[1::2] = map(stop, pieces[1::2])
    return "".join(pieces)


def of_cells(notebook: NotebookNode) -> Iterator[Message]:
    """Find what the code cells of a chapter show in English."""
    for why in differences.of_notebook(notebook):
        yield "difference", why
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            yield from _of_parameters(cell.source)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if CHECK_MIME in data:
                yield "check", data[CHECK_MIME]["claim"]
            if DOT_MIME in data:
                yield from _of_diagram(alt_of(output), data[DOT_MIME])


def _of_diagram(alt: str, dot: str) -> Iterator[Message]:
    if is_prose(alt):
        yield "diagram", alt
        yield from (("label", text) for text in labels(dot))
        return
    yield from (("diagram", fact) for fact in _asked(partial(retell, alt)))
    yield from (("label", blank(text)[0]) for text in labels(dot))


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
    return _asked(partial(relabel, dot))


def _asked(tell: Callable[[Callable[[str], str]], str]) -> list[str]:
    """List the texts that ``tell`` wants to have said."""
    found: list[str] = []

    def keep(text: str) -> str:
        found.append(text)
        return text

    tell(keep)
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
    """Find the texts that extension and templates bring, and the rules of types."""
    for folder, pattern, method in (
        ("_ext", "**.py", "python"),
        ("_templates", "**.html", "jinja2"),
    ):
        found = extract_from_dir(site / folder, method_map=[(pattern, method)])
        for _, _, text, _, _ in sorted(found, key=lambda message: message[:2]):
            yield "interface", str(text)
    yield from (
        ("interface", kind.wanted)
        for kind in KINDS.values()
        if isinstance(kind, Scalar)
    )
