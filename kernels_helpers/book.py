"""Where the book lies: its chapters, diagrams and ledger of claims.

The book is the nearest folder, from the current one upwards, whose ``runbooks`` has a
chapter. Where there is none it is the one that was installed: that of the wheel or of
the clone.
"""

import difflib
from pathlib import Path
from typing import Any

from kernels_helpers.errors import ChapterError

CHAPTERS = "[0-9][0-9]-*.ipynb"
PACKAGE = Path(__file__).parent
IN_WHEEL = PACKAGE / "_book"  # laid out as the clone is


def root(folder: Path) -> Path | None:
    """Find the book that a folder is in, if it is in one."""
    for place in (folder, *folder.parents):
        if any((place / "runbooks").glob(CHAPTERS)):
            return place
    return None


def _here() -> Path:
    """Return the current folder, or that of the package when it has been removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return PACKAGE


INSTALLED = IN_WHEEL if IN_WHEEL.is_dir() else PACKAGE.parent
ROOT = root(_here()) or INSTALLED
RUNBOOKS = ROOT / "runbooks"
DIAGRAMS = ROOT / "diagrams"
PROGRAMS = Path(__file__).with_name("programs")
LEDGER = RUNBOOKS / "claims.yaml"
VERDICTS = ("confirmed", "corrected", "obsolete", "refused", "skipped")


def chapters() -> dict[str, Path]:
    """List the chapters by name: ``volumes`` is ``runbooks/05-volumes.ipynb``."""
    return {name_of(path): path for path in sorted(RUNBOOKS.glob(CHAPTERS))}


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


def programs() -> dict[str, str]:
    """Return the programs for the Docker host, each as the variable for its text."""
    return {path.stem: path.read_text("utf-8") for path in PROGRAMS.glob("*.*")}


def ledger() -> list[dict[str, Any]]:
    """Read the claims: id, section, claim, verdict, why and chapter of each.

    A book that proves no note has no ledger, and no claims.
    """
    import yaml  # slow to import

    if not LEDGER.exists():
        return []
    return list(yaml.safe_load(LEDGER.read_text(encoding="utf-8")))
