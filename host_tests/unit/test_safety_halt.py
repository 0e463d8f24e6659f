"""One latch shuts delivery down, and remembers the first reason."""

from pump.safety.alarms import MOTOR_STALL, NONE, OCCLUSION
from pump.safety.halt import Halt


def test_at_first_nothing_is_shut_down() -> None:
    halt = Halt()
    assert halt.reason == NONE
    assert not halt.reason


def test_the_first_reason_stays() -> None:
    halt = Halt()
    halt.latch(OCCLUSION)
    halt.latch(MOTOR_STALL)
    assert halt.reason == OCCLUSION


def test_once_cleared_the_next_reason_counts() -> None:
    halt = Halt()
    halt.latch(OCCLUSION)
    halt.clear()
    assert halt.reason == NONE
    halt.latch(MOTOR_STALL)
    assert halt.reason == MOTOR_STALL
