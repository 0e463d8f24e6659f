"""The peak of a basal over days that differ is found at every position of the window, to the microstep."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import accumulate, chain
from math import ceil

import pytest

from plans import Plan
from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.safety.admission import refuse_unsafe_basal
from pump.therapy.forecast import Forecast
from pump.therapy.schedule import Schedule
from unit.builders import limits_of, refusal

EVERY_MS = 30_000


def at(hour: int, minute: int = 0) -> int:
    return hour * MS_PER_HOUR + minute * MS_PER_MINUTE


# Rates of 1440 a day are one a minute. Pattern 0 has its peaks at the ends of the day, 1 in its midst, 2 is quiet, and
# 3 is uneven.
PLAN = Plan(
    7,
    [
        [[0, 14_400, 0], [at(0, 20), 0, 0], [at(23, 45), 28_800, 0]],
        [[0, 1440, 0], [at(11, 7), 43_200, 0], [at(11, 40), 1440, 0]],
        [[0, 10, 0]],
        [[0, 500, 3], [at(3), 9000, 5], [at(3, 50), 0, 1], [at(4, 30), 7000, 6], [at(23, 30), 100, 0]],
    ],
    [[0, 0, 0]],
)
Days = tuple[int, int, int]
Walks = Iterator[tuple[Forecast, Forecast]]


def walks(schedule: Schedule, *successions: Days) -> Walks:
    for days in successions:
        yield Forecast(schedule, 0, iter(days)), Forecast(schedule, 0, iter(days))


@cache
def halves_of(pattern: int) -> list[int]:
    """What each half minute of a day of `pattern` owes, in units of 1 / (rate_den * MS_PER_DAY) microstep."""
    den = PLAN.rate_den * MS_PER_DAY
    return [int(PLAN.owed(pattern, at_ms, at_ms + EVERY_MS) * den) for at_ms in range(0, MS_PER_DAY, EVERY_MS)]


def peak_of(days: Days, minutes: int, lag_ms: int) -> int:
    """Reference: the most in any window of so many minutes, counted whole, that begins within the first day; looked
    at every half minute, by adding up."""
    sums = list(accumulate(chain.from_iterable(halves_of(pattern) for pattern in days), initial=0))
    length = ((minutes + 1) * MS_PER_MINUTE + lag_ms) // EVERY_MS
    most = max(sums[place + length] - sums[place] for place in range(MS_PER_DAY // EVERY_MS + 1))
    return ceil(Fraction(most, PLAN.rate_den * MS_PER_DAY))


def lowest_cap(name: str, plan: Plan, successions: list[Days], lag_ms: int = 0) -> int:
    """The lowest cap of window `name` that the basal keeps. At one less it is refused, by that number."""
    schedule = plan.schedule()

    def check(steps: int) -> None:
        refuse_unsafe_basal(limits_of(**{name: steps}), lag_ms, lambda: walks(schedule, *successions))

    field, value, _ = refusal(lambda: check(0))
    assert field == "basal"
    steps = int(str(value).removesuffix(" microsteps"))
    check(steps)
    assert refusal(lambda: check(steps - 1))[1] == f"{steps} microsteps"
    return steps


ORDERS = [(a, b, c) for a in range(4) for b in range(4) for c in range(4)]


@pytest.mark.req("D-06")
@pytest.mark.parametrize("lag_ms", [0, 120_000])
@pytest.mark.parametrize("days", ORDERS)
def test_the_peak_of_three_days_is_the_greatest_over_all_positions_of_the_hour_and_of_the_day(
    days: Days, lag_ms: int
) -> None:
    assert lowest_cap("hour", PLAN, [days], lag_ms) == peak_of(days, 60, lag_ms)
    assert lowest_cap("day", PLAN, [days], lag_ms) == peak_of(days, 1440, lag_ms)


@pytest.mark.req("D-06")
@pytest.mark.parametrize(
    "successions",
    [[(2, 2, 2), (1, 1, 1)], [(1, 1, 1), (2, 2, 2)], [(2, 2, 2), (1, 1, 1), (3, 3, 3)], [(2, 0, 2), (0, 0, 0)]],
)
def test_of_all_successions_the_greatest_peak_counts(successions: list[Days]) -> None:
    for name, minutes in (("hour", 60), ("day", 1440)):
        assert lowest_cap(name, PLAN, successions) == max(peak_of(days, minutes, 0) for days in successions)


@pytest.mark.req("D-06")
def test_a_window_of_24_h_reaches_into_the_third_day() -> None:
    # Nothing, one step a minute, 60 a minute. The last window of the first day begins with the second day's midnight;
    # of its 1441 minutes one is of the third day.
    plan = Plan(1, [[[0, 0, 0]], [[0, 1440, 0]], [[0, 1440 * 60, 0]]], [[0, 0, 0]])
    assert lowest_cap("day", plan, [(0, 1, 0)]) == 1440
    assert lowest_cap("day", plan, [(0, 1, 1)]) == 1441
    assert lowest_cap("day", plan, [(0, 1, 2)]) == 1440 + 60
    assert lowest_cap("day", plan, [(0, 1, 2)], lag_ms=120_000) == 1440 + 180
    # Later windows belong to the days that follow, as a succession of their own.
    assert lowest_cap("day", plan, [(0, 0, 2)]) == 60
    assert lowest_cap("hour", plan, [(0, 0, 2), (0, 1, 0)]) == 61
    # To the last millisecond: five steps in each.
    plan = Plan(1, [[[0, 0, 0]], [[0, 5 * MS_PER_DAY, 0]]], [[0, 0, 0]])
    assert lowest_cap("day", plan, [(0, 0, 1)]) == 5 * MS_PER_MINUTE
    assert lowest_cap("hour", plan, [(0, 1, 0)]) == 5 * 61 * MS_PER_MINUTE


@pytest.mark.req("D-06")
@pytest.mark.parametrize("begin", [0, 1, 7, at(0, 59), at(5) + 12_345, at(22, 59) - 1, at(22, 59)])
def test_an_hour_between_two_changes_of_rate_is_found_to_the_millisecond(begin: int) -> None:
    # Exactly as long as the window of 61 minutes: a millisecond beside it, and a part of it is missing.
    length_ms = 61 * MS_PER_MINUTE
    peak = [[begin, MS_PER_DAY // 1000, 0], [begin + length_ms, 0, 0]]
    rows = [[0, 0, 0], *peak] if begin else peak
    plan = Plan(1, [[row for row in rows if row[0] < MS_PER_DAY]], [[0, 0, 0]])
    # A microstep a second.
    assert lowest_cap("hour", plan, [(0, 0, 0)]) == 3660


@pytest.mark.req("D-06")
@pytest.mark.parametrize("rate, lag_ms", [(1440, 0), (1440, 1), (1, 0), (86_399, 20)])
def test_an_even_basal_counts_for_the_whole_window_and_the_lag_rounded_up(rate: int, lag_ms: int) -> None:
    plan = Plan(1, [[[0, rate, 0]]], [[0, 0, 0]])
    for name, minutes in (("hour", 61), ("day", 1441)):
        steps = ceil(Fraction(rate * (minutes * MS_PER_MINUTE + lag_ms), MS_PER_DAY))
        assert lowest_cap(name, plan, [(0, 0, 0)], lag_ms) == steps


@pytest.mark.req("D-06")
def test_no_basal_keeps_any_cap() -> None:
    nothing = Plan(1, [[[0, 0, 0]]], [[0, 0, 0]]).schedule()
    refuse_unsafe_basal(limits_of(0, 0, 0), 120_000, lambda: walks(nothing, (0, 0, 0)))


@pytest.mark.req("D-03", "D-06")
def test_the_hour_is_judged_before_the_day_and_each_refusal_says_whose_limit_it_is() -> None:
    even = Plan(1, [[[0, 1440, 0]]], [[0, 0, 0]]).schedule()

    def checked(hour: int, day: int) -> tuple[str, object, str]:
        return refusal(lambda: refuse_unsafe_basal(limits_of(hour, day), 0, lambda: walks(even, (0, 0, 0))))

    hour = ("basal", "61 microsteps", "at most 60 microsteps, the hour limit of the board")
    assert checked(60, 1440) == checked(60, 1441) == hour
    assert checked(61, 1440) == ("basal", "1441 microsteps", "at most 1440 microsteps, the day limit of the drug")
