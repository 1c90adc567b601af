"""The notebook that a chapter is: its contract, and all of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernels_helpers.errors import ChapterError
from kernels_helpers.parameters import Contract


@dataclass(frozen=True)
class Head:
    """Hold what the command line needs of a chapter: quick to read, and enough."""

    title: str
    contract: Contract


def head(path: Path) -> Head:
    """Read the title and the contract of a chapter; ChapterError when malformed."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells]
        tagged = [
            (source, cell["cell_type"])
            for source, cell in zip(sources, cells, strict=True)
            if "parameters" in cell["metadata"].get("tags", [])
        ]
    except OSError as error:
        raise ChapterError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ChapterError(f"{path} is not a notebook: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ChapterError(
            f"{path} is not a notebook: it has no cells as nbformat 4 has them"
        ) from error
    if len(tagged) != 1:
        raise ChapterError(
            f"{path} has {len(tagged)} cells tagged `parameters`: it must have one"
        )
    ((source, kind),) = tagged
    if kind != "code":
        raise ChapterError(
            f"{path}: the cell tagged `parameters` is {kind}: "
            "tag the code that has them"
        )
    title = sources[0].partition("\n")[0].lstrip("# ")
    return Head(title, Contract.parse(source))


def load(path: Path) -> tuple[Any, Contract]:
    """Read a chapter, as nbformat has it, and its contract; ChapterError as above."""
    contract = head(path).contract
    import nbformat  # slow to import

    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (
        nbformat.reader.NotJSONError,
        nbformat.ValidationError,
        AttributeError,
        KeyError,
        TypeError,
    ) as error:
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ChapterError(f"{path} is not a notebook: {line}") from error
    return notebook, contract


def progress(
    notebook: Any, on_cell: Callable[[int, str], object]
) -> Callable[[Any], None]:
    """Turn a cell into its number among the code cells and the heading it is under.

    papermill puts a cell of its own behind the parameters; it does not count.
    """
    headings: list[str] = []
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = [t for t in cell.source.splitlines() if t.startswith("#")]
            heading = titles[-1].lstrip("# ") if titles else heading
        else:
            headings.append(heading)
    coming = enumerate(headings, 1)

    def tell(cell: Any) -> None:
        if "injected-parameters" not in cell.metadata.get("tags", ()):
            on_cell(*next(coming))

    return tell
