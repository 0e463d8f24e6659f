"""What was counted along a run, in microsteps and in the dose they carried.

A count is known at samples. Where the concentration changed between two of them, which it does only while the pump
stands, what was ordered until then tells the share of each.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from itb.account.course import Course
from itb.account.tracks import Amount
from itb.sim.messages import Sample, Status


@dataclass(frozen=True)
class Counter:
    """Something that is counted: how a sample tells it, and how much of a span's was counted before a change within it,
    by what was `ordered` until that change and the status after it."""

    read: Callable[[Sample], int]
    before: Callable[[int, Status], int]


def _granted(ordered_steps: int, after: Status) -> int:
    return ordered_steps - after.dropped_steps


def _confirmed(ordered_steps: int, after: Status) -> int:
    lost_steps = after.missing_steps + after.abandoned_steps - after.stray_steps
    return _granted(ordered_steps, after) - lost_steps - after.cut_steps


def _accounted(ordered_steps: int, after: Status) -> int:
    return _confirmed(ordered_steps, after) + after.taken_steps


ORDERED = Counter(lambda sample: sample.status.ordered_steps, lambda ordered_steps, _: ordered_steps)
GRANTED = Counter(lambda sample: sample.status.granted_steps, _granted)
COUNTED = Counter(lambda sample: sample.status.counted_steps, _confirmed)
TAKEN = Counter(lambda sample: sample.status.taken_steps, lambda _, after: after.taken_steps)
# The ledger.
CONFIRMED = Counter(lambda sample: sample.status.confirmed_steps, _accounted)
EDGES = Counter(lambda sample: sample.plant.edges, _confirmed)
# What is lost is lost before delivery ends.
DROPPED = Counter(lambda sample: sample.status.dropped_steps, lambda _, after: after.dropped_steps)
MISSING = Counter(lambda sample: sample.status.missing_steps, lambda _, after: after.missing_steps)
ABANDONED = Counter(lambda sample: sample.status.abandoned_steps, lambda _, after: after.abandoned_steps)
CUT = Counter(lambda sample: sample.status.cut_steps, lambda _, after: after.cut_steps)
STRAY = Counter(lambda sample: sample.status.stray_steps, lambda _, after: after.stray_steps)


class Counts:
    """Every counter of a run, with the doses."""

    def __init__(self, samples: Sequence[Sample], course: Course) -> None:
        """`samples` has at least one."""
        self._samples = samples
        self._course = course
        self._counted: dict[Counter, Counted] = {}

    def of(self, counter: Counter) -> Amount:
        """What `counter` had counted by the end of the run."""
        return self.by(counter, self._samples[-1])

    def by(self, counter: Counter, sample: Sample) -> Amount:
        """What `counter` had counted by one of the samples."""
        if counter not in self._counted:
            self._counted[counter] = self._count(counter)
        return Amount(Fraction(counter.read(sample)), self._counted[counter].ug(sample))

    def _count(self, counter: Counter) -> "Counted":
        doses, samples = self._course.doses, self._samples
        times_ms = [sample.t_ms for sample in samples]
        steps, ug = 0, Fraction(0)
        pieces = [(0, steps, ug, doses.ug_per_step(0))]
        for change_ms, _, _ in doses.changes:
            place = bisect_left(times_ms, change_ms)
            if place == len(samples):
                break
            low_steps = counter.read(samples[place - 1]) if place else 0
            high_steps = counter.read(samples[place])
            if times_ms[place] == change_ms:
                told = high_steps
            else:
                told = counter.before(self._course.whole_by(change_ms), samples[place].status)
            at_change = min(max(told, low_steps), high_steps)
            ug += (at_change - steps) * doses.ug_per_step(change_ms - 1)
            steps = at_change
            pieces.append((change_ms, steps, ug, doses.ug_per_step(change_ms)))
        return Counted(counter, pieces)


class Counted:
    """Turns the counts of samples into doses."""

    def __init__(self, counter: Counter, pieces: Sequence[tuple[int, int, Fraction, Fraction]]) -> None:
        """`pieces`: from a time on, the count and the dose in ug until then, and what a microstep carries after it."""
        self._counter = counter
        self._pieces = pieces
        self._from_ms = [from_ms for from_ms, _, _, _ in pieces]

    def ug(self, sample: Sample) -> Fraction:
        """The dose counted by a sample."""
        place = max(bisect_left(self._from_ms, sample.t_ms) - 1, 0)
        _, steps, ug, ug_per_step = self._pieces[place]
        return ug + (self._counter.read(sample) - steps) * ug_per_step
