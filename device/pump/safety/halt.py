"""The one way delivery is shut down."""


class Halt:
    """A latch that holds the alarms for which delivery was shut down, one bit each.

    *tick, loop*: `latch`; *loop*: `clear`.
    """

    def __init__(self) -> None:
        self.reasons = 0

    def latch(self, alarm: int) -> None:
        """Shut down because of `alarm`."""
        self.reasons |= 1 << alarm

    def clear(self) -> None:
        """Delivery may be started again."""
        self.reasons = 0
