"""What is granted in a tick, shaped into one even burst within it."""

from pump.core.errors import Refused
from pump.core.ports import StepPort

# The tick sends its burst near its own end, and the next must find it over: one part in so many stays free.
FREE_PART = 8


class Burst:
    """*tick*: `send`; it allocates nothing."""

    def __init__(self, port: StepPort, tick_ms: int, min_interval_us: int, max_steps: int) -> None:
        """Raises Refused when `max_steps` at `min_interval_us` do not fit into 7/8 of a tick of `tick_ms`."""
        self._port = port
        self._span_us = tick_ms * 1000 - tick_ms * 1000 // FREE_PART
        if max_steps * min_interval_us > self._span_us:
            raise Refused("max_steps", max_steps, "at most %d in a tick" % (self._span_us // min_interval_us))

    def send(self, steps: int) -> None:
        """Send 1 <= `steps` <= max_steps, evenly spaced over 7/8 of a tick."""
        self._port.burst(steps, self._span_us // steps)
