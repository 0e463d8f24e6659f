"""Bridges: what a change of concentration needs, and what it would do without.

After a refill with another concentration the internal path and the catheter still hold the old drug. The bridge
delivers that dead volume at the old concentration's rate; only then does the new rate begin (D-12). Everything here is
exact.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from itb.errors import InputError
from itb.quantity import (
    CATHETER_LENGTH,
    DOSE_RATE,
    TIME,
    VOLUME,
    VOLUME_PER_LENGTH,
    VOLUME_RATE,
    amount,
    decimal,
    decimal_down,
)
from itb.rx.orders import MS_PER_DAY, NL_PER_ML
from itb.tables import Table

# The device's bound on the time of one bridge.
LONGEST_MS = 10 * MS_PER_DAY


@dataclass(frozen=True)
class DeadVolume:
    """What lies between reservoir and tip: the pump's internal path and the catheter. Required inputs (D-13)."""

    path_nl: Fraction
    catheter_mm: Fraction
    nl_per_mm: Fraction

    @property
    def catheter_nl(self) -> Fraction:
        """The catheter's volume."""
        return self.catheter_mm * self.nl_per_mm

    @property
    def volume_nl(self) -> Fraction:
        """V_dead = V_path + V_catheter."""
        return self.path_nl + self.catheter_nl

    def __str__(self) -> str:
        length = amount(self.catheter_mm, CATHETER_LENGTH, "cm")
        per_length = amount(self.nl_per_mm, VOLUME_PER_LENGTH, "mL/cm")
        path, total = (amount(volume_nl, VOLUME, "mL") for volume_nl in (self.path_nl, self.volume_nl))
        return f"{total} (path {path}, catheter {length} of {per_length})"


def read_dead_volume(table: Table) -> DeadVolume:
    """The dead volume of a table `path`, `catheter_length`, `volume_per_cm`. None of them has a default.

    Raises InputError.
    """
    return DeadVolume(
        table.quantity("path", VOLUME, high="2 mL", zero=True),
        table.quantity("catheter_length", CATHETER_LENGTH, "1 cm", "200 cm"),
        table.quantity("volume_per_cm", VOLUME_PER_LENGTH, "0.0001 mL/cm", "0.1 mL/cm"),
    )


@dataclass(frozen=True)
class Omission:
    """What comes out of the tip if the new rate began at once: `percent` of the new daily dose, for `days`."""

    percent: Fraction
    ug_day: Fraction
    days: Fraction

    def __str__(self) -> str:
        dose = f"{decimal(self.percent, 1)} % of the dose, {amount(self.ug_day, DOSE_RATE, 'ug/day', 1)}"
        return f"{dose}, for {_days(self.days)}"


@dataclass(frozen=True)
class Bridge:
    """The bridge from one concentration and daily dose to others, over a dead volume."""

    dead_nl: Fraction
    old_ug_ml: Fraction
    new_ug_ml: Fraction
    previous_ug_day: Fraction
    new_ug_day: Fraction

    @property
    def rate_nl_day(self) -> Fraction:
        """The old concentration's rate, D_prev / C_old as a volume."""
        return self.previous_ug_day / self.old_ug_ml * NL_PER_ML

    @property
    def new_rate_nl_day(self) -> Fraction:
        """The rate after it, D_new / C_new as a volume."""
        return self.new_ug_day / self.new_ug_ml * NL_PER_ML

    @property
    def days(self) -> Fraction:
        """t = V_dead x C_old / D_prev."""
        return self.dead_nl / self.rate_nl_day

    @property
    def duration_ms(self) -> int:
        """The time in whole ms, as the device takes it: never faster than was planned."""
        return ceil(self.days * MS_PER_DAY)

    @property
    def omitted(self) -> Omission | None:
        """What the patient gets without it; None where there would be no flow to carry the old drug on."""
        if not self.new_ug_day:
            return None
        share = self.old_ug_ml / self.new_ug_ml
        return Omission(100 * share, self.new_ug_day * share, self.dead_nl / self.new_rate_nl_day)

    def __str__(self) -> str:
        volume_rate = amount(self.rate_nl_day, VOLUME_RATE, "mL/day")
        dose_rate = amount(self.previous_ug_day, DOSE_RATE, "ug/day", 3)
        return f"{amount(self.dead_nl, VOLUME, 'mL')} at {volume_rate} = {dose_rate} for {_days(self.days)}"


def dead_steps(dead: DeadVolume, nl_per_step: Fraction, field: str) -> int:
    """The dead volume in whole microsteps, rounded down. Raises InputError, naming `field`, for less than one."""
    steps = floor(dead.volume_nl / nl_per_step)
    if steps < 1:
        least = amount(nl_per_step, VOLUME, "uL")
        raise InputError(field, amount(dead.volume_nl, VOLUME, "uL"), f"a dead volume of at least a microstep, {least}")
    return steps


def plan_bridge(dead: DeadVolume, old: tuple[Fraction, Fraction], new: tuple[Fraction, Fraction], field: str) -> Bridge:
    """The bridge from `old` to `new`, each a concentration in ug/mL and a daily dose in ug/day.

    Raises InputError, naming `field`, where no daily dose gives a rate and where it takes longer than LONGEST_MS.
    """
    (old_ug_ml, previous_ug_day), (new_ug_ml, new_ug_day) = old, new
    if not previous_ug_day:
        accepted = (
            'a program with a daily dose before it, at whose rate the bridge runs, or override = "why none is needed"'
        )
        raise InputError(field, "a bridge at 0 ug/day", accepted)
    bridge = Bridge(dead.volume_nl, old_ug_ml, new_ug_ml, previous_ug_day, new_ug_day)
    if bridge.duration_ms > LONGEST_MS:
        longest = amount(Fraction(LONGEST_MS), TIME, "day")
        most = decimal_down(bridge.rate_nl_day * 10 / NL_PER_ML, 4)
        accepted = f"a bridge of at most {longest}: at this rate a dead volume of at most {most} mL"
        raise InputError(field, f"a bridge of {bridge}", accepted)
    return bridge


def _days(days: Fraction) -> str:
    return f"{decimal(days, 2)} day{'' if days == 1 else 's'}"
