"""What a run did, read back: its report, and its steps and checks by heading."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat

from kernels_helpers import journal, report
from kernels_helpers.errors import CheckFailed, DockbookError
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.recovery import last_attempt
from kernels_helpers.report import Report

RUN = re.compile(r"(?P<time>\d{8}T\d{6}Z)-(?P<chapter>.+)-[0-9a-f]{6}")
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.*?)[ #]*$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """Tell how one step or check of a run ended.

    ``what`` is the claim, or the body of the step. ``problem`` says why it
    failed, ``differs`` how Podman differs; ``answer`` is what a step got instead of
    being run. ``codes`` are the exit codes of all attempts, ``output`` is that of the
    last one.
    """

    kind: str
    what: str
    heading: str = ""
    problem: str | None = None
    answer: str | None = None
    note: str | None = None
    differs: str | None = None
    codes: tuple[int, ...] = ()
    seconds: float = 0.0
    output: str = ""

    @property
    def title(self) -> str:
        """Return the claim, or the first line of the step."""
        return next(iter(self.what.splitlines()), "")


@dataclass(frozen=True)
class Place:
    """Say where in the notebook a step or check is, and the error it ended with."""

    heading: str
    error: str | None = None


def remake(folder: Path) -> Report:
    """Make the report of a run from its journal and notebook alone.

    Raises DockbookError for a run that was killed, or a damaged journal.
    """
    if not (folder / report.NOTEBOOK).is_file():
        raise DockbookError(
            f"{folder} has no {report.NOTEBOOK}: the run was killed before its end"
        )
    events = journal.read(folder / report.JOURNAL)
    opened = next((e for e in events if e["event"] in ("run", "open")), {})
    run = str(opened.get("run", folder.resolve().name))
    named = RUN.fullmatch(run)
    chapter = named["chapter"] if named else opened.get("chapter", run)
    return report.make(folder, run, chapter)


def cases(folder: Path) -> list[Case]:
    """List the steps and checks of a run in their order, each under its heading.

    The journal does not know the cells: its n-th step belongs to the n-th cell of
    a step, and its n-th check to the n-th that the notebook shows.
    """
    notebook = nbformat.read(folder / report.NOTEBOOK, as_version=4)
    steps, checks = _places(notebook)
    found: list[Case] = []
    events = last_attempt(journal.read(folder / report.JOURNAL))
    for case in _recorded(events):
        queue = checks if case.kind == "check" else steps
        last = found[-1].heading if found else ""
        place = queue.pop(0) if queue else Place(last)
        problem = place.error or case.problem
        found.append(replace(case, heading=place.heading, problem=problem))
    return found


def is_step(cell: nbformat.NotebookNode) -> bool:
    """Tell whether a code cell is a step."""
    return bool(cell.source.startswith(("%%look", "%%change")))


def _places(notebook: nbformat.NotebookNode) -> tuple[list[Place], list[Place]]:
    """Find the steps and the checks of a notebook."""
    steps: list[Place] = []
    checks: list[Place] = []
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = HEADING.findall(FENCED.sub("", cell.source))
            heading = titles[-1] if titles else heading
        elif cell.cell_type == "code":
            errors = [o for o in cell.outputs if o.output_type == "error"]
            if is_step(cell):
                told = [f"{o.ename}: {o.evalue}" for o in errors]
                steps.append(Place(heading, told[0] if told else None))
            failed = [o for o in errors if o.ename == CheckFailed.__name__]
            held = [o for o in cell.outputs if CHECK_MIME in o.get("data", {})]
            checks += [Place(heading)] * len(held + failed)
    return steps, checks


def _recorded(events: Iterable[dict[str, Any]]) -> Iterator[Case]:
    """Gather the steps and checks of a journal; an attempt adds to its step."""
    step: Case | None = None
    for e in events:
        if e["event"] == "end" and step:
            step = replace(
                step,
                problem=None,
                codes=(*step.codes, e["rc"]),
                seconds=step.seconds + e["seconds"],
                output=e["output"],
            )
        elif e["event"] in ("begin", "answer", "check"):
            if step:
                yield step
            step = None
            if e["event"] == "begin":
                step = Case(e["kind"], e["body"], problem="it did not end")
            else:
                yield _at_once(e)
        elif e["event"] == "differs" and step:
            step = replace(step, problem=None, differs=e["why"])
    if step:
        yield step


def _at_once(event: dict[str, Any]) -> Case:
    """Read a step that was answered, or a check.

    That one is false is no problem where it differs; that it is true then is one.
    """
    if event["event"] == "answer":
        return Case(event["kind"], event["body"], answer=event["answer"])
    claim, differs = event["claim"], event.get("differs")
    problem = None
    if event["ok"] == bool(differs):
        problem = f"this no longer differs on Podman: {differs}" if differs else None
        problem = problem or f"this is not true: {claim}"
    return Case("check", claim, problem=problem, note=event["note"], differs=differs)
