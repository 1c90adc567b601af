"""Where the book lies: its chapters, diagrams and ledger of claims."""

import difflib
from pathlib import Path
from typing import Any

from kernels_helpers.errors import ChapterError

ROOT = Path(__file__).parents[1]
RUNBOOKS = ROOT / "runbooks"
DIAGRAMS = ROOT / "diagrams"
LEDGER = RUNBOOKS / "claims.yaml"
VERDICTS = ("confirmed", "corrected", "obsolete", "refused", "skipped")


def chapters() -> dict[str, Path]:
    """List the chapters by name: ``volumes`` is ``runbooks/05-volumes.ipynb``."""
    return {name_of(path): path for path in sorted(RUNBOOKS.glob("[0-9][0-9]-*.ipynb"))}


def name_of(path: Path) -> str:
    """Take the name of a chapter from its file: the order is no part of it."""
    number, _, name = path.stem.partition("-")
    return name if number.isdecimal() and name else path.stem


def place_of(path: Path) -> str:
    """Name a file by its place in the project, or else by its whole path."""
    whole = path.resolve()
    below = whole.is_relative_to(ROOT.resolve())
    return str(whole.relative_to(ROOT.resolve()) if below else whole)


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


def ledger() -> list[dict[str, Any]]:
    """Read the claims: id, section, claim, verdict, why and chapter of each."""
    import yaml  # slow to import

    try:
        return list(yaml.safe_load(LEDGER.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ChapterError(f"the ledger {LEDGER} is not there") from error
