"""No window of an hour or a day, wherever it lies, holds more than its cap; and a bolus never takes from basal."""

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pump.core.errors import Refused
from pump.safety.admission import BolusAhead, refuse_unsafe_basal, refuse_unsafe_bolus
from pump.safety.guard import DAY_CAP, HOUR_CAP, Guard
from pump.safety.halt import Halt
from pump.safety.limits import Limit, Limits
from pump.safety.reservoir import Reservoir
from pump.safety.windows import Windows
from pump.therapy.demand import Demand
from pump.therapy.forecast import forecast
from pump.therapy.schedule import Schedule
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, UNLIMITED
from unit.builders import basal_at, schedule, walk, walks_of_three_days

# Two of the ticks below.
LAG_MS = 90_000


def limits_of(hour: int, day: int, bolus: int = UNLIMITED) -> Limits:
    return Limits(Limit("hour", hour, "test"), Limit("day", day, "test"), Limit("bolus", bolus, "test"))


def guard_of(limits: Limits) -> Guard:
    reservoir = Reservoir(UNLIMITED, 0, 1)
    reservoir.refill(UNLIMITED, NG_ML, 0)
    guard = Guard(Halt(), Windows(), reservoir, limits, UNLIMITED)
    guard.renew_lease(UNLIMITED)
    return guard


def most_in_any_window(grants: list[tuple[int, int]], span_ms: int) -> int:
    """Reference: the most that any window (t - span, t] holds. It suffices to look at windows that end with a grant."""
    times = [at_ms for at_ms, _ in grants]
    sums = [0, *accumulate(steps for _, steps in grants)]
    return max(
        (sums[end + 1] - sums[bisect_right(times, at_ms - span_ms)] for end, at_ms in enumerate(times)), default=0
    )


GAPS_MS = st.one_of(
    st.integers(0, 5000),
    st.integers(0, 90 * MINUTE_MS),
    st.sampled_from([MINUTE_MS - 1, MINUTE_MS, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, DAY_MS - 1, DAY_MS, DAY_MS + 1]),
)


@pytest.mark.req("D-06")
@settings(max_examples=400)
@given(
    st.integers(0, 500),
    st.integers(0, 2000),
    st.lists(st.tuples(GAPS_MS, st.integers(0, 700)), min_size=1, max_size=120),
)
def test_whatever_is_asked_for_no_window_holds_more_than_its_cap(
    hour: int, day: int, asks: list[tuple[int, int]]
) -> None:
    guard = guard_of(limits_of(hour, day))
    now_ms = 0
    grants = []
    for gap_ms, asked in asks:
        now_ms += gap_ms
        guard.elapse(gap_ms)
        steps = guard.grant(asked, 0)
        assert 0 <= steps <= asked
        grants.append((now_ms, steps))
    assert most_in_any_window(grants, HOUR_MS) <= hour
    assert most_in_any_window(grants, DAY_MS) <= day


@pytest.mark.req("D-06")
@given(st.integers(1, 400), st.lists(st.tuples(GAPS_MS, st.integers(1, 50)), min_size=1, max_size=200))
def test_nothing_is_withheld_that_61_whole_minutes_leave_room_for(cap: int, asks: list[tuple[int, int]]) -> None:
    guard = guard_of(limits_of(cap, UNLIMITED))
    now_ms = 0
    grants: list[tuple[int, int]] = []
    for gap_ms, asked in asks:
        now_ms += gap_ms
        guard.elapse(gap_ms)
        first_ms = (now_ms // MINUTE_MS - 60) * MINUTE_MS
        held = sum(steps for at_ms, steps in grants if at_ms >= first_ms)
        steps = guard.grant(asked, 0)
        assert steps == max(min(asked, cap - held), 0)
        grants.append((now_ms, steps))


@st.composite
def patterns(draw: st.DrawFn) -> list[list[int]]:
    starts = draw(st.lists(st.integers(1, 1439), max_size=5, unique=True))
    return [[minute * MINUTE_MS, draw(st.integers(0, 20_000)), 0] for minute in [0, *sorted(starts)]]


@st.composite
def days_with_a_bolus(draw: st.DrawFn) -> dict[str, Any]:
    days = draw(st.lists(patterns(), min_size=1, max_size=3))
    of_days = st.integers(0, len(days) - 1)
    from_days = [0, *sorted(draw(st.sets(st.integers(1, 3), max_size=2)))]
    return {
        "patterns": days,
        "plan": [[from_day, draw(of_days), draw(of_days)] for from_day in from_days],
        "weekday": draw(st.integers(0, 6)),
        "hour": draw(st.integers(100, 3000)),
        "day": draw(st.integers(5000, 40_000)),
        "before_ms": draw(st.integers(0, 2 * DAY_MS)),
        "boluses": draw(
            st.lists(
                st.tuples(st.integers(0, 2000), st.integers(0, 10_000), st.integers(1, 3 * HOUR_MS)),
                min_size=1,
                max_size=3,
            )
        ),
    }


@pytest.mark.req("D-06")
@settings(max_examples=60)
@example(
    {
        "patterns": [[[0, 0, 0], [60_000, 16_982, 0], [3_840_000, 0, 0], [3_900_000, 0, 0]]],
        "plan": [[0, 0, 0]],
        "weekday": 0,
        "hour": 723,
        "day": 5000,
        "before_ms": 0,
        "boluses": [(0, 0, 1)],
    }
)
@given(days_with_a_bolus())
def test_after_an_admitted_bolus_no_basal_is_ever_withheld_for_a_cap(case: dict[str, Any]) -> None:
    plan = Schedule(1, case["patterns"], case["plan"])
    limits = limits_of(case["hour"], case["day"])
    try:
        refuse_unsafe_basal(limits, LAG_MS, lambda: walks_of_three_days(plan))
    except Refused:
        return
    guard = guard_of(limits)
    basal = basal_at(0, plan, case["weekday"])
    demand = Demand(basal)
    grants = []
    now_ms = 0

    def run(span_ms: int) -> None:
        nonlocal now_ms
        while span_ms > 0:
            part_ms = min(span_ms, 45_000)
            span_ms -= part_ms
            now_ms += part_ms
            guard.elapse(part_ms)
            demand.advance(part_ms, True)
            steps = guard.grant(demand.owed_steps, 0)
            demand.take(steps)
            grants.append((now_ms, steps))

    run(case["before_ms"])
    for steps, wait_ms, duration_ms in case["boluses"]:
        bolus = BolusAhead(steps, wait_ms, duration_ms, demand.owed_steps)
        try:
            refuse_unsafe_bolus(limits, guard.windows, bolus, LAG_MS, lambda: forecast(plan, basal.ahead()))
        except Refused:
            run(HOUR_MS)
            continue
        demand.bolus.arm(steps, wait_ms, duration_ms)
        run(wait_ms + duration_ms)
        assert not demand.bolus.active
    run(DAY_MS)
    assert guard.withheld_ticks[HOUR_CAP] == guard.withheld_ticks[DAY_CAP] == 0
    assert demand.owed_steps == 0
    assert most_in_any_window(grants, HOUR_MS) <= case["hour"]
    assert most_in_any_window(grants, DAY_MS) <= case["day"]


@pytest.mark.req("D-06")
def test_a_naive_window_grants_the_bolus_that_lets_basal_overshoot_and_ours_refuses_it() -> None:
    # A quiet evening, then a night at 600 steps/h. The cap is 700 steps in an hour.
    plan = schedule((0, 600 * 24), (18 * HOUR_MS, 24))
    limits = limits_of(700, UNLIMITED)
    guard = guard_of(limits)
    just_before_midnight_ms = DAY_MS - 10 * MINUTE_MS
    naive_room = limits.hour.steps - guard.windows.hour_steps
    assert naive_room >= 200
    with pytest.raises(Refused, match="at most 700 microsteps, the hour limit of the test"):
        refuse_unsafe_bolus(
            limits,
            guard.windows,
            BolusAhead(200, 0, MINUTE_MS, 0),
            LAG_MS,
            lambda: walk(plan, just_before_midnight_ms),
        )
