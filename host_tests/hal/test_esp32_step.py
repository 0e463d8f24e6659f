"""STEP on an RMT channel: exact pulses, a stop that works at once, nothing the hardware cannot do."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.simchip import Chip
from hal.simmodules import hal
from hal.wired import constants, wired
from pump.core.errors import Refused

BOARDS = ["esp32_devkit", "esp32s3"]
MOST = 47
MIN_INTERVAL_US = 200
# Everything a burst may ask for within a tick of 10 ms.
BURSTS = st.integers(1, MOST).flatmap(lambda n: st.tuples(st.just(n), st.integers(MIN_INTERVAL_US, 10_000 // n)))


def fast(name: str, **changes: int | str) -> Any:
    """The board `name`, with a mechanism that takes as many steps as a channel can send."""
    return constants(name, **{"BURST_MAX_STEPS": MOST, "MIN_STEP_INTERVAL_US": MIN_INTERVAL_US, **changes})


def opened(board: Any, start_us: int = 0) -> tuple[Chip, Any]:
    """The chip, and STEP on it, some time after it was opened."""
    chip = wired(board, start_us)
    step = hal(chip, "esp32_step").RmtStep(board)
    chip.advance_ms(board.TICK_MS)
    return chip, step


BOARD = fast("esp32_devkit")
STEP = BOARD.PIN_STEP


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("steps, interval_us", [(1, 10_000), (2, 5000), (7, 1428), (MOST, 212), (3, 900)])
def test_a_burst_is_so_many_pulses_so_far_apart_the_first_at_once(name: str, steps: int, interval_us: int) -> None:
    board = fast(name)
    chip, step = opened(board)
    begun_us = chip.now_us
    step.burst(steps, interval_us)
    chip.advance_ms(20)
    rises = chip.rises(board.PIN_STEP)
    assert rises == [begun_us + i * interval_us for i in range(steps)]
    assert chip.falls(board.PIN_STEP) == [rise_us + board.PULSE_US for rise_us in rises]


@given(bursts=st.lists(BURSTS, min_size=1, max_size=6), start_us=st.integers(0, 2**31))
def test_bursts_one_after_the_other_send_every_pulse_and_keep_the_driver_s_interval(
    bursts: list[tuple[int, int]], start_us: int
) -> None:
    chip, step = opened(BOARD, start_us)
    for steps, interval_us in bursts:
        step.burst(steps, interval_us)
        while step.busy():
            chip.advance(37)
    rises = chip.rises(STEP)
    assert len(rises) == sum(steps for steps, _ in bursts)
    assert min((b - a for a, b in pairwise(rises)), default=MIN_INTERVAL_US) >= MIN_INTERVAL_US
    # None of it waited for the channel, and none of it made the channel take memory.
    assert chip.blocked_us == 0
    assert chip.rmts[0].growths == [MOST]


def test_busy_until_the_driver_can_take_the_next_pulse() -> None:
    chip, step = opened(BOARD)
    step.burst(2, 5000)
    chip.advance(5000 + MIN_INTERVAL_US - 1)
    assert step.busy()
    chip.advance(1)
    assert not step.busy()


def test_not_busy_before_the_first_burst_nor_long_after_the_last() -> None:
    chip, step = opened(BOARD)
    assert not step.busy()
    step.burst(3, 1000)
    chip.advance_ms(10)
    assert not step.busy()
    # Beyond half of what the chip's microseconds can tell.
    chip.advance(2**29 + 5000)
    assert not step.busy()


@given(after_us=st.integers(0, 10_000), burst=BURSTS)
def test_stop_ends_a_burst_at_once_and_leaves_step_low(after_us: int, burst: tuple[int, int]) -> None:
    chip, step = opened(BOARD)
    begun_us = chip.now_us
    step.burst(*burst)
    chip.advance(after_us)
    step.stop()
    assert chip.level(STEP) == 0
    assert not step.busy()
    chip.advance_ms(20)
    steps, interval_us = burst
    assert chip.rises(STEP) == [begun_us + i * interval_us for i in range(steps) if i * interval_us <= after_us]


def test_stop_may_be_repeated_and_may_come_with_nothing_to_stop() -> None:
    chip, step = opened(BOARD)
    step.stop()
    step.burst(5, 1000)
    step.stop()
    step.stop()
    assert len(chip.rises(STEP)) == 1


@given(after_us=st.integers(0, 9000), stopped=BURSTS, following=BURSTS)
def test_a_burst_after_a_stop_sends_all_of_its_own_pulses_and_none_of_the_stopped(
    after_us: int, stopped: tuple[int, int], following: tuple[int, int]
) -> None:
    chip, step = opened(BOARD)
    step.burst(*stopped)
    chip.advance(after_us)
    step.stop()
    chip.forget()
    chip.look_us = 1
    step.burst(*following)
    chip.advance_ms(20)
    steps, interval_us = following
    begun_us = chip.rises(STEP)[0]
    assert chip.rises(STEP) == [begun_us + i * interval_us for i in range(steps)]
    assert chip.blocked_us == 0


def test_opening_sends_nothing_and_takes_all_memory_the_channel_will_need() -> None:
    chip, _ = opened(BOARD)
    assert chip.rises(STEP) == []
    assert chip.rmts[0].growths == [MOST]


@pytest.mark.parametrize(
    "constant, value, accepted",
    [("BURST_MAX_STEPS", MOST + 1, "at most 47"), ("TICK_MS", 33, "at most 32")],
)
def test_a_board_that_asks_for_more_is_refused(constant: str, value: int, accepted: str) -> None:
    board = fast("esp32_devkit", **{constant: value})
    with pytest.raises(Refused, match=f"{constant}: {value} .*{accepted}"):
        opened(board)


def test_the_longest_tick_and_the_longest_burst_are_taken() -> None:
    board = fast("esp32s3", TICK_MS=32)
    chip, step = opened(board)
    step.burst(MOST, 32_000 // MOST)
    chip.advance_ms(32)
    assert len(chip.rises(board.PIN_STEP)) == MOST


def test_dir_is_set_and_its_set_up_time_is_over_when_it_returns() -> None:
    board = fast("esp32_devkit", DIR_SETUP_US=20)
    chip, step = opened(board)
    before_us = chip.now_us
    step.set_direction(True)
    assert (chip.level(board.PIN_DIR), chip.now_us - before_us) == (1, 20)
    step.set_direction(False)
    assert chip.level(board.PIN_DIR) == 0
