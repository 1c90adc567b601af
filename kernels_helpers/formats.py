"""The report of a run for other tools and for readers: JUnit XML, HTML, Markdown.

What a run has said is data: it is escaped by the writer of XML and HTML, and
control characters, which neither may hold, are taken out.
"""

import html as entities
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from kernels_helpers import journal, report
from kernels_helpers.cases import Case, cases, remake
from kernels_helpers.report import Report

TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # colours and cursor moves
CONTROL = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MARKS = re.compile(r"([\\`*_{}\[\]#|!~])")
# Nothing is loaded and nothing runs, whatever a page is made to hold.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto;
  padding: 0 1rem }
h1 { margin-bottom: 0 } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { font-weight: 600; width: 12rem }
pre { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem;
  overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; margin: .4rem 0 }
pre.output { border-style: dashed; max-height: 24rem }
p { margin: .4rem 0 } .quiet { opacity: .7; font-size: .85rem }
.passed { color: var(--good) } .failed { color: var(--bad) }
.verdict { font-size: 1.2rem; font-weight: 600 }
"""


def junit(folder: Path) -> str:
    """Write JUnit XML: a test case for each step and check, named by its heading.

    A run that failed outside of them has one more, ``the run``.
    """
    made, listed = remake(folder), cases(folder)
    if made.reason and not any(case.problem for case in listed):
        listed.append(Case("run", "the run", problem=made.reason))
    suite = _node(
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
    properties = _add(suite, "properties")
    for name, value in _facts(made).items():
        _add(properties, "property", name=name, value=value)
    for case in listed:
        _test(suite, made.chapter, case)
    root = _node("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    declared = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return declared + ElementTree.tostring(root, encoding="unicode") + "\n"


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
    page = _node("html", lang="en")
    head, body = _add(page, "head"), _add(_add(page, "body"), "main")
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", content=POLICY).set("http-equiv", "Content-Security-Policy")
    _add(head, "meta", name="viewport", content="width=device-width")
    _add(head, "title", f"{made.chapter}: {made.status}")
    _add(head, "style").text = STYLE
    _add(body, "h1", made.chapter)
    verdict = _add(body, "p", made.status, role="status")
    verdict.set("class", f"verdict {made.status}")
    if made.reason:
        _add(body, "p", made.reason)
    _add(body, "p", _counted(listed))
    _table(body, _facts(made).items())
    if would := made.effects:
        _add(body, "h2", "Would happen")
        _table(body, [(f"{e.action} {e.kind}", e.name) for e in would])
    for heading, group in _by_heading(listed):
        section = _add(body, "section")
        _add(section, "h2", heading)
        for case in group:
            _show(section, case)
    undone = [e for e in journal.read(folder / report.JOURNAL) if e["event"] == "undo"]
    if undone:
        section = _add(body, "section")
        _add(section, "h2", "Undone")
        for event in undone:
            _verdict(section, "✔" if event["ok"] else "✘", str(event["undo"]))
    text = ElementTree.tostring(page, encoding="unicode", method="html")
    return f"<!doctype html>\n{text}\n"


def clean(text: str) -> str:
    """Take out what a terminal acts on and XML does not allow."""
    return CONTROL.sub("", TERMINAL.sub("", text))


def _facts(made: Report) -> dict[str, str]:
    """Name what a reader of the report asks first."""
    facts = {
        "run": made.run,
        "user": made.user,
        "host": made.host,
        "engine": made.engine,
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
    held = sum(case.problem is None for case in checks)
    return (
        f"{held} of {len(checks)} checks held, {len(listed) - len(checks)} steps, "
        f"{sum(case.problem is not None for case in listed)} failed"
    )


def _by_heading(listed: Iterable[Case]) -> Iterator[tuple[str, list[Case]]]:
    for heading, group in groupby(listed, lambda case: case.heading):
        yield heading or "No heading", list(group)


def _is_skipped(case: Case) -> bool:
    """Tell whether a plan left this open; what was true already has passed."""
    return case.problem is None and case.answer not in (None, "already true")


def _mark(case: Case) -> str:
    return "✘" if case.problem else "…" if _is_skipped(case) else "✔"


def _told(case: Case) -> str:
    """Tell the rest of a case in one line."""
    told = [case.problem, case.answer, case.note and f"claim {case.note}"]
    if case.codes:
        codes = ", ".join(map(str, case.codes))
        told.append(f"exit {codes} after {case.seconds:.2f} s")
    return "".join(f" — {part}" for part in told if part)


def _test(suite: Element, chapter: str, case: Case) -> None:
    name = f"{case.heading}: {case.title}" if case.heading else case.title
    took = f"{case.seconds:.3f}"
    test = _add(suite, "testcase", classname=chapter, name=name, time=took)
    if case.problem:
        _add(test, "failure", case.what, message=case.problem)
    elif _is_skipped(case):
        _add(test, "skipped", message=case.answer or "")
    if case.output:
        _add(test, "system-out", case.output)


def _show(section: Element, case: Case) -> None:
    if case.kind == "check":
        _verdict(section, _mark(case), case.what + _told(case))
        return
    _add(section, "pre", case.what, tabindex="0")
    if case.output:
        _add(section, "pre", case.output, tabindex="0").set("class", "output")
    _verdict(section, _mark(case), f"{case.kind}{_told(case)}", quiet=not case.problem)


def _verdict(section: Element, mark: str, text: str, *, quiet: bool = False) -> None:
    line = _add(section, "p")
    if quiet:
        line.set("class", "quiet")
    sign = _add(line, "span", mark)
    sign.set("class", {"✔": "passed", "✘": "failed"}.get(mark, ""))
    sign.tail = f" {clean(text)}"


def _table(body: Element, rows: Iterable[tuple[str, str]]) -> None:
    table = _add(body, "table")
    for name, value in rows:
        row = _add(table, "tr")
        _add(row, "th", name)
        _add(row, "td", value)


def _node(tag: str, text: str | None = None, **attributes: str) -> Element:
    node = Element(tag, {n: clean(value) for n, value in attributes.items()})
    node.text = None if text is None else clean(text)
    return node


def _add(parent: Element, tag: str, text: str | None = None, **facts: str) -> Element:
    parent.append(_node(tag, text, **facts))
    return parent[-1]


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
