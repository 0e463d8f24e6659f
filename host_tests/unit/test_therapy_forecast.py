"""The forecast of the basal is what the basal then owes."""

from fractions import Fraction

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.therapy.basal import Basal
from pump.therapy.forecast import Forecast, day_total, forecast
from pump.therapy.program import Program
from pump.therapy.schedule import Schedule
from rig import MONDAY, day_total_steps, program
from unit.builders import basal_at, walk

EDGE_MS = 7 * MS_PER_HOUR + 12_345
SOURCE = program([[0, 2400, 1], [EDGE_MS, 7200, 0], [EDGE_MS + 1, 9600, 2], [MS_PER_DAY - 1, 50, 0]], rate_den=3)
DAY = Program(SOURCE).schedule


@pytest.mark.parametrize("day_ms", [0, 1, EDGE_MS - 1, EDGE_MS, EDGE_MS + 1, MS_PER_DAY - 2, MS_PER_DAY - 1])
@pytest.mark.parametrize("span_ms", [1, 2, MS_PER_MINUTE, 7 * MS_PER_HOUR, MS_PER_DAY, 2 * MS_PER_DAY + 5])
def test_the_forecast_rounded_down_is_what_the_basal_owes(day_ms: int, span_ms: int) -> None:
    ahead = walk(DAY, day_ms)
    basal = basal_at(day_ms, DAY)
    numerator = owed = 0
    for _ in range(2):
        numerator += ahead.over(span_ms)
        owed += basal.advance(span_ms, True)
        assert owed == numerator // ahead.den


def test_a_walk_in_pieces_sums_to_the_walk_at_once() -> None:
    pieces = walk(DAY, EDGE_MS - 500)
    at_once = walk(DAY, EDGE_MS - 500)
    assert sum(pieces.over(MS_PER_MINUTE) for _ in range(2000)) == at_once.over(2000 * MS_PER_MINUTE)


def test_no_time_owes_nothing() -> None:
    assert walk(DAY, EDGE_MS).over(0) == 0


def test_one_millisecond_owes_the_rate_of_its_segment() -> None:
    den = 3 * MS_PER_DAY
    ahead = walk(DAY, EDGE_MS - 1)
    assert ahead.den == den
    assert [ahead.over(1) for _ in range(3)] == [7201, 21_600, 28_802]
    late = walk(DAY, MS_PER_DAY - 2)
    assert [late.over(1) for _ in range(3)] == [28_802, 150, 7201]


@pytest.mark.req("D-08")
def test_the_total_of_a_day_is_exact() -> None:
    assert Fraction(*day_total(Program(SOURCE))) == day_total_steps(SOURCE)


@pytest.mark.req("D-08")
def test_the_total_of_a_constant_day_is_its_rate() -> None:
    assert Fraction(*day_total(Program(program([[0, 46_109, 2]], rate_den=3)))) == 46_109 + Fraction(2, 3)


@pytest.mark.req("D-08")
def test_the_total_of_the_first_day_of_a_plan_is_that_of_its_weekday() -> None:
    parts = {"patterns": [[[0, 5, 0]], [[0, 6, 0]], [[0, 7, 0]]], "plan": [[0, 1, 2], [1, 0, 0]]}
    assert Fraction(*day_total(Program(program([], parts=parts)))) == 6


def test_the_rate_in_force_and_how_long_it_still_is() -> None:
    ahead = walk(DAY, EDGE_MS - 5)
    assert (ahead.rate, ahead.left_ms) == (7201, 5)
    ahead.pass_by(4)
    assert (ahead.rate, ahead.left_ms) == (7201, 1)
    ahead.pass_by(1)
    assert (ahead.rate, ahead.left_ms) == (21_600, 1)
    ahead.pass_by(1)
    assert (ahead.rate, ahead.left_ms) == (28_802, MS_PER_DAY - 1 - EDGE_MS - 1)


def test_a_walk_of_given_days_takes_one_after_the_other() -> None:
    plan = Schedule(1, [[[0, 24, 0]], [[0, 48, 0], [MS_PER_HOUR, 72, 0]]], [[0, 0, 0]])
    ahead = Forecast(plan, 23 * MS_PER_HOUR, iter((1, 0, 1)))
    hours = [ahead.over(MS_PER_HOUR) // ahead.den for _ in range(1 + 24 + 23)]
    assert hours == [3] + [1] * 24 + [2] + [3] * 22


# Rates that no two days have in common: weekdays 24, weekends 48, from plan day 2 on 72 and 96, on day 3 120 and 144.
PATTERNS = [[[0, 24 * i, 0], [7 * MS_PER_HOUR, 24 * i + 12, 0]] for i in range(1, 7)]
PLAN = Schedule(1, PATTERNS, [[0, 0, 1], [2, 2, 3], [3, 4, 5]])


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("day_ms", [0, 1, 7 * MS_PER_HOUR, MS_PER_DAY - 1])
@pytest.mark.parametrize("days_before", [0, 1, 2, 9])
def test_the_forecast_from_where_the_basal_stands_is_what_it_then_owes_on_every_day(
    days_before: int, day_ms: int, weekday: int, paused: bool
) -> None:
    basal = basal_at(day_ms, PLAN, weekday)
    basal.advance(days_before * MS_PER_DAY, True)
    basal.paused = paused
    ahead = forecast(PLAN, basal.ahead())
    carried = Fraction(basal.drip._rest, MS_PER_DAY)
    numerator = owed = 0
    for _ in range(20):
        numerator += ahead.over(MS_PER_DAY // 2)
        owed += basal.advance(MS_PER_DAY // 2, True)
        assert owed == (Fraction(numerator, ahead.den) + carried) // 1


def test_the_forecast_leaves_the_place_it_begins_from_as_it_is() -> None:
    place = [0, 0, MONDAY, 5, 0, 0]
    forecast(PLAN, place).over(9 * MS_PER_DAY)
    assert place == [0, 0, MONDAY, 5, 0, 0]


@pytest.mark.req("D-05", "D-06")
@pytest.mark.parametrize("shown_ms, days", [(135 * MS_PER_MINUTE, [96, 96]), (135 * MS_PER_MINUTE + 1, [48, 96])])
def test_a_forecast_knows_that_a_midnight_sooner_than_22_h_45_min_after_the_plan_moved_does_not_move_it(
    shown_ms: int, days: list[int]
) -> None:
    stages = Schedule(1, [[[0, 24, 0]], [[0, 48, 0]], [[0, 96, 0]]], [[0, 0, 0], [1, 1, 1], [2, 2, 2]])
    basal = basal_at(MS_PER_DAY - 1, stages)
    basal.advance(1 + MS_PER_HOUR, True)
    # It is 01:00, and the plan moved an hour ago.
    basal.set_time(shown_ms, MONDAY)
    ahead = forecast(stages, basal.ahead())
    ahead.over(MS_PER_DAY - shown_ms)
    basal.advance(MS_PER_DAY - shown_ms, True)
    assert [ahead.over(MS_PER_DAY) // ahead.den for _ in days] == days
    assert [basal.advance(MS_PER_DAY, True) for _ in days] == days


def test_without_the_time_the_basal_stands_on_the_first_day_and_a_forecast_begins_there() -> None:
    assert Fraction(forecast(PLAN, Basal(PLAN).ahead()).over(7 * MS_PER_HOUR), MS_PER_DAY) == 7
