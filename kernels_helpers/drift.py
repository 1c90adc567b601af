"""What became untrue on hosts since the last good run: a plan, compared.

A run is good when it was an operation that finished, or a plan with nothing pending.
Earlier runs are found in the folder where this one's evidence goes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kernels_helpers import book, journal, report, runner
from kernels_helpers.cases import Case, cases
from kernels_helpers.errors import HostError
from kernels_helpers.runner import Options
from kernels_helpers.targets import Target

UNTRUE = "untrue"
UNREACHABLE = "unreachable"
UNPROVED = "unproved"
HOLDS = "holds"
EXIT_CODES = {UNTRUE: 1, UNREACHABLE: 3, UNPROVED: 4, HOLDS: 0}  # the worst first


@dataclass(frozen=True)
class Finding:
    """Tell how a target stands, and what of the last good run is no longer true.

    ``status`` is ``holds``, ``untrue``, ``unproved`` (a plan with changes pending of
    which no good run says that they were made) or ``unreachable``.
    """

    target: str
    url: str
    status: str
    untrue: list[str] = field(default_factory=list)
    run: str | None = None
    since: str | None = None  # the last good run


def look(path: Path, target: Target, options: Options) -> Finding:
    """Plan a chapter on a target and compare with the last good run there."""
    planned = replace(options, parameters=target.parameters, plan=True)
    good = last_good(options.out, book.name_of(path), target.url)
    since = good.name if good else None
    try:
        made = runner.run(path, planned, lambda *_: None)
    except HostError as error:
        return Finding(target.name, target.url, UNREACHABLE, [str(error)], since=since)
    untrue = became_untrue(good, options.out / made.run) if good else []
    if made.status == "failed" and not untrue:
        untrue = [made.reason or "the run failed"]
    status = UNTRUE if untrue else UNPROVED if made.pending else HOLDS
    return Finding(target.name, target.url, status, untrue, made.run, since)


def last_good(out: Path, chapter: str, url: str) -> Path | None:
    """Find the folder of the newest good run of a chapter on a host."""
    found = [*out.glob(f"*/{report.REPORT}"), *out.glob(f"*/*/{report.REPORT}")]
    for file in sorted(found, key=lambda file: file.parent.name, reverse=True):
        told = json.loads(file.read_text(encoding="utf-8"))
        if (told["chapter"], told["host"]) == (chapter, url) and _good(
            told, file.parent
        ):
            return file.parent
    return None


def became_untrue(good: Path, now: Path) -> list[str]:
    """List what held in one run and is not true in another."""
    held = {(case.kind, case.what) for case in cases(good) if _holds(case)}
    return list(_told(case for case in cases(now) if (case.kind, case.what) in held))


def exit_code(findings: list[Finding]) -> int:
    """Return the exit code that the worst finding asks for."""
    found = {finding.status for finding in findings}
    return next(code for status, code in EXIT_CODES.items() if status in found)


def _good(told: dict[str, Any], folder: Path) -> bool:
    if told["status"] == "planned":
        return bool(told["pending"] == 0)
    events = {event["event"] for event in journal.read(folder / report.JOURNAL)}
    return bool(told["status"] == "passed") and "finished" in events


def _holds(case: Case) -> bool:
    known = case.problem is None and case.differs is None
    return known and case.answer in (None, "already true")


def _told(listed: Iterator[Case]) -> Iterator[str]:
    """Name the cases that are not true; what a plan cannot know is none of them."""
    for case in listed:
        what = f"{case.heading}: {case.title}" if case.heading else case.title
        if case.problem:
            yield f"{what}: {case.problem}"
        elif case.differs:
            yield f"{what}: on Podman: {case.differs}"
        elif case.answer == "would run":
            yield f"{what}: would run"
