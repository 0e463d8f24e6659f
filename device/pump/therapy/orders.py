"""The single boluses a program orders, each at its time."""

from pump.core.units import MS_PER_DAY
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
        order = self._orders[self._next]
        return (order.day - day) * MS_PER_DAY + order.at_ms - day_ms

    def done(self) -> None:
        """The next order was begun, or is not to be given."""
        self._next += 1
