"""Basal therapy: the day schedule of rates, continuous being the schedule of one."""

from pump.core.units import MS_PER_DAY
from pump.therapy.drip import Drip
from pump.therapy.program import Program


class Basal:
    """Walks the day schedule and owes its microsteps.

    Until the time of day is set it owes the lowest rate of the schedule, which can never exceed the programmed one.
    Time of day passes whether or not the pump delivers. *tick*: `advance` (allocates nothing); *loop*: the rest.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.time_known = False
        self.day = 0
        self.day_ms = 0
        self._drip = Drip(program.rate_den, MS_PER_DAY)
        self._enter(program.lowest_segment())
        self._segment_end_ms = MS_PER_DAY

    @property
    def rate_steps_day(self) -> int:
        """The rate in force, in whole microsteps per day, rounded down."""
        return self._drip.whole

    def set_time(self, day_ms: int) -> None:
        """The time of day is `day_ms`, 0..86_399_999. Changes only which rate comes next; owes nothing by itself."""
        starts = self.program.segment_start_ms
        place = len(starts) - 1
        while starts[place] > day_ms:
            place -= 1
        self.day_ms = day_ms
        self.time_known = True
        self._enter(place)

    def advance(self, dt_ms: int, delivering: bool) -> int:
        """Let `dt_ms` >= 0 pass; the microsteps that became owed in it, 0 when not `delivering`."""
        steps = 0
        while dt_ms > 0:
            span_ms = self._segment_end_ms - self.day_ms
            if dt_ms < span_ms:
                span_ms = dt_ms
            dt_ms -= span_ms
            if delivering:
                steps += self._drip.advance(span_ms)
            self.day_ms += span_ms
            if self.day_ms == self._segment_end_ms:
                self._cross()
        return steps

    def _cross(self) -> None:
        place = self._place + 1
        if self.day_ms == MS_PER_DAY:
            self.day_ms = 0
            self.day += 1
            place = 0
        if self.time_known:
            self._enter(place)

    def _enter(self, place: int) -> None:
        program = self.program
        self._place = place
        self._drip.set_rate(program.segment_whole[place], program.segment_frac[place])
        next_place = place + 1
        if next_place < len(program.segment_start_ms):
            self._segment_end_ms = program.segment_start_ms[next_place]
        else:
            self._segment_end_ms = MS_PER_DAY
