"""The basal still to come, exactly."""

from pump.core.units import MS_PER_DAY
from pump.therapy.basal import DAYS_PER_WEEK, PLAN_DAY_MS_MIN
from pump.therapy.program import Program
from pump.therapy.schedule import Schedule


class Forecast:
    """Walks a schedule ahead. *loop* only: its sums outgrow 30 bits.

    Sums are in units of 1 / `den` microstep, so that they stay whole. `rate` is in force for `left_ms` more, in these
    units per ms.
    """

    def __init__(self, schedule: Schedule, day_ms: int, days) -> None:
        """From `day_ms` of the first of `days` on: an iterator over the patterns of one day after the other, which the
        walk must not outlast."""
        self.den = schedule.rate_den * MS_PER_DAY
        self._schedule = schedule
        self._days = days
        self._pattern = next(days)
        self._enter(schedule.row_at(self._pattern, day_ms))
        self.left_ms -= day_ms - schedule.start_ms[self._row]

    def over(self, span_ms: int) -> int:
        """What the next `span_ms` will owe; the walk goes on from there."""
        owed = 0
        while span_ms > 0:
            part_ms = min(span_ms, self.left_ms)
            owed += self.rate * part_ms
            span_ms -= part_ms
            self.pass_by(part_ms)
        return owed

    def pass_by(self, span_ms: int) -> None:
        """Go on by `span_ms`, at most `left_ms`."""
        self.left_ms -= span_ms
        if self.left_ms == 0:
            row = self._row + 1
            if row == self._schedule.first_row[self._pattern + 1]:
                self._pattern = next(self._days)
                row = self._schedule.first_row[self._pattern]
            self._enter(row)

    def _enter(self, row: int) -> None:
        schedule = self._schedule
        self._row = row
        self.rate = schedule.whole[row] * schedule.rate_den + schedule.frac[row]
        self.left_ms = schedule.end_ms(self._pattern, row) - schedule.start_ms[row]


def forecast(schedule: Schedule, place: "list[int]") -> Forecast:
    """The basal from `place` on, which is `Basal.ahead()`, for a pump that goes on delivering."""
    return Forecast(schedule, place[3], _days(schedule, place))


def _days(schedule: Schedule, place: "list[int]"):
    stage, plan_day, weekday, day_ms, paused, plan_for_ms = place
    # At the midnight to come; by the one after it, a day has passed.
    plan_for_ms += MS_PER_DAY - day_ms
    while True:
        yield schedule.pattern_of(stage, weekday)
        weekday = (weekday + 1) % DAYS_PER_WEEK
        if not paused and plan_for_ms >= PLAN_DAY_MS_MIN:
            plan_day += 1
            stage = schedule.stage_after(stage, plan_day)
        plan_for_ms = MS_PER_DAY


def day_total(program: Program) -> "tuple[int, int]":
    """What the first day of the plan owes if it is a weekday, in microsteps, as (numerator, denominator)."""
    return program.schedule.day_total(program.schedule.pattern_of(0, 0))
