"""Where the book lies: its chapters and diagrams."""

import difflib
from pathlib import Path

from kernels_helpers.errors import ChapterError

ROOT = Path(__file__).parents[1]
RUNBOOKS = ROOT / "runbooks"
DIAGRAMS = ROOT / "diagrams"


def chapters() -> dict[str, Path]:
    """List the chapters by name: ``volumes`` is ``runbooks/05-volumes.ipynb``."""
    return {name_of(path): path for path in sorted(RUNBOOKS.glob("[0-9][0-9]-*.ipynb"))}


def name_of(path: Path) -> str:
    """Take the name of a chapter from its file: the order is no part of it."""
    number, _, name = path.stem.partition("-")
    return name if number.isdecimal() and name else path.stem


def find(word: str) -> Path:
    """Find a chapter by name, by file name or by path."""
    if (path := Path(word)).suffix == ".ipynb":
        if not path.is_file():
            raise ChapterError(
                f"{word}: no such file; `dockbook list` shows the chapters"
            )
        return path
    known = chapters()
    for name, path in known.items():
        if word in (name, path.stem):
            return path
    close = difflib.get_close_matches(word, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    raise ChapterError(f"no chapter is called {word!r}: {hint}")
