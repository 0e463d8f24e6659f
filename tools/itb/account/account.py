"""The exact account of a run: what was asked for, what became of it, and whether the two sides of every law agree.

Whole numbers and fractions only: microsteps, and the doses they carried. Everything called delivered is the firmware's
ledger.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from itb.account.bolus_ledger import CourseBolus
from itb.account.checks import Check, checks
from itb.account.counts import CONFIRMED, EDGES, GRANTED, ORDERED, Counts
from itb.account.course import Course
from itb.account.tracks import Amount
from itb.account.way import Line, told_count, way
from itb.rx.prescribed import MS_PER_DAY
from itb.sim.messages import Sample
from itb.sim.record import Alarm, Record


@dataclass(frozen=True)
class DayDose:
    """What the ledger gained on one day, from its first sample to its last; `complete` when these span the day.

    `tip_ug` left the catheter's tip meanwhile.
    """

    day: int
    amount: Amount
    tip_ug: Fraction
    complete: bool

    @property
    def steps(self) -> int:
        """Its microsteps."""
        return int(self.amount.steps)


@dataclass(frozen=True)
class Deviation:
    """The farthest what was counted was behind the order, or ahead of it where negative."""

    t_ms: int
    steps: int
    ug: Fraction


@dataclass(frozen=True)
class Account:
    """All facts of one run that ended at `last`.

    `parts` says what was ordered as therapy, bridge and prime, which are told apart; it is empty where all was therapy.
    """

    course: Course
    why: str
    last: Sample
    lines: tuple[Line, ...]
    parts: tuple[Line, ...]
    delivery: tuple[Line, ...]
    checks: tuple[Check, ...]
    days: tuple[DayDose, ...]
    worst: Deviation
    alarms: tuple[Alarm, ...]

    @property
    def boluses(self) -> tuple[CourseBolus, ...]:
        """What became of each bolus."""
        return self.course.boluses

    @property
    def balanced(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def delivered(self, text: str) -> Amount:
        """The line of `delivery` that says `text`."""
        return next(line.amount for line in self.delivery if line.text == text)


ORDERED_TEXT, GRANTED_TEXT, EDGES_TEXT = "ordered", "granted", "confirmed by the read-back"
LEDGER_TEXT, MOTOR_TEXT = "delivered, by the ledger", "made by the motor (twin's truth)"
TAKEN_TEXT = "counted as delivered over {}: at most"


def account(record: Record, course: Course) -> Account:
    """The account of a run that has at least one sample."""
    counts = Counts(record.samples, course)
    return Account(
        course=course,
        why=record.end.why if record.end else "broken off",
        last=record.last,
        lines=tuple(way(record.last, course, counts)),
        parts=tuple(_parts(record.last, course, counts)),
        delivery=tuple(_delivery(record, course, counts)),
        checks=tuple(checks(record, course)),
        days=tuple(_days(record.samples, counts)),
        worst=_worst(record.samples, course),
        alarms=tuple(record.alarms()),
    )


def _delivery(record: Record, course: Course, counts: Counts) -> Iterator[Line]:
    last = record.last
    yield Line(ORDERED_TEXT, counts.of(ORDERED))
    yield Line(GRANTED_TEXT, counts.of(GRANTED))
    yield Line(EDGES_TEXT, counts.of(EDGES))
    yield Line(LEDGER_TEXT, counts.of(CONFIRMED))
    restarts = [event for event in record.events if event.kind == "restart"]
    if restarts:
        taken = sum((Amount.of(one.a, course.doses.ug_per_step(one.t_ms)) for one in restarts), Amount())
        yield Line(TAKEN_TEXT.format(told_count(len(restarts), "restart")), taken)
    yield Line(MOTOR_TEXT, Amount(Fraction(last.plant.motor_steps), Fraction(last.plant.pump_ng, 1000)))


def _parts(last: Sample, course: Course, counts: Counts) -> Iterator[Line]:
    bridge, prime = course.bridge.whole_amount_by(last.t_ms), course.prime.whole_amount_by(last.t_ms)
    if not bridge.steps and not prime.steps:
        return
    yield Line("therapy", counts.of(ORDERED) - bridge - prime)
    if bridge.steps:
        yield Line("bridge", bridge)
    if prime.steps:
        yield Line("prime", prime)


def _days(samples: list[Sample], counts: Counts) -> Iterator[DayDose]:
    """A day's dose runs from the last sample not after its midnight to the last not after the next."""
    times_ms = [sample.t_ms for sample in samples]
    before, tip_before_ug, whole_before = Amount(), Fraction(0), True
    for day in range(1, -(-times_ms[-1] // MS_PER_DAY) + 1):
        place = bisect_right(times_ms, day * MS_PER_DAY) - 1
        amount, tip_ug = Amount(), Fraction(0)
        if place >= 0:
            sample = samples[place]
            amount, tip_ug = counts.by(CONFIRMED, sample), Fraction(sample.plant.tip_ng, 1000)
        whole = place >= 0 and times_ms[place] == day * MS_PER_DAY
        yield DayDose(day, amount - before, tip_ug - tip_before_ug, whole and whole_before)
        before, tip_before_ug, whole_before = amount, tip_ug, whole


def _worst(samples: list[Sample], course: Course) -> Deviation:
    behind = ((sample.status.ordered_steps - sample.status.counted_steps, sample.t_ms) for sample in samples)
    steps, t_ms = max(behind, key=lambda pair: (abs(pair[0]), -pair[1]))
    return Deviation(t_ms, steps, steps * course.doses.ug_per_step(t_ms - 1))
