"""The exact account of a run: what was asked for, what became of it, and whether the two sides of every law agree.

Whole numbers and fractions only; microsteps throughout. Everything called delivered is the firmware's ledger.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from itb.rx.prescribed import MS_PER_DAY, Amount, Prescribed, PrescribedBolus
from itb.rx.program import Scale
from itb.sim.messages import Sample, Status
from itb.sim.record import Alarm, Record


@dataclass(frozen=True)
class Line:
    """One line of the way from the prescription to the ledger. `steps` is negative where something was taken away."""

    text: str
    steps: Fraction
    is_sum: bool = False


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


@dataclass(frozen=True)
class DayDose:
    """What the ledger gained on one day, from its first sample to its last; `complete` when these span the day."""

    day: int
    steps: int
    complete: bool


@dataclass(frozen=True)
class Deviation:
    """The farthest the ledger was behind the order, or ahead of it where negative."""

    t_ms: int
    steps: int


@dataclass(frozen=True)
class BolusOutcome:
    """What became of a prescribed bolus: `outcome` as in `BolusEvent`, or "not given" if the firmware never came to it.

    It was to take `duration_ms`. It began, or would have, at `t_ms`; `ordered_steps` of its `steps` were ordered.
    """

    prescribed_ms: int
    t_ms: int
    outcome: str
    steps: Fraction
    ordered_steps: int
    duration_ms: int

    @property
    def late_ms(self) -> int:
        """How long after its time it was begun."""
        return self.t_ms - self.prescribed_ms


@dataclass(frozen=True)
class Account:
    """All facts of one run that ended at `last`."""

    scale: Scale
    why: str
    last: Sample
    lines: tuple[Line, ...]
    checks: tuple[Check, ...]
    days: tuple[DayDose, ...]
    worst: Deviation
    alarms: tuple[Alarm, ...]
    boluses: tuple[BolusOutcome, ...]

    @property
    def balanced(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


def account(record: Record, prescribed: Prescribed, scale: Scale) -> Account:
    """The account of a run that has at least a start and one sample."""
    asked = _Asked(record, prescribed)
    return Account(
        scale=scale,
        why=record.end.why if record.end else "broken off",
        last=record.last,
        lines=tuple(_lines(record, prescribed, asked)),
        checks=tuple(_checks(record, prescribed, asked)),
        days=tuple(_days(record.samples)),
        worst=_worst(record.samples),
        alarms=tuple(record.alarms()),
        boluses=tuple(_boluses(record, prescribed)),
    )


class _Asked:
    """What the prescription asked of a pump that delivered when this one did."""

    def __init__(self, record: Record, prescribed: Prescribed) -> None:
        self._prescribed = prescribed
        self._spans = record.delivering()
        # The firmware hands out the prescribed boluses one by one, in order.
        begun = [pair for pair in zip(prescribed.boluses, record.boluses(), strict=False) if pair[1].begun]
        self.given = [bolus for bolus, _ in begun]
        # One that came due late is given late, in the time it was to take.
        self.begun = [replace(bolus, start_ms=event.t_ms) for bolus, event in begun]

    def by(self, t_ms: int) -> Amount:
        """Microsteps asked for by `t_ms`."""
        spans = [(from_ms, min(until_ms, t_ms)) for from_ms, until_ms in self._spans if from_ms < t_ms]
        return self._prescribed.during(spans, self.begun)

    def unsettled(self, t_ms: int) -> int:
        """How many therapies may each hold back less than one microstep at `t_ms`.

        The basal; the boluses together, whose parts below a microstep are carried from one to the next; and each bolus
        that was cut short or still runs.
        """
        begun = [bolus for bolus in self.begun if bolus.start_ms < t_ms]
        return 1 + (len(begun) > 0) + sum(not self._ran_out(bolus, t_ms) for bolus in begun)

    def _ran_out(self, bolus: PrescribedBolus, t_ms: int) -> bool:
        ends_ms = [until_ms for from_ms, until_ms in self._spans if from_ms <= bolus.start_ms < until_ms]
        return bolus.end_ms <= min([*ends_ms, t_ms])


def _lines(record: Record, prescribed: Prescribed, asked: _Asked) -> Iterator[Line]:
    t_ms, status = record.last.t_ms, record.last.status
    whole = prescribed.during([(0, t_ms)], prescribed.boluses)
    given = prescribed.during([(0, t_ms)], asked.given)
    begun = prescribed.during([(0, t_ms)], asked.begun)
    amount = asked.by(t_ms)
    yield Line("prescribed for the whole time", whole.steps, is_sum=True)
    yield Line("basal while the pump did not deliver", amount.basal_steps - whole.basal_steps)
    yield Line("boluses refused, missed or not begun", given.bolus_steps - whole.bolus_steps)
    yield Line("boluses begun late, still to come", begun.bolus_steps - given.bolus_steps)
    yield Line("boluses cut short", amount.bolus_steps - begun.bolus_steps)
    yield Line("below a whole microstep, carried", status.ordered_steps - amount.steps)
    yield Line("ordered", Fraction(status.ordered_steps), is_sum=True)
    yield Line("owed, still to be granted", Fraction(-status.owed_steps))
    yield Line("dropped when delivery ended", Fraction(-status.dropped_steps))
    yield Line("granted", Fraction(status.granted_steps), is_sum=True)
    yield Line("sent, still to be counted", Fraction(-status.in_flight_steps))
    yield Line("sent, never counted", Fraction(-status.missing_steps))
    yield Line("sent, stopped on the way", Fraction(-status.abandoned_steps))
    yield Line("counted, never sent", Fraction(status.stray_steps))
    yield Line("confirmed", Fraction(status.confirmed_steps), is_sum=True)


def _checks(record: Record, prescribed: Prescribed, asked: _Asked) -> Iterator[Check]:
    last, samples = record.last, record.samples
    if record.start is not None:
        read_back = Fraction(*record.start.day_total_steps)
        yield Check("day total", "prescribed a day", prescribed.day_steps, "as the pump understood it", read_back)
    yield Check(
        "prescription",
        "prescribed while delivering",
        asked.by(last.t_ms).steps,
        "ordered",
        Fraction(last.status.ordered_steps),
        below=asked.unsettled(last.t_ms),
    )
    ahead = sum(sample.status.confirmed_steps > asked.by(sample.t_ms).steps for sample in samples)
    yield Check("never ahead", "samples ahead of the prescription", Fraction(ahead), "none", Fraction(0))
    yield _law(samples, "demand", "ordered", lambda s: s.ordered_steps, "granted + owed + dropped", _settled_demand)
    settled = "confirmed + in flight + missing + stopped"
    yield _law(samples, "grant", "granted + stray", _sent, settled, _settled_grant)
    yield _law(samples, "reservoir", "filled", lambda s: s.filled_steps, "left + delivered + wasted", _kept)
    edges, motor_steps = Fraction(last.plant.edges), Fraction(last.plant.motor_steps)
    ledger = Fraction(last.status.confirmed_steps)
    yield Check("ledger", "ledger", ledger, "edges on the read-back wire", edges)
    yield Check("motor", "ledger", ledger, "microsteps the motor made", motor_steps)
    expiries = Fraction(last.plant.watchdog_expiries)
    yield Check("watchdog", "times the watchdog would have reset the chip", expiries, "none", Fraction(0))
    newest = max((event.seq for event in record.events), default=0)
    yield Check("journal", "newest event", Fraction(newest), "events received", Fraction(len(record.events)))


def _settled_demand(status: Status) -> int:
    return status.granted_steps + status.owed_steps + status.dropped_steps


def _sent(status: Status) -> int:
    return status.granted_steps + status.stray_steps


def _settled_grant(status: Status) -> int:
    return status.confirmed_steps + status.in_flight_steps + status.missing_steps + status.abandoned_steps


def _kept(status: Status) -> int:
    return status.reservoir_steps + status.confirmed_steps + status.wasted_steps


def _law(
    samples: list[Sample],
    name: str,
    left_text: str,
    left: Callable[[Status], int],
    right_text: str,
    right: Callable[[Status], int],
) -> Check:
    """A law that every sample must keep: the first sample that breaks it, or else the last, stands for all."""
    broken = (sample for sample in samples if left(sample.status) != right(sample.status))
    status = next(broken, samples[-1]).status
    return Check(name, left_text, Fraction(left(status)), right_text, Fraction(right(status)))


def _boluses(record: Record, prescribed: Prescribed) -> Iterator[BolusOutcome]:
    """What became of each bolus that was prescribed before the end of the run, or that the firmware came to."""
    events = record.boluses()
    for bolus, event in zip(prescribed.boluses, events, strict=False):
        # The firmware denies one shortly before its time.
        t_ms = max(event.t_ms, bolus.start_ms)
        steps = Fraction(event.steps)
        yield BolusOutcome(bolus.start_ms, t_ms, event.outcome, steps, event.ordered_steps, bolus.duration_ms)
    for bolus in prescribed.boluses[len(events) :]:
        if bolus.start_ms < record.last.t_ms:
            yield BolusOutcome(bolus.start_ms, bolus.start_ms, "not given", bolus.dose_steps, 0, bolus.duration_ms)


def _days(samples: list[Sample]) -> Iterator[DayDose]:
    """A day's dose runs from the last sample not after its midnight to the last not after the next."""
    times_ms = [sample.t_ms for sample in samples]
    before_steps, whole_before = 0, True
    for day in range(1, -(-times_ms[-1] // MS_PER_DAY) + 1):
        place = bisect_right(times_ms, day * MS_PER_DAY) - 1
        steps = samples[place].status.confirmed_steps if place >= 0 else 0
        whole = place >= 0 and times_ms[place] == day * MS_PER_DAY
        yield DayDose(day, steps - before_steps, whole and whole_before)
        before_steps, whole_before = steps, whole


def _worst(samples: list[Sample]) -> Deviation:
    behind = ((sample.status.ordered_steps - sample.status.confirmed_steps, sample.t_ms) for sample in samples)
    steps, t_ms = max(behind, key=lambda pair: (abs(pair[0]), -pair[1]))
    return Deviation(t_ms, steps)
