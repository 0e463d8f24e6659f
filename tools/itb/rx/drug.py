"""Drugs: hard and soft limits on both sides, by profile, each with its source.

`drugs/NAME.toml` holds them. A hard limit refuses; crossing a soft one must be confirmed (D-02).
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from itb.errors import InputError
from itb.quantity import CONCENTRATION, DAILY_DOSE, DOSE, HOURLY_DOSE, Dimension, amount
from itb.tables import Table, read_table

DRUGS = Path(__file__).resolve().parents[3] / "drugs"
SIDES = ("hard_low", "soft_low", "soft_high", "hard_high")
LIMITED = {"daily": DAILY_DOSE, "hourly": HOURLY_DOSE, "bolus": DOSE}


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
class Drug:
    """A drug in one profile."""

    name: str
    profile: str
    concentration: Range
    limits: dict[str, Range]

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
    tables = root.table("profile")
    profiles = {
        profile: Drug(name, profile, concentration, _limits(tables.table(profile))) for profile in tables.names()
    }
    if not profiles:
        raise root.refuse("profile", "at least one table [profile.NAME]")
    root.finish()
    return profiles


def _limits(profile: Table) -> dict[str, Range]:
    return {name: _range(profile.table(name), dimension) for name, dimension in LIMITED.items()}


def _range(table: Table, dimension: Dimension) -> Range:
    bounds: list[Bound] = []
    for side in SIDES:
        bound = table.table(side)
        bounds.append(Bound(bound.quantity("value", dimension), bound.text("source")))
        if len(bounds) > 1 and bounds[-1].value < bounds[-2].value:
            raise InputError(
                table.field(side),
                amount(bounds[-1].value, dimension),
                f"at least {SIDES[len(bounds) - 2]}, {amount(bounds[-2].value, dimension)}",
            )
    return Range(dimension, *bounds)
