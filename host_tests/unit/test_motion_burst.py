"""One tick's steps go out as one even burst that is over before the next tick."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchtop import ScriptedSteps, constants
from itb.boards.board import board_names
from pump.core.errors import Refused
from pump.motion.burst import Burst


def sent_burst(tick_ms: int, steps: int, min_interval_us: int = 1) -> tuple[int, int]:
    """The (steps, interval) that reach the port."""
    port = ScriptedSteps()
    Burst(port, tick_ms, min_interval_us, steps).send(steps)
    return port.bursts[0]


@pytest.mark.parametrize("name", board_names())
def test_on_every_board_every_burst_is_over_before_the_next_tick_and_keeps_the_drivers_interval(name: str) -> None:
    for slice_ms in (None, 100, 1000, 60_000):
        board = constants(name, slice_ms)
        tick_us = board.TICK_MS * 1000
        port = ScriptedSteps()
        burst = Burst(port, board.TICK_MS, board.MIN_STEP_INTERVAL_US, board.BURST_MAX_STEPS)
        for steps in range(1, board.BURST_MAX_STEPS + 1):
            burst.send(steps)
            assert port.bursts[-1][0] == steps
            interval_us = port.bursts[-1][1]
            assert interval_us >= board.MIN_STEP_INTERVAL_US
            # The last pulse, and the motor's rest after it.
            assert (steps - 1) * interval_us + board.MIN_STEP_INTERVAL_US <= tick_us * 7 // 8


@given(tick_ms=st.integers(1, 900_000), steps=st.integers(1, 100_000))
def test_an_eighth_of_the_tick_stays_free_and_the_spacing_fills_the_rest(tick_ms: int, steps: int) -> None:
    span_us = -(-tick_ms * 7000 // 8)
    assume(steps <= span_us)
    sent_steps, interval_us = sent_burst(tick_ms, steps)
    assert sent_steps == steps
    assert steps * interval_us <= span_us < steps * (interval_us + 1)


def test_the_longest_slice_keeps_the_interval_within_30_bits() -> None:
    assert sent_burst(900_000, 1) == (1, 787_500_000)
    assert 900_000_000 < 2**30


def test_a_greatest_burst_that_just_fits_is_taken() -> None:
    assert sent_burst(10, 17, min_interval_us=514) == (17, 514)


def test_a_greatest_burst_that_does_not_leave_an_eighth_of_the_tick_is_refused() -> None:
    with pytest.raises(Refused, match="max_steps: 18 is refused; accepted: at most 17 in a tick"):
        Burst(ScriptedSteps(), 10, 500, 18)
