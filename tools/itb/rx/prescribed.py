"""What a prescription asks for, exactly: rates by the day, and doses.

Computed from the prescription's own rates, as fractions, and not from the integers the device was given: this is the
independent side of the account.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from itb.boards.board import Board
from itb.rx.orders import MS_PER_DAY, Stage
from itb.rx.prescription import Prescription

DAYS_PER_WEEK = 7
SATURDAY = 5


class DayRates:
    """The rates of one day, in microsteps per day."""

    def __init__(self, rows: Sequence[tuple[int, Fraction]]) -> None:
        """`rows` has the start of each segment, in ms of the day, and its rate.

        The first starts at 0, the others after it in order. Raises ValueError otherwise.
        """
        self.starts_ms = [start_ms for start_ms, _ in rows]
        if self.starts_ms[:1] != [0] or self.starts_ms != sorted(set(self.starts_ms)):
            raise ValueError(f"segments start at {self.starts_ms} ms; they must begin with 0 and ascend")
        self.rates = [rate_steps_day for _, rate_steps_day in rows]
        spans_ms = (end_ms - start_ms for start_ms, end_ms in pairwise([*self.starts_ms, MS_PER_DAY]))
        parts = (rate * span_ms / MS_PER_DAY for rate, span_ms in zip(self.rates, spans_ms, strict=True))
        self._before = [Fraction(0), *accumulate(parts)]
        self.day_steps = self._before[-1]

    def rate_at(self, day_ms: int) -> Fraction:
        """The rate in force at a time of the day."""
        return self.rates[self._segment(day_ms)]

    def steps_by(self, day_ms: int) -> Fraction:
        """Microsteps from midnight to a time of the day, 0..86,400,000."""
        place = self._segment(day_ms)
        return self._before[place] + self.rates[place] * (day_ms - self.starts_ms[place]) / MS_PER_DAY

    def at_most(self, rate_steps_day: int) -> "DayRates":
        """The same, but nowhere faster than `rate_steps_day`."""
        ceiling = Fraction(rate_steps_day)
        return DayRates([(start, min(rate, ceiling)) for start, rate in zip(self.starts_ms, self.rates, strict=True)])

    def _segment(self, day_ms: int) -> int:
        return bisect_right(self.starts_ms, day_ms) - 1


@dataclass(frozen=True)
class PrescribedDose:
    """`steps` evenly over `duration_ms`."""

    steps: Fraction
    duration_ms: int


@dataclass(frozen=True)
class PrescribedBolus:
    """`dose` from `start_ms` after midnight of the program's first day on."""

    start_ms: int
    dose: PrescribedDose


@dataclass(frozen=True)
class Prescribed:
    """A prescription in microsteps of one mechanism.

    `plan` says which of the `days` holds on weekdays and weekends of which plan day; there are single `boluses`, a dose
    for the `patient` to ask for, and the rungs of a `trial`. Rates are whole in parts of 1/`rate_den`. A `bridge` of
    (microsteps, duration_ms) comes before all else, where one is needed.
    """

    name: str
    concentration_ng_ml: int
    days: tuple[DayRates, ...]
    plan: tuple[Stage, ...] = (Stage(0, 0, 0),)
    boluses: tuple[PrescribedBolus, ...] = ()
    patient: PrescribedDose | None = None
    trial: tuple[PrescribedDose, ...] = ()
    rate_den: int = 1
    bridge: tuple[int, int] | None = None

    @property
    def day_steps(self) -> Fraction:
        """Microsteps of the plan's first day, if that is a weekday."""
        return self.rates_on(0, 0).day_steps

    def stage_of(self, plan_day: int) -> int:
        """The stage that `plan_day` belongs to; days count from 0."""
        return bisect_right([stage.from_day for stage in self.plan], plan_day) - 1

    def rates_on(self, stage: int, weekday: int) -> DayRates:
        """The rates of a `weekday`, 0 for Monday, of some stage."""
        one = self.plan[stage]
        return self.days[one.weekend if weekday >= SATURDAY else one.weekday]


def prescribed_on(
    prescription: Prescription, board: Board, rate_den: int, bridge: tuple[int, int] | None = None, name: str = ""
) -> Prescribed:
    """What `prescription` asks of a pump with the mechanism of `board`, by a program of that `rate_den` and `bridge`.

    `name` is what the program is called, if not by the prescription's title.
    """
    steps_per_ug = 1_000_000 / (prescription.concentration_ug_ml * board.nl_per_step)

    def dose(dose_ug: Fraction, duration_ms: int) -> PrescribedDose:
        return PrescribedDose(dose_ug * steps_per_ug, duration_ms)

    patient = prescription.patient
    return Prescribed(
        name=name or prescription.title,
        concentration_ng_ml=prescription.concentration_ng_ml,
        days=tuple(
            DayRates([(step.start_ms, step.rate_ug_day * steps_per_ug) for step in day])
            for day in prescription.patterns
        ),
        plan=prescription.plan,
        boluses=tuple(PrescribedBolus(b.start_ms, dose(b.dose_ug, b.duration_ms)) for b in prescription.boluses),
        patient=dose(patient.dose_ug, patient.duration_ms) if patient else None,
        trial=tuple(dose(rung.dose_ug, rung.duration_ms) for rung in prescription.trial),
        rate_den=rate_den,
        bridge=bridge,
    )
