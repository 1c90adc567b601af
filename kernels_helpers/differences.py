"""What the source of a chapter says of Podman: of a check, a step, or all of it."""

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from kernels_helpers import steps
from kernels_helpers.errors import ChapterError


def of_chapter(notebook: NotebookNode) -> str | None:
    """Return why a chapter is not for Podman; None for one that is."""
    for cell in notebook.cells:
        for call in _calls(cell, "open_chapter"):
            return _said(call)
    return None


def of_notebook(notebook: NotebookNode) -> Iterator[str]:
    """List all that a chapter says of Podman."""
    for cell in notebook.cells:
        yield from of_cell(cell)


def of_cell(cell: NotebookNode) -> list[str]:
    """List all that a cell says of Podman."""
    opening = (_said(call) for call in _calls(cell, "open_chapter"))
    return [*filter(None, [*opening, of_step(cell)]), *of_checks(cell).values()]


def of_step(cell: NotebookNode) -> str | None:
    """Return how Podman differs in the step of a cell, if it does."""
    magic, _, body = cell.source.partition("\n")
    if magic not in ("%%look", "%%change"):
        return None
    try:
        return steps.parse(magic[2:], body).podman
    except ChapterError:
        return None  # malformed: for lint to say


def lines(cell: NotebookNode) -> int:
    """Count the lines by which checks are longer for what they say of Podman."""
    told = (call for call in _calls(cell, "check") if _said(call))
    return sum((call.end_lineno or 0) - call.lineno for call in told)


def of_checks(cell: NotebookNode) -> dict[str, str]:
    """Return how Podman differs in the checks of a cell, by their claims."""
    found = {}
    for call in _calls(cell, "check"):
        claim = call.args[0] if call.args else None
        if isinstance(claim, ast.Constant) and (why := _said(call)):
            found[str(claim.value)] = why
    return found


def _calls(cell: NotebookNode, name: str) -> Iterator[ast.Call]:
    if cell.cell_type != "code" or name not in cell.source:
        return
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=called)) if called == name:
                yield node


def _said(call: ast.Call) -> str | None:
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg="podman", value=ast.Constant(value=str(why))):
                return why
    return None
