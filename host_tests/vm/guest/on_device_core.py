"""Device tests of core: they run unchanged on CPython, on the 64-bit VM and on the 32-bit one."""

from support import SMALL_INTS_OF_31_BITS, Skip, allocates, without_allocation

from pump.core.errors import Misuse, Refused, refuse_unless_int
from pump.core.ring import IntRing
from pump.core.tally import Tally
from pump.core.ticks import ticks_add, ticks_diff
from pump.core.units import SMALL_MAX

REQUIREMENTS = {
    "test_ticks_wrap_at_2_to_the_30": ["M-10"],
    "test_ticks_allocate_nothing_across_the_wrap": ["M-10"],
    "test_a_tally_outgrows_30_bits": ["M-01"],
}

LONGEST_MS = (1 << 29) - 1
STARTS_MS = (0, 1, LONGEST_MS, LONGEST_MS + 1, SMALL_MAX - 1, SMALL_MAX)
SPANS_MS = (0, 1, 10, 999, 86_400_000, LONGEST_MS - 1, LONGEST_MS)
MOST_ADDED = (0, 1, LONGEST_MS, LONGEST_MS + 1)


def test_ticks_wrap_at_2_to_the_30():
    assert ticks_add(SMALL_MAX, 1) == 0
    assert ticks_add(0, -1) == SMALL_MAX
    assert ticks_diff(0, SMALL_MAX) == 1
    assert ticks_diff(SMALL_MAX, 0) == -1


def test_ticks_add_and_diff_undo_each_other_everywhere():
    for start in STARTS_MS:
        for span_ms in SPANS_MS:
            assert ticks_diff(ticks_add(start, span_ms), start) == span_ms, (start, span_ms)
            assert ticks_diff(start, ticks_add(start, span_ms)) == -span_ms, (start, span_ms)
            assert ticks_add(ticks_add(start, span_ms), -span_ms) == start, (start, span_ms)


def _walk_the_ticks(spans_ms):
    for start in STARTS_MS:
        for span_ms in spans_ms:
            ticks_diff(ticks_add(start, span_ms), start)
            ticks_diff(start, ticks_add(start, -span_ms))


def test_ticks_allocate_nothing_across_the_wrap():
    without_allocation(_walk_the_ticks, SPANS_MS)


def test_a_tally_outgrows_30_bits():
    tally = Tally()
    for _ in range(9):
        tally.add(1 << 29)
    tally.add(1)
    assert tally.total() == 9 * (1 << 29) + 1
    assert tally.high <= SMALL_MAX
    assert tally.low <= SMALL_MAX


def _fill_the_tally(tally):
    for steps in MOST_ADDED:
        for _ in range(1000):
            tally.add(steps)


def test_a_tally_allocates_nothing():
    tally = Tally()
    without_allocation(_fill_the_tally, tally)
    assert tally.total() == 1000 * sum(MOST_ADDED)


def test_a_ring_remembers_its_size_and_no_more():
    ring = IntRing(3)
    for count in (1, 2, 3, 4):
        ring.push(count)
    ring.grow(10)
    assert [ring.back(age) for age in range(3)] == [14, 3, 2]
    ring.clear()
    assert [ring.back(age) for age in range(3)] == [0, 0, 0]


def _turn_the_ring(ring):
    for count in range(1000):
        ring.push(count)
        ring.grow(SMALL_MAX - count)
        for age in range(7):
            ring.back(age)
    ring.clear()


def test_a_ring_allocates_nothing():
    ring = IntRing(7)
    without_allocation(_turn_the_ring, ring)
    assert ring.back(0) == 0


def test_a_refusal_names_field_value_and_what_is_accepted():
    for value in (-1, 11, None, "5", True):
        try:
            refuse_unless_int("dose", value, 0, 10)
        except Refused as refused:
            assert str(refused) == "dose: %s is refused; accepted: a whole number from 0 to 10" % (value,)
            assert (refused.field, refused.value) == ("dose", value)
        else:
            raise AssertionError("accepted %r" % (value,))
    assert refuse_unless_int("dose", 10, 0, 10) == 10


def test_misuse_is_no_refusal():
    assert not issubclass(Misuse, Refused)
    assert not issubclass(Refused, Misuse)


# That the lock sees an allocation at all: without these, the tests above could not fail.


def _make_a_float(whole):
    return whole / 3


def _make_a_list(whole):
    return [whole]


def _add_one(whole):
    return whole + 1


def test_the_lock_sees_a_float():
    assert allocates(_make_a_float, 10)


def test_the_lock_sees_a_list():
    assert allocates(_make_a_list, 10)


def test_the_lock_sees_the_31st_bit():
    if not SMALL_INTS_OF_31_BITS:
        raise Skip("whole numbers have more than 31 bits here")
    assert not allocates(_add_one, SMALL_MAX - 1)
    assert allocates(_add_one, SMALL_MAX)


def test_the_heap_is_free_again_afterwards():
    without_allocation(_add_one, 1)
    assert _make_a_list(1) == [1]
