"""The forecast of the basal is what the basal then owes."""

from fractions import Fraction

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.therapy.basal import Basal
from pump.therapy.forecast import Forecast, day_total
from pump.therapy.program import Program
from rig import day_total_steps, program

EDGE_MS = 7 * MS_PER_HOUR + 12_345
SOURCE = program([[0, 2400, 1], [EDGE_MS, 7200, 0], [EDGE_MS + 1, 9600, 2], [MS_PER_DAY - 1, 50, 0]], rate_den=3)
DAY = Program(SOURCE)


@pytest.mark.parametrize("day_ms", [0, 1, EDGE_MS - 1, EDGE_MS, EDGE_MS + 1, MS_PER_DAY - 2, MS_PER_DAY - 1])
@pytest.mark.parametrize("span_ms", [1, 2, MS_PER_MINUTE, 7 * MS_PER_HOUR, MS_PER_DAY, 2 * MS_PER_DAY + 5])
def test_the_forecast_rounded_down_is_what_the_basal_owes(day_ms: int, span_ms: int) -> None:
    walk = Forecast(DAY, day_ms)
    basal = Basal(DAY)
    basal.set_time(day_ms)
    numerator = owed = 0
    for _ in range(2):
        numerator += walk.over(span_ms)
        owed += basal.advance(span_ms, True)
        assert owed == numerator // walk.den


def test_a_walk_in_pieces_sums_to_the_walk_at_once() -> None:
    pieces = Forecast(DAY, EDGE_MS - 500)
    at_once = Forecast(DAY, EDGE_MS - 500)
    assert sum(pieces.over(MS_PER_MINUTE) for _ in range(2000)) == at_once.over(2000 * MS_PER_MINUTE)


def test_no_time_owes_nothing() -> None:
    assert Forecast(DAY, EDGE_MS).over(0) == 0


def test_one_millisecond_owes_the_rate_of_its_segment() -> None:
    den = 3 * MS_PER_DAY
    walk = Forecast(DAY, EDGE_MS - 1)
    assert walk.den == den
    assert [walk.over(1) for _ in range(3)] == [7201, 21_600, 28_802]
    late = Forecast(DAY, MS_PER_DAY - 2)
    assert [late.over(1) for _ in range(3)] == [28_802, 150, 7201]


@pytest.mark.req("D-08")
def test_the_total_of_a_day_is_exact() -> None:
    assert Fraction(*day_total(DAY)) == day_total_steps(SOURCE)


@pytest.mark.req("D-08")
def test_the_total_of_a_constant_day_is_its_rate() -> None:
    assert Fraction(*day_total(Program(program([[0, 46_109, 2]], rate_den=3)))) == 46_109 + Fraction(2, 3)
