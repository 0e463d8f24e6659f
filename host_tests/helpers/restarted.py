"""Pumps for tests of restarts: what runs until its power goes, and a memory that may refuse."""

from typing import Any

from benchtop import STEADY, Benchtop, constants
from frail import FrailNvm
from rig import MINUTE_MS


def ran(seconds: int = 600, source: dict[str, Any] = STEADY) -> Benchtop:
    """A pump that has delivered for so long."""
    pump = Benchtop().started(source)
    pump.slice(seconds)
    return pump


def by_minute() -> Benchtop:
    """A pump whose slice is a minute."""
    return Benchtop(board=constants(slice_ms=MINUTE_MS))


def failing() -> tuple[Benchtop, FrailNvm]:
    """A pump, and its memory, which takes everything so far."""
    nvm = FrailNvm()
    return Benchtop(ports={"nvm": nvm}), nvm
