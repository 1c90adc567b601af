"""What the cells that have run in this kernel say of the parameters."""

import ast
import linecache
from collections.abc import Iterator
from typing import Any

from kernels_helpers.errors import ChapterError
from kernels_helpers.parameters import Contract

INJECTED = "# Parameters"  # how papermill begins the cell it injects


def in_force(namespace: dict[str, Any]) -> tuple[Contract, dict[str, object]]:
    """Find the contract among the cells run, and the values in force.

    A name that papermill injected and the contract lacks is among the values too,
    so that binding refuses it.
    """
    declared = [cell for cell in _cells() if _declares(cell)]
    if not declared:
        raise ChapterError(
            "the parameters cell has not run: run the chapter from the top"
        )
    contract = Contract.parse(declared[-1])
    names = [p.name for p in contract]
    injected = [cell for cell in _cells() if cell.startswith(INJECTED)]
    given = _assigned(injected[-1]) if injected else []
    return contract, {n: namespace[n] for n in (*names, *given) if n in namespace}


def _cells() -> Iterator[str]:
    """Yield the sources of the cells run, which IPython keeps for tracebacks.

    Its history will not do: nbval runs cells without it.
    """
    for entry in linecache.cache.values():
        match entry:
            case (_, None, lines, _):
                yield "".join(lines)


def _declares(cell: str) -> bool:
    try:
        body = ast.parse(cell).body
    except SyntaxError:
        return False
    return any(isinstance(node, ast.AnnAssign) for node in body)


def _assigned(cell: str) -> list[str]:
    return [
        target.id
        for node in ast.parse(cell).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
