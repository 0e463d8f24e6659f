"""A basal schedule is taken only if no hour and no day of it exceeds its cap, wherever they begin."""

from collections.abc import Callable

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.safety.admission import refuse_unsafe_basal
from pump.safety.limits import Limits
from pump.therapy.schedule import Schedule
from unit.builders import limits_of, refusal, schedule, walks_of_three_days

ONE_A_MINUTE = schedule((0, 1440))


def basal_check(limits: Limits, plan: Schedule, lag_ms: int = 0) -> Callable[[], None]:
    return lambda: refuse_unsafe_basal(limits, lag_ms, lambda: walks_of_three_days(plan))


@pytest.mark.req("D-06")
@pytest.mark.parametrize("lag_ms, steps", [(0, 0), (1, 1), (20, 1), (60_000, 1), (60_001, 2), (120_000, 2)])
def test_basal_alone_counts_for_the_lag_longer_than_the_window(lag_ms: int, steps: int) -> None:
    for limits, below in (
        (limits_of(hour=61 + steps), limits_of(hour=60 + steps)),
        (limits_of(day=1441 + steps), limits_of(day=1440 + steps)),
    ):
        basal_check(limits, ONE_A_MINUTE, lag_ms)()
        assert refusal(basal_check(below, ONE_A_MINUTE, lag_ms))[0] == "basal"


@pytest.mark.req("D-02", "D-03", "D-06")
@pytest.mark.parametrize("name, steps, source", [("hour", 61, "board"), ("day", 1441, "drug")])
def test_basal_at_the_cap_of_61_or_1441_minutes_is_taken_and_above_it_refused(
    name: str, steps: int, source: str
) -> None:
    basal_check(limits_of(**{name: steps}), ONE_A_MINUTE)()
    assert refusal(basal_check(limits_of(**{name: steps - 1}), ONE_A_MINUTE)) == (
        "basal",
        f"{steps} microsteps",
        f"at most {steps - 1} microsteps, the {name} limit of the {source}",
    )


@pytest.mark.req("D-06")
@pytest.mark.parametrize("rate, steps", [(0, 0), (1, 1), (24, 2), (1416, 60), (1417, 61)])
def test_a_microstep_of_basal_alone_begun_counts_whole(rate: int, steps: int) -> None:
    basal_check(limits_of(hour=steps), schedule((0, rate)))()
    if steps:
        assert refusal(basal_check(limits_of(hour=steps - 1), schedule((0, rate))))[1] == f"{steps} microsteps"


@pytest.mark.req("D-06")
@pytest.mark.parametrize("minute", [0, 1, 59, 60, 61, 719, 1378, 1379])
def test_a_peak_of_61_minutes_is_found_wherever_it_lies(minute: int) -> None:
    rows = [(0, 0)] if minute else []
    rows.append((minute * MS_PER_MINUTE, 1440 * 7))
    if minute < 1379:
        rows.append(((minute + 61) * MS_PER_MINUTE, 0))
    plan = schedule(*rows)
    basal_check(limits_of(hour=427), plan)()
    assert refusal(basal_check(limits_of(hour=426), plan))[1] == "427 microsteps"
    # The 1441 minutes of a day never meet the same peak twice, but one minute more of it.
    basal_check(limits_of(day=434), plan)()
    assert refusal(basal_check(limits_of(day=433), plan))[1] == "434 microsteps"


@pytest.mark.req("D-06")
def test_a_peak_over_midnight_is_found() -> None:
    plan = schedule((0, 1440 * 7), (30 * MS_PER_MINUTE, 0), (MS_PER_DAY - 31 * MS_PER_MINUTE, 1440 * 7))
    basal_check(limits_of(hour=427), plan)()
    assert refusal(basal_check(limits_of(hour=426), plan))[1] == "427 microsteps"


@pytest.mark.req("D-06")
@pytest.mark.parametrize("before, after", [(1, 0), (0, 1), (1, 1), (0, 0)])
def test_half_an_hour_of_peak_counts_with_the_higher_of_what_comes_before_and_after(before: int, after: int) -> None:
    start_ms, half_hour_ms = 6 * MS_PER_HOUR, 30 * MS_PER_MINUTE
    plan = schedule((0, 1440 * before), (start_ms, 14_400), (start_ms + half_hour_ms, 1440 * after), (72_000_000, 0))
    steps = 300 + 31 * max(before, after)
    basal_check(limits_of(hour=steps), plan)()
    assert refusal(basal_check(limits_of(hour=steps - 1), plan))[1] == f"{steps} microsteps"


@pytest.mark.req("D-06")
def test_basal_that_left_the_window_is_not_counted_again() -> None:
    # Two peaks of 30 minutes, 31 minutes apart: no 61 minutes hold more than one, but an hour and a half would.
    peak_ms, gap_ms = 30 * MS_PER_MINUTE, 31 * MS_PER_MINUTE
    plan = schedule((0, 1440), (peak_ms, 0), (peak_ms + gap_ms, 1440), (2 * peak_ms + gap_ms, 0))
    basal_check(limits_of(hour=30), plan)()
    assert refusal(basal_check(limits_of(hour=29), plan))[1] == "30 microsteps"


@pytest.mark.req("D-06")
def test_a_peak_that_begins_within_a_minute_is_found() -> None:
    # The pump's minutes begin where it was switched on, so one of its windows may hold all of these 61 minutes.
    start_ms = MS_PER_HOUR + 30_000
    plan = schedule((0, 0), (start_ms, 1440 * 10), (start_ms + 61 * MS_PER_MINUTE, 0))
    assert refusal(basal_check(limits_of(hour=609), plan))[:2] == ("basal", "610 microsteps")


HALF_HOUR_MS = 30 * MS_PER_MINUTE
MORNING = [[0, 1440 * 7, 0], [HALF_HOUR_MS, 0, 0]]
EVENING = [[0, 0, 0], [MS_PER_DAY - HALF_HOUR_MS, 1440 * 7, 0]]
QUIET = [[0, 0, 0]]


@pytest.mark.req("D-06")
@pytest.mark.parametrize(
    "plan, minutes",
    [
        # The weekend begins with its morning when a weekday's evening has just been; or ends where a weekday begins.
        ([[0, 1, 0]], 60),
        ([[0, 0, 1]], 60),
        # The next stage does; or the weekend of the next, or that of the first on a weekday of the next.
        ([[0, 1, 1], [9, 0, 0]], 60),
        ([[0, 1, 1], [1, 2, 0]], 60),
        ([[0, 2, 1], [1, 0, 2]], 60),
        # Morning and evening never meet: they are two stages apart, or the evening comes last.
        ([[0, 1, 1], [1, 2, 2], [2, 0, 0]], 30),
        ([[0, 0, 0], [1, 1, 1]], 30),
        ([[0, 0, 2]], 30),
    ],
)
def test_a_peak_over_a_midnight_between_two_patterns_is_found_where_they_can_meet(
    plan: list[list[int]], minutes: int
) -> None:
    schedule = Schedule(1, [MORNING, EVENING, QUIET], plan)
    basal_check(limits_of(hour=7 * minutes), schedule)()
    assert refusal(basal_check(limits_of(hour=7 * minutes - 1), schedule))[1] == f"{7 * minutes} microsteps"


@pytest.mark.req("D-06")
@pytest.mark.parametrize("third_from, steps", [(2, 210 + 1440 + 210), (3, 210 + 1440 + 31)])
def test_what_three_days_hold_is_found_only_where_they_can_follow_one_another(third_from: int, steps: int) -> None:
    # Lengthened by an hour of lag, a window holds the end of a day, all of the next, and the beginning of the third.
    schedule = Schedule(1, [EVENING, [[0, 1440, 0]], MORNING], [[0, 0, 0], [1, 1, 1], [third_from, 2, 2]])
    basal_check(limits_of(day=steps), schedule, MS_PER_HOUR)()
    assert refusal(basal_check(limits_of(day=steps - 1), schedule, MS_PER_HOUR))[1] == f"{steps} microsteps"
