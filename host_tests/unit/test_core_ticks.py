"""Raw ticks wrap at 2**30 ms, and nothing that computes with them leaves 30 bits."""

import pytest

from pump.core.ticks import HALF, MASK, ticks_add, ticks_diff
from pump.core.units import SMALL_MAX
from unit.builders import Narrow

WRAP = 1 << 30
PLACES = [0, 1, 5, HALF - 1, HALF, HALF + 1, MASK - 1, MASK]
SPANS_MS = [0, 1, 2, 10, HALF - 2, HALF - 1]


def test_ticks_wrap_where_small_ints_end() -> None:
    assert MASK == SMALL_MAX == WRAP - 1
    assert 2 * HALF == WRAP


@pytest.mark.req("M-10")
@pytest.mark.parametrize("span_ms", SPANS_MS)
@pytest.mark.parametrize("place", PLACES)
def test_a_span_forth_and_back_is_right_from_every_place_around_the_wrap(place: int, span_ms: int) -> None:
    later = (place + span_ms) % WRAP
    assert ticks_diff(Narrow(later), Narrow(place)) == span_ms
    assert ticks_diff(Narrow(place), Narrow(later)) == -span_ms
    assert ticks_add(Narrow(place), Narrow(span_ms)) == later
    assert ticks_add(Narrow(later), Narrow(-span_ms)) == place


@pytest.mark.req("M-10")
@pytest.mark.parametrize("place", PLACES)
def test_half_a_wrap_ahead_reads_as_half_a_wrap_behind(place: int) -> None:
    opposite = (place + HALF) % WRAP
    assert ticks_diff(Narrow(opposite), Narrow(place)) == -HALF
