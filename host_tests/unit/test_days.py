"""Which days can follow which: the host looks at every succession that the pump looks at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.limits.days import (
    change_name,
    day_name,
    has_weekends,
    phases,
    stage_name,
    three_in_a_row,
    two_in_a_row,
    unpaused,
)
from itb.rx.orders import Stage
from pump.therapy.schedule import Schedule

ONE = (Stage(0, 0, 0),)
WEEK = (Stage(0, 0, 1),)
# Three stages, the second of one day.
PLAN = (Stage(0, 0, 0), Stage(7, 1, 1), Stage(8, 2, 2))


@st.composite
def plans(draw):
    patterns, days = st.integers(0, 5), sorted(draw(st.sets(st.integers(1, 12), max_size=5)))
    return tuple(Stage(day, draw(patterns), draw(patterns)) for day in [0, *days])


@pytest.mark.req("D-05", "D-06")
@given(plans())
def test_the_host_and_the_pump_know_the_same_three_days_in_a_row(plan):
    rows = [[stage.from_day, stage.weekday, stage.weekend] for stage in plan]
    assert set(three_in_a_row(plan)) == Schedule(1, [[[0, 1, 0]]] * 6, rows).successions()


@pytest.mark.req("D-05", "D-06")
@given(plans(), st.integers(0, 6), st.integers(0, 20))
def test_any_three_days_of_an_unpaused_plan_are_among_them(plan, first_weekday, day):
    pattern_of = unpaused(plan, first_weekday)
    assert (pattern_of(day), pattern_of(day + 1), pattern_of(day + 2)) in three_in_a_row(plan)


def test_days_that_are_all_alike_follow_one_another():
    assert list(three_in_a_row(ONE)) == [(0, 0, 0)]
    assert two_in_a_row(ONE) == {}
    assert (has_weekends(ONE), list(phases(ONE))) == (False, [0])


def test_a_week_has_five_kinds_of_three_days():
    assert set(three_in_a_row(WEEK)) == {(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 0), (1, 0, 0)}
    assert set(two_in_a_row(WEEK)) == {(0, 1), (1, 0)}
    assert (has_weekends(WEEK), len(phases(WEEK))) == (True, 7)


def test_a_stage_of_one_day_can_lie_between_two_others():
    assert (0, 1, 2) in three_in_a_row(PLAN)
    assert (0, 1, 2) not in three_in_a_row((PLAN[0], PLAN[1], Stage(9, 2, 2)))
    # Paused, it lasts longer.
    assert (1, 1, 1) in three_in_a_row(PLAN)


def test_an_unpaused_plan_meets_the_week_where_it_begins():
    week = [unpaused(WEEK, 4)(day) for day in range(-1, 7)]
    assert week == [0, 0, 1, 1, 0, 0, 0, 0]
    assert [unpaused(PLAN, 0)(day) for day in (-3, 0, 6, 7, 8, 400)] == [0, 0, 0, 1, 2, 2]


def test_days_have_names():
    assert day_name(ONE, (0, False)) == ""
    assert (day_name(WEEK, (0, False)), day_name(WEEK, (0, True))) == ("a weekday", "a weekend day")
    both = (Stage(0, 0, 1), Stage(7, 2, 3), Stage(14, 4, 4))
    assert [day_name(both, (stage, True)) for stage in range(3)] == [
        "a weekend day of days 1-7",
        "a weekend day of days 8-14",
        "day 15 or later",
    ]
    assert [stage_name(PLAN, stage) for stage in range(3)] == ["days 1-7", "day 8", "day 9 or later"]


def test_changes_from_one_day_to_the_next_have_names():
    assert change_name(WEEK, (0, False), (0, True)) == "from a weekday to a weekend day"
    assert change_name(PLAN, (1, False), (2, False)) == "with day 9"
    both = (Stage(0, 0, 1), Stage(7, 2, 3))
    assert change_name(both, (0, True), (1, False)) == "with day 8, from a weekend day to a weekday"
