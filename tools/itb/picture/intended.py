"""The dose that is meant to reach the patient along a run.

That is what the program has from the first start on, delivered or not, and the boluses; during a bridge, what the
bridge carries of the concentration before it. A prime is meant for the line.
"""

from collections.abc import Iterator
from fractions import Fraction

from itb.account.course import Course
from itb.account.tracks import DosePiece, Piece, Track
from itb.account.walk import BRIDGE, POWER_OFF, PRIME, STOPPED
from itb.sim.bolus_events import SCHEDULED

HOURS_PER_DAY = 24
_IDLE = (STOPPED, PRIME, POWER_OFF)


class Intended:
    """Doses in ug and rates in ug/h, by time of the run in ms."""

    def __init__(self, course: Course) -> None:
        """For the whole of `course`."""
        self._end_ms = course.end_ms
        self._tracks = (
            Track[Piece](sorted(_basal(course), key=_from_ms)),
            Track(sorted(_scheduled(course), key=_from_ms)),
            Track(sorted(_on_request(course), key=_from_ms)),
        )

    def ug_by(self, t_ms: int) -> Fraction:
        """The dose by a time."""
        return sum((track.by(t_ms).ug for track in self._tracks), Fraction(0))

    def rates(self) -> tuple[list[int], list[Fraction]]:
        """When the rate changes, with the end of the run as the last; and the rate from each on."""
        changes: dict[int, Fraction] = {0: Fraction(0)}
        for track in self._tracks:
            for t_ms, step_ug_h in _steps(track):
                if t_ms < self._end_ms:
                    changes[t_ms] = changes.get(t_ms, Fraction(0)) + step_ug_h
        edges_ms = sorted(changes)
        rates, rate = list[Fraction](), Fraction(0)
        for t_ms in edges_ms:
            rate += changes[t_ms]
            rates.append(rate)
        return [*edges_ms, self._end_ms], rates

    def basal_top_ug_h(self) -> Fraction:
        """The greatest rate of all but boluses."""
        rates = (rate * piece.ug_per_step for piece in self._tracks[0].pieces for _, rate in piece.rates_from())
        return max(rates, default=Fraction(0)) / HOURS_PER_DAY


def _steps(track: Track[Piece]) -> Iterator[tuple[int, Fraction]]:
    """Every step of the rate, in ug/h."""
    for piece in track.pieces:
        before = Fraction(0)
        for t_ms, rate_steps_day in piece.rates_from():
            rate = rate_steps_day * piece.ug_per_step / HOURS_PER_DAY
            yield t_ms, rate - before
            before = rate
        yield piece.until_ms, -before


def _from_ms(piece: Piece) -> int:
    return piece.from_ms


def _basal(course: Course) -> Iterator[Piece]:
    first_ms = min((span.from_ms for span in course.spans if span.mode not in _IDLE), default=course.end_ms)
    for mode, piece in course.programmed_by_mode:
        if mode != BRIDGE and piece.from_ms >= first_ms:
            yield piece
    for piece in course.bridge.pieces:
        before = [ng_ml for t_ms, ng_ml, _ in course.doses.changes if t_ms <= piece.from_ms]
        ug_per_step = course.doses.ug_at(before[-1]) if before else piece.ug_per_step
        yield DosePiece(piece.from_ms, piece.until_ms, ug_per_step, piece.rate_steps_ms, 0, 1)


def _scheduled(course: Course) -> Iterator[Piece]:
    for bolus in course.boluses:
        if bolus.source == SCHEDULED:
            end_ms = bolus.prescribed_ms + bolus.dose.duration_ms
            rate = bolus.dose.steps / bolus.dose.duration_ms
            yield DosePiece(bolus.prescribed_ms, end_ms, bolus.ug_per_step, rate, 0, 1)


def _on_request(course: Course) -> Iterator[Piece]:
    for bolus in course.begun:
        if bolus.source != SCHEDULED:
            yield from bolus.pieces
