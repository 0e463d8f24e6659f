"""The single truth about what was delivered."""

from pump.core.tally import Tally
from pump.safety.reservoir import Reservoir


class Ledger:
    """Counts confirmed microsteps, for the life of the pump; volume and dose are derived from it. *tick*: `confirm`."""

    def __init__(self, reservoir: Reservoir) -> None:
        self.delivered = Tally()
        self._reservoir = reservoir

    def confirm(self, steps: int) -> None:
        """`steps` were counted at the driver: delivered, and gone from the reservoir."""
        self.delivered.add(steps)
        self._reservoir.draw(steps)
