"""A scale under the twin: the readings that a real one would show, made from the simulated plant.

What is simulated is the plant of `itb run`, its tubing and catheter too, behind a screw with slack and a thread out of
true, and an analytical balance. The numbers of screw and balance are orders of magnitude, not those of any product.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, sqrt
from pathlib import Path

import numpy as np

from itb.bench.readings import Weights
from itb.bench.scale import Reading
from itb.bench.water import nl_per_mg
from itb.boards.board import Board, write_constants
from itb.errors import InputError
from itb.firmware import PUMP, TWIN
from itb.quantity import TIME, VOLUME, VOLUME_RATE, amount, decimal_down
from itb.sim.messages import GuestError

SLACK_STEPS = 96
SWING_PERCENT = 3.0
TEMPERATURE_C = 20.0
# A balance of 0.1 mg: what its makers call repeatability, and a zero that wanders with the air of the room.
STEP_MG = Fraction(1, 10)
REPEATABILITY_MG = 0.08
WANDER_MG_PER_ROOT_H = 0.1
SAMPLE_S = 30
LONGEST_DAYS = 7

# A revolution in 16 s, then time to settle.
_TURNING_INTERVAL_US = 5000
_SETTLE_S = 20
_US_PER_S = 1_000_000
_S_PER_DAY = 86_400
_US_PER_DAY = _S_PER_DAY * _US_PER_S

_GUEST = """
import sys
sys.path[:0] = {path}
import board
from twin.weigh import serve
serve(board, {fill}, {slack}, {swing})
"""


class TwinBench:
    """The simulated plant, in a process of its own: the host never imports it. Use it as a context."""

    def __init__(self, board: Board, slack_steps: int = SLACK_STEPS, swing_percent: float = SWING_PERCENT) -> None:
        """The reservoir is full."""
        self.elapsed_us = 0
        self.tip_nl = 0.0
        self._temporary = tempfile.TemporaryDirectory(prefix="itb-scale-")
        write_constants(board, Path(self._temporary.name))
        code = _GUEST.format(
            path=[self._temporary.name, str(PUMP.parent), str(TWIN.parent)],
            fill=int(board.steps(board.capacity_nl)),
            slack=slack_steps,
            swing=swing_percent,
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> "TwinBench":
        return self

    def __exit__(self, *raised: object) -> None:
        # Both ends of its pipes are closed and waited for.
        self._process.communicate()
        self._temporary.cleanup()

    def flow(self, span_us: int, steps: int = 0, first_us: int = 0, interval_us: int = 0) -> None:
        """Let a span pass with `steps` microsteps in it, the first at `first_us`, the others `interval_us` apart."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{span_us} {steps} {first_us} {interval_us}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        try:
            self.tip_nl = float(answer)
        except ValueError as error:
            raise GuestError(f"the simulated plant said {answer.strip()!r}; expected a volume") from error
        self.elapsed_us += span_us

    @property
    def elapsed_s(self) -> float:
        """Simulated time."""
        return self.elapsed_us / _US_PER_S


class TwinDispenser:
    """Turns the twin's motor."""

    def __init__(self, bench: TwinBench, board: Board) -> None:
        self._bench = bench
        self._steps_per_rev = board.steps_per_rev

    def dispense(self, revolutions: int) -> None:
        """Turn, and let everything settle."""
        steps = revolutions * self._steps_per_rev
        self._bench.flow(steps * _TURNING_INTERVAL_US, steps, 0, _TURNING_INTERVAL_US)
        self._bench.flow(_SETTLE_S * _US_PER_S)


class TwinScale:
    """A balance under the twin's catheter: white noise, a zero that wanders, and whole last digits; `seed` decides."""

    def __init__(self, bench: TwinBench, seed: int) -> None:
        self._bench = bench
        # Of numpy's generators the one whose numbers stay the same in all versions (NEP 19).
        self._random = np.random.RandomState(seed)
        self._wander_mg = 0.0
        self._seen_s = 0.0
        self._nl_per_mg = nl_per_mg(TEMPERATURE_C)

    def weigh(self) -> Reading:
        """What it shows now."""
        hours = (self._bench.elapsed_s - self._seen_s) / 3600
        self._seen_s = self._bench.elapsed_s
        self._wander_mg += WANDER_MG_PER_ROOT_H * sqrt(hours) * self._normal()
        shown_mg = self._bench.tip_nl / self._nl_per_mg + self._wander_mg + REPEATABILITY_MG * self._normal()
        return Reading(round(shown_mg / float(STEP_MG)) * STEP_MG, STEP_MG, True)

    def _normal(self) -> float:
        return float(self._random.standard_normal())


def steady_weights(board: Board, rate_nl_day: Fraction, until_s: Fraction, seed: int) -> Weights:
    """What the scale shows every 30 s while the motor makes evenly spaced microsteps from time 0 on.

    Raises InputError for a rate beyond the board's, and for more volume than its reservoir gives.
    """
    _refuse_unless_possible(board, rate_nl_day, until_s)
    seconds: list[Fraction] = []
    masses_mg: list[Fraction] = []
    with TwinBench(board) as bench:
        scale = TwinScale(bench, seed)
        masses_mg.append(scale.weigh().mass_mg)
        seconds.append(Fraction(0))
        for span in _spans(rate_nl_day / board.nl_per_step, until_s):
            bench.flow(*span)
            masses_mg.append(scale.weigh().mass_mg)
            seconds.append(Fraction(bench.elapsed_us, _US_PER_S))
    return Weights(tuple(seconds), tuple(masses_mg), STEP_MG, f"simulated: the twin of {board.name}")


def _spans(steps_day: Fraction, until_s: Fraction) -> Iterator[tuple[int, int, int, int]]:
    """Spans of 30 s of an even train of microsteps, the first one interval after 0."""
    interval_us = Fraction(_US_PER_DAY) / steps_day
    span_us = SAMPLE_S * _US_PER_S
    made = 0
    for number in range(1, ceil(until_s / SAMPLE_S) + 1):
        end_us = number * span_us
        due = end_us // interval_us
        first_us = (made + 1) * interval_us - (end_us - span_us)
        yield span_us, int(due - made), int(first_us), int(interval_us)
        made = due


def _refuse_unless_possible(board: Board, rate_nl_day: Fraction, until_s: Fraction) -> None:
    low, high = board.min_rate_nl_day, board.max_rate_nl_day
    if not low <= rate_nl_day <= high:
        bounds = f"from {amount(low, VOLUME_RATE, 'mL/day')} to {amount(high, VOLUME_RATE, 'mL/day')}"
        raise InputError("--rate", amount(rate_nl_day, VOLUME_RATE, "mL/day"), f"a rate of the board, {bounds}")
    room_nl = board.capacity_nl - board.residual_nl
    longest_s = min(room_nl / rate_nl_day * _S_PER_DAY, Fraction(LONGEST_DAYS * _S_PER_DAY))
    if until_s > longest_s:
        reasons = f"{LONGEST_DAYS} days, and what the reservoir's {amount(room_nl, VOLUME, 'mL')} last"
        accepted = f"at most {decimal_down(longest_s / 3600)} h, the lesser of {reasons}"
        raise InputError("--to", amount(until_s * 1000, TIME, "h"), accepted)
