"""Downstream occlusion, from catheter pressure."""


class OcclusionDetector:
    """Decides on the first sample at or above the threshold: an occlusion stops delivery at once. *loop* only."""

    def __init__(self, threshold_kpa: int) -> None:
        self._threshold_kpa = threshold_kpa

    def occluded(self, pressure_kpa: int) -> bool:
        """Whether `pressure_kpa` means that the catheter is blocked."""
        return pressure_kpa >= self._threshold_kpa
