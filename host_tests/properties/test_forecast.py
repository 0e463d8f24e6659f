"""What a forecast says is what the basal then owes: over any plan, from any day and time on, paused or not."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans import Plan, plans
from pump.core.errors import Refused
from pump.safety.admission import refuse_unsafe_basal
from pump.therapy.basal import Basal
from pump.therapy.forecast import Forecast, forecast
from pump.therapy.schedule import Schedule
from rig import DAY_MS, MINUTE_MS
from unit.builders import limits_of

TIMES_MS = st.one_of(st.integers(0, DAY_MS - 1), st.sampled_from([0, 1, DAY_MS - 1]))
SPANS_MS = st.one_of(st.integers(0, 3 * MINUTE_MS), st.integers(0, 3 * DAY_MS), st.sampled_from([DAY_MS, 2 * DAY_MS]))


def reached(plan: Plan, day_ms: int, weekday: int, days: int, paused: bool, shown_ms: int | None = None) -> Basal:
    """A basal that was delivering since `days` ago, and whose clock was set to `shown_ms` then, if to anything; nothing
    is left over below a microstep."""
    basal = Basal(plan.schedule())
    basal.set_time(day_ms, weekday)
    basal.advance(days * DAY_MS, True)
    basal.paused = paused
    fresh = Basal(basal.schedule)
    fresh.restore(basal.kept(), 0)
    fresh.set_time(basal.day_ms if shown_ms is None else shown_ms, basal.weekday)
    return fresh


@pytest.mark.req("D-06", "D-07")
@settings(max_examples=200)
@given(
    plans(),
    TIMES_MS,
    st.integers(0, 6),
    st.integers(0, 12),
    st.booleans(),
    st.one_of(st.none(), TIMES_MS),
    st.lists(SPANS_MS, min_size=1, max_size=12),
)
def test_the_forecast_rounded_down_is_what_the_basal_then_owes(
    plan: Plan, day_ms: int, weekday: int, days: int, paused: bool, shown_ms: int | None, spans: list[int]
) -> None:
    basal = reached(plan, day_ms, weekday, days, paused, shown_ms)
    ahead = forecast(basal.schedule, basal.ahead())
    assert ahead.den == plan.rate_den * DAY_MS
    owed = foretold = 0
    for span_ms in spans:
        owed += basal.advance(span_ms, True)
        foretold += ahead.over(span_ms)
        assert owed == foretold // ahead.den


@pytest.mark.req("D-06")
@given(plans(), TIMES_MS, st.integers(0, 6), st.integers(0, 12), st.booleans(), st.integers(0, 4 * DAY_MS))
def test_asking_for_a_forecast_changes_nothing_of_the_basal(
    plan: Plan, day_ms: int, weekday: int, days: int, paused: bool, span_ms: int
) -> None:
    basal = reached(plan, day_ms, weekday, days, paused)
    place = basal.ahead()
    before = list(place)
    assert forecast(basal.schedule, place).over(span_ms) == forecast(basal.schedule, place).over(span_ms)
    assert place == basal.ahead() == before


@given(plans(), TIMES_MS, st.integers(0, 6), st.lists(st.integers(1, DAY_MS), min_size=1, max_size=40))
def test_passing_by_edge_after_edge_is_the_walk_itself(plan: Plan, day_ms: int, weekday: int, spans: list[int]) -> None:
    schedule = plan.schedule()
    place = [0, 0, weekday, day_ms, 0, 0]
    stepped, walked = forecast(schedule, place), forecast(schedule, place)
    owed = passed_ms = 0
    for span_ms in spans:
        part_ms = min(span_ms, stepped.left_ms)
        assert part_ms > 0
        owed += stepped.rate * part_ms
        passed_ms += part_ms
        stepped.pass_by(part_ms)
    assert walked.over(passed_ms) == owed
    assert (walked.rate, walked.left_ms) == (stepped.rate, stepped.left_ms)


def walks(schedule: Schedule) -> Iterator[tuple[Forecast, Forecast]]:
    for days in schedule.successions():
        yield Forecast(schedule, 0, iter(days)), Forecast(schedule, 0, iter(days))


HALF_MINUTES = st.integers(1, 2879).map(lambda place: place * 30_000)


def peak_of(plan: Plan, minutes: int, lag_ms: int) -> int:
    """Reference: the most that any window holds which begins within the first of three days, of all that can follow one
    another. All changes of rate come with half minutes, so it is looked at there, by adding up."""
    den = plan.rate_den * DAY_MS
    length = ((minutes + 1) * MINUTE_MS + lag_ms) // 30_000
    of_day = []
    for pattern in range(len(plan.patterns)):
        rates: list[int] = []
        for start, end, rate in plan.rates(pattern):
            rates += [int(rate * plan.rate_den) * 30_000] * ((end - start) // 30_000)
        of_day.append(rates)
    most = 0
    for days in plan.schedule().successions():
        held = 0
        sums = [0]
        for part in (part for pattern in days for part in of_day[pattern]):
            held += part
            sums.append(held)
        most = max(most, *(sums[place + length] - sums[place] for place in range(2881)))
    return ceil(Fraction(most, den))


@pytest.mark.req("D-06")
@settings(max_examples=25)
@given(
    plans(rate_den=st.integers(1, 9), starts=HALF_MINUTES),
    st.sampled_from([0, 30_000, 60_000, 120_000]),
)
def test_a_basal_is_taken_up_to_the_greatest_of_all_positions_and_no_further(plan: Plan, lag_ms: int) -> None:
    schedule = plan.schedule()

    def taken(**caps: int) -> bool:
        try:
            refuse_unsafe_basal(limits_of(**caps), lag_ms, lambda: walks(schedule))
        except Refused:
            return False
        return True

    hour, day = peak_of(plan, 60, lag_ms), peak_of(plan, 1440, lag_ms)
    assert taken(hour=hour, day=day)
    assert not taken(hour=hour - 1, day=day)
    assert not taken(hour=hour, day=day - 1)


def lowest_cap(schedule: Schedule, name: str) -> int:
    """The lowest cap of window `name` that the basal alone is taken for: what its refusal at nothing says."""
    try:
        refuse_unsafe_basal(limits_of(**{name: 0}), 0, lambda: walks(schedule))
    except Refused as refused:
        return int(str(refused.value).removesuffix(" microsteps"))
    return 0


@pytest.mark.req("D-06")
@settings(max_examples=50)
@given(plans(), TIMES_MS, st.integers(0, 6), st.lists(st.sampled_from("gps"), min_size=4, max_size=9))
def test_no_window_of_days_that_are_lived_through_holds_more_than_the_basal_was_taken_for(
    plan: Plan, day_ms: int, weekday: int, days: list[str]
) -> None:
    schedule = plan.schedule()
    basal = Basal(schedule)
    basal.set_time(day_ms, weekday)
    minutes: list[int] = []
    for day in days:
        # A day goes on, is paused, or is stopped.
        basal.paused = day == "p"
        minutes += [basal.advance(MINUTE_MS, day != "s") for _ in range(1440)]
    sums = [0, *accumulate(minutes)]
    for name, length in (("hour", 61), ("day", 1441)):
        most = max(late - early for early, late in zip(sums, sums[length:], strict=False))
        assert most <= lowest_cap(schedule, name)
