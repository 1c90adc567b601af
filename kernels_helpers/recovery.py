"""What the journal of a run that ended early says: its last attempt, what to undo."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kernels_helpers.steps import Step

Event = dict[str, Any]
OPTIONS = ("unless", "undo", "user", "on", "timeout")
FIELDS = ("kind", "body", *OPTIONS)  # of a step, in the journal


@dataclass
class Undos:
    """Hold the steps to undo, in the order of the chapter.

    ``recalled`` are those of an earlier attempt that this one has not met yet: they
    stand behind all that it has.
    """

    taken: list[Step] = field(default_factory=list)
    recalled: list[Step] = field(default_factory=list)

    def meet(self, step: Step) -> bool:
        """Give a recalled step its place among the taken; tell whether it was one."""
        met = _take(self.recalled, body=step.body)
        self.taken += [step] if met else []
        return bool(met)

    def take(self, step: Step) -> None:
        """Add a step, unless it was met."""
        if step.undo and not self.meet(step):
            self.taken.append(step)

    def pop(self) -> Step | None:
        """Take the step off that is to be undone next; None when there is none."""
        steps = self.recalled or self.taken
        return steps.pop() if steps else None


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
    undos, failed = Undos(), list[Step]()
    for event in events:
        match event:
            case {"event": "resume"}:
                undos = Undos(recalled=undos.taken + undos.recalled)
            case {"event": "begin", "undo": str()}:
                undos.take(
                    Step(**{name: event[name] for name in FIELDS if name in event})
                )
            case {"event": "answer", "body": body}:
                undos.taken += _take(undos.recalled, body=body)
            case {"event": "undo", "undo": undo, "ok": ok}:
                lists = (undos.recalled, undos.taken, failed)  # as they are undone
                undone = next(filter(None, (_take(x, undo=undo) for x in lists)), [])
                failed = failed if ok else undone + failed
    return failed + undos.taken + undos.recalled


def _take(steps: list[Step], **wanted: str) -> list[Step]:
    """Take the last step that is as wanted off a list; none when there is none."""
    for index in range(len(steps) - 1, -1, -1):
        if all(getattr(steps[index], name) == wanted[name] for name in wanted):
            return [steps.pop(index)]
    return []
