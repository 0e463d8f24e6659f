"""What may be found wanting, or too much, in a reservoir whose capacity has no whole twentieth."""

import pytest

from pump.safety.reservoir import TOLERANCE_PARTS, Reservoir


@pytest.mark.req("R-05")
@pytest.mark.parametrize(
    "capacity_steps, tolerance_steps", [(0, 0), (19, 0), (20, 1), (39, 1), (40, 2), (4_610_681, 230_534)]
)
def test_the_tolerance_is_a_twentieth_in_whole_microsteps_rounded_down(
    capacity_steps: int, tolerance_steps: int
) -> None:
    assert TOLERANCE_PARTS == 20
    reservoir = Reservoir(capacity_steps, 0, 0)
    assert (reservoir.tolerance_steps, type(reservoir.tolerance_steps)) == (tolerance_steps, int)
    reservoir.refill(capacity_steps, 1, 0)
    for off_steps in (-tolerance_steps, 0, tolerance_steps):
        assert not reservoir.unexpected(capacity_steps + off_steps)
    for off_steps in (-tolerance_steps - 1, tolerance_steps + 1):
        assert reservoir.unexpected(capacity_steps + off_steps)
