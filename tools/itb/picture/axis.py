"""The axis of time: the time of day for a day or two, days or dates for more."""

import datetime
from itertools import count, takewhile

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator

from itb.picture.style import MS_PER_HOUR

TICKS_MAX = 12
_MINUTES_PER_DAY = 1440
_MONTHS_FROM_DAYS = 60


def time_axis(axes: Axes, end_ms: int, start: datetime.date | None) -> None:
    """Label the axis of a run that lasted `end_ms` and began on `start`, if its days have dates."""
    hours = end_ms / MS_PER_HOUR
    axes.set_xlim(0, hours)
    if hours <= 48:
        spacing = next(step for step in (0.25, 0.5, 1, 3, 6) if hours / step <= 10 or step == 6)
        axes.xaxis.set_major_locator(MultipleLocator(spacing))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda hour, _: time_of_day(hour)))
        axes.set_xlabel(f"time of day, from {_long(start)}" if start else "time of day", fontsize=10.5)
    elif start is None:
        spacing = _spacing(hours / 24)
        axes.xaxis.set_major_locator(MultipleLocator(24 * spacing))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda hour, _: f"{hour / 24:g}"))
        axes.set_xlabel("days since the start", fontsize=10.5)
    else:
        days = _dated(start, int(hours // 24))
        axes.xaxis.set_major_locator(FixedLocator([24 * day for day in days]))
        axes.set_xticklabels([_dated_tick(start + datetime.timedelta(days=day)) for day in days])
        axes.set_xlabel(f"ticks at midnight, from {_long(start)}", fontsize=10.5)


def time_of_day(hour: float) -> str:
    """An hour of the run as the time of day; a midnight ends its day."""
    minutes = round(hour * 60)
    return "24:00" if minutes and minutes % _MINUTES_PER_DAY == 0 else f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _spacing(days: float) -> int:
    return next(step for step in (1, 2, 5, 10, 30, 90, 365, 3650) if days / step <= TICKS_MAX or step == 3650)


def _dated(start: datetime.date, days: int) -> list[int]:
    """Which days since the start have a tick: the first of months in long runs."""
    if days <= _MONTHS_FROM_DAYS:
        return list(range(0, days + 1, _spacing(days)))
    months = (datetime.date(start.year + month // 12, month % 12 + 1, 1) for month in count(start.month))
    firsts = [(first - start).days for first in takewhile(lambda first: (first - start).days <= days, months)]
    shown = firsts[:: -(-len(firsts) // TICKS_MAX)]
    return [0, *shown] if shown[0] > days // TICKS_MAX else shown


def short_date(day: datetime.date) -> str:
    """A date without its year."""
    return f"{day.day} {day:%b}"


def _dated_tick(day: datetime.date) -> str:
    return f"{short_date(day)}\n{day.year}" if (day.month, day.day) == (1, 1) else short_date(day)


def _long(day: datetime.date) -> str:
    return f"{day.day} {day:%B %Y}"
