"""One latch shuts delivery down, and remembers every reason."""

import pytest

from pump.safety.alarms import MEMORY_CORRUPT, MOTOR_STALL, OCCLUSION, TABLE
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


def test_a_latch_is_sound_whatever_it_holds_and_after_it_was_cleared() -> None:
    halt = Halt()
    assert halt.sound()
    for alarm in (OCCLUSION, MOTOR_STALL, OCCLUSION):
        halt.latch(alarm)
        assert halt.sound()
    halt.clear()
    assert halt.sound()


@pytest.mark.parametrize("others", [(), (OCCLUSION,), (OCCLUSION, MOTOR_STALL)])
def test_a_figure_that_changed_by_itself_shuts_down_for_good(others: tuple[int, ...]) -> None:
    halt = Halt()
    for alarm in others:
        halt.latch(alarm)
    halt.latch(MEMORY_CORRUPT)
    assert not halt.sound()
    for alarm in others:
        halt.latch(alarm)
    halt.latch(MEMORY_CORRUPT)
    assert not halt.sound()
    halt.clear()
    assert halt.reasons == 1 << MEMORY_CORRUPT
    assert not halt.sound()


@pytest.mark.parametrize("bit", range(30))
def test_a_latch_that_changed_by_itself_is_not_sound(bit: int) -> None:
    halt = Halt()
    halt.latch(OCCLUSION)
    halt.reasons ^= 1 << bit
    assert not halt.sound()
    halt.latch(MEMORY_CORRUPT)
    assert not halt.sound()
