"""Day patterns: the rates of a day as a file gives them, with the periodic bolus laid over them."""

from fractions import Fraction

from itb.errors import InputError
from itb.quantity import DOSE_RATE, VOLUME_RATE
from itb.rx.orders import MS_PER_DAY, NL_PER_ML, BasalStep, Periodic, clock
from itb.tables import Table

MODES = ("continuous", "flex", "minimum")
MOST_STEPS = 48
# What the pump takes of one day.
MOST_ROWS = 96
NOTHING = (BasalStep(0, Fraction(0)),)


def read_basal(table: Table, concentration_ug_ml: Fraction) -> tuple[str, list[tuple[BasalStep, ...]]]:
    """The mode of a table [basal] and the steps of its days: of every day, or of weekdays and of the weekend.

    The mode "minimum" has no steps: its rate is the board's. Raises InputError.
    """
    mode = table.text("mode", MODES)
    if mode == "continuous":
        return mode, [(BasalStep(0, _rate(table, concentration_ug_ml)),)]
    if mode == "minimum":
        return mode, []
    names = ["step", *(["weekend_step"] if table.has("weekend_step") else [])]
    return mode, [_steps(table.tables(name, 1, MOST_STEPS), concentration_ug_ml) for name in names]


def _rate(table: Table, concentration_ug_ml: Fraction) -> Fraction:
    """A rate in ug/day, whether written as a dose or as a volume."""
    dimension, value = table.quantity_of("rate", (DOSE_RATE, VOLUME_RATE))
    return value if dimension is DOSE_RATE else value * concentration_ug_ml / NL_PER_ML


def _steps(tables: list[Table], concentration_ug_ml: Fraction) -> tuple[BasalStep, ...]:
    steps: list[BasalStep] = []
    for one in tables:
        start_ms = one.clock("start")
        if not steps and start_ms:
            raise one.refuse("start", '"00:00": the first step begins the day')
        if steps and start_ms <= steps[-1].start_ms:
            raise one.refuse("start", f"a time after the step before it, {clock(steps[-1].start_ms)}")
        steps.append(BasalStep(start_ms, _rate(one, concentration_ug_ml)))
    return tuple(steps)


def with_periodic(steps: tuple[BasalStep, ...], periodic: Periodic | None, field: str) -> tuple[BasalStep, ...]:
    """The rates of a day of `steps` with the periodic bolus on top of them, exactly.

    Raises InputError, naming `field`, for more rows than the pump takes of one day.
    """
    if periodic is None:
        return steps
    pulses = [(start_ms, start_ms + periodic.duration_ms) for start_ms in periodic.starts_ms]
    edges = {step.start_ms for step in steps} | {edge for pulse in pulses for edge in pulse}
    starts_ms = sorted(edge for edge in edges if edge < MS_PER_DAY)
    if len(starts_ms) > MOST_ROWS:
        raise InputError(
            field,
            f"{len(pulses)} boluses over {len(steps)} step{'' if len(steps) == 1 else 's'} of the basal, "
            f"which are {len(starts_ms)} rows of the day",
            f"a longer interval or fewer steps of the basal: at most {MOST_ROWS} rows",
        )
    return tuple(BasalStep(at_ms, _rate_at(steps, periodic, at_ms)) for at_ms in starts_ms)


def _rate_at(steps: tuple[BasalStep, ...], periodic: Periodic, at_ms: int) -> Fraction:
    basal_ug_day = [step.rate_ug_day for step in steps if step.start_ms <= at_ms][-1]
    since_ms = (at_ms - periodic.first_ms) % periodic.every_ms
    # Before the first of the day none runs: none runs past midnight.
    runs = at_ms >= periodic.first_ms and since_ms < periodic.duration_ms
    return basal_ug_day + (periodic.rate_ug_day if runs else 0)


def scaled(pattern: tuple[BasalStep, ...], factor: Fraction) -> tuple[BasalStep, ...]:
    """The pattern with every rate times `factor`; at 0 a day of nothing."""
    if not factor:
        return NOTHING
    return tuple(BasalStep(step.start_ms, step.rate_ug_day * factor) for step in pattern)
