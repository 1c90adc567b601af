import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernels_helpers import evidence, formats, journal, report
from kernels_helpers.cases import cases, remake
from kernels_helpers.errors import DockbookError, UsageError
from kernels_helpers.journal import Journal
from kernels_helpers.kernel import CHECK_MIME

RUN = "20260101T000000Z-small-abc123"
OTHER = "20260102T000000Z-small-def456"
HOSTILE = (
    "</pre><script>alert(1)</script>\x1b[31m\x00\ufffe<img src=http://x/y onerror=z>"
)


def step(body: str, rc: int = 0, output: str = "out\n") -> dict[str, Any]:
    return {"step": body, "rc": rc, "output": output}


def check(claim: str, *, ok: bool = True, note: str | None = None) -> dict[str, Any]:
    return {"claim": claim, "ok": ok, "note": note}


STORY = [
    "## Steps\n\n### 1. Make it\n\n```sh\n# no heading\n```",
    step('docker volume create "$volume"', output=f"made {RUN}\n"),
    check("it is there", note="4.2.1-01"),
    "### 2. Look at it #",
    step("docker volume ls", output="a\nb\nc\n"),
    check("there are three"),
    check("one is ours"),
]
OPENED = {
    "user": "ann",
    "host": "lab://x",
    "engine": "20.10",
    "api": "1.41",
    "parameters": {"volume": "v", "port": 1},
    "images": {"i": "sha256:1"},
}
FAILED = [*STORY[:-1], check("one is ours", ok=False)]


def make(folder: Path, story: list[Any] = STORY, run: str = RUN, **opened: Any) -> Path:
    """Write the folder of a run that did what a story tells."""
    folder.mkdir(parents=True, exist_ok=True)
    written = Journal(folder / report.JOURNAL)
    named = {"chapter": "small", "run": run, "plan": False}
    written.write("open", **(named | (opened or OPENED)))
    notebook = nbformat.v4.new_notebook()
    for item in story:
        if isinstance(item, str):
            cell = nbformat.v4.new_markdown_cell(item)
        elif "step" in item:
            cell = _step(item, written)
        else:
            cell = _check(item, written)
        notebook.cells.append(cell)
    written.write("close")
    nbformat.write(notebook, folder / report.NOTEBOOK)
    text = report.make(folder, run, "small").as_text()
    (folder / report.REPORT).write_text(text, encoding="utf-8")
    return folder


def _step(item: dict[str, Any], written: Journal) -> nbformat.NotebookNode:
    facts = {"kind": "change", "body": item["step"]}
    if "answer" in item:
        written.write(
            "answer", **facts, answer=item["answer"], effects=item.get("effects", [])
        )
    else:
        written.write("begin", **facts, undo=None, user=None)
        written.write(
            "end",
            **facts,
            attempt=1,
            rc=item["rc"],
            seconds=0.5,
            timed_out=False,
            output=item["output"],
        )
    source = f"%%change\n#| retry: 1\n{item['step']}"
    cell = nbformat.v4.new_code_cell(source, execution_count=1)
    if item.get("rc"):
        cell.outputs = [
            nbformat.v4.new_output(
                "error", ename="StepFailed", evalue="ended with 1", traceback=[]
            )
        ]
    return cell


def _check(item: dict[str, Any], written: Journal) -> nbformat.NotebookNode:
    written.write("check", **item)
    cell = nbformat.v4.new_code_cell("check(...)", execution_count=1)
    if item["ok"]:
        data = {"text/plain": item["claim"], CHECK_MIME: dict(item)}
        cell.outputs = [nbformat.v4.new_output("display_data", data)]
    else:
        cell.outputs = [
            nbformat.v4.new_output(
                "error", ename="CheckFailed", evalue=item["claim"], traceback=[]
            )
        ]
    return cell


@pytest.fixture(scope="module")
def genuine() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    yield make(folder)
    shutil.rmtree(folder)


def test_a_run_as_it_was_left_is_genuine_also_elsewhere(tmp_path: Path) -> None:
    folder = make(tmp_path / RUN)
    assert evidence.verify(folder) == []
    assert evidence.verify(folder.rename(tmp_path / "moved")) == []


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_byte_changed_is_found(genuine: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([report.JOURNAL, report.NOTEBOOK, report.REPORT]))
    path = genuine / name
    before = path.read_bytes()
    changed = bytearray(before)
    at = data.draw(st.integers(0, len(before) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        path.write_bytes(changed)
        assert evidence.verify(genuine)
    finally:
        path.write_bytes(before)
    assert evidence.verify(genuine) == []


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        (report.JOURNAL, "made", "MADE", "journal.jsonl, line 4 does not follow"),
        (report.NOTEBOOK, "three", "four", "chapter.ipynb is not the one"),
        (report.REPORT, "passed", "failed", "'failed', but the files give 'passed'"),
        (report.REPORT, "  ", " ", "is not written as dockbook writes it"),
        (report.REPORT, '"run"', '"ran"', "report.json, ran"),
        (report.REPORT, RUN, OTHER, "report.json, run"),
        (report.REPORT, "{", "", "is not JSON"),
    ],
)
def test_an_edit_is_named(
    tmp_path: Path, name: str, old: str, new: str, problem: str
) -> None:
    folder = make(tmp_path)
    edit(folder / name, old, new)
    assert any(problem in said for said in evidence.verify(folder))


@pytest.mark.parametrize("name", [report.JOURNAL, report.NOTEBOOK, report.REPORT])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (make(tmp_path) / name).unlink()
    assert evidence.verify(tmp_path) == [f"{name} is missing"]


def test_the_last_lines_of_the_journal_cannot_be_taken_off_or_added_to(
    tmp_path: Path,
) -> None:
    path = make(tmp_path) / report.JOURNAL
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    assert "journal.jsonl does not end" in evidence.verify(tmp_path)[0]
    path.write_bytes(whole)
    Journal(path).write("undo", undo="x", rc=0, ok=True)
    assert "journal.jsonl does not end" in evidence.verify(tmp_path)[0]


def test_files_that_fit_each_other_and_are_no_run(tmp_path: Path) -> None:
    folder = make(tmp_path)
    Journal(folder / report.JOURNAL).write("end")
    facts = json.loads((folder / report.REPORT).read_text())
    facts["journal"] = journal.head(folder / report.JOURNAL)
    (folder / report.REPORT).write_text(json.dumps(facts))
    assert "no report can be made" in evidence.verify(folder)[0]


def test_the_chapter_has_the_same_hash_before_and_after_a_run(tmp_path: Path) -> None:
    make(tmp_path)
    ran = nbformat.read(tmp_path / report.NOTEBOOK, as_version=4)
    chapter = nbformat.from_dict({**ran, "cells": [{**c} for c in ran.cells]})
    for cell in chapter.cells:
        cell.update({"outputs": []} if cell.cell_type == "code" else {})
    injected = nbformat.v4.new_code_cell("# Parameters")
    injected.metadata["tags"] = ["injected-parameters"]
    ran.cells.insert(1, injected)
    assert report.source_of(ran) == report.source_of(chapter)
    chapter.cells[1].source += " "
    assert report.source_of(ran) != report.source_of(chapter)


def test_steps_and_checks_are_named_by_their_heading(tmp_path: Path) -> None:
    listed = cases(make(tmp_path, FAILED))
    assert [(c.kind, c.heading) for c in listed] == [
        *[("change", "1. Make it"), ("check", "1. Make it")],
        *[("change", "2. Look at it"), ("check", "2. Look at it")],
        ("check", "2. Look at it"),
    ]
    assert [c.problem for c in listed[:-1]] == [None] * 4
    assert listed[-1].problem == "this is not true: one is ours"


def test_a_step_that_never_ended_and_a_killed_run(tmp_path: Path) -> None:
    written = Journal(make(tmp_path) / report.JOURNAL)
    written.write("begin", kind="change", body="sleep 9", undo=None, user=None)
    last = cases(tmp_path)[-1]
    assert (last.title, last.problem) == ("sleep 9", "it did not end")
    (tmp_path / report.NOTEBOOK).unlink()
    with pytest.raises(DockbookError, match="was killed before its end"):
        formats.html(tmp_path)


def test_a_run_is_found_by_folder_and_by_id(tmp_path: Path) -> None:
    folder = make(tmp_path / "runs" / "book" / RUN)
    assert evidence.find(str(folder)) == folder
    assert evidence.find(RUN, tmp_path / "runs") == folder
    assert evidence.find(RUN, tmp_path / "runs" / "book") == folder
    with pytest.raises(UsageError, match="no run 'x'"):
        evidence.find("x", tmp_path / "nowhere")


def test_two_runs_of_the_same_do_not_differ(tmp_path: Path) -> None:
    second = [*STORY]
    second[1] = step(STORY[1]["step"], output=f"made {OTHER}\n")  # type: ignore[index]
    assert (
        evidence.compare(make(tmp_path / "a"), make(tmp_path / "b", second, OTHER))
        == []
    )


def changed(at: int, item: Any) -> list[Any]:
    return [*STORY[:at], item, *STORY[at + 1 :]]


LS = "2. Look at it · change · docker volume ls"


@pytest.mark.parametrize(
    ("story", "said"),
    [
        (changed(4, step("docker volume ls", output="a\nB\nc\n")),
         f"{LS}: output\n  @@ -1,3 +1,3 @@\n   a\n  -b\n  +B\n   c"),
        (changed(4, step("docker volume ls", output="a\r\nb\nc\n")),
         f"{LS}: output\n  only line ends differ"),
        (changed(4, step("docker volume ls", 1, "a\nb\nc\n")),
         f"{LS}: exit codes [0] → [1]"),
        (changed(4, {"step": "docker volume ls", "answer": "already true"}),
         f"{LS}: answer run → already true"),
        (changed(6, check("one is ours", ok=False)),
         "2. Look at it · check · one is ours: problem none → "
         "this is not true: one is ours"),
        (changed(6, check("one is ours", ok=False)), "status: passed → failed"),
        (STORY[:-1], "2. Look at it · check · one is ours: only in the first"),
        ([*STORY, check("more")], "2. Look at it · check · more: only in the second"),
        (changed(4, step("ls")), f"{LS}: only in the first"),
    ],
)  # fmt: skip
def test_what_changed_from_run_to_run(
    tmp_path: Path, story: list[Any], said: str
) -> None:
    first, second = make(tmp_path / "a"), make(tmp_path / "b", story)
    assert said in evidence.compare(first, second)


def test_what_a_run_was_given_is_compared(tmp_path: Path) -> None:
    opened: dict[str, Any] = {"engine": "24.0", "parameters": {"volume": "w", "new": 2}}
    told = evidence.compare(make(tmp_path / "a"), make(tmp_path / "b", **opened))
    assert "engine: 20.10 → 24.0" in told
    assert "parameters volume: v → w" in told
    assert "parameters port: 1 → None" in told
    assert "parameters new: None → 2" in told
    assert "images i: sha256:1 → None" in told


def test_a_long_difference_is_short(tmp_path: Path) -> None:
    text = "".join(f"{n}\n" for n in range(1000))
    story = changed(4, step("docker volume ls", output=text))
    (said,) = [
        s for s in evidence.compare(make(tmp_path / "a"), make(tmp_path / "b", story))
        if "output" in s
    ]  # fmt: skip
    assert len(said.splitlines()) < 25
    assert said.endswith("more lines")


def suite_of(folder: Path) -> ElementTree.Element:
    suite = ElementTree.fromstring(formats.junit(folder)).find("testsuite")  # noqa: S314 - ours
    assert suite is not None
    return suite


def counts(suite: ElementTree.Element) -> tuple[str | None, ...]:
    return tuple(suite.get(name) for name in ("tests", "failures", "skipped"))


def test_junit_has_a_case_for_every_step_and_check(tmp_path: Path) -> None:
    suite = suite_of(make(tmp_path, FAILED))
    assert counts(suite) == ("5", "1", "0")
    tests = suite.findall("testcase")
    assert tests[0].get("name") == '1. Make it: docker volume create "$volume"'
    assert tests[0].get("classname") == "small"
    assert tests[0].findtext("system-out") == f"made {RUN}\n"
    failure = tests[-1].find("failure")
    assert failure is not None
    assert failure.get("message") == "this is not true: one is ours"


def test_junit_of_a_plan_and_of_a_run_that_failed_as_a_whole(tmp_path: Path) -> None:
    plan = [
        {"step": "a", "answer": answer}
        for answer in ("already true", "would run", "cannot know")
    ]
    assert counts(suite_of(make(tmp_path / "a", plan, plan=True))) == ("3", "0", "2")
    suite = suite_of(make(tmp_path / "b", [step("true")]))
    assert counts(suite) == ("2", "1", "0")
    assert suite.findall("testcase")[-1].get("name") == "the run"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    story = [
        f"# {HOSTILE}",
        step(f"echo '{HOSTILE}'", output=HOSTILE + "\n````\n"),
        check(f"{HOSTILE} | `x` [y](http://z)", ok=False, note=HOSTILE),
    ]
    return make(tmp_path, story, parameters={HOSTILE: HOSTILE}, user=HOSTILE)


def test_hostile_text_is_inert_in_every_format(hostile: Path) -> None:
    suite = suite_of(hostile)
    assert counts(suite) == ("2", "1", "0")
    assert "<script>alert(1)</script><img" in (
        suite.findall("testcase")[0].findtext("system-out") or ""
    )
    page = BeautifulSoup(formats.html(hostile), "html.parser")
    assert not page.find_all(["script", "img", "link", "iframe", "a", "object"])
    for tag in page.find_all():
        assert not {"src", "href", "onerror", "style", "data"} & {*tag.attrs}
    assert "<script>" in page.get_text()
    text = formats.markdown(hostile)
    assert "\x1b" not in text
    outside = "".join(line for line in text.splitlines() if not line.startswith("  "))
    assert "<script>" not in outside
    assert "[y](" not in outside.replace("\\[", "").replace("\\]", "")


def test_the_page_asks_for_nothing(tmp_path: Path) -> None:
    text = formats.html(make(tmp_path))
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    page = BeautifulSoup(text, "html.parser")
    assert [h.get_text() for h in page.find_all("h2")] == [
        "1. Make it",
        "2. Look at it",
    ]
    assert "default-src 'none'" in text


def test_what_a_plan_would_do_is_a_table(tmp_path: Path) -> None:
    effects = [["create", "volume", "a|b"], ["remove", "file", "<x>"]]
    planned = {"step": "a", "answer": "would run", "effects": effects}
    folder = make(tmp_path, [planned], plan=True)
    page = BeautifulSoup(formats.html(folder), "html.parser")
    rows = [[*row.stripped_strings] for row in page.select("table")[1].select("tr")]
    assert rows == [["create volume", "a|b"], ["remove file", "<x>"]]
    text = formats.markdown(folder)
    assert "| create | volume | a\\|b |\n| remove | file | &lt;x&gt; |" in text


def test_undone_steps_are_on_the_page(tmp_path: Path) -> None:
    written = Journal(make(tmp_path) / report.JOURNAL)
    written.write("undo", undo="rm <x>", rc=0, ok=True)
    assert "rm &lt;x&gt;" in formats.html(tmp_path)


def test_the_summary_tells_verdict_and_failures(tmp_path: Path) -> None:
    story = changed(4, step("docker volume ls", 1, "```\nno\n"))
    text = formats.markdown(make(tmp_path, story))
    assert text.startswith("# small: failed\n")
    assert "## 1. Make it" in text
    assert "- ✔ it is there — claim 4.2.1-01" in text
    assert "- ✘ docker volume ls — StepFailed: ended with 1 — exit 1" in text
    assert "  ````text\n  ```\n  no\n  ````" in text


@pytest.mark.parametrize("make_", [formats.junit, formats.html, formats.markdown])
def test_formats_are_functions_of_the_folder(tmp_path: Path, make_: Any) -> None:
    folder = make(tmp_path)
    (folder / report.REPORT).unlink()
    assert make_(folder) == make_(folder)
    assert remake(folder).status == "passed"
