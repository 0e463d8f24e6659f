"""A plant to put on a scale: spans of pulses come in as lines of text, what left the catheter's tip goes out.

Before the plant stand two faults of real screws that it leaves out, since no alarm depends on them: slack, which the
first microsteps take up, and a thread that runs out of true, so that what a microstep displaces swings with each turn.
"""

import sys
from math import pi, sin

from twin.plant import Plant


class ScrewPlant(Plant):
    """A plant behind a screw with slack and a swing; by `swing_percent` the flow swings either way."""

    def __init__(self, board, fill_steps: int, slack_steps: int, swing_percent: float) -> None:
        super().__init__(board, fill_steps, {})
        self._slack_steps = slack_steps
        self._true_step_nl = board.NL_PER_REV / board.STEPS_PER_REV
        self._swing_nl = board.NL_PER_REV * swing_percent / 100.0 / (2.0 * pi)

    def flow(self, span_us: int, steps: int, first_us: int, interval_us: int) -> None:
        """As `Plant.flow`, with the volume that these steps displace at this angle of the screw."""
        taken = min(steps, self._slack_steps)
        self._slack_steps -= taken
        steps = min(steps - taken, self.reservoir_steps)
        if steps:
            swing_nl = self._swing_at(self.displaced_steps + steps) - self._swing_at(self.displaced_steps)
            self._step_nl = self._true_step_nl + swing_nl / steps
        super().flow(span_us, steps, first_us + taken * interval_us, interval_us)

    def plunger_nl(self) -> float:
        """What the plunger displaced, swing and all."""
        return super().plunger_nl() + self._swing_at(self.displaced_steps)

    def _swing_at(self, steps: int) -> float:
        return self._swing_nl * sin(2.0 * pi * (steps % self._steps_per_rev) / self._steps_per_rev)


def serve(board, fill_steps: int, slack_steps: int, swing_percent: float) -> None:
    """For every line "span_us steps first_us interval_us", say the volume in nL that has left the tip by its end."""
    plant = ScrewPlant(board, fill_steps, slack_steps, swing_percent)
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        span_us, steps, first_us, interval_us = [int(word) for word in line.split()]
        plant.flow(span_us, steps, first_us, interval_us)
        print(plant.catheter_nl())
        sys.stdout.flush()
