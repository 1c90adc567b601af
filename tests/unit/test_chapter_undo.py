"""What a chapter undoes and sweeps, on a fake host."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from docker.errors import DockerException
from requests.exceptions import ConnectionError as RequestsConnectionError

from kernels_helpers import chapter as chapters
from kernels_helpers import journal
from kernels_helpers.errors import (
    ChapterError,
    StepFailed,
)
from kernels_helpers.recovery import pending
from kernels_helpers.steps import Step
from tests.unit.fakes import MAKE, FakeHost, events, open_chapter


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


def test_an_undo_that_took_nothing_away_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    host = FakeHost({"is there": [1, 0]})
    chapter = open_chapter(tmp_path, host, say=said.append)
    chapter.change(MAKE)
    chapter.unwind()
    told = "✘ not undone: take away\nits `unless` is true as before\n"
    assert "".join(said).endswith(told)


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


def test_keep_undoes_nothing(tmp_path: Path) -> None:
    host = FakeHost({"is there": [1, 0]})
    chapter = open_chapter(tmp_path, host, keep=True)
    chapter.change(MAKE)
    chapter.unwind()
    assert "take away" not in host.ran


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
