"""The merged report of a fleet: a pure function of its journal."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from kernels_helpers import journal
from kernels_helpers.markup import add, as_html, as_junit, node, page
from kernels_helpers.worker import UNKNOWN, UNREACHABLE, Answer, Order

RECORD = "fleet.jsonl"
NOT_RUN = "not run"
MARKS = {True: "✔", False: "✘", None: "…"}
DIFFERS = "≠"  # on Podman, as the chapter says
COLOURS = {"✔": "passed", "✘": "failed"}
LEGEND = "✔ holds, ✘ failed, … is pending or not known yet, ≠ differs on Podman"
TOGETHER = 50  # rows that a browser lays out at once, when they come into view
# The worst first; the exit codes are those of `dockbook run`, and 5.
EXIT_CODES = {UNKNOWN: 5, "failed": 1, UNREACHABLE: 3, NOT_RUN: 1, "planned": 4}


@dataclass(frozen=True)
class Row:
    """Tell how one target has ended.

    ``status`` is ``passed``, ``failed``, ``planned``, ``unreachable``, ``unknown``
    (its worker was lost) or ``not run``. ``strip`` has a mark for each check and,
    of a plan, each answer.
    """

    target: str
    url: str
    status: str = NOT_RUN
    run: str | None = None
    reason: str | None = None
    seconds: float = 0.0
    pending: int = 0
    strip: str = ""

    @classmethod
    def of(cls, order: Order, answer: Answer) -> "Row":
        """Make the row of an answer."""
        return cls(
            target=order.target,
            url=str(order.parameters["host"]),
            status=answer.status,
            run=order.run,
            reason=answer.reason,
            seconds=answer.facts.get("seconds", 0.0),
            pending=answer.facts.get("pending", 0),
            strip=_strip(answer.facts),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what the journal and the JSON hold."""
        return asdict(self)


def rows(folder: Path) -> list[Row]:
    """Read how each target stands, in their order; what did not end is unknown."""
    found: dict[str, Row] = {}
    names = Row.__dataclass_fields__.keys()
    for event in journal.read(folder / RECORD):
        match event["event"]:
            case "targets":
                listed = (
                    (t["name"], t["parameters"]["host"]) for t in event["targets"]
                )
                found |= {n: Row(n, url) for n, url in listed if n not in found}
            case "sent":
                before = found[event["target"]]
                reason = "nothing tells how it has ended"
                found[before.target] = Row(
                    before.target, before.url, UNKNOWN, event["run"], reason
                )
            case "ended":
                row = Row(**{name: event[name] for name in names})
                found[row.target] = row
    return list(found.values())


def stopped(folder: Path) -> str | None:
    """Say why the last call has begun no more targets, if it has not begun all."""
    reason = None
    for event in journal.read(folder / RECORD):
        if event["event"] in ("targets", "stopped"):
            reason = event.get("reason")
    return reason


def exit_code(ended: Iterable[Row]) -> int:
    """Return the exit code that the worst of the targets asks for."""
    found = {row.status for row in ended if row.status != "planned" or row.pending}
    return next((code for status, code in EXIT_CODES.items() if status in found), 0)


def counted(ended: Iterable[Row]) -> str:
    """Say how many targets have ended in each way."""
    counts = Counter(row.status for row in ended)
    return ", ".join(f"{n} {status}" for status, n in counts.items()) or "no target"


def write(folder: Path) -> None:
    """Write the merged reports beside the journal: JSON, JUnit XML and a page."""
    began = next(journal.read(folder / RECORD))
    ended, why = rows(folder), stopped(folder)
    for name, text in (
        ("fleet.json", _json(began, ended, why)),
        ("fleet.xml", _junit(began, ended)),
        ("fleet.html", _html(began, ended, why)),
    ):
        content = text.encode("utf-8", "backslashreplace")
        (folder / name).write_bytes(content)


def _strip(facts: Mapping[str, Any]) -> str:
    answers = facts.get("answers", ())
    told = [None if a["answer"] != "already true" else True for a in answers]
    checks = facts.get("checks", ())
    strip = "".join(MARKS[ok] for ok in told)
    strip += "".join(DIFFERS if c.get("differs") else MARKS[c["ok"]] for c in checks)
    failed = facts.get("status") == "failed" and MARKS[False] not in strip
    return strip + MARKS[False] * failed


def _json(began: Mapping[str, Any], ended: list[Row], why: str | None) -> str:
    facts = {name: began[name] for name in ("fleet", "chapter", "source", "settings")}
    targets = [row.as_dict() for row in ended]
    told = {**facts, "exit_code": exit_code(ended), "stopped": why, "targets": targets}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _junit(began: Mapping[str, Any], ended: list[Row]) -> str:
    counts = Counter(row.status for row in ended)
    suite = node(
        "testsuite",
        name=str(began["fleet"]),
        tests=str(len(ended)),
        failures=str(counts["failed"]),
        errors=str(counts[UNKNOWN] + counts[UNREACHABLE]),
        skipped=str(counts[NOT_RUN] + counts["planned"]),
        time=f"{sum(row.seconds for row in ended):.3f}",
    )
    for row in ended:
        took = f"{row.seconds:.3f}"
        test = add(suite, "testcase", classname=began["chapter"], name=row.target)
        test.set("time", took)
        if kind := _KINDS.get(row.status):
            add(test, kind, message=row.reason or row.status)
    return as_junit(suite)


_KINDS = {
    "failed": "failure",
    UNKNOWN: "error",
    UNREACHABLE: "error",
    NOT_RUN: "skipped",
    "planned": "skipped",
}


_CLASSES = {"passed": "passed", "planned": "quiet", NOT_RUN: "quiet"}


def _html(began: Mapping[str, Any], ended: list[Row], why: str | None) -> str:
    whole, body = page(f"{began['chapter']} on {len(ended)} targets")
    add(body, "h1", began["chapter"])
    good = "passed" if exit_code(ended) in (0, 4) else "failed"
    add(body, "p", counted(ended), role="status").set("class", f"verdict {good}")
    if why:
        add(body, "p", f"Stopped: {why}")
    add(body, "p", LEGEND).set("class", "quiet")
    table = add(body, "table")
    table.set("class", "fleet")
    head = add(add(table, "thead"), "tr")
    for title in ("target", "status", "checks", "seconds"):
        add(head, "th", title, scope="col")
    listed = sorted(ended, key=_goodness)
    for start in range(0, len(listed), TOGETHER):
        part = add(table, "tbody")
        for row in listed[start : start + TOGETHER]:
            _line(part, row)
    return as_html(whole)


def _goodness(row: Row) -> int:
    """Sort the worst first, and leave the order of the targets as it is."""
    worst = [*EXIT_CODES]
    return worst.index(row.status) if row.status in worst else len(worst)


def _line(part: Element, row: Row) -> None:
    line = add(part, "tr")
    name = add(line, "td")
    if row.strip:  # it has come with the evidence
        add(name, "a", row.target, href=f"{row.run}/chapter.ipynb")
    else:
        name.text = row.target
        if row.run:
            add(name, "p", row.run).set("class", "quiet")
    add(line, "td", row.status).set("class", _CLASSES.get(row.status, "failed"))
    strip = add(line, "td")
    for mark, same in groupby(row.strip):
        marks = add(strip, "span", f"{len([*same])} {mark} ")
        marks.set("class", COLOURS.get(mark, "quiet"))
    if row.reason:
        add(strip, "p", row.reason)
    add(line, "td", f"{row.seconds:.1f}")
