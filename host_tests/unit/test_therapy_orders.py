"""Ordered boluses are handed out once each, and what is below a microstep is carried to the next."""

from fractions import Fraction

import pytest

from pump.core.units import MS_PER_DAY
from pump.therapy.orders import BolusOrders
from pump.therapy.program import Program
from rig import program


def orders_of(boluses: list[list[int]], rate_den: int = 1) -> BolusOrders:
    return BolusOrders(Program(program([[0, 0, 0]], rate_den=rate_den, boluses=boluses)))


def test_without_orders_there_is_no_next() -> None:
    assert orders_of([]).peek() is None


def test_orders_come_in_turn_given_or_skipped_and_then_none() -> None:
    orders = orders_of([[0, 10, 1, 0, 1], [0, 60_011, 2, 0, 1], [3, 5, 3, 0, 1]])
    seen: list[int] = []
    for done in (orders.given, orders.skipped, orders.given):
        order = orders.peek()
        assert order is not None
        assert orders.peek() is order
        seen.append(order.whole)
        done()
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


@pytest.mark.req("D-07")
def test_a_dose_rounds_down_and_its_fraction_goes_to_the_next() -> None:
    # 10 + 2/3 each: 10.67, 21.33, 32 and 42.67 in all.
    orders = orders_of([[day, 0, 10, 2, 1] for day in range(4)], rate_den=3)
    doses: list[int] = []
    for _ in range(4):
        doses.append(orders.steps())
        orders.given()
    assert doses == [10, 11, 11, 10]


@pytest.mark.req("D-07")
@pytest.mark.parametrize("rate_den", [2, 3, 97, 2**20])
def test_over_many_doses_nothing_is_ever_ahead_and_less_than_a_microstep_is_behind(rate_den: int) -> None:
    rows = [[day, 0, day % 5, day * 7919 % rate_den, 1] for day in range(64)]
    orders = orders_of(rows, rate_den)
    given = 0
    exact = Fraction(0)
    for row in rows:
        given += orders.steps()
        orders.given()
        exact += row[2] + Fraction(row[3], rate_den)
        assert given == exact // 1


@pytest.mark.req("D-07")
def test_a_skipped_dose_leaves_nothing_behind_and_takes_nothing_along() -> None:
    orders = orders_of([[0, 0, 10, 2, 1], [1, 0, 10, 2, 1], [2, 0, 10, 1, 1]], rate_den=3)
    orders.given()
    assert orders.steps() == 11
    orders.skipped()
    assert orders.steps() == 11


def test_asking_for_the_dose_changes_nothing() -> None:
    orders = orders_of([[0, 0, 10, 2, 1], [1, 0, 10, 1, 1]], rate_den=3)
    assert [orders.steps(), orders.steps()] == [10, 10]
    orders.given()
    assert [orders.steps(), orders.steps()] == [11, 11]
