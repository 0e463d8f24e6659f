"""The way from the prescription to the ledger, line by line: what was prescribed, and what was taken away or added."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from itb.account.bolus_ledger import CourseBolus
from itb.account.counts import (
    ABANDONED,
    CONFIRMED,
    COUNTED,
    CUT,
    DROPPED,
    GRANTED,
    MISSING,
    ORDERED,
    STRAY,
    TAKEN,
    Counts,
)
from itb.account.course import Course
from itb.account.tracks import Amount
from itb.account.walk import BRIDGE
from itb.sim.bolus_events import SCHEDULED
from itb.sim.messages import Sample


@dataclass(frozen=True)
class Line:
    """One line. Its amounts are negative where something was taken away."""

    text: str
    amount: Amount
    is_sum: bool = False

    @property
    def steps(self) -> Fraction:
        """Its microsteps."""
        return self.amount.steps

    @property
    def ug(self) -> Fraction:
        """The dose in them."""
        return self.amount.ug


def way(last: Sample, course: Course, counts: Counts) -> Iterator[Line]:
    """All lines, in order: the lines after a sum lead to the next."""
    status, ug_per_step = last.status, course.doses.ug_per_step(last.t_ms - 1)
    asked = list(_asked(course, last.t_ms))
    ordered = counts.of(ORDERED)
    yield from asked
    carried = ordered - sum((line.amount for line in asked), Amount())
    yield Line("below a whole microstep, carried", carried)
    yield Line("ordered", ordered, is_sum=True)
    yield Line("owed, still to be granted", -Amount.of(status.owed_steps, ug_per_step))
    yield Line("dropped when delivery ended", -counts.of(DROPPED))
    yield Line("granted", counts.of(GRANTED), is_sum=True)
    yield Line("sent, still to be counted", -Amount.of(status.in_flight_steps, ug_per_step))
    yield Line("sent, never counted", -counts.of(MISSING))
    yield Line("sent, stopped on the way", -counts.of(ABANDONED))
    yield Line("sent, on their way when the power went", -counts.of(CUT))
    yield Line("counted, never sent", counts.of(STRAY))
    yield Line("confirmed", counts.of(COUNTED), is_sum=True)
    if course.outages:
        restarts = sum(outage.on_ms is not None for outage in course.outages)
        yield Line(f"counted as delivered over {told_count(restarts, 'restart')}", counts.of(TAKEN))
        yield Line("in the ledger", counts.of(CONFIRMED), is_sum=True)


def told_count(count: int, what: str) -> str:
    """So many of something, in words."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _asked(course: Course, t_ms: int) -> Iterator[Line]:
    """What was prescribed, and what became of it before it was ordered."""
    scheduled = [bolus for bolus in course.boluses if bolus.source == SCHEDULED]
    begun = [bolus for bolus in scheduled if bolus.begun]
    asked_for = [bolus for bolus in course.begun if bolus.source != SCHEDULED]
    due, given, late = _due(scheduled, t_ms), _due(begun, t_ms), _begun(begun, t_ms)
    yield Line("prescribed for the whole time", course.programmed.by(t_ms) + due, is_sum=True)
    yield Line("basal while the pump did not deliver", -course.idle_by(t_ms))
    yield Line("basal held back by keep-open", -course.kept_open_by(t_ms))
    yield Line("basal held at the lowest rate, time unknown", -course.untimed_by(t_ms))
    yield Line("basal suspended for the bridge", -course.by_mode(BRIDGE, t_ms))
    yield Line("boluses refused, missed or not begun", given - due)
    yield Line("boluses begun late, still to come", late - given)
    yield Line("boluses on request", _begun(asked_for, t_ms))
    yield Line("boluses cut short", -sum((bolus.held_back_by(t_ms) for bolus in course.begun), Amount()))
    yield Line("bridge", course.bridge.by(t_ms))
    yield Line("prime", course.prime.by(t_ms))


def _due(boluses: Iterable[CourseBolus], t_ms: int) -> Amount:
    """What comes due by a time if each begins when it is prescribed."""
    return sum((bolus.due_by(t_ms, bolus.prescribed_ms) for bolus in boluses), Amount())


def _begun(boluses: Iterable[CourseBolus], t_ms: int) -> Amount:
    """What comes due by a time as they began."""
    return sum((bolus.due_by(t_ms, bolus.t_ms) for bolus in boluses), Amount())
