"""Boluses of several kinds, each with a denominator of its own, in turn for years: nothing of any of them is lost."""

from fractions import Fraction
from itertools import cycle, islice

import pytest

from pump.therapy.carry import DEN_MAX, Carry
from pump.therapy.program import Dose


def given(carry: Carry, *dose: int) -> int:
    """Give `dose`, (whole, frac, den); its microsteps."""
    one = Dose(*dose, duration_ms=1)
    steps = carry.steps(one)
    carry.given(one)
    assert type(steps) is int
    return steps


@pytest.mark.req("D-07")
@pytest.mark.parametrize(
    "doses",
    [
        [(0, 9, 10), (5, 0, 1)],
        [(0, 2, 3), (0, 1, 2)],
        [(0, 1, 2**20), (3, 0, 1)],
        [(1, 1, 3), (1, 1, 2**20), (1, 0, 1)],
        [(0, 999_982, 999_983), (0, 1, 2)],
        [(0, 5, 7), (2, 3, 11), (0, 0, 1), (1, 12, 13)],
    ],
)
def test_in_turn_they_sum_to_their_exact_sum_rounded_down(doses: list[tuple[int, int, int]]) -> None:
    carry = Carry()
    steps = 0
    exact = Fraction(0)
    for dose in islice(cycle(doses), 3000):
        steps += given(carry, *dose)
        exact += dose[0] + Fraction(dose[1], dose[2])
        assert steps == exact // 1


@pytest.mark.req("D-07")
def test_where_denominators_grow_beyond_40_bits_less_than_one_of_2_to_the_40_is_dropped_each_time() -> None:
    assert DEN_MAX == 2**40
    # Primes: together they have no small denominator.
    dens = [1_048_573, 1_048_571, 1_048_559, 1_048_549]
    carry = Carry()
    steps = 0
    exact = Fraction(0)
    for times, den in enumerate(islice(cycle(dens), 4000), 1):
        steps += given(carry, 0, den - 1, den)
        exact += Fraction(den - 1, den)
        left = exact - steps
        assert left >= 0
        assert left < 1 + Fraction(times, DEN_MAX)
    assert carry._den <= DEN_MAX
    # What is left is known that finely: a dose of what is missing is a whole microstep, and one of less is none.
    part = DEN_MAX - int((exact - steps) * DEN_MAX)
    million = -(-part * 2**20 // DEN_MAX)
    assert carry.steps(Dose(0, million + 1, 2**20, 1)) == 1
    assert carry.steps(Dose(0, million - 2, 2**20, 1)) == 0
