"""The boluses of a run: each by the dose that was prescribed or told, with what the journal says became of it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor

from itb.account.doses import Doses
from itb.account.tracks import Amount, DosePiece
from itb.account.walk import NEVER_MS, Loaded
from itb.rx.prescribed import PrescribedDose
from itb.sim.bolus_events import CLINICIAN, PATIENT, SCHEDULED, TRIAL, BolusEvent

# The pump carries what doses have below a microstep exactly, down to such parts.
FINEST = 1 << 40


@dataclass(frozen=True)
class CourseBolus:
    """A bolus that was ordered or asked for, and what became of it: `outcome` as in `BolusEvent`, or "not given" if the
    firmware never came to it.

    It was to begin at `prescribed_ms`, and began, or would have, at `t_ms`. The pump gave `dose` as `steps`; of these
    `ordered_steps` were ordered by the end of the run. `pieces` are where it ran, `ran_out` says whether to its end.
    """

    source: str
    outcome: str
    prescribed_ms: int
    t_ms: int
    dose: PrescribedDose
    steps: int
    ordered_steps: int
    ug_per_step: Fraction
    reason: str = ""
    wait_minutes: int = 0
    pieces: tuple[DosePiece, ...] = ()
    ran_out: bool = False

    @property
    def begun(self) -> bool:
        """Whether it was begun."""
        return bool(self.pieces)

    @property
    def end_ms(self) -> int:
        """When it ended, or will."""
        return self.pieces[-1].until_ms if self.pieces else self.t_ms

    @property
    def late_ms(self) -> int:
        """How long after its time it was begun."""
        return self.t_ms - self.prescribed_ms

    @property
    def ug(self) -> Fraction:
        """The dose."""
        return self.dose.steps * self.ug_per_step

    @property
    def ordered_ug(self) -> Fraction:
        """The dose that was ordered."""
        return self.ordered_steps * self.ug_per_step

    def due_by(self, t_ms: int, start_ms: int) -> Amount:
        """What of the dose comes due by a time, if it begins at `start_ms` and nothing interrupts it."""
        share = Fraction(min(max(t_ms - start_ms, 0), self.dose.duration_ms), self.dose.duration_ms)
        return Amount(self.dose.steps * share, self.ug * share)

    def held_back_by(self, t_ms: int) -> Amount:
        """What of its whole microsteps did not come due by a time, but would have without an interruption."""
        elapsed_ms = min(max(t_ms - self.t_ms, 0), self.dose.duration_ms)
        ran_ms = sum(min(max(t_ms - piece.from_ms, 0), piece.until_ms - piece.from_ms) for piece in self.pieces)
        steps = self.steps * Fraction(elapsed_ms - ran_ms, self.dose.duration_ms)
        return Amount(steps, steps * self.ug_per_step)


class BolusLedger:
    """Reads the boluses of a run in order; all share what is left over below a microstep.

    `carries[n]` is what is left over after n of them, which is from `carry_from_ms[n - 1]` on.
    """

    def __init__(self, clinician: Sequence[tuple[int, PrescribedDose]], loaded: Sequence[Loaded], doses: Doses) -> None:
        """`clinician` are the clinician's boluses, each with its time, and `loaded` the programs that were in force."""
        self.carry_from_ms: list[int] = []
        self.carries = [Fraction(0)]
        self._clinician = list(clinician)
        self._loaded = loaded
        self._doses = doses
        # What was due before a program came was not its to give.
        self._next_scheduled = [
            sum(one.midnight_ms + bolus.start_ms < one.from_ms for bolus in one.prescribed.boluses) for one in loaded
        ]
        self._next_rung = [0] * len(loaded)

    def read(self, events: Iterable[BolusEvent], end_ms: int) -> list[CourseBolus]:
        """What became of each bolus that was prescribed before the end of the run, or that the firmware came to."""
        boluses = [self._read(event) for event in events]
        return sorted([*boluses, *self._never_come_to(end_ms)], key=lambda bolus: bolus.t_ms)

    def _read(self, event: BolusEvent) -> CourseBolus:
        place = bisect_right([one.seq for one in self._loaded], event.seq) - 1
        prescribed_ms, dose = self._dose(event, place)
        # The firmware denies one of the program shortly before its time.
        t_ms = max(event.t_ms, prescribed_ms) if event.source == SCHEDULED else event.t_ms
        ug_per_step = self._doses.ug_per_step(t_ms)
        steps, pieces, ran_out = event.steps or floor(dose.steps), tuple[DosePiece, ...](), False
        if event.begun:
            steps = self._carry(dose, t_ms)
            pieces = tuple(_pieces(event, steps, dose.duration_ms, ug_per_step))
            ran_out = sum(piece.until_ms - piece.from_ms for piece in pieces) == dose.duration_ms
        return CourseBolus(
            source=event.source,
            outcome=event.outcome,
            prescribed_ms=prescribed_ms,
            t_ms=t_ms,
            dose=dose,
            steps=steps,
            ordered_steps=event.ordered_steps,
            ug_per_step=ug_per_step,
            reason=event.reason,
            wait_minutes=event.wait_minutes,
            pieces=pieces,
            ran_out=ran_out,
        )

    def _dose(self, event: BolusEvent, place: int) -> tuple[int, PrescribedDose]:
        """When it was to begin, and what it was to give. One that nobody ordered is told by the journal alone."""
        loaded = self._loaded[place]
        program = loaded.prescribed
        unknown = PrescribedDose(Fraction(event.steps), 1)
        if event.source == SCHEDULED:
            number = self._next_scheduled[place]
            self._next_scheduled[place] += 1
            if number < len(program.boluses):
                return loaded.midnight_ms + program.boluses[number].start_ms, program.boluses[number].dose
        elif event.source == CLINICIAN:
            found = next((one for one in self._clinician if one[0] == event.t_ms), None)
            if found is not None:
                self._clinician.remove(found)
                return found
        elif event.source == PATIENT:
            return event.t_ms, program.patient or unknown
        elif event.source == TRIAL:
            rung = self._next_rung[place]
            self._next_rung[place] += event.begun
            if rung < len(program.trial):
                return event.t_ms, program.trial[rung]
        return event.t_ms, unknown

    def _carry(self, dose: PrescribedDose, t_ms: int) -> int:
        """The whole microsteps of a dose that begins, with what those before left over."""
        parts = dose.steps + self.carries[-1]
        steps = floor(parts)
        left_over = parts - steps
        if left_over.denominator > FINEST:
            left_over = Fraction(floor(left_over * FINEST), FINEST)
        self.carry_from_ms.append(t_ms)
        self.carries.append(left_over)
        return steps

    def _never_come_to(self, end_ms: int) -> Iterator[CourseBolus]:
        untils_ms = [*(after.from_ms for _, after in pairwise(self._loaded)), end_ms]
        for loaded, until_ms, number in zip(self._loaded, untils_ms, self._next_scheduled, strict=True):
            for bolus in loaded.prescribed.boluses[number:]:
                start_ms = loaded.midnight_ms + bolus.start_ms
                if start_ms < until_ms:
                    ug_per_step = self._doses.ug_per_step(start_ms)
                    steps = floor(bolus.dose.steps)
                    yield CourseBolus(SCHEDULED, "not given", start_ms, start_ms, bolus.dose, steps, 0, ug_per_step)


def _pieces(event: BolusEvent, steps: int, duration_ms: int, ug_per_step: Fraction) -> Iterator[DosePiece]:
    """Where a bolus ran. After a suspension the pump gives the whole microsteps that are left over the time that is."""
    rate = Fraction(steps, duration_ms)
    left_steps, left_ms = steps, duration_ms
    for from_ms, until_ms in event.spans:
        end_ms = min(NEVER_MS if until_ms is None else until_ms, from_ms + left_ms)
        piece = DosePiece(from_ms, end_ms, ug_per_step, rate, left_steps, left_ms)
        left_steps -= piece.whole_by(end_ms)
        left_ms -= end_ms - from_ms
        yield piece
