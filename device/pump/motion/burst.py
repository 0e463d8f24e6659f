"""What is granted in a tick, shaped into one even burst within it."""

from pump.core.errors import Refused
from pump.core.ports import StepPort


class Burst:
    """*tick*: `send`; it allocates nothing."""

    def __init__(self, port: StepPort, tick_ms: int, min_interval_us: int, max_steps: int) -> None:
        """Raises Refused when `max_steps` at `min_interval_us` do not fit into a tick of `tick_ms`."""
        self._port = port
        self._tick_us = tick_ms * 1000
        if max_steps * min_interval_us > self._tick_us:
            raise Refused("max_steps", max_steps, "at most %d in a tick" % (self._tick_us // min_interval_us))

    def send(self, steps: int) -> None:
        """Send 1 <= `steps` <= max_steps, evenly spaced; the last is out before the tick ends."""
        self._port.burst(steps, self._tick_us // steps)
