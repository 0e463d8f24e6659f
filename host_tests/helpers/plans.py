"""Schedules of several day patterns and a plan, and what they owe on exact rationals: the reference for their tests."""

from fractions import Fraction
from typing import NamedTuple

from hypothesis import strategies as st

from pump.therapy.schedule import Schedule
from rig import DAY_MS, HOUR_MS

WEEKEND = (5, 6)
Rows = list[list[int]]
UNHELD = Fraction(1 << 40)


class Plan(NamedTuple):
    """What a device program says of its basal, as it is sent."""

    rate_den: int
    patterns: list[Rows]
    plan: list[list[int]]

    def schedule(self) -> Schedule:
        """The same as the firmware reads it."""
        return Schedule(self.rate_den, self.patterns, self.plan)

    def stage_of(self, plan_day: int) -> int:
        """The stage that `plan_day` lies in."""
        return max(stage for stage, (from_day, _, _) in enumerate(self.plan) if from_day <= plan_day)

    def pattern_of(self, plan_day: int, weekday: int) -> int:
        """The pattern of a day."""
        _, on_weekday, on_weekend = self.plan[self.stage_of(plan_day)]
        return on_weekend if weekday in WEEKEND else on_weekday

    def rates(self, pattern: int) -> list[tuple[int, int, Fraction]]:
        """The rows of `pattern` as (from_ms, to_ms, steps per day)."""
        rows = self.patterns[pattern]
        ends = [row[0] for row in rows[1:]] + [DAY_MS]
        return [
            (start, end, whole + Fraction(frac, self.rate_den))
            for (start, whole, frac), end in zip(rows, ends, strict=True)
        ]

    def owed(self, pattern: int, from_ms: int, to_ms: int, ceiling: Fraction = UNHELD) -> Fraction:
        """What a part of a day of `pattern` owes, in microsteps, at no more than `ceiling` microsteps per day."""
        return sum(
            (
                min(rate, ceiling) * (min(end, to_ms) - max(start, from_ms)) / DAY_MS
                for start, end, rate in self.rates(pattern)
                if max(start, from_ms) < min(end, to_ms)
            ),
            Fraction(0),
        )

    def total(self, pattern: int) -> Fraction:
        """What a whole day of `pattern` owes, in microsteps."""
        return self.owed(pattern, 0, DAY_MS)


class Calendar:
    """A plan lived through, day by day: only a midnight in delivery, unpaused and unheld, moves it on, and only one an
    hour less than a day after the last that did."""

    def __init__(self, plan: Plan, day_ms: int, weekday: int) -> None:
        self.plan = plan
        self.days = 0
        self.day_ms = day_ms
        self.weekday = weekday
        self.plan_day = 0
        self.since_new_day_ms = DAY_MS
        self.since_moved_ms = DAY_MS
        self.paused = False
        self.ceiling = UNHELD
        self.owed = Fraction(0)

    @property
    def pattern(self) -> int:
        """Today's pattern."""
        return self.plan.pattern_of(self.plan_day, self.weekday)

    def advance(self, span_ms: int, delivering: bool = True) -> None:
        """Let `span_ms` pass."""
        while span_ms > 0:
            end_ms = min(self.day_ms + span_ms, DAY_MS)
            if delivering:
                self.owed += self.plan.owed(self.pattern, self.day_ms, end_ms, self.ceiling)
            span_ms -= end_ms - self.day_ms
            self.since_new_day_ms += end_ms - self.day_ms
            self.since_moved_ms += end_ms - self.day_ms
            self.day_ms = end_ms
            if end_ms == DAY_MS:
                self._midnight(delivering)

    def _midnight(self, delivering: bool) -> None:
        self.day_ms = 0
        self.weekday = (self.weekday + 1) % 7
        # Else the clock was set back: the day that begins is not a new one.
        if self.since_new_day_ms >= DAY_MS // 2:
            self.since_new_day_ms = 0
            self.days += 1
        if delivering and not self.paused and self.ceiling == UNHELD and self.since_moved_ms >= DAY_MS - HOUR_MS:
            self.since_moved_ms = 0
            self.plan_day += 1


WHOLES = st.integers(0, 60_000)
DENS = st.one_of(st.integers(1, 12), st.integers(1, 1 << 20))
STARTS_MS = st.integers(1, DAY_MS - 1)


def day_patterns(
    wholes: st.SearchStrategy[int], rate_den: int, starts: st.SearchStrategy[int]
) -> st.SearchStrategy[Rows]:
    """Day patterns of up to four rows."""
    row = st.tuples(wholes, st.integers(0, rate_den - 1))
    return st.lists(starts, max_size=3, unique=True).flatmap(
        lambda begins: st.tuples(*[row] * (len(begins) + 1)).map(
            lambda rates: [[at, *rate] for at, rate in zip([0, *sorted(begins)], rates, strict=True)]
        )
    )


@st.composite
def plans(
    draw: st.DrawFn,
    wholes: st.SearchStrategy[int] = WHOLES,
    rate_den: st.SearchStrategy[int] = DENS,
    starts: st.SearchStrategy[int] = STARTS_MS,
) -> Plan:
    """Plans of up to five stages, mostly a day or two long."""
    den = draw(rate_den)
    rows = day_patterns(wholes, den, starts)
    patterns = draw(st.lists(rows, min_size=1, max_size=4))
    which = st.integers(0, len(patterns) - 1)
    lengths = draw(st.lists(st.integers(1, 3), max_size=4))
    stages = [[sum(lengths[:stage]), draw(which), draw(which)] for stage in range(len(lengths) + 1)]
    return Plan(den, patterns, stages)
