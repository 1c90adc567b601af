"""What a reader takes along besides the notebook: parameters in YAML, the script."""

import json
from pathlib import Path

from nbformat import NotebookNode

from kernels_helpers import script
from kernels_helpers.kinds import Choice, Scalar
from kernels_helpers.parameters import Contract, Parameter


def contract_of(notebook: NotebookNode) -> Contract:
    """Read the parameters of a chapter; one without their cell has none."""
    tagged = (c for c in notebook.cells if "parameters" in c.metadata.get("tags", ()))
    sources = (cell.source for cell in tagged)
    return Contract.parse(next(sources, ""))


def has_field(parameter: Parameter) -> bool:
    """Tell whether a value can be typed in: no secret, no list, nothing optional."""
    return isinstance(parameter.kind, Scalar | Choice)


def by_hand(name: str) -> str:
    """Name a run that a reader does by hand; its label finds what it has made."""
    return f"{name}-by-hand"


def in_yaml(parameter: Parameter, value: object) -> str:
    """Write a parameter as a line of YAML: what is JSON is YAML too."""
    return f"{parameter.name}: {json.dumps(value, ensure_ascii=False)}"


def write(name: str, notebook: NotebookNode, page: Path) -> None:
    """Write the files next to a page, with the defaults of its chapter."""
    contract = contract_of(notebook)
    lines = "".join(f"{in_yaml(p, p.default)}\n" for p in contract)
    page.with_suffix(".yaml").write_text(lines, encoding="utf-8")
    text = script.script(notebook, contract, {}, f"{name}-script")
    page.with_suffix(".sh").write_text(text, encoding="utf-8")
