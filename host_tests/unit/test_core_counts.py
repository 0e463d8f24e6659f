"""The tally counts beyond 30 bits in two small ints; the ring keeps the newest counts."""

import pytest

from pump.core.ring import IntRing
from pump.core.tally import MirroredTally, Tally
from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, SMALL_MAX
from unit.builders import Narrow

ADD_MAX = 1 << 29
EACH_TALLY = pytest.mark.parametrize("kind", [Tally, MirroredTally])


def test_the_units_agree_with_each_other() -> None:
    assert MS_PER_MINUTE == 60 * 1000
    assert MS_PER_HOUR == 60 * MS_PER_MINUTE
    assert MS_PER_DAY == 24 * MS_PER_HOUR
    assert SMALL_MAX + 1 == 2**30


@pytest.mark.parametrize("steps", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, ADD_MAX - 1, ADD_MAX])
@EACH_TALLY
def test_a_tally_is_the_exact_sum_of_what_was_added(kind: type[Tally], steps: int) -> None:
    tally = kind()
    for times in range(1, 40):
        tally.add(steps)
        assert tally.total() == times * steps


@EACH_TALLY
def test_a_tally_stays_in_small_ints_far_beyond_30_bits(kind: type[Tally]) -> None:
    tally = kind()
    for _ in range(5000):
        tally.add(Narrow(ADD_MAX))
        assert 0 <= tally.low < 2**20
        assert 0 <= tally.high <= SMALL_MAX
    assert tally.total() == 5000 * ADD_MAX > 2000 * SMALL_MAX


@EACH_TALLY
def test_a_tally_begins_at_nothing(kind: type[Tally]) -> None:
    assert kind().total() == 0


@EACH_TALLY
@pytest.mark.parametrize("total", [0, 1, 2**20 - 1, 2**20, 2**30, 2**40 + 7])
def test_a_tally_goes_on_from_what_it_was_set_to(kind: type[Tally], total: int) -> None:
    tally = kind()
    tally.add(5)
    tally.set(total)
    assert tally.total() == total
    tally.add(2**20 + 3)
    assert tally.total() == total + 2**20 + 3


def test_a_mirrored_tally_is_sound_through_all_it_counts() -> None:
    tally = MirroredTally()
    assert tally.sound()
    for i in range(2000):
        tally.add(Narrow((i * 7_368_787) % (ADD_MAX + 1)))
        assert tally.sound()
        assert min(tally._not_low, tally._not_high) >= -SMALL_MAX
    tally.set(2**41 - 1)
    assert tally.sound()


@pytest.mark.parametrize("part", MirroredTally.GUARDED)
@pytest.mark.parametrize("flip", [*(1 << bit for bit in range(30)), -1 << 30])
def test_a_mirrored_tally_that_changed_by_itself_is_not_sound_and_never_becomes_so(part: str, flip: int) -> None:
    tally = MirroredTally()
    tally.set(2**33 + 2**19 + 12_345)
    setattr(tally, part, getattr(tally, part) ^ flip)
    assert not tally.sound()
    for steps in (0, 1, 5, 2**19, 2**20 - 1, 2**20, 3):
        tally.add(steps)
        assert not tally.sound()


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
