"""A bridge comes before the basal, a prime comes apart from both, and nothing is lost where one follows the other."""

import pytest

from pump.core.ticks import HALF
from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.therapy.demand import BRIDGE, PRIME, THERAPY, Demand
from unit.builders import basal_at, schedule

TUESDAY = 1
HOURLY_STEPS = 60
NOON_MS = MS_PER_DAY // 2
# One step a minute until noon, two after it.
DAY = schedule((0, 24 * HOURLY_STEPS), (NOON_MS, 48 * HOURLY_STEPS))


def demand_at(day_ms: int = 0) -> Demand:
    return Demand(basal_at(day_ms, DAY))


def bridged(steps: int = 30, duration_ms: int = MS_PER_HOUR) -> Demand:
    demand = demand_at()
    demand.begin_bridge(steps, duration_ms)
    return demand


def assert_law_holds(demand: Demand, taken: int = 0) -> None:
    assert demand.ordered.total() == taken + demand.owed_steps + demand.dropped.total()


def test_a_new_demand_is_therapy_alone() -> None:
    demand = demand_at()
    assert (THERAPY, BRIDGE, PRIME) == (0, 1, 2)
    assert demand.mode == THERAPY
    assert (demand.bridge.active, demand.prime.active, demand.bridge_begun()) == (False, False, False)
    assert demand.primed.total() == 0
    demand.bolus.arm(10, 0, MS_PER_HOUR)
    assert demand.advance(MS_PER_HOUR, True) == HOURLY_STEPS + 10


@pytest.mark.req("D-12")
def test_a_bridge_is_owed_evenly_and_the_basal_waits_while_its_time_of_day_passes() -> None:
    demand = bridged()
    assert demand.mode == BRIDGE
    assert demand.advance(20 * MS_PER_MINUTE, True) == 10
    assert demand.advance(20 * MS_PER_MINUTE, True) == 20
    assert (demand.bridge.left_steps, demand.bridge.left_ms) == (10, 20 * MS_PER_MINUTE)
    assert demand.basal.day_ms == 40 * MS_PER_MINUTE
    assert (demand.ordered.total(), demand.primed.total()) == (20, 0)
    assert_law_holds(demand)


@pytest.mark.req("D-12")
@pytest.mark.parametrize("slices", [[MS_PER_HOUR], [1, MS_PER_HOUR - 2, 1]])
def test_a_bridge_that_ends_with_the_slice_leaves_nothing_to_wait(slices: list[int]) -> None:
    demand = bridged()
    for span_ms in slices:
        demand.advance(span_ms, True)
    assert (demand.owed_steps, demand.bridge.active, demand.mode) == (30, False, BRIDGE)
    demand.end_bridge()
    assert demand.mode == THERAPY
    assert demand.advance(MS_PER_MINUTE - 1, True) == 30
    assert demand.advance(1, True) == 31


@pytest.mark.req("D-12", "M-10")
@pytest.mark.parametrize("seen_after", [[30_000], [29_999, 1], [0, 30_000], [10_000, 10_000, 10_000]])
def test_what_passes_between_the_end_of_a_bridge_and_its_being_seen_is_owed_by_the_basal_afterwards(
    seen_after: list[int],
) -> None:
    demand = bridged()
    demand.advance(MS_PER_HOUR - 1, True)
    demand.advance(1 + seen_after[0], True)
    for span_ms in seen_after[1:]:
        demand.advance(span_ms, True)
    # The wait is not over: neither is the basal's time of day.
    assert (demand.owed_steps, demand.basal.day_ms) == (30, MS_PER_HOUR)
    demand.end_bridge()
    assert demand.advance(29_999, True) == 30
    assert demand.basal.day_ms == MS_PER_HOUR + 59_999
    assert demand.advance(1, True) == 31
    assert demand.advance(MS_PER_MINUTE, True) == 32
    assert_law_holds(demand)


@pytest.mark.req("M-10")
def test_the_wait_is_owed_once() -> None:
    demand = bridged()
    demand.advance(2 * MS_PER_HOUR, True)
    demand.end_bridge()
    assert demand.advance(0, True) == 30 + HOURLY_STEPS
    assert demand.advance(0, True) == 30 + HOURLY_STEPS
    assert demand.basal.day_ms == 2 * MS_PER_HOUR
    assert demand.advance(MS_PER_HOUR, True) == 30 + 2 * HOURLY_STEPS
    assert demand.basal.day_ms == 3 * MS_PER_HOUR


@pytest.mark.req("M-10")
def test_the_wait_stays_within_30_bits() -> None:
    demand = bridged(steps=1, duration_ms=1)
    demand.advance(1, True)
    demand.advance(HALF - 5, True)
    demand.advance(100, True)
    demand.end_bridge()
    demand.advance(0, True)
    assert demand.basal.day * MS_PER_DAY + demand.basal.day_ms == 1 + HALF - 1


@pytest.mark.req("D-07", "D-12", "D-13")
@pytest.mark.parametrize("mode", [BRIDGE, PRIME])
def test_what_the_basal_has_below_a_microstep_waits_with_it(mode: int) -> None:
    demand = demand_at()
    demand.advance(59_000, True)
    if mode == BRIDGE:
        demand.begin_bridge(1, 30_000)
        demand.advance(30_000, True)
        demand.end_bridge()
    else:
        demand.begin_prime(1, 30_000)
        demand.advance(30_000, True)
        demand.end_prime()
    assert demand.advance(999, True) == 1
    assert demand.advance(1, True) == 2


@pytest.mark.parametrize("mode", [BRIDGE, PRIME])
def test_a_midnight_in_a_bridge_or_a_prime_does_not_move_the_plan(mode: int) -> None:
    demand = demand_at(MS_PER_DAY - MS_PER_MINUTE)
    if mode == BRIDGE:
        demand.begin_bridge(1, MS_PER_HOUR)
    else:
        demand.begin_prime(1, MS_PER_HOUR)
    demand.advance(MS_PER_HOUR, True)
    assert (demand.basal.day, demand.basal.weekday, demand.basal.plan_day) == (1, TUESDAY, 0)


def test_no_bolus_goes_on_in_a_bridge() -> None:
    demand = bridged()
    demand.bolus.arm(10, 0, MS_PER_HOUR)
    assert demand.advance(MS_PER_HOUR, True) == 30
    assert (demand.bolus.left_steps, demand.bolus.left_ms) == (10, MS_PER_HOUR)


@pytest.mark.req("D-12")
def test_while_not_delivering_a_bridge_waits_and_goes_on_later() -> None:
    demand = bridged()
    demand.advance(20 * MS_PER_MINUTE, True)
    assert demand.advance(5 * MS_PER_HOUR, False) == 10
    assert demand.basal.day_ms == 5 * MS_PER_HOUR + 20 * MS_PER_MINUTE
    assert (demand.mode, demand.bridge.left_steps, demand.bridge.left_ms) == (BRIDGE, 20, 40 * MS_PER_MINUTE)
    assert demand.advance(40 * MS_PER_MINUTE, True) == 30


@pytest.mark.req("D-12")
def test_a_bridge_that_is_not_to_be_ends_at_once_and_the_basal_begins() -> None:
    demand = bridged()
    demand.advance(20 * MS_PER_MINUTE, True)
    demand.end_bridge()
    assert (demand.mode, demand.bridge.active, demand.bridge.left_steps, demand.bridge.left_ms) == (
        THERAPY,
        False,
        0,
        0,
    )
    assert demand.advance(MS_PER_HOUR, True) == 10 + HOURLY_STEPS


@pytest.mark.req("D-12")
def test_a_bridge_has_begun_once_some_of_it_was_owed_and_until_its_end_is_seen() -> None:
    demand = bridged(steps=2)
    assert not demand.bridge_begun()
    demand.advance(MS_PER_HOUR // 2 - 1, True)
    assert not demand.bridge_begun()
    demand.advance(1, True)
    assert demand.bridge_begun()
    demand.advance(MS_PER_HOUR, True)
    assert demand.bridge_begun()
    demand.end_bridge()
    assert not demand.bridge_begun()


@pytest.mark.req("D-12")
def test_a_drop_leaves_a_bridge_that_owes_nothing_as_it_is() -> None:
    demand = bridged()
    demand.advance(21 * MS_PER_MINUTE, True)
    demand.take(10)
    demand.drop()
    assert (demand.mode, demand.bridge.active) == (BRIDGE, True)
    assert (demand.bridge.steps, demand.bridge.left_steps, demand.bridge.left_ms) == (30, 20, 39 * MS_PER_MINUTE)
    assert demand.dropped.total() == 0
    # The half step it had below a whole one stays with it.
    assert demand.advance(MS_PER_MINUTE, True) == 1
    assert demand.bridge_begun()


@pytest.mark.req("D-12")
@pytest.mark.parametrize(
    "taken, left_steps, left_ms",
    [(0, 30, MS_PER_HOUR), (1, 29, 58 * MS_PER_MINUTE), (9, 21, 42 * MS_PER_MINUTE)],
)
def test_a_drop_gives_back_to_a_bridge_what_it_owed_and_it_goes_on_no_faster(
    taken: int, left_steps: int, left_ms: int
) -> None:
    demand = bridged()
    demand.advance(20 * MS_PER_MINUTE, True)
    demand.take(taken)
    demand.drop()
    assert (demand.mode, demand.bridge.active, demand.owed_steps) == (BRIDGE, True, 0)
    assert (demand.bridge.left_steps, demand.bridge.left_ms) == (left_steps, left_ms)
    assert_law_holds(demand, taken)
    assert demand.advance(left_ms - 1, True) == left_steps - 1
    assert demand.advance(1, True) == left_steps
    assert demand.advance(MS_PER_HOUR, True) == left_steps
    assert_law_holds(demand, taken)


@pytest.mark.req("D-12")
@pytest.mark.parametrize("steps, duration_ms, gone, left_ms", [(3, 1000, 1, 667), (3, 1000, 2, 334), (7, 100, 4, 43)])
def test_the_time_for_what_is_given_back_is_rounded_up(steps: int, duration_ms: int, gone: int, left_ms: int) -> None:
    demand = bridged(steps, duration_ms)
    demand.advance(duration_ms, True)
    demand.take(gone)
    demand.drop()
    assert (demand.bridge.left_steps, demand.bridge.left_ms) == (steps - gone, left_ms)


@pytest.mark.req("D-12")
def test_a_bridge_that_was_given_something_back_has_begun_all_the_same() -> None:
    demand = bridged()
    demand.advance(20 * MS_PER_MINUTE, True)
    demand.take(9)
    demand.drop()
    assert demand.bridge_begun()


@pytest.mark.req("D-12")
def test_a_drop_after_the_end_of_a_bridge_revives_what_was_not_taken_and_forgets_what_the_basal_waits_with() -> None:
    demand = bridged()
    demand.advance(2 * MS_PER_HOUR, True)
    demand.take(25)
    demand.drop()
    assert (demand.mode, demand.bridge.active, demand.bridge.left_steps) == (BRIDGE, True, 5)
    assert (demand.owed_steps, demand.dropped.total()) == (0, 5 + HOURLY_STEPS)
    assert demand.basal.day_ms == 2 * MS_PER_HOUR
    assert_law_holds(demand, 25)
    assert demand.advance(10 * MS_PER_MINUTE, True) == 5
    # Of the wait nothing is left.
    demand.end_bridge()
    demand.advance(0, True)
    assert demand.basal.day_ms == 2 * MS_PER_HOUR + 10 * MS_PER_MINUTE


@pytest.mark.req("D-12")
def test_a_drop_after_a_bridge_that_was_taken_whole_revives_nothing() -> None:
    demand = bridged()
    demand.advance(MS_PER_HOUR + MS_PER_MINUTE, True)
    demand.take(30)
    demand.drop()
    assert (demand.mode, demand.bridge.active, demand.dropped.total()) == (BRIDGE, False, 1)
    demand.end_bridge()
    assert demand.advance(MS_PER_MINUTE, True) == 1
    assert_law_holds(demand, 30)


def test_a_drop_in_therapy_revives_no_bridge() -> None:
    demand = demand_at()
    demand.advance(MS_PER_HOUR, True)
    demand.drop()
    assert (demand.bridge.active, demand.dropped.total()) == (False, HOURLY_STEPS)
    demand.begin_bridge(30, MS_PER_HOUR)
    demand.end_bridge()
    demand.advance(MS_PER_HOUR, True)
    demand.drop()
    assert (demand.bridge.active, demand.mode, demand.dropped.total()) == (False, THERAPY, 2 * HOURLY_STEPS)


@pytest.mark.req("D-13")
def test_a_prime_is_owed_evenly_alone_and_counts_apart() -> None:
    demand = demand_at(NOON_MS)
    demand.advance(MS_PER_MINUTE, True)
    demand.take(2)
    demand.bolus.arm(10, 0, MS_PER_HOUR)
    demand.begin_prime(600, MS_PER_HOUR)
    assert (demand.mode, demand.prime.active) == (PRIME, True)
    assert demand.advance(MS_PER_MINUTE, True) == 10
    assert demand.advance(MS_PER_MINUTE, True) == 20
    assert (demand.primed.total(), demand.ordered.total()) == (20, 22)
    assert demand.basal.day_ms == NOON_MS + 3 * MS_PER_MINUTE
    assert demand.bolus.left_steps == 10
    assert demand.advance(MS_PER_DAY, True) == 600
    assert (demand.primed.total(), demand.prime.active) == (600, False)
    assert_law_holds(demand, 2)


@pytest.mark.req("D-13")
def test_nothing_is_primed_while_not_delivering() -> None:
    demand = demand_at()
    demand.begin_prime(600, MS_PER_HOUR)
    assert demand.advance(MS_PER_HOUR, False) == 0
    assert (demand.primed.total(), demand.prime.left_steps, demand.basal.day_ms) == (0, 600, MS_PER_HOUR)


@pytest.mark.req("D-13")
def test_after_a_prime_therapy_owes_nothing_of_the_time_that_it_took() -> None:
    demand = demand_at()
    demand.begin_prime(600, MS_PER_HOUR)
    demand.advance(2 * MS_PER_HOUR, True)
    demand.take(600)
    demand.end_prime()
    assert demand.mode == THERAPY
    assert demand.advance(MS_PER_HOUR, True) == HOURLY_STEPS
    assert demand.primed.total() == 600
    assert_law_holds(demand, 600)


@pytest.mark.req("D-13")
def test_a_prime_that_is_ended_or_dropped_owes_no_more_and_what_it_owed_is_dropped() -> None:
    demand = demand_at()
    demand.begin_prime(600, MS_PER_HOUR)
    demand.advance(MS_PER_MINUTE, True)
    demand.take(4)
    demand.drop()
    assert (demand.mode, demand.prime.active, demand.owed_steps, demand.dropped.total()) == (PRIME, False, 0, 6)
    assert demand.advance(MS_PER_HOUR, True) == 0
    demand.end_prime()
    demand.begin_prime(60, MS_PER_HOUR)
    demand.advance(MS_PER_MINUTE, True)
    demand.end_prime()
    assert (demand.mode, demand.prime.active, demand.prime.left_steps, demand.owed_steps) == (THERAPY, False, 0, 1)
    assert demand.primed.total() == 11
    assert_law_holds(demand, 4)


@pytest.mark.parametrize("mode", [THERAPY, BRIDGE, PRIME])
def test_a_drop_ends_a_bolus_in_every_mode(mode: int) -> None:
    demand = demand_at()
    demand.bolus.arm(10, 0, MS_PER_HOUR)
    if mode == BRIDGE:
        demand.begin_bridge(1, 9)
    elif mode == PRIME:
        demand.begin_prime(1, 9)
    demand.drop()
    assert (demand.bolus.active, demand.mode) == (False, mode)
