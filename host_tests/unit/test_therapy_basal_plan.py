"""Basal by the week and by the plan: what each midnight changes, and what pauses, ceilings and programs leave alone."""

from fractions import Fraction

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, SMALL_MAX
from pump.therapy.basal import DAYS_PER_WEEK, Basal
from pump.therapy.schedule import Schedule
from unit.builders import basal_at

MONDAY, TUESDAY, FRIDAY, SATURDAY, SUNDAY = 0, 1, 4, 5, 6
NOON_MS = MS_PER_DAY // 2
# Between two days of a plan, at least.
PLAN_MS = (22 * 60 + 45) * MS_PER_MINUTE
# Weekdays 2400 until noon and 4800 after it, weekends 7200.
WEEK = Schedule(1, [[[0, 2400, 0], [NOON_MS, 4800, 0]], [[0, 7200, 0]]], [[0, 0, 1]])
# A taper: days 0 and 1 at 4800, day 2 at 2400, from day 3 on 1200; on weekends 24 less.
TAPER = Schedule(
    1,
    [[[0, steps, 0]] for steps in (4800, 4776, 2400, 2376, 1200, 1176)],
    [[0, 0, 1], [2, 2, 3], [3, 4, 5]],
)


def place_of(basal: Basal) -> tuple[int, int, int, int, int]:
    return basal.day, basal.weekday, basal.plan_day, basal.stage, basal.rate_steps_day


def test_a_new_basal_is_on_the_first_day_of_its_plan_and_knows_no_time() -> None:
    basal = Basal(TAPER)
    assert (basal.day, basal.day_ms, basal.weekday, basal.stage, basal.plan_day, basal.pattern) == (0, 0, 0, 0, 0, 0)
    assert (basal.time_known, basal.paused) == (False, False)
    assert basal.ceiling_steps_day == SMALL_MAX
    assert basal.schedule is TAPER
    assert DAYS_PER_WEEK == 7


@pytest.mark.parametrize(
    "weekday, day_ms, pattern, rate",
    [
        (MONDAY, 0, 0, 2400),
        (FRIDAY, NOON_MS - 1, 0, 2400),
        (FRIDAY, NOON_MS, 0, 4800),
        (SATURDAY, 0, 1, 7200),
        (SATURDAY, NOON_MS, 1, 7200),
        (SUNDAY, MS_PER_DAY - 1, 1, 7200),
    ],
)
def test_the_time_that_is_set_says_weekday_and_rate(weekday: int, day_ms: int, pattern: int, rate: int) -> None:
    basal = basal_at(day_ms, WEEK, weekday)
    assert (basal.weekday, basal.day_ms, basal.pattern, basal.rate_steps_day) == (weekday, day_ms, pattern, rate)


def test_the_weekend_begins_with_saturdays_midnight_and_ends_with_mondays() -> None:
    basal = basal_at(MS_PER_DAY - 1, WEEK, FRIDAY)
    assert (basal.pattern, basal.rate_steps_day) == (0, 4800)
    basal.advance(1, True)
    assert (basal.weekday, basal.day_ms, basal.pattern, basal.rate_steps_day) == (SATURDAY, 0, 1, 7200)
    basal.advance(2 * MS_PER_DAY - 1, True)
    assert (basal.weekday, basal.pattern, basal.rate_steps_day) == (SUNDAY, 1, 7200)
    basal.advance(1, True)
    assert (basal.weekday, basal.day_ms, basal.pattern, basal.rate_steps_day) == (MONDAY, 0, 0, 2400)
    basal.advance(NOON_MS, True)
    assert basal.rate_steps_day == 4800


@pytest.mark.parametrize("delivering", [True, False])
def test_the_days_of_the_week_go_round(delivering: bool) -> None:
    basal = basal_at(0, WEEK, MONDAY)
    seen = []
    for _ in range(15):
        seen.append((basal.day, basal.weekday, basal.pattern))
        basal.advance(MS_PER_DAY, delivering)
    assert seen == [(day, day % 7, int(day % 7 >= SATURDAY)) for day in range(15)]


@pytest.mark.req("D-08")
def test_a_week_owes_the_totals_of_its_seven_days_at_once_or_day_by_day() -> None:
    totals = [3600] * 5 + [7200] * 2
    basal = basal_at(0, WEEK, MONDAY)
    assert [basal.advance(MS_PER_DAY, True) for _ in range(7)] == totals
    assert basal_at(0, WEEK, MONDAY).advance(7 * MS_PER_DAY, True) == sum(totals)


@pytest.mark.parametrize("weekday", range(7))
def test_the_plan_moves_with_each_midnight_in_delivery(weekday: int) -> None:
    basal = basal_at(NOON_MS, TAPER, weekday)
    seen = []
    for _ in range(5):
        seen.append((basal.plan_day, basal.stage, basal.pattern % 2))
        basal.advance(MS_PER_DAY, True)
    assert [entry[:2] for entry in seen] == [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2)]
    assert [entry[2] for entry in seen] == [int((weekday + day) % 7 >= SATURDAY) for day in range(5)]


def test_a_stage_begins_with_its_midnight_and_not_a_millisecond_earlier() -> None:
    basal = basal_at(0, TAPER)
    assert basal.advance(2 * MS_PER_DAY - 1, True) == 2 * 4800 - 1
    assert place_of(basal) == (1, 1, 1, 0, 4800)
    assert basal.advance(1, True) == 1
    assert place_of(basal) == (2, 2, 2, 1, 2400)
    assert basal.advance(MS_PER_DAY, True) == 2400
    assert place_of(basal) == (3, 3, 3, 2, 1200)


def test_a_midnight_that_passes_while_stopped_does_not_move_the_plan() -> None:
    basal = basal_at(0, TAPER)
    basal.advance(MS_PER_DAY, True)
    assert basal.advance(5 * MS_PER_DAY, False) == 0
    assert place_of(basal) == (6, 6, 1, 0, 4776)
    basal.advance(MS_PER_DAY, True)
    assert place_of(basal) == (7, 0, 2, 1, 2400)


def test_only_the_midnight_itself_must_pass_in_delivery() -> None:
    basal = basal_at(0, TAPER)
    for _ in range(2):
        basal.advance(MS_PER_DAY - 1, False)
        basal.advance(1, True)
    assert (basal.plan_day, basal.stage) == (2, 1)
    basal.advance(MS_PER_DAY - 1, True)
    basal.advance(1, False)
    assert (basal.plan_day, basal.stage) == (2, 1)


def test_a_paused_plan_stays_where_it_is_while_the_week_goes_on() -> None:
    basal = basal_at(0, TAPER)
    basal.advance(MS_PER_DAY, True)
    basal.paused = True
    assert basal.advance(5 * MS_PER_DAY, True) == 4 * 4800 + 4776
    assert place_of(basal) == (6, SUNDAY, 1, 0, 4776)
    basal.paused = False
    basal.advance(MS_PER_DAY, True)
    assert place_of(basal) == (7, MONDAY, 2, 1, 2400)


@pytest.mark.req("D-11")
@pytest.mark.parametrize(
    "ceiling, rates, hourly",
    [(0, (0, 0), 0), (24, (24, 24), 1), (2399, (2399, 2399), 99), (2400, (2400, 2400), 100), (4799, (2400, 4799), 100)],
)
def test_a_ceiling_is_kept_and_never_exceeds_what_is_programmed(
    ceiling: int, rates: tuple[int, int], hourly: int
) -> None:
    basal = basal_at(0, WEEK)
    basal.hold_to(ceiling)
    assert (basal.ceiling_steps_day, basal.rate_steps_day) == (ceiling, rates[0])
    assert basal.advance(MS_PER_HOUR, True) == hourly
    basal.advance(NOON_MS - MS_PER_HOUR, True)
    assert basal.rate_steps_day == rates[1]


@pytest.mark.req("D-11")
@pytest.mark.parametrize(
    "ceiling, exact",
    [(9, Fraction(9)), (10, Fraction(10)), (11, Fraction(103, 10)), (12, Fraction(103, 10))],
)
def test_a_ceiling_among_the_fractions_of_a_rate_is_exact(ceiling: int, exact: Fraction) -> None:
    basal = basal_at(0, Schedule(10, [[[0, 10, 3]]], [[0, 0, 0]]))
    basal.hold_to(ceiling)
    assert [basal.advance(MS_PER_DAY, True) for _ in range(30)] == [
        exact * (day + 1) // 1 - exact * day // 1 for day in range(30)
    ]


def test_the_program_runs_again_when_the_ceiling_is_lifted() -> None:
    basal = basal_at(0, WEEK)
    basal.hold_to(24)
    basal.advance(MS_PER_HOUR, True)
    basal.hold_to(SMALL_MAX)
    assert (basal.ceiling_steps_day, basal.rate_steps_day) == (SMALL_MAX, 2400)
    assert basal.advance(MS_PER_HOUR, True) == 100


def test_a_change_of_ceiling_keeps_the_part_below_a_microstep() -> None:
    basal = basal_at(0, Schedule(1, [[[0, 7200, 0]]], [[0, 0, 0]]))
    assert basal.advance(11_000, True) == 0
    # The rest, a twelfth, takes 12 times as long at a twelfth of the rate.
    basal.hold_to(600)
    assert basal.advance(11_999, True) == 0
    assert basal.advance(1, True) == 1


@pytest.mark.parametrize("ceiling, plan_day, stage", [(SMALL_MAX - 1, 0, 0), (24, 0, 0), (SMALL_MAX, 2, 1)])
def test_a_midnight_below_a_ceiling_does_not_move_the_plan_and_the_week_goes_on(
    ceiling: int, plan_day: int, stage: int
) -> None:
    basal = basal_at(0, TAPER)
    basal.hold_to(ceiling)
    basal.advance(2 * MS_PER_DAY, True)
    assert (basal.plan_day, basal.stage, basal.day, basal.weekday) == (plan_day, stage, 2, 2)


def test_a_ceiling_stays_over_rows_midnights_and_the_setting_of_the_time() -> None:
    basal = basal_at(NOON_MS - 1, WEEK, FRIDAY)
    basal.hold_to(24)
    for _ in range(3):
        basal.advance(NOON_MS, True)
        assert basal.rate_steps_day == 24
    basal.set_time(0, SATURDAY)
    assert (basal.rate_steps_day, basal.ceiling_steps_day) == (24, 24)


@pytest.mark.req("D-11")
@pytest.mark.parametrize(
    "patterns, plan, lowest",
    [
        ([[[0, 50, 0], [NOON_MS, 40, 0]], [[0, 30, 0]], [[0, 0, 0]]], [[0, 0, 1], [1, 2, 2]], 30),
        ([[[0, 50, 0], [NOON_MS, 20, 0]], [[0, 30, 0]], [[0, 0, 0]]], [[0, 0, 1], [1, 2, 2]], 20),
        ([[[0, 50, 0], [NOON_MS, 20, 0]], [[0, 30, 0]]], [[0, 1, 1], [1, 0, 0]], 30),
    ],
)
def test_with_the_time_unknown_the_lowest_rate_of_the_first_stage_runs_and_no_midnight_moves_anything_but_the_day(
    patterns: list[list[list[int]]], plan: list[list[int]], lowest: int
) -> None:
    basal = Basal(Schedule(1, patterns, plan))
    assert basal.rate_steps_day == lowest
    assert basal.advance(8 * MS_PER_DAY + 5, True) == 8 * lowest
    assert (basal.day, basal.day_ms) == (8, 5)
    assert (basal.weekday, basal.plan_day, basal.stage, basal.time_known) == (0, 0, 0, False)
    assert basal.rate_steps_day == lowest


def test_a_ceiling_holds_the_fallback_rate_too() -> None:
    basal = Basal(WEEK)
    assert basal.rate_steps_day == 2400
    basal.hold_to(24)
    assert basal.advance(3 * MS_PER_DAY, True) == 72
    basal.hold_to(SMALL_MAX)
    assert basal.rate_steps_day == 2400


def test_setting_the_time_stays_in_the_stage_and_changes_to_its_day_of_the_week() -> None:
    basal = basal_at(0, TAPER)
    basal.advance(2 * MS_PER_DAY, True)
    basal.set_time(NOON_MS, SUNDAY)
    assert (basal.stage, basal.plan_day, basal.pattern, basal.rate_steps_day, basal.day) == (1, 2, 3, 2376, 2)
    basal.advance(NOON_MS, True)
    assert place_of(basal) == (3, MONDAY, 2, 1, 2400)
    basal.advance(MS_PER_DAY, True)
    assert place_of(basal) == (4, TUESDAY, 3, 2, 1200)


def test_setting_the_time_moves_the_end_of_the_row_with_it() -> None:
    basal = basal_at(0, WEEK, SATURDAY)
    basal.set_time(NOON_MS - 2, MONDAY)
    basal.advance(1, True)
    assert basal.rate_steps_day == 2400
    basal.advance(1, True)
    assert basal.rate_steps_day == 4800


def test_ahead_is_where_the_walk_stands() -> None:
    basal = basal_at(NOON_MS, TAPER, FRIDAY)
    assert basal.ahead() == [0, 0, FRIDAY, NOON_MS, 0, PLAN_MS]
    basal.advance(2 * MS_PER_DAY + 7, True)
    basal.paused = True
    assert basal.ahead() == [1, 2, SUNDAY, NOON_MS + 7, 1, NOON_MS + 7]


@pytest.mark.req("D-07")
def test_a_program_takes_over_the_part_below_a_microstep() -> None:
    before = basal_at(0, Schedule(1, [[[0, 7200, 0]]], [[0, 0, 0]]))
    assert before.advance(11_999, True) == 0
    after = Basal(Schedule(3, [[[0, 3600, 0]]], [[0, 0, 0]]))
    after.follow(before)
    # A thousandth of 12 s was missing: at half the rate it takes 2 ms.
    assert after.advance(1, True) == 0
    assert after.advance(1, True) == 1


def test_a_program_takes_over_time_of_day_weekday_and_ceiling_and_begins_its_own_plan() -> None:
    before = basal_at(NOON_MS - 10, TAPER, FRIDAY)
    before.advance(2 * MS_PER_DAY, True)
    before.paused = True
    before.hold_to(24)
    after = Basal(WEEK)
    after.follow(before)
    assert (after.time_known, after.day_ms, after.weekday, after.pattern) == (True, NOON_MS - 10, SUNDAY, 1)
    assert (after.ceiling_steps_day, after.rate_steps_day) == (24, 24)
    assert (after.day, after.plan_day, after.stage, after.paused) == (0, 0, 0, False)
    after.hold_to(SMALL_MAX)
    assert after.rate_steps_day == 7200


def test_a_program_that_follows_one_without_the_time_knows_none_either() -> None:
    before = Basal(TAPER)
    before.advance(MS_PER_HOUR, True)
    before.hold_to(1000)
    after = Basal(WEEK)
    after.follow(before)
    assert (after.time_known, after.day_ms, after.ceiling_steps_day, after.rate_steps_day) == (False, 0, 1000, 1000)


def test_what_follows_leaves_the_one_before_as_it_was() -> None:
    before = basal_at(5, WEEK)
    after = Basal(TAPER)
    after.follow(before)
    after.advance(MS_PER_DAY, True)
    assert (before.day, before.day_ms, before.rate_steps_day) == (0, 5, 2400)
