"""What doses must keep to that are given at once: boluses, the patient's, the periodic one, a trial's steps."""

from collections.abc import Iterator
from fractions import Fraction

from itb.errors import InputError
from itb.limits.allotted import judged_steps, most_ug
from itb.limits.guarded import Guarded
from itb.limits.limits import NAMES, Caps, Finding
from itb.quantity import DOSE, TIME, amount, decimal_up
from itb.rx.prescription import Prescription


def doses(rx: Prescription) -> Iterator[tuple[str, Fraction]]:
    """Every dose that is given at once, with its key; the periodic one at its largest."""
    yield from ((f"bolus[{place}].dose", bolus.dose_ug) for place, bolus in enumerate(rx.boluses, 1))
    if rx.periodic:
        yield "periodic.dose", rx.periodic.dose_ug
        if rx.plan_kind == "titration":
            yield f"plan.stage[{len(rx.plan) - 1}].daily", rx.periodic.dose_ug * rx.growth(len(rx.plan) - 1)
    if rx.patient:
        yield "patient_bolus.dose", rx.patient.dose_ug
    yield from ((f"trial.step[{place}].dose", rung.dose_ug) for place, rung in enumerate(rx.trial, 1))


def refuse_doses(caps: Caps) -> None:
    """Raise InputError for the first dose beyond the drug's or the pump's bounds, or above a trial's ladder."""
    low = caps.rx.drug.limits["bolus"].hard_low
    for key, dose_ug in doses(caps.rx):
        steps, field, value = caps.steps(dose_ug), caps.rx.field(key), amount(dose_ug, DOSE)
        if dose_ug < low.value:
            raise InputError(field, value, f"at least {amount(low.value, DOSE)} ({caps.drug_source(low)})")
        if steps < 1:
            raise InputError(field, value, f"at least one microstep, {decimal_up(caps.ug(Fraction(1)), 6)} ug")
        caps.refuse_bolus_above(field, dose_ug)
    _refuse_ladder(caps)


def _refuse_ladder(caps: Caps) -> None:
    ladder = caps.rx.drug.trial
    if len(caps.rx.trial) > len(ladder.rungs):
        accepted = f"at most {len(ladder.rungs)} steps (drug {caps.rx.drug.name})"
        raise InputError(caps.rx.field("trial.step"), f"{len(caps.rx.trial)} steps", accepted)
    for place, (rung, bound) in enumerate(zip(caps.rx.trial, ladder.rungs, strict=False), 1):
        if rung.dose_ug > bound.value:
            accepted = f"at most {amount(bound.value, DOSE)} as step {place} ({caps.drug_source(bound)})"
            raise InputError(caps.rx.field(f"trial.step[{place}].dose"), amount(rung.dose_ug, DOSE), accepted)


def dose_findings(caps: Caps) -> Iterator[Finding]:
    """What is to be confirmed about doses: beyond the usual, or in a trial another one than the ladder's."""
    if not caps.rx.trial:
        for key, dose_ug in doses(caps.rx):
            yield from caps.outside(key, dose_ug, caps.rx.drug.limits["bolus"])
    for place, (rung, bound) in enumerate(zip(caps.rx.trial, caps.rx.drug.trial.rungs, strict=False), 1):
        if rung.dose_ug < bound.value:
            yield caps.finding(f"trial.step[{place}].dose", rung.dose_ug, "the ladder's", bound, DOSE)


def patient_findings(caps: Caps, guarded: Guarded) -> Iterator[Finding]:
    """What is to be confirmed about the patient's bolus when it is taken as often as it is allotted."""
    patient = caps.rx.patient
    if patient is None:
        return
    if patient.per_day > patient.most_per_day:
        lockout = amount(Fraction(patient.lockout_ms), TIME, "min")
        expected = f"at most {patient.most_per_day} per day: more do not fit with a lockout of {lockout}"
        yield Finding(caps.rx.field("patient_bolus.per_day"), str(patient.per_day), expected, "its own lockout")
    for kind, name in (("hour", "hourly"), ("day", "daily")):
        most = judged_steps(guarded, kind)
        if most > caps.cap_steps(kind):
            value = f"{name} dose up to {amount(caps.ug(most), DOSE, places=3)} when every allotted bolus is asked for"
            expected = f"at most {caps.greatest_ug(kind)} ug, above which the pump denies boluses"
            yield Finding(caps.rx.field("patient_bolus"), value, expected, caps.limit_text(kind))
            continue
        usual = caps.rx.drug.limits[NAMES[kind]]
        scheduled, allotted = caps.ug(guarded.true_peak(kind).demand), most_ug(patient, kind)
        # What the schedule alone exceeds is a finding of its own.
        if scheduled <= usual.soft_high.value:
            yield from caps.above(f"{name} dose with every allotted bolus", scheduled + allotted, usual)
