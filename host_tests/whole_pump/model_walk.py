"""The model's clock and plan: which rate is in force, and what the basal comes to."""

from fractions import Fraction

from ordered import DAY_MS, MINUTE_MS, Ordered

# A midnight that comes sooner after the last is one that the clock was set back to.
DAY_MS_LEAST = DAY_MS // 2
# The plan moves no sooner after it did last, as it would by a clock that is set on: not by an hour, as in spring, and
# a quarter of one that the clock was slow.
PLAN_DAY_MS_LEAST = (22 * 60 + 45) * MINUTE_MS


class Walk:
    """Walks through days, by the time of day, the day of the week, and the stage of the plan."""

    def __init__(self, minimum_steps_day: int) -> None:
        self.course: Ordered | None = None
        self.time_known = False
        # Days since the program was loaded.
        self.load_day = 0
        self.day_ms = 0
        self.weekday = 0
        self.stage = 0
        self.plan_day = 0
        # How long the plan has not moved; at its beginning it may at once.
        self.stood_ms = PLAN_DAY_MS_LEAST
        self.paused = False
        self.kept_open = False
        self._minimum = Fraction(minimum_steps_day)
        self._since_midnight_ms = DAY_MS_LEAST

    def follow(self, course: Ordered) -> None:
        """The program `course` was taken: its first day is today."""
        self.course = course
        self.stage = self.plan_day = self.load_day = 0
        self.paused = False
        self.stood_ms = PLAN_DAY_MS_LEAST
        self._since_midnight_ms = DAY_MS_LEAST
        if not self.time_known:
            self.day_ms = self.weekday = 0

    def set_time(self, day_ms: int, weekday: int) -> None:
        """The clock was set."""
        self.day_ms = day_ms
        self.weekday = weekday
        self.time_known = True

    @property
    def pattern(self) -> int:
        """The day pattern in force."""
        assert self.course
        return self.course.pattern(self.stage, self.weekday)

    def rate_until(self) -> tuple[Fraction, int]:
        """The basal rate in force, and the time of day at which it ends."""
        if self.course is None:
            return Fraction(0), DAY_MS
        if self.time_known:
            rate, end_ms = self.course.row(self.pattern, self.day_ms)
        else:
            rate, end_ms = self.course.lowest(self.stage), DAY_MS
        return min(rate, self._minimum) if self.kept_open else rate, end_ms

    def walk(self, span_ms: int, delivering: bool) -> Fraction:
        """Let `span_ms` pass; the basal it comes to, exactly."""
        owed = Fraction(0)
        while span_ms > 0:
            rate, end_ms = self.rate_until()
            part_ms = min(span_ms, end_ms - self.day_ms)
            span_ms -= part_ms
            self.day_ms += part_ms
            self._since_midnight_ms += part_ms
            self.stood_ms += part_ms
            if delivering:
                owed += rate * part_ms / DAY_MS
            if self.day_ms == DAY_MS:
                self._midnight(delivering)
        return owed

    def _midnight(self, delivering: bool) -> None:
        self.day_ms = 0
        if self._since_midnight_ms >= DAY_MS_LEAST:
            self._since_midnight_ms = 0
            self.load_day += 1
        if not self.time_known:
            return
        self.weekday = (self.weekday + 1) % 7
        if not delivering or not self.course or self.paused or self.kept_open:
            return
        if self.stood_ms >= PLAN_DAY_MS_LEAST:
            self.stood_ms = 0
            self.plan_day += 1
            self.stage = self.course.stage_after(self.stage, self.plan_day)
