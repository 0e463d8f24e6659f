"""The single boluses a program orders, each at its time."""

from pump.therapy.program import BolusOrder, Program


class BolusOrders:
    """Hands out each order once, shortly before its time. *loop* only."""

    def __init__(self, program: Program) -> None:
        self._orders = program.boluses
        self._next = 0

    def peek(self) -> "BolusOrder | None":
        """The next order, or None when all are done."""
        if self._next < len(self._orders):
            return self._orders[self._next]
        return None

    def wait_ms(self, day: int, day_ms: int) -> int:
        """From time `day_ms` of program day `day` until the next order is to begin; negative when it is late."""
        return self._orders[self._next].wait_ms(day, day_ms)

    def kept(self) -> int:
        """What must survive a restart."""
        return self._next

    def restore(self, kept: int) -> None:
        """After a restart: what was `kept`."""
        self._next = kept

    def done(self) -> None:
        """The next order was begun, or is not to be given."""
        self._next += 1
