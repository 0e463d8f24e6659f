"""What `itb check` shows of doses given at once: boluses, the patient's, the periodic one, and a screening trial."""

from fractions import Fraction

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from itb.limits.allotted import judged_steps
from itb.limits.guarded import GUARD_MINUTES
from itb.limits.limits import in_force
from itb.plan.preview_day import new_table
from itb.plan.program import Plan, ProgramBolus, ProgramDose, ProgramPatient
from itb.quantity import decimal
from itb.rx.orders import MS_PER_DAY, PatientBolus, Periodic, clock, moment

_DOSE = ("dose, ug", "volume, mL", "over", "ug/h")


def dose_parts(plan: Plan) -> list[RenderableType]:
    """A table for each kind of dose that is prescribed."""
    rx, program = plan.prescription, plan.program
    parts: list[RenderableType] = []
    if rx.periodic:
        parts += [_periodic_table(plan, rx.periodic), Text()]
    if program.boluses:
        parts += [_bolus_table(plan), Text()]
    if rx.patient and program.patient:
        parts += [_patient_table(plan, rx.patient, program.patient), Text(_all_taken(plan)), Text()]
    if program.trial:
        parts += [_trial_table(plan), Text()]
    return parts


def minutes(duration_ms: int) -> str:
    """A duration in minutes; from 2 h on in hours where they are whole."""
    if duration_ms >= 7_200_000 and duration_ms % 3_600_000 == 0:
        return f"{duration_ms // 3_600_000} h"
    return f"{decimal(Fraction(duration_ms, 60_000), 3)} min"


def _dose(plan: Plan, part: ProgramBolus | ProgramDose) -> tuple[str, str, str, str]:
    return _columns(plan, plan.scale.ug(plan.program.steps(part)), part.duration_ms)


def _columns(plan: Plan, ug: Fraction, duration_ms: int) -> tuple[str, str, str, str]:
    ml = plan.prescription.volume_nl(ug) / 1_000_000
    return decimal(ug, 3), decimal(ml), minutes(duration_ms), decimal(ug * 3_600_000 / duration_ms, 3)


def _bolus_table(plan: Plan) -> Table:
    table = new_table("Boluses", "start", *_DOSE, "microsteps")
    for bolus in plan.program.boluses:
        start = moment(bolus.day * MS_PER_DAY + bolus.at_ms)
        table.add_row(start, *_dose(plan, bolus), decimal(plan.program.steps(bolus), 1))
    return table


def _periodic_table(plan: Plan, periodic: Periodic) -> Table:
    table = new_table("Periodic bolus", "every", "first", *_DOSE, "a day", "ug/day")
    a_day = len(periodic.starts_ms)
    dose = _columns(plan, periodic.dose_ug, periodic.duration_ms)
    first = clock(periodic.first_ms)
    table.add_row(minutes(periodic.every_ms), first, *dose, str(a_day), decimal(a_day * periodic.dose_ug, 3))
    return table


def _patient_table(plan: Plan, order: PatientBolus, patient: ProgramPatient) -> Table:
    table = new_table("Patient bolus, on request", *_DOSE, "lockout", "most in 24 h", "ug/day if all are taken")
    all_taken_ug = order.most_per_day * plan.scale.ug(plan.program.steps(patient.dose))
    lockout, most = minutes(patient.lockout_ms), str(patient.per_day)
    table.add_row(*_dose(plan, patient.dose), lockout, most, decimal(all_taken_ug, 3))
    return table


def _all_taken(plan: Plan) -> str:
    """How full the guard's windows get when every allotted bolus is taken."""
    guarded, shares = plan.review.guarded, list[str]()
    for kind, words in (("hour", "any hour"), ("day", "any 24 h")):
        most = plan.scale.ug(judged_steps(guarded, kind))
        cap = plan.prescription.dose_ug(in_force(plan.limits[kind]).volume_nl)
        shares.append(f"{words} ({GUARD_MINUTES[kind]} min) up to {decimal(most, 1)} ug of {decimal(cap, 1)} ug")
    return f"With every allotted bolus, as the pump judges: {', '.join(shares)}. What would exceed a limit it denies."


def _trial_table(plan: Plan) -> Table:
    table = new_table("Screening trial", "step", "on command", *_DOSE)
    gap = minutes(int(plan.prescription.drug.trial.gap.value))
    for place, rung in enumerate(plan.program.trial, 1):
        earliest = f"{gap} after step {place - 1} or later" if place > 1 else "at any time"
        table.add_row(str(place), earliest, *_dose(plan, rung))
    table.caption = "Nothing flows but these, and none of them without a command."
    table.caption_justify = "left"
    return table
