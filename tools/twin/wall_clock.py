"""The bench's clock with a battery, as a DS3231 is: it goes on while the pump is off."""

from pump.core.errors import Misuse
from pump.core.ports import WallClock
from pump.core.units import MS_PER_DAY
from twin.clock import TwinClock

WEEK_MS = 7 * MS_PER_DAY
SECOND_MS = 1000


class TwinWallClock(WallClock):
    """Tells whole seconds, counted on `clock.elapsed_ms`. *loop*; it may allocate.

    `absent`, when True, makes it a clock that does not answer: it neither tells nor takes the time, but goes on.
    `clock` may be replaced by another TwinClock whose `elapsed_ms` goes on where the old one stood.
    """

    def __init__(self, clock: TwinClock, absent: bool = False) -> None:
        """Never set, so `read` gives None."""
        self.clock = clock
        self.absent = absent
        # What the clock showed when the bench began, in ms of the week; None while it stands still.
        self._week_ms = None

    def read(self) -> "tuple[int, int] | None":
        if self.absent or self._week_ms is None:
            return None
        now_ms = (self._week_ms + self.clock.elapsed_ms) % WEEK_MS
        return now_ms % MS_PER_DAY // SECOND_MS * SECOND_MS, now_ms // MS_PER_DAY

    def set(self, day_ms: int, weekday: int) -> None:
        if not (0 <= day_ms < MS_PER_DAY and 0 <= weekday <= 6):
            raise Misuse("wall clock: day_ms %d, weekday %d; accepted: 0..86399999, 0..6" % (day_ms, weekday))
        if not self.absent:
            # Setting starts the chip's second anew, so what is less than one is lost.
            week_ms = weekday * MS_PER_DAY + day_ms // SECOND_MS * SECOND_MS
            self._week_ms = (week_ms - self.clock.elapsed_ms) % WEEK_MS

    def stop(self) -> None:
        """Its battery is empty, or its crystal broke: it does not know the time until it is set again."""
        self._week_ms = None
