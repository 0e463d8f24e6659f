"""Basal therapy: the schedule of rates, walked by time of day, day of the week and stage of the plan."""

from pump.core.units import MS_PER_DAY, MS_PER_MINUTE, SMALL_MAX
from pump.therapy.drip import Drip
from pump.therapy.schedule import Schedule

DAYS_PER_WEEK = 7
# A midnight that comes sooner after the last is one that the clock was set back to, and begins no new day.
DAY_MS_MIN = MS_PER_DAY // 2
# A midnight that comes sooner after the plan moved is one that the clock was set on to: it would bring a rise of the
# dose forward. Less than a day by the hour of spring, and by a quarter of an hour that the clock may have been slow.
PLAN_DAY_MS_MIN = MS_PER_DAY - 75 * MS_PER_MINUTE


class Basal:
    """Walks a schedule and owes its microsteps.

    Until the time of day is set it owes the lowest rate of the stage, which can never exceed the programmed one.
    Time of day passes whether or not the pump delivers. The plan goes on with a midnight that passes while the pump
    delivers, and not while it is paused or held down: nobody is brought down, or up, by time alone. From the second on,
    PLAN_DAY_MS_MIN must have passed since the last that moved it. The first may come at once: what a program brings
    with it is judged when it is loaded.
    *tick*: `advance` (allocates nothing); *loop*: the rest, with the tick held off.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.time_known = False
        self.day = 0
        self.day_ms = 0
        self.weekday = 0
        self.stage = 0
        self.plan_day = 0
        self.paused = False
        self.pattern = schedule.pattern_of(0, 0)
        self.ceiling_steps_day = SMALL_MAX
        self._day_for_ms = DAY_MS_MIN
        self._plan_for_ms = PLAN_DAY_MS_MIN
        self.drip = Drip(schedule.rate_den, MS_PER_DAY)
        self._enter(schedule.lowest_row(0))
        self._row_end_ms = MS_PER_DAY

    @property
    def rate_steps_day(self) -> int:
        """The rate in force, in whole microsteps per day, rounded down."""
        return self.drip.whole

    def follow(self, before: "Basal") -> None:
        """Take over from `before`: its time of day, its ceiling and what it has left over below a microstep."""
        self.drip.carry_from(before.drip)
        self.hold_to(before.ceiling_steps_day)
        if before.time_known:
            self.set_time(before.day_ms, before.weekday)

    def held(self) -> bool:
        """Whether a ceiling holds."""
        return self.ceiling_steps_day != SMALL_MAX

    def hold_to(self, ceiling_steps_day: int) -> None:
        """Owe no more than `ceiling_steps_day`, and never more than is programmed."""
        self.ceiling_steps_day = ceiling_steps_day
        self._enter(self._row)

    def set_time(self, day_ms: int, weekday: int) -> None:
        """It is `day_ms`, 0..86_399_999, of `weekday`, 0 for Monday. Changes only which rate comes next; owes nothing
        by itself."""
        self.day_ms = day_ms
        self.weekday = weekday
        self.time_known = True
        self.pattern = self.schedule.pattern_of(self.stage, weekday)
        self._enter(self.schedule.row_at(self.pattern, day_ms))
        self._row_end_ms = self.schedule.end_ms(self.pattern, self._row)

    def advance(self, dt_ms: int, delivering: bool) -> int:
        """Let `dt_ms` >= 0 pass; the microsteps that became owed in it, 0 when not `delivering`."""
        steps = 0
        while dt_ms > 0:
            span_ms = self._row_end_ms - self.day_ms
            if dt_ms < span_ms:
                span_ms = dt_ms
            dt_ms -= span_ms
            if delivering:
                steps += self.drip.advance(span_ms)
            self.day_ms += span_ms
            self._day_for_ms = min(self._day_for_ms + span_ms, DAY_MS_MIN)
            self._plan_for_ms = min(self._plan_for_ms + span_ms, PLAN_DAY_MS_MIN)
            if self.day_ms == self._row_end_ms:
                self._cross(delivering)
        return steps

    def kept(self) -> "list[int]":
        """What must survive a restart."""
        days = [self.day, self._day_for_ms, self.plan_day, self._plan_for_ms]
        return days + [self.stage, int(self.paused), self.ceiling_steps_day]

    def restore(self, kept: "list[int]", passed_ms: int) -> None:
        """After a restart: what was `kept`, and `passed_ms` that are known to have passed since. The time of day is
        unknown until it is set."""
        self.day, self._day_for_ms, self.plan_day, plan_for_ms, self.stage, paused, ceiling_steps_day = kept
        self._plan_for_ms = min(plan_for_ms + passed_ms, PLAN_DAY_MS_MIN)
        self.paused = paused == 1
        self.pattern = self.schedule.pattern_of(self.stage, 0)
        self._row = self.schedule.lowest_row(self.stage)
        self.hold_to(ceiling_steps_day)

    def ahead(self) -> "list[int]":
        """Where the walk stands, as a forecast begins: [stage, plan_day, weekday, day_ms, paused, plan_for_ms]; the
        last is how long ago the plan moved, PLAN_DAY_MS_MIN at most."""
        return [self.stage, self.plan_day, self.weekday, self.day_ms, int(self.paused), self._plan_for_ms]

    def _cross(self, delivering: bool) -> None:
        schedule = self.schedule
        row = self._row + 1
        if self.day_ms == MS_PER_DAY:
            self.day_ms = 0
            if self._day_for_ms == DAY_MS_MIN:
                self._day_for_ms = 0
                self.day += 1
            if not self.time_known:
                return
            self.weekday += 1
            if self.weekday == DAYS_PER_WEEK:
                self.weekday = 0
            if delivering and self._plan_for_ms == PLAN_DAY_MS_MIN and not self.paused and not self.held():
                self._plan_for_ms = 0
                self.plan_day += 1
                self.stage = schedule.stage_after(self.stage, self.plan_day)
            self.pattern = schedule.pattern_of(self.stage, self.weekday)
            row = schedule.first_row[self.pattern]
        self._enter(row)
        self._row_end_ms = schedule.end_ms(self.pattern, row)

    def _enter(self, row: int) -> None:
        self._row = row
        whole = self.schedule.whole[row]
        if whole < self.ceiling_steps_day:
            self.drip.set_rate(whole, self.schedule.frac[row])
        else:
            self.drip.set_rate(self.ceiling_steps_day, 0)
