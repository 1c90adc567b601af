"""The report of a run for other tools and for readers: JUnit XML, HTML, Markdown.

What a run has said is data: it is escaped by the writer of XML and HTML, and
control characters, which neither may hold, are taken out.
"""

import html as entities
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element

from kernels_helpers import journal, report
from kernels_helpers.cases import Case, cases, remake
from kernels_helpers.markup import add, as_html, as_junit, clean, node, page
from kernels_helpers.report import Report

MARKS = re.compile(r"([\\`*_{}\[\]#|!~])")


def junit(folder: Path) -> str:
    """Write JUnit XML: a test case for each step and check, named by its heading.

    A run that failed outside of them has one more, ``the run``.
    """
    made, listed = remake(folder), cases(folder)
    if made.reason and not any(case.problem for case in listed):
        listed.append(Case("run", "the run", problem=made.reason))
    suite = node(
        "testsuite",
        name=made.chapter,
        tests=str(len(listed)),
        failures=str(sum(case.problem is not None for case in listed)),
        skipped=str(sum(_is_skipped(case) for case in listed)),
        errors="0",
        time=f"{made.seconds:.3f}",
    )
    if made.started:
        suite.set("timestamp", clean(made.started))
    properties = add(suite, "properties")
    for name, value in _facts(made).items():
        add(properties, "property", name=name, value=value)
    for case in listed:
        _test(suite, made.chapter, case)
    return as_junit(suite)


def markdown(folder: Path) -> str:
    """Write a summary: the verdict, the facts, every check, and what failed."""
    made, listed = remake(folder), cases(folder)
    lines = [f"# {_plain(made.chapter)}: {made.status}", "", _counted(listed), ""]
    if made.reason:
        lines += [f"**{_plain(made.reason)}**", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {_plain(n)} | {_plain(v)} |" for n, v in _facts(made).items()]
    if would := made.effects:
        lines += ["", "| would | what | name |", "|---|---|---|"]
        lines += [f"| {' | '.join(map(_plain, effect))} |" for effect in would]
    for heading, group in _by_heading(listed):
        lines += ["", f"## {_plain(heading)}", ""]
        for case in group:
            lines.append(f"- {_mark(case)} {_plain(case.title + _told(case))}")
            if case.problem and case.output:
                lines += ["", *(f"  {line}" for line in _fence(case.output)), ""]
    return "\n".join(lines) + "\n"


def html(folder: Path) -> str:
    """Write one page that holds everything and asks for nothing else."""
    made, listed = remake(folder), cases(folder)
    whole, body = page(f"{made.chapter}: {made.status}")
    add(body, "h1", made.chapter)
    verdict = add(body, "p", made.status, role="status")
    verdict.set("class", f"verdict {made.status}")
    if made.reason:
        add(body, "p", made.reason)
    add(body, "p", _counted(listed))
    _table(body, _facts(made).items())
    if would := made.effects:
        add(body, "h2", "Would happen")
        _table(body, [(f"{e.action} {e.kind}", e.name) for e in would])
    for heading, group in _by_heading(listed):
        section = add(body, "section")
        add(section, "h2", heading)
        for case in group:
            _show(section, case)
    undone = [e for e in journal.read(folder / report.JOURNAL) if e["event"] == "undo"]
    if undone:
        section = add(body, "section")
        add(section, "h2", "Undone")
        for event in undone:
            _verdict(section, "✔" if event["ok"] else "✘", str(event["undo"]))
    return as_html(whole)


def _facts(made: Report) -> dict[str, str]:
    """Name what a reader of the report asks first."""
    facts = {
        "run": made.run,
        "user": made.user,
        "host": made.host,
        "engine": made.engine and f"{made.product} {made.engine}",
        "api": made.api,
        "started": made.started,
        "seconds": made.seconds,
        **{f"parameter {n}": v for n, v in made.parameters.items()},
        **{f"image {n}": v for n, v in made.images.items()},
        "chapter's SHA-256": made.source,
        "notebook's SHA-256": made.notebook,
        "journal's SHA-256": made.journal,
    }
    return {name: str(value) for name, value in facts.items() if value is not None}


def _counted(listed: list[Case]) -> str:
    checks = [case for case in listed if case.kind == "check"]
    steps = len(listed) - len(checks)
    held = sum(case.problem is None and case.differs is None for case in checks)
    differ = sum(case.problem is None and case.differs is not None for case in listed)
    told = f", {differ} differ on Podman" if differ else ""
    return (
        f"{held} of {len(checks)} checks held{told}, {steps} steps, "
        f"{sum(case.problem is not None for case in listed)} failed"
    )


def _by_heading(listed: Iterable[Case]) -> Iterator[tuple[str, list[Case]]]:
    for heading, group in groupby(listed, lambda case: case.heading):
        yield heading or "No heading", list(group)


def _is_skipped(case: Case) -> bool:
    """Tell whether this neither held nor failed: a plan left it open, or it differs.

    What was true already has passed.
    """
    if case.problem is not None:
        return False
    return case.differs is not None or case.answer not in (None, "already true")


def _mark(case: Case) -> str:
    if case.problem:
        return "✘"
    return "≠" if case.differs else "…" if _is_skipped(case) else "✔"


def _told(case: Case) -> str:
    """Tell the rest of a case in one line."""
    told = [case.problem, case.answer, case.note and f"claim {case.note}"]
    told.append(case.differs and f"on Podman: {case.differs}")
    if case.codes:
        codes = ", ".join(map(str, case.codes))
        told.append(f"exit {codes} after {case.seconds:.2f} s")
    return "".join(f" — {part}" for part in told if part)


def _test(suite: Element, chapter: str, case: Case) -> None:
    name = f"{case.heading}: {case.title}" if case.heading else case.title
    took = f"{case.seconds:.3f}"
    test = add(suite, "testcase", classname=chapter, name=name, time=took)
    if case.problem:
        add(test, "failure", case.what, message=case.problem)
    elif _is_skipped(case):
        why = case.answer or f"on Podman: {case.differs}"
        add(test, "skipped", message=why)
    if case.output:
        add(test, "system-out", case.output)


def _show(section: Element, case: Case) -> None:
    if case.kind == "check":
        _verdict(section, _mark(case), case.what + _told(case))
        return
    add(section, "pre", case.what, tabindex="0")
    if case.output:
        add(section, "pre", case.output, tabindex="0").set("class", "output")
    _verdict(section, _mark(case), f"{case.kind}{_told(case)}", quiet=not case.problem)


def _verdict(section: Element, mark: str, text: str, *, quiet: bool = False) -> None:
    line = add(section, "p")
    if quiet:
        line.set("class", "quiet")
    sign = add(line, "span", mark)
    sign.set("class", {"✔": "passed", "✘": "failed"}.get(mark, ""))
    sign.tail = f" {clean(text)}"


def _table(body: Element, rows: Iterable[tuple[str, str]]) -> None:
    table = add(body, "table")
    for name, value in rows:
        row = add(table, "tr")
        add(row, "th", name)
        add(row, "td", value)


def _plain(text: str) -> str:
    """Write a text as one line of Markdown that means nothing but itself."""
    line = " ".join(clean(text).split())
    return MARKS.sub(r"\\\1", entities.escape(line, quote=False))


def _fence(text: str) -> list[str]:
    """Write a text as a block that it cannot end."""
    text = clean(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *text.splitlines(), fence]
