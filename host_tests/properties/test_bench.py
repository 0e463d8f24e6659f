"""Laws of the bench's arithmetic: what a fit recovers, and what a trumpet cannot but do."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.bench.accuracy import window
from itb.bench.calibration_file import rewritten
from itb.bench.gravimetric import Conditions, fit
from itb.bench.readings import Point, Points
from itb.bench.scale import read_line
from itb.bench.water import density_kg_m3, nl_per_mg

INTERVAL_S = 30.0
RATE_NL_DAY = 200_000.0

deviations = st.lists(st.floats(-3, 3), min_size=40, max_size=120)


@given(
    nl_per_rev=st.floats(100, 1_000_000),
    take_up_rev=st.floats(-0.5, 1.9),
    revolutions=st.sets(st.integers(2, 200), min_size=3, max_size=30),
    temperature_c=st.floats(5, 40),
)
def test_an_exact_line_is_recovered(
    nl_per_rev: float, take_up_rev: float, revolutions: set[int], temperature_c: float
) -> None:
    factor = nl_per_mg(temperature_c)
    points = [Point(Fraction(rev), Fraction(nl_per_rev * (rev - take_up_rev) / factor)) for rev in sorted(revolutions)]
    line = fit(Points(tuple(points), Fraction(1, 10**9), "run"), Conditions(temperature_c))
    assert line.nl_per_rev == pytest.approx(nl_per_rev, rel=1e-8)
    assert line.take_up_rev == pytest.approx(take_up_rev, abs=1e-6 * max(revolutions))


@given(
    masses=st.lists(st.integers(1, 10_000), min_size=3, max_size=20),
    scale=st.integers(2, 1000),
    shift=st.integers(-500, 500),
)
def test_a_fit_follows_its_readings(masses: list[int], scale: int, shift: int) -> None:
    """Twice the mass is twice the volume; a shift of all readings, such as a tare, moves the take-up alone."""
    mg = np.cumsum(masses)

    def fitted(values: list[int]) -> tuple[float, float, float]:
        points = tuple(Point(Fraction(place), Fraction(value)) for place, value in enumerate(values, 1))
        line = fit(Points(points, Fraction(1, 10**6), "run"), Conditions())
        return line.nl_per_rev, line.u_nl_per_rev, line.take_up_nl

    plain = fitted([int(value) for value in mg])
    larger = fitted([int(value) * scale for value in mg])
    assert larger == pytest.approx([scale * value for value in plain], rel=1e-6, abs=1)
    moved = fitted([int(value) + shift for value in mg])
    assert moved[:2] == pytest.approx(plain[:2], rel=1e-6, abs=1e-3)
    assert moved[2] == pytest.approx(plain[2] - shift * nl_per_mg(20), rel=1e-6, abs=1)


def trumpet(flows: list[float], minutes: int) -> tuple[int, float, float]:
    """The window's figures for flows given as deviations, in units of the rate."""
    times_s = np.array([INTERVAL_S * place for place in range(len(flows) + 1)])
    volumes_nl = np.concatenate([[0.0], np.cumsum(1 + np.array(flows))]) * RATE_NL_DAY * INTERVAL_S / 86_400
    return window(times_s, volumes_nl, RATE_NL_DAY, INTERVAL_S, minutes)


@given(deviations, st.integers(1, 19))
def test_a_window_is_found_by_brute_force(flows: list[float], minutes: int) -> None:
    width = 2 * minutes
    means = [100 * sum(flows[at : at + width]) / width for at in range(len(flows) - width + 1)]
    count, most, least = trumpet(flows, minutes)
    assert count == len(means)
    assert most == pytest.approx(max(means), abs=1e-6)
    assert least == pytest.approx(min(means), abs=1e-6)


@given(deviations, st.integers(1, 9), st.integers(2, 4))
def test_a_window_made_of_whole_shorter_ones_lies_within_their_trumpet(
    flows: list[float], minutes: int, times: int
) -> None:
    """A mean of means. Of lengths that are no multiples of each other this is not so."""
    flows = flows * times
    _, most, least = trumpet(flows, minutes)
    _, longer_most, longer_least = trumpet(flows, minutes * times)
    assert least - 1e-6 <= longer_least <= longer_most <= most + 1e-6


@given(deviations, st.integers(1, 19), st.floats(-2, 2))
def test_a_constant_error_moves_a_trumpet_and_leaves_its_shape(flows: list[float], minutes: int, shift: float) -> None:
    _, most, least = trumpet(flows, minutes)
    _, moved_most, moved_least = trumpet([flow + shift for flow in flows], minutes)
    assert moved_most == pytest.approx(most + 100 * shift, abs=1e-6)
    assert moved_least == pytest.approx(least + 100 * shift, abs=1e-6)


@given(st.integers(-999_999_999, 999_999_999), st.integers(0, 6), st.sampled_from(["g", "mg"]), st.booleans())
def test_any_weight_is_read_as_it_is_printed(number: int, places: int, unit: str, framed: bool) -> None:
    value = Fraction(number, 10**places)
    digits = f"{abs(number):0{places + 1}d}"
    text = f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else digits
    line = f"{'-' if number < 0 else '+'} {text} {unit}"
    reading = read_line(f"ST,GS,{line}" if framed else line, "weight")
    assert reading.mass_mg == value * (1000 if unit == "g" else 1)
    assert reading.step_mg == Fraction(1000 if unit == "g" else 1, 10**places)


@given(st.floats(4, 39))
def test_water_above_four_degrees_only_gets_lighter(temperature_c: float) -> None:
    assert density_kg_m3(temperature_c + 1) < density_kg_m3(temperature_c)
    assert nl_per_mg(temperature_c + 1) > nl_per_mg(temperature_c)


spaces = st.text(" \t", max_size=3)
comments = st.sampled_from(["", "# why", "# [mechanism]", '# calibration = "1 nL/rev"'])


@given(spaces, spaces, spaces, comments, st.sampled_from(["\n", "\r\n"]), st.integers(1, 10**6), st.integers(1, 10**6))
def test_writing_a_calibration_and_writing_the_old_one_back_restores_the_values(
    before: str, between: str, after: str, comment: str, end: str, old: int, new: int
) -> None:
    lines = ["[mechanism]", f'{before}calibration{between}={between}"{old} nL/rev"{after}{comment}', "[motor]", "x = 1"]
    text = end.join(lines) + end
    changed = rewritten(text, {"calibration": f"{new} nL/rev"}, "x.toml")
    back = rewritten(changed, {"calibration": f"{old} nL/rev"}, "x.toml")
    assert f'"{new} nL/rev"' in changed
    assert ["".join(line.split()) for line in back.splitlines()] == [
        "".join(line.split()) for line in text.splitlines()
    ]
    assert changed.count(end) == text.count(end)
