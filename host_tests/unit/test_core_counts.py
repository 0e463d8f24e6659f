"""The tally counts beyond 30 bits in two small ints; the ring keeps the newest counts."""

import pytest

from pump.core.ring import IntRing
from pump.core.tally import Tally
from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, SMALL_MAX
from unit.builders import Narrow

ADD_MAX = 1 << 29


def test_the_units_agree_with_each_other() -> None:
    assert MS_PER_MINUTE == 60 * 1000
    assert MS_PER_HOUR == 60 * MS_PER_MINUTE
    assert MS_PER_DAY == 24 * MS_PER_HOUR
    assert SMALL_MAX + 1 == 2**30


@pytest.mark.parametrize("steps", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, ADD_MAX - 1, ADD_MAX])
def test_a_tally_is_the_exact_sum_of_what_was_added(steps: int) -> None:
    tally = Tally()
    for times in range(1, 40):
        tally.add(steps)
        assert tally.total() == times * steps


def test_a_tally_stays_in_small_ints_far_beyond_30_bits() -> None:
    tally = Tally()
    for _ in range(5000):
        tally.add(Narrow(ADD_MAX))
        assert 0 <= tally.low < 2**20
        assert 0 <= tally.high <= SMALL_MAX
    assert tally.total() == 5000 * ADD_MAX > 2000 * SMALL_MAX


def test_a_tally_begins_at_nothing() -> None:
    assert Tally().total() == 0


def test_a_new_ring_holds_zeros() -> None:
    ring = IntRing(3)
    assert [ring.back(age) for age in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_ring_gives_back_each_of_the_newest_counts_by_its_age(size: int) -> None:
    ring = IntRing(size)
    pushed = [0] * size
    for count in range(1, 4 * size):
        ring.push(count)
        pushed.append(count)
        assert [ring.back(age) for age in range(size)] == pushed[: -size - 1 : -1]


def test_only_the_newest_count_grows() -> None:
    ring = IntRing(3)
    ring.push(5)
    ring.push(7)
    ring.grow(2)
    ring.grow(1)
    assert [ring.back(age) for age in range(3)] == [10, 5, 0]


def test_a_cleared_ring_holds_zeros_and_goes_on() -> None:
    ring = IntRing(3)
    for count in (1, 2, 3, 4):
        ring.push(count)
    ring.clear()
    assert [ring.back(age) for age in range(3)] == [0, 0, 0]
    ring.push(9)
    assert [ring.back(age) for age in range(3)] == [9, 0, 0]


def test_a_ring_holds_the_largest_small_int() -> None:
    ring = IntRing(2)
    ring.push(SMALL_MAX)
    assert ring.back(0) == SMALL_MAX


def test_a_copy_of_a_ring_holds_the_same_by_age_and_neither_sees_what_the_other_gets_later() -> None:
    ring = IntRing(3)
    for count in (1, 2, 3, 4):
        ring.push(count)
    copy = ring.copy()
    ring.push(5)
    copy.grow(10)
    assert [copy.back(age) for age in range(3)] == [14, 3, 2]
    assert [ring.back(age) for age in range(3)] == [5, 4, 3]
    copy.push(6)
    assert [copy.back(age) for age in range(3)] == [6, 14, 3]
