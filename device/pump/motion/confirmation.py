"""Commanded versus confirmed: what was sent, and what was counted at the driver."""

from pump.core.ports import EdgeCounter, StepPort
from pump.core.ticks import MASK

# A burst fits into its tick. One that is still busy after twice as long will not end. Counted in time, not in ticks:
# ticks held back by a flash erase may come all at once.
PATIENCE_TICKS = 2


class Confirmation:
    """Settles every burst against the edges counted for it.

    *tick*: `sent`, `settle`, `disagreement_steps`; they allocate nothing. *loop*: `excuse`.

    Always: sent + stray_steps = confirmed + in_flight_steps + missing_steps. `free_flow` says that the last call found
    edges while none were commanded.
    """

    def __init__(self, port: StepPort, counter: EdgeCounter, tick_ms: int) -> None:
        self.in_flight_steps = 0
        self.missing_steps = 0
        self.stray_steps = 0
        self.free_flow = False
        self._excused_steps = 0
        self._port = port
        self._counter = counter
        self._last_count = counter.count()
        self._patience_ms = PATIENCE_TICKS * tick_ms
        self._since_sent_ms = 0

    def sent(self, steps: int) -> None:
        """`steps` were sent just now."""
        self.in_flight_steps += steps
        self._since_sent_ms = 0

    def settle(self, dt_ms: int) -> int:
        """The microsteps confirmed in the `dt_ms` since the last call; all counts are brought up to date."""
        # Asked before the count is read: a pulse in between is then counted next time, and not missed.
        busy = self._port.busy()
        count = self._counter.count()
        edges = (count - self._last_count) & MASK
        self._last_count = count
        self.free_flow = edges > 0 and self.in_flight_steps == 0
        in_flight_steps = self.in_flight_steps - edges
        if in_flight_steps < 0:
            self.stray_steps -= in_flight_steps
            in_flight_steps = 0
        if in_flight_steps:
            self._since_sent_ms += dt_ms
        if not busy or self._since_sent_ms >= self._patience_ms:
            self.missing_steps += in_flight_steps
            in_flight_steps = 0
        self.in_flight_steps = in_flight_steps
        return edges

    def disagreement_steps(self) -> int:
        """How far sent and counted have come apart since the last `excuse`."""
        return self.missing_steps + self.stray_steps - self._excused_steps

    def excuse(self) -> None:
        """The disagreement so far was seen and dealt with. *loop*."""
        self._excused_steps = self.missing_steps + self.stray_steps
