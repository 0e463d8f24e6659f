"""What the size of a lease is paid with: a small one wears the flash, a large one makes restarts uncertain.

Counted for each lease, at 0.2 mL/day: the erases of the blocks of a flash, and what power cuts add to the account
beyond what the motor made.
"""

import json
from dataclasses import asdict, dataclass
from fractions import Fraction

from itb.sim.wear import DEFAULT_NL, FLASHES, day_of, slacks, worn_by

# 400 ug/day at 2000 ug/mL.
NL_DAY = 200_000
LEASES_NL = (500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
CUTS = 40
# Each block has its turn several times; and often enough that the worst of them tells something.
MEAN_DAYS, WORST_DAYS = 20, 365


@dataclass(frozen=True)
class Point:
    """A lease, how often it is renewed in a day, the erases of the mean block of each flash in a day, and the most and
    the mean that a restart adds, in microsteps."""

    lease_nl: int
    renewals_day: int
    mean_day: dict[str, float]
    most_slack_steps: int
    mean_slack_steps: float


@dataclass(frozen=True)
class Curve:
    """All points, and with the default lease the erases of the worst block of each flash in a day, over WORST_DAYS."""

    points: tuple[Point, ...]
    worst_day: dict[str, float]

    def as_json(self) -> str:
        """In one line."""
        return json.dumps(asdict(self))


def read_curve(text: str) -> Curve:
    """What `as_json` made."""
    fields = json.loads(text)
    return Curve(tuple(Point(**one) for one in fields["points"]), fields["worst_day"])


def point(lease_nl: int) -> Point:
    """What is counted for one lease. Raises GuestError."""
    lease = Fraction(lease_nl)
    day = day_of(lease, NL_DAY)
    mean_day = {name: worn_by(day, MEAN_DAYS, blocks).mean_day for name, blocks in FLASHES.items()}
    found = slacks(lease, NL_DAY, CUTS)
    return Point(lease_nl, day.records("lease"), mean_day, max(found), sum(found) / len(found))


def measured() -> Curve:
    """Count it all; some minutes. Raises GuestError."""
    day = day_of(DEFAULT_NL, NL_DAY)
    worst_day = {name: worn_by(day, WORST_DAYS, blocks).worst_day for name, blocks in FLASHES.items()}
    return Curve(tuple(point(lease_nl) for lease_nl in LEASES_NL), worst_day)
