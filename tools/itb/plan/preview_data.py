"""What `itb check --json` says: the same facts for machines."""

from fractions import Fraction

from itb.limits.allotted import judged_steps
from itb.limits.doses import doses
from itb.limits.limits import in_force
from itb.plan.preview_day import stage_doses
from itb.plan.program import Plan, ProgramDose, Segment
from itb.plan.refill import next_refill

_ON_REQUEST = "with_every_allotted_bolus_ug"


def preview_data(plan: Plan) -> dict[str, object]:
    """Amounts are numbers; `exact` pairs are numerator and denominator. Days count from 1, -1 stands for never."""
    rx, program = plan.prescription, plan.program
    refill = next_refill(plan)
    patterns = [_pattern_data(plan, place) for place in range(len(program.patterns))]
    return {
        "title": rx.title,
        "notes": rx.notes,
        "board": plan.board.name,
        "drug": rx.drug.label,
        "concentration_ug_ml": float(rx.concentration_ug_ml),
        "day_total": _total_data(plan, 0),
        "steps": _segment_data(plan, program.patterns[0]),
        "patterns": patterns,
        "plan": _plan_data(plan),
        "boluses": [
            {
                "day": bolus.day + 1,
                "at_ms": bolus.at_ms,
                "ug": float(plan.scale.ug(program.steps(bolus))),
                "duration_ms": bolus.duration_ms,
            }
            for bolus in program.boluses
        ],
        "periodic": _periodic_data(plan),
        "patient_bolus": _patient_data(plan),
        "trial": [_dose_data(plan, rung) for rung in program.trial],
        "limits": {kind: _limit_data(plan, kind) for kind in plan.limits},
        "findings": [
            {"field": f.field, "value": f.value, "expected": f.expected, "source": f.source} for f in plan.findings
        ],
        "fill_steps": plan.fill_steps,
        "refill": {"low_day": refill.low_day, "empty_day": refill.empty_day},
        "program": program.as_dict(),
    }


def _total_data(plan: Plan, pattern: int) -> dict[str, object]:
    total_ug = plan.day_total_ug(pattern)
    total_ml = plan.scale.nl(plan.program.day_total_steps(pattern)) / 1_000_000
    return {
        "ug_day": float(total_ug),
        "ug_day_exact": _pair(total_ug),
        "ml_day": float(total_ml),
        "ml_day_exact": _pair(total_ml),
        "steps_exact": _pair(plan.program.day_total_steps(pattern)),
    }


def _segment_data(plan: Plan, segments: tuple[Segment, ...]) -> list[dict[str, object]]:
    return [
        {"start_ms": segment.start_ms, "ug_day": float(plan.scale.ug(plan.program.steps(segment)))}
        for segment in segments
    ]


def _pattern_data(plan: Plan, place: int) -> dict[str, object]:
    return {"day_total": _total_data(plan, place), "steps": _segment_data(plan, plan.program.patterns[place])}


def _plan_data(plan: Plan) -> dict[str, object] | None:
    if not plan.prescription.plan_kind:
        return None
    stages: list[dict[str, object]] = []
    before: Fraction | None = None
    for (first_day, last_day, weekday_ug, weekend_ug), stage in zip(stage_doses(plan), plan.program.plan, strict=True):
        stages.append(
            {
                "from_day": first_day,
                "until_day": last_day,
                "weekday_pattern": stage.weekday,
                "weekend_pattern": stage.weekend,
                "ug_day": float(weekday_ug),
                "weekend_ug_day": float(weekend_ug),
                "change_percent": None if before is None else float(100 * (weekday_ug / before - 1)),
            }
        )
        before = weekday_ug
    return {"kind": plan.prescription.plan_kind, "stages": stages}


def _periodic_data(plan: Plan) -> dict[str, object] | None:
    periodic = plan.prescription.periodic
    if periodic is None:
        return None
    return {
        "ug": float(periodic.dose_ug),
        "duration_ms": periodic.duration_ms,
        "every_ms": periodic.every_ms,
        "first_ms": periodic.first_ms,
        "per_day": len(periodic.starts_ms),
    }


def _patient_data(plan: Plan) -> dict[str, object] | None:
    order, patient, guarded = plan.prescription.patient, plan.program.patient, plan.review.guarded
    if order is None or patient is None:
        return None
    return {
        **_dose_data(plan, patient.dose),
        "lockout_ms": patient.lockout_ms,
        "per_day": patient.per_day,
        "most_per_day": order.most_per_day,
        _ON_REQUEST: {kind: float(plan.scale.ug(judged_steps(guarded, kind))) for kind in guarded.peaks},
    }


def _dose_data(plan: Plan, dose: ProgramDose) -> dict[str, object]:
    return {"ug": float(plan.scale.ug(plan.program.steps(dose))), "duration_ms": dose.duration_ms}


def most_asked(plan: Plan, kind: str) -> Fraction:
    """The most, in microsteps, that is asked for of what a limit bounds; of patient boluses only their own size."""
    if kind == "bolus":
        return max((plan.scale.steps(dose_ug) for _, dose_ug in doses(plan.prescription)), default=Fraction(0))
    return plan.review.peaks[kind].demand


def _limit_data(plan: Plan, kind: str) -> dict[str, object]:
    limit = in_force(plan.limits[kind])
    return {
        "ug": float(plan.prescription.dose_ug(limit.volume_nl)),
        "ml": float(limit.volume_nl / 1_000_000),
        "steps": plan.program.limits[kind][0],
        "origin": limit.origin,
        "source": limit.source,
        "most_asked_ug": float(plan.scale.ug(most_asked(plan, kind))),
    }


def _pair(exact: Fraction) -> list[int]:
    return [exact.numerator, exact.denominator]
