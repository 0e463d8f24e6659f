"""A blocked catheter is known by its pressure."""

import pytest

from pump.sensing.occlusion import OcclusionDetector


@pytest.mark.parametrize(("pressure_kpa", "occluded"), [(-5, False), (0, False), (79, False), (80, True), (500, True)])
def test_the_first_sample_at_the_threshold_decides(pressure_kpa: int, occluded: bool) -> None:
    assert OcclusionDetector(80).occluded(pressure_kpa) is occluded
