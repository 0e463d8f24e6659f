"""Builders and probes that the unit tests share."""

from collections.abc import Callable

import pytest

from pump.core.errors import Refused
from pump.core.units import SMALL_MAX
from pump.safety.guard import Guard
from pump.safety.halt import Halt
from pump.safety.limits import Limit, Limits
from pump.safety.reservoir import Reservoir
from pump.safety.windows import Windows
from pump.therapy.program import Program
from rig import program


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
    reservoir.refill(fill_steps, 0)
    return reservoir


def schedule(*rows: tuple[int, int]) -> Program:
    """A day schedule of (start in ms, steps per day)."""
    return Program(program([[start_ms, steps_day, 0] for start_ms, steps_day in rows]))


class GuardBench:
    """A guard with all it asks. What is not given does not bind."""

    def __init__(
        self,
        hour: int = SMALL_MAX,
        day: int = SMALL_MAX,
        burst: int = SMALL_MAX,
        fill: int = SMALL_MAX,
        residual: int = 0,
    ) -> None:
        self.halt = Halt()
        self.windows = Windows()
        self.reservoir = filled_reservoir(fill, residual)
        self.guard = Guard(self.halt, self.windows, self.reservoir, limits_of(hour, day), burst)

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
