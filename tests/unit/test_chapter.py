"""Steps, checks and plans of a chapter, on a fake host."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import journal, trying
from kernels_helpers.errors import (
    CheckFailed,
    DockbookError,
    StepFailed,
)
from kernels_helpers.hosts import PODMAN
from kernels_helpers.journal import Journal
from kernels_helpers.masking import MASK, Mask
from kernels_helpers.process import Result
from kernels_helpers.steps import Step
from tests.unit.fakes import MAKE, FakeHost, events, open_chapter


def test_a_change_that_leaves_its_end_untrue_fails(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost({"is there": [1]}))
    with pytest.raises(StepFailed, match="this is not true: is there"):
        chapter.change(MAKE)


@pytest.mark.parametrize("rc", [1, 127, 124])
def test_an_unexpected_exit_code_fails(tmp_path: Path, rc: int) -> None:
    chapter = open_chapter(tmp_path, FakeHost({"x": [rc]}))
    with pytest.raises(StepFailed, match=r"expected 0|did not end within"):
        chapter.look(Step("look", "x"))


def test_an_expected_failure_that_succeeds_fails(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost())
    with pytest.raises(StepFailed, match="ended with 0, expected 125"):
        chapter.look(Step("look", "x", rc=125))


def test_a_failure_says_the_last_line_of_the_output_without_secrets(
    tmp_path: Path,
) -> None:
    said = "one\nlogin with hunter2-x refused"
    host = FakeHost({said: [1]})
    chapter = open_chapter(tmp_path, host, mask=Mask(["hunter2-x"]))
    with pytest.raises(StepFailed) as failed:
        chapter.look(Step("look", said))
    wanted = f"the command ended with 1, expected 0: login with {MASK} refused: 1"
    assert str(failed.value) == wanted


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


@pytest.mark.parametrize(
    ("product", "ok", "fails"),
    [
        ("Docker Engine", True, None),
        ("Docker Engine", False, "a claim"),
        (PODMAN, True, "a claim: no longer differs .* another thing"),
        (PODMAN, False, None),
    ],
)
def test_a_claim_that_differs_has_to_be_false_on_podman_and_only_there(
    tmp_path: Path, product: str, ok: bool, fails: str | None
) -> None:
    chapter = open_chapter(tmp_path, FakeHost(product=product))
    false = pytest.raises(CheckFailed, match=fails) if fails else nullcontext()
    with false:
        chapter.check("a claim", ok, note=None, podman="another thing")
    (told,) = events(chapter, "check")
    assert told.get("differs") == ("another thing" if product == PODMAN else None)


def test_a_check_that_differs_nowhere_fails_on_podman_too(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed):
        open_chapter(tmp_path, FakeHost(product=PODMAN)).check("x", False, note=None)


def test_a_check_that_differs_nowhere_asks_no_engine(tmp_path: Path) -> None:
    host = FakeHost()
    del host.product  # as on a host without one: to ask would raise
    open_chapter(tmp_path, host).check("a claim", True, note=None)


def test_a_step_that_differs_has_to_fail_on_podman(tmp_path: Path) -> None:
    step = replace(MAKE, unless=None, podman="there is no such thing")
    host = FakeHost({"make": [1, 0]}, PODMAN)
    chapter = open_chapter(tmp_path, host)
    chapter.change(step)
    assert [e["why"] for e in events(chapter, "differs")] == ["there is no such thing"]
    with pytest.raises(StepFailed, match=r"no longer differs .* no such thing"):
        chapter.change(step)
    chapter.unwind()
    assert host.ran[2:] == ["take away", "take away"]


def test_a_step_that_differs_is_as_any_other_on_docker(tmp_path: Path) -> None:
    chapter = open_chapter(tmp_path, FakeHost({"make": [0, 1]}))
    step = replace(MAKE, unless=None, podman="there is no such thing")
    chapter.change(step)
    with pytest.raises(StepFailed, match="ended with 1"):
        chapter.change(step)
    assert events(chapter, "differs") == []


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


def test_a_plan_of_what_was_kept_takes_nothing_back(tmp_path: Path) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host, plan=True)
    chapter.recall([MAKE])
    chapter.change(MAKE)
    chapter.unwind()
    assert host.ran == ["is there"]
    assert chapter.pending  # what says that all is gone cannot be known
    chapter.fail("reason")
    assert host.ran == ["is there"]


@pytest.mark.parametrize("plan", [False, True])
def test_a_step_that_is_no_part_of_the_run_is_left_out(
    tmp_path: Path, plan: bool
) -> None:
    host = FakeHost({"wanted": [1]})
    chapter = open_chapter(tmp_path, host, plan=plan)
    chapter.look(Step("look", "see", when="wanted"))
    chapter.change(replace(MAKE, when="wanted"))
    assert not chapter.pending
    chapter.unwind()
    assert host.ran == ["wanted", "wanted"]
    answers = events(chapter, "answer")
    assert [(a["answer"], a["effects"]) for a in answers] == [("left out", [])] * 2


def test_after_a_failure_no_step_runs(tmp_path: Path) -> None:
    host = FakeHost()
    chapter = open_chapter(tmp_path, host)
    chapter.fail("reason")
    with pytest.raises(StepFailed, match="restart the kernel"):
        chapter.change(MAKE)
    assert host.ran == []


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
