"""The greatest demand of a window, against a reference that adds up pieces instead of taking differences."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.rx.windows import MS_PER_DAY, Demand

MINUTE_MS = 60_000


@st.composite
def demands(draw):
    starts = sorted(draw(st.sets(st.integers(1, 1439), max_size=5)))
    basal = [(minute * MINUTE_MS, Fraction(draw(st.integers(1, 1000)))) for minute in [0, *starts]]
    boluses: list[tuple[int, Fraction, int]] = []
    at = 0
    for _ in range(draw(st.integers(0, 4))):
        at += draw(st.integers(0, 900))
        duration = draw(st.integers(1, 200))
        boluses.append((at * MINUTE_MS, Fraction(draw(st.integers(1, 500))), duration * MINUTE_MS))
        at += duration
    return basal, boluses


def overlap_ms(start_ms, end_ms, from_ms, until_ms):
    return max(0, min(end_ms, until_ms) - max(start_ms, from_ms))


def asked_for(basal, boluses, from_ms, until_ms):
    """What is asked for within a span, piece by piece."""
    total = Fraction(0)
    ends = [*(start for start, _ in basal[1:]), MS_PER_DAY]
    for day in range(from_ms // MS_PER_DAY, until_ms // MS_PER_DAY + 1):
        for (start, rate), end in zip(basal, ends, strict=True):
            begin = day * MS_PER_DAY
            total += rate * overlap_ms(begin + start, begin + end, from_ms, until_ms) / MS_PER_DAY
    for start, dose, duration in boluses:
        total += dose * overlap_ms(start, start + duration, from_ms, until_ms) / duration
    return total


@pytest.mark.req("D-06")
@given(
    demands(), st.sampled_from([61, 1441, 60, 1440, 75]), st.lists(st.integers(-3000, 9000), min_size=20, max_size=20)
)
def test_no_window_holds_more_than_the_peak_and_one_holds_it(demand, minutes, positions):
    basal, boluses = demand
    window_ms = minutes * MINUTE_MS
    peak = Demand(basal, boluses).peak(window_ms)
    assert asked_for(basal, boluses, peak.start_ms, peak.start_ms + window_ms) == peak.demand
    for position in positions:
        start_ms = position * MINUTE_MS + 12_345
        assert asked_for(basal, boluses, start_ms, start_ms + window_ms) <= peak.demand


@pytest.mark.req("D-06")
@given(demands(), st.integers(-2000, 5000), st.integers(0, 2000), st.lists(st.integers(0, 2000), max_size=10))
def test_the_peak_of_windows_that_end_within_a_span_stays_within_it(demand, first, length, offsets):
    basal, boluses = demand
    window_ms, first_ms = 61 * MINUTE_MS, first * MINUTE_MS
    last_ms = first_ms + length * MINUTE_MS
    peak = Demand(basal, boluses).peak_ending(window_ms, first_ms, last_ms)
    assert first_ms <= peak.start_ms + window_ms <= last_ms
    assert asked_for(basal, boluses, peak.start_ms, peak.start_ms + window_ms) == peak.demand
    for offset in offsets:
        end_ms = min(first_ms + offset * MINUTE_MS, last_ms)
        assert asked_for(basal, boluses, end_ms - window_ms, end_ms) <= peak.demand


@given(demands(), st.integers(-5000, 9000), st.integers(0, 5000))
def test_demand_adds_up(demand, start, length):
    basal, boluses = demand
    start_ms, end_ms = start * MINUTE_MS, (start + length) * MINUTE_MS
    exact = Demand(basal, boluses)
    assert exact.until(end_ms) - exact.until(start_ms) == asked_for(basal, boluses, start_ms, end_ms)


@given(demands(), st.integers(-3000, 9000))
def test_no_minute_is_faster_than_the_greatest_rate(demand, position):
    basal, boluses = demand
    start_ms = position * MINUTE_MS
    greatest = Demand(basal, boluses).greatest_rate()
    assert asked_for(basal, boluses, start_ms, start_ms + MINUTE_MS) * 1440 <= greatest
