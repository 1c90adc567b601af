from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from docker.errors import DockerException
from requests.exceptions import ConnectionError as RequestsConnectionError

from kernels_helpers import chapter as chapters
from kernels_helpers import journal, trying
from kernels_helpers.chapter import Chapter
from kernels_helpers.errors import (
    ChapterError,
    CheckFailed,
    DockbookError,
    StepFailed,
)
from kernels_helpers.journal import Journal
from kernels_helpers.masking import Mask
from kernels_helpers.process import Result
from kernels_helpers.recovery import pending
from kernels_helpers.steps import Step
from tests.unit.fakes import FakeHost

MAKE = Step("change", "make", unless="is there", undo="take away")


def open_chapter(tmp_path: Path, host: FakeHost, **options: Any) -> Chapter:
    said: list[str] = []
    options.setdefault("say", said.append)
    path = tmp_path / "journal.jsonl"
    return Chapter(host, "a-run", {"volume": "x"}, Journal(path), **options)


def events(chapter: Chapter, kind: str) -> list[dict[str, Any]]:
    return [e for e in journal.read(chapter.journal.path) if e["event"] == kind]


def test_a_change_that_is_true_already_is_skipped_and_never_undone(
    tmp_path: Path,
) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host)
    chapter.change(MAKE)
    chapter.unwind()
    assert host.ran == ["is there"]


def test_a_change_runs_holds_and_is_undone_and_verified(tmp_path: Path) -> None:
    host = FakeHost({"is there": [1, 0, 0, 1]})
    chapter = open_chapter(tmp_path, host)
    chapter.change(MAKE)
    chapter.unwind()
    assert host.ran == [
        *("is there", "make", "is there"),
        *("is there", "take away", "is there"),
    ]
    assert events(chapter, "undo")[0]["ok"] is True


def test_a_change_that_leaves_its_end_untrue_fails(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost({"is there": [1]}))
    with pytest.raises(StepFailed, match="this is not true: is there"):
        chapter.change(MAKE)


def test_undos_run_last_in_first_out_and_one_that_fails_stops_no_other(
    tmp_path: Path,
) -> None:
    host = FakeHost({"undo b": [1]})
    said: list[str] = []
    chapter = open_chapter(tmp_path, host, say=said.append)
    for name in "abc":
        chapter.change(Step("change", f"do {name}", undo=f"undo {name}"))
    chapter.unwind()
    assert host.ran[3:] == ["undo c", "undo b", "undo a"]
    assert [e["ok"] for e in events(chapter, "undo")] == [True, False, True]
    assert "✘ not undone: undo b" in "".join(said)


def test_unwinding_ends_although_no_engine_answers(tmp_path: Path) -> None:
    host = FakeHost()

    vars(host.docker.api)["containers"] = Mock(
        side_effect=RequestsConnectionError("no engine")
    )
    chapter = open_chapter(tmp_path, host)
    chapter.change(Step("change", "make", undo="take away"))
    chapter.unwind()
    assert host.ran == ["make", "take away"]
    assert events(chapter, "sweep failed")[0]["error"] == "no engine"


def test_the_undo_is_on_record_before_the_command_runs(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost({"break": [1]}))
    with pytest.raises(StepFailed):
        chapter.change(Step("change", "break", undo="mend"))
    assert events(chapter, "begin")[0]["undo"] == "mend"
    chapter.fail("it broke")
    assert events(chapter, "undo")[0]["undo"] == "mend"


@pytest.mark.parametrize("rc", [1, 127, 124])
def test_an_unexpected_exit_code_fails(tmp_path: Path, rc: int) -> None:
    chapter = open_chapter(tmp_path, FakeHost({"x": [rc]}))
    with pytest.raises(StepFailed, match=r"expected 0|did not end within"):
        chapter.look(Step("look", "x"))


def test_an_expected_failure_that_succeeds_fails(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost())
    with pytest.raises(StepFailed, match="ended with 0, expected 125"):
        chapter.look(Step("look", "x", rc=125))


def test_retry_tries_again_and_keeps_a_record_of_each_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "PAUSE", 0)
    chapter = open_chapter(tmp_path, FakeHost({"x": [1, 1, 0]}))
    chapter.look(Step("look", "x", retry=2))
    assert [e["rc"] for e in events(chapter, "end")] == [1, 1, 0]
    with pytest.raises(StepFailed):
        open_chapter(tmp_path, FakeHost({"x": [1, 1, 0]})).look(
            Step("look", "x", retry=1)
        )


def test_until_waits_and_keeps_a_record_of_each_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "PAUSE", 0)
    host = FakeHost({"is up": [1, 1, 0]})
    chapter = open_chapter(tmp_path, host)
    chapter.change(Step("change", "start", until="is up", timeout=60))
    assert host.ran == ["start", "is up", "is up", "is up"]
    assert [(e["attempt"], e["rc"]) for e in events(chapter, "until")] == [
        *((1, 1), (2, 1), (3, 0))
    ]
    assert all(0 < (seconds or 0) <= 60 for seconds in host.timeouts)


def test_what_until_waits_for_must_come_within_the_time_of_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("kernels_helpers.trying.time.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "kernels_helpers.trying.time.sleep", lambda s: now.append(now.pop() + s)
    )
    host = FakeHost({"is up": [1]})
    chapter = open_chapter(tmp_path, host)
    with pytest.raises(StepFailed, match="did not come true within 3 s: is up"):
        chapter.look(Step("look", "x", until="is up", timeout=3))
    assert host.ran == ["x", *["is up"] * 3]


@pytest.mark.parametrize("ok", [1, "yes", [], None, object()])
def test_a_check_takes_nothing_but_true_and_false(tmp_path: Path, ok: object) -> None:
    with pytest.raises(CheckFailed, match="True or False"):
        open_chapter(tmp_path, FakeHost()).check("a claim", ok, note=None)


def test_a_false_check_is_recorded_and_fails(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost())
    with pytest.raises(CheckFailed, match="a claim"):
        chapter.check("a claim", ok=False, note="1")
    assert events(chapter, "check") == [
        {**events(chapter, "check")[0], "claim": "a claim", "ok": False, "note": "1"}
    ]


def test_a_plan_runs_no_change_and_says_what_it_can_know(tmp_path: Path) -> None:
    host = FakeHost({"is there": [1]})
    said: list[str] = []
    chapter = open_chapter(tmp_path, host, plan=True, say=said.append)
    chapter.look(Step("look", "see"))
    chapter.change(MAKE)
    chapter.look(Step("look", "see more"))
    chapter.change(MAKE)
    assert host.ran == ["see", "is there"]
    assert [e["answer"] for e in events(chapter, "answer")] == [
        "would run",
        "cannot know",
        "cannot know",
    ]


def test_a_plan_says_when_nothing_is_to_do(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost(), plan=True)
    chapter.change(MAKE)
    assert events(chapter, "answer")[0]["answer"] == "already true"
    assert not chapter.pending


def test_keep_undoes_nothing(tmp_path: Path) -> None:
    host = FakeHost({"is there": [1, 0]})
    chapter = open_chapter(tmp_path, host, keep=True)
    chapter.change(MAKE)
    chapter.unwind()
    assert "take away" not in host.ran


def test_after_a_failure_no_step_runs(tmp_path: Path) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host)
    chapter.fail("reason")
    with pytest.raises(StepFailed, match="restart the kernel"):
        chapter.change(MAKE)
    assert host.ran == []


def test_a_resumed_run_undoes_what_nothing_proves_and_all_behind_it(
    tmp_path: Path,
) -> None:
    """Want B undone before A, which it may need, though B could prove itself."""
    host = FakeHost({"is b": [0, 1]})
    chapter = open_chapter(tmp_path, host)
    loose = Step("change", "do a", undo="undo a")
    proved = Step("change", "do b", unless="is b", undo="undo b")
    chapter.recall([MAKE, loose, proved])
    chapter.resume()
    assert host.ran == ["is b", "undo b", "is b", "undo a"]
    assert chapter.resumed
    host.ran.clear()
    chapter.change(MAKE)
    assert host.ran == ["is there"]


def test_a_step_that_was_cut_short_is_undone_and_that_may_fail(tmp_path: Path) -> None:
    """Want the undo tried: the command may have come half-way, or not begun."""
    host = FakeHost({"is there": [1, 1], "take away": [1]})
    chapter = open_chapter(tmp_path, host)
    chapter.recall([MAKE])
    chapter.unwind()
    assert host.ran == ["is there", "take away"]
    (undo,) = events(chapter, "undo")
    assert (undo["rc"], undo["ok"]) == (1, True)


def test_a_run_that_cannot_be_resumed_says_why_and_keeps_its_undos(
    tmp_path: Path,
) -> None:
    host = FakeHost({"undo a": [1]})
    chapter = open_chapter(tmp_path, host)
    assert not chapter.resumed
    chapter.recall([Step("change", "a", undo="undo a")])
    with pytest.raises(StepFailed, match="cannot go on, as this failed: undo a"):
        chapter.resume()
    chapter.unwind()
    assert host.ran == ["undo a", "undo a"]


def test_steps_are_undone_in_the_order_of_the_chapter_whoever_took_them(
    tmp_path: Path,
) -> None:
    """Want B before A, though A was taken anew, and C first, which was not met yet."""
    a, b, c = (
        Step("change", f"do {n}", unless=f"is {n}", undo=f"undo {n}") for n in "abc"
    )
    host = FakeHost({f"is {n}": [0, 0, 1] for n in "abc"} | {"is a": [1, 0, 0, 1]})
    chapter = open_chapter(tmp_path, host)
    chapter.recall([a, b, c])
    chapter.resume()
    chapter.change(a)
    chapter.change(b)
    host.answers |= {f"is {n}": [0, 1] for n in "abc"}
    chapter.unwind()
    undos = [script for script in host.ran if script.startswith("undo")]
    assert undos == ["undo c", "undo b", "undo a"]


def test_a_step_sees_parameters_run_and_label(tmp_path: Path) -> None:
    host = FakeHost()
    open_chapter(tmp_path, host).look(Step("look", "x"))
    assert host.environments == [
        {"volume": "x", "run": "a-run", "label": "dockbook.run=a-run"}
    ]


def test_only_a_step_that_names_a_program_has_its_text(tmp_path: Path) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host, programs={"tool": "text", "other": "x"})
    chapter.look(Step("look", 'printf %s "$tool"'))
    chapter.look(Step("look", "true"))
    named, plain = host.environments
    assert (named["tool"], "other" in named) == ("text", False)
    assert "tool" not in plain


def test_a_journal_that_cannot_be_written_stops_the_step_before_it_runs(
    tmp_path: Path,
) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host)
    chapter.journal = Journal(Path("/dev/full"))
    with pytest.raises(DockbookError, match="nothing was run"):
        chapter.change(Step("change", "make"))
    assert host.ran == []


def test_a_journal_cut_in_the_middle_of_a_line_is_read_up_to_it(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text('{"event": "open"}\n{"event": "beg')
    assert [e["event"] for e in journal.read(path)] == ["open"]


def test_a_secret_goes_to_steps_and_nowhere_else(tmp_path: Path) -> None:
    class Loud(FakeHost):
        """Say the secret in two pieces, and as the output of an undo."""

        def run(self, script: str, **options: Any) -> Result:
            on_output = options.get("on_output", lambda _: None)
            on_output("it is hunt")
            on_output("er22\nand hun")
            failed = 1 if script == "undo" else 0
            return Result(failed, f"hunter22 {options['env']['password']}\nand hun", 1)

    said: list[str] = []
    chapter = open_chapter(
        tmp_path, Loud(), say=said.append, mask=(mask := Mask(["hunter22"]))
    )
    chapter.journal = Journal(chapter.journal.path, mask)
    chapter.environment["password"] = "hunter22"
    chapter.change(Step("change", "x", undo="undo"))
    assert "".join(said) == "it is ***\nand hun"
    said.clear()
    chapter.unwind()
    assert "".join(said) == "✘ not undone: undo\n*** ***\nand hun\n"
    with pytest.raises(CheckFailed):
        chapter.check("hunter22 is right", False, note=None)
    assert "hunter22" not in chapter.journal.path.read_text()
    assert events(chapter, "end")[0]["output"] == "*** ***\nand hun"
    assert journal.verify(chapter.journal.path) == []
    assert "hunter22" not in repr(chapter)


@pytest.mark.parametrize(("own", "undoing"), [(1, chapters.UNDO_TIMEOUT), (600, 600)])
def test_an_undo_has_the_time_of_its_step_or_two_minutes(
    tmp_path: Path, own: int, undoing: int
) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host)
    chapter.change(Step("change", "make", undo="take away", timeout=own))
    (recalled,) = pending(journal.read(chapter.journal.path))
    assert recalled.timeout == own
    chapter.unwind()
    assert host.timeouts == [own, undoing]


@pytest.mark.parametrize("bare", [True, False])
def test_an_engine_that_is_gone_has_nothing_to_sweep_where_none_was_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: bool
) -> None:
    """Nobody listens at the socket of the host, and its client has lost the engine."""
    said: list[str] = []
    host = FakeHost()

    def gone(**_: object) -> None:
        raise DockerException("gone")

    monkeypatch.setattr(host.docker.api, "containers", gone)
    chapter = open_chapter(tmp_path, host, say=said.append, bare=bare)
    chapter.unwind()
    assert said == (
        [] if bare else ["✘ sweep: gone\n  `dockbook sweep a-run` tries again\n"]
    )
    if bare:
        assert chapter.left() == []
    else:
        with pytest.raises(DockerException):
            chapter.left()


def test_an_engine_that_still_answers_is_swept_by_a_bare_chapter_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = FakeHost()
    row = {"Id": "1", "Names": ["/left"], "Labels": {"dockbook.run": "a-run"}}
    monkeypatch.setattr(host.docker.api, "containers", lambda **_: [row])
    monkeypatch.setattr(host, "has_engine", lambda: True)
    assert open_chapter(tmp_path, host, bare=True).left() == ["container left"]


def test_a_step_runs_and_is_undone_on_the_host_it_names(tmp_path: Path) -> None:
    host, second = FakeHost(), FakeHost()
    chapter = open_chapter(tmp_path, host, hosts={"second": second})
    chapter.change(Step("change", "make", undo="take away", on="second"))
    (recalled,) = pending(journal.read(chapter.journal.path))
    assert recalled.on == "second"
    chapter.unwind()
    assert (host.ran, second.ran) == ([], ["make", "take away"])
    with pytest.raises(ChapterError, match="is called 'third'"):
        open_chapter(tmp_path, host).look(Step("look", "x", on="third"))


def test_what_was_done_on_a_lab_that_has_ended_needs_no_undo(tmp_path: Path) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host)
    chapter.recall([Step("change", "make", undo="take away", on="second")])
    chapter.unwind()
    assert host.ran == []
    assert events(chapter, "undo")[0]["ok"] is True
