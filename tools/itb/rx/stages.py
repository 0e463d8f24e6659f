"""Reading a plan: the stages by which a taper falls or a titration rises, each the first day's shape, scaled."""

from collections.abc import Sequence
from fractions import Fraction

from itb.errors import InputError
from itb.quantity import DAILY_DOSE, SHARE, amount
from itb.rx.dosing import LAST_DAY
from itb.rx.orders import BasalStep, Stage, day_dose_ug
from itb.rx.patterns import scaled
from itb.tables import Table

KINDS = ("taper", "titration")
# What the pump takes in all.
MOST_PATTERNS = 24
MOST_ROWS = 192

Pattern = tuple[BasalStep, ...]


def read_plan(table: Table, days: Sequence[Pattern]) -> tuple[str, tuple[Pattern, ...], tuple[Stage, ...]]:
    """The kind of a table [plan], the day patterns of all its stages, and the stages.

    `days` are the patterns of the first stage: of every day, or of weekdays and of the weekend. A stage's daily dose is
    that of a weekday. Raises InputError.
    """
    kind = table.text("kind", KINDS)
    first_ug = day_dose_ug(days[0])
    patterns, stages = list(days), [Stage(0, 0, len(days) - 1)]
    factor = Fraction(1)
    rows = table.tables("stage", 1, MOST_PATTERNS - 1)
    for place, one in enumerate(rows, 1):
        # Day 1 is the basal's own.
        from_day = one.whole("from_day", 2, LAST_DAY) - 1
        if from_day <= stages[-1].from_day:
            raise one.refuse(
                "from_day", f"a day after day {stages[-1].from_day + 1}, with which the stage before begins"
            )
        last_factor, factor = factor, _factor(one, first_ug, zero=kind == "taper" and place == len(rows))
        if (factor >= last_factor) if kind == "taper" else (factor <= last_factor):
            raise one.refuse("daily", _beyond(kind, last_factor, first_ug))
        # At 0 all days are alike.
        of_stage = [scaled(day, factor) for day in days[: len(days) if factor else 1]]
        stages.append(Stage(from_day, len(patterns), len(patterns) + len(of_stage) - 1))
        patterns += of_stage
    table.finish()
    _refuse_too_many(table, patterns)
    return kind, tuple(patterns), tuple(stages)


def _factor(table: Table, first_ug: Fraction, zero: bool) -> Fraction:
    dimension, value = table.quantity_of("daily", (SHARE, DAILY_DOSE), zero)
    return value / 100 if dimension is SHARE else value / first_ug


def _beyond(kind: str, last_factor: Fraction, first_ug: Fraction) -> str:
    side, way = ("below", "falls") if kind == "taper" else ("above", "rises")
    before = f"{amount(100 * last_factor, SHARE, places=3)} = {amount(last_factor * first_ug, DAILY_DOSE, places=3)}"
    return f"{side} {before} of the stage before it: a {kind} {way} with every stage"


def _refuse_too_many(table: Table, patterns: list[Pattern]) -> None:
    rows = sum(len(pattern) for pattern in patterns)
    if len(patterns) > MOST_PATTERNS or rows > MOST_ROWS:
        found = f"{len(patterns)} day patterns with {rows} rows in all"
        accepted = f"at most {MOST_PATTERNS} patterns and {MOST_ROWS} rows: fewer stages, or fewer steps of the day"
        raise InputError(table.field("stage"), found, accepted)
