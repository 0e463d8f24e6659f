"""Demand is basal and bolus together, and ordered = taken + owed + dropped, always."""

import pytest

from pump.core.ticks import HALF
from pump.core.units import MS_PER_HOUR
from pump.therapy.basal import Basal
from pump.therapy.demand import THERAPY, Demand
from pump.therapy.program import STEPS_MAX
from unit.builders import schedule

HOURLY_STEPS = 60


def demand_of(rate_steps_day: int = 24 * HOURLY_STEPS) -> Demand:
    return Demand(Basal(schedule((0, rate_steps_day))))


def order(demand: Demand, steps: int) -> int:
    """Order `steps` with boluses of a millisecond; what is owed then."""
    owed_steps = demand.owed_steps
    while steps > 0:
        part = min(steps, STEPS_MAX)
        demand.bolus.arm(part, 0, 1)
        owed_steps = demand.advance(1, True)
        steps -= part
    return owed_steps


def assert_law_holds(demand: Demand, taken: int) -> None:
    assert demand.ordered.total() == taken + demand.owed_steps + demand.dropped.total()


def test_nothing_is_owed_at_first() -> None:
    demand = demand_of()
    assert (demand.owed_steps, demand.ordered.total(), demand.dropped.total(), demand.primed.total()) == (0, 0, 0, 0)
    assert (demand.bolus.active, demand.bridge.active, demand.prime.active) == (False, False, False)
    assert demand.mode == THERAPY


def test_basal_and_bolus_add_up_and_stay_owed_until_taken() -> None:
    demand = demand_of()
    demand.bolus.arm(10, 0, MS_PER_HOUR)
    assert demand.advance(MS_PER_HOUR, True) == HOURLY_STEPS + 10
    assert demand.advance(MS_PER_HOUR, True) == 2 * HOURLY_STEPS + 10
    demand.take(100)
    assert demand.owed_steps == 2 * HOURLY_STEPS - 90
    assert demand.ordered.total() == 2 * HOURLY_STEPS + 10
    assert_law_holds(demand, 100)


def test_while_not_delivering_time_of_day_passes_the_bolus_waits_and_nothing_becomes_owed() -> None:
    demand = demand_of()
    demand.bolus.arm(10, 5, 10)
    assert demand.advance(MS_PER_HOUR, False) == 0
    assert demand.basal.day_ms == MS_PER_HOUR
    assert (demand.bolus.left_steps, demand.bolus.running()) == (10, False)
    assert demand.ordered.total() == 0
    assert demand.advance(15, True) == 10


def test_what_is_already_owed_stays_owed_while_not_delivering() -> None:
    demand = demand_of()
    demand.advance(MS_PER_HOUR, True)
    assert demand.advance(MS_PER_HOUR, False) == HOURLY_STEPS


def test_a_drop_forgets_what_is_owed_and_cancels_the_bolus_and_counts_only_what_was_owed() -> None:
    demand = demand_of()
    demand.bolus.arm(10, 0, MS_PER_HOUR)
    demand.advance(MS_PER_HOUR // 2, True)
    demand.take(5)
    demand.drop()
    assert (demand.owed_steps, demand.dropped.total(), demand.bolus.active) == (0, HOURLY_STEPS // 2, False)
    assert_law_holds(demand, 5)
    assert demand.advance(MS_PER_HOUR, True) == HOURLY_STEPS


def test_drops_add_up() -> None:
    demand = demand_of()
    for times in (1, 2, 3):
        demand.advance(MS_PER_HOUR, True)
        demand.drop()
        assert demand.dropped.total() == times * HOURLY_STEPS
    assert_law_holds(demand, 0)


@pytest.mark.req("M-10")
@pytest.mark.parametrize("steps, dropped", [(HALF - 1, 0), (HALF, 0), (HALF + 1, 1), (HALF + 5000, 5000)])
def test_what_is_owed_saturates_at_2_to_the_29_and_the_excess_is_dropped_not_lost(steps: int, dropped: int) -> None:
    demand = demand_of(0)
    assert order(demand, steps) == steps - dropped
    assert (demand.owed_steps, demand.dropped.total()) == (steps - dropped, dropped)
    assert demand.ordered.total() == steps
    assert_law_holds(demand, 0)


def test_a_full_demand_drops_all_that_comes_until_some_is_taken() -> None:
    demand = demand_of(0)
    order(demand, HALF)
    assert order(demand, 7) == HALF
    demand.take(10)
    assert order(demand, 7) == HALF - 3
    assert demand.dropped.total() == 7
    assert_law_holds(demand, 10)


def test_the_law_holds_through_a_long_mixed_life() -> None:
    demand = demand_of(1_234_567)
    taken = 0
    for i in range(500):
        if i % 7 == 0:
            demand.bolus.arm(i * 11, i % 3 * 20_000, 1 + i * 997)
        owed_steps = demand.advance(1 + i * 131, i % 11 != 0)
        part = owed_steps * (i % 4) // 3
        demand.take(part)
        taken += part
        if i % 50 == 49:
            demand.drop()
        assert_law_holds(demand, taken)
    assert taken > 0
    assert demand.dropped.total() > 0
