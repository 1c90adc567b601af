"""The runs of a folder, and what they have found of the claims on each engine."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from kernels_helpers import refusals, report
from kernels_helpers.cases import RUN


class Finished(NamedTuple):
    """Hold the report of a run, and where it is."""

    chapter: str
    facts: dict[str, Any]
    folder: Path


def refusal(runs: Path, chapter: str) -> str | None:
    """Return when a chapter was last tried and made no run, in UTC as of ISO 8601."""
    names = [path.stem for path in runs.glob(f"*{refusals.SUFFIX}")]
    tries = [
        datetime.strptime(named["time"], "%Y%m%dT%H%M%SZ").isoformat()
        for name in names
        if (named := RUN.fullmatch(name)) and named["chapter"] == chapter
    ]
    return max(tries, default=None)


def folders(runs: Path) -> Iterator[tuple[str, Path]]:
    """List the runs by their chapter, the newest first."""
    for folder in sorted(runs.glob("*"), reverse=True):
        if named := RUN.fullmatch(folder.name):
            yield named["chapter"], folder


def facts_of(folder: Path) -> dict[str, Any] | None:
    """Read the report of a run; None if it is not written yet, or not to its end."""
    try:
        text = (folder / report.REPORT).read_text(encoding="utf-8")
        facts: dict[str, Any] = json.loads(text)
    except (OSError, ValueError):
        return None
    return facts


def finished(runs: Path) -> Iterator[Finished]:
    """List the runs that came to their end, the newest first.

    A run ends with its report. A plan is passed over: it proves nothing.
    """
    for chapter, folder in folders(runs):
        facts = facts_of(folder)
        if facts and facts["status"] != "planned":
            yield Finished(chapter, facts, folder)


def engines(listed: Iterable[Finished]) -> list[dict[str, Any]]:
    """Make a column of the ledger for each engine and version.

    It has the checks of the newest run of each chapter there, by their claims.
    """
    seen = set()
    columns: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for chapter, facts, _ in listed:
        product, version = facts.get("product"), facts.get("engine")
        if not (product and version) or (product, version, chapter) in seen:
            continue
        seen.add((product, version, chapter))
        claims = columns.setdefault((product, version), {})
        for check in facts["checks"]:
            if check["note"]:
                claims.setdefault(check["note"], []).append(check)
    return [
        {"product": product, "version": version, "claims": claims}
        for (product, version), claims in sorted(columns.items())
    ]
