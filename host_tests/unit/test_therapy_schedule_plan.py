"""Which pattern and row hold, what a day comes to, and which days can follow one another."""

from fractions import Fraction
from itertools import product

import pytest

from plans import Plan
from pump.core.units import MS_PER_DAY
from pump.therapy.schedule import Schedule

NOON_MS = MS_PER_DAY // 2
# Three patterns: of two rows, of one, of three.
PATTERNS = [[[0, 100, 3], [NOON_MS, 50, 9]], [[0, 7, 0]], [[0, 8, 1], [1, 9, 2], [5, 6, 4]]]
READ = Schedule(10, PATTERNS, [[0, 0, 1], [3, 2, 1], [4, 1, 0], [9, 0, 0]])


@pytest.mark.parametrize(
    "stage, plan_day, after",
    [(0, 0, 0), (0, 1, 0), (0, 2, 0), (0, 3, 1), (1, 3, 1), (1, 4, 2), (2, 5, 2), (2, 8, 2), (2, 9, 3), (3, 10, 3)],
)
def test_a_stage_lasts_until_the_first_day_of_the_next_and_the_last_for_ever(
    stage: int, plan_day: int, after: int
) -> None:
    assert READ.stage_after(stage, plan_day) == after


def test_the_last_stage_lasts_beyond_any_day() -> None:
    assert READ.stage_after(3, 10**9) == 3
    assert Schedule(1, [[[0, 1, 0]]], [[0, 0, 0]]).stage_after(0, 10**9) == 0


@pytest.mark.parametrize(
    "pattern, day_ms, row",
    [
        (0, 0, 0),
        (0, NOON_MS - 1, 0),
        (0, NOON_MS, 1),
        (0, MS_PER_DAY - 1, 1),
        (1, 0, 2),
        (1, MS_PER_DAY - 1, 2),
        (2, 0, 3),
        (2, 1, 4),
        (2, 4, 4),
        (2, 5, 5),
        (2, MS_PER_DAY - 1, 5),
    ],
)
def test_the_row_at_a_time_of_day_is_of_that_pattern_and_begins_at_its_start(
    pattern: int, day_ms: int, row: int
) -> None:
    assert READ.row_at(pattern, day_ms) == row


@pytest.mark.parametrize(
    "pattern, row, end_ms",
    [(0, 0, NOON_MS), (0, 1, MS_PER_DAY), (1, 2, MS_PER_DAY), (2, 3, 1), (2, 4, 5), (2, 5, MS_PER_DAY)],
)
def test_a_row_ends_where_the_next_of_its_pattern_begins_or_at_midnight(pattern: int, row: int, end_ms: int) -> None:
    assert READ.end_ms(pattern, row) == end_ms


def stage_of(weekday: list[tuple[int, int]], weekend: list[tuple[int, int]]) -> Schedule:
    """A second stage whose patterns, the third and the fourth, have these rates; all around them is lower."""
    low = [[0, 0, 0]]
    patterns = [low, low] + [[[at, *rate] for at, rate in enumerate(rates)] for rates in (weekday, weekend)]
    return Schedule(10, patterns, [[0, 0, 0], [1, 2, 3], [2, 1, 1]])


@pytest.mark.req("D-11")
@pytest.mark.parametrize(
    "weekday, weekend, lowest",
    [
        ([(5, 0)], [(6, 0)], 2),
        ([(6, 0)], [(5, 0)], 3),
        ([(5, 0)], [(5, 0)], 2),
        ([(5, 1)], [(5, 0)], 3),
        ([(5, 0)], [(5, 1)], 2),
        ([(4, 9)], [(5, 0)], 2),
        ([(5, 0)], [(4, 9)], 3),
        ([(5, 3), (5, 2), (5, 4)], [(5, 3)], 3),
        ([(9, 0), (8, 0)], [(7, 0), (6, 5), (6, 4), (6, 4)], 6),
        ([(9, 0), (3, 2), (8, 0)], [(3, 2)], 3),
    ],
)
def test_the_lowest_row_of_a_stage_is_the_first_with_the_lowest_rate_of_weekday_and_weekend(
    weekday: list[tuple[int, int]], weekend: list[tuple[int, int]], lowest: int
) -> None:
    assert stage_of(weekday, weekend).lowest_row(1) == lowest


@pytest.mark.req("D-08")
def test_the_total_of_a_day_is_exact() -> None:
    assert READ.day_total(1) == (7 * 10 * MS_PER_DAY, 10 * MS_PER_DAY)
    assert Fraction(*READ.day_total(0)) == (Fraction(1003, 10) + Fraction(509, 10)) / 2
    tiny = Fraction(81 * 1 + 92 * 4 + 64 * (MS_PER_DAY - 5), 10 * MS_PER_DAY)
    assert Fraction(*READ.day_total(2)) == tiny
    assert READ.day_total(2)[1] == 10 * MS_PER_DAY


@pytest.mark.parametrize(
    "plan, greatest",
    [
        ([[0, 0, 0]], 0),
        ([[0, 1, 0]], 1),
        ([[0, 0, 1]], 1),
        ([[0, 0, 0], [1, 2, 0]], 2),
        ([[0, 0, 0], [1, 0, 2]], 2),
        ([[0, 0, 2], [1, 1, 1]], 2),
    ],
)
def test_the_greatest_total_is_of_the_days_the_plan_has_and_of_no_others(plan: list[list[int]], greatest: int) -> None:
    steps = [10, 20, 30, 40]
    read = Schedule(7, [[[0, whole, 3]] for whole in steps], plan)
    assert read.greatest_total() == ((steps[greatest] * 7 + 3) * MS_PER_DAY, 7 * MS_PER_DAY)


@pytest.mark.parametrize("stage, greatest", [(0, 2), (1, 2), (2, 1), (3, 0)])
def test_the_total_of_a_stage_is_the_greater_of_its_weekday_and_its_weekend(stage: int, greatest: int) -> None:
    steps = [10, 20, 30]
    plan = [[0, 0, 2], [1, 2, 1], [2, 1, 0], [3, 0, 0]]
    read = Schedule(7, [[[0, whole, 3]] for whole in steps], plan)
    assert read.stage_total(stage) == ((steps[greatest] * 7 + 3) * MS_PER_DAY, 7 * MS_PER_DAY)


def days_that_follow(plan: Plan) -> set[tuple[int, int, int]]:
    """Reference: the patterns of three days in a row, from every day of the plan on, on every weekday, when each
    midnight moves the plan on or, paused, does not."""
    found = set()
    for plan_day, weekday, first, second in product(range(plan.plan[-1][0] + 2), range(7), (0, 1), (0, 1)):
        days = (plan_day, plan_day + first, plan_day + first + second)
        one, two, three = (plan.pattern_of(day, (weekday + nights) % 7) for nights, day in enumerate(days))
        found.add((one, two, three))
    return found


# As many patterns as stages have places, so that each shows in the days by its own number.
@pytest.mark.req("D-06")
@pytest.mark.parametrize(
    "from_days",
    [
        [0],
        [0, 1],
        [0, 2],
        [0, 1, 2],
        [0, 1, 3],
        [0, 2, 3],
        [0, 2, 4],
        [0, 1, 2, 3],
        [0, 1, 2, 5],
        [0, 3, 4, 5, 8, 9],
        list(range(12)),
        list(range(0, 24, 2)),
    ],
)
def test_three_days_in_a_row_are_those_a_calendar_with_pauses_can_have_and_no_others(from_days: list[int]) -> None:
    plan = Plan(
        1,
        [[[0, pattern, 0]] for pattern in range(2 * len(from_days))],
        [[from_day, 2 * stage, 2 * stage + 1] for stage, from_day in enumerate(from_days)],
    )
    assert plan.schedule().successions() == days_that_follow(plan)


def test_a_day_that_is_every_day_has_one_succession() -> None:
    assert Schedule(1, [[[0, 1, 0]], [[0, 2, 0]]], [[0, 1, 1]]).successions() == {(1, 1, 1)}


def test_a_week_has_its_days_next_to_its_weekend_on_either_side() -> None:
    week = {(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 0), (1, 0, 0)}
    assert Schedule(1, [[[0, 1, 0]], [[0, 2, 0]]], [[0, 0, 1]]).successions() == week
