"""Limits: which there are, which is in force, and what crossing a soft one is called.

Upper limits come from the build, the board, the drug and the prescription; the lowest is in force and is named (D-03).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from itb.boards.board import Board
from itb.errors import InputError
from itb.quantity import DOSE, VOLUME_RATE, Dimension, amount, decimal_down, dose_rate
from itb.rx.drug import Bound, Range
from itb.rx.orders import NL_PER_ML, volume_text
from itb.rx.prescription import Prescription

# The device's names of the limited quantities, and ours in drug and prescription files.
NAMES = {"hour": "hourly", "day": "daily", "bolus": "bolus"}
# Fixed in code: what implanted pumps deliver at most is 24 mL/day.
BUILD_NL = {"hour": Fraction(NL_PER_ML), "day": Fraction(24 * NL_PER_ML), "bolus": Fraction(NL_PER_ML)}


@dataclass(frozen=True)
class Limit:
    """One upper limit: of which quantity, how much, whose it is, and where its number comes from."""

    kind: str
    volume_nl: Fraction
    origin: str
    source: str


@dataclass(frozen=True)
class Finding:
    """A soft limit that is crossed: the run needs an explicit confirmation."""

    field: str
    value: str
    expected: str
    source: str

    def __str__(self) -> str:
        return f"{self.field}: {self.value}; expected {self.expected} ({self.source})"


def stack(prescription: Prescription, board: Board) -> dict[str, list[Limit]]:
    """Every upper limit on hour, day and bolus, in the order build, board, drug, prescription."""
    boards = {"hour": board.hour_nl, "day": board.day_nl, "bolus": board.bolus_nl}
    limits: dict[str, list[Limit]] = {}
    for kind, name in NAMES.items():
        hard = prescription.drug.limits[name].hard_high
        limits[kind] = [
            Limit(kind, BUILD_NL[kind], "build", "fixed in code"),
            Limit(kind, boards[kind], f"board {board.name}", board.file),
            Limit(kind, prescription.volume_nl(hard.value), prescription.drug.label, hard.source),
        ]
        if name in prescription.limits_ug:
            own_nl = prescription.volume_nl(prescription.limits_ug[name])
            limits[kind].append(Limit(kind, own_nl, "prescription", prescription.field(f"limits.{name}")))
    return limits


def in_force(limits: list[Limit]) -> Limit:
    """The lowest of some limits on one quantity; of equals the first."""
    return min(limits, key=lambda limit: limit.volume_nl)


class Caps:
    """The limits of one prescription on one board, and its doses in microsteps."""

    def __init__(self, prescription: Prescription, board: Board) -> None:
        self.rx = prescription
        self.board = board
        self.stacked = stack(prescription, board)

    def limit(self, kind: str) -> Limit:
        """The limit in force on hour, day or bolus."""
        return in_force(self.stacked[kind])

    def cap_steps(self, kind: str) -> int:
        """The limit in force, in whole microsteps: what the device is told."""
        return floor(self.board.steps(self.limit(kind).volume_nl))

    def greatest_ug(self, kind: str) -> str:
        """The dose of `cap_steps`, in words."""
        return decimal_down(self.ug(Fraction(self.cap_steps(kind))))

    def refuse_bolus_above(self, field: str, dose_ug: Fraction) -> None:
        """Raise InputError for a dose above the limit on a single bolus.

        The dose itself is compared, not its microsteps: the pump rounds both down, and does not count what it carries.
        """
        limit = self.limit("bolus")
        if self.rx.volume_nl(dose_ug) > limit.volume_nl:
            most = decimal_down(self.rx.dose_ug(limit.volume_nl))
            raise InputError(field, amount(dose_ug, DOSE), f"at most {most} ug ({self.limit_text('bolus')})")

    def limit_text(self, kind: str) -> str:
        """The limit in force in words: its value, whose it is, and its source."""
        limit = self.limit(kind)
        dose = amount(self.rx.dose_ug(limit.volume_nl), DOSE, places=3)
        return f"limit {NAMES[kind]} {dose} = {volume_text(limit.volume_nl)} from {limit.origin}: {limit.source}"

    def steps(self, dose_ug: Fraction) -> Fraction:
        """The microsteps of a dose."""
        return self.board.steps(self.rx.volume_nl(dose_ug))

    def ug(self, steps: Fraction) -> Fraction:
        """The dose of some microsteps."""
        return self.rx.dose_ug(steps * self.board.nl_per_step)

    def rate_text(self, rate_ug_day: Fraction) -> str:
        """A rate as dose and as volume."""
        volume = amount(self.rx.volume_nl(rate_ug_day), VOLUME_RATE, "mL/day")
        return f"{dose_rate(rate_ug_day)} = {volume}"

    def drug_source(self, bound: Bound) -> str:
        """Whose a limit of the drug is, and its source."""
        return f"{self.rx.drug.label}: {bound.source}"

    def finding(self, field: str, value: Fraction, side: str, bound: Bound, dimension: Dimension) -> Finding:
        """The finding that `value` is beyond `bound` of the drug; `side` is "at least" or "at most"."""
        expected = f"{side} {amount(bound.value, dimension)}"
        return Finding(self.rx.field(field), amount(value, dimension, places=3), expected, self.drug_source(bound))

    def outside(self, field: str, value: Fraction, accepted: Range) -> Iterator[Finding]:
        """What there is to find about a value that has both sides of a range."""
        yield from self.below(field, value, accepted)
        yield from self.above(field, value, accepted)

    def below(self, field: str, value: Fraction, accepted: Range) -> Iterator[Finding]:
        """What there is to find about a lowest value."""
        if value < accepted.soft_low.value:
            yield self.finding(field, value, "at least", accepted.soft_low, accepted.dimension)

    def above(self, field: str, value: Fraction, accepted: Range) -> Iterator[Finding]:
        """What there is to find about a greatest value."""
        if value > accepted.soft_high.value:
            yield self.finding(field, value, "at most", accepted.soft_high, accepted.dimension)
