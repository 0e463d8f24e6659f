"""What `itb check` shows of the days: their rates, totals and shape, and the plan by which they change."""

from fractions import Fraction
from itertools import pairwise

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from itb.limits.days import SATURDAY, has_weekends, stage_name, unpaused
from itb.limits.windows import Demand
from itb.plan.program import Plan
from itb.quantity import decimal
from itb.rx.orders import MS_PER_DAY, clock

_BARS = " ▁▂▃▄▅▆▇█"
_BAR_ROWS = 3
_BAR_MS = 1_800_000
_BAR_COUNT = MS_PER_DAY // _BAR_MS
# The days of the first stage, by their place: all days, or weekdays and the weekend.
_WEEK = ("Monday to Friday", "Saturday and Sunday")


def new_table(title: str, *columns: str) -> Table:
    """A table of numbers."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def day_parts(plan: Plan) -> list[RenderableType]:
    """The days of the first stage, one after the other: rates, total, shape."""
    parts: list[RenderableType] = []
    for place, pattern in enumerate(_first_patterns(plan)):
        when = _WEEK[place] if has_weekends(plan.program.plan) else ""
        if plan.prescription.basal:
            parts.append(_steps_table(plan, place, f"Basal, {when}" if when else "Basal"))
        parts += [_total_text(plan, pattern, when), Text(), _shape(plan, place, when), Text()]
    return parts


def _first_patterns(plan: Plan) -> list[int]:
    stage = plan.program.plan[0]
    return [stage.weekday] if stage.weekday == stage.weekend else [stage.weekday, stage.weekend]


def _steps_table(plan: Plan, place: int, title: str) -> Table:
    """The basal as it was ordered, without the periodic bolus on top of it."""
    table = new_table(title, "from", "to", "ug/h", "ug/day", "mL/day", "dose, ug", "microsteps")
    steps = plan.prescription.basal[place]
    ends_ms = [*(step.start_ms for step in steps[1:]), MS_PER_DAY]
    for step, end_ms in zip(steps, ends_ms, strict=True):
        dose_ug = step.rate_ug_day * (end_ms - step.start_ms) / MS_PER_DAY
        ml_day = plan.scale.nl(plan.scale.steps(step.rate_ug_day)) / 1_000_000
        numbers = (decimal(step.rate_ug_day / 24, 3), decimal(step.rate_ug_day, 3), decimal(ml_day, 4))
        end = clock(end_ms) if end_ms < MS_PER_DAY else "24:00"
        table.add_row(clock(step.start_ms), end, *numbers, decimal(dose_ug, 3), decimal(plan.scale.steps(dose_ug), 1))
    return table


def _total_text(plan: Plan, pattern: int, when: str) -> Text:
    """The total of the numbers that the device gets."""
    steps = plan.program.day_total_steps(pattern)
    rx = plan.prescription
    what = "basal and periodic bolus" if rx.periodic and rx.basal else "periodic bolus" if rx.periodic else "basal"
    title = f"Daily total of the {what}{f', {when}' if when else ''}: "
    return Text.assemble(title, (_both(plan, steps), "bold"), f" = {decimal(steps, 1)} microsteps")


def _both(plan: Plan, steps: Fraction) -> str:
    return f"{decimal(plan.scale.ug(steps))} ug/day = {decimal(plan.scale.nl(steps) / 1_000_000)} mL/day"


def _shape(plan: Plan, place: int, when: str) -> Group:
    """A day's dose, half an hour a column; on the first day its boluses, with a mark over where each begins."""
    boluses = plan.program.dated_boluses() if place == 0 else []
    phase = SATURDAY if place else 0
    demand = Demand(plan.program.day_patterns(), boluses, unpaused(plan.program.plan, phase))
    edges = [demand.until(column * _BAR_MS) for column in range(_BAR_COUNT + 1)]
    heights = [plan.scale.ug(after - before) for before, after in pairwise(edges)]
    top = max(heights)
    day = "A day of the weekend" if place else "The first day, if it is a weekday" if when else "The first day"
    lines = [f"{day}, ug per half hour (full height {decimal(top, 3)} ug)"]
    if boluses:
        lines.append(_marks(boluses))
    hours = "".join(f"{hour:<6d}" for hour in range(0, 24, 3)) + "24 h"
    return Group(*lines, Text(_bars(heights, top), "cyan"), Text(hours, "dim"))


def _marks(boluses: list[tuple[int, Fraction, int]]) -> str:
    marks = [" "] * _BAR_COUNT
    for start_ms, _, _ in boluses:
        if start_ms < MS_PER_DAY:
            marks[start_ms // _BAR_MS] = "▼"
    return "".join(marks).rstrip()


def _bars(heights: list[Fraction], top: Fraction) -> str:
    eighths = len(_BARS) - 1
    rows: list[str] = []
    for row in reversed(range(_BAR_ROWS)):
        filled = [round(height / top * _BAR_ROWS * eighths) - row * eighths for height in heights]
        rows.append("".join(_BARS[min(max(level, 0), eighths)] for level in filled))
    return "\n".join(rows)


def plan_table(plan: Plan) -> Table:
    """The stages: their days, daily dose, and its change from the stage before."""
    weekends = has_weekends(plan.program.plan)
    columns = ["days", "ug/day", *(["weekend, ug/day"] if weekends else []), "mL/day", "change", "of the first day's"]
    table = new_table(plan.prescription.plan_kind.capitalize(), *columns)
    rows = stage_doses(plan)
    for place, (_, _, weekday_ug, weekend_ug) in enumerate(rows):
        ml = plan.prescription.volume_nl(weekday_ug) / 1_000_000
        weekend = [decimal(weekend_ug, 3)] if weekends else []
        change, share = "", ""
        if place:
            change = _percent(100 * (weekday_ug / rows[place - 1][2] - 1), sign=True)
            share = _percent(100 * weekday_ug / rows[0][2])
        days = stage_name(plan.program.plan, place).split(maxsplit=1)[1]
        table.add_row(days, decimal(weekday_ug, 3), *weekend, decimal(ml, 4), change, share)
    table.caption = "A day of the plan is a midnight that passes while the pump delivers; a pause holds the plan."
    table.caption_justify = "left"
    return table


def stage_doses(plan: Plan) -> list[tuple[int, int | None, Fraction, Fraction]]:
    """Of each stage its first and last day, 1 being the first and None no end, and the dose of a weekday and of a
    weekend day in ug, as the device's numbers say."""
    stages = plan.program.plan
    ends = [*(stage.from_day for stage in stages[1:]), None]
    return [
        (stage.from_day + 1, end, plan.day_total_ug(stage.weekday), plan.day_total_ug(stage.weekend))
        for stage, end in zip(stages, ends, strict=True)
    ]


def _percent(share: Fraction, sign: bool = False) -> str:
    plus = "+" if sign and share > 0 else ""
    text = decimal(share, 1)
    return f"≈{plus}{text[1:]} %" if text.startswith("≈") else f"{plus}{text} %"
