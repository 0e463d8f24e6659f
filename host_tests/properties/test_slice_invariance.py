"""Demand is exact over any span: cutting time into slices changes no count, in no mode."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.therapy.basal import Basal
from pump.therapy.demand import Demand
from pump.therapy.program import Program
from rig import DAY_MS, MONDAY, day_total_steps, program

DENS = st.integers(1, 1 << 20)
# Up to a bolus-like 24 mL/day through the finest mechanism; most draws near what a real program asks for.
WHOLES = st.one_of(st.integers(0, 60_000), st.integers(0, 60_000), st.integers(0, 5_600_000))


@st.composite
def programs(draw: st.DrawFn, longest: int = 12) -> dict[str, Any]:
    den = draw(DENS)
    starts = draw(st.lists(st.integers(1, DAY_MS - 1), max_size=longest - 1, unique=True))
    rows = [[start, draw(WHOLES), draw(st.integers(0, den - 1))] for start in [0, *sorted(starts)]]
    return program(rows, den)


@st.composite
def cuts(draw: st.DrawFn, span_ms: int) -> list[int]:
    """A partition of `span_ms`."""
    edges = sorted(draw(st.lists(st.integers(0, span_ms), max_size=40)))
    return [end - begin for begin, end in zip([0, *edges], [*edges, span_ms], strict=True)]


def exact_steps(source: dict[str, Any], from_ms: int, span_ms: int) -> Fraction:
    """Reference on rationals: what the schedule owes over `span_ms` from time of day `from_ms`."""
    (rows,) = source["patterns"]
    ends = [row[0] for row in rows[1:]] + [DAY_MS]
    owed = day_total_steps(source) * (span_ms // DAY_MS)
    left_ms = span_ms % DAY_MS
    for shift_ms in (0, DAY_MS):
        for (start, whole, frac), end in zip(rows, ends, strict=True):
            overlap_ms = min(end + shift_ms, from_ms + left_ms) - max(start + shift_ms, from_ms)
            if overlap_ms > 0:
                owed += (whole + Fraction(frac, source["rate_den"])) * overlap_ms / DAY_MS
    return owed


def demand_of(source: dict[str, Any], day_ms: int | None) -> Demand:
    basal = Basal(Program(source).schedule)
    if day_ms is not None:
        basal.set_time(day_ms, MONDAY)
    return Demand(basal)


@pytest.mark.req("D-07")
@given(programs(), st.integers(0, DAY_MS - 1), st.integers(0, DAY_MS + DAY_MS // 4), st.data())
def test_any_partition_of_flex_owes_the_exact_amount_rounded_down(
    source: dict[str, Any], day_ms: int, span_ms: int, data: st.DataObject
) -> None:
    demand = demand_of(source, day_ms)
    for part_ms in data.draw(cuts(span_ms)):
        demand.advance(part_ms, True)
    assert demand.ordered.total() == exact_steps(source, day_ms, span_ms) // 1


@pytest.mark.req("D-07", "M-10")
@given(programs(longest=1), st.integers(0, DAY_MS + DAY_MS // 4), st.data())
def test_any_partition_of_continuous_owes_the_exact_amount_rounded_down(
    source: dict[str, Any], span_ms: int, data: st.DataObject
) -> None:
    demand = demand_of(source, 0)
    for part_ms in data.draw(cuts(span_ms)):
        demand.advance(part_ms, True)
    assert demand.ordered.total() == exact_steps(source, 0, span_ms) // 1


@pytest.mark.req("D-11")
@given(programs(), st.integers(0, DAY_MS + DAY_MS // 4), st.data())
def test_without_time_of_day_any_partition_owes_the_lowest_rate_of_the_day(
    source: dict[str, Any], span_ms: int, data: st.DataObject
) -> None:
    demand = demand_of(source, None)
    for part_ms in data.draw(cuts(span_ms)):
        demand.advance(part_ms, True)
    (rows,) = source["patterns"]
    lowest = min(Fraction(whole) + Fraction(frac, source["rate_den"]) for _, whole, frac in rows)
    assert demand.ordered.total() == lowest * span_ms / DAY_MS // 1


@given(
    st.integers(0, 300_000),
    st.integers(0, DAY_MS),
    st.integers(1, DAY_MS),
    st.integers(0, DAY_MS + DAY_MS // 4),
    st.data(),
)
def test_any_partition_of_a_bolus_owes_its_even_share_and_never_more_than_its_dose(
    steps: int, wait_ms: int, duration_ms: int, span_ms: int, data: st.DataObject
) -> None:
    demand = demand_of(program([[0, 0, 0]]), 0)
    demand.bolus.arm(steps, wait_ms, duration_ms)
    for part_ms in data.draw(cuts(span_ms)):
        demand.advance(part_ms, True)
    given_ms = min(max(span_ms - wait_ms, 0), duration_ms)
    assert demand.ordered.total() == steps * given_ms // duration_ms


@given(programs(), st.integers(0, 5000), st.integers(1, DAY_MS), st.data())
def test_basal_and_bolus_together_are_as_exact_as_each_alone(
    source: dict[str, Any], steps: int, duration_ms: int, data: st.DataObject
) -> None:
    demand = demand_of(source, 0)
    demand.bolus.arm(steps, 0, duration_ms)
    for part_ms in data.draw(cuts(DAY_MS)):
        demand.advance(part_ms, True)
    assert demand.ordered.total() == exact_steps(source, 0, DAY_MS) // 1 + steps


@pytest.mark.req("D-08")
@given(programs(longest=96), st.integers(1, 2))
def test_whole_days_of_a_flex_schedule_sum_to_the_displayed_total(source: dict[str, Any], days: int) -> None:
    demand = demand_of(source, 0)
    for _ in range(days * 24):
        demand.advance(DAY_MS // 24, True)
    assert demand.ordered.total() == day_total_steps(source) * days // 1


@given(
    programs(), st.integers(0, DAY_MS - 1), st.lists(st.tuples(st.integers(0, DAY_MS // 4), st.booleans()), max_size=12)
)
def test_time_passes_and_nothing_is_owed_while_not_delivering(
    source: dict[str, Any], day_ms: int, parts: list[tuple[int, bool]]
) -> None:
    demand = demand_of(source, day_ms)
    exact = Fraction(0)
    now_ms = day_ms
    for span_ms, delivering in parts:
        demand.advance(span_ms, delivering)
        if delivering:
            exact += exact_steps(source, now_ms % DAY_MS, span_ms)
        now_ms += span_ms
    assert demand.ordered.total() == exact // 1
    assert demand.basal.day * DAY_MS + demand.basal.day_ms == now_ms
