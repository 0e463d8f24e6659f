"""Volume and microsteps: an exact ratio, rounded down either way."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.motion.geometry import Geometry

RATIOS = st.tuples(st.integers(1, 1_000_000), st.integers(4, 256_000))


def test_one_revolution_is_the_calibrated_volume() -> None:
    geometry = Geometry(13879, 3200)
    assert geometry.nl(3200) == 13879
    assert geometry.steps(13879) == 3200


@pytest.mark.req("M-01")
@given(ratio=RATIOS, steps=st.integers(0, 10**12))
def test_a_volume_is_the_exact_ratio_rounded_down(ratio: tuple[int, int], steps: int) -> None:
    exact_nl = Fraction(steps * ratio[0], ratio[1])
    assert 0 <= exact_nl - Geometry(*ratio).nl(steps) < 1


@pytest.mark.req("D-07")
@given(ratio=RATIOS, nl=st.integers(0, 10**12))
def test_steps_never_exceed_the_volume_and_fall_short_by_less_than_one(ratio: tuple[int, int], nl: int) -> None:
    exact_steps = Fraction(nl * ratio[1], ratio[0])
    assert 0 <= exact_steps - Geometry(*ratio).steps(nl) < 1


@given(ratio=RATIOS, nl=st.integers(0, 10**12))
def test_there_and_back_never_makes_volume(ratio: tuple[int, int], nl: int) -> None:
    geometry = Geometry(*ratio)
    assert geometry.nl(geometry.steps(nl)) <= nl


@given(ratio=RATIOS, revolutions=st.integers(0, 10**6))
def test_whole_revolutions_go_there_and_back_unchanged(ratio: tuple[int, int], revolutions: int) -> None:
    geometry = Geometry(*ratio)
    assert geometry.steps(geometry.nl(revolutions * ratio[1])) == revolutions * ratio[1]
