"""One latch shuts delivery down, and remembers every reason."""

from pump.safety.alarms import MOTOR_STALL, OCCLUSION, TABLE
from pump.safety.halt import Halt


def test_at_first_nothing_is_shut_down() -> None:
    assert Halt().reasons == 0


def test_every_reason_is_kept_and_once() -> None:
    halt = Halt()
    halt.latch(OCCLUSION)
    halt.latch(MOTOR_STALL)
    halt.latch(OCCLUSION)
    assert halt.reasons == 1 << OCCLUSION | 1 << MOTOR_STALL


def test_once_cleared_the_next_reason_counts() -> None:
    halt = Halt()
    halt.latch(OCCLUSION)
    halt.clear()
    assert halt.reasons == 0
    halt.latch(MOTOR_STALL)
    assert halt.reasons == 1 << MOTOR_STALL


def test_all_alarms_at_once_fit_into_30_bits() -> None:
    assert 1 << len(TABLE) < 1 << 30
