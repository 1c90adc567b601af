"""The values of parameters in what a run has recorded.

An output names no parameter, so a value is found by what it is: the default of a text.
It has to be long enough to mean nothing else. Of two, one in the other, the longer one
is found; a default that two parameters share says nothing of either.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from nbformat import NotebookNode

from kernels_helpers.kinds import Scalar
from kernels_helpers.parameters import Contract
from kernels_helpers.site.filling import Piece

SHORTEST = 4  # characters


def findable(contract: Contract) -> dict[str, str]:
    """Give the defaults that can be found in an output, with the name of each."""
    texts = _texts(contract)
    often = Counter(texts.values())
    return {d: n for n, d in texts.items() if len(d) >= SHORTEST and often[d] == 1}


def mark(output: str, names: Mapping[str, str]) -> list[Piece]:
    """Part an output into pieces, of which those with a name are values."""
    if not names:
        return [Piece(output)]
    parts = re.split(f"({'|'.join(map(_whole, sorted(names, reverse=True)))})", output)
    pieces = [
        Piece(part, names[part], "output") if number % 2 else Piece(part)
        for number, part in enumerate(parts)
    ]
    return [piece for piece in pieces if piece.text]


def not_findable(
    name: str, contract: Contract, notebook: NotebookNode
) -> Iterator[str]:
    """Say of each default that is in an output and too short to be found there."""
    for parameter, default in _texts(contract).items():
        if 0 < len(default) < SHORTEST and any(
            re.search(_whole(default), text) for text in recorded(notebook)
        ):
            yield (
                f"{name}: the default of {parameter}, {default!r}, is in an output and "
                f"too short to be found there: give it {SHORTEST} characters or more"
            )


def recorded(notebook: NotebookNode) -> list[str]:
    """List what the commands of a chapter have printed."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [o.text for cell in cells for o in cell.outputs if o.output_type == "stream"]


def _texts(contract: Contract) -> dict[str, str]:
    """Give the defaults of parameters that are free texts: a choice is just a word."""
    kinds = ((p, p.kind) for p in contract)
    return {
        p.name: str(p.default)
        for p, kind in kinds
        if isinstance(kind, Scalar) and kind.base is str
    }


def _whole(text: str) -> str:
    """Match a text, but not inside of a longer word."""
    return rf"(?<!\w){re.escape(text)}(?!\w)"
