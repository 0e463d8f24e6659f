"""A clock that is set: which midnights begin a new day, and which move the plan."""

from itertools import pairwise

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, SMALL_MAX
from pump.therapy.basal import Basal
from pump.therapy.schedule import Schedule
from unit.builders import basal_at

MONDAY, TUESDAY, FRIDAY, SATURDAY = 0, 1, 4, 5
NOON_MS = MS_PER_DAY // 2
# Between two days of a plan, at least.
PLAN_MS = (22 * 60 + 45) * MS_PER_MINUTE
# The hour of spring, and a quarter of an hour that the clock was slow.
SPRING_MS = MS_PER_DAY - PLAN_MS
# A taper: days 0 and 1 at 4800, day 2 at 2400, from day 3 on 1200; on weekends 24 less.
TAPER = Schedule(
    1,
    [[[0, steps, 0]] for steps in (4800, 4776, 2400, 2376, 1200, 1176)],
    [[0, 0, 1], [2, 2, 3], [3, 4, 5]],
)


def midnight(basal: Basal, weekday: int = MONDAY) -> None:
    """The clock is set to a millisecond before the end of `weekday`, and that passes in delivery."""
    basal.set_time(MS_PER_DAY - 1, weekday)
    basal.advance(1, True)


def moved() -> Basal:
    """A taper whose plan has just moved, to its second day, at the end of a Monday."""
    basal = basal_at(MS_PER_DAY - 1, TAPER)
    basal.advance(1, True)
    assert (basal.day, basal.plan_day, basal.day_ms) == (1, 1, 0)
    return basal


def plan_moves_after(basal: Basal, passed_ms: int) -> int:
    """When the plan moves next, in delivery, if `passed_ms` are over."""
    plan_day = basal.plan_day
    for _ in range(3):
        span_ms = MS_PER_DAY - basal.day_ms
        basal.advance(span_ms, True)
        passed_ms += span_ms
        if basal.plan_day != plan_day:
            return passed_ms
    raise AssertionError("the plan does not move")


@pytest.mark.req("I-05")
@pytest.mark.parametrize(
    "since_ms, days",
    [(0, 1), (1, 1), (MS_PER_HOUR, 1), (NOON_MS - 2, 1), (NOON_MS - 1, 2), (NOON_MS, 2), (MS_PER_DAY - 2, 2)],
)
@pytest.mark.parametrize("delivering", [True, False])
def test_a_midnight_that_the_clock_was_set_back_to_within_12_h_begins_no_new_day(
    since_ms: int, days: int, delivering: bool
) -> None:
    basal = basal_at(MS_PER_DAY - 1, TAPER, FRIDAY)
    basal.advance(1, True)
    assert (basal.day, basal.weekday) == (1, SATURDAY)
    basal.advance(since_ms, delivering)
    midnight(basal, FRIDAY)
    assert basal.day == days
    # The week goes by the clock.
    assert (basal.weekday, basal.day_ms, basal.pattern % 2) == (SATURDAY, 0, 1)


@pytest.mark.req("I-05")
def test_the_12_h_begin_with_the_midnight_that_counted() -> None:
    basal = basal_at(MS_PER_DAY - 1, TAPER)
    basal.advance(1, True)
    days = []
    for hours in (5, 5, 5, 10):
        basal.advance(hours * MS_PER_HOUR, True)
        midnight(basal)
        days.append(basal.day)
    # 5, 10 and 15 h after it: only the last begins a day, and counts from there on.
    assert days == [1, 1, 2, 2]


@pytest.mark.req("D-05", "I-05")
@pytest.mark.parametrize("since_ms", [PLAN_MS - 1, PLAN_MS, PLAN_MS + 1])
def test_a_midnight_moves_the_plan_22_h_45_min_after_it_moved_last_and_not_a_millisecond_sooner(since_ms: int) -> None:
    basal = moved()
    basal.advance(since_ms - 1, True)
    midnight(basal)
    assert (basal.plan_day, basal.stage, basal.day) == ((2, 1, 2) if since_ms >= PLAN_MS else (1, 0, 2))


@pytest.mark.req("D-05", "I-05")
@pytest.mark.parametrize(
    "on_ms, wait_ms",
    [
        (SPRING_MS, PLAN_MS),
        (SPRING_MS + 1, 2 * MS_PER_DAY - SPRING_MS - 1),
        (NOON_MS, MS_PER_DAY + NOON_MS),
        (-NOON_MS, MS_PER_DAY + NOON_MS),
        (-MS_PER_HOUR, MS_PER_DAY + MS_PER_HOUR),
    ],
)
def test_a_clock_set_on_by_more_than_in_spring_brings_no_stage_forward(on_ms: int, wait_ms: int) -> None:
    basal = moved()
    # It is noon; set on by 12 h less a millisecond, midnight is there at once.
    basal.advance(NOON_MS, True)
    basal.set_time(min(NOON_MS + on_ms, MS_PER_DAY - 1), TUESDAY)
    assert plan_moves_after(basal, NOON_MS) == wait_ms + (on_ms == NOON_MS)


@pytest.mark.req("D-05", "I-05")
def test_a_clock_set_on_to_midnight_a_hundred_times_a_day_does_not_run_through_the_plan() -> None:
    basal = basal_at(NOON_MS, Schedule(1, [[[0, 2400, 0]]], [[day, 0, 0] for day in range(32)]))
    moved_ms = []
    for passed_ms in range(0, 7 * MS_PER_DAY, MS_PER_DAY // 100):
        before = basal.stage
        basal.advance(MS_PER_DAY // 100 - 1, True)
        midnight(basal)
        assert basal.stage == basal.plan_day
        if basal.stage != before:
            moved_ms.append(passed_ms)
    # The first midnight, and then the first after PLAN_MS each time.
    assert moved_ms[0] == 0
    assert {after - before for before, after in pairwise(moved_ms)} == {95 * MS_PER_DAY // 100}


@pytest.mark.req("D-05")
@pytest.mark.parametrize("day_ms", [0, NOON_MS, MS_PER_DAY - MS_PER_HOUR, MS_PER_DAY - 1])
def test_the_first_midnight_of_a_program_moves_its_plan_however_soon_it_comes(day_ms: int) -> None:
    before = moved()
    before.set_time(day_ms, MONDAY)
    basal = Basal(TAPER)
    basal.follow(before)
    assert plan_moves_after(basal, 0) == MS_PER_DAY - day_ms


@pytest.mark.req("D-05", "I-05")
def test_a_midnight_that_does_not_move_the_plan_does_not_put_off_the_next() -> None:
    basal = moved()
    for _ in range(3):
        basal.advance(4 * MS_PER_HOUR, True)
        midnight(basal)
    basal.advance(PLAN_MS - 12 * MS_PER_HOUR - 4, True)
    midnight(basal)
    assert (basal.plan_day, basal.day) == (2, 2)


@pytest.mark.req("D-05", "D-14")
@pytest.mark.parametrize("how", ["stopped", "paused", "held"])
def test_time_in_which_the_plan_waits_counts_and_its_midnights_move_nothing(how: str) -> None:
    basal = moved()
    basal.paused = how == "paused"
    if how == "held":
        basal.hold_to(24)
    basal.advance(MS_PER_DAY + 1, how != "stopped")
    basal.paused = False
    basal.hold_to(SMALL_MAX)
    assert (basal.plan_day, basal.day) == (1, 2)
    # The clock is set back over that midnight, which is no new day, but is now one of the plan.
    midnight(basal)
    assert (basal.plan_day, basal.day) == (2, 2)


@pytest.mark.req("D-05", "I-05")
def test_time_of_which_the_pump_does_not_know_the_time_of_day_counts() -> None:
    before = moved()
    basal = Basal(TAPER)
    basal.restore(before.kept(), 0)
    basal.advance(PLAN_MS - 1, True)
    assert basal.plan_day == 1
    midnight(basal)
    assert (basal.plan_day, basal.stage) == (2, 1)


@pytest.mark.req("D-05", "I-05")
@pytest.mark.parametrize("passed_ms", [0, 1, MS_PER_HOUR])
@pytest.mark.parametrize("late_ms, plan_day", [(-1, 1), (0, 2)])
def test_a_restart_goes_on_counting_where_it_was_known_to_be(passed_ms: int, late_ms: int, plan_day: int) -> None:
    before = moved()
    before.advance(10 * MS_PER_HOUR, True)
    basal = Basal(TAPER)
    basal.restore(before.kept(), passed_ms)
    basal.advance(PLAN_MS - 10 * MS_PER_HOUR - passed_ms - 1 + late_ms, True)
    midnight(basal)
    assert basal.plan_day == plan_day


@pytest.mark.req("D-05")
def test_a_restart_long_after_the_plan_moved_counts_no_further_than_it_has_to() -> None:
    before = moved()
    before.advance(MS_PER_DAY - 1, True)
    basal = Basal(TAPER)
    basal.restore(before.kept(), 1 << 40)
    assert basal.ahead()[-1] == PLAN_MS
    midnight(basal)
    assert basal.plan_day == 2


def test_a_clock_set_on_over_midnight_begins_no_day() -> None:
    basal = basal_at(MS_PER_DAY - 1, TAPER)
    basal.set_time(1, TUESDAY)
    basal.advance(NOON_MS, True)
    assert (basal.day, basal.plan_day, basal.weekday) == (0, 0, 1)
