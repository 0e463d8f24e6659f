"""A time that is set is the time from then on, and changes nothing of what is owed, after a bridge neither."""

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.therapy.demand import Demand
from unit.builders import basal_at, schedule

MONDAY, TUESDAY, SUNDAY = 0, 1, 6
HOURLY_STEPS = 60
NOON_MS = MS_PER_DAY // 2
# One step a minute until noon, two after it.
DAY = schedule((0, 24 * HOURLY_STEPS), (NOON_MS, 48 * HOURLY_STEPS))


def bridged() -> Demand:
    demand = Demand(basal_at(0, DAY))
    demand.begin_bridge(30, MS_PER_HOUR)
    return demand


def assert_law_holds(demand: Demand, taken: int = 0) -> None:
    assert demand.ordered.total() == taken + demand.owed_steps + demand.dropped.total()


@pytest.mark.req("I-05")
def test_the_time_that_is_set_is_the_time_of_day_and_of_the_week() -> None:
    demand = Demand(basal_at(0, DAY))
    demand.set_time(NOON_MS, SUNDAY)
    assert (demand.basal.day_ms, demand.basal.weekday, demand.basal.time_known) == (NOON_MS, SUNDAY, True)
    assert demand.basal.rate_steps_day == 48 * HOURLY_STEPS


@pytest.mark.req("D-12", "I-05")
@pytest.mark.parametrize("set_ms, weekday", [(5, TUESDAY), (NOON_MS, SUNDAY), (MS_PER_DAY - 1, MONDAY)])
def test_a_time_set_before_the_end_of_a_bridge_is_seen_is_the_time_from_then_on_and_what_waits_is_owed_once(
    set_ms: int, weekday: int
) -> None:
    demand = bridged()
    demand.advance(2 * MS_PER_HOUR, True)
    demand.set_time(set_ms, weekday)
    assert (demand.basal.day_ms, demand.basal.weekday) == (set_ms, weekday)
    # Owed is the bridge alone, until it is over.
    assert (demand.owed_steps, demand.ordered.total()) == (30, 30)
    assert demand.advance(0, True) == 30
    demand.end_bridge()
    assert demand.advance(0, True) == 30 + HOURLY_STEPS
    assert demand.advance(0, True) == 30 + HOURLY_STEPS
    assert (demand.basal.day_ms, demand.basal.weekday) == (set_ms, weekday)
    assert_law_holds(demand)


def test_the_time_may_be_set_again_before_the_end_of_a_bridge_is_seen() -> None:
    demand = bridged()
    for _ in range(2):
        demand.advance(MS_PER_HOUR + MS_PER_MINUTE, True)
        demand.set_time(NOON_MS, MONDAY)
    # A step of the first minute; then two a minute.
    demand.end_bridge()
    assert demand.advance(0, True) == 30 + 1 + 122


@pytest.mark.req("D-12")
def test_a_drop_gives_a_bridge_nothing_of_what_the_basal_waits_with() -> None:
    demand = bridged()
    demand.advance(2 * MS_PER_HOUR, True)
    demand.take(10)
    demand.set_time(NOON_MS, MONDAY)
    demand.drop()
    assert (demand.bridge.left_steps, demand.bridge.left_ms, demand.bridge_begun()) == (20, 40 * MS_PER_MINUTE, True)
    assert (demand.owed_steps, demand.dropped.total()) == (0, 20 + HOURLY_STEPS)
    assert_law_holds(demand, 10)
    demand.end_bridge()
    assert demand.advance(0, True) == 0
    assert demand.basal.day_ms == NOON_MS


def test_the_time_set_in_therapy_owes_nothing_and_forgets_nothing() -> None:
    demand = Demand(basal_at(0, DAY))
    demand.advance(MS_PER_MINUTE, True)
    demand.set_time(NOON_MS, MONDAY)
    assert (demand.owed_steps, demand.ordered.total()) == (1, 1)
    assert demand.advance(MS_PER_MINUTE, True) == 3
