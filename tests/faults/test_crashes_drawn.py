"""What a sample of the crashes of a move has in it."""

from collections import Counter, defaultdict

from tests.benchmarks.crashes import FIRST, drawn
from tests.faults.crashes import METHODS, WAYS, matrix

ALL = [*matrix(1, defaultdict(float))]
PAIRS = len(METHODS) * len(WAYS)


def test_each_method_and_way_is_drawn_before_any_is_drawn_twice() -> None:
    few, more = drawn(1, ALL, PAIRS), drawn(1, ALL, 2 * PAIRS)
    assert {*Counter((c.method, c.way) for c in few).values()} == {1}
    assert {*Counter((c.method, c.way) for c in more).values()} == {2}
    assert len({(c.method, c.way) for c in few}) == PAIRS
    assert {c.step for c in few} == FIRST


def test_another_seed_draws_others_and_all_of_them_is_all() -> None:
    assert drawn(1, ALL, PAIRS) == drawn(1, ALL, PAIRS) != drawn(2, ALL, PAIRS)
    assert drawn(1, ALL, len(ALL)) == ALL
