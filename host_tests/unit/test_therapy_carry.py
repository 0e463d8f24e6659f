"""What a dose has below a whole microstep is carried to the next that is given."""

from fractions import Fraction

import pytest

from pump.therapy.carry import Carry
from pump.therapy.program import Dose


def dose(whole: int, frac: int, den: int) -> Dose:
    return Dose(whole, frac, den, 1)


@pytest.mark.req("D-07")
def test_a_dose_rounds_down_and_its_fraction_goes_to_the_next() -> None:
    # 10 + 2/3 each: 10.67, 21.33, 32 and 42.67 in all.
    carry = Carry()
    doses: list[int] = []
    for _ in range(4):
        doses.append(carry.steps(dose(10, 2, 3)))
        carry.given(dose(10, 2, 3))
    assert doses == [10, 11, 11, 10]


@pytest.mark.req("D-07")
@pytest.mark.parametrize("den", [2, 3, 97, 2**20])
def test_over_many_doses_nothing_is_ever_ahead_and_less_than_a_microstep_is_behind(den: int) -> None:
    carry = Carry()
    given = 0
    exact = Fraction(0)
    for i in range(64):
        one = dose(i % 5, i * 7919 % den, den)
        given += carry.steps(one)
        carry.given(one)
        exact += one.whole + Fraction(one.frac, den)
        assert given == exact // 1


@pytest.mark.req("D-07")
def test_a_dose_that_is_not_given_leaves_nothing_behind_and_takes_nothing_along() -> None:
    carry = Carry()
    carry.given(dose(10, 2, 3))
    assert carry.steps(dose(10, 2, 3)) == 11
    assert carry.steps(dose(10, 1, 3)) == 11


def test_asking_for_the_dose_changes_nothing() -> None:
    carry = Carry()
    assert [carry.steps(dose(10, 2, 3)), carry.steps(dose(10, 2, 3))] == [10, 10]
    carry.given(dose(10, 2, 3))
    assert [carry.steps(dose(10, 1, 3)), carry.steps(dose(10, 1, 3))] == [11, 11]


@pytest.mark.req("D-07")
@pytest.mark.parametrize(
    "first, second, steps",
    [
        ((10, 2, 3), (5, 2, 6), 6),
        ((10, 2, 3), (5, 1, 6), 5),
        ((10, 1, 2), (5, 2, 3), 6),
        ((10, 1, 2), (5, 1, 3), 5),
        ((10, 2, 3), (5, 3, 8), 6),
        ((10, 2, 3), (5, 2, 8), 5),
        ((10, 1, 3), (5, 0, 1), 5),
        ((10, 0, 1), (5, 7, 8), 5),
    ],
)
def test_the_carry_goes_over_into_doses_of_another_denominator(
    first: tuple[int, int, int], second: tuple[int, int, int], steps: int
) -> None:
    carry = Carry()
    carry.given(dose(*first))
    assert carry.steps(dose(*second)) == steps


@pytest.mark.req("D-07")
def test_over_doses_of_many_denominators_nothing_is_ever_ahead_and_a_microstep_is_never_behind() -> None:
    carry = Carry()
    given = 0
    exact = Fraction(0)
    for i in range(200):
        den = 1 + i * 7919 % 1013
        one = dose(i % 3, i * 104_729 % den, den)
        given += carry.steps(one)
        carry.given(one)
        exact += one.whole + Fraction(one.frac, den)
        # Each change of denominator may lose what is below 2**-40.
        assert exact - 1 - Fraction(i, 2**40) < given <= exact
