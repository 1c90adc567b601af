from typing import Any

import pytest

from kernels_helpers.undo import pending


def begin(name: str, *, undo: bool = True) -> dict[str, Any]:
    undoing = f"undo {name}" if undo else None
    facts = {"kind": "change", "body": name, "unless": None, "user": None}
    return {"event": "begin", "undo": undoing, **facts}


def undone(name: str, *, ok: bool = True) -> dict[str, Any]:
    return {"event": "undo", "undo": f"undo {name}", "ok": ok}


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
    ],
)
def test_what_is_left_to_undo(events: list[dict[str, Any]], left: list[str]) -> None:
    assert [step.body for step in pending(events)] == left
