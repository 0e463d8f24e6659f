"""What the prescription asks for by any time of a run, exactly.

Computed from the prescription's own rates, as fractions, and not from the integers the device was given: this is the
independent side of the account.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from itb.boards.board import Board
from itb.rx.prescription import Prescription

MS_PER_DAY = 86_400_000


@dataclass(frozen=True)
class PrescribedBolus:
    """`dose_steps` evenly over `duration_ms`, from `start_ms` of the run on."""

    start_ms: int
    dose_steps: Fraction
    duration_ms: int

    @property
    def end_ms(self) -> int:
        """When it is over."""
        return self.start_ms + self.duration_ms

    def steps_by(self, t_ms: int) -> Fraction:
        """Microsteps asked for by `t_ms` of the run."""
        return self.dose_steps * min(max(t_ms - self.start_ms, 0), self.duration_ms) / self.duration_ms


@dataclass(frozen=True)
class Amount:
    """Microsteps of basal and of boluses."""

    basal_steps: Fraction
    bolus_steps: Fraction

    @property
    def steps(self) -> Fraction:
        """Both together."""
        return self.basal_steps + self.bolus_steps


class Prescribed:
    """A day schedule of rates and single boluses. The run begins at midnight of the first day."""

    def __init__(self, schedule: Sequence[tuple[int, Fraction]], boluses: Iterable[PrescribedBolus] = ()) -> None:
        """`schedule` has the start of each segment, in ms of the day, and its rate, in microsteps per day.

        The first starts at 0, the others after it in order. Raises ValueError otherwise.
        """
        self._starts_ms = [start_ms for start_ms, _ in schedule]
        if self._starts_ms[:1] != [0] or self._starts_ms != sorted(set(self._starts_ms)):
            raise ValueError(f"segments start at {self._starts_ms} ms; they must begin with 0 and ascend")
        self._rates = [rate_steps_day for _, rate_steps_day in schedule]
        self._before = [Fraction(0)]
        ends_ms = [*self._starts_ms[1:], MS_PER_DAY]
        for start_ms, end_ms, rate in zip(self._starts_ms, ends_ms, self._rates, strict=True):
            self._before.append(self._before[-1] + rate * (end_ms - start_ms) / MS_PER_DAY)
        self.day_steps = self._before[-1]
        self.boluses = sorted(boluses, key=lambda bolus: bolus.start_ms)

    def rate_steps_day(self, t_ms: int) -> Fraction:
        """The basal rate in force at `t_ms` of the run, in microsteps per day."""
        return self._rates[self._segment(t_ms % MS_PER_DAY)]

    def basal_by(self, t_ms: int) -> Fraction:
        """Microsteps of basal from the start to `t_ms` of the run."""
        days, day_ms = divmod(t_ms, MS_PER_DAY)
        place = self._segment(day_ms)
        within = self._before[place] + self._rates[place] * (day_ms - self._starts_ms[place]) / MS_PER_DAY
        return days * self.day_steps + within

    def during(self, spans: Iterable[tuple[int, int]], boluses: Sequence[PrescribedBolus]) -> Amount:
        """What basal and `boluses` ask for within `spans`, each from and until a time of the run in ms, apart.

        A bolus ends for good with the span it began in; one that would begin outside of all is not asked for.
        """
        basal, bolus = Fraction(0), Fraction(0)
        for from_ms, until_ms in spans:
            basal += self.basal_by(until_ms) - self.basal_by(from_ms)
            bolus += sum((b.steps_by(until_ms) for b in boluses if from_ms <= b.start_ms < until_ms), Fraction(0))
        return Amount(basal, bolus)

    def _segment(self, day_ms: int) -> int:
        return bisect_right(self._starts_ms, day_ms) - 1


def prescribed_on(prescription: Prescription, board: Board) -> Prescribed:
    """What `prescription` asks of a pump with the mechanism of `board`."""
    steps_per_ug = 1_000_000 / (prescription.concentration_ug_ml * board.nl_per_step)
    return Prescribed(
        [(step.start_ms, step.rate_ug_day * steps_per_ug) for step in prescription.basal],
        [PrescribedBolus(b.start_ms, b.dose_ug * steps_per_ug, b.duration_ms) for b in prescription.boluses],
    )
