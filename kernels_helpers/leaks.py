"""Search the files of a finished run for secrets, in every form of theirs."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernels_helpers.masking import Mask, forms


@dataclass(frozen=True)
class Leak:
    """Tell where a secret is: the file below the folder, the line, name and form.

    Line 0 is the name of the file.
    """

    file: str
    line: int
    name: str
    form: str


def files(folder: Path) -> list[Path]:
    """List the files of a run."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def scan(folder: Path, secrets: Mapping[str, str]) -> Iterator[Leak]:
    """Find each secret (by its name) in the files and their names, line by line."""
    mask = Mask(secrets.values())
    wanted = [(name, *row) for name, text in secrets.items() for row in _patterns(text)]
    for path in files(folder):
        shown = str(path.relative_to(folder))
        content = path.read_bytes().decode("utf-8", "replace")
        for name, form, pattern in wanted:
            lines = [content.count("\n", 0, at) + 1 for at in _places(pattern, content)]
            lines += [0] * bool(pattern.search(shown))
            for line in sorted({*lines}):
                yield Leak(mask(shown), line, name, form)


def _places(pattern: re.Pattern[str], content: str) -> Iterable[int]:
    return (found.start() for found in pattern.finditer(content))


def _patterns(secret: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Make what finds each form, also when it is escaped once more in a file."""
    found: dict[str, str] = {}
    written = list(forms(secret))
    for form in written:
        found.setdefault(form.core, form.name)
    for form in written:
        for ascii_only in (True, False):
            text = json.dumps(form.core, ensure_ascii=ascii_only)[1:-1]
            found.setdefault(text, f"{form.name}, escaped in JSON")
        found.setdefault(html.escape(form.core), f"{form.name}, escaped in HTML")
    for text, name in found.items():
        yield name, re.compile(re.escape(text))
