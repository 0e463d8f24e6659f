"""Ordered boluses are handed out once each, at their times."""

import pytest

from pump.core.units import MS_PER_DAY
from pump.therapy.orders import BolusOrders
from pump.therapy.program import Program
from rig import program


def orders_of(boluses: list[list[int]], rate_den: int = 1) -> BolusOrders:
    return BolusOrders(Program(program([[0, 0, 0]], rate_den=rate_den, boluses=boluses)))


def test_without_orders_there_is_no_next() -> None:
    assert orders_of([]).peek() is None


def test_orders_come_in_turn_and_then_none() -> None:
    orders = orders_of([[0, 10, 1, 0, 1], [0, 60_011, 2, 0, 1], [3, 5, 3, 0, 1]])
    seen: list[int] = []
    for _ in range(3):
        order = orders.peek()
        assert order is not None
        assert orders.peek() is order
        seen.append(order.dose.whole)
        orders.done()
    assert seen == [1, 2, 3]
    assert orders.peek() is None


@pytest.mark.parametrize(
    "day, day_ms, wait_ms",
    [
        (2, 5000, 0),
        (2, 4999, 1),
        (2, 5001, -1),
        (2, 0, 5000),
        (1, MS_PER_DAY - 1, 5001),
        (0, 5000, 2 * MS_PER_DAY),
        (3, 0, 5000 - MS_PER_DAY),
        (3, 5000, -MS_PER_DAY),
    ],
)
def test_the_wait_counts_from_now_to_the_orders_time_and_is_negative_when_late(
    day: int, day_ms: int, wait_ms: int
) -> None:
    assert orders_of([[2, 5000, 1, 0, 1]]).wait_ms(day, day_ms) == wait_ms
