"""The basal still to come, exactly."""

from pump.core.units import MS_PER_DAY
from pump.therapy.program import Program


class Forecast:
    """Walks a day schedule ahead from a time of day. *loop* only: its sums outgrow 30 bits.

    Sums are in units of 1 / `den` microstep, so that they stay whole.
    """

    def __init__(self, program: Program, day_ms: int) -> None:
        self._program = program
        self.den = program.rate_den * MS_PER_DAY
        self._enter_segment_of(day_ms)

    def over(self, span_ms: int) -> int:
        """What the next `span_ms` will owe; the walk goes on from there."""
        owed = 0
        while span_ms > 0:
            part_ms = min(span_ms, self._end_ms - self._day_ms)
            owed += self._rate * part_ms
            span_ms -= part_ms
            self._day_ms += part_ms
            if self._day_ms == self._end_ms:
                self._enter_segment_of(self._day_ms % MS_PER_DAY)
        return owed

    def _enter_segment_of(self, day_ms: int) -> None:
        program = self._program
        starts = program.segment_start_ms
        place = len(starts) - 1
        while starts[place] > day_ms:
            place -= 1
        self._day_ms = day_ms
        self._end_ms = starts[place + 1] if place + 1 < len(starts) else MS_PER_DAY
        self._rate = program.segment_whole[place] * program.rate_den + program.segment_frac[place]


def day_total(program: Program) -> "tuple[int, int]":
    """What one whole day of the schedule owes, in microsteps, as (numerator, denominator)."""
    walk = Forecast(program, 0)
    return walk.over(MS_PER_DAY), walk.den
