from typing import Any

import pytest

from kernels_helpers.recovery import last_attempt, pending


def begin(name: str, *, undo: bool = True) -> dict[str, Any]:
    undoing = f"undo {name}" if undo else None
    facts = {"kind": "change", "body": name, "unless": None, "user": None}
    return {"event": "begin", "undo": undoing, **facts}


def undone(name: str, *, ok: bool = True) -> dict[str, Any]:
    return {"event": "undo", "undo": f"undo {name}", "ok": ok}


def met(name: str) -> dict[str, Any]:
    return {"event": "answer", "body": name, "answer": "already true"}


RESUME = {"event": "resume"}


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([], []),
        ([begin("a"), begin("b")], ["a", "b"]),
        ([begin("look", undo=False)], []),
        ([begin("a"), begin("b"), undone("b")], ["a"]),
        ([begin("a"), begin("b"), undone("b"), undone("a")], []),
        ([begin("a"), begin("b"), undone("b", ok=False), undone("a")], ["b"]),
        ([begin("a"), undone("a", ok=False), undone("a")], []),
        ([begin("a"), begin("a"), undone("a")], ["a"]),
        ([begin("a"), begin("b"), RESUME], ["a", "b"]),
        ([begin("a"), begin("b"), RESUME, undone("b")], ["a"]),
        ([begin("a"), begin("b"), RESUME, met("a")], ["a", "b"]),
        ([begin("a"), begin("b"), RESUME, met("a"), begin("c")], ["a", "c", "b"]),
        ([begin("a"), begin("b"), RESUME, begin("a"), undone("b")], ["a"]),
        ([begin("a"), RESUME, undone("a", ok=False), undone("a")], []),
        (
            [begin("a"), begin("b"), RESUME, undone("b", ok=False), undone("b")],
            ["a"],
        ),
    ],
)
def test_what_is_left_to_undo(events: list[dict[str, Any]], left: list[str]) -> None:
    assert [step.body for step in pending(events)] == left


def test_the_last_attempt_begins_where_the_run_was_resumed() -> None:
    events = [begin("a"), RESUME, met("a"), RESUME, begin("b")]
    assert last_attempt(events) == [RESUME, begin("b")]
    assert last_attempt([begin("a")]) == [begin("a")]
