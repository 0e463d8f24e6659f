"""The laws that the account of a run must keep: each with two sides that are to agree."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from itb.account.course import Course
from itb.sim.messages import Sample, Status
from itb.sim.record import Record


@dataclass(frozen=True)
class Check:
    """`left` and `right` are to agree: exactly, or with `left` ahead by less than `below` where that is not 0."""

    name: str
    left_text: str
    left: Fraction
    right_text: str
    right: Fraction
    below: int = 0

    @property
    def difference(self) -> Fraction:
        """Left minus right."""
        return self.left - self.right

    @property
    def ok(self) -> bool:
        """Whether they agree."""
        return self.difference == 0 or 0 < self.difference < self.below


def checks(record: Record, course: Course) -> Iterator[Check]:
    """Every law that applies to the run, one of each name."""
    last, samples = record.last, record.samples
    lease_steps = record.start.lease_steps if record.start else 0
    if record.start is not None:
        read_back = Fraction(*record.start.day_total_steps)
        prescribed = course.loaded[0].prescribed.day_steps
        yield Check("day total", "prescribed a day", prescribed, "as the pump understood it", read_back)
    ordered = Fraction(last.status.ordered_steps)
    asked, below = course.steps_by(last.t_ms), course.unsettled(last.t_ms)
    yield Check("prescription", "prescribed while delivering", asked, "ordered", ordered, below)
    ahead = sum(sample.status.counted_steps > course.steps_by(sample.t_ms) for sample in samples)
    yield _none("never ahead", "samples ahead of the prescription", ahead)
    yield _law(
        samples, "whole", "each therapy in whole microsteps", lambda s: course.whole_by(s.t_ms), "ordered", _ordered
    )
    yield _law(samples, "demand", "ordered", _ordered, "granted + owed + dropped", _of(_settled_demand))
    settled = "confirmed + in flight + missing + stopped + cut off"
    yield _law(samples, "grant", "granted + stray", _of(_sent), settled, _of(_settled_grant))
    yield _law(samples, "reservoir", "filled", _of(_filled), "left + delivered + wasted", _of(_kept))
    yield from _of_line(samples, course, lease_steps)
    edges, motor_steps = Fraction(last.plant.edges), Fraction(last.plant.motor_steps)
    ledger = Fraction(last.status.confirmed_steps)
    restarts = [outage for outage in record.outages if outage.on_ms is not None]
    taken, more = (restarts[-1].uncounted_steps, " + taken over restarts") if restarts else (0, "")
    yield Check("ledger", "ledger", ledger, "edges on the read-back wire" + more, edges + taken)
    yield Check("motor", "ledger", ledger, "microsteps the motor made" + more, motor_steps + taken)
    yield from _of_restarts(record, lease_steps, [0, *(outage.uncounted_steps for outage in restarts)])
    yield from _of_story(record, course)
    yield _none("watchdog", "times the watchdog would have reset the chip", last.plant.watchdog_expiries)
    newest = max((event.seq for event in record.events), default=0)
    yield Check("journal", "newest event", Fraction(newest), "events received", Fraction(len(record.events)))


def _of_restarts(record: Record, lease_steps: int, uncounted: Sequence[int]) -> Iterator[Check]:
    """Where there are any: delivered <= accounted <= delivered + one lease for each (M-02). `uncounted` is what of the
    ledger was not delivered, at first and after each."""
    if len(uncounted) == 1:
        return
    told = [event.a for event in record.events if event.kind == "restart"]
    yield Check("restarts", "restarts", Fraction(len(uncounted) - 1), "as the pump tells", Fraction(len(told)))
    gaps = [after - before for before, after in pairwise(uncounted)]
    beyond = sum(not 0 <= gap <= lease_steps for gap in gaps)
    yield _none("lease", "restarts that took too little, or more than a lease, as delivered", beyond)


def _of_line(samples: Sequence[Sample], course: Course, lease_steps: int) -> Iterator[Check]:
    """What is no therapy, where there is any: bridge and prime (D-13)."""
    # At a stop the pump adds to the rest what was owed and is dropped; the next start tells how much.
    delivering = [sample for sample in samples if sample.status.state == "delivering"]
    if course.bridge.pieces and delivering:
        left, told = "bridge, still to be ordered", "as the pump tells"
        yield _law(delivering, "bridge", left, lambda s: course.bridge_left_by(s.t_ms), told, _bridge_left)
    if course.given_again_steps:
        # A restart takes up the bridge where the last record has it.
        allowed = samples[-1].status.dropped_steps + len(course.outages) * lease_steps
        beyond = max(course.given_again_steps - allowed, 0)
        yield _none("bridge again", "bridge ordered again beyond what was dropped or leased", beyond)
    if course.prime.pieces or samples[-1].status.primed_ordered_steps:
        left, told = "prime in whole microsteps", "ordered as prime"
        yield _law(samples, "prime", left, lambda s: course.prime.whole_by(s.t_ms), told, _primed)


def _of_story(record: Record, course: Course) -> Iterator[Check]:
    """What commands and the plan made of the course, where there are any."""
    given = course.orders.given
    if given:
        yield _none("commands", "commands that went otherwise than was expected", sum(not g.as_expected for g in given))
    told = [(event.a, event.b) for event in record.events if event.kind == "stage"]
    if course.stages or told:
        stages = [(change.stage, change.plan_day) for change in course.stages]
        pairs = zip([*stages, *[None] * len(told)], [*told, *[None] * len(stages)], strict=True)
        yield _none("stages", "stages of the plan that the pump tells otherwise", sum(one != two for one, two in pairs))
    loads = len(course.orders.programs) - 1
    loaded = sum(event.kind == "program" and event.t_ms > 0 for event in record.events)
    if loads or loaded:
        yield Check("programs", "programs given", Fraction(loads), "programs the pump took", Fraction(loaded))
    if course.doses.changes:
        # A sample is taken before the commands of its moment, and the last one after them.
        at_ms = record.last.t_ms - (record.end is None)
        held = Fraction(record.last.status.concentration_ng_ml)
        filled = Fraction(course.doses.ng_ml(at_ms))
        yield Check("concentration", "ng/mL filled in", filled, "as the pump tells", held)


def _ordered(sample: Sample) -> int:
    return sample.status.ordered_steps


def _bridge_left(sample: Sample) -> int:
    return sample.status.bridge_left_steps


def _primed(sample: Sample) -> int:
    return sample.status.primed_ordered_steps


def _settled_demand(status: Status) -> int:
    return status.granted_steps + status.owed_steps + status.dropped_steps


def _sent(status: Status) -> int:
    return status.granted_steps + status.stray_steps


def _settled_grant(status: Status) -> int:
    lost_steps = status.missing_steps + status.abandoned_steps + status.cut_steps
    return status.counted_steps + status.in_flight_steps + lost_steps


def _filled(status: Status) -> int:
    return status.filled_steps


def _kept(status: Status) -> int:
    return status.reservoir_steps + status.confirmed_steps + status.wasted_steps


def _of(read: Callable[[Status], int]) -> Callable[[Sample], int]:
    return lambda sample: read(sample.status)


def _none(name: str, text: str, count: int) -> Check:
    return Check(name, text, Fraction(count), "none", Fraction(0))


def _law(
    samples: Sequence[Sample],
    name: str,
    left_text: str,
    left: Callable[[Sample], int],
    right_text: str,
    right: Callable[[Sample], int],
) -> Check:
    """A law that every sample must keep: the first sample that breaks it, or else the last, stands for all."""
    broken = (sample for sample in samples if left(sample) != right(sample))
    sample = next(broken, samples[-1])
    return Check(name, left_text, Fraction(left(sample)), right_text, Fraction(right(sample)))
