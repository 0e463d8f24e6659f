"""Times, amounts and outcomes of a run in words."""

import datetime
from fractions import Fraction

from itb.account.bolus_ledger import CourseBolus
from itb.account.course_orders import Given
from itb.rx.prescribed import MS_PER_DAY

MS_PER_MINUTE = 60_000
NL_PER_ML = 1_000_000


def clock(t_ms: int, end: bool = False) -> str:
    """A time of the run, as "day 2, 06:30". A midnight is the next day's "00:00", or with `end` this day's "24:00"."""
    minutes = t_ms // MS_PER_MINUTE
    if end and t_ms and t_ms % MS_PER_DAY == 0:
        return f"day {t_ms // MS_PER_DAY}, 24:00"
    return f"day {minutes // 1440 + 1}, {minutes // 60 % 24:02d}:{minutes % 60:02d}"


def moment(t_ms: int, start: datetime.date | None) -> str:
    """A time of the run, as "2026-03-01 06:30" where it began on a date, and else as `clock`."""
    if start is None:
        return clock(t_ms)
    minutes = t_ms // MS_PER_MINUTE
    day = start + datetime.timedelta(days=minutes // 1440)
    return f"{day.isoformat()} {minutes // 60 % 24:02d}:{minutes % 60:02d}"


def span(t_ms: int) -> str:
    """A length of time, as "2 days 06:30", or "2 days" where it is just these."""
    minutes = t_ms // MS_PER_MINUTE
    days = minutes // 1440
    hours = f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
    if days == 0:
        return hours
    whole = f"{days} day{'s' if days > 1 else ''}"
    return f"{whole} {hours}" if minutes % 1440 else whole


def time_told(ms: int) -> str:
    """A length of time in the greatest unit of which it has one: "10 min", "1.5 h"."""
    units = ((MS_PER_DAY, "days"), (60 * MS_PER_MINUTE, "h"), (MS_PER_MINUTE, "min"), (1000, "s"))
    size, unit = next(((size, unit) for size, unit in units if ms >= size), (1, "ms"))
    return f"{ms / size:.3g} {'day' if ms == MS_PER_DAY else unit}"


def rounded(value: Fraction) -> float:
    """For display and JSON only: six decimal places."""
    return float(round(value, 6))


def tenths(value: Fraction) -> str:
    """A dose to one decimal place, or none."""
    return f"{float(round(value, 1)):g}"


def bolus_told(bolus: CourseBolus) -> str:
    """What became of a bolus: "given, 10 s late", "cut short, 2.7 of 20 ug", "denied: lockout, 95 min left"."""
    told = bolus.outcome
    if told in ("cut short", "running", "suspended"):
        told += f", {tenths(bolus.ordered_ug)} of {tenths(bolus.steps * bolus.ug_per_step)} ug"
    if bolus.reason:
        told += f": {bolus.reason}"
    if bolus.wait_minutes:
        told += f", {bolus.wait_minutes} min left"
    if told != "missed" and bolus.late_ms:
        told += f", {bolus.late_ms / 1000:g} s late"
    return told


def given_told(given: Given) -> str:
    """What became of a command, and whether that was to be expected."""
    if given.accepted:
        return "taken, though its refusal was expected" if given.expect_refused else "taken"
    return f"{'refused, as expected' if given.expect_refused else 'REFUSED'}: {given.message}"
