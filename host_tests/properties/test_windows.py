"""The greatest demand of a window, against a reference that adds up pieces instead of taking differences."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.limits.allotted import most_before, most_within
from itb.limits.windows import Demand
from itb.rx.orders import MS_PER_DAY, PatientBolus
from pump.therapy.lockout import ALLOWED, Lockout

MINUTE_MS = 60_000


@st.composite
def patterns(draw):
    starts = sorted(draw(st.sets(st.integers(1, 1439), max_size=5)))
    return [(minute * MINUTE_MS, Fraction(draw(st.integers(0, 1000)))) for minute in [0, *starts]]


@st.composite
def demands(draw):
    """Day patterns, which of them each day of a week has, and boluses."""
    some = draw(st.lists(patterns(), min_size=1, max_size=3))
    week = draw(st.lists(st.integers(0, len(some) - 1), min_size=7, max_size=7))
    boluses: list[tuple[int, Fraction, int]] = []
    at = 0
    for _ in range(draw(st.integers(0, 4))):
        at += draw(st.integers(0, 900))
        duration = draw(st.integers(1, 200))
        boluses.append((at * MINUTE_MS, Fraction(draw(st.integers(1, 500))), duration * MINUTE_MS))
        at += duration
    return some, week, boluses


def exact(demand):
    some, week, boluses = demand
    return Demand(some, boluses, lambda day: week[day % 7])


def overlap_ms(start_ms, end_ms, from_ms, until_ms):
    return max(0, min(end_ms, until_ms) - max(start_ms, from_ms))


def asked_for(demand, from_ms, until_ms):
    """What is asked for within a span, piece by piece."""
    some, week, boluses = demand
    total = Fraction(0)
    for day in range(from_ms // MS_PER_DAY, until_ms // MS_PER_DAY + 1):
        steps = some[week[day % 7]]
        ends = [*(start for start, _ in steps[1:]), MS_PER_DAY]
        for (start, rate), end in zip(steps, ends, strict=True):
            begin = day * MS_PER_DAY
            total += rate * overlap_ms(begin + start, begin + end, from_ms, until_ms) / MS_PER_DAY
    for start, dose, duration in boluses:
        total += dose * overlap_ms(start, start + duration, from_ms, until_ms) / duration
    return total


WINDOWS = st.sampled_from([61, 1441, 60, 1440, 75])


@pytest.mark.req("D-06")
@given(demands(), WINDOWS, st.integers(-3000, 9000), st.integers(0, 2000), st.lists(st.integers(0, 2000), max_size=20))
def test_no_window_that_begins_in_a_span_holds_more_than_its_peak_and_one_holds_it(
    demand, minutes, first, length, offsets
):
    window_ms, first_ms = minutes * MINUTE_MS, first * MINUTE_MS
    last_ms = first_ms + length * MINUTE_MS
    peak = exact(demand).peak_starting(window_ms, first_ms, last_ms)
    assert first_ms <= peak.start_ms <= last_ms
    assert asked_for(demand, peak.start_ms, peak.start_ms + window_ms) == peak.demand
    for offset in offsets:
        start_ms = min(first_ms + offset * MINUTE_MS + 12_345, last_ms)
        assert asked_for(demand, start_ms, start_ms + window_ms) <= peak.demand


@pytest.mark.req("D-06")
@given(demands(), st.integers(-2000, 5000), st.integers(0, 2000), st.lists(st.integers(0, 2000), max_size=10))
def test_the_peak_of_windows_that_end_within_a_span_stays_within_it(demand, first, length, offsets):
    window_ms, first_ms = 61 * MINUTE_MS, first * MINUTE_MS
    last_ms = first_ms + length * MINUTE_MS
    peak = exact(demand).peak_ending(window_ms, first_ms, last_ms)
    assert first_ms <= peak.start_ms + window_ms <= last_ms
    assert asked_for(demand, peak.start_ms, peak.start_ms + window_ms) == peak.demand
    for offset in offsets:
        end_ms = min(first_ms + offset * MINUTE_MS, last_ms)
        assert asked_for(demand, end_ms - window_ms, end_ms) <= peak.demand


@pytest.mark.req("D-06")
@given(demands(), WINDOWS, st.lists(st.integers(-3000, 3000), min_size=5, max_size=20))
def test_no_window_with_a_part_of_a_bolus_holds_more_than_the_peak_of_those(demand, minutes, offsets):
    window_ms = minutes * MINUTE_MS
    peak = exact(demand).peak_with_boluses(window_ms)
    assert (peak is None) == (not demand[2])
    for start_ms, _, duration_ms in demand[2]:
        for offset in offsets:
            at_ms = min(max(start_ms + offset * MINUTE_MS, start_ms - window_ms), start_ms + duration_ms)
            assert peak
            assert asked_for(demand, at_ms, at_ms + window_ms) <= peak.demand


@given(demands(), st.integers(-5000, 9000), st.integers(0, 5000))
def test_demand_adds_up(demand, start, length):
    start_ms, end_ms = start * MINUTE_MS, (start + length) * MINUTE_MS
    walk = exact(demand)
    assert walk.until(end_ms) - walk.until(start_ms) == asked_for(demand, start_ms, end_ms)


@given(demands(), st.integers(-3000, 9000), st.integers(1, 300))
def test_no_minute_is_faster_than_the_greatest_rate_around_it_and_one_is_as_fast(demand, position, minutes):
    start_ms = position * MINUTE_MS
    greatest = exact(demand).greatest_rate(start_ms, start_ms + minutes * MINUTE_MS)
    # Rates change at whole minutes only.
    by_minute = [
        asked_for(demand, at_ms, at_ms + MINUTE_MS) * 1440
        for at_ms in range(start_ms, start_ms + minutes * MINUTE_MS, MINUTE_MS)
    ]
    assert max(by_minute) == greatest


@st.composite
def patient_boluses(draw):
    lockout = draw(st.integers(1, 1440))
    duration = draw(st.integers(1, lockout))
    per_day = draw(st.integers(1, 48))
    return PatientBolus(Fraction(draw(st.integers(1, 50))), duration * MINUTE_MS, lockout * MINUTE_MS, per_day)


def taken_at(order, presses_ms):
    """When the pump gives them, asked at `presses_ms`."""
    lockout, starts_ms = Lockout(), []
    for press_ms in presses_ms:
        if lockout.wait(order.lockout_ms, order.per_day, press_ms)[0] == ALLOWED:
            lockout.begun(press_ms)
            starts_ms.append(press_ms)
    return starts_ms


def held(order, starts_ms, from_ms, until_ms):
    return sum(
        order.dose_ug * overlap_ms(at, at + order.duration_ms, from_ms, until_ms) / order.duration_ms
        for at in starts_ms
    )


@pytest.mark.req("D-09", "R-04")
@given(
    patient_boluses(),
    st.sampled_from([60, 61, 600, 1440, 1441, 1471]),
    st.lists(st.integers(0, 400), max_size=60),
    st.integers(0, 4000),
)
def test_no_presses_bring_more_into_a_window_than_is_allotted(order, minutes, gaps, position):
    presses_ms, now = [], 0
    for gap in gaps:
        now += gap
        presses_ms.append(now * MINUTE_MS)
    starts_ms, window_ms = taken_at(order, presses_ms), minutes * MINUTE_MS
    most_ug = most_within(order, window_ms)
    for from_ms in (position * MINUTE_MS, *starts_ms):
        assert held(order, starts_ms, from_ms, from_ms + window_ms) <= most_ug
    a_day = [at for at in starts_ms if starts_ms[-1] - MS_PER_DAY < at]
    assert len(a_day) <= order.most_per_day


@pytest.mark.req("D-09", "R-04")
@given(patient_boluses(), st.sampled_from([60, 61, 600, 1440, 1441, 1471]))
def test_whoever_presses_as_often_as_allowed_gets_what_is_allotted(order, minutes):
    starts_ms = taken_at(order, range(0, 2 * MS_PER_DAY, MINUTE_MS))
    assert held(order, starts_ms, 0, minutes * MINUTE_MS) == most_within(order, minutes * MINUTE_MS)
    assert len([at for at in starts_ms if at < MS_PER_DAY]) == order.most_per_day


@pytest.mark.req("D-09")
@given(patient_boluses(), st.sampled_from([60, 61, 600, 1440, 1441, 1471]), st.lists(st.integers(0, 400), max_size=60))
def test_no_window_holds_more_than_is_said_when_the_next_bolus_begins(order, minutes, gaps):
    presses_ms = [sum(gaps[:place]) * MINUTE_MS for place in range(len(gaps))]
    starts_ms, window_ms = taken_at(order, presses_ms), minutes * MINUTE_MS
    most_ug = most_before(order, window_ms)
    for place, next_ms in enumerate(starts_ms):
        assert held(order, starts_ms[:place], next_ms - window_ms, next_ms) <= most_ug
