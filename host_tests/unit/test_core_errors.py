"""A refusal names field, value and what would be accepted."""

import pytest

from pump.core.errors import Misuse, Refused, refuse_unless_int
from unit.builders import refusal


def test_a_refusal_says_field_value_and_what_would_be_accepted() -> None:
    refused = Refused("rate_den", -3, "a whole number from 1 to 9")
    assert str(refused) == "rate_den: -3 is refused; accepted: a whole number from 1 to 9"
    assert (refused.field, refused.value, refused.accepted) == ("rate_den", -3, "a whole number from 1 to 9")


def test_misuse_is_not_a_refusal() -> None:
    assert not issubclass(Misuse, Refused)


@pytest.mark.parametrize("value", [2, 3, 7, 8])
def test_an_int_within_its_bounds_is_given_back(value: int) -> None:
    assert refuse_unless_int("n", value, 2, 8) == value


@pytest.mark.req("D-01")
@pytest.mark.parametrize("value", [1, 9, -1, 2.0, float("nan"), float("inf"), "3", None, True, [3]])
def test_anything_else_is_refused_by_name(value: object) -> None:
    assert refusal(lambda: refuse_unless_int("n", value, 2, 8)) == ("n", value, "a whole number from 2 to 8")


def test_bounds_that_meet_leave_one_value() -> None:
    assert refuse_unless_int("version", 1, 1, 1) == 1
    assert refusal(lambda: refuse_unless_int("version", 0, 1, 1))[1] == 0
    assert refusal(lambda: refuse_unless_int("version", 2, 1, 1))[1] == 2
