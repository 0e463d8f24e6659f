"""The fit of a calibration: what it recovers, how sure it is, and what it refuses."""

from fractions import Fraction
from math import lgamma, pi, sqrt

import numpy as np
import pytest

from itb.bench.gravimetric import Conditions, coverage, fit, refuse_unless_sound
from itb.bench.readings import Point, Points
from itb.bench.water import nl_per_mg
from itb.boards.calibration import TAKE_UP_STEPS_MAX
from itb.errors import InputError

STEPS_PER_REV = 3200
AT_20 = Conditions()


def run_of(*points: tuple[float, float], step_mg: float = 1e-6, seconds: float | None = None) -> Points:
    """A run of (revolutions, mg); with `seconds`, so many from one point to the next."""
    taken = [
        Point(Fraction(rev), Fraction(mg), None if seconds is None else Fraction(seconds * number))
        for number, (rev, mg) in enumerate(points, 1)
    ]
    return Points(tuple(taken), Fraction(step_mg), "run")


def line_of(nl_per_rev: float, take_up_rev: float, *revolutions: float, factor: float | None = None) -> Points:
    factor = factor or nl_per_mg(20)
    return run_of(*((rev, nl_per_rev * (rev - take_up_rev) / factor) for rev in revolutions))


def test_a_line_is_recovered_with_its_take_up() -> None:
    line = fit(line_of(13879, 0.03, 2, 4, 6, 8), AT_20)
    assert line.nl_per_rev == pytest.approx(13879, rel=1e-9)
    assert line.take_up_rev == pytest.approx(0.03, rel=1e-6)
    assert line.take_up_nl == pytest.approx(0.03 * 13879, rel=1e-6)
    assert line.take_up_steps(STEPS_PER_REV) == 96
    assert all(abs(rest) < 1e-6 for rest in line.residuals_nl)


def test_the_take_up_is_not_in_the_volume_of_a_revolution() -> None:
    """Taken from 0, the same run would give 1.5 % less."""
    run = line_of(13879, 0.03, 1, 2, 3)
    assert float(run.points[1].mass_mg) * nl_per_mg(20) / 2 == pytest.approx(0.985 * 13879)
    assert fit(run, AT_20).nl_per_rev == pytest.approx(13879, rel=1e-9)


def test_the_uncertainties_are_those_of_least_squares() -> None:
    """An example worked by hand: x = 1..4, y = 1, 2.1, 2.9, 4 in units of 1000 nL."""
    factor = nl_per_mg(20)
    line = fit(run_of(*((x, 1000 * y / factor) for x, y in ((1, 1), (2, 2.1), (3, 2.9), (4, 4)))), AT_20)
    # Sxx = 5, Sxy = 4.9, mean x = 2.5, mean y = 2.5: slope 0.98, intercept 0.05, residuals -.03 .09 -.09 .03.
    assert line.nl_per_rev == pytest.approx(980)
    assert line.residuals_nl == pytest.approx((-30, 90, -90, 30))
    scatter = 1000 * sqrt((0.03**2 + 0.09**2) * 2 / 2)
    assert line.scatter_nl == pytest.approx(scatter)
    assert line.u_nl_per_rev == pytest.approx(scatter / sqrt(5))
    u_intercept_squared, covariance = scatter**2 * (1 / 4 + 2.5**2 / 5), -(scatter**2) * 2.5 / 5
    slope, intercept = 980.0, 50.0
    squared = u_intercept_squared / slope**2 + (intercept * scatter / sqrt(5) / slope**2) ** 2
    squared -= 2 * intercept * covariance / slope**3
    # And the one reading before the run, which is in every point.
    assert line.u_take_up_rev == pytest.approx(sqrt(squared + (scatter / slope) ** 2))
    assert (line.freedom, line.k) == (2, 4.53)
    assert line.expanded_nl_per_rev == pytest.approx(4.53 * scatter / sqrt(5))


def test_readings_on_a_line_are_known_no_better_than_the_scale_shows_them() -> None:
    run = Points(line_of(13879, 0, 2, 4, 6).points, Fraction(1, 10), "run")
    line = fit(run, AT_20)
    assert line.scatter_nl == pytest.approx(0.1 * nl_per_mg(20) / sqrt(12))
    assert line.u_nl_per_rev == pytest.approx(line.scatter_nl / sqrt(8))


def test_warm_water_takes_more_room() -> None:
    run = line_of(13879, 0, 2, 4, 6)
    warm, cold = fit(run, Conditions(30)), fit(run, Conditions(10))
    assert warm.nl_per_rev / cold.nl_per_rev == pytest.approx(999.70 / 995.65, abs=1e-5)


def test_what_evaporates_is_added() -> None:
    """10 mg per revolution, of which 1 mg is lost in each 100 s between two points."""
    run = run_of((1, 9), (2, 18), (3, 27), seconds=100)
    line = fit(run, Conditions(20, Fraction(36)))
    assert line.nl_per_rev == pytest.approx(10 * nl_per_mg(20))
    assert line.take_up_rev == pytest.approx(0, abs=1e-9)


def test_evaporation_without_times_is_refused() -> None:
    with pytest.raises(InputError, match="run: point 1: no time is refused; accepted: a column `seconds`"):
        fit(line_of(13879, 0, 2, 4, 6), Conditions(20, Fraction(1)))


REFUSED = [
    (run_of((1, 10), (2, 20)), "run: 2 points", "at least 3 points"),
    (run_of(), "run: 0 points", "at least 3 points"),
    (run_of((1, 10), (2, 20), (2, 30)), "run: point 3, revolutions: 2", "more at each point"),
    (run_of((1, 10), (3, 20), (2, 30)), "run: point 3, revolutions: 2", "more at each point"),
    (run_of((0, 10), (1, 20), (2, 30)), "run: point 1, revolutions: 0", "above 0"),
    (run_of((1, 10), (2, 20), (3, 20)), "run: point 3, weight: 0.02 g", "above the 0.02 g"),
    (run_of((1, 30), (2, 20), (3, 10)), "run: point 2, weight: 0.02 g", "above the 0.03 g"),
]


@pytest.mark.parametrize("run, found, accepted", REFUSED, ids=[found for _, found, _ in REFUSED])
def test_a_run_that_no_pump_made_is_refused(run: Points, found: str, accepted: str) -> None:
    with pytest.raises(InputError) as caught:
        fit(run, AT_20)
    assert f"{found} is refused" in str(caught.value)
    assert accepted in caught.value.accepted


def unsound(run: Points) -> str:
    with pytest.raises(InputError) as caught:
        refuse_unless_sound(fit(run, AT_20), STEPS_PER_REV)
    return str(caught.value)


def test_a_sound_run_is_accepted() -> None:
    refuse_unless_sound(fit(line_of(13879, 0.03, 2, 4, 6, 8), AT_20), STEPS_PER_REV)
    # Two hundredths of a revolution above 0, with readings that scatter by more.
    noisy = run_of((2, 27.9), (4, 55.2), (6, 83.1), (8, 110.4), (10, 138.3))
    assert fit(noisy, AT_20).take_up_rev < 0
    refuse_unless_sound(fit(noisy, AT_20), STEPS_PER_REV)
    assert fit(noisy, AT_20).take_up_steps(STEPS_PER_REV) == 0


def test_an_uncertainty_above_two_percent_is_refused() -> None:
    """Around 1 mg per revolution with Sxx = 10: the slope's u is scatter / sqrt(10), k is 3.31."""
    for scatter_mg, refused in ((0.018, False), (0.020, True)):
        # They sum to nothing, alone and times x, and so change neither slope nor intercept.
        pattern = (1.0, -2.0, 0.0, 2.0, -1.0)
        amplitude = scatter_mg * sqrt(3 / sum(part**2 for part in pattern))
        run = run_of(*((x, x + amplitude * part) for x, part in zip(range(1, 6), pattern, strict=True)))
        line = fit(run, AT_20)
        assert line.scatter_nl == pytest.approx(scatter_mg * nl_per_mg(20))
        share = 3.31 * scatter_mg / sqrt(10)
        assert line.expanded_nl_per_rev / line.nl_per_rev == pytest.approx(share)
        assert (share > 0.02) is refused
        if refused:
            assert "uncertainty of nL per revolution: 2.1 % (95 %, k = 3.31) is refused" in unsound(run)
        else:
            refuse_unless_sound(line, STEPS_PER_REV)


def test_a_line_that_begins_above_zero_is_refused() -> None:
    assert "take-up: -2.78 uL is refused; accepted: a line that begins at or below 0" in unsound(
        line_of(13879, -0.2, 2, 4, 6, 8)
    )


def test_a_take_up_beyond_what_a_board_may_have_is_refused() -> None:
    most_rev = TAKE_UP_STEPS_MAX / STEPS_PER_REV
    refuse_unless_sound(fit(line_of(13879, most_rev, 4, 6, 8, 10), AT_20), STEPS_PER_REV)
    said = unsound(line_of(13879, most_rev + 1 / STEPS_PER_REV, 4, 6, 8, 10))
    assert "take-up: 10001 microsteps is refused; accepted: at most 10000 microsteps" in said


def student_share(t: float, freedom: int) -> float:
    """The probability that Student's t lies within +-t, by integration."""
    x = np.linspace(0, t, 200_001)
    density = (1 + x**2 / freedom) ** (-(freedom + 1) / 2)
    norm = np.exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(freedom * pi)
    return float(2 * norm * np.sum((density[1:] + density[:-1]) / 2) * (x[1] - x[0]))


@pytest.mark.parametrize("freedom", [*range(1, 21), 25, 30, 40, 50, 100, 1000])
def test_the_coverage_factors_are_students_t(freedom: int) -> None:
    low, high = student_share(coverage(freedom) - 0.006, freedom), student_share(coverage(freedom) + 0.006, freedom)
    assert low < 0.9545 < high


def test_between_two_factors_the_larger_holds_and_many_points_have_2() -> None:
    assert [coverage(freedom) for freedom in (21, 24, 99, 999, 5000)] == [2.13, 2.13, 2.05, 2.03, 2.00]
