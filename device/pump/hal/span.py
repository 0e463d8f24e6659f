"""Spans of time too short for the pump's clock."""

import time


class Span:
    """A span of microseconds by the chip's own clock. *tick, loop*; allocates nothing.

    While it runs it must be asked for at least once in 8 minutes: then the chip's microseconds wrap.
    """

    def __init__(self) -> None:
        """Not running."""
        self._runs = False
        self._end = time.ticks_us()

    def begin(self, span_us: int) -> None:
        """Run for `span_us` from now on."""
        self._end = time.ticks_add(time.ticks_us(), span_us)
        self._runs = True

    def runs(self) -> bool:
        """Whether it is not over yet."""
        if self._runs and time.ticks_diff(self._end, time.ticks_us()) <= 0:
            self._runs = False
        return self._runs
