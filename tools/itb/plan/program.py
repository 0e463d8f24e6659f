"""Programs: a prescription as the device's whole numbers, and the exact way back.

A rate is `whole + frac / rate_den` microsteps per day, a dose `whole + frac / rate_den` microsteps. Nothing is rounded:
a prescription whose rates and doses do not share a small enough denominator is refused. So what is read back from the
device's numbers is what was prescribed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor, lcm

from itb.boards.board import Board
from itb.errors import InputError
from itb.limits.limits import Finding, Limit
from itb.limits.review import Review
from itb.limits.windows import Pattern
from itb.quantity import TIME, amount, shown
from itb.rx.orders import MS_PER_DAY, NL_PER_ML, Stage
from itb.rx.prescription import Prescription

VERSION = 2
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
class ProgramDose:
    """`whole + frac / rate_den` microsteps over `duration_ms`: a patient's bolus, or a rung of a trial."""

    whole: int
    frac: int
    duration_ms: int


@dataclass(frozen=True)
class ProgramPatient:
    """The patient's bolus, `lockout_ms` from start to start at least, `per_day` in any 24 h at most."""

    dose: ProgramDose
    lockout_ms: int
    per_day: int


@dataclass(frozen=True)
class Program:
    """What the device is given, whole numbers only.

    `titration` is (percent, origin), `limits` kind -> (microsteps, origin). `bridge` is (microsteps, duration_ms), and
    `override` says why none is needed where the concentration changes; both are for who knows what was there before.
    """

    rate_den: int
    concentration_ng_ml: int
    patterns: tuple[tuple[Segment, ...], ...]
    plan: tuple[Stage, ...]
    boluses: tuple[ProgramBolus, ...]
    patient: ProgramPatient | None
    trial: tuple[ProgramDose, ...]
    titration: tuple[int, str]
    limits: Mapping[str, tuple[int, str]]
    bridge: tuple[int, int] | None = None
    override: str = ""

    def steps(self, part: Segment | ProgramBolus | ProgramDose) -> Fraction:
        """A segment's microsteps per day, or a dose's microsteps."""
        return part.whole + Fraction(part.frac, self.rate_den)

    def day_patterns(self) -> list[Pattern]:
        """The day patterns in microsteps per day, and `dated_boluses` in microsteps, as `Demand` takes them."""
        return [[(segment.start_ms, self.steps(segment)) for segment in pattern] for pattern in self.patterns]

    def dated_boluses(self) -> list[tuple[int, Fraction, int]]:
        """See `day_patterns`."""
        return [(b.day * MS_PER_DAY + b.at_ms, self.steps(b), b.duration_ms) for b in self.boluses]

    def segment_steps(self, pattern: int = 0) -> list[Fraction]:
        """Microsteps that each segment of a pattern asks for in a day."""
        segments = self.patterns[pattern]
        ends_ms = [*(segment.start_ms for segment in segments[1:]), MS_PER_DAY]
        spans = zip(segments, ends_ms, strict=True)
        return [self.steps(segment) * (end_ms - segment.start_ms) / MS_PER_DAY for segment, end_ms in spans]

    def day_total_steps(self, pattern: int = 0) -> Fraction:
        """The basal of a day of a pattern: the sum of its segments, exactly (D-08)."""
        return sum(self.segment_steps(pattern), Fraction(0))

    def greatest_day_steps(self) -> Fraction:
        """The greatest daily total of all patterns."""
        return max(self.day_total_steps(pattern) for pattern in range(len(self.patterns)))

    def as_dict(self) -> dict[str, object]:
        """The form that travels to the device."""
        return {
            "version": VERSION,
            "rate_den": self.rate_den,
            "concentration_ng_ml": self.concentration_ng_ml,
            "patterns": [[[s.start_ms, s.whole, s.frac] for s in pattern] for pattern in self.patterns],
            "plan": [[stage.from_day, stage.weekday, stage.weekend] for stage in self.plan],
            "boluses": [[b.day, b.at_ms, b.whole, b.frac, b.duration_ms] for b in self.boluses],
            "patient": _patient(self.patient),
            "trial": [[rung.whole, rung.frac, rung.duration_ms] for rung in self.trial],
            "bridge": None if self.bridge is None else list(self.bridge),
            "override": self.override,
            "titration": list(self.titration),
            "limits": {kind: [steps, origin] for kind, (steps, origin) in self.limits.items()},
        }


def _patient(patient: ProgramPatient | None) -> list[int] | None:
    if patient is None:
        return None
    dose = patient.dose
    return [dose.whole, dose.frac, dose.duration_ms, patient.lockout_ms, patient.per_day]


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
    """A prescription that was accepted for a board, with everything worth knowing about it beforehand.

    The `prescription` has the board's lowest rate in it where it asks for that.
    """

    prescription: Prescription
    board: Board
    program: Program
    scale: Scale
    limits: dict[str, list[Limit]]
    review: Review
    findings: list[Finding]
    fill_steps: int

    def day_total_ug(self, pattern: int = 0) -> Fraction:
        """The basal of a day of a pattern, as the device's numbers say."""
        return self.scale.ug(self.program.day_total_steps(pattern))


def make_plan(prescription: Prescription, board: Board, slice_ms: int | None = None) -> Plan:
    """Compile the prescription and hold it against every limit. `slice_ms` replaces the board's tick.

    Raises InputError for whatever a hard limit refuses, for what the device cannot represent and for a slice too long
    for the boluses. Soft limits become findings.
    """
    if slice_ms is not None:
        _check_slice(prescription, slice_ms)
    rx = prescription.at_minimum_rate(board.min_rate_nl_day)
    scale = Scale(board.nl_per_step, rx.concentration_ug_ml)
    # Limits are looked at before representability: a refused dose is the more useful thing to hear about.
    review = Review(rx, board, slice_ms or board.tick_ms)
    review.refuse_hard()
    caps = review.caps
    program = _compile(rx, scale, {kind: (caps.cap_steps(kind), caps.limit(kind).origin) for kind in caps.stacked})
    fill_nl = board.capacity_nl if rx.fill_nl is None else rx.fill_nl
    fill_steps = floor(board.steps(fill_nl))
    return Plan(rx, board, program, scale, caps.stacked, review, review.findings(), fill_steps)


def _check_slice(prescription: Prescription, slice_ms: int) -> None:
    """A bolus is looked at two ticks before its time, and the one before must then be over; else it begins late."""
    gaps_ms = [after.start_ms - before.end_ms for before, after in pairwise(prescription.boluses)]
    if gaps_ms and 2 * slice_ms > min(gaps_ms):
        greatest = amount(Fraction(min(gaps_ms) // 2), TIME, "s")
        accepted = f"at most {greatest}, half the shortest pause between two boluses"
        raise InputError("--slice", amount(Fraction(slice_ms), TIME, "s"), accepted)


def _compile(rx: Prescription, scale: Scale, limits: dict[str, tuple[int, str]]) -> Program:
    rate_den = _denominator(rx, scale)

    def parts(amount_ug: Fraction) -> tuple[int, int]:
        return _split(scale.steps(amount_ug), rate_den)

    patient = None
    if rx.patient:
        dose = ProgramDose(*parts(rx.patient.dose_ug), rx.patient.duration_ms)
        patient = ProgramPatient(dose, rx.patient.lockout_ms, rx.patient.per_day)
    rise = rx.drug.titration.rise_hard.value
    return Program(
        rate_den=rate_den,
        concentration_ng_ml=rx.concentration_ng_ml,
        patterns=tuple(
            tuple(Segment(step.start_ms, *parts(step.rate_ug_day)) for step in pattern) for pattern in rx.patterns
        ),
        plan=rx.plan,
        boluses=tuple(ProgramBolus(b.day - 1, b.at_ms, *parts(b.dose_ug), b.duration_ms) for b in rx.boluses),
        patient=patient,
        trial=tuple(ProgramDose(*parts(rung.dose_ug), rung.duration_ms) for rung in rx.trial),
        titration=(int(rise), rx.drug.label),
        limits=limits,
    )


def _denominator(rx: Prescription, scale: Scale) -> int:
    """The denominator that all rates and doses share. Raises InputError naming the first that makes it too great."""
    rate_den = 1
    for field, ug in _amounts(rx):
        exact = scale.steps(ug)
        rate_den = lcm(rate_den, exact.denominator)
        if rate_den > GREATEST_DENOMINATOR:
            raise InputError(
                rx.field(field),
                f"{shown(str(exact))} microsteps",
                "a representable value, whose microsteps share a denominator up to "
                f"{GREATEST_DENOMINATOR} with those before it (here {shown(rate_den)}): use fewer decimals or a "
                f"rounder concentration{', or a share of the first day in %' if field.startswith('plan') else ''}",
            )
    return rate_den


def _amounts(rx: Prescription) -> Iterator[tuple[str, Fraction]]:
    """Every rate and dose that the device is told, with the key it comes from."""
    for day, steps in enumerate(rx.basal):
        yield from ((rx.basal_field(day, place), step.rate_ug_day) for place, step in enumerate(steps))
    for stage, one in enumerate(rx.plan):
        field = f"plan.stage[{stage}].daily" if stage else "periodic.dose"
        for pattern in (one.weekday, one.weekend):
            yield from ((field, step.rate_ug_day) for step in rx.patterns[pattern])
    yield from ((f"bolus[{place}].dose", bolus.dose_ug) for place, bolus in enumerate(rx.boluses, 1))
    if rx.patient:
        yield "patient_bolus.dose", rx.patient.dose_ug
    yield from ((f"trial.step[{place}].dose", rung.dose_ug) for place, rung in enumerate(rx.trial, 1))


def _split(exact: Fraction, rate_den: int) -> tuple[int, int]:
    """`exact` as a whole number and a numerator over `rate_den`."""
    whole = floor(exact)
    return whole, int((exact - whole) * rate_den)
