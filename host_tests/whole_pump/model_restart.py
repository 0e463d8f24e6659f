"""What the model is after a restart: what the stored record says, and what may have gone out since is taken as gone."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from model import DELIVERING, PRIMING, Model
from model_parts import Leg


@dataclass(frozen=True)
class Record:
    """The model as it was when the pump stored its record, and when it renewed its lease after that; counts in
    microsteps."""

    model: Model
    # Counted at the driver, and on its way to it.
    delivered: int
    in_flight: int
    # Counted at the driver when the lease was renewed, and the time then: uptime, and the pump's own.
    known: int
    now_ms: int
    pump_ms: int

    @property
    def delivering(self) -> bool:
        """Whether there is a lease."""
        return self.model.state in (DELIVERING, PRIMING)

    def end(self, lease: int) -> int:
        """What counts as delivered after a restart."""
        return self.known + (lease if self.delivering else self.in_flight)

    def renewed(self, live: Model, delivered: int) -> "Record":
        """The lease was renewed, `delivered` being counted at the driver and the model being `live`."""
        return replace(self, known=delivered, now_ms=live.now_ms, pump_ms=live.given.pump_ms)


def recorded(model: Model, delivered: int, in_flight: int) -> Record:
    """All of `model` was stored now."""
    return Record(model.copy(), delivered, in_flight, delivered, model.now_ms, model.given.pump_ms)


def restarted(record: Record, lease: int, real_ms: int, uptime_ms: int) -> Model:
    """The pump that begins anew from `record`, before it is found sound: with nothing under way, and without the time
    of day. No pump time has passed while it was off."""
    model = record.model.copy()
    end = record.end(lease)
    # What was on its way had been granted.
    gone = end - record.delivered - record.in_flight
    model.given.real_ms = real_ms
    model.given.pump_ms = record.pump_ms
    # Right after a prime began, the record still counts in what was before it.
    unit_ng_ml = max(model.given.ng_ml, model.given.before_ng_ml) if model.state == PRIMING else model.given.ng_ml
    model.given.count(gone * unit_ng_ml)
    model.stood_ms += uptime_ms - model.now_ms
    model.now_ms = uptime_ms
    model.state = "boot"
    model.basal *= 0
    model.pending *= 0
    model.whole = model.granted = end
    model.loads = model.dropped = 0
    model.primed_ordered = model.primed_granted = model.prime_granted = 0
    model.bolus = model.suspended = model.prime = None
    model.calm = False
    model.verified_ms = None
    model.was_off = model.idle_from_ms is not None
    model.reservoir.filled += max(-model.reservoir.left(end), 0)
    model.time_known = False
    model.day_ms = model.weekday = 0
    model.forget_noted()
    if model.bridge:
        model.bridge = _bridge_left(record.model, gone, min(end - record.known, gone))
        model.bridge_granted = model.bridge_total - model.bridge.left_steps
    return model


def _bridge_left(model: Model, gone: int, slack: int) -> Leg:
    """What was not granted is still in the line, `slack` of what is `gone` may be, and is taken to be where the drug
    before is the stronger one: it must not go at the rate of the weaker. The bridge goes on no faster; one of which
    nothing is left is over."""
    bridge, course = model.bridge, model.course
    assert bridge
    assert course
    steps = model.bridge_total - model.bridge_granted - gone
    if course.ng_ml < model.line.ng_ml:
        steps += slack
    if steps <= 0:
        return Leg(0, 0, 1, passed_ms=1)
    return Leg(steps, 0, ceil(Fraction(bridge.duration_ms * steps, bridge.steps)))


def unlike(model: Model, stored: Model) -> list[str]:
    """What must not be lost in a restart, and is not as `stored`."""
    pairs = zip(NAMES, _promised(model), _promised(stored), strict=True)
    return [name for name, ours, theirs in pairs if ours != theirs]


NAMES = (
    "state",
    "program",
    "next rung",
    "patient's boluses",
    "trial's boluses",
    "parts of microsteps",
    "daily doses",
    "line",
    "reservoir",
    "caps",
    "plan held",
    "keep-open",
    "stage",
    "day of the plan",
    "when the plan moved",
    "day",
    "end of delivery",
    "prime",
    "single boluses",
)


def _promised(model: Model) -> tuple[object, ...]:
    remembered = model.remembered
    return (
        model.state,
        model.course,
        model.rung,
        remembered.patient_ms,
        remembered.trial_ms,
        (remembered.exact, remembered.steps),
        remembered.doses,
        model.line,
        model.reservoir,
        model.caps,
        model.paused,
        model.kept_open,
        model.stage,
        model.plan_day,
        model.now_ms - model.stood_ms,
        model.load_day,
        model.idle_from_ms,
        model.prime_allowed,
        model.orders_begun,
    )
