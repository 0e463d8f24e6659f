"""The single boluses a program orders, each at its time."""

from pump.core.units import MS_PER_DAY
from pump.therapy.program import BolusOrder, Program


class BolusOrders:
    """Hands out each order once, shortly before its time. *loop* only.

    What a dose has below a whole microstep is carried to the next dose, so that no dose is rounded up and nothing is
    lost over many.
    """

    def __init__(self, program: Program) -> None:
        self._orders = program.boluses
        self._den = program.rate_den
        self._next = 0
        self._carry = 0

    def peek(self) -> "BolusOrder | None":
        """The next order, or None when all are done."""
        if self._next < len(self._orders):
            return self._orders[self._next]
        return None

    def wait_ms(self, day: int, day_ms: int) -> int:
        """From time `day_ms` of program day `day` until the next order is to begin; negative when it is late."""
        order = self._orders[self._next]
        return (order.day - day) * MS_PER_DAY + order.at_ms - day_ms

    def steps(self) -> int:
        """The whole microsteps of the next order's dose, with what earlier doses carried over."""
        order = self._orders[self._next]
        return order.whole + (order.frac + self._carry) // self._den

    def given(self) -> None:
        """The next order was begun; its part below a microstep is carried."""
        self._carry = (self._orders[self._next].frac + self._carry) % self._den
        self._next += 1

    def skipped(self) -> None:
        """The next order is not to be given."""
        self._next += 1
