"""Years of delivery stay within one microstep of the exact rational."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.therapy.drip import Drip
from rig import DAY_MS, HOUR_MS

YEAR_MS = 365 * DAY_MS


@pytest.mark.req("D-07")
# Each takes some ten seconds.
@settings(max_examples=6)
@given(st.integers(0, 6_000), st.data(), st.lists(st.integers(1, 40 * DAY_MS), min_size=20, max_size=60))
def test_a_drip_is_never_a_microstep_behind_nor_ahead_over_simulated_years(
    whole: int, data: st.DataObject, spans_ms: list[int]
) -> None:
    den = data.draw(st.integers(1, 1 << 20))
    frac = data.draw(st.integers(0, den - 1))
    drip = Drip(den, DAY_MS)
    drip.set_rate(whole, frac)
    rate = Fraction(whole) + Fraction(frac, den)
    steps = elapsed_ms = 0
    for span_ms in spans_ms:
        steps += drip.advance(span_ms)
        elapsed_ms += span_ms
        assert 0 <= rate * elapsed_ms / DAY_MS - steps < 1
    steps += drip.advance(3 * YEAR_MS)
    elapsed_ms += 3 * YEAR_MS
    assert 0 <= rate * elapsed_ms / DAY_MS - steps < 1


@pytest.mark.req("D-07")
@given(st.lists(st.tuples(st.integers(0, 500_000), st.integers(0, 999), st.integers(0, HOUR_MS)), max_size=30))
def test_a_change_of_rate_loses_no_part_of_a_microstep(parts: list[tuple[int, int, int]]) -> None:
    drip = Drip(1000, DAY_MS)
    steps = 0
    exact = Fraction(0)
    for whole, frac, span_ms in parts:
        drip.set_rate(whole, frac)
        steps += drip.advance(span_ms)
        exact += (whole + Fraction(frac, 1000)) * span_ms / DAY_MS
        assert 0 <= exact - steps < 1
