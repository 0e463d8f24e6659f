"""Basal over weeks and stages is that of a calendar lived through, however time is cut and whatever interrupts it."""

from fractions import Fraction
from itertools import pairwise, product
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans import Calendar, Plan, plans
from pump.core.units import SMALL_MAX
from pump.therapy.basal import Basal
from rig import DAY_MS, MINUTE_MS

# Between two days of a plan, at least.
PLAN_MS = (22 * 60 + 45) * MINUTE_MS
WEEKDAYS = st.integers(0, 6)
TIMES_MS = st.one_of(st.integers(0, DAY_MS - 1), st.sampled_from([0, 1, DAY_MS - 1]))
SPANS_MS = st.one_of(
    st.integers(0, 100_000),
    st.integers(0, 2 * DAY_MS),
    st.sampled_from([1, PLAN_MS - 1, PLAN_MS, PLAN_MS + 1, DAY_MS - 1, DAY_MS, DAY_MS + 1]),
)


def begun(plan: Plan, day_ms: int, weekday: int) -> tuple[Basal, Calendar]:
    """A basal of `plan` and its reference, at the same time of the same weekday."""
    basal = Basal(plan.schedule())
    basal.set_time(day_ms, weekday)
    return basal, Calendar(plan, day_ms, weekday)


def place_of(walked: Basal | Calendar) -> tuple[int, int, int, int, int]:
    days = walked.day if isinstance(walked, Basal) else walked.days
    return days, walked.day_ms, walked.weekday, walked.plan_day, walked.pattern


class Both:
    """A basal and its reference, given the same commands."""

    def __init__(self, plan: Plan, day_ms: int, weekday: int) -> None:
        self.basal, self.calendar = begun(plan, day_ms, weekday)
        self.owed = 0

    def do(self, what: str, span_ms: int, steps_day: int) -> None:
        if what == "pause":
            self.basal.paused = self.calendar.paused = True
        elif what == "resume":
            self.basal.paused = self.calendar.paused = False
        elif what == "hold":
            self.basal.hold_to(steps_day)
            self.calendar.ceiling = Fraction(steps_day)
        elif what == "let go":
            self.basal.hold_to(SMALL_MAX)
            self.calendar.ceiling = Fraction(1 << 40)
        elif what == "clock":
            day_ms, weekday = span_ms % DAY_MS, steps_day % 7
            self.basal.set_time(day_ms, weekday)
            self.calendar.day_ms, self.calendar.weekday = day_ms, weekday
        elif what == "stopped":
            assert self.basal.advance(span_ms, False) == 0
            self.calendar.advance(span_ms, False)
        else:
            self.owed += self.basal.advance(span_ms, True)
            self.calendar.advance(span_ms, True)


COMMANDS = st.sampled_from(["deliver", "deliver", "deliver", "stopped", "pause", "resume", "hold", "let go", "clock"])


@pytest.mark.req("D-07", "D-11", "M-10")
@settings(max_examples=200)
@given(
    plans(),
    TIMES_MS,
    WEEKDAYS,
    st.lists(st.tuples(COMMANDS, SPANS_MS, st.integers(0, 60_000)), min_size=1, max_size=30),
)
def test_after_any_pauses_stops_and_ceilings_the_basal_is_where_its_calendar_is_and_owes_that_rounded_down(
    plan: Plan, day_ms: int, weekday: int, commands: list[tuple[str, int, int]]
) -> None:
    both = Both(plan, day_ms, weekday)
    for what, span_ms, steps_day in commands:
        both.do(what, span_ms, steps_day)
        assert place_of(both.basal) == place_of(both.calendar)
        assert both.basal.stage == plan.stage_of(both.calendar.plan_day)
        assert both.owed == floor(both.calendar.owed)


@pytest.mark.req("D-05", "I-05")
@given(
    plans(),
    TIMES_MS,
    WEEKDAYS,
    st.lists(st.tuples(SPANS_MS, st.booleans(), st.one_of(st.none(), TIMES_MS), WEEKDAYS), min_size=1, max_size=40),
)
def test_however_the_clock_is_set_no_day_of_the_plan_is_shorter_than_23_h_nor_is_one_skipped(
    plan: Plan, day_ms: int, weekday: int, lived: list[tuple[int, bool, int | None, int]]
) -> None:
    basal, _ = begun(plan, day_ms, weekday)
    now_ms, moved_ms = 0, list[int]()
    for span_ms, restarts, shown_ms, shown_weekday in lived:
        if restarts:
            kept = basal.kept()
            basal = Basal(basal.schedule)
            basal.restore(kept, 0)
        if shown_ms is not None:
            basal.set_time(shown_ms, shown_weekday)
        end_ms = now_ms + span_ms
        while now_ms < end_ms:
            part_ms = min(end_ms - now_ms, DAY_MS - basal.day_ms)
            plan_day = basal.plan_day
            basal.advance(part_ms, True)
            now_ms += part_ms
            if basal.plan_day != plan_day:
                assert basal.plan_day == plan_day + 1
                moved_ms.append(now_ms)
        assert basal.plan_day == len(moved_ms)
        assert basal.stage == plan.stage_of(basal.plan_day)
    assert all(after_ms - before_ms >= PLAN_MS for before_ms, after_ms in pairwise(moved_ms))


@pytest.mark.req("M-10")
@given(plans(), TIMES_MS, WEEKDAYS, st.integers(0, 9 * DAY_MS), st.lists(st.integers(0, 9 * DAY_MS), max_size=30))
def test_any_partition_of_days_owes_the_same(
    plan: Plan, day_ms: int, weekday: int, span_ms: int, cuts: list[int]
) -> None:
    basal, calendar = begun(plan, day_ms, weekday)
    edges = [0, *sorted(cut for cut in cuts if cut < span_ms), span_ms]
    owed = sum(basal.advance(end - begin, True) for begin, end in pairwise(edges))
    calendar.advance(span_ms)
    assert owed == floor(calendar.owed)
    assert place_of(basal) == place_of(calendar)


@pytest.mark.req("D-11")
@given(plans(), st.integers(0, 60_000), WEEKDAYS, st.integers(1, 4 * DAY_MS))
def test_the_fallback_rate_is_the_lowest_of_the_first_stage_and_a_ceiling_lowers_it_only(
    plan: Plan, ceiling: int, weekday: int, span_ms: int
) -> None:
    _, on_weekday, on_weekend = plan.plan[0]
    lowest = min(rate for pattern in (on_weekday, on_weekend) for _, _, rate in plan.rates(pattern))
    assert lowest <= min(rate for _, _, rate in plan.rates(plan.pattern_of(0, weekday)))
    unknown, held = Basal(plan.schedule()), Basal(plan.schedule())
    held.hold_to(ceiling)
    assert unknown.advance(span_ms, True) == floor(lowest * span_ms / DAY_MS)
    assert held.advance(span_ms, True) == floor(min(lowest, Fraction(ceiling)) * span_ms / DAY_MS)


@pytest.mark.req("D-07", "D-11")
@given(plans(), plans(), TIMES_MS, WEEKDAYS, st.integers(0, 3 * DAY_MS), st.integers(0, 3 * DAY_MS))
def test_a_program_that_follows_another_owes_with_it_what_both_calendars_owe_but_for_the_finest_part(
    first: Plan, second: Plan, day_ms: int, weekday: int, before_ms: int, after_ms: int
) -> None:
    basal, calendar = begun(first, day_ms, weekday)
    owed = basal.advance(before_ms, True)
    calendar.advance(before_ms)
    after = Basal(second.schedule())
    after.follow(basal)
    assert (after.day_ms, after.weekday, after.plan_day, after.stage) == (calendar.day_ms, calendar.weekday, 0, 0)
    owed += after.advance(after_ms, True)
    later = Calendar(second, calendar.day_ms, calendar.weekday)
    later.advance(after_ms)
    exact = calendar.owed + later.owed
    # What one has left below its own finest part is dropped, never rounded up.
    assert floor(exact - Fraction(1, second.rate_den * DAY_MS)) <= owed <= floor(exact)


@given(plans())
def test_three_days_in_a_row_are_those_that_a_calendar_with_pauses_can_have(plan: Plan) -> None:
    found = set()
    for plan_day, weekday, first, second in product(range(plan.plan[-1][0] + 2), range(7), (0, 1), (0, 1)):
        days = (plan_day, plan_day + first, plan_day + first + second)
        one, two, three = (plan.pattern_of(day, (weekday + nights) % 7) for nights, day in enumerate(days))
        found.add((one, two, three))
    assert plan.schedule().successions() == found


@pytest.mark.req("D-08")
@given(plans())
def test_totals_are_exact_and_the_greatest_is_of_a_day_of_the_plan(plan: Plan) -> None:
    schedule = plan.schedule()
    totals = [plan.total(pattern) for pattern in range(len(plan.patterns))]
    assert [Fraction(*schedule.day_total(pattern)) for pattern in range(len(totals))] == totals
    in_use = {pattern for _, *both in plan.plan for pattern in both}
    assert Fraction(*schedule.greatest_total()) == max(totals[pattern] for pattern in in_use)
