"""The whole pump: it boots on every board there is, moves only forward, and delivers what was ordered."""

import pytest

from benchtop import Benchtop, constants
from itb.boards.board import board_names
from pump.motion.geometry import Geometry
from pump.safety.limits import BUILD_BOLUS_NL, BUILD_DAY_NL, BUILD_HOUR_NL
from rig import program

BOARDS = board_names()


@pytest.mark.req("I-01")
@pytest.mark.parametrize("name", BOARDS)
def test_on_every_board_it_boots_stopped_with_the_driver_off(name: str) -> None:
    pump = Benchtop(board=constants(name))
    assert pump.control.state == "stopped"
    assert pump.kinds() == ["state_stopped"]
    assert pump.bench.truth()["motor_steps"] == 0
    assert not pump.bench.dead_man.enabled


def test_before_it_was_opened_it_has_touched_no_hardware() -> None:
    pump = Benchtop(opened=False)
    assert pump.control.state == "boot"
    pump.bench.dead_man.feed()
    assert pump.bench.dead_man.held()
    assert pump.bench.ports.nvm.read("selftest") is None
    assert pump.kinds() == []


@pytest.mark.req("M-05")
@pytest.mark.parametrize("slice_ms", [None, 1000, 60_000])
@pytest.mark.parametrize("name", BOARDS)
def test_on_every_board_it_delivers_what_was_ordered(name: str, slice_ms: int | None) -> None:
    # The twin's driver raises Misuse on reverse motion, within the set-up time of DIR, on a driver not held, and on
    # pulses that are too fast.
    board = constants(name, slice_ms)
    pump = Benchtop(board=board)
    pump.started(program([[0, board.LIMIT_DAY_STEPS // 2, 0]]))
    pump.slice(400)
    status = pump.status()
    exact_steps = board.LIMIT_DAY_STEPS // 2 * 400 * board.TICK_MS // 86_400_000
    assert exact_steps > 0
    assert status["ordered_steps"] == exact_steps
    assert exact_steps - status["confirmed_steps"] == status["owed_steps"] + status["in_flight_steps"]
    assert status["confirmed_steps"] > 0.8 * exact_steps
    assert pump.bench.truth()["motor_steps"] == status["confirmed_steps"]
    assert pump.alarms() == []


@pytest.mark.req("M-05")
def test_the_first_burst_comes_later_than_the_set_up_time_of_dir_even_if_the_pump_is_started_at_once() -> None:
    pump = Benchtop()
    assert pump.bench.step._setup_left_us == pump.board.DIR_SETUP_US
    pump.started(program([[0, 5_000_000, 0]]))
    pump.app.tick.run_once()
    pump.app.tick.run_once()
    assert pump.bench.step.bursts == 0
    pump.slice(3)
    assert pump.bench.truth()["motor_steps"] > 0


@pytest.mark.req("D-03")
@pytest.mark.parametrize("name", BOARDS)
def test_until_a_program_is_loaded_no_step_may_be_granted(name: str) -> None:
    limits = Benchtop(board=constants(name)).control.limits
    assert (limits.hour.steps, limits.day.steps, limits.bolus.steps) == (0, 0, 0)


@pytest.mark.req("D-03")
@pytest.mark.parametrize("name", BOARDS)
def test_no_limit_in_force_is_above_what_the_build_allows(name: str) -> None:
    board = constants(name)
    pump = Benchtop(board=board)
    pump.control.load(program([[0, 1, 0]]))
    limits = pump.control.limits
    geometry = Geometry(board.NL_PER_REV, board.STEPS_PER_REV)
    for limit, build_nl in ((limits.hour, BUILD_HOUR_NL), (limits.day, BUILD_DAY_NL), (limits.bolus, BUILD_BOLUS_NL)):
        assert geometry.nl(limit.steps) <= build_nl
        assert limit.source in ("build", "board")


@pytest.mark.req("M-03")
def test_two_full_steps_are_counted_in_the_boards_microsteps() -> None:
    assert Benchtop().app.tick._mismatch_steps == 2 * constants().MICROSTEPS
