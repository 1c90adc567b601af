"""The evidence of a run: is it genuine, and how does it differ from another's.

Pure functions of a run's folder. What they prove is that the files belong
together; whoever can write all three anew can forge them, so keep the hash of
``report.json`` elsewhere if that matters.
"""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat

from kernels_helpers import journal, report
from kernels_helpers.cases import Case, cases, remake
from kernels_helpers.errors import UsageError

COMPARED = ("chapter", "source", "status", "reason", "product", "engine", "api")
# What files raise that fit each other and are still no run.
FORGED = (
    *(AttributeError, LookupError, TypeError, ValueError),
    nbformat.ValidationError,
)
DIFF_LINES = 20  # of one output that differs


def find(run: str, runs: Path = Path("runs")) -> Path:
    """Find the folder of a run by its path, or by its id below ``runs``."""
    below = sorted(runs.iterdir()) if runs.is_dir() else []
    for folder in (Path(run), runs / run, *(group / run for group in below)):
        if (folder / report.JOURNAL).is_file():
            return folder
    raise UsageError(
        f"no run {run!r}: name a folder with a {report.JOURNAL}, or an id below {runs}"
    )


def verify(folder: Path) -> list[str]:
    """Name everything that is not as the run has left it."""
    missing = [
        f"{name} is missing"
        for name in (report.JOURNAL, report.NOTEBOOK, report.REPORT)
        if not (folder / name).is_file()
    ]
    if missing:
        return missing
    problems = [
        f"{report.JOURNAL}, {p}" for p in journal.verify(folder / report.JOURNAL)
    ]
    stored = (folder / report.REPORT).read_bytes()
    try:
        facts = json.loads(stored)
    except (ValueError, RecursionError):
        return [*problems, f"{report.REPORT} is not JSON"]
    if not isinstance(facts, dict):
        return [*problems, f"{report.REPORT} is not a report"]
    problems += _wrong_hashes(folder, facts)
    return problems or _differences(folder, stored, facts)


def compare(first: Path, second: Path) -> list[str]:
    """Say what changed from one run to another, step by step.

    The id of the run is no change, nor is how long things took.
    """
    one, two = remake(first), remake(second)
    old, new = one.as_dict(), two.as_dict()
    pairs = [(name, old[name], new[name]) for name in COMPARED]
    for group in ("parameters", "images"):
        names = {**old[group], **new[group]}
        pairs += [(f"{group} {n}", old[group].get(n), new[group].get(n)) for n in names]
    said = [f"{name}: {a} → {b}" for name, a, b in pairs if a != b]
    before = [_neutral(case, one.run) for case in cases(first)]
    after = [_neutral(case, two.run) for case in cases(second)]
    return said + list(_changes(before, after))


def _wrong_hashes(folder: Path, facts: dict[str, Any]) -> Iterator[str]:
    notebook = sha256((folder / report.NOTEBOOK).read_bytes()).hexdigest()
    if facts.get("notebook") != notebook:
        yield f"{report.NOTEBOOK} is not the one that {report.REPORT} tells of"
    if facts.get("journal") != journal.head(folder / report.JOURNAL):
        yield f"{report.JOURNAL} does not end as {report.REPORT} tells"


def _differences(folder: Path, stored: bytes, facts: dict[str, Any]) -> list[str]:
    """Compare the stored report with the one that the same files give now."""
    try:
        made = remake(folder)
    except FORGED as error:
        return [f"no report can be made of the files: {type(error).__name__}: {error}"]
    text = made.as_text()
    if text.encode() == stored:
        return []
    fresh = json.loads(text)
    names = [
        n
        for n in {**fresh, **facts}
        if n not in fresh or n not in facts or fresh[n] != facts[n]
    ]
    if not names:
        return [f"{report.REPORT} is not written as dockbook writes it"]
    return [
        f"{report.REPORT}, {n}: {facts.get(n)!r}, but the files give {fresh.get(n)!r}"
        for n in names
    ]


def _neutral(case: Case, run: str) -> Case:
    """Take the id of the run out of what a step has said."""
    problem = case.problem and case.problem.replace(run, "$run")
    return replace(case, output=case.output.replace(run, "$run"), problem=problem)


def _changes(before: Sequence[Case], after: Sequence[Case]) -> Iterator[str]:
    old, new = ([(c.kind, c.what) for c in side] for side in (before, after))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for pair in zip(before[a:b], after[c:d], strict=True):
                yield from _change(*pair)
            continue
        yield from (f"{_name(case)}: only in the first" for case in before[a:b])
        yield from (f"{_name(case)}: only in the second" for case in after[c:d])


def _change(old: Case, new: Case) -> Iterator[str]:
    for word, a, b in (
        ("exit codes", list(old.codes), list(new.codes)),
        ("answer", old.answer or "run", new.answer or "run"),
        ("problem", old.problem or "none", new.problem or "none"),
        ("on Podman", old.differs or "the same", new.differs or "the same"),
    ):
        if a != b:
            yield f"{_name(new)}: {word} {a} → {b}"
    if old.output != new.output:
        lines = list(
            difflib.unified_diff(
                old.output.splitlines(), new.output.splitlines(), n=1, lineterm=""
            )
        )[2:]  # without the names of files
        more = len(lines) - DIFF_LINES
        tail = [f"… {more} more lines"] if more > 0 else []
        shown = lines[:DIFF_LINES] + tail or ["only line ends differ"]
        yield "\n  ".join([f"{_name(new)}: output", *shown])


def _name(case: Case) -> str:
    return f"{case.heading or 'no heading'} · {case.kind} · {case.title}"
