"""What happened in a run beside delivery, as labels above its picture: programs, refills, spans out of the ordinary."""

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from matplotlib.axes import Axes

from itb.account.course import Course
from itb.account.told import MS_PER_MINUTE, time_told
from itb.account.walk import BRIDGE, KEEP_OPEN, POWER_OFF, PRIME, STOPPED, UNTIMED, Span
from itb.picture.axis import short_date
from itb.picture.lane import Mark
from itb.picture.style import BLACK, BLUE, GREY, MS_PER_HOUR, ORANGE, PURPLE, VERMILION, label_pt, panel_pt
from itb.sim.alarms import title as alarm_title
from itb.sim.record import Record

# Of more refills than this, or alarms of one kind, only the first is named.
SAME_NAMED_MAX = 6
_STOPPED_TEXT, _STOPPED_SIZE = "not delivering", 11
_PROGRAM, _ALARM = "program ", "ALARM: "
_SHADES = {
    STOPPED: (GREY, 0.13),
    KEEP_OPEN: (ORANGE, 0.15),
    UNTIMED: (ORANGE, 0.15),
    BRIDGE: (PURPLE, 0.10),
    PRIME: (PURPLE, 0.22),
    POWER_OFF: (VERMILION, 0.22),
}


def marks(record: Record, course: Course, width_pt: float) -> list[Mark]:
    """Every label of a panel so wide, those of one moment in one."""
    told = [
        *_of_programs(course),
        *_of_spans(course),
        *_of_outages(course),
        *_of_stops(record, course, width_pt),
        *_of_events(record, course),
    ]
    found = sorted(told, key=lambda mark: mark.t_ms)
    joined: list[Mark] = []
    for t_ms, group in groupby(found, key=lambda mark: mark.t_ms):
        same = list(group)
        joined.append(Mark(t_ms, ", ".join(mark.text for mark in same), same[0].colour))
    return [*joined, *_of_alarms(record, course.orders.start)]


def in_short(shown: Sequence[Mark]) -> list[Mark]:
    """The same with one label for programs between which nothing else happened: of the first, naming the last."""
    short: list[Mark] = []
    first = ""
    for mark in sorted(shown, key=lambda one: one.t_ms):
        if first and mark.text.startswith(_PROGRAM):
            short[-1] = Mark(short[-1].t_ms, f"{first} to {mark.text.removeprefix(_PROGRAM)}", mark.colour)
        else:
            short.append(mark)
            first = mark.text if mark.text.startswith(_PROGRAM) else ""
    return short


def _of_programs(course: Course) -> Iterator[Mark]:
    for t_ms, before, after in course.doses.changes:
        yield Mark(t_ms, f"{before / 1000:g} to {after / 1000:g} ug/mL", PURPLE)
    for loaded in course.loaded[1:]:
        yield Mark(loaded.from_ms, f"{_PROGRAM}“{loaded.prescribed.name}”", BLACK)


def _of_spans(course: Course) -> Iterator[Mark]:
    for piece in course.bridge.pieces:
        if piece.elapsed_ms == 0:
            yield Mark(piece.from_ms, "bridge", PURPLE)
    for piece in course.prime.pieces:
        yield Mark(piece.from_ms, f"prime of {float(piece.armed_steps * piece.ug_per_step):.3g} ug", PURPLE)
    for from_ms, _ in course.modes(KEEP_OPEN):
        yield Mark(from_ms, "keep open", ORANGE)


def _of_outages(course: Course) -> Iterator[Mark]:
    outages = course.outages
    if len(outages) > SAME_NAMED_MAX:
        yield Mark(outages[0].off_ms, f"restart, {len(outages)} in all", VERMILION)
        return
    for outage in outages:
        off_ms = (course.end_ms if outage.on_ms is None else outage.on_ms) - outage.off_ms
        name = f"power cut, {time_told(off_ms)}" if outage.cause == "power" else "watchdog reset"
        yield Mark(outage.off_ms, name, VERMILION)


def _of_stops(record: Record, course: Course, width_pt: float) -> Iterator[Mark]:
    """Those of an hour and more that neither say so themselves nor are told by something else."""
    told_ms = {0} | {alarm.from_ms for alarm in record.alarms()} | {t_ms for t_ms, _, _ in course.doses.changes}
    for span in course.spans:
        is_told = span.from_ms in told_ms or _has_room(span, course, width_pt)
        if span.mode == STOPPED and not is_told and span.until_ms - span.from_ms >= MS_PER_HOUR:
            yield Mark(span.from_ms, "stopped", GREY)


def _has_room(span: Span, course: Course, width_pt: float) -> bool:
    """Whether it can be said within the span that the pump did not deliver."""
    room = (span.until_ms - span.from_ms) / course.end_ms * width_pt
    return room > label_pt(_STOPPED_TEXT, _STOPPED_SIZE)


def _of_events(record: Record, course: Course) -> Iterator[Mark]:
    changes_ms = [t_ms for t_ms, _, _ in course.doses.changes]
    refills = [event for event in record.events if event.kind == "refill" and event.t_ms > 0]
    named = len(refills) if len(refills) <= SAME_NAMED_MAX else 1
    for event in refills[:named]:
        if event.t_ms not in changes_ms:
            yield Mark(event.t_ms, "refill" if named == len(refills) else f"refill, {len(refills)} in all", BLUE)
    told = {"plan_paused": "plan paused", "plan_resumed": "plan goes on", "not_resumed": "not resumed"}
    for event in record.events:
        if event.kind in told:
            yield Mark(event.t_ms, told[event.kind], BLACK)


def _of_alarms(record: Record, start: datetime.date | None) -> Iterator[Mark]:
    """What the pump tells of a keep-open is told by its own label."""
    alarms = [alarm for alarm in record.alarms() if alarm.name != "keep_open"]
    counts = Counter(alarm.name for alarm in alarms)
    for place, alarm in enumerate(alarms):
        told = f"{clock(alarm.from_ms, start)}"
        if counts[alarm.name] > SAME_NAMED_MAX:
            if any(before.name == alarm.name for before in alarms[:place]):
                continue
            told = f"{counts[alarm.name]} in all, first {told}"
        colour = VERMILION if alarm.priority > 1 else GREY
        yield Mark(alarm.from_ms, f"{_ALARM}{alarm_title(alarm.name)}, {told}", colour)


def clock(t_ms: int, start: datetime.date | None) -> str:
    """A time of the run: the time of day, from its second day on with the day or its date."""
    minutes = t_ms // MS_PER_MINUTE
    time = f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
    days = minutes // 1440
    if days == 0:
        return time
    return f"{short_date(start + datetime.timedelta(days=days))} {time}" if start else f"day {days + 1} {time}"


def draw_lines(all_axes: Sequence[Axes], shown: Sequence[Mark], record: Record) -> None:
    """A line through every panel at each label; alarms stand out."""
    for mark in shown:
        stands_out = mark.text.startswith(_ALARM)
        for axes in all_axes:
            width, style, alpha = (1.3, "-", 1.0) if stands_out else (0.9, (0, (2, 2)), 0.7)
            hour = mark.t_ms / MS_PER_HOUR
            axes.axvline(hour, color=mark.colour, linewidth=width, linestyle=style, alpha=alpha)
    named_ms = {mark.t_ms for mark in shown}
    for event in record.events:
        if event.kind == "refill" and event.t_ms > 0 and event.t_ms not in named_ms:
            all_axes[-1].axvline(event.t_ms / MS_PER_HOUR, color=BLUE, linewidth=0.9, linestyle=(0, (2, 2)))


def shade(all_axes: Sequence[Axes], course: Course) -> None:
    """What the pump was at, where that was not the program: "not delivering" is said where there is room."""
    width, _ = panel_pt(all_axes[0])
    for span in course.spans:
        if span.mode not in _SHADES:
            continue
        colour, alpha = _SHADES[span.mode]
        from_h, until_h = span.from_ms / MS_PER_HOUR, span.until_ms / MS_PER_HOUR
        for axes in all_axes:
            axes.axvspan(from_h, until_h, color=colour, alpha=alpha, linewidth=0)
        if span.mode == STOPPED and _has_room(span, course, width):
            all_axes[0].text(
                (from_h + until_h) / 2,
                0.06,
                _STOPPED_TEXT,
                transform=all_axes[0].get_xaxis_transform(),
                ha="center",
                va="center",
                color=GREY,
                fontsize=_STOPPED_SIZE,
            )
