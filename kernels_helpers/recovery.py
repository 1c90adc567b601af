"""What the journal of a run that ended early says: its last attempt, what to undo."""

from collections.abc import Iterable
from typing import Any

from kernels_helpers.steps import Step

Event = dict[str, Any]
FIELDS = ("kind", "body", "unless", "undo", "user")  # of a step, in the journal


def last_attempt(events: Iterable[Event]) -> list[Event]:
    """Return the events since the run began, or since it was last resumed."""
    attempt: list[Event] = []
    for event in events:
        if event["event"] == "resume":
            attempt.clear()
        attempt.append(event)
    return attempt


def pending(events: Iterable[Event]) -> list[Step]:
    """List the steps whose undo has not succeeded yet, in the order of the chapter.

    After a resume that is: those whose undo failed, those met again, and the ones
    behind them, which the run has not come to yet.
    """
    failed: list[Step] = []
    taken: list[Step] = []
    ahead: list[Step] = []
    for event in events:
        match event:
            case {"event": "resume"}:
                taken, ahead = [], taken + ahead
            case {"event": "begin", "undo": str()}:
                step = Step(**{name: event[name] for name in FIELDS})
                _take(ahead, body=step.body)
                taken.append(step)
            case {"event": "answer", "body": body}:
                taken += _take(ahead, body=body)
            case {"event": "undo", "undo": undo, "ok": ok}:
                lists = (ahead, taken, failed)  # as they are undone
                undone = next(filter(None, (_take(x, undo=undo) for x in lists)), [])
                failed = failed if ok else undone + failed
    return failed + taken + ahead


def _take(steps: list[Step], **wanted: str) -> list[Step]:
    """Take the last step that is as wanted off a list; none when there is none."""
    for index in range(len(steps) - 1, -1, -1):
        if all(getattr(steps[index], name) == wanted[name] for name in wanted):
            return [steps.pop(index)]
    return []
