"""The events of a story file: what is done to the pump, and when. Read here; `story.commands` makes commands of them.

Nothing here depends on a board or on what the pump does at that time.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from itb.quantity import CONCENTRATION, TIME, VOLUME
from itb.rx.dosing import read_dose
from itb.rx.orders import MS_PER_DAY
from itb.tables import Table

MOST_EVENTS = 500
# As long as a bolus may take, and more than any prime does.
_LONGEST_PRIME = "24 h"
_LARGEST_FILL = "100 mL"
_LONGEST_CUT = "365 day"
# Long enough to be one.
_CUT_MS = 1000


@dataclass(frozen=True)
class Event:
    """One event: `do` at `at_ms` of the run, with what its kind takes. `table` is where it was read, for errors."""

    table: Table
    at_ms: int
    do: str
    expect_refused: bool
    rx: str = ""
    override: str = ""
    fill_nl: Fraction | None = None
    withdrawn_nl: Fraction | None = None
    concentration_ug_ml: Fraction | None = None
    dose_ug: Fraction | None = None
    duration_ms: int | None = None
    emptied: bool = False
    confirmed: bool = False
    off_ms: int = 0


def read_events(tables: list[Table], start: datetime.date, until_ms: int | None) -> list[Event]:
    """The events of a story that starts at midnight of `start`, in order of their times. Raises InputError."""
    events: list[Event] = []
    for table in tables:
        at_ms = ms_since(start, table.moment("at"))
        if at_ms <= 0:
            raise table.refuse("at", f"a time after the start, {told_moment(start, 0)}")
        if until_ms is not None and at_ms >= until_ms:
            raise table.refuse("at", f"a time before until, {told_moment(start, until_ms)}")
        if events and at_ms < events[-1].at_ms:
            raise table.refuse(
                "at", f"a time not before that of the event above, {told_moment(start, events[-1].at_ms)}"
            )
        events.append(_event(table, at_ms))
    return events


def ms_since(start: datetime.date, at: datetime.datetime) -> int:
    """From midnight of `start` to `at`. There are no time zones here, and every day has 24 h."""
    since = at - datetime.datetime.combine(start, datetime.time())
    return since.days * MS_PER_DAY + since.seconds * 1000


def told_moment(start: datetime.date, at_ms: int) -> str:
    """A time of a run that began at midnight of `start`, in whole minutes: "2026-01-12 10:00"."""
    at = datetime.datetime.combine(start, datetime.time()) + datetime.timedelta(milliseconds=at_ms)
    return at.strftime("%Y-%m-%d %H:%M")


def _event(table: Table, at_ms: int) -> Event:
    do = table.text("do", list(_KINDS))
    expect_refused = do not in _UNREFUSED and table.has("expect") and bool(table.text("expect", ("refused",)))
    return _KINDS[do](table, Event(table, at_ms, do, expect_refused))


def _plain(_: Table, event: Event) -> Event:
    return event


def _program(table: Table, event: Event) -> Event:
    return replace(event, rx=table.text("rx"))


def _concentration(table: Table, event: Event) -> Event:
    override = table.text("override") if table.has("override") else ""
    return replace(_filled(table, event), rx=table.text("rx"), override=override)


def _refill(table: Table, event: Event) -> Event:
    return replace(_filled(table, event), concentration_ug_ml=table.quantity("concentration", CONCENTRATION))


def _filled(table: Table, event: Event) -> Event:
    withdrawn_nl = (
        table.quantity("withdrawn", VOLUME, high=_LARGEST_FILL, zero=True) if table.has("withdrawn") else None
    )
    return replace(event, fill_nl=table.quantity("fill", VOLUME, high=_LARGEST_FILL), withdrawn_nl=withdrawn_nl)


def _stop(table: Table, event: Event) -> Event:
    return replace(event, confirmed=table.has("confirm_withdrawal") and table.flag("confirm_withdrawal"))


def _bolus(table: Table, event: Event) -> Event:
    dose_ug, duration_ms = read_dose(table)
    return replace(event, dose_ug=dose_ug, duration_ms=duration_ms)


def _prime(table: Table, event: Event) -> Event:
    over_ms = ceil(table.quantity("over", TIME, "1 s", _LONGEST_PRIME))
    return replace(event, duration_ms=over_ms, emptied=table.flag("emptied"))


def _power_cut(table: Table, event: Event) -> Event:
    off_ms = ceil(table.quantity("off", TIME, "1 ms", _LONGEST_CUT)) if table.has("off") else _CUT_MS
    return replace(event, off_ms=off_ms)


# A change of concentration is four commands, and none of them is there to fail. The pump is not asked for the others.
_UNREFUSED = ("concentration", "power cut", "watchdog reset")
_KINDS: Mapping[str, Callable[[Table, Event], Event]] = {
    "program": _program,
    "concentration": _concentration,
    "stop": _stop,
    "start": _plain,
    "verify": _plain,
    "acknowledge": _plain,
    "refill": _refill,
    "bolus": _bolus,
    "patient bolus": _plain,
    "trial step": _plain,
    "pause plan": _plain,
    "resume plan": _plain,
    "keep open": _plain,
    "run program": _plain,
    "prime": _prime,
    "set time": _plain,
    "power cut": _power_cut,
    "watchdog reset": _plain,
}
