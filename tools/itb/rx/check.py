"""What `itb check` shows: the day that the device's own numbers make, its limits and what must be confirmed.

Every figure is computed from the program as the device gets it, not from the file. One that had to be rounded is
marked with "≈".
"""

import json
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from itb.boards.board import load_board
from itb.errors import InputError
from itb.quantity import decimal
from itb.rx.limits import in_force, peak_moment
from itb.rx.prescription import MS_PER_DAY, clock, moment, read_prescription, volume_text
from itb.rx.program import Plan, make_plan

_BARS = " ▁▂▃▄▅▆▇█"
_BAR_ROWS = 3
_BAR_MS = 1_800_000
_BAR_COUNT = MS_PER_DAY // _BAR_MS
_TITLES = {"hour": "any hour", "day": "any 24 h", "bolus": "one bolus"}


def check(
    path: Path, board_name: str, out: Console, err: Console, as_json: bool = False, slice_ms: int | None = None
) -> int:
    """Show the preview of the prescription in `path`, or why it is refused. Returns the exit status: 0, or 2 if so.

    `slice_ms` replaces the board's tick.
    """
    try:
        plan = make_plan(read_prescription(path), load_board(board_name), slice_ms)
    except InputError as error:
        return refuse(error, out, err, as_json)
    if as_json:
        _print_json(out, preview_data(plan))
    else:
        out.print(preview(plan))
    return 0


def refuse(error: InputError, out: Console, err: Console, as_json: bool) -> int:
    """Say what is refused; the exit status for it."""
    if as_json:
        _print_json(out, {"refused": {"field": error.field, "value": error.value, "accepted": error.accepted}})
    else:
        err.print(f"itb: {error}", markup=False, highlight=False, soft_wrap=True)
    return 2


def _print_json(out: Console, data: dict[str, object]) -> None:
    out.print(json.dumps(data, indent=2, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)


def preview(plan: Plan) -> RenderableType:
    """The whole preview, to print on a rich console."""
    rx = plan.prescription
    drug = f"{rx.drug.name} {decimal(rx.concentration_ug_ml)} ug/mL, profile {rx.drug.profile}, board {plan.board.name}"
    parts: list[RenderableType] = [Text(rx.title, "bold")]
    if rx.notes:
        parts.append(Text(rx.notes))
    parts += [Text(drug, "dim"), Text()]
    parts += [_steps_table(plan), _total_text(plan), Text(), _sparkline(plan), Text()]
    if rx.boluses:
        parts += [_bolus_table(plan), Text()]
    parts += [_limits_table(plan), _reservoir_text(plan), Text(), _findings_text(plan)]
    return Group(*parts)


def _table(title: str, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _steps_table(plan: Plan) -> Table:
    table = _table("Basal", "from", "to", "ug/h", "ug/day", "mL/day", "dose, ug", "microsteps")
    segments = plan.program.segments
    ends = [*(clock(segment.start_ms) for segment in segments[1:]), "24:00"]
    for segment, end, steps in zip(segments, ends, plan.program.segment_steps(), strict=True):
        rate = plan.program.steps(segment)
        ug_day = plan.scale.ug(rate)
        ml_day = plan.scale.nl(rate) / 1_000_000
        numbers = (decimal(ug_day / 24, 3), decimal(ug_day, 3), decimal(ml_day, 4), decimal(plan.scale.ug(steps), 3))
        table.add_row(clock(segment.start_ms), end, *numbers, decimal(steps, 1))
    return table


def _total_text(plan: Plan) -> Text:
    steps = plan.program.day_total_steps()
    ug, ml = plan.scale.ug(steps), plan.scale.nl(steps) / 1_000_000
    total = f"{decimal(ug)} ug/day = {decimal(ml)} mL/day"
    return Text.assemble("Daily total of the basal: ", (total, "bold"), f" = {decimal(steps, 1)} microsteps")


def _sparkline(plan: Plan) -> Group:
    """The first day's dose, half an hour a column, boluses included; a mark over each half hour a bolus begins in."""
    demand = plan.program.demand()
    edges = [demand.until(place * _BAR_MS) for place in range(_BAR_COUNT + 1)]
    heights = [plan.scale.ug(after - before) for before, after in pairwise(edges)]
    top = max(heights)
    marks = [" "] * _BAR_COUNT
    for bolus in plan.program.boluses:
        if bolus.day == 0:
            marks[bolus.at_ms // _BAR_MS] = "▼"
    hours = "".join(f"{hour:<6d}" for hour in range(0, 24, 3)) + "24 h"
    lines = [f"The first day, ug per half hour (full height {decimal(top, 3)} ug)"]
    if plan.program.boluses:
        lines.append("".join(marks).rstrip())
    return Group(*lines, Text(_bars(heights, top), "cyan"), Text(hours, "dim"))


def _bars(heights: list[Fraction], top: Fraction) -> str:
    eighths = len(_BARS) - 1
    rows: list[str] = []
    for row in reversed(range(_BAR_ROWS)):
        filled = [round(height / top * _BAR_ROWS * eighths) - row * eighths for height in heights]
        rows.append("".join(_BARS[min(max(level, 0), eighths)] for level in filled))
    return "\n".join(rows)


def _bolus_table(plan: Plan) -> Table:
    table = _table("Boluses", "start", "dose, ug", "volume, mL", "over", "ug/h", "microsteps")
    for bolus in plan.program.boluses:
        steps = plan.program.steps(bolus)
        ug = plan.scale.ug(steps)
        numbers = (decimal(ug, 3), decimal(plan.scale.nl(steps) / 1_000_000))
        rate = decimal(ug * 3_600_000 / bolus.duration_ms, 3)
        start = moment(bolus.day * MS_PER_DAY + bolus.at_ms)
        over = f"{decimal(Fraction(bolus.duration_ms, 60_000), 3)} min"
        table.add_row(start, *numbers, over, rate, decimal(steps, 1))
    return table


def _limits_table(plan: Plan) -> Table:
    table = _table("Limits in force", "limit", "ug", "mL", "from", "most asked for, ug", "used")
    for kind, limits in plan.limits.items():
        limit = in_force(limits)
        cap_steps, asked_steps = plan.program.limits[kind][0], _most_asked(plan, kind)
        most = f"{decimal(plan.scale.ug(asked_steps), 3)}{_where(plan, kind)}"
        limit_ug = decimal(plan.prescription.dose_ug(limit.volume_nl), 3)
        used = f"{floor(100 * asked_steps / cap_steps)} %"
        table.add_row(_TITLES[kind], limit_ug, decimal(limit.volume_nl / 1_000_000), escape(limit.origin), most, used)
    table.caption = "Most asked for: in any 61 and any 1441 minutes and two ticks, as the guard counts."
    table.caption_justify = "left"
    return table


def _most_asked(plan: Plan, kind: str) -> Fraction:
    if kind == "bolus":
        return max((plan.program.steps(bolus) for bolus in plan.program.boluses), default=Fraction(0))
    return plan.review.peaks[kind].demand


def _where(plan: Plan, kind: str) -> str:
    return "" if kind == "bolus" else f" from {peak_moment(plan.review.peaks[kind])}"


def _reservoir_text(plan: Plan) -> Text:
    days = floor((plan.fill_steps - plan.board.residual_steps) / plan.program.day_total_steps())
    fill = decimal(plan.fill_steps * plan.board.nl_per_step / 1_000_000, 3)
    residual = volume_text(plan.board.residual_nl)
    return Text(f"Reservoir: {fill} mL; the basal alone takes {days} days to the residual {residual}")


def _findings_text(plan: Plan) -> RenderableType:
    if not plan.findings:
        return Text("Nothing to confirm: no soft limit is crossed.", "green")
    lines = [Text(f"• {finding}", "yellow") for finding in plan.findings]
    title = Text("To be confirmed (soft limits):", "bold yellow")
    return Group(title, *(Padding(line, (0, 0, 0, 2)) for line in lines))


def preview_data(plan: Plan) -> dict[str, object]:
    """The same facts for machines. Amounts are numbers; `exact` pairs are numerator and denominator."""
    total_ug = plan.day_total_ug()
    total_ml = plan.scale.nl(plan.program.day_total_steps()) / 1_000_000
    return {
        "title": plan.prescription.title,
        "notes": plan.prescription.notes,
        "board": plan.board.name,
        "drug": plan.prescription.drug.label,
        "concentration_ug_ml": float(plan.prescription.concentration_ug_ml),
        "day_total": {
            "ug_day": float(total_ug),
            "ug_day_exact": _pair(total_ug),
            "ml_day": float(total_ml),
            "ml_day_exact": _pair(total_ml),
            "steps_exact": _pair(plan.program.day_total_steps()),
        },
        "steps": [
            {"start_ms": segment.start_ms, "ug_day": float(plan.scale.ug(plan.program.steps(segment)))}
            for segment in plan.program.segments
        ],
        "boluses": [
            {
                "day": bolus.day + 1,
                "at_ms": bolus.at_ms,
                "ug": float(plan.scale.ug(plan.program.steps(bolus))),
                "duration_ms": bolus.duration_ms,
            }
            for bolus in plan.program.boluses
        ],
        "limits": {kind: _limit_data(plan, kind) for kind in plan.limits},
        "findings": [
            {"field": f.field, "value": f.value, "expected": f.expected, "source": f.source} for f in plan.findings
        ],
        "fill_steps": plan.fill_steps,
        "program": plan.program.as_dict(),
    }


def _limit_data(plan: Plan, kind: str) -> dict[str, object]:
    limit = in_force(plan.limits[kind])
    return {
        "ug": float(plan.prescription.dose_ug(limit.volume_nl)),
        "ml": float(limit.volume_nl / 1_000_000),
        "steps": plan.program.limits[kind][0],
        "origin": limit.origin,
        "source": limit.source,
        "most_asked_ug": float(plan.scale.ug(_most_asked(plan, kind))),
    }


def _pair(exact: Fraction) -> list[int]:
    return [exact.numerator, exact.denominator]
