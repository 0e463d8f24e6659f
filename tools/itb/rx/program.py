"""Programs: a prescription as the device's whole numbers, and the exact way back.

A rate is `whole + frac / rate_den` microsteps per day, a dose `whole + frac / rate_den` microsteps. Nothing is rounded:
a prescription whose rates and doses do not share a small enough denominator is refused. So what is read back from the
device's numbers is what was prescribed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor, lcm

from itb.boards.board import Board
from itb.errors import InputError
from itb.quantity import TIME, amount, shown
from itb.rx.limits import Finding, Limit, Review, in_force, stack
from itb.rx.prescription import MS_PER_DAY, NL_PER_ML, Prescription
from itb.rx.windows import Demand

VERSION = 1
GREATEST_DENOMINATOR = 1 << 20


@dataclass(frozen=True)
class Segment:
    """From `start_ms` of the day on, `whole + frac / rate_den` microsteps per day."""

    start_ms: int
    whole: int
    frac: int


@dataclass(frozen=True)
class ProgramBolus:
    """On `day` (0 is the first) at `at_ms`, `whole + frac / rate_den` microsteps, evenly over `duration_ms`."""

    day: int
    at_ms: int
    whole: int
    frac: int
    duration_ms: int


@dataclass(frozen=True)
class Program:
    """What the device is given, whole numbers only. `limits` is kind -> (microsteps, origin)."""

    rate_den: int
    segments: tuple[Segment, ...]
    boluses: tuple[ProgramBolus, ...]
    limits: Mapping[str, tuple[int, str]]

    def steps(self, part: Segment | ProgramBolus) -> Fraction:
        """A segment's microsteps per day, or a bolus's microsteps."""
        return part.whole + Fraction(part.frac, self.rate_den)

    def demand(self) -> Demand:
        """All demand, in microsteps."""
        basal = [(segment.start_ms, self.steps(segment)) for segment in self.segments]
        return Demand(basal, [(b.day * MS_PER_DAY + b.at_ms, self.steps(b), b.duration_ms) for b in self.boluses])

    def segment_steps(self) -> list[Fraction]:
        """Microsteps that each segment asks for in a day."""
        ends_ms = [*(segment.start_ms for segment in self.segments[1:]), MS_PER_DAY]
        spans = zip(self.segments, ends_ms, strict=True)
        return [self.steps(segment) * (end_ms - segment.start_ms) / MS_PER_DAY for segment, end_ms in spans]

    def day_total_steps(self) -> Fraction:
        """The basal of a day: the sum of its segments, exactly (D-08)."""
        return sum(self.segment_steps(), Fraction(0))

    def as_dict(self) -> dict[str, object]:
        """The form that travels to the device."""
        return {
            "version": VERSION,
            "rate_den": self.rate_den,
            "segments": [[s.start_ms, s.whole, s.frac] for s in self.segments],
            "boluses": [[b.day, b.at_ms, b.whole, b.frac, b.duration_ms] for b in self.boluses],
            "limits": {kind: [steps, origin] for kind, (steps, origin) in self.limits.items()},
        }


@dataclass(frozen=True)
class Scale:
    """Turns microsteps into doses and volumes, exactly."""

    nl_per_step: Fraction
    concentration_ug_ml: Fraction

    def ug(self, steps: Fraction) -> Fraction:
        """The dose of some microsteps."""
        return self.nl(steps) * self.concentration_ug_ml / NL_PER_ML

    def nl(self, steps: Fraction) -> Fraction:
        """The volume of some microsteps."""
        return steps * self.nl_per_step

    def steps(self, dose_ug: Fraction) -> Fraction:
        """The microsteps of a dose."""
        return dose_ug / self.concentration_ug_ml * NL_PER_ML / self.nl_per_step


@dataclass(frozen=True)
class Plan:
    """A prescription that was accepted for a board, with everything worth knowing about it beforehand."""

    prescription: Prescription
    board: Board
    program: Program
    scale: Scale
    limits: dict[str, list[Limit]]
    review: Review
    findings: list[Finding]
    fill_steps: int

    def day_total_ug(self) -> Fraction:
        """The basal of a day as the device's numbers say."""
        return self.scale.ug(self.program.day_total_steps())


def make_plan(prescription: Prescription, board: Board, slice_ms: int | None = None) -> Plan:
    """Compile the prescription and hold it against every limit. `slice_ms` replaces the board's tick.

    Raises InputError for whatever a hard limit refuses, for what the device cannot represent and for a slice too long
    for the boluses. Soft limits become findings.
    """
    if slice_ms is not None:
        _check_slice(prescription, slice_ms)
    scale = Scale(board.nl_per_step, prescription.concentration_ug_ml)
    # Limits are looked at before representability: a refused dose is the more useful thing to hear about.
    review = Review(prescription, board, slice_ms or board.tick_ms)
    review.refuse_hard()
    limits = stack(prescription, board)
    program = _compile(prescription, scale, {k: (review.cap_steps(k), in_force(v).origin) for k, v in limits.items()})
    fill_nl = board.capacity_nl if prescription.fill_nl is None else prescription.fill_nl
    fill_steps = floor(board.steps(fill_nl))
    return Plan(prescription, board, program, scale, limits, review, review.findings(), fill_steps)


def _check_slice(prescription: Prescription, slice_ms: int) -> None:
    """A bolus is looked at two ticks before its time, and the one before must then be over; else it begins late."""
    gaps_ms = [after.start_ms - before.end_ms for before, after in pairwise(prescription.boluses)]
    if gaps_ms and 2 * slice_ms > min(gaps_ms):
        greatest = amount(Fraction(min(gaps_ms) // 2), TIME, "s")
        accepted = f"at most {greatest}, half the shortest pause between two boluses"
        raise InputError("--slice", amount(Fraction(slice_ms), TIME, "s"), accepted)


def _compile(prescription: Prescription, scale: Scale, limits: dict[str, tuple[int, str]]) -> Program:
    rates = [scale.steps(step.rate_ug_day) for step in prescription.basal]
    doses = [scale.steps(bolus.dose_ug) for bolus in prescription.boluses]
    rate_den = 1
    fields = [*_basal_fields(prescription), *(f"bolus[{place}].dose" for place in range(1, len(doses) + 1))]
    for field, exact in zip(fields, [*rates, *doses], strict=True):
        rate_den = lcm(rate_den, exact.denominator)
        if rate_den > GREATEST_DENOMINATOR:
            raise InputError(
                prescription.field(field),
                f"{shown(str(exact))} microsteps",
                "a representable value, whose microsteps share a denominator up to "
                f"{GREATEST_DENOMINATOR} with those before it (here {shown(rate_den)}): use fewer decimals or a "
                "rounder concentration",
            )
    segments = tuple(
        Segment(step.start_ms, *_split(rate, rate_den)) for step, rate in zip(prescription.basal, rates, strict=True)
    )
    boluses = tuple(
        ProgramBolus(bolus.day - 1, bolus.at_ms, *_split(dose, rate_den), bolus.duration_ms)
        for bolus, dose in zip(prescription.boluses, doses, strict=True)
    )
    return Program(rate_den, segments, boluses, limits)


def _basal_fields(prescription: Prescription) -> list[str]:
    if prescription.mode == "continuous":
        return ["basal.rate"]
    return [f"basal.step[{place}].rate" for place in range(1, len(prescription.basal) + 1)]


def _split(exact: Fraction, rate_den: int) -> tuple[int, int]:
    """`exact` as a whole number and a numerator over `rate_den`."""
    whole = floor(exact)
    return whole, int((exact - whole) * rate_den)
