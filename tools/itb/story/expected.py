"""The course of a story as it is expected: which daily dose is in force when, if every command is taken.

The reader uses it for what needs a dose to compare with: titration and bridges. The pump itself keeps its own count.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from itb.limits.days import DAYS_OF_A_WEEK, SATURDAY, pattern_on
from itb.plan.program import Plan
from itb.rx.orders import MS_PER_DAY, MS_PER_MINUTE, day_dose_ug

# The plan moves no sooner after it moved last, by the pump's own time, which stands still without power.
PLAN_DAY_MS_MIN = (22 * 60 + 45) * MS_PER_MINUTE


@dataclass(frozen=True)
class Dose:
    """From `at_ms` of the run on: the daily dose of `stage` (0 is the first) of `plan`, delivered or not. While it is
    `untimed`, the time of day being unknown, the lowest rate of the stage runs instead."""

    at_ms: int
    plan: Plan
    stage: int
    ug_day: Fraction
    delivering: bool
    untimed: bool = False

    @property
    def nl_day(self) -> Fraction:
        """The dose as a volume."""
        return self.plan.prescription.volume_nl(self.ug_day)

    @property
    def given_ug_day(self) -> Fraction:
        """What runs of it: all, or as much as the lowest rate gives in a day."""
        if not self.untimed:
            return self.ug_day
        rx = self.plan.prescription
        stage = rx.plan[self.stage]
        return min(step.rate_ug_day for pattern in (stage.weekday, stage.weekend) for step in rx.patterns[pattern])


class Expected:
    """The pump's program, day by day. `doses` are all that were in force, in order."""

    def __init__(self, plan: Plan, weekday: int, delivering: bool) -> None:
        """At midnight of a `weekday`, 0 for Monday, `plan` has just been loaded."""
        self._first_weekday = weekday
        self._now_ms = 0
        self._kept_open = False
        self._untimed = False
        self.delivering = delivering
        self.doses: list[Dose] = []
        self._load(plan)

    @property
    def dose(self) -> Dose:
        """The daily dose in force now."""
        return self.doses[-1]

    @property
    def weekday(self) -> int:
        """Today's, 0 for Monday."""
        return (self._first_weekday + self._now_ms // MS_PER_DAY) % DAYS_OF_A_WEEK

    @property
    def plan(self) -> Plan:
        """The program in force now."""
        return self.dose.plan

    def advance(self, at_ms: int) -> None:
        """Let time pass. A midnight while the program is delivered is a day of the plan, unless it is paused."""
        day = self._now_ms // MS_PER_DAY
        while day < at_ms // MS_PER_DAY:
            day += 1
            self._now_ms = day * MS_PER_DAY
            waits = self._paused or self._kept_open or self._untimed or self._now_ms <= self._bridge_until_ms
            if self.delivering and not waits and self._now_ms >= self._plan_from_ms:
                self._plan_from_ms = self._now_ms + PLAN_DAY_MS_MIN
                self._plan_day += 1
            self._note(self.plan)
        self._now_ms = at_ms

    def load(self, plan: Plan) -> None:
        """Another program, whose first day is today."""
        self._load(plan)

    def deliver(self, delivering: bool) -> None:
        """Start or stop."""
        self.delivering = delivering
        self._note(self.plan)

    def keep_open(self, kept_open: bool) -> None:
        """Deliver the minimum rate, or the program again."""
        self._kept_open = kept_open

    def restart(self, off_ms: int) -> None:
        """The power was cut for `off_ms`, or the pump was reset: it does not know the time of day. What it forgets of
        the time before, an hour at most, is not known here."""
        self._plan_from_ms += off_ms
        self._untimed = True
        self._note(self.plan)

    def set_time(self) -> None:
        """The pump knows the time of day again."""
        self._untimed = False
        self._note(self.plan)

    def bridge(self, duration_ms: int) -> None:
        """Deliver a bridge from now on; the program comes after it."""
        self._bridge_until_ms = self._now_ms + duration_ms

    def pause(self, paused: bool) -> None:
        """Hold the plan at its day, or go on with it."""
        self._paused = paused

    def lowest_ug_day(self) -> Fraction:
        """The lowest daily dose in force within the last 24 h that is not 0; 0 if there was none."""
        since_ms = self._now_ms - MS_PER_DAY
        ends_ms = [*(dose.at_ms for dose in self.doses[1:]), self._now_ms + 1]
        recent = (dose.ug_day for dose, end_ms in zip(self.doses, ends_ms, strict=True) if end_ms > since_ms)
        return min((ug_day for ug_day in recent if ug_day), default=Fraction(0))

    def first_ug_day(self, plan: Plan) -> Fraction:
        """The daily dose that `plan` would have today."""
        return self._ug_day(plan, 0)

    def _load(self, plan: Plan) -> None:
        self._plan_day = 0
        self._plan_from_ms = self._now_ms
        self._paused = False
        self._bridge_until_ms = 0
        self._note(plan)

    def _note(self, plan: Plan) -> None:
        stages = plan.prescription.plan
        stage = max(place for place, one in enumerate(stages) if one.from_day <= self._plan_day)
        ug_day = self._ug_day(plan, stage)
        last = self.doses[-1] if self.doses else None
        dose = Dose(self._now_ms, plan, stage, ug_day, self.delivering, self._untimed)
        if last is None or replace(last, at_ms=self._now_ms) != dose:
            self.doses.append(dose)

    def _ug_day(self, plan: Plan, stage: int) -> Fraction:
        rx = plan.prescription
        return day_dose_ug(rx.patterns[pattern_on(rx.plan, (stage, self.weekday >= SATURDAY))])
