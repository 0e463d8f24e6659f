"""The one way delivery is shut down."""

from pump.safety.alarms import NONE


class Halt:
    """A latch that holds the alarm for which delivery was shut down. *tick, loop*: `latch`; *loop*: `clear`."""

    def __init__(self) -> None:
        self.reason = NONE

    def latch(self, alarm: int) -> None:
        """Shut down because of `alarm`. The first reason stays."""
        if self.reason == NONE:
            self.reason = alarm

    def clear(self) -> None:
        """Delivery may be started again."""
        self.reason = NONE
