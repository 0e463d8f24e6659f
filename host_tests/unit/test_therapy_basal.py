"""Basal walks a day schedule, exactly, over midnight, and at the lowest rate while the time of day is unknown."""

from fractions import Fraction

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR
from pump.therapy.basal import Basal
from pump.therapy.schedule import Schedule
from rig import MONDAY
from unit.builders import EVERY_DAY, basal_at, schedule

MORNING_MS = 6 * MS_PER_HOUR
EVENING_MS = 20 * MS_PER_HOUR
# Steps per day: night 2400 + 1/3, day 7200, evening 1200 + 2/3.
DAY = Schedule(3, [[[0, 2400, 1], [MORNING_MS, 7200, 0], [EVENING_MS, 1200, 2]]], EVERY_DAY)
NIGHT_RATE, DAY_RATE, EVENING_RATE = Fraction(7201, 3), Fraction(7200), Fraction(3602, 3)


@pytest.mark.parametrize(
    "day_ms, rate",
    [
        (0, 2400),
        (MORNING_MS - 1, 2400),
        (MORNING_MS, 7200),
        (MORNING_MS + 1, 7200),
        (EVENING_MS - 1, 7200),
        (EVENING_MS, 1200),
        (MS_PER_DAY - 1, 1200),
    ],
)
def test_a_segment_begins_at_its_start_and_not_a_millisecond_earlier(day_ms: int, rate: int) -> None:
    basal = basal_at(day_ms, DAY)
    assert basal.time_known
    assert basal.day_ms == day_ms
    assert basal.rate_steps_day == rate


@pytest.mark.parametrize("edge_ms, before, after", [(MORNING_MS, 2400, 7200), (EVENING_MS, 7200, 1200)])
def test_the_rate_changes_when_time_passes_a_segment_edge(edge_ms: int, before: int, after: int) -> None:
    basal = basal_at(edge_ms - 10, DAY)
    basal.advance(9, True)
    assert (basal.day_ms, basal.rate_steps_day) == (edge_ms - 1, before)
    basal.advance(1, True)
    assert (basal.day_ms, basal.rate_steps_day, basal.day) == (edge_ms, after, 0)


def test_the_day_begins_again_after_midnight() -> None:
    basal = basal_at(MS_PER_DAY - 1, DAY)
    assert basal.day == 0
    basal.advance(1, True)
    assert (basal.day, basal.day_ms, basal.rate_steps_day) == (1, 0, 2400)
    basal.advance(MS_PER_DAY + 5, True)
    assert (basal.day, basal.day_ms, basal.rate_steps_day) == (2, 5, 2400)


@pytest.mark.req("D-08")
def test_a_day_owes_its_displayed_total_exactly() -> None:
    total = Fraction(*DAY.day_total(0))
    basal = basal_at(0, DAY)
    owed = 0
    for day in range(1, 10):
        owed += basal.advance(MS_PER_DAY, True)
        assert owed == total * day // 1


@pytest.mark.req("D-08")
def test_a_day_of_48_segments_owes_its_displayed_total_exactly() -> None:
    plan = Schedule(97, [[[i * MS_PER_HOUR // 2, 100 + 37 * i, i] for i in range(48)]], EVERY_DAY)
    total = sum(Fraction((100 + 37 * i) * 97 + i, 97 * 48) for i in range(48))
    assert Fraction(*plan.day_total(0)) == total
    basal = basal_at(0, plan)
    assert [basal.advance(MS_PER_DAY, True) for _ in range(2)] == [total // 1, total * 2 // 1 - total // 1]


def test_a_span_over_edges_and_midnight_owes_each_part_at_its_own_rate() -> None:
    basal = basal_at(EVENING_MS - MS_PER_HOUR, DAY)
    owed = basal.advance(12 * MS_PER_HOUR, True)
    exact = (DAY_RATE * 1 + EVENING_RATE * 4 + NIGHT_RATE * 6 + DAY_RATE * 1) / 24
    assert owed == exact // 1
    assert (basal.day, basal.day_ms) == (1, 7 * MS_PER_HOUR)


@pytest.mark.req("M-10")
def test_one_slice_and_many_owe_the_same() -> None:
    whole = basal_at(EVENING_MS - 12_345, DAY)
    cut = basal_at(EVENING_MS - 12_345, DAY)
    span_ms = 13 * MS_PER_HOUR
    pieces = [span_ms * (i + 1) // 777 - span_ms * i // 777 for i in range(777)]
    assert sum(cut.advance(piece_ms, True) for piece_ms in pieces) == whole.advance(span_ms, True)
    assert (cut.day, cut.day_ms) == (whole.day, whole.day_ms)


def test_time_passes_and_nothing_becomes_owed_while_not_delivering() -> None:
    basal = basal_at(MORNING_MS - 1000, DAY)
    assert basal.advance(2 * MS_PER_HOUR, False) == 0
    assert (basal.day_ms, basal.rate_steps_day) == (MORNING_MS - 1000 + 2 * MS_PER_HOUR, 7200)
    # 7200 steps a day are one in 12 s.
    assert basal.advance(11_999, True) == 0
    assert basal.advance(1, True) == 1


def test_no_time_owes_nothing() -> None:
    basal = basal_at(MORNING_MS, DAY)
    assert basal.advance(0, True) == 0
    assert basal.day_ms == MORNING_MS


@pytest.mark.req("D-11")
def test_with_the_time_unknown_the_lowest_rate_runs_through_every_edge() -> None:
    basal = Basal(DAY)
    assert basal.time_known is False
    assert basal.rate_steps_day == 1200
    owed = 0
    for hour in range(1, 60):
        owed += basal.advance(MS_PER_HOUR, True)
        assert owed == EVENING_RATE * hour / 24 // 1
    assert (basal.day, basal.day_ms, basal.rate_steps_day) == (2, 11 * MS_PER_HOUR, 1200)
    assert not basal.time_known


@pytest.mark.req("D-11")
@pytest.mark.parametrize("lowest", [0, 1, 2])
def test_with_the_time_unknown_no_hour_owes_more_than_the_programmed_one(lowest: int) -> None:
    rates = [4800, 4800, 4800]
    rates[lowest] = 2400
    plan = schedule(*((place * 8 * MS_PER_HOUR, rate) for place, rate in enumerate(rates)))
    unknown, known = Basal(plan), basal_at(0, plan)
    for _ in range(48):
        assert unknown.advance(MS_PER_HOUR, True) == 100 <= known.advance(MS_PER_HOUR, True)


def test_setting_the_time_ends_the_fallback_and_owes_nothing_by_itself() -> None:
    basal = Basal(DAY)
    owed = basal.advance(MS_PER_HOUR, True)
    basal.set_time(MORNING_MS, MONDAY)
    assert (basal.time_known, basal.rate_steps_day, basal.day) == (True, 7200, 0)
    owed += basal.advance(EVENING_MS - MORNING_MS, True)
    assert owed == (EVENING_RATE + DAY_RATE * 14) / 24 // 1
    assert basal.rate_steps_day == 1200


def test_setting_the_time_back_and_forth_keeps_the_part_below_a_microstep() -> None:
    basal = basal_at(0, schedule((0, 7200)))
    assert basal.advance(11_999, True) == 0
    basal.set_time(EVENING_MS, MONDAY)
    basal.set_time(0, MONDAY)
    assert basal.advance(1, True) == 1


def test_a_schedule_of_one_segment_ends_at_midnight_also_when_the_time_was_never_set() -> None:
    basal = Basal(schedule((0, 24)))
    assert basal.advance(3 * MS_PER_DAY + 1, True) == 72
    assert (basal.day, basal.day_ms) == (3, 1)
