"""The drip owes the whole part of the exact rational, whatever the rate and however the span is cut."""

from fractions import Fraction

import pytest

from pump.core.units import MS_PER_DAY, SMALL_MAX
from pump.therapy.drip import Drip
from pump.therapy.program import RATE_DEN_MAX, STEPS_MAX
from unit.builders import Narrow

LARGEST_FRAC = RATE_DEN_MAX - 1


def narrow_drip(den: int, per_ms: int, whole: int, frac: int) -> Drip:
    """A drip that overflows as on a chip."""
    drip = Drip(Narrow(den), Narrow(per_ms))
    drip.set_rate(Narrow(whole), Narrow(frac))
    return drip


@pytest.mark.req("D-07", "M-10")
@pytest.mark.parametrize(
    "den, per_ms, whole, frac",
    [
        (1, MS_PER_DAY, 0, 0),
        (1, MS_PER_DAY, 1, 0),
        (1, MS_PER_DAY, MS_PER_DAY, 0),
        (3, MS_PER_DAY, 46_109, 2),
        (7, MS_PER_DAY, 0, 1),
        (RATE_DEN_MAX, MS_PER_DAY, 0, LARGEST_FRAC),
        (RATE_DEN_MAX, MS_PER_DAY, 1_000_000, LARGEST_FRAC),
        (RATE_DEN_MAX, MS_PER_DAY, STEPS_MAX, LARGEST_FRAC),
        (RATE_DEN_MAX, MS_PER_DAY, STEPS_MAX, 1),
        (1, 1, 50_000, 0),
        (1, 7, 3, 0),
        (5, 1, 0, 4),
    ],
)
def test_what_was_owed_by_now_is_the_exact_rational_rounded_down_and_every_intermediate_is_small(
    den: int, per_ms: int, whole: int, frac: int
) -> None:
    drip = narrow_drip(den, per_ms, whole, frac)
    rate = Fraction(whole * den + frac, den * per_ms)
    owed = now_ms = 0
    for span_ms in (1, 2, 3, 9, 10, 10, 11, 999, 1024, 5000, 0, 1):
        owed += drip.advance(span_ms)
        now_ms += span_ms
        assert owed == rate * now_ms // 1


@pytest.mark.parametrize("whole, frac", [(46_109, 2), (1, 1), (0, 1), (200_000, 0)])
def test_a_whole_day_at_once_owes_the_rate(whole: int, frac: int) -> None:
    drip = narrow_drip(3, MS_PER_DAY, whole, frac)
    assert drip.advance(MS_PER_DAY) == whole
    assert drip.advance(2 * MS_PER_DAY) == (3 * (whole * 3 + frac)) // 3 - whole


@pytest.mark.req("M-10")
@pytest.mark.parametrize("slices", [1, 2, 3, 7, 1000])
def test_one_advance_and_a_thousand_owe_the_same(slices: int) -> None:
    span_ms = 3_000_017
    drip = narrow_drip(1_000_003, MS_PER_DAY, 46_109, 999_999)
    owed = 0
    for i in range(slices):
        owed += drip.advance(span_ms * (i + 1) // slices - span_ms * i // slices)
    assert owed == Fraction(46_109 * 1_000_003 + 999_999, 1_000_003 * MS_PER_DAY) * span_ms // 1


@pytest.mark.req("D-07", "D-08")
def test_remainders_survive_every_change_of_rate() -> None:
    den = 1_000_003
    drip = Drip(den, MS_PER_DAY)
    exact = Fraction(0)
    owed = 0
    for i in range(300):
        whole, frac = (i * 7919) % 50_000, (i * 104_729) % den
        drip.set_rate(whole, frac)
        span_ms = 1 + (i * 3571) % 9000
        owed += drip.advance(span_ms)
        exact += Fraction(whole * den + frac, den * MS_PER_DAY) * span_ms
        assert owed == exact // 1


@pytest.mark.req("M-10")
def test_a_fast_rate_overflows_nothing_when_the_remainders_are_at_their_largest() -> None:
    drip = narrow_drip(RATE_DEN_MAX, MS_PER_DAY, MS_PER_DAY - 1, LARGEST_FRAC)
    exact = Fraction(MS_PER_DAY * RATE_DEN_MAX - 1, MS_PER_DAY * RATE_DEN_MAX)
    assert drip.advance(1) == 0
    drip.set_rate(Narrow(STEPS_MAX), Narrow(LARGEST_FRAC))
    exact += 10 * Fraction(STEPS_MAX * RATE_DEN_MAX + LARGEST_FRAC, RATE_DEN_MAX * MS_PER_DAY)
    assert drip.advance(10) == exact // 1
    drip.set_rate(Narrow(0), Narrow(LARGEST_FRAC))
    assert drip.advance(100_000) == 0


@pytest.mark.req("M-10")
@pytest.mark.parametrize(
    "per_ms, whole, span_ms",
    [
        (1, 0, SMALL_MAX),
        (1, 1, SMALL_MAX),
        (1, 1000, SMALL_MAX // 1000),
        (1, STEPS_MAX, 2),
        (10, 1, SMALL_MAX),
        (10, 1000, SMALL_MAX // 100 - 1),
        (10, STEPS_MAX, 20),
        (MS_PER_DAY, 0, SMALL_MAX),
        (MS_PER_DAY, 1, SMALL_MAX),
        (MS_PER_DAY, 1000, SMALL_MAX),
        (MS_PER_DAY, STEPS_MAX, 20_000),
    ],
)
def test_a_remainder_one_short_of_whole_overflows_nothing_over_a_long_span(
    per_ms: int, whole: int, span_ms: int
) -> None:
    drip = narrow_drip(1, per_ms, per_ms - 1, 0)
    drip.advance(1)
    drip.set_rate(Narrow(whole), Narrow(0))
    assert drip.advance(span_ms) == (per_ms - 1 + whole * span_ms) // per_ms


@pytest.mark.req("D-07")
@pytest.mark.parametrize("before_ms, owed", [(11_999, 1), (11_998, 0), (12_000, 0)])
def test_the_drip_of_the_next_program_goes_on_with_what_is_below_a_microstep(before_ms: int, owed: int) -> None:
    # One in 12 s.
    before, after = Drip(1, MS_PER_DAY), Drip(7, MS_PER_DAY)
    before.set_rate(7200, 0)
    before.advance(before_ms)
    after.set_rate(7200, 0)
    after.carry_from(before)
    assert after.advance(1) == owed


@pytest.mark.req("D-07")
@pytest.mark.parametrize(
    "den, after_den", [(3, 3), (3, 6), (3, 7), (1_000_003, 2), (RATE_DEN_MAX, 1), (7, RATE_DEN_MAX)]
)
def test_what_is_carried_into_another_denominator_is_never_more_than_there_was(den: int, after_den: int) -> None:
    before, after = narrow_drip(den, MS_PER_DAY, 100, den - 1), narrow_drip(after_den, MS_PER_DAY, 100, 0)
    before.advance(54_321)
    after.carry_from(before)
    # In parts of 1 / per_ms of a microstep.
    had = Fraction(before._rest) + Fraction(before._rest_frac, den)
    has = Fraction(after._rest) + Fraction(after._rest_frac, after_den)
    assert had - Fraction(1, after_den) < has <= had
    assert has == had or after_den % den
    after.advance(1)


def test_a_new_drip_owes_nothing() -> None:
    drip = Drip(3, MS_PER_DAY)
    assert (drip.whole, drip.frac) == (0, 0)
    assert drip.advance(MS_PER_DAY) == 0


def test_no_time_owes_nothing() -> None:
    drip = Drip(1, 1)
    drip.set_rate(5, 0)
    assert drip.advance(0) == 0
    assert drip.advance(1) == 5
