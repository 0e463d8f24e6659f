"""Prescriptions: what the prescriber asked for, read exactly from a TOML file in human units.

Nothing here depends on a board. Rates are kept in ug/day, doses in ug, volumes in nL, times in ms since midnight.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

from itb.errors import InputError
from itb.quantity import CONCENTRATION, DOSE, DOSE_RATE, TIME, VOLUME, VOLUME_RATE, amount, dose_rate
from itb.rx.drug import DRUGS, LIMITED, Drug, drug_names, read_profiles
from itb.tables import Table, read_table

MS_PER_DAY = 86_400_000
NL_PER_ML = 1_000_000
MOST_STEPS = 48
MOST_BOLUSES = 48
LAST_DAY = 366
# The pump begins boluses one by one, each after it has seen the end of the one before.
BOLUS_GAP_MS = 60_000


@dataclass(frozen=True)
class BasalStep:
    """From `start_ms` of every day, until the next step or midnight, this rate."""

    start_ms: int
    rate_ug_day: Fraction


@dataclass(frozen=True)
class ScheduledBolus:
    """One dose on one day (1 is the first), given evenly over `duration_ms`: whole ms, never faster than was asked."""

    day: int
    at_ms: int
    dose_ug: Fraction
    duration_ms: int

    @property
    def start_ms(self) -> int:
        """Start, since midnight of the first day."""
        return (self.day - 1) * MS_PER_DAY + self.at_ms

    @property
    def end_ms(self) -> int:
        """End, since midnight of the first day."""
        return self.start_ms + self.duration_ms


@dataclass(frozen=True)
class Prescription:
    """One prescription. `limits_ug` holds the prescriber's own, by name: daily, hourly, bolus."""

    file: str
    title: str
    notes: str
    drug: Drug
    concentration_ug_ml: Fraction
    mode: str
    basal: tuple[BasalStep, ...]
    boluses: tuple[ScheduledBolus, ...]
    limits_ug: dict[str, Fraction]
    fill_nl: Fraction | None

    def volume_nl(self, dose_ug: Fraction) -> Fraction:
        """The volume that holds a dose."""
        return dose_ug / self.concentration_ug_ml * NL_PER_ML

    def dose_ug(self, volume_nl: Fraction) -> Fraction:
        """The dose in a volume."""
        return volume_nl * self.concentration_ug_ml / NL_PER_ML

    def field(self, name: str) -> str:
        """A key's full name, for errors found later."""
        return f"{self.file}: {name}"


def read_prescription(path: Path, drugs: Path = DRUGS) -> Prescription:
    """The prescription of one file. Raises InputError naming field, value and what would be accepted."""
    root = read_table(path, "a prescription")
    title = root.text("title")
    notes = root.text("notes") if root.has("notes") else ""
    drug_table = root.table("drug")
    drug = _drug(drug_table, drugs)
    concentration_ug_ml = _concentration(drug_table, drug)
    basal_table = root.table("basal")
    mode = basal_table.text("mode", ("continuous", "flex"))
    basal = _flex(basal_table, concentration_ug_ml) if mode == "flex" else _continuous(basal_table, concentration_ug_ml)
    bolus_tables = root.tables("bolus", 1, MOST_BOLUSES) if root.has("bolus") else []
    boluses = tuple(_bolus(table) for table in bolus_tables)
    limits_ug = _limits(root.table("limits")) if root.has("limits") else {}
    reservoir = root.table("reservoir") if root.has("reservoir") else None
    fill_nl = reservoir.quantity("fill", VOLUME) if reservoir and reservoir.has("fill") else None
    # Before what is compared across tables: a misspelt key may be why that looks wrong.
    root.finish()
    _check_bolus_order(bolus_tables, boluses)
    return Prescription(path.name, title, notes, drug, concentration_ug_ml, mode, basal, boluses, limits_ug, fill_nl)


def _drug(table: Table, drugs: Path) -> Drug:
    name = table.text("name", drug_names(drugs))
    profiles = read_profiles(drugs / f"{name}.toml")
    return profiles[table.text("profile", list(profiles))]


def _concentration(table: Table, drug: Drug) -> Fraction:
    value = table.quantity("concentration", CONCENTRATION)
    accepted = drug.concentration
    if not accepted.hard_low.value <= value <= accepted.hard_high.value:
        broken = accepted.hard_low if value < accepted.hard_low.value else accepted.hard_high
        raise table.refuse("concentration", f"{accepted.hard_text()} ({drug.label}: {broken.source})")
    return value


def _rate(table: Table, concentration_ug_ml: Fraction) -> Fraction:
    """A rate in ug/day, whether written as a dose or as a volume."""
    dimension, value = table.quantity_of("rate", (DOSE_RATE, VOLUME_RATE))
    return value if dimension is DOSE_RATE else value * concentration_ug_ml / NL_PER_ML


def _continuous(table: Table, concentration_ug_ml: Fraction) -> tuple[BasalStep, ...]:
    return (BasalStep(0, _rate(table, concentration_ug_ml)),)


def _flex(table: Table, concentration_ug_ml: Fraction) -> tuple[BasalStep, ...]:
    steps: list[BasalStep] = []
    for one in table.tables("step", 1, MOST_STEPS):
        start_ms = one.clock("start")
        if not steps and start_ms:
            raise one.refuse("start", '"00:00": the first step begins the day')
        if steps and start_ms <= steps[-1].start_ms:
            raise one.refuse("start", f"a time after the step before it, {clock(steps[-1].start_ms)}")
        steps.append(BasalStep(start_ms, _rate(one, concentration_ug_ml)))
    return tuple(steps)


def _bolus(table: Table) -> ScheduledBolus:
    day = table.whole("day", 1, LAST_DAY) if table.has("day") else 1
    at_ms = table.clock("at")
    dose_ug = table.quantity("dose", DOSE)
    if table.has("rate") == table.has("over"):
        # A misspelt key may be why there is neither.
        table.finish()
        found = "both" if table.has("rate") else "neither"
        accepted = 'either rate = "120 ug/h" or over = "10 min"'
        raise InputError(table.field("rate"), f"{found} of rate and over", accepted)
    if table.has("over"):
        duration_ms = ceil(table.quantity("over", TIME, "1 ms", "24 h"))
    else:
        rate_ug_day = table.quantity("rate", DOSE_RATE)
        duration_ms = ceil(dose_ug / rate_ug_day * MS_PER_DAY)
        if duration_ms > MS_PER_DAY:
            slowest = dose_rate(dose_ug)
            raise table.refuse("rate", f"at least {slowest}: a bolus takes at most 24 h")
    return ScheduledBolus(day, at_ms, dose_ug, duration_ms)


def _check_bolus_order(tables: list[Table], boluses: tuple[ScheduledBolus, ...]) -> None:
    for place in range(1, len(boluses)):
        before, bolus = boluses[place - 1], boluses[place]
        earliest_ms = before.end_ms + BOLUS_GAP_MS
        if bolus.start_ms < earliest_ms:
            raise InputError(
                tables[place].field("at"),
                moment(bolus.start_ms),
                f"a time 1 min after the bolus before it has ended, {moment(earliest_ms, up=True)} or later",
            )


def _limits(table: Table) -> dict[str, Fraction]:
    return {name: table.quantity(name, dimension) for name, dimension in LIMITED.items() if table.has(name)}


def clock(time_ms: int) -> str:
    """Time of day as "06:30", with seconds where there are any."""
    seconds = time_ms // 1000
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return text + (f":{seconds % 60:02d}" if seconds % 60 else "")


def moment(time_ms: int, up: bool = False) -> str:
    """A time since midnight of the first day as "day 1 06:30", in whole minutes: those begun, or with `up` the next."""
    minutes = -(-time_ms // 60_000) if up else time_ms // 60_000
    day, minute = divmod(minutes, 1440)
    return f"day {day + 1} {clock(minute * 60_000)}"


def volume_text(volume_nl: Fraction) -> str:
    """A volume in mL."""
    return amount(volume_nl, VOLUME, "mL")
