"""The bench's time. It moves only when the bench says so."""

from pump.core.errors import Misuse
from pump.core.ports import Clock
from pump.core.ticks import HALF, MASK


class TwinClock(Clock):
    """Raw milliseconds that wrap at 2**30 for the pump, and an exact total for the records.

    *tick*: `ticks_ms`. Outside the pump: `advance`, `elapsed_ms` (without bound, so it may allocate).
    """

    def __init__(self, start_ticks: int = 0) -> None:
        """Begin at `start_ticks`, 0 <= start_ticks < 2**30. Raises Misuse outside."""
        if not 0 <= start_ticks <= MASK:
            raise Misuse("clock: start_ticks %d is outside 0..2**30-1" % start_ticks)
        self._now_ticks = start_ticks
        self.elapsed_ms = 0

    def ticks_ms(self) -> int:
        return self._now_ticks

    def restart(self, start_ticks: int) -> None:
        """The pump begins a new life at `start_ticks`; the total goes on."""
        self._now_ticks = start_ticks

    def advance(self, span_ms: int) -> None:
        """Let `span_ms` pass, 0 <= span_ms < 2**29. Raises Misuse outside."""
        if not 0 <= span_ms < HALF:
            raise Misuse("clock: a span of %d ms is outside 0..2**29-1" % span_ms)
        self._now_ticks = (self._now_ticks + span_ms) & MASK
        self.elapsed_ms += span_ms
