"""Prescriptions: what the prescriber asked for, read exactly from a TOML file in human units.

Nothing here depends on a board. Rates are kept in ug/day, doses in ug, volumes in nL, times in ms since midnight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from itb.quantity import CONCENTRATION, VOLUME
from itb.rx.dosing import BOLUS_GAP_MS, read_boluses, read_patient_bolus, read_periodic, read_trial
from itb.rx.drug import DRUGS, LIMITED, Drug, drug_names, read_profiles
from itb.rx.orders import (
    MS_PER_DAY,
    NL_PER_ML,
    BasalStep,
    PatientBolus,
    Periodic,
    ScheduledBolus,
    Stage,
    TrialStep,
    clock,
    day_dose_ug,
    moment,
    volume_text,
)
from itb.rx.patterns import NOTHING, read_basal, with_periodic
from itb.rx.stages import read_plan
from itb.tables import Table, read_table

__all__ = [
    "BOLUS_GAP_MS",
    "MS_PER_DAY",
    "NL_PER_ML",
    "BasalStep",
    "PatientBolus",
    "Periodic",
    "Prescription",
    "ScheduledBolus",
    "Stage",
    "TrialStep",
    "clock",
    "moment",
    "parse_prescription",
    "read_prescription",
    "volume_text",
]

NG_PER_UG = 1000
# What cannot stand beside a screening trial.
_NOT_IN_A_TRIAL = ("basal", "periodic", "plan", "patient_bolus", "bolus")


@dataclass(frozen=True)
class Prescription:
    """One prescription.

    `mode` is that of the basal: "continuous", "flex", "minimum", or "none" where no basal is prescribed. `patterns` are
    the day's final rates, the periodic bolus in them, and `plan` says which holds when. In mode "minimum" there are
    none until `at_minimum_rate` puts the board's in. `basal` are the steps of the first stage as they were written,
    without the periodic bolus: of every day, or of weekdays and of the weekend. `plan_kind` is "taper", "titration" or
    "". `limits_ug` holds the prescriber's own limits, by name: daily, hourly, bolus. `where` begins the full names of
    keys.
    """

    file: str
    where: str
    title: str
    notes: str
    drug: Drug
    concentration_ug_ml: Fraction
    mode: str
    basal: tuple[tuple[BasalStep, ...], ...]
    patterns: tuple[tuple[BasalStep, ...], ...]
    plan_kind: str
    plan: tuple[Stage, ...]
    boluses: tuple[ScheduledBolus, ...]
    periodic: Periodic | None
    patient: PatientBolus | None
    trial: tuple[TrialStep, ...]
    limits_ug: dict[str, Fraction]
    fill_nl: Fraction | None

    @property
    def concentration_ng_ml(self) -> int:
        """The concentration as the device takes it."""
        return int(self.concentration_ug_ml * NG_PER_UG)

    def volume_nl(self, dose_ug: Fraction) -> Fraction:
        """The volume that holds a dose."""
        return dose_ug / self.concentration_ug_ml * NL_PER_ML

    def dose_ug(self, volume_nl: Fraction) -> Fraction:
        """The dose in a volume."""
        return volume_nl * self.concentration_ug_ml / NL_PER_ML

    def field(self, name: str) -> str:
        """A key's full name, for errors found later."""
        return self.where + name

    def basal_field(self, day: int, place: int) -> str:
        """The key of a step of the basal: of day 0 or, for the weekend, 1; places count from 0."""
        if self.mode != "flex":
            return f"basal.{'rate' if self.mode == 'continuous' else 'mode'}"
        return f"basal.{'weekend_step' if day else 'step'}[{place + 1}].rate"

    def day_field(self, stage: int, weekend: bool) -> str:
        """The key that a day's dose comes from."""
        if stage:
            return f"plan.stage[{stage}].daily"
        if weekend and self.plan[0].weekend != self.plan[0].weekday:
            return "basal.weekend_step"
        return "basal" if self.basal else "periodic"

    def growth(self, stage: int) -> Fraction:
        """The doses of a stage as a share of the first one's: its shape is that, scaled."""
        first, then = (day_dose_ug(self.patterns[self.plan[place].weekday]) for place in (0, stage))
        return then / first

    def at_minimum_rate(self, rate_nl_day: Fraction) -> "Prescription":
        """The same with the lowest rate of a board as its basal, where the mode is "minimum"."""
        if self.mode != "minimum":
            return self
        basal = ((BasalStep(0, self.dose_ug(rate_nl_day)),),)
        return replace(self, basal=basal, patterns=_laid_over(basal, self.periodic, self.field("periodic.every")))


def read_prescription(path: Path, drugs: Path = DRUGS) -> Prescription:
    """The prescription of one file. Raises InputError naming field, value and what would be accepted."""
    return _parsed(read_table(path, "a prescription"), drugs)


def parse_prescription(table: Table, directory: Path, drugs: Path = DRUGS) -> Prescription:
    """The prescription in a table, which may instead name the `file` it is in, relative to `directory`.

    Raises InputError as `read_prescription`.
    """
    if not table.has("file"):
        return _parsed(table, drugs)
    path = directory / table.text("file")
    table.finish()
    return read_prescription(path, drugs)


def _parsed(table: Table, drugs: Path) -> Prescription:
    title = table.text("title")
    notes = table.text("notes") if table.has("notes") else ""
    drug_table = table.table("drug")
    drug = _drug(drug_table, drugs)
    concentration_ug_ml = _concentration(drug_table, drug)
    trial = _trial(table)
    periodic_table = table.table("periodic") if table.has("periodic") else None
    periodic = read_periodic(periodic_table) if periodic_table else None
    mode, basal = _basal(table, concentration_ug_ml, needed=not trial and not periodic)
    patient = read_patient_bolus(table.table("patient_bolus")) if table.has("patient_bolus") else None
    boluses = read_boluses(table)
    limits_ug = _limits(table.table("limits")) if table.has("limits") else {}
    reservoir = table.table("reservoir") if table.has("reservoir") else None
    fill_nl = reservoir.quantity("fill", VOLUME) if reservoir and reservoir.has("fill") else None
    plan_table = table.table("plan") if table.has("plan") else None
    if plan_table and mode == "minimum":
        raise table.refuse("plan", 'no plan with mode = "minimum", which is one rate')
    patterns = _laid_over(basal or ([] if mode == "minimum" else [NOTHING]), periodic, table.field("periodic.every"))
    kind, plan = "", (Stage(0, 0, max(len(patterns) - 1, 0)),)
    if plan_table:
        kind, patterns, plan = read_plan(plan_table, patterns)
    table.finish()
    return Prescription(
        file=table.file,
        where=table.field(""),
        title=title,
        notes=notes,
        drug=drug,
        concentration_ug_ml=concentration_ug_ml,
        mode=mode,
        basal=tuple(basal),
        patterns=patterns,
        plan_kind=kind,
        plan=plan,
        boluses=boluses,
        periodic=periodic,
        patient=patient,
        trial=trial,
        limits_ug=limits_ug,
        fill_nl=fill_nl,
    )


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
    if (value * NG_PER_UG).denominator != 1:
        raise table.refuse("concentration", "a whole number of ng/mL: at most 3 decimals in ug/mL")
    return value


def _trial(table: Table) -> tuple[TrialStep, ...]:
    if not table.has("trial"):
        return ()
    for name in _NOT_IN_A_TRIAL:
        if table.has(name):
            raise table.refuse(name, f"no {name} beside a trial: a screening trial is given alone, step by step")
    return read_trial(table.table("trial"))


def _basal(table: Table, concentration_ug_ml: Fraction, needed: bool) -> tuple[str, list[tuple[BasalStep, ...]]]:
    if not needed and not table.has("basal"):
        return "none", []
    return read_basal(table.table("basal"), concentration_ug_ml)


def _laid_over(
    days: Sequence[tuple[BasalStep, ...]], periodic: Periodic | None, field: str
) -> tuple[tuple[BasalStep, ...], ...]:
    return tuple(with_periodic(day, periodic, field) for day in days)


def _limits(table: Table) -> dict[str, Fraction]:
    return {name: table.quantity(name, dimension) for name, dimension in LIMITED.items() if table.has(name)}
