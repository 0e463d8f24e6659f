"""What the commands of a story are held against before anything runs.

A hard limit raises InputError, a soft one is a finding to be confirmed (D-02).
"""

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from itb.boards.board import Board
from itb.limits.limits import Caps, Finding
from itb.limits.titration import change_findings, refuse_rise
from itb.plan.program import Plan
from itb.quantity import DOSE, TIME, VOLUME, VOLUME_RATE, amount, decimal_up
from itb.rx.orders import MS_PER_DAY, NL_PER_ML, clock, day_dose_ug
from itb.story.bridge import DeadVolume
from itb.story.events import Event
from itb.story.expected import Expected
from itb.tables import Table

# Fixed in the firmware: no path and catheter hold more.
_MOST_PRIME_NL = NL_PER_ML


def refuse_past_boluses(event: Event, plan: Plan) -> None:
    """The day a program is loaded on is its first: boluses before that time of day would be missed."""
    day_ms = event.at_ms % MS_PER_DAY
    if plan.prescription.boluses and plan.prescription.boluses[0].start_ms < day_ms:
        first = clock(plan.prescription.boluses[0].at_ms)
        accepted = (
            f"a program without boluses before {clock(day_ms)} of its day 1, the day it is loaded on (here {first})"
        )
        raise event.table.refuse("rx", accepted)


def refuse_unconfirmed(event: Event, plan: Plan) -> None:
    """D-14: a stop states what it may bring, and offers the taper."""
    warning = plan.prescription.drug.withdrawal
    if not event.confirmed:
        raise event.table.refuse(
            "confirm_withdrawal",
            f"confirm_withdrawal = true, which confirms: {warning.text} ({warning.source}). To discontinue "
            'therapy offer a taper instead: do = "program" with an [rx.NAME] that has a [plan] of kind = "taper"',
        )


def change_of_dose(event: Event, plan: Plan, expected: Expected) -> Iterator[Finding]:
    """The daily dose of `plan` against the lowest of the last 24 h (D-05), on a weekday and on the weekend."""
    rx, field = plan.prescription, event.table.field("rx")
    doses_ug = [day_dose_ug(rx.patterns[pattern]) for pattern in (rx.plan[0].weekday, rx.plan[0].weekend)]
    lowest_ug, last_ug, least_ug, most_ug = expected.lowest_ug_day(), expected.dose.ug_day, min(doses_ug), max(doses_ug)
    between = f'with "{event.rx}"'
    refuse_rise(field, lowest_ug, most_ug, rx.drug, between)
    if most_ug > lowest_ug:
        yield from change_findings(field, lowest_ug, most_ug, rx.drug, between)
    if least_ug < last_ug:
        yield from change_findings(field, last_ug, least_ug, rx.drug, between)


def bolus_now(event: Event, dose_ug: Fraction, plan: Plan) -> Iterator[Finding]:
    """The dose of a bolus given now, while `plan` is in force."""
    accepted, label = plan.prescription.drug.limits["bolus"], plan.prescription.drug.label
    caps = Caps(plan.prescription, plan.board)
    caps.refuse_bolus_above(event.table.field("dose"), dose_ug)
    if dose_ug < accepted.hard_low.value:
        least = f"at least {amount(accepted.hard_low.value, DOSE)} ({label}: {accepted.hard_low.source})"
        raise event.table.refuse("dose", least)
    field, value = event.table.field("dose"), amount(dose_ug, DOSE)
    if dose_ug < accepted.soft_low.value:
        least = f"at least {amount(accepted.soft_low.value, DOSE)}"
        yield Finding(field, value, least, f"{label}: {accepted.soft_low.source}")
    if dose_ug > accepted.soft_high.value:
        most = f"at most {amount(accepted.soft_high.value, DOSE)}"
        yield Finding(field, value, most, f"{label}: {accepted.soft_high.source}")


def refuse_fill(table: Table, fill_nl: Fraction, board: Board) -> None:
    """Raise InputError for a fill of `table` that the reservoir of `board` does not hold, or has no use for (R-05)."""
    residual, capacity = (amount(volume_nl, VOLUME, "mL") for volume_nl in (board.residual_nl, board.capacity_nl))
    if fill_nl > board.capacity_nl or floor(board.steps(fill_nl)) <= board.residual_steps:
        raise table.refuse("fill", f"more than the residual {residual}, up to {capacity} (board {board.name})")


def refuse_prime(event: Event, dead: DeadVolume, over_ms: int, board: Board) -> None:
    """Raise InputError for a prime of more than the pump takes, or faster than the mechanism gives it."""
    if dead.volume_nl > _MOST_PRIME_NL:
        most = amount(Fraction(_MOST_PRIME_NL), VOLUME, "mL")
        raise event.table.refuse("do", f"a prime of at most {most}; [dead_volume] makes {dead}")
    if dead.volume_nl * MS_PER_DAY > board.max_rate_nl_day * over_ms:
        least_min = decimal_up(dead.volume_nl * MS_PER_DAY / board.max_rate_nl_day / TIME.units["min"])
        most = amount(board.max_rate_nl_day, VOLUME_RATE, "mL/day")
        raise event.table.refuse("over", f"at least {least_min} min: board {board.name} gives at most {most}")
