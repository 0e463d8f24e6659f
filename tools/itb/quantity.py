"""Quantities with units, read exactly and written back exactly.

Every quantity in our files is a string of a plain decimal and a unit, such as "300 ug/day". It becomes a
`Fraction` in the base unit of its dimension; no float is involved. A number without a unit, with a sign, with an
exponent or with a naked point (".5 mL") is refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from itb.errors import InputError

_PATTERN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*([^\s0-9.][^\s]*)")
_LONGEST = 40
_SHOWN = 60


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its name, an example, and its units with their sizes in the base unit (the first one)."""

    name: str
    example: str
    units: Mapping[str, Fraction]

    @property
    def base(self) -> str:
        """The base unit's name."""
        return next(iter(self.units))

    def accepted(self) -> str:
        """What a reader is told would be accepted."""
        return f'{self.name} with its unit ({", ".join(self.units)}), like "{self.example}"'


def _dimension(name: str, example: str, **units: int | Fraction) -> Dimension:
    # "_per_" stands for "/" because keyword names cannot hold it.
    return Dimension(name, example, {unit.replace("_per_", "/"): Fraction(size) for unit, size in units.items()})


DOSE = _dimension("a dose", "20 ug", ug=1)
DOSE_RATE = _dimension("a dose rate", "300 ug/day", ug_per_day=1, ug_per_h=24, ug_per_min=1440)
# The two window limits take one unit each: a daily limit written per hour, or the reverse, is the 24x mistake of D-01.
DAILY_DOSE = _dimension("a dose in any 24 h", "500 ug/day", ug_per_day=1)
HOURLY_DOSE = _dimension("a dose in any hour", "60 ug/h", ug_per_h=1)
VOLUME = _dimension("a volume", "18 mL", nL=1, uL=1000, mL=1_000_000)
VOLUME_RATE = _dimension(
    "a volume rate",
    "0.2 mL/day",
    nL_per_day=1,
    uL_per_day=1000,
    mL_per_day=1_000_000,
    uL_per_h=24_000,
    mL_per_h=24_000_000,
    nL_per_s=86_400,
)
CONCENTRATION = _dimension("a concentration", "2000 ug/mL", ug_per_mL=1)
TIME = _dimension("a time", "10 min", ms=1, us=Fraction(1, 1000), s=1000, min=60_000, h=3_600_000, day=86_400_000)
LENGTH = _dimension("a length", "4.70 mm", mm=1)
CATHETER_LENGTH = _dimension("a length", "80 cm", mm=1, cm=10)
VOLUME_PER_LENGTH = _dimension(
    "a volume per length", "0.0022 mL/cm", nL_per_mm=1, uL_per_mm=1000, uL_per_cm=100, mL_per_cm=100_000
)
PRESSURE = _dimension("a pressure", "80 kPa", kPa=1)
CALIBRATION = _dimension("a volume per motor revolution", "13879 nL/rev", nL_per_rev=1, uL_per_rev=1000)
STEP_RATE = _dimension("a step rate", "2000 steps/s", steps_per_s=1)
FREQUENCY = _dimension("a frequency", "440 Hz", Hz=1)
VOLTAGE = _dimension("a voltage", "500 mV", mV=1, V=1000)
SENSITIVITY = _dimension("a voltage per pressure", "20 mV/kPa", mV_per_kPa=1)
SHARE = Dimension("a share", "30 %", {"%": Fraction(1)})
EDGES = _dimension("a number of edges", "10 edges", edges=1)
STEPS = _dimension("a number of microsteps", "96 steps", steps=1)
MASS = _dimension("a mass", "0.1 mg", mg=1, g=1000)
MASS_RATE = _dimension("a loss of mass", "1.2 mg/h", mg_per_h=1)
TEMPERATURE = Dimension("a temperature", "20 C", {"C": Fraction(1), "degC": Fraction(1), "\u00b0C": Fraction(1)})


def shown(value: object) -> str:
    """Any value found in a file, short enough for a message."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of {value.bit_length()} bits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def parse(field: str, value: object, dimension: Dimension, zero: bool = False) -> Fraction:
    """The quantity in the dimension's base unit, exact. Zero is accepted only where `zero` says so.

    Raises InputError for anything but a string of a plain decimal and a unit of this dimension.
    """
    return parse_any(field, value, (dimension,), zero)[1]


def parse_any(
    field: str, value: object, dimensions: Sequence[Dimension], zero: bool = False
) -> tuple[Dimension, Fraction]:
    """As `parse`, for a field that takes one of several dimensions; says which one it was."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        match = _PATTERN.fullmatch(value.strip())
        if match:
            number = Fraction(match.group(1))
            unit = _plain_unit(match.group(2))
            for dimension in dimensions:
                if unit in dimension.units and (number > 0 or zero):
                    return dimension, number * dimension.units[unit]
    sign = "0 or more" if zero else "above 0"
    raise InputError(field, shown(value), " or ".join(d.accepted() for d in dimensions) + f", {sign}")


def _plain_unit(unit: str) -> str:
    """The unit with its micro sign (two code points exist) or "mcg" written as "u"."""
    unit = unit.replace("\u00b5", "u").replace("\u03bc", "u")
    return "ug" + unit[3:] if unit.startswith("mcg") else unit


def decimal(value: Fraction, places: int = 6) -> str:
    """A plain decimal of at most `places` places. One that had to be rounded, half to even, has a leading "≈"."""
    scaled = value * 10**places
    digits = _point(round(scaled), places)
    return digits if scaled.denominator == 1 else "≈" + digits


def decimal_down(value: Fraction, places: int = 3) -> str:
    """A plain decimal rounded down: for a greatest value that must itself be accepted."""
    return _point(value * 10**places // 1, places)


def decimal_up(value: Fraction, places: int = 3) -> str:
    """A plain decimal rounded up: for a least value that must itself be accepted."""
    return _point(-(-value * 10**places // 1), places)


def _point(scaled: int, places: int) -> str:
    """The whole number `scaled` / 10**places as a decimal without needless zeros."""
    sign = "-" if scaled < 0 else ""
    whole, part = divmod(abs(scaled), 10**places)
    tail = f"{part:0{places}d}".rstrip("0") if places else ""
    return f"{sign}{whole}.{tail}" if tail else f"{sign}{whole}"


def amount(value: Fraction, dimension: Dimension, unit: str = "", places: int = 6) -> str:
    """A value of base units written in `unit` (the base unit if not given): "300 ug/day"."""
    unit = unit or dimension.base
    return f"{decimal(value / dimension.units[unit], places)} {unit}"


def dose_rate(rate_ug_day: Fraction) -> str:
    """A dose rate both ways, so that a day's dose taken for an hour's shows: "300 ug/day = 12.5 ug/h" (D-01)."""
    return f"{amount(rate_ug_day, DOSE_RATE, 'ug/day', 3)} = {amount(rate_ug_day, DOSE_RATE, 'ug/h', 3)}"
