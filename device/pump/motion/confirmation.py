"""Commanded versus confirmed: what was sent, and what was counted at the driver."""

from pump.core.ports import EdgeCounter, StepPort
from pump.core.tally import Tally
from pump.core.ticks import HALF, MASK

# A burst fits into its tick. One that is still busy after twice as long will not end. Counted in time, not in ticks:
# ticks held back by a flash erase may come all at once.
PATIENCE_TICKS = 2


class Confirmation:
    """Settles every burst against the edges counted for it.

    *tick*: `sent`, `settle`, `abandon`; they allocate nothing. *loop*: `excuse`.
    Always: sent + stray = confirmed + in_flight_steps + missing + abandoned. `disagreement_steps` is what went missing
    or astray since the last `excuse`, up to 2**29 - 1. `free_flow` says that the last `settle` found edges while none
    were commanded.
    """

    def __init__(self, port: StepPort, counter: EdgeCounter, tick_ms: int) -> None:
        self.in_flight_steps = 0
        self.missing = Tally()
        self.stray = Tally()
        self.abandoned = Tally()
        self.disagreement_steps = 0
        self.free_flow = False
        self._port = port
        self._counter = counter
        self._last_count = counter.count()
        self._patience_ms = PATIENCE_TICKS * tick_ms
        self._since_sent_ms = 0
        self._gone_steps = 0
        self._abandoning = False

    def sent(self, steps: int) -> None:
        """`steps` were sent just now, to a port that was not busy."""
        # So these have all left it, and show up by the next `settle` or never.
        self._gone_steps = self.in_flight_steps
        self.in_flight_steps += steps
        self._since_sent_ms = 0

    def abandon(self) -> None:
        """The burst was stopped on purpose: what of it does not show up by the next `settle` is not missing."""
        self._abandoning = True

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
            self.stray.add(-in_flight_steps)
            self._disagree(-in_flight_steps)
            in_flight_steps = 0
        if in_flight_steps:
            self._since_sent_ms += dt_ms
            if self._abandoning:
                self.abandoned.add(in_flight_steps)
                in_flight_steps = 0
            elif not busy or self._since_sent_ms >= self._patience_ms:
                self._miss(in_flight_steps)
                in_flight_steps = 0
            elif edges < self._gone_steps:
                self._miss(self._gone_steps - edges)
                in_flight_steps -= self._gone_steps - edges
        self._gone_steps = 0
        self._abandoning = False
        self.in_flight_steps = in_flight_steps
        return edges

    def excuse(self) -> None:
        """The disagreement so far was seen and dealt with."""
        self.disagreement_steps = 0

    def _miss(self, steps: int) -> None:
        self.missing.add(steps)
        self._disagree(steps)

    def _disagree(self, steps: int) -> None:
        if steps >= HALF - self.disagreement_steps:
            self.disagreement_steps = HALF - 1
        else:
            self.disagreement_steps += steps
