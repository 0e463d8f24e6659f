"""A bridge comes before the basal to the millisecond, whenever the loop sees its end; a prime counts apart; nothing is
lost of what was ordered."""

from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plans import Calendar, Plan, plans
from pump.therapy.basal import Basal
from pump.therapy.demand import BRIDGE, PRIME, THERAPY, Demand
from rig import DAY_MS, HOUR_MS

SPANS_MS = st.one_of(st.integers(0, 5000), st.integers(0, HOUR_MS), st.integers(0, DAY_MS))


class Bridged(NamedTuple):
    steps: int
    duration_ms: int


BRIDGES = st.builds(Bridged, st.integers(1, 50_000), st.integers(1, 2 * DAY_MS))


class Pump:
    """A demand that begins with a bridge, and beside it a calendar and what the bridge has left, on exact rationals."""

    def __init__(self, plan: Plan, bridge: Bridged, day_ms: int) -> None:
        basal = Basal(plan.schedule())
        basal.set_time(day_ms, 0)
        self.demand = Demand(basal)
        self.demand.begin_bridge(*bridge)
        self.calendar = Calendar(plan, day_ms, 0)
        self.bridge = bridge
        self.bridge_ms = 0
        self.given_back = 0
        self.primed = 0
        self.taken = 0

    @property
    def bridge_left_ms(self) -> int:
        return self.bridge.duration_ms - self.bridge_ms

    def bridged(self) -> int:
        """What became owed of the bridge since it last began."""
        return self.bridge.steps * self.bridge_ms // self.bridge.duration_ms

    def expected(self) -> int:
        """What must have been ordered by now of bridge, basal and prime."""
        return self.given_back + self.bridged() + floor(self.calendar.owed) + self.primed

    def deliver(self, span_ms: int) -> None:
        bridge_ms = min(span_ms, self.bridge_left_ms)
        self.bridge_ms += bridge_ms
        self.calendar.advance(bridge_ms, False)
        self.calendar.advance(span_ms - bridge_ms, True)
        self.demand.advance(span_ms, True)

    def look(self) -> None:
        """As the loop does: take note of the end of the bridge, and let the basal begin."""
        if self.demand.mode == BRIDGE and not self.demand.bridge.active and self.demand.owed_steps == 0:
            self.demand.end_bridge()

    def stop(self, span_ms: int) -> None:
        """As the loop does: drop first, then time passes. What the bridge still owed it gives again, no faster."""
        owed = self.demand.owed_steps
        if self.demand.mode == BRIDGE and owed:
            steps = self.bridge.steps - self.bridged() + owed
            self.given_back += self.bridged()
            self.bridge = Bridged(steps, ceil(Fraction(steps * self.bridge.duration_ms, self.bridge.steps)))
            self.bridge_ms = 0
        self.demand.drop()
        self.demand.advance(span_ms, False)
        self.calendar.advance(span_ms, False)

    def set_time(self, span_ms: int) -> None:
        """Set the clock to any time of any day."""
        day_ms, weekday = span_ms * 7919 % DAY_MS, span_ms % 7
        self.demand.set_time(day_ms, weekday)
        self.calendar.day_ms, self.calendar.weekday = day_ms, weekday

    def prime(self, span_ms: int) -> None:
        """While stopped, and not before a bridge: a prime of 100 steps over a minute, ended after `span_ms`."""
        self.stop(0)
        if self.demand.mode == BRIDGE:
            return
        self.demand.begin_prime(100, 60_000)
        assert self.demand.mode == PRIME
        self.demand.advance(span_ms, True)
        self.calendar.advance(span_ms, False)
        self.primed += 100 * min(span_ms, 60_000) // 60_000
        self.demand.drop()
        self.demand.end_prime()

    def grant(self, part: int) -> None:
        steps = self.demand.owed_steps * part // 10
        self.demand.take(steps)
        self.taken += steps


EVENTS = st.sampled_from(["deliver", "deliver", "deliver", "look", "stop", "prime", "grant", "set time"])


@pytest.mark.req("D-07", "D-12", "D-13", "M-10")
@settings(max_examples=200)
@example(Plan(1, [[[0, 8640, 0]]], [[0, 0, 0]]), Bridged(10, 1000), 0, [("deliver", 999), ("deliver", 2), ("look", 0)])
@given(plans(), BRIDGES, st.integers(0, DAY_MS - 1), st.lists(st.tuples(EVENTS, SPANS_MS), min_size=1, max_size=30))
def test_bridge_then_basal_are_owed_exactly_whatever_comes_between(
    plan: Plan, bridge: Bridged, day_ms: int, events: list[tuple[str, int]]
) -> None:
    pump = Pump(plan, bridge, day_ms)
    demand = pump.demand
    for what, span_ms in events:
        if what == "look":
            pump.look()
        elif what == "grant":
            pump.grant(span_ms % 11)
        elif what == "deliver":
            pump.deliver(span_ms)
        elif what == "stop":
            pump.stop(span_ms)
        elif what == "set time":
            pump.set_time(span_ms)
        else:
            pump.prime(span_ms)
        assert demand.ordered.total() == pump.taken + demand.owed_steps + demand.dropped.total()
        assert demand.primed.total() == pump.primed
        assert demand.ordered.total() <= pump.expected()
        assert (demand.bridge.active, demand.bridge.left_ms) == (pump.bridge_left_ms > 0, pump.bridge_left_ms)
        assert demand.bridge.left_steps == pump.bridge.steps - pump.bridged()
        # All of the bridge went out, is owed, or is still to come.
        if demand.mode == BRIDGE and not pump.primed:
            assert pump.taken + demand.owed_steps + demand.bridge.left_steps == bridge.steps
    pump.deliver(pump.bridge_left_ms)
    pump.grant(10)
    pump.look()
    assert demand.mode == THERAPY
    pump.deliver(0)
    pump.deliver(60_000)
    assert demand.ordered.total() == pump.expected()
    assert (demand.basal.day_ms, demand.basal.plan_day) == (pump.calendar.day_ms, pump.calendar.plan_day)


@pytest.mark.req("D-12", "M-10")
@given(plans(), BRIDGES, SPANS_MS, st.lists(st.integers(0, 2 * DAY_MS), max_size=20), st.data())
def test_one_slice_over_the_end_of_a_bridge_and_any_number_of_slices_owe_the_same(
    plan: Plan, bridge: Bridged, after_ms: int, cuts: list[int], data: st.DataObject
) -> None:
    span_ms = bridge.duration_ms + after_ms
    whole, cut = Pump(plan, bridge, 0), Pump(plan, bridge, 0)
    whole.deliver(span_ms)
    edges = [0, *sorted(edge for edge in cuts if edge < span_ms), span_ms]
    for begin, end in pairwise(edges):
        cut.deliver(end - begin)
        if data.draw(st.booleans()):
            cut.grant(10)
            cut.look()
    for pump in (whole, cut):
        pump.grant(10)
        pump.look()
        pump.deliver(0)
    assert cut.demand.ordered.total() == whole.demand.ordered.total() == whole.expected()
    assert cut.demand.basal.day_ms == whole.demand.basal.day_ms
