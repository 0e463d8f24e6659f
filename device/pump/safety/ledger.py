"""The single truth about what was delivered."""

from pump.core.tally import MirroredTally
from pump.safety.reservoir import Reservoir


class Ledger:
    """Counts confirmed microsteps, for the life of the pump; volume and dose are derived from it. *tick*: `confirm`."""

    def __init__(self, reservoir: Reservoir) -> None:
        self.delivered = MirroredTally()
        self._reservoir = reservoir

    def restore(self, delivered_steps: int) -> None:
        """*loop.* After a restart: this much counts as delivered."""
        self.delivered.set(delivered_steps)

    def confirm(self, steps: int) -> None:
        """`steps` were counted at the driver: delivered, and gone from the reservoir."""
        self.delivered.add(steps)
        self._reservoir.draw(steps)
