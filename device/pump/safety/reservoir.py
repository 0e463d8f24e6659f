"""What is in the reservoir, in microsteps of the mechanism."""

from pump.core.errors import refuse_unless_int
from pump.core.tally import Tally
from pump.core.units import SMALL_MAX

TOLERANCE_PARTS = 20


class Reservoir:
    """filled = left + delivered + wasted, over the life of the pump. *tick*: `draw`, `usable`; *loop*: the rest.

    `residual_steps` is what the mechanism cannot deliver without running dry. What is drawn off may differ from what
    was expected by `tolerance_steps`: 1 mL of 20 mL, 2 mL of 40 mL (R-05).
    """

    def __init__(self, capacity_steps: int, residual_steps: int, low_steps: int) -> None:
        self.capacity_steps = capacity_steps
        self.residual_steps = residual_steps
        self.low_steps = low_steps
        self.tolerance_steps = capacity_steps // TOLERANCE_PARTS
        self.concentration_ng_ml = 0
        self.left_steps = 0
        self.filled = Tally()
        self.wasted = Tally()

    def refill(self, fill_steps: int, concentration_ng_ml: int, in_flight_steps: int) -> None:
        """Draw off the rest, which is wasted, and fill with `fill_steps` of `concentration_ng_ml`.

        Raises Refused on an overfill, and on a fill that `in_flight_steps` would bring below the residual.
        """
        refuse_unless_int("fill_steps", fill_steps, self.residual_steps + in_flight_steps, self.capacity_steps)
        refuse_unless_int("concentration_ng_ml", concentration_ng_ml, 1, SMALL_MAX)
        self.wasted.add(self.left_steps)
        self.filled.add(fill_steps)
        self.left_steps = fill_steps
        self.concentration_ng_ml = concentration_ng_ml

    def unexpected(self, withdrawn_steps: int) -> bool:
        """Whether `withdrawn_steps` were not to be expected in the reservoir."""
        return abs(withdrawn_steps - self.left_steps) > self.tolerance_steps

    def kept(self) -> "list[int]":
        """*loop.* What must survive a restart."""
        return [self.left_steps, self.filled.total(), self.wasted.total(), self.concentration_ng_ml]

    def restore(self, kept: "list[int]", drawn_steps: int) -> None:
        """*loop.* After a restart: what was `kept`, and `drawn_steps` that may have left since."""
        self.left_steps, filled, wasted, self.concentration_ng_ml = kept
        self.filled.set(filled)
        self.wasted.set(wasted)
        self.draw(drawn_steps)

    def draw(self, steps: int) -> None:
        """`steps` left the reservoir."""
        left_steps = self.left_steps - steps
        if left_steps < 0:
            # More came out than was known to be there, so more had been filled.
            self.filled.add(-left_steps)
            left_steps = 0
        self.left_steps = left_steps

    def usable(self, in_flight_steps: int) -> int:
        """The microsteps that may still be granted while `in_flight_steps` are on their way."""
        return self.left_steps - self.residual_steps - in_flight_steps

    def low(self) -> bool:
        """Whether at or below the low-reservoir mark."""
        return self.left_steps <= self.low_steps
