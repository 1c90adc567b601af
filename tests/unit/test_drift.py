"""What a round says of a plan in which nothing is known to be untrue."""

from types import SimpleNamespace
from typing import Any

import pytest

from kernels_helpers import drift
from kernels_helpers.cases import Case

TRUE = Case("check", "a claim")
DONE = Case("change", "make", answer="already true")
WOULD = Case("change", "make", answer="would run")
UNKNOWN = Case("change", "make", answer="cannot know")
KEPT, BACK = SimpleNamespace(kept=True), SimpleNamespace(kept=False)


@pytest.mark.parametrize(
    ("good", "now", "status"),
    [
        (None, [TRUE, DONE], drift.HOLDS),
        (None, [TRUE, WOULD], drift.UNPROVED),
        (BACK, [TRUE, WOULD], drift.HOLDS),  # it was taken back
        (BACK, [UNKNOWN], drift.UNPROVED),  # nothing was looked at
        (KEPT, [TRUE, DONE, UNKNOWN], drift.HOLDS),
        (KEPT, [DONE, WOULD], drift.UNPROVED),  # nobody has ever made that one
    ],
)
def test_a_plan_holds_when_something_does_and_nothing_is_missing(
    good: Any, now: list[Case], status: str
) -> None:
    made: Any = SimpleNamespace(pending=len({WOULD, UNKNOWN} & {*now}))
    assert drift._status(good, now, made) == status
