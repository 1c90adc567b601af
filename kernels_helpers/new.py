"""A new chapter of the book, from the skeleton."""

import re
from pathlib import Path

from kernels_helpers import book
from kernels_helpers.errors import UsageError

SKELETON = book.PACKAGE / "skeleton.ipynb"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 40  # characters: names of objects begin with it


def new(name: str) -> Path:
    """Write a chapter behind the others and return its path.

    In a folder that is in no book this begins one. Raises UsageError for a name that
    is taken, or that no object could have.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(
            f"{name!r} is no name of a chapter: write words of small letters and "
            f"digits with dashes between them, {LONGEST} characters at most"
        )
    folder = (book.root(Path.cwd()) or Path.cwd()) / "runbooks"
    there = sorted(folder.glob(book.CHAPTERS))
    if taken := [path for path in there if book.name_of(path) == name]:
        raise UsageError(f"{taken[0]} has the name: choose another")
    number = int(there[-1].name[:2]) + 1 if there else 1
    path = folder / f"{number:02d}-{name}.ipynb"
    text = SKELETON.read_text(encoding="utf-8").replace("skeleton", name)
    folder.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
