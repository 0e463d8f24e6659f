"""What is owed by now: the sum of everything the prescriber asked for."""

from pump.core.tally import Tally
from pump.core.ticks import HALF
from pump.therapy.basal import Basal
from pump.therapy.bolus import Bolus


class Demand:
    """Basal and bolus together. *tick*: `advance`, `take`; *loop*: `drop`, with the tick held off.

    ordered = taken + owed + dropped, always.
    """

    def __init__(self, basal: Basal) -> None:
        self.basal = basal
        self.bolus = Bolus()
        self.owed_steps = 0
        self.ordered = Tally()
        self.dropped = Tally()

    def advance(self, dt_ms: int, delivering: bool) -> int:
        """Let `dt_ms` pass; the microsteps owed then. Time passes, and nothing becomes owed, when not `delivering`."""
        steps = self.basal.advance(dt_ms, delivering)
        if delivering:
            steps += self.bolus.advance(dt_ms)
        self.ordered.add(steps)
        owed_steps = self.owed_steps + steps
        if owed_steps >= HALF:
            self.dropped.add(owed_steps - HALF)
            owed_steps = HALF
        self.owed_steps = owed_steps
        return owed_steps

    def take(self, steps: int) -> None:
        """`steps` of what is owed were granted."""
        self.owed_steps -= steps

    def drop(self) -> None:
        """Forget what is owed and cancel the bolus: an ended delivery is never made up later."""
        self.dropped.add(self.owed_steps)
        self.owed_steps = 0
        self.bolus.cancel()
