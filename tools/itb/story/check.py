"""What `itb check` shows of a story: its course, its bridges and primes, its refill dates, and what must be confirmed.

It is the course as it is expected; the pump judges each command when it comes.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from itb.boards.board import load_board
from itb.errors import InputError
from itb.plan.check import check as check_prescription
from itb.plan.check import refuse
from itb.plan.preview_day import new_table
from itb.plan.program import Plan
from itb.quantity import CONCENTRATION, DOSE_RATE, TIME, VOLUME, VOLUME_RATE, amount, decimal
from itb.rx.orders import NL_PER_ML
from itb.story.bridge import Bridge
from itb.story.data import story_data
from itb.story.events import told_moment
from itb.story.fillings import fillings
from itb.story.reading import is_story, read_story
from itb.story.story import Command, Story
from itb.story.timetable import Row, timetable

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def check(
    path: Path, board_name: str, out: Console, err: Console, as_json: bool = False, slice_ms: int | None = None
) -> int:
    """Show the preview of the file in `path`, prescription or story, or why it is refused.

    Returns the exit status: 0, or 2 if it is refused. `slice_ms` replaces the board's tick.
    """
    try:
        if not is_story(path):
            return check_prescription(path, board_name, out, err, as_json, slice_ms)
        story = read_story(path, load_board(board_name), slice_ms)
    except InputError as error:
        return refuse(error, out, err, as_json)
    if as_json:
        text = json.dumps(story_data(story), indent=2, ensure_ascii=False)
        out.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        out.print(preview(story))
    return 0


def preview(story: Story) -> RenderableType:
    """The whole preview, to print on a rich console."""
    parts: list[RenderableType] = [Text(story.title, "bold")]
    if story.notes:
        parts.append(Text(story.notes))
    days = decimal(story.end_ms / TIME.units["day"], 3)
    ends = f"{told_moment(story.start, 0)} to {told_moment(story.start, story.end_ms)}, {days} days"
    parts += [Text(f"{ends}, board {story.board.name}", "dim"), Text(), _programs(story), _course(story)]
    parts += [part for command in story.commands for part in _details(story, command)]
    parts += [Text(), _refills(story), Text(), _findings(story)]
    return Group(*parts)


def _at(story: Story, at_ms: int) -> str:
    weekday = (story.start.weekday() + at_ms // int(TIME.units["day"])) % len(_WEEKDAYS)
    return f"{_WEEKDAYS[weekday]} {told_moment(story.start, at_ms)}"


def _programs(story: Story) -> Table:
    table = new_table("Programs", "name", "ug/mL", "ug/day", "patient's bolus")
    table.columns[0].justify = "left"
    table.add_column("title", justify="left")
    for name, plan in story.plans.items():
        rx = plan.prescription
        table.add_row(Text(name), decimal(rx.concentration_ug_ml), _doses_of(plan), _patient(plan), Text(rx.title))
    return table


def _doses_of(plan: Plan) -> str:
    """Of weekdays and weekends of the first stage, and of the last: "300 (weekend 330), at last 0"."""
    rx = plan.prescription
    if rx.trial:
        return "on command: " + ", ".join(decimal(rung.dose_ug, 3) for rung in rx.trial) + " ug"
    totals = [plan.day_total_ug(pattern) for pattern in (rx.plan[0].weekday, rx.plan[0].weekend, rx.plan[-1].weekday)]
    weekday, weekend, last = (decimal(ug_day, 3) for ug_day in totals)
    text = weekday if weekday == weekend else f"{weekday} (weekend {weekend})"
    return f"{text}, at last {last}" if len(rx.plan) > 1 else text


def _patient(plan: Plan) -> str:
    patient = plan.prescription.patient
    return f"{patient.per_day} x {decimal(patient.dose_ug, 3)} ug" if patient else ""


def _course(story: Story) -> Table:
    table = new_table("Course", "when", "what", "ug/day", "mL/day", "change")
    for column in table.columns[:2]:
        column.justify = "left"
    table.columns[0].no_wrap = True
    last_ms = -1
    for row in timetable(story):
        when = _at(story, row.at_ms) if row.at_ms != last_ms else ""
        last_ms = row.at_ms
        text = f"{row.text}; expected to be refused" if row.expect_refused else row.text
        style = "yellow" if row.expect_refused else ""
        table.add_row(when, Text(text, style), *_dose(row))
    table.caption = "Doses are those of a whole day, as they are ordered on that day; boluses come on top."
    table.caption_justify = "left"
    return table


def _dose(row: Row) -> tuple[str, str, str]:
    change = row.change_percent
    told = "" if change is None else f"{'+' if change > 0 else ''}{decimal(change, 1).replace('≈', '')} %"
    if not row.delivering:
        return "stopped", "", told
    return decimal(row.ug_day, 3), decimal(row.nl_day / NL_PER_ML, 4), told


def _details(story: Story, command: Command) -> Iterator[RenderableType]:
    """What is to be seen of a bridge or a prime before it is committed to."""
    lines: list[tuple[str, str]] = []
    if command.bridge:
        title, lines = "Bridge", _bridge_lines(story, command, command.bridge)
    elif command.plan and command.plan.program.override:
        title, lines = "No bridge", _override_lines(command)
    elif command.name == "prime" and story.dead and not command.expect_refused:
        title, lines = "Prime", _prime_lines(story, command)
    else:
        return
    table = Table.grid(padding=(0, 2))
    for name, value in lines:
        table.add_row(Text(name, "dim"), Text(value))
    yield Text(f"\n{title}, {_at(story, command.at_ms)}", "bold")
    yield Padding(table, (0, 0, 0, 2))


def _bridge_lines(story: Story, command: Command, bridge: Bridge) -> list[tuple[str, str]]:
    end_ms = command.at_ms + bridge.duration_ms
    steps = _program_bridge(command)
    return [
        ("dead volume", str(story.dead)),
        ("first", f"{_rate(bridge.rate_nl_day, bridge.previous_ug_day)} of {_strength(bridge.old_ug_ml)}"),
        ("for", f"{decimal(bridge.days, 4)} days, until {_at(story, end_ms)} if nothing stops it"),
        ("then", f"{_rate(bridge.new_rate_nl_day, bridge.new_ug_day)} of {_strength(bridge.new_ug_ml)}"),
        ("in the pump", f"{steps[0]} microsteps in {steps[1]} ms"),
        ("without it", _omitted(bridge)),
    ]


def _program_bridge(command: Command) -> tuple[int, int]:
    assert command.plan is not None
    assert command.plan.program.bridge is not None
    return command.plan.program.bridge


def _override_lines(command: Command) -> list[tuple[str, str]]:
    assert command.plan is not None
    lines = [("reason", command.plan.program.override)]
    if command.left_out:
        lines += [("left out", f"a bridge of {command.left_out}"), ("so", _omitted(command.left_out))]
    return lines


def _omitted(bridge: Bridge) -> str:
    omitted = bridge.omitted
    return f"{omitted} at the tip" if omitted else "nothing would reach the tip: the new program has no basal"


def _prime_lines(story: Story, command: Command) -> list[tuple[str, str]]:
    steps, over_ms, _ = command.arguments
    assert isinstance(over_ms, int)
    assert story.dead is not None
    rate = amount(story.dead.volume_nl / over_ms * TIME.units["day"], VOLUME_RATE, "mL/h", places=4)
    over = amount(over_ms / TIME.units["ms"], TIME, "min", places=3)
    return [
        ("volume", str(story.dead)),
        ("over", f"{over}, {rate}"),
        ("in the pump", f"{steps} microsteps; no therapy"),
    ]


def _rate(nl_day: Fraction, ug_day: Fraction) -> str:
    volume_rate = amount(nl_day, VOLUME_RATE, "mL/day")
    return f"{volume_rate} = {amount(ug_day, DOSE_RATE, 'ug/day', 3)} = {amount(ug_day, DOSE_RATE, 'ug/h', 3)}"


def _strength(ug_ml: Fraction) -> str:
    return amount(ug_ml, CONCENTRATION)


def _refills(story: Story) -> Table:
    low = amount(story.board.low_nl, VOLUME, "mL")
    table = new_table(f"Refill dates: when {low} are left", "filled", "mL", "refill by")
    for column in (table.columns[0], table.columns[2]):
        column.justify = "left"
    for filling in fillings(story):
        due = "what is ordered does not use it up" if filling.low_ms is None else _at(story, filling.low_ms)
        table.add_row(_at(story, filling.at_ms), f"{float(filling.fill_nl / NL_PER_ML):.2f}", due)
    table.caption = "If every bolus is taken that the patient is allotted."
    table.caption_justify = "left"
    return table


def _findings(story: Story) -> RenderableType:
    if not story.findings:
        return Text("Nothing to confirm: no soft limit is crossed.", "green")
    lines = [Padding(Text(f"• {finding}", "yellow"), (0, 0, 0, 2)) for finding in story.findings]
    return Group(Text("To be confirmed (soft limits):", "bold yellow"), *lines)
