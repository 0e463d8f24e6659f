"""Builders and probes that the unit tests share."""

from collections.abc import Callable, Iterator
from itertools import repeat

import pytest

from pump.core.errors import Refused
from pump.core.units import SMALL_MAX
from pump.safety.guard import Guard
from pump.safety.halt import Halt
from pump.safety.limits import Limit, Limits
from pump.safety.reservoir import Reservoir
from pump.safety.windows import Windows
from pump.therapy.basal import Basal
from pump.therapy.forecast import Forecast
from pump.therapy.schedule import Schedule
from rig import MONDAY, NG_ML

EVERY_DAY = [[0, 0, 0]]


def refusal(act: Callable[[], object]) -> tuple[str, object, str]:
    """Do `act`, which must be refused: the field, the value and the accepted text of its refusal."""
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.field, caught.value.value, caught.value.accepted


def limits_of(hour: int = SMALL_MAX, day: int = SMALL_MAX, bolus: int = SMALL_MAX) -> Limits:
    """Limits, each with a source of its own; one that is not given does not bind."""
    return Limits(Limit("hour", hour, "board"), Limit("day", day, "drug"), Limit("bolus", bolus, "prescription"))


def filled_reservoir(fill_steps: int = SMALL_MAX, residual_steps: int = 0, low_steps: int = 0) -> Reservoir:
    """A reservoir just filled, as large as can be."""
    reservoir = Reservoir(SMALL_MAX, residual_steps, low_steps)
    reservoir.refill(fill_steps, NG_ML, 0)
    return reservoir


def schedule(*rows: tuple[int, int]) -> Schedule:
    """A schedule whose days are all the same, of (start in ms, steps per day)."""
    return Schedule(1, [[[start_ms, steps_day, 0] for start_ms, steps_day in rows]], EVERY_DAY)


def basal_at(day_ms: int, plan: Schedule, weekday: int = MONDAY) -> Basal:
    """The basal of `plan`, which knows the time."""
    basal = Basal(plan)
    basal.set_time(day_ms, weekday)
    return basal


def walk(plan: Schedule, day_ms: int) -> Forecast:
    """What `plan`, whose days are all the same, has to come from `day_ms` of a day on."""
    return Forecast(plan, day_ms, repeat(0))


def walks_of_three_days(plan: Schedule) -> Iterator[tuple[Forecast, Forecast]]:
    """Two walks for each three days of `plan` that can follow one another."""
    for days in plan.successions():
        yield Forecast(plan, 0, iter(days)), Forecast(plan, 0, iter(days))


class GuardBench:
    """A guard with all it asks. What is not given does not bind."""

    def __init__(
        self,
        hour: int = SMALL_MAX,
        day: int = SMALL_MAX,
        burst: int = SMALL_MAX,
        fill: int = SMALL_MAX,
        residual: int = 0,
        lease: int = SMALL_MAX,
    ) -> None:
        self.halt = Halt()
        self.windows = Windows()
        self.reservoir = filled_reservoir(fill, residual)
        self.guard = Guard(self.halt, self.windows, self.reservoir, limits_of(hour, day), burst)
        self.guard.renew_lease(lease)

    def withheld(self) -> dict[int, int]:
        """How many ticks each reason is counted for, without those never counted."""
        return {why: ticks for why, ticks in enumerate(self.guard.withheld_ticks) if ticks}


class Narrow(int):
    """An int as the chips have it in a tick: a result that leaves 30 bits raises OverflowError."""

    def __add__(self, other: int) -> "Narrow":
        return _narrow(int(self) + int(other))

    def __radd__(self, other: int) -> "Narrow":
        return _narrow(int(other) + int(self))

    def __sub__(self, other: int) -> "Narrow":
        return _narrow(int(self) - int(other))

    def __rsub__(self, other: int) -> "Narrow":
        return _narrow(int(other) - int(self))

    def __mul__(self, other: int) -> "Narrow":
        return _narrow(int(self) * int(other))

    def __rmul__(self, other: int) -> "Narrow":
        return _narrow(int(other) * int(self))

    def __floordiv__(self, other: int) -> "Narrow":
        return _narrow(int(self) // int(other))

    def __mod__(self, other: int) -> "Narrow":
        return _narrow(int(self) % int(other))


def _narrow(result: int) -> Narrow:
    if not -SMALL_MAX <= result <= SMALL_MAX:
        raise OverflowError(f"{result} is allocated on a chip")
    return Narrow(result)
