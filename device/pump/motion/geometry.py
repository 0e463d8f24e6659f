"""The mechanism's exact ratio of volume to microsteps."""


class Geometry:
    """`nl_per_rev` nanolitres of one motor revolution of `steps_per_rev` microsteps, as calibrated. *loop* only.

    A syringe and a peristaltic head differ in where the calibration comes from (bore and lead; tube and rollers) and
    in how much of the reservoir they can reach, not in this ratio.
    """

    def __init__(self, nl_per_rev: int, steps_per_rev: int) -> None:
        self.nl_per_rev = nl_per_rev
        self.steps_per_rev = steps_per_rev

    def nl(self, steps: int) -> int:
        """The whole nanolitres in `steps`, rounded down."""
        return steps * self.nl_per_rev // self.steps_per_rev

    def steps(self, nl: int) -> int:
        """The whole microsteps that do not exceed `nl`."""
        return nl * self.steps_per_rev // self.nl_per_rev
