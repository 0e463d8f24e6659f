"""When the reservoir must be filled again, counted with every allotted bolus taken (R-04)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import ceil

from itb.limits.days import DAYS_OF_A_WEEK, phases, unpaused
from itb.plan.program import Plan


@dataclass(frozen=True)
class Refill:
    """The days, 1 being the first, on which the reservoir reaches its low mark and on which it is empty.

    None is never: what is prescribed ends before. On the earlier of them at the latest it is to be filled again.
    """

    low_day: int | None
    empty_day: int | None


def next_refill(plan: Plan) -> Refill:
    """The refill of a pump that was filled as prescribed at midnight before day 1.

    Of the weekdays that the first day can be the one that uses most counts. The plan goes on unpaused. A trial's steps
    are taken as close as they can follow.
    """
    low_steps = ceil(plan.board.steps(plan.board.low_nl))
    return Refill(*(_earliest(plan, mark_steps) for mark_steps in (low_steps, plan.board.residual_steps)))


def _earliest(plan: Plan, mark_steps: int) -> int | None:
    days = [_day_reached(plan, phase, plan.fill_steps - mark_steps) for phase in phases(plan.program.plan)]
    return min((day for day in days if day is not None), default=None)


def _day_reached(plan: Plan, phase: int, steps: int) -> int | None:
    """The day on which all of `steps` are used."""
    pattern_of, steady_from = unpaused(plan.program.plan, phase), _steady_from(plan)
    left = Fraction(steps)
    for day, used in _used(plan, pattern_of):
        left -= used
        if left <= 0:
            return day + 1
        if day == steady_from + DAYS_OF_A_WEEK:
            week = sum((plan.program.day_total_steps(pattern_of(one)) for one in range(day, day + 7)), Fraction(0))
            if not week and not plan.program.patient:
                return None
    return None


def _steady_from(plan: Plan) -> int:
    """The day from which on, a week later at the latest, every week is like the next: no trial has more steps."""
    last = max((bolus.day for bolus in plan.program.boluses), default=0)
    return max(last, plan.program.plan[-1].from_day)


def _used(plan: Plan, pattern_of: Callable[[int], int]) -> Iterator[tuple[int, Fraction]]:
    """Each day, and what it can use at most; a bolus counts on the day it begins."""
    program, order = plan.program, plan.prescription.patient
    basal = [program.day_total_steps(pattern) for pattern in range(len(program.patterns))]
    boluses: dict[int, Fraction] = {}
    for bolus in program.boluses:
        boluses[bolus.day] = boluses.get(bolus.day, Fraction(0)) + program.steps(bolus)
    patient = program.steps(program.patient.dose) * order.most_per_day if program.patient and order else Fraction(0)
    rungs = [program.steps(rung) for rung in program.trial]
    for day in count():
        rung = rungs[day] if day < len(rungs) else Fraction(0)
        yield day, basal[pattern_of(day)] + boluses.get(day, Fraction(0)) + patient + rung
