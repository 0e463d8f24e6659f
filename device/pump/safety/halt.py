"""The one way delivery is shut down."""

from pump.safety.alarms import MEMORY_CORRUPT

LASTING = 1 << MEMORY_CORRUPT


class Halt:
    """A latch that holds the alarms for which delivery was shut down, one bit each.

    *tick, loop*: `latch`, `sound`; *loop*: `clear`.
    """

    GUARDED = ("reasons",)

    def __init__(self) -> None:
        self.reasons = 0
        self._not_reasons = -1

    def latch(self, alarm: int) -> None:
        """Shut down because of `alarm`."""
        self.reasons |= 1 << alarm
        # memory_corrupt never leaves its complement, so that the two disagree from then on.
        self._not_reasons &= ~(1 << alarm) | LASTING

    def clear(self) -> None:
        """Delivery may be started again; but a figure that changed by itself halts the pump until a restart."""
        self.reasons &= LASTING
        self._not_reasons = -1

    def sound(self) -> bool:
        """Whether the latch agrees with its complement; never again once it holds memory_corrupt."""
        return self.reasons ^ self._not_reasons == -1
