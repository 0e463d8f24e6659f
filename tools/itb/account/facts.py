"""The facts of an account for machines."""

from fractions import Fraction

from itb import BENCH_ONLY
from itb.account.account import LEDGER_TEXT, ORDERED_TEXT, Account, DayDose
from itb.account.bolus_ledger import CourseBolus
from itb.account.checks import Check
from itb.account.course import Course
from itb.account.course_orders import Given
from itb.account.told import NL_PER_ML, rounded
from itb.sim.restarts import Outage


def facts(account: Account) -> dict[str, object]:
    """The facts of `account`. Microsteps are exact; doses (ug) and volumes (mL) are rounded to six places."""
    status, plant, course = account.last.status, account.last.plant, account.course
    ledger = status.confirmed_steps
    return {
        "bench_only": BENCH_ONLY,
        "ended": account.why,
        "simulated_ms": account.last.t_ms,
        "state": status.state,
        "balanced": account.balanced,
        "ordered_steps": status.ordered_steps,
        "granted_steps": status.granted_steps,
        "edges": plant.edges,
        "ledger_steps": ledger,
        "motor_steps": plant.motor_steps,
        "ordered_ug": rounded(account.delivered(ORDERED_TEXT).ug),
        "ledger_ug": rounded(account.delivered(LEDGER_TEXT).ug),
        "ledger_ml": rounded(_ml(course, ledger)),
        "pump_ug": rounded(Fraction(plant.pump_ng, 1000)),
        "tip_ug": rounded(Fraction(plant.tip_ng, 1000)),
        "catheter_ml": rounded(Fraction(plant.catheter_nl, NL_PER_ML)),
        "reservoir_ml": rounded(_ml(course, status.reservoir_steps)),
        "worst_deviation": {
            "t_ms": account.worst.t_ms,
            "steps": account.worst.steps,
            "ug": rounded(account.worst.ug),
        },
        "parts": {line.text: {"steps": int(line.steps), "ug": rounded(line.ug)} for line in account.parts},
        "days": [_day_facts(day) for day in account.days],
        "programs": [
            {"from_ms": one.from_ms, "name": one.prescribed.name, "ng_ml": one.prescribed.concentration_ng_ml}
            for one in course.loaded
        ],
        "stages": [{"t_ms": one.t_ms, "stage": one.stage, "plan_day": one.plan_day} for one in course.stages],
        "commands": [_command_facts(given) for given in course.orders.given],
        "boluses": [_bolus_facts(bolus) for bolus in account.boluses],
        "alarms": [
            {"name": alarm.name, "priority": alarm.priority, "from_ms": alarm.from_ms, "until_ms": alarm.until_ms}
            for alarm in account.alarms
        ],
        "restarts": [_restart_facts(outage) for outage in course.outages],
        "taken_steps": status.taken_steps,
        "watchdog_expiries": plant.watchdog_expiries,
        "dead_man_let_go": plant.let_go,
        "way": [{"text": line.text, "steps": str(line.steps), "ug": rounded(line.ug)} for line in account.lines],
        "checks": [_check_facts(check) for check in account.checks],
    }


def _ml(course: Course, steps: int) -> Fraction:
    return steps * course.orders.nl_per_step / NL_PER_ML


def _day_facts(day: DayDose) -> dict[str, object]:
    doses = {"ug": rounded(day.amount.ug), "tip_ug": rounded(day.tip_ug)}
    return {"day": day.day, "steps": day.steps, **doses, "complete": day.complete}


def _command_facts(given: Given) -> dict[str, object]:
    return {
        "t_ms": given.t_ms,
        "text": given.text,
        "accepted": given.accepted,
        "as_expected": given.as_expected,
        "message": given.message,
    }


def _restart_facts(outage: Outage) -> dict[str, object]:
    """`uncounted_steps`: what of the ledger was not seen at the driver after it, by the twin."""
    return {
        "cause": outage.cause,
        "off_ms": outage.off_ms,
        "on_ms": outage.on_ms,
        "uncounted_steps": outage.uncounted_steps,
    }


def _bolus_facts(bolus: CourseBolus) -> dict[str, object]:
    return {
        "source": bolus.source,
        "prescribed_ms": bolus.prescribed_ms,
        "t_ms": bolus.t_ms,
        "outcome": bolus.outcome,
        "steps": bolus.steps,
        "ug": rounded(bolus.steps * bolus.ug_per_step),
        "ordered_steps": bolus.ordered_steps,
        "ordered_ug": rounded(bolus.ordered_ug),
        "reason": bolus.reason,
        "wait_minutes": bolus.wait_minutes,
    }


def _check_facts(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "left": {"text": check.left_text, "steps": str(check.left)},
        "right": {"text": check.right_text, "steps": str(check.right)},
        "difference": str(check.difference),
        "below": check.below,
        "ok": check.ok,
    }
