"""What was asked of the pump in a run, exactly: by what was ordered, at the times of the journal.

The prescription, and not the device's integers, says how much; only when things began and ended is the pump's own word.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from math import floor

from itb.account.bolus_ledger import BolusLedger
from itb.account.course_orders import Orders, orders_of
from itb.account.doses import Doses
from itb.account.tracks import Amount, DosePiece, DoseTrack, Track
from itb.account.walk import BRIDGE, KEEP_OPEN, POWER_OFF, PRIME, STOPPED, UNTIMED, Loaded, Walk
from itb.sim.bolus_events import SCHEDULED
from itb.sim.record import Record
from itb.story.story import Story

_PRIME_ENDS = ("prime_end", "prime_cancelled", "prime_timeout")


def course_of(story: Story, record: Record) -> "Course":
    """The course of a run of `story` that has at least one sample. Raises GuestError where the record is of another."""
    return Course(orders_of(story, record), record)


class Course:
    """Demand along a run, in microsteps and ug."""

    def __init__(self, orders: Orders, record: Record) -> None:
        """`record` must have a sample."""
        self.orders = orders
        self.end_ms = record.last.t_ms
        self.doses = Doses(orders.nl_per_step, orders.concentrations)
        changes_ms = [t_ms for t_ms, _, _ in self.doses.changes]
        walk = Walk(orders.programs, orders.weekday, orders.minimum_steps_day, self.doses.ug_per_step)
        self.outages = record.outages
        walked = walk.through(record.events, changes_ms, self.end_ms, self.outages)
        self.loaded, self.spans, self.stages = walked.loaded, walked.spans, walked.stages
        self.programmed_by_mode = walked.programmed
        self.programmed = Track(piece for _, piece in walked.programmed)
        self._of_mode = {
            mode: Track(piece for at, piece in walked.programmed if at == mode)
            for mode in {m for m, _ in walked.programmed}
        }
        self.basal = Track(walked.basal)
        self._untimed = Track(walked.untimed)
        self.bridge = DoseTrack(walked.bridges)
        self.prime = DoseTrack(_primes(orders, record, self.doses))
        self._waits = walked.waits
        self._bridges_anew = walked.bridges_anew
        self.given_again_steps = walked.given_again_steps
        self._dropped_from_ms = [t_ms for t_ms, _ in walked.dropped]
        self._dropped = [Fraction(0), *accumulate(steps for _, steps in walked.dropped)]
        ledger = BolusLedger(orders.clinician, self.loaded, self.doses)
        self.boluses = tuple(ledger.read(record.boluses(), self.end_ms))
        self.begun = [bolus for bolus in self.boluses if bolus.begun]
        pieces = (piece for bolus in self.begun for piece in bolus.pieces)
        self.bolus = DoseTrack(sorted(pieces, key=lambda piece: piece.from_ms))
        self._carry_from_ms, self._carries = ledger.carry_from_ms, ledger.carries

    def by_mode(self, mode: str, t_ms: int) -> Amount:
        """The basal that the program had, by a time, while the pump was at `mode`."""
        return self._of_mode[mode].by(t_ms) if mode in self._of_mode else Amount()

    def steps_by(self, t_ms: int) -> Fraction:
        """Microsteps asked for by a time: all therapies, exactly."""
        given = self.bolus.steps_by(t_ms) + self.bridge.steps_by(t_ms) + self.prime.steps_by(t_ms)
        return self._basal_by(t_ms) + given + self._carry_by(t_ms)

    def whole_by(self, t_ms: int) -> int:
        """The same in whole microsteps, as they are to be ordered: each therapy rounded down."""
        given = self.bolus.whole_by(t_ms) + self.bridge.whole_by(t_ms) + self.prime.whole_by(t_ms)
        return floor(self._basal_by(t_ms)) + given

    def unsettled(self, t_ms: int) -> int:
        """How many therapies may each hold back less than one microstep at a time.

        The basal; the boluses together, whose parts below a microstep are carried from one to the next; and each bolus,
        bridge or prime that did not run out.
        """
        begun = [bolus for bolus in self.begun if bolus.t_ms < t_ms]
        open_boluses = sum(not bolus.ran_out or bolus.end_ms > t_ms for bolus in begun)
        return 1 + (len(begun) > 0) + open_boluses + self.bridge.open_at(t_ms) + self.prime.open_at(t_ms)

    def bridge_left_by(self, t_ms: int) -> int:
        """The whole microsteps that the bridge of the program in force still had to order at a time."""
        loaded = self.program_at(t_ms - 1)
        if loaded.prescribed.bridge is None:
            return 0
        pieces = [piece for piece in self.bridge.pieces if loaded.from_ms <= piece.from_ms < t_ms]
        anew = [one for one in self._bridges_anew if loaded.from_ms <= one[0] < t_ms]
        if anew and (not pieces or pieces[-1].from_ms < anew[-1][0]):
            return anew[-1][1]
        return pieces[-1].left_by(t_ms) if pieces else loaded.prescribed.bridge[0]

    def modes(self, mode: str) -> list[tuple[int, int]]:
        """The spans in which the pump was at `mode`."""
        return [(span.from_ms, span.until_ms) for span in self.spans if span.mode == mode]

    def program_at(self, t_ms: int) -> Loaded:
        """The program in force from a time on."""
        return self.loaded[max(bisect_right([one.from_ms for one in self.loaded], t_ms) - 1, 0)]

    def due_by(self, t_ms: int) -> Amount:
        """The scheduled boluses that come due by a time, whatever becomes of them."""
        parts = (bolus.due_by(t_ms, bolus.prescribed_ms) for bolus in self.boluses if bolus.source == SCHEDULED)
        return sum(parts, Amount())

    def kept_open_by(self, t_ms: int) -> Amount:
        """What the minimum rate held back of the program, by a time."""
        if not self.modes(KEEP_OPEN):
            return Amount()
        programmed = self.programmed.by(t_ms) - self.by_mode(BRIDGE, t_ms) - self.idle_by(t_ms)
        return programmed - self.basal.by(t_ms) - self.untimed_by(t_ms)

    def untimed_by(self, t_ms: int) -> Amount:
        """What the lowest rate held back of the program while the time of day was unknown, by a time."""
        return self.by_mode(UNTIMED, t_ms) - self._untimed.by(t_ms)

    def idle_by(self, t_ms: int) -> Amount:
        """The basal of the times at which the pump gave no therapy."""
        return sum((self.by_mode(mode, t_ms) for mode in (STOPPED, PRIME, POWER_OFF)), Amount())

    def _basal_by(self, t_ms: int) -> Fraction:
        at_ms = next((after_ms for after_ms, until_ms in self._waits if after_ms < t_ms <= until_ms), t_ms)
        return self.basal.steps_by(at_ms) - self._dropped[bisect_left(self._dropped_from_ms, t_ms)]

    def _carry_by(self, t_ms: int) -> Fraction:
        return self._carries[bisect_left(self._carry_from_ms, t_ms)]


def _primes(orders: Orders, record: Record, doses: Doses) -> Iterator[DosePiece]:
    ends_ms = [event.t_ms for event in record.events if event.kind in _PRIME_ENDS]
    ends_ms += [outage.off_ms for outage in record.outages]
    for t_ms, dose in orders.primes:
        end_ms = min([t_ms + dose.duration_ms, *(end for end in ends_ms if end > t_ms)])
        rate = dose.steps / dose.duration_ms
        yield DosePiece(t_ms, end_ms, doses.ug_per_step(t_ms), rate, floor(dose.steps), dose.duration_ms)
