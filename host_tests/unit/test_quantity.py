"""Quantities are read exactly, and nothing without its unit is read at all."""

from fractions import Fraction

import pytest

from itb.errors import InputError
from itb.quantity import (
    CALIBRATION,
    CONCENTRATION,
    DAILY_DOSE,
    DOSE,
    DOSE_RATE,
    HOURLY_DOSE,
    TIME,
    VOLUME,
    VOLUME_RATE,
    amount,
    decimal,
    decimal_down,
    decimal_up,
    dose_rate,
    parse,
    parse_any,
    shown,
)

pytestmark = pytest.mark.req("D-01")


@pytest.mark.parametrize(
    "text, dimension, expected",
    [
        ("300 ug/day", DOSE_RATE, Fraction(300)),
        ("300ug/day", DOSE_RATE, Fraction(300)),
        ("  12.5 ug/h ", DOSE_RATE, Fraction(300)),
        ("1 ug/min", DOSE_RATE, Fraction(1440)),
        ("300 µg/day", DOSE_RATE, Fraction(300)),
        ("300 \u03bcg/day", DOSE_RATE, Fraction(300)),
        ("300 mcg/day", DOSE_RATE, Fraction(300)),
        ("0.1 ug", DOSE, Fraction(1, 10)),
        ("2000 ug/mL", CONCENTRATION, Fraction(2000)),
        ("0.2 mL/day", VOLUME_RATE, Fraction(200_000)),
        ("35 nL/s", VOLUME_RATE, Fraction(35 * 86_400)),
        ("2 mL", VOLUME, Fraction(2_000_000)),
        ("0.000001 mL", VOLUME, Fraction(1)),
        ("13879 nL/rev", CALIBRATION, Fraction(13879)),
        ("4 h", TIME, Fraction(14_400_000)),
        ("1 us", TIME, Fraction(1, 1000)),
    ],
)
def test_is_read_exactly_in_the_base_unit(text: str, dimension, expected: Fraction):
    assert parse("field", text, dimension) == expected


@pytest.mark.parametrize(
    "value",
    [
        "300",
        "ug/day",
        "",
        " ",
        "300 ug",
        "300 mL/day",
        "300 mg/day",
        "300 UG/DAY",
        "300 ug / day",
        "-300 ug/day",
        "+300 ug/day",
        "nan ug/day",
        "inf ug/day",
        "NaN",
        "1e3 ug/day",
        "1e9999999 ug/day",
        "1,5 ug/day",
        ".5 ug/day",
        "5. ug/day",
        "1/3 ug/day",
        "0x10 ug/day",
        "٣٠٠ ug/day",
        "300 ug/day ug/day",
        "9" * 13 + " ug/day",
        "9" * 1_000_000 + " ug/day",
        "0 ug/day",
        "0.000 ug/day",
        300,
        300.0,
        float("nan"),
        float("inf"),
        True,
        None,
        ["300 ug/day"],
        {"rate": "300 ug/day"},
    ],
    ids=lambda value: f"{type(value).__name__} {value!s:.20}",
)
def test_is_refused_naming_field_value_and_what_would_be_accepted(value: object):
    with pytest.raises(InputError) as caught:
        parse("basal.rate", value, DOSE_RATE)
    assert caught.value.field == "basal.rate"
    assert caught.value.value == shown(value)
    assert 'a dose rate with its unit (ug/day, ug/h, ug/min), like "300 ug/day", above 0' in str(caught.value)
    assert len(str(caught.value)) < 250


def test_zero_is_read_only_where_it_makes_sense():
    assert parse("residual", "0 mL", VOLUME, zero=True) == 0
    with pytest.raises(InputError, match="above 0"):
        parse("fill", "0 mL", VOLUME)


def test_a_daily_limit_takes_no_hourly_unit_and_an_hourly_limit_no_daily_one():
    with pytest.raises(InputError, match='"500 ug/day"'):
        parse("limits.daily", "60 ug/h", DAILY_DOSE)
    with pytest.raises(InputError, match='"60 ug/h"'):
        parse("limits.hourly", "60 ug/day", HOURLY_DOSE)


def test_a_field_of_two_dimensions_says_which_one_it_was():
    assert parse_any("rate", "0.2 mL/day", (DOSE_RATE, VOLUME_RATE)) == (VOLUME_RATE, Fraction(200_000))
    assert parse_any("rate", "12 ug/h", (DOSE_RATE, VOLUME_RATE)) == (DOSE_RATE, Fraction(288))


def test_a_rate_is_shown_per_day_and_per_hour():
    assert dose_rate(Fraction(1440)) == "1440 ug/day = 60 ug/h"
    assert dose_rate(Fraction(100)) == "100 ug/day = ≈4.167 ug/h"


@pytest.mark.parametrize(
    "value, places, expected",
    [
        (Fraction(300), 6, "300"),
        (Fraction(1, 8), 6, "0.125"),
        (Fraction(1, 3), 3, "≈0.333"),
        (Fraction(2, 3), 3, "≈0.667"),
        (Fraction(-1, 2), 3, "-0.5"),
        (Fraction(5, 2), 0, "≈2"),
        (Fraction(1000), 0, "1000"),
    ],
)
def test_a_decimal_is_exact_or_marked(value: Fraction, places: int, expected: str):
    assert decimal(value, places) == expected


def test_a_bound_is_rounded_to_the_side_that_is_accepted():
    assert decimal_down(Fraction(2, 3)) == "0.666"
    assert decimal_up(Fraction(2, 3)) == "0.667"
    assert decimal_up(Fraction(2)) == decimal_down(Fraction(2)) == "2"


def test_an_amount_can_be_written_in_any_unit_of_its_dimension():
    assert amount(Fraction(200_000), VOLUME_RATE, "mL/day") == "0.2 mL/day"
    assert amount(Fraction(300), DOSE_RATE) == "300 ug/day"


@pytest.mark.parametrize(
    "value, expected",
    ids=["table", "list", "long number", "long text", "boolean"],
    argvalues=[
        ({}, "a table"),
        ([], "a list"),
        (1 << 100_000, "a number of 100001 bits"),
        ("x" * 500, "'" + "x" * 59 + "..."),
        (False, "False"),
    ],
)
def test_any_value_is_shown_short(value: object, expected: str):
    assert shown(value) == expected
