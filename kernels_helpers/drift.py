"""What became untrue on hosts since the last good run: a plan, compared.

A run is good when it has passed; where none has, a plan with nothing pending is. What
a run has made and left there is looked for; of one that took its changes back, what it
looked at itself. Earlier runs, on the same host and with the same parameters, are found
in the folder where this one's evidence goes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kernels_helpers import book, journal, report, runner
from kernels_helpers.cases import Case, cases
from kernels_helpers.errors import HostError
from kernels_helpers.notebook import head
from kernels_helpers.report import Report
from kernels_helpers.runner import Options
from kernels_helpers.targets import Target

UNTRUE = "untrue"
UNREACHABLE = "unreachable"
UNPROVED = "unproved"
HOLDS = "holds"
EXIT_CODES = {UNTRUE: 1, UNREACHABLE: 3, UNPROVED: 4, HOLDS: 0}  # the worst first
BACK = {"undo", "swept"}  # events of a run that does not stand any more


@dataclass(frozen=True)
class Finding:
    """Tell how a target stands, and what of the last good run is no longer true.

    ``status`` is ``holds``, ``untrue``, ``unproved`` (no good run says that what is
    pending was made, or nothing could be looked at) or ``unreachable``. ``proved``
    counts the steps and checks that hold, ``pending`` the changes that a plan cannot
    prove.
    """

    target: str
    url: str
    status: str
    untrue: list[str] = field(default_factory=list)
    run: str | None = None
    since: str | None = None  # the last good run
    proved: int = 0
    pending: int = 0


@dataclass(frozen=True)
class Good:
    """Name a good run, and say whether what it made is there to stay."""

    folder: Path
    status: str

    @property
    def journal(self) -> Path:
        """Return the path of its journal, wherever one is."""
        return self.folder.absolute() / report.JOURNAL

    @property
    def kept(self) -> bool:
        """Tell whether the run has ended with its changes in place."""
        happened = {event["event"] for event in journal.read(self.journal)}
        return "finished" in happened and not happened & BACK

    def held(self) -> set[tuple[str, str]]:
        """Return what held when it had ended, of what a plan can look at again."""
        stays = self.kept or self.status == "planned"
        return {
            (case.kind, case.what)
            for case in cases(self.folder)
            if _holds(case) and (stays or case.kind != "change")
        }


def look(path: Path, target: Target, options: Options) -> Finding:
    """Plan a chapter on a target and compare with the last good run there.

    What a run has kept is planned as that run: its label and its ``$run`` are right.
    """
    wanted = head(path).contract.read(target.parameters)
    good = last_good(options.out, book.name_of(path), wanted)
    since = good.folder.name if good else None
    kept = good.journal if good and good.kept else None
    planned = replace(options, parameters=target.parameters, plan=True, kept=kept)
    try:
        made = runner.run(path, planned, lambda *_: None)
    except HostError as error:
        return Finding(target.name, target.url, UNREACHABLE, [str(error)], since=since)
    now = cases(options.out / made.run)
    untrue = list(_told(now, good.held())) if good else []
    if made.status == "failed" and not untrue:
        untrue = [made.reason or "the run failed"]
    status = UNTRUE if untrue else _status(good, now, made)
    counted = {"proved": sum(map(_holds, now)), "pending": made.pending}
    return Finding(target.name, target.url, status, untrue, made.run, since, **counted)


def last_good(out: Path, chapter: str, wanted: Mapping[str, Any]) -> Good | None:
    """Find the newest good run of a chapter, on the host and with the values wanted.

    A plan changes nothing: it only counts where no run has passed.
    """
    plan = None
    found = [*out.glob(f"*/{report.REPORT}"), *out.glob(f"*/*/{report.REPORT}")]
    for file in sorted(found, key=lambda file: file.parent.name, reverse=True):
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["chapter"] != chapter or not _is_of(wanted, told):
            continue
        if told["status"] == "passed":
            return Good(file.parent, told["status"])
        if told["status"] == "planned" and told["pending"] == 0:
            plan = plan or Good(file.parent, told["status"])
    return plan


def exit_code(findings: list[Finding]) -> int:
    """Return the exit code that the worst finding asks for."""
    found = {finding.status for finding in findings}
    return next(code for status, code in EXIT_CODES.items() if status in found)


def _is_of(wanted: Mapping[str, Any], told: dict[str, Any]) -> bool:
    """Tell whether a run had the values; the chapter may have more of them now."""
    had = {**told["parameters"], "host": told["host"]}
    return all(had.get(n, v) == v for n, v in wanted.items() if n != "apply")


def _status(good: Good | None, now: list[Case], made: Report) -> str:
    """Tell a plan that holds from one that says too little for that."""
    new = good and good.kept and any(case.answer == "would run" for case in now)
    if new or not any(map(_holds, now)) or (made.pending and not good):
        return UNPROVED
    return HOLDS


def _holds(case: Case) -> bool:
    known = case.problem is None and case.differs is None
    return known and case.answer in (None, "already true")


def _told(now: list[Case], held: set[tuple[str, str]]) -> Iterator[str]:
    """Name what held and is not true; what a plan cannot know is none of it."""
    for case in now:
        if (case.kind, case.what) not in held:
            continue
        problem = case.problem or (case.differs and f"on Podman: {case.differs}")
        if case.answer == "would run":
            problem = "would run"
        if problem:
            title = "" if case.kind == "check" else case.title  # it has its claim
            yield ": ".join(filter(None, (case.heading, title, problem)))
