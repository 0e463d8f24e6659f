"""What the pump must refuse and what it may, said by the model.

A command is refused when `must` says why, and taken when neither `must` nor `may` does. What stands in `may` is judged
by the pump alone: it allows for whole minutes and for ticks, which the model only bounds.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from model import DELIVERING, IDLE_MS_MAX, PRIMING, STOPPED, Model
from model_parts import Leg
from ordered import DAY_MS, HOUR_MS, MINUTE_MS, Ordered

# The journal's reasons of a denied bolus.
LOCKOUT, DAY_MAXIMUM, NOT_ORDERED, NOT_DELIVERING, BUSY, LIMIT, NO_TIME, KEPT_OPEN, BRIDGING = range(1, 10)
SPANS_MS = {"hour": HOUR_MS, "day": DAY_MS}


def against_bolus(model: Model, dose: Fraction, duration_ms: int, giver: str) -> tuple[set[int], set[int]]:
    """Why a bolus must be denied, and why it may be. `giver` is "patient", "clinician" or "trial"."""
    must: set[int] = set()
    may: set[int] = set()
    if model.state != DELIVERING:
        must.add(NOT_DELIVERING)
    if model.bridging:
        must.add(BRIDGING)
    if not model.time_known:
        must.add(NO_TIME)
    if model.kept_open:
        must.add(KEPT_OPEN)
    if model.suspended or (model.bolus and not (giver == "clinician" and model.bolus.source == "patient")):
        must.add(BUSY)
    wait_ms = model.order_wait_ms()
    if wait_ms is not None:
        over_ms = duration_ms + (model.bolus.left_ms if model.bolus else 0)
        if wait_ms < over_ms:
            must.add(BUSY)
        elif wait_ms < over_ms + MINUTE_MS + model.facts.ahead_ms:
            may.add(BUSY)
    # What earlier doses carried over is not of this one.
    if dose // 1 > model.caps.bolus:
        must.add(LIMIT)
    elif may_pass_a_cap(model, model.course, model.remembered.whole(dose)):
        may.add(LIMIT)
    return must, may


def against_patient(model: Model) -> tuple[set[int], set[int]]:
    """Why the patient's request must be denied, and why it may be."""
    patient = model.course.patient if model.course else None
    if patient is None:
        return {NOT_ORDERED}, set()
    must, may = against_bolus(model, patient.steps, patient.duration_ms, "patient")
    if max(model.patient_waits_ms()) > 0:
        # Which of the two is for `model_events`, which knows the time left, too.
        must |= {LOCKOUT, DAY_MAXIMUM}
    return must, may


def against_trial(model: Model) -> tuple[set[int], set[int]]:
    """Why the next rung of the screening trial must be denied, and why it may be."""
    if model.course is None or model.rung >= len(model.course.trial):
        return {NOT_ORDERED}, set()
    must, may = against_bolus(model, *model.course.trial[model.rung], "trial")
    if max(model.trial_waits_ms()) > 0:
        must |= {LOCKOUT, DAY_MAXIMUM}
    return must, may


def may_pass_a_cap(model: Model, course: Ordered | None, more_steps: int) -> bool:
    """Whether `more_steps` upon the basal of `course` may pass one of its caps."""
    if course is None:
        return True
    caps = {name: min(steps, model.facts.caps[name]) for name, steps in course.caps.items()}
    return _may_pass(model, caps, course.ng_ml, course.greatest_rate, more_steps)


def _may_pass(model: Model, caps: dict[str, int], ng_ml: int, rate: Fraction, more_steps: int) -> bool:
    """Bounded from above: with the past of a whole minute more, and `rate` all the time."""
    owed = sum(leg.left_steps for leg in (model.bolus, model.bridge) if leg)
    owed += max(model.ordered - model.granted - model.dropped, 0)
    for name, span_ms in SPANS_MS.items():
        held = Fraction(model.given.most(name), ng_ml) + 1
        ahead_ms = span_ms + 2 * MINUTE_MS + model.facts.lag_ms
        basal = rate * ahead_ms / DAY_MS + 1
        if held + owed + basal + more_steps + 2 > caps[name]:
            return True
    return False


def against_load(model: Model, course: Ordered) -> Iterator[str]:
    """Why the program must be refused."""
    if model.state not in (STOPPED, DELIVERING):
        yield "state"
    if model.bolus:
        yield "a bolus runs"
    if model.state == DELIVERING and model.bridging:
        yield "a bridge runs"
    if model.state == DELIVERING and not model.time_known:
        yield "time of day unknown"
    if model.reservoir.ng_ml and course.ng_ml != model.reservoir.ng_ml:
        yield "another concentration than the reservoir's"
    yield from _against_bridge(model, course)
    yield from _against_rise(model, course)
    for name in ("hour", "day"):
        if course.surely_exceeds(name, min(course.caps[name], model.facts.caps[name])):
            yield f"basal of {name}"


def _against_bridge(model: Model, course: Ordered) -> Iterator[str]:
    line = model.line
    if course.bridge and not 1 <= course.bridge[1] <= 10 * DAY_MS:
        yield "a bridge out of range"
    if line.ng_ml in (0, course.ng_ml):
        if course.bridge or course.override:
            yield "a bridge or an override for nothing"
        return
    if bool(course.bridge) == bool(course.override):
        yield "not one of bridge and override"
    if course.bridge:
        steps, duration_ms = course.bridge
        if steps * DAY_MS > line.day_total * duration_ms:
            yield "a bridge faster than the day before"
        if model.bridge_begun:
            yield "a bridge upon a bridge"


def _against_rise(model: Model, course: Ordered) -> Iterator[str]:
    if course.rises_too_steeply():
        yield "daily dose within the program"
    lowest = model.remembered.lowest_dose(model.now_ms)
    # The second day of the plan may begin within 24 h, too.
    stages = {0, course.stage_after(0, 1)}
    totals = [total for stage in stages for total in course.totals(stage)]
    if lowest is not None and any(course.too_steep(lowest, total * course.ng_ml) for total in totals):
        yield "daily dose"


def may_refuse_bridge(model: Model, course: Ordered) -> bool:
    """Whether the caps that go on for a bridge may stand against it."""
    if not course.bridge:
        return False
    steps, duration_ms = course.bridge
    rate = ceil(Fraction(steps * DAY_MS, duration_ms))
    caps = {"hour": model.caps.hour, "day": model.caps.day}
    return _may_pass(model, caps, model.given.ng_ml, Fraction(rate), 0)


def may_refuse_basal(model: Model, course: Ordered) -> bool:
    """Whether the caps may stand against the basal of `course`, alone or upon what was given."""
    more_ms = MINUTE_MS + model.facts.lag_ms
    if any(
        course.may_exceed(name, min(course.caps[name], model.facts.caps[name]), more_ms) for name in ("hour", "day")
    ):
        return True
    return model.state == DELIVERING and may_pass_a_cap(model, course, 0)


def against_start(model: Model, confirmed: int) -> Iterator[str]:
    """Why delivery must not begin."""
    if model.state != STOPPED:
        yield "state"
    if model.course is None:
        yield "no program"
        return
    if model.reservoir.left(confirmed) <= model.facts.residual:
        yield "reservoir"
    if model.course.ng_ml != model.reservoir.ng_ml:
        yield "another concentration than the reservoir's"
    if not model.bridge and model.line.ng_ml not in (0, model.course.ng_ml):
        yield "another concentration than the line's"
    fresh = model.verified_ms is not None and model.now_ms - model.verified_ms <= HOUR_MS
    if (model.was_off or model.idle_ms() > IDLE_MS_MAX) and not fresh:
        yield "not verified"


def against_refill(model: Model, fill: int, withdrawn: int, ng_ml: int, in_flight: int) -> Iterator[str]:
    """Why a refill must be refused."""
    if model.state == PRIMING:
        yield "state"
    if ng_ml != model.reservoir.ng_ml:
        if model.state == DELIVERING:
            yield "another concentration while delivering"
        if model.bridge_begun:
            yield "a bridge is under way"
    if not model.facts.residual + in_flight <= fill <= model.facts.capacity:
        yield "fill"
    if not (0 <= withdrawn < 1 << 30 and 1 <= ng_ml < 1 << 30):
        yield "range"


def against_prime(model: Model, prime: Leg, emptied: bool, confirmed: int) -> Iterator[str]:
    """Why a prime must be refused."""
    if model.state != STOPPED:
        yield "state"
    if not model.prime_allowed:
        yield "no refill before"
    if model.line.ng_ml and not emptied:
        yield "drug in the line"
    if model.bridge:
        yield "a bridge waits"
    if not 1 <= prime.steps <= model.facts.prime_most:
        yield "volume"
    if model.reservoir.left(confirmed) - model.facts.residual < prime.steps:
        yield "reservoir"


def against_ceiling(model: Model, kept_open: bool) -> Iterator[str]:
    """Why the pump must not change to the minimum rate, or back."""
    if model.state != DELIVERING:
        yield "state"
    if model.bridging:
        yield "a bridge runs"
    if model.kept_open == kept_open:
        yield "no change"


def against_verify(model: Model, day_total: int, left: int, confirmed: int) -> Iterator[str]:
    """Why what was read back must be refused."""
    if day_total != (model.course.greatest_total() // 1 if model.course else 0):
        yield "day total"
    if left != model.reservoir.left(confirmed):
        yield "left"


def whole_minutes(span_ms: int) -> int:
    """Rounded up."""
    return ceil(Fraction(span_ms, MINUTE_MS))
