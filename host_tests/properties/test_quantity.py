"""Laws of reading and writing quantities."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.errors import InputError
from itb.quantity import (
    CALIBRATION,
    CONCENTRATION,
    DOSE,
    DOSE_RATE,
    PRESSURE,
    TIME,
    VOLUME,
    VOLUME_RATE,
    decimal,
    decimal_down,
    decimal_up,
    parse,
)

DIMENSIONS = (DOSE, DOSE_RATE, VOLUME, VOLUME_RATE, CONCENTRATION, TIME, CALIBRATION, PRESSURE)
decimals = st.builds(lambda digits, places: Fraction(digits, 10**places), st.integers(1, 10**12 - 1), st.integers(0, 6))
dimensions_and_units = st.sampled_from([(d, unit) for d in DIMENSIONS for unit in d.units])


@pytest.mark.req("D-01")
@given(decimals, dimensions_and_units)
def test_what_is_written_is_read_back_exactly(value, dimension_and_unit):
    dimension, unit = dimension_and_unit
    text = f"{decimal(value)} {unit}"
    assert parse("field", text, dimension) == value * dimension.units[unit]


@pytest.mark.req("D-01")
@given(st.text(max_size=60))
def test_any_text_is_read_above_zero_or_refused(text):
    try:
        value = parse("field", text, DOSE_RATE)
    except InputError:
        return
    assert value > 0


@given(st.fractions(min_value=0, max_value=10**9), st.integers(0, 6))
def test_bounds_enclose_the_value_within_one_unit_of_the_last_place(value, places):
    low, high = Fraction(decimal_down(value, places)), Fraction(decimal_up(value, places))
    assert low <= value <= high
    assert high - low <= Fraction(1, 10**places)


@given(st.fractions(max_value=10**9, min_value=-(10**9)), st.integers(0, 6))
def test_a_decimal_without_a_mark_is_exact_and_one_with_it_is_half_a_place_off_at_most(value, places):
    text = decimal(value, places)
    if text.startswith("≈"):
        assert 0 < abs(Fraction(text[1:]) - value) <= Fraction(1, 2 * 10**places)
    else:
        assert Fraction(text) == value
