"""Demand along the time of a run: pieces, one after the other, and what they ask for by any time, exactly.

Times in ms of the run.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Generic, TypeVar

from itb.rx.prescribed import MS_PER_DAY, DayRates


@dataclass(frozen=True)
class Amount:
    """Microsteps, and the dose they carry with the concentration of their time."""

    steps: Fraction = Fraction(0)
    ug: Fraction = Fraction(0)

    @staticmethod
    def of(steps: int, ug_per_step: Fraction) -> "Amount":
        """So many microsteps, each of which carries so much."""
        return Amount(Fraction(steps), steps * ug_per_step)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.steps + other.steps, self.ug + other.ug)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.steps - other.steps, self.ug - other.ug)

    def __neg__(self) -> "Amount":
        return Amount(-self.steps, -self.ug)


@dataclass(frozen=True)
class Piece(ABC):
    """Demand from `from_ms` until `until_ms`; each microstep of it carries `ug_per_step`."""

    from_ms: int
    until_ms: int
    ug_per_step: Fraction

    @abstractmethod
    def steps_by(self, t_ms: int) -> Fraction:
        """Microsteps asked for from its beginning to a time within it."""

    @abstractmethod
    def rates_from(self) -> list[tuple[int, Fraction]]:
        """When each rate in it begins, and the rate in microsteps per day."""


@dataclass(frozen=True)
class DayPiece(Piece):
    """A part of the day whose midnight was at `midnight_ms`."""

    rates: DayRates
    midnight_ms: int

    def steps_by(self, t_ms: int) -> Fraction:
        """See `Piece`."""
        return self.rates.steps_by(t_ms - self.midnight_ms) - self.rates.steps_by(self.from_ms - self.midnight_ms)

    def rates_from(self) -> list[tuple[int, Fraction]]:
        """See `Piece`."""
        first_ms, last_ms = self.from_ms - self.midnight_ms, self.until_ms - self.midnight_ms
        starts_ms = [first_ms, *(start_ms for start_ms in self.rates.starts_ms if first_ms < start_ms < last_ms)]
        return [(self.midnight_ms + start_ms, self.rates.rate_at(start_ms)) for start_ms in starts_ms]


@dataclass(frozen=True)
class DosePiece(Piece):
    """A part of a dose of `rate_steps_ms`.

    The pump gives it as the whole number `armed_steps` evenly over `armed_ms`, of which `elapsed_ms` had passed when
    the piece began.
    """

    rate_steps_ms: Fraction
    armed_steps: int
    armed_ms: int
    elapsed_ms: int = 0

    def steps_by(self, t_ms: int) -> Fraction:
        """See `Piece`."""
        return self.rate_steps_ms * (t_ms - self.from_ms)

    def rates_from(self) -> list[tuple[int, Fraction]]:
        """See `Piece`."""
        return [(self.from_ms, self.rate_steps_ms * MS_PER_DAY)]

    def whole_by(self, t_ms: int) -> int:
        """The microsteps that became whole from its beginning to a time within it."""
        return self._armed_by(self.elapsed_ms + t_ms - self.from_ms) - self._armed_by(self.elapsed_ms)

    def left_by(self, t_ms: int) -> int:
        """The whole microsteps of its dose that are still to come after a time."""
        return self.armed_steps - self._armed_by(self.elapsed_ms + min(t_ms, self.until_ms) - self.from_ms)

    def ran_out_by(self, t_ms: int) -> bool:
        """Whether its dose is through by a time."""
        return self.elapsed_ms + min(t_ms, self.until_ms) - self.from_ms >= self.armed_ms

    def goes_on_in(self, after: "DosePiece | None") -> bool:
        """Whether `after` is the next part of the same dose."""
        return after is not None and after.elapsed_ms == self.elapsed_ms + self.until_ms - self.from_ms > 0

    def _armed_by(self, elapsed_ms: int) -> int:
        return self.armed_steps * elapsed_ms // self.armed_ms


P = TypeVar("P", bound=Piece)


class Track(Generic[P]):
    """Pieces that do not overlap, in order."""

    def __init__(self, pieces: Iterable[P] = ()) -> None:
        """Pieces of no length are left out."""
        self.pieces = [piece for piece in pieces if piece.until_ms > piece.from_ms]
        self._starts_ms = [piece.from_ms for piece in self.pieces]
        steps = [piece.steps_by(piece.until_ms) for piece in self.pieces]
        self._steps_before = [Fraction(0), *accumulate(steps)]
        doses = (one * piece.ug_per_step for one, piece in zip(steps, self.pieces, strict=True))
        self._ug_before = [Fraction(0), *accumulate(doses)]

    def steps_by(self, t_ms: int) -> Fraction:
        """Microsteps asked for by a time of the run."""
        place = self._place(t_ms)
        return self._steps_before[place] + self._within(place, t_ms)

    def by(self, t_ms: int) -> Amount:
        """What is asked for by a time of the run."""
        place = self._place(t_ms)
        within = self._within(place, t_ms)
        ug = within * self.pieces[place].ug_per_step if within else Fraction(0)
        return Amount(self._steps_before[place] + within, self._ug_before[place] + ug)

    def _place(self, t_ms: int) -> int:
        """The piece that holds at a time, or the first."""
        return max(bisect_right(self._starts_ms, t_ms) - 1, 0)

    def _within(self, place: int, t_ms: int) -> Fraction:
        if not self.pieces or t_ms <= self.pieces[place].from_ms:
            return Fraction(0)
        piece = self.pieces[place]
        return piece.steps_by(min(t_ms, piece.until_ms))


class DoseTrack(Track[DosePiece]):
    """Doses that the pump gives one after the other, or in parts, each rounded down to whole microsteps."""

    def __init__(self, pieces: Iterable[DosePiece] = ()) -> None:
        """See `Track`."""
        super().__init__(pieces)
        steps = [piece.whole_by(piece.until_ms) for piece in self.pieces]
        self._whole_before = [0, *accumulate(steps)]
        doses = (one * piece.ug_per_step for one, piece in zip(steps, self.pieces, strict=True))
        self._whole_ug_before = [Fraction(0), *accumulate(doses)]

    def whole_by(self, t_ms: int) -> int:
        """The microsteps that became whole by a time of the run."""
        place = self._place(t_ms)
        return self._whole_before[place] + self._whole_within(place, t_ms)

    def whole_amount_by(self, t_ms: int) -> Amount:
        """The same with its dose."""
        place = self._place(t_ms)
        within = self._whole_within(place, t_ms)
        ug = within * self.pieces[place].ug_per_step if within else Fraction(0)
        return Amount(Fraction(self._whole_before[place] + within), self._whole_ug_before[place] + ug)

    def _whole_within(self, place: int, t_ms: int) -> int:
        if not self.pieces or t_ms <= self.pieces[place].from_ms:
            return 0
        piece = self.pieces[place]
        return piece.whole_by(min(t_ms, piece.until_ms))

    def open_at(self, t_ms: int) -> int:
        """How many of the doses begun by a time had not run out by then, and may lack a part of a microstep."""
        begun = [piece for piece in self.pieces if piece.from_ms < t_ms]
        pairs = zip(begun, [*begun[1:], None], strict=False)
        return sum(not one.ran_out_by(t_ms) and not one.goes_on_in(two) for one, two in pairs)
