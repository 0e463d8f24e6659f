"""Reading what gives a dose at once: boluses, the periodic and the patient's bolus, the steps of a screening trial."""

from fractions import Fraction
from math import ceil

from itb.errors import InputError
from itb.quantity import DOSE, DOSE_RATE, TIME, amount, dose_rate
from itb.rx.orders import MS_PER_DAY, PatientBolus, Periodic, ScheduledBolus, TrialStep, clock, moment
from itb.tables import Table

MOST_BOLUSES = 48
LAST_DAY = 366
# The pump begins boluses one by one, each after it has seen the end of the one before.
BOLUS_GAP_MS = 60_000
MOST_PER_DAY = 48
MOST_RUNGS = 3
_LONGEST = "24 h"
# 48 of them, with the pauses between, are as many rows as a day can have.
_SHORTEST_EVERY = "30 min"


def read_dose(table: Table, *others: str) -> tuple[Fraction, int]:
    """`dose` in ug, and in ms how long it takes by `over` or by `rate`; `others` are keys of the table read later.

    Raises InputError.
    """
    dose_ug = table.quantity("dose", DOSE)
    if table.has("rate") == table.has("over"):
        # A misspelt key may be why there is neither.
        for name in others:
            table.has(name)
        table.finish()
        found = "both" if table.has("rate") else "neither"
        accepted = 'either rate = "120 ug/h" or over = "10 min"'
        raise InputError(table.field("rate"), f"{found} of rate and over", accepted)
    if table.has("over"):
        return dose_ug, ceil(table.quantity("over", TIME, "1 ms", _LONGEST))
    duration_ms = ceil(dose_ug / table.quantity("rate", DOSE_RATE) * MS_PER_DAY)
    if duration_ms > MS_PER_DAY:
        slowest = dose_rate(dose_ug)
        raise table.refuse("rate", f"at least {slowest}: a bolus takes at most 24 h")
    return dose_ug, duration_ms


def read_boluses(root: Table) -> tuple[ScheduledBolus, ...]:
    """The tables [[bolus]], in order of their times. Raises InputError."""
    tables = root.tables("bolus", 1, MOST_BOLUSES) if root.has("bolus") else []
    boluses = tuple(_bolus(table) for table in tables)
    for table in tables:
        # Before what is compared across tables: a misspelt key may be why that looks wrong.
        table.finish()
    for place in range(1, len(boluses)):
        before, bolus = boluses[place - 1], boluses[place]
        earliest_ms = before.end_ms + BOLUS_GAP_MS
        if bolus.start_ms < earliest_ms:
            raise InputError(
                tables[place].field("at"),
                moment(bolus.start_ms),
                f"a time 1 min after the bolus before it has ended, {moment(earliest_ms, up=True)} or later",
            )
    return boluses


def _bolus(table: Table) -> ScheduledBolus:
    day = table.whole("day", 1, LAST_DAY) if table.has("day") else 1
    at_ms = table.clock("at")
    return ScheduledBolus(day, at_ms, *read_dose(table))


def read_periodic(table: Table) -> Periodic:
    """The table [periodic]. Raises InputError."""
    dose_ug, duration_ms = read_dose(table, "every", "first")
    every_ms = table.whole_quantity("every", TIME, "ms", _SHORTEST_EVERY, _LONGEST)
    if MS_PER_DAY % every_ms:
        raise table.refuse("every", 'an interval that divides 24 h evenly, like "30 min", "1 h", "90 min" or "6 h"')
    first_ms = table.clock("first") if table.has("first") else 0
    if first_ms >= every_ms:
        raise table.refuse("first", f"a time before {_until(every_ms)}, within the first interval of the day")
    table.finish()
    if first_ms + duration_ms > every_ms or duration_ms == every_ms:
        took, room = (amount(Fraction(ms), TIME, "min", places=3) for ms in (duration_ms, every_ms - first_ms))
        accepted = f"one of less than {room}, which ends before the next begins"
        if first_ms:
            accepted = f"one of at most {room}, which ends by midnight"
        raise InputError(table.field("over" if table.has("over") else "rate"), f"a bolus of {took}", accepted)
    return Periodic(dose_ug, duration_ms, every_ms, first_ms)


def _until(every_ms: int) -> str:
    return clock(every_ms) if every_ms < MS_PER_DAY else "24:00"


def read_patient_bolus(table: Table) -> PatientBolus:
    """The table [patient_bolus]. Raises InputError."""
    dose_ug, duration_ms = read_dose(table, "lockout", "per_day")
    lockout_ms = table.whole_quantity("lockout", TIME, "ms", "1 min", _LONGEST)
    per_day = table.whole("per_day", 1, MOST_PER_DAY)
    table.finish()
    if lockout_ms < duration_ms:
        took = amount(Fraction(duration_ms), TIME, "min", places=3)
        raise table.refuse("lockout", f"at least as long as the bolus itself takes, {took}")
    return PatientBolus(dose_ug, duration_ms, lockout_ms, per_day)


def read_trial(table: Table) -> tuple[TrialStep, ...]:
    """The table [trial] with its rungs [[trial.step]], ascending. Raises InputError."""
    rungs: list[TrialStep] = []
    for one in table.tables("step", 1, MOST_RUNGS):
        rung = TrialStep(*read_dose(one))
        if rungs and rung.dose_ug <= rungs[-1].dose_ug:
            raise one.refuse("dose", f"more than the step before it, {amount(rungs[-1].dose_ug, DOSE)}")
        rungs.append(rung)
    return tuple(rungs)
