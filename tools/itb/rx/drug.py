"""Drugs: hard and soft limits on both sides, by profile, each with its source.

`drugs/NAME.toml` holds them. A hard limit refuses; crossing a soft one must be confirmed (D-02). With them stand how
far the daily dose may change from one day to the next (D-05), the doses of a screening trial (D-15), and the warning
before a stop (D-14).
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from itb.errors import InputError
from itb.quantity import CONCENTRATION, DAILY_DOSE, DOSE, HOURLY_DOSE, SHARE, TIME, Dimension, amount
from itb.tables import Table, read_table

DRUGS = Path(__file__).resolve().parents[3] / "drugs"
SIDES = ("hard_low", "soft_low", "soft_high", "hard_high")
LIMITED = {"daily": DAILY_DOSE, "hourly": HOURLY_DOSE, "bolus": DOSE}
MOST_RUNGS = 3
# The pump keeps 24 h between two steps of a trial; a longer gap it would not keep.
_LONGEST_GAP = "24 h"


@dataclass(frozen=True)
class Bound:
    """One limit: its value in the base unit of its dimension, and where the number comes from."""

    value: Fraction
    source: str


@dataclass(frozen=True)
class Range:
    """What is accepted of one quantity (hard), and without a finding (soft). The bounds themselves are accepted."""

    dimension: Dimension
    hard_low: Bound
    soft_low: Bound
    soft_high: Bound
    hard_high: Bound

    def hard_text(self) -> str:
        """The accepted range in words."""
        low, high = (amount(bound.value, self.dimension) for bound in (self.hard_low, self.hard_high))
        return f"{low} to {high}"


@dataclass(frozen=True)
class Titration:
    """How far the daily dose may change within 24 h, in percent of what it was.

    A rise above `rise_hard` (whole percent) is refused; one above `rise_soft` is a finding, as is a fall above
    `fall_soft`.
    """

    rise_hard: Bound
    rise_soft: Bound
    fall_soft: Bound


@dataclass(frozen=True)
class TrialLadder:
    """The doses of a screening trial in ug, ascending, and in ms what lies between two, from start to start."""

    rungs: tuple[Bound, ...]
    gap: Bound


@dataclass(frozen=True)
class Caution:
    """What must be said before something is done, and where that comes from."""

    text: str
    source: str

    def __str__(self) -> str:
        return f"{self.text} ({self.source})"


@dataclass(frozen=True)
class Drug:
    """A drug in one profile."""

    name: str
    profile: str
    concentration: Range
    limits: dict[str, Range]
    titration: Titration
    trial: TrialLadder
    withdrawal: Caution

    @property
    def label(self) -> str:
        """How limits name their origin: "drug baclofen/spinal"."""
        return f"drug {self.name}/{self.profile}"


def drug_names(drugs: Path = DRUGS) -> list[str]:
    """The drugs there are files for."""
    return sorted(path.stem for path in drugs.glob("*.toml"))


def read_profiles(path: Path) -> dict[str, Drug]:
    """Every profile of one drug file, by name. Raises InputError naming the first key that is wrong."""
    root = read_table(path, "a drug")
    name = root.text("name")
    if name != path.stem:
        raise root.refuse("name", f'"{path.stem}", as the file is called')
    concentration = _range(root.table("concentration"), CONCENTRATION)
    trial = _trial(root.table("trial"))
    withdrawal = root.table("withdrawal")
    warning = Caution(withdrawal.text("text"), withdrawal.text("source"))
    tables = root.table("profile")
    profiles: dict[str, Drug] = {}
    for profile in tables.names():
        table = tables.table(profile)
        limits = {limited: _range(table.table(limited), dimension) for limited, dimension in LIMITED.items()}
        titration = _titration(table.table("titration"))
        profiles[profile] = Drug(name, profile, concentration, limits, titration, trial, warning)
    if not profiles:
        raise root.refuse("profile", "at least one table [profile.NAME]")
    root.finish()
    return profiles


def _titration(table: Table) -> Titration:
    hard = table.table("rise_hard")
    # The pump takes whole percent.
    rise_hard = Bound(Fraction(hard.whole_quantity("value", SHARE, "%", "1 %", "1000 %")), hard.text("source"))
    rise_soft, fall_soft = (_bound(table.table(name), SHARE, "100 %") for name in ("rise_soft", "fall_soft"))
    if rise_soft.value > rise_hard.value:
        accepted = f"at most rise_hard, {amount(rise_hard.value, SHARE)}"
        raise InputError(table.field("rise_soft"), amount(rise_soft.value, SHARE), accepted)
    return Titration(rise_hard, rise_soft, fall_soft)


def _trial(table: Table) -> TrialLadder:
    rungs: list[Bound] = []
    for one in table.tables("step", 1, MOST_RUNGS):
        rungs.append(_bound(one, DOSE))
        if len(rungs) > 1 and rungs[-1].value <= rungs[-2].value:
            raise one.refuse("value", f"more than the step before it, {amount(rungs[-2].value, DOSE)}")
    return TrialLadder(tuple(rungs), _bound(table.table("gap"), TIME, _LONGEST_GAP))


def _bound(table: Table, dimension: Dimension, high: str = "") -> Bound:
    return Bound(table.quantity("value", dimension, high=high), table.text("source"))


def _range(table: Table, dimension: Dimension) -> Range:
    bounds: list[Bound] = []
    for side in SIDES:
        bounds.append(_bound(table.table(side), dimension))
        if len(bounds) > 1 and bounds[-1].value < bounds[-2].value:
            raise InputError(
                table.field(side),
                amount(bounds[-1].value, dimension),
                f"at least {SIDES[len(bounds) - 2]}, {amount(bounds[-2].value, dimension)}",
            )
    return Range(dimension, *bounds)
