"""The proof of a page: the files of its run, and how long each of its steps took."""

import shutil
from pathlib import Path

from kernels_helpers import evidence, formats, journal, report
from kernels_helpers.cases import Case, cases
from kernels_helpers.errors import DockbookError

PAGE = "report.html"
FILES = (report.NOTEBOOK, report.JOURNAL, report.REPORT)


def may_be_published(folder: Path) -> bool:
    """Tell whether all files of a run may be read by everybody.

    Those of a run on a host that is not a lab may name it and what is on it, and
    those of a run with secrets have a hash of each.
    """
    opened = [e for e in journal.read(folder / report.JOURNAL) if e["event"] == "open"]
    return bool(opened) and all(
        str(event["host"]).startswith("lab://") and not event.get("secrets")
        for event in opened
    )


def publish(folder: Path, place: Path) -> None:
    """Copy the files of a run, and write its report as a page beside them.

    Raises DockbookError for evidence that is not whole.
    """
    if problems := evidence.verify(folder):
        raise DockbookError(
            f"{folder}: the evidence is not whole, run the chapter again: "
            + "; ".join(problems)
        )
    place.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(folder / name, place / name)
    (place / PAGE).write_text(formats.html(folder), encoding="utf-8")


def steps(folder: Path) -> list[Case]:
    """List how the steps of a run ended, in the order of their cells."""
    return [case for case in cases(folder) if case.kind != "check"]
