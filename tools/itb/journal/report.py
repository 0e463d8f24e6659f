"""A journal that was read, for people: a table or a CSV file, and what is gone of it."""

from itb.journal.answers import Event
from itb.journal.reading import Reading, Span

COLUMNS = ("number", "uptime_ms", "day_ms", "kind", "a", "b")
_KIND = "kind"
_HEAD = ("number", "after running", "time of day", _KIND, "a", "b")
_SPANS_SHOWN = 10


def running_time(uptime_ms: int) -> str:
    """How long the pump had run: days and hh:mm:ss, cut to the second."""
    days, rest_s = divmod(uptime_ms // 1000, 86_400)
    return f"{days} d {_clock(rest_s)}"


def time_of_day(day_ms: int | None) -> str:
    """hh:mm:ss, cut to the second; a dash where the pump did not know it."""
    return "-" if day_ms is None else _clock(day_ms // 1000)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def table(events: list[Event]) -> str:
    """A line for each event, below a head. Plain text: a table of the terminal's width takes seconds to lay out."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for event in events:
        times = (running_time(event.uptime_ms), time_of_day(event.day_ms))
        rows.append((str(event.seq), *times, event.kind, str(event.a), str(event.b)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_justified(*cell) for cell in zip(_HEAD, row, widths, strict=True)) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _justified(heading: str, text: str, width: int) -> str:
    return text.ljust(width) if heading == _KIND else text.rjust(width)


def csv_text(reading: Reading) -> str:
    """A line for each event, times in ms, no `day_ms` where it was unknown; what is gone as remarks before them."""
    lines = [f"# {line}" for line in summary(reading)]
    lines.append(",".join(COLUMNS))
    for event in reading.events:
        day_ms = "" if event.day_ms is None else str(event.day_ms)
        cells = (event.seq, event.uptime_ms, day_ms, event.kind, event.a, event.b)
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"


def summary(reading: Reading) -> list[str]:
    """How much was read, and plainly what is gone."""
    if reading.to <= reading.after:
        what = f"There is no event after number {reading.after}: the last has the number {reading.to}."
        if not reading.to:
            what = "The journal is empty."
        return [what, *_counted(reading)]
    count = len(reading.events)
    lines = [f"Numbers {reading.after + 1} to {reading.to}: {count:,} event{'' if count == 1 else 's'}."]
    if reading.whole:
        return [f"{lines[0]} Nothing is missing."]
    if reading.dropped:
        lines.append(
            f"Events {_listed(reading.dropped)} were dropped: the journal keeps the newest 2,049 numbers at least."
        )
    if reading.unreadable:
        lines.append(f"Events {_listed(reading.unreadable)} could not be read from the pump's memory.")
    if reading.missing:
        lines.append(
            f"Without an event: {_listed(reading.missing)}. They were damaged, could not be stored, or were passed "
            "over after damage."
        )
    return lines + _counted(reading)


def _counted(reading: Reading) -> list[str]:
    if not (reading.unwritten or reading.damaged):
        return []
    return [
        f"Since its start the pump could not store {reading.unwritten:,}, and found {reading.damaged:,} damaged among "
        "the newest."
    ]


def _listed(spans: list[Span]) -> str:
    shown = ", ".join(map(str, spans[:_SPANS_SHOWN]))
    more = len(spans) - _SPANS_SHOWN
    return f"{shown} and {more} more gaps" if more > 0 else shown
