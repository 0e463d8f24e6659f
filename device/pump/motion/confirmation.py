"""Commanded versus confirmed: what was sent, and what was counted at the driver."""

from pump.core.ports import EdgeCounter, StepPort
from pump.core.ticks import MASK

# A burst fits into its tick. One that is still busy after this many ticks will not end.
BUSY_TICKS_MAX = 3


class Confirmation:
    """Settles every burst against the edges counted for it. *tick*: `sent`, `settle`, `disagreement_steps`; they allocate
    nothing.

    Always: sent + stray_steps = confirmed + in_flight_steps + missing_steps. `free_flow` says that the last call found
    edges while none were commanded.
    """

    def __init__(self, port: StepPort, counter: EdgeCounter) -> None:
        self.in_flight_steps = 0
        self.missing_steps = 0
        self.stray_steps = 0
        self.free_flow = False
        self._excused_steps = 0
        self._port = port
        self._counter = counter
        self._last_count = counter.count()
        self._busy_ticks = 0

    def sent(self, steps: int) -> None:
        """`steps` were sent just now."""
        self.in_flight_steps += steps

    def settle(self) -> int:
        """The microsteps confirmed since the last call; all counts are brought up to date."""
        count = self._counter.count()
        edges = (count - self._last_count) & MASK
        self._last_count = count
        self.free_flow = edges > 0 and self.in_flight_steps == 0
        in_flight_steps = self.in_flight_steps - edges
        if in_flight_steps < 0:
            self.stray_steps -= in_flight_steps
            in_flight_steps = 0
        if self._port.busy() and self._busy_ticks < BUSY_TICKS_MAX:
            self._busy_ticks += 1
        else:
            self._busy_ticks = 0
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
