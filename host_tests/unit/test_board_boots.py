"""Every board of board_configs/ boots: the firmware with its constants, on the twin of its bench."""

import pytest

from benchtop import Benchtop, constants
from itb.boards.board import board_names
from rig import DAY_MS, program

BOARDS = board_names()


@pytest.mark.req("I-01")
@pytest.mark.parametrize("name", BOARDS)
def test_it_passes_its_self_test_and_stands_ready(name: str):
    pump = Benchtop(board=constants(name))
    assert (pump.control.state, pump.alarms()) == ("stopped", [])
    assert pump.bench.truth()["motor_steps"] == 0


@pytest.mark.parametrize("name", BOARDS)
def test_it_delivers_and_what_it_counts_is_what_the_motor_made(name: str):
    board = constants(name)
    # Well under all limits: the day's in four days.
    steps_day = board.LIMIT_DAY_STEPS // 4
    pump = Benchtop(board=board).started(program([[0, steps_day, 0]]))
    ticks = 5 * DAY_MS // steps_day // board.TICK_MS + 3
    pump.slice(ticks)
    status = pump.status()
    assert pump.control.state == "delivering"
    assert status["confirmed_steps"] == pump.bench.truth()["motor_steps"] >= 4
    assert pump.alarms() == []


@pytest.mark.req("R-03")
@pytest.mark.parametrize("name", BOARDS)
def test_low_comes_before_empty_and_empty_before_the_end_of_the_plunger(name: str):
    board = constants(name)
    assert 0 < board.RESERVOIR_RESIDUAL_STEPS < board.RESERVOIR_LOW_STEPS < board.RESERVOIR_CAPACITY_STEPS
