"""What `itb check` shows: the days that the device's own numbers make, their limits and what must be confirmed.

Totals are computed from the program as the device gets it, not from the file. A figure that had to be rounded is marked
with "≈".
"""

import json
from math import floor
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from itb.boards.board import load_board
from itb.errors import InputError
from itb.limits.guarded import peak_moment
from itb.limits.limits import in_force
from itb.plan.preview_data import most_asked, preview_data
from itb.plan.preview_day import day_parts, new_table, plan_table
from itb.plan.preview_doses import dose_parts
from itb.plan.program import Plan, make_plan
from itb.plan.refill import next_refill
from itb.quantity import decimal
from itb.rx.orders import volume_text
from itb.rx.prescription import read_prescription

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
    if not rx.trial:
        parts += day_parts(plan)
    if rx.plan_kind:
        parts += [plan_table(plan), Text()]
    parts += dose_parts(plan)
    parts += [_limits_table(plan), Text(_reservoir_text(plan)), Text(), _findings_text(plan)]
    return Group(*parts)


def _limits_table(plan: Plan) -> Table:
    table = new_table("Limits in force", "limit", "ug", "mL", "from", "most asked for, ug", "used")
    for kind, limits in plan.limits.items():
        limit = in_force(limits)
        cap_steps, asked_steps = plan.program.limits[kind][0], most_asked(plan, kind)
        most = f"{decimal(plan.scale.ug(asked_steps), 3)}{_where(plan, kind)}"
        limit_ug = decimal(plan.prescription.dose_ug(limit.volume_nl), 3)
        used = f"{floor(100 * asked_steps / cap_steps)} %"
        table.add_row(_TITLES[kind], limit_ug, decimal(limit.volume_nl / 1_000_000), escape(limit.origin), most, used)
    table.caption = "Most asked for: in any 61 and any 1441 minutes and two ticks, as the guard counts."
    table.caption_justify = "left"
    return table


def _where(plan: Plan, kind: str) -> str:
    # When a trial's steps are given is for the clinician to say.
    return "" if kind == "bolus" or plan.prescription.trial else f" from {peak_moment(plan.review.peaks[kind])}"


def _reservoir_text(plan: Plan) -> str:
    refill, board = next_refill(plan), plan.board
    fill = decimal(plan.fill_steps * board.nl_per_step / 1_000_000, 3)
    text = f"Reservoir: {fill} mL. "
    if refill.low_day is None:
        return text + f"What is prescribed ends before the low mark of {volume_text(board.low_nl)}."
    text += f"Refill by day {refill.low_day}, when it reaches the low mark of {volume_text(board.low_nl)}"
    if refill.empty_day is not None:
        text += f"; it is empty (residual {volume_text(board.residual_nl)}) on day {refill.empty_day}"
    allotted = plan.program.patient or plan.program.boluses
    return text + (", with every allotted bolus taken." if allotted else ".")


def _findings_text(plan: Plan) -> RenderableType:
    if not plan.findings:
        return Text("Nothing to confirm: no soft limit is crossed.", "green")
    lines = [Text(f"• {finding}", "yellow") for finding in plan.findings]
    title = Text("To be confirmed (soft limits):", "bold yellow")
    return Group(title, *(Padding(line, (0, 0, 0, 2)) for line in lines))
