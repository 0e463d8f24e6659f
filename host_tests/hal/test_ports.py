"""The whole firmware on the ports of an ESP32, with a simulated chip below them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hal.simchip import OUT, Chip, Reset
from hal.simmodules import hal
from hal.wired import constants, generic_board, wired
from pump.app import App
from pump.core.errors import Refused
from pump.safety.alarms import OCCLUSION
from rig import MONDAY, NG_ML, program

BOARDS = ["esp32_devkit", "esp32s3"]
UART = {"LINK": "uart", "LINK_BAUD": 115_200, "PIN_LINK_TX": 14, "PIN_LINK_RX": 22}
# A mechanism so fine that hundreds of steps a second are little.
QUICK = {
    "NL_PER_REV": 100,
    "LIMIT_HOUR_STEPS": 900_000,
    "LIMIT_DAY_STEPS": 20_000_000,
    "RESERVOIR_CAPACITY_STEPS": 4_000_000,
}
HOUR_MS = 3_600_000


class Pump:
    """A board with the firmware on it, opened, filled and ready to start."""

    def __init__(self, board: Any, data: Path, chip: Chip | None = None) -> None:
        self.board = board
        self.chip = wired(board) if chip is None else chip
        name = "esp32" if board.CHIP.startswith("esp32") else "portable"
        module = hal(self.chip, name)
        files = hal(self.chip, "files").Files
        module.Files = lambda: files(str(data))
        self.ports = module.Ports(board)
        self.app = App(board, self.ports)
        self.app.open()
        self.control = self.app.control

    def start(self, steps_s: int = 150) -> None:
        self.control.refill(self.board.RESERVOIR_CAPACITY_STEPS, 0, NG_ML)
        self.control.load(program([[0, steps_s * 86_400, 0]]))
        self.control.set_time(0, MONDAY)
        self.control.start()
        self.go_on()

    def go_on(self) -> None:
        """The ticks begin, whatever they find to do."""
        self.ports.start_ticks(self.app.tick.run_once)
        self.chip.blocked_us = 0
        self.app.loop.poll()

    def run(self, span_ms: int) -> None:
        """The loop, for so long."""
        until_us = self.chip.now_us + span_ms * 1000
        while self.chip.now_us < until_us:
            self.app.loop.poll()
            self.ports.rest()

    def status(self) -> dict[str, Any]:
        return self.app.status.read()

    def steps_sent(self) -> int:
        return len(self.chip.rises(self.board.PIN_STEP))

    def assert_sound(self) -> None:
        """It delivers, counts what goes out, and sends no two pulses closer together than the driver takes them."""
        status = self.status()
        assert (self.control.state, status["alarms"]) == ("delivering", [])
        confirmed, in_flight = status["confirmed_steps"], status["in_flight_steps"]
        assert confirmed <= self.steps_sent() <= confirmed + in_flight
        gaps_us = [b - a for a, b in pairwise(self.chip.rises(self.board.PIN_STEP))]
        assert min(gaps_us) >= self.board.MIN_STEP_INTERVAL_US


def board_on(name: str) -> Any:
    return constants(name, **UART, **QUICK, BURST_MAX_STEPS=4)


def generic(**changes: int) -> Any:
    return generic_board(**{**UART, **QUICK, "BURST_MAX_STEPS": 2, **changes})


@pytest.fixture(params=[*BOARDS, "generic"])
def pump(request: pytest.FixtureRequest, tmp_path: Path) -> Pump:
    return Pump(generic() if request.param == "generic" else board_on(request.param), tmp_path)


@pytest.fixture(params=BOARDS)
def esp(request: pytest.FixtureRequest, tmp_path: Path) -> Pump:
    return Pump(board_on(request.param), tmp_path)


@pytest.mark.req("I-01")
def test_passes_its_self_test_and_stands_with_the_driver_off(pump: Pump) -> None:
    assert (pump.control.state, pump.status()["alarms"]) == ("stopped", [])
    assert pump.chip.level(pump.board.PIN_ENABLE) == 1
    assert pump.steps_sent() == 0


@pytest.mark.parametrize("name", BOARDS)
def test_before_the_driver_is_tried_out_step_is_low_and_edges_are_counted(name: str, tmp_path: Path) -> None:
    board = board_on(name)
    chip = wired(board)
    seen = []

    def look(number: int, level: int) -> None:
        if number == board.PIN_ENABLE and level == 0:
            pad = chip.pad(board.PIN_STEP)
            seen.append((pad.mode, pad.level, len(counters())))

    def counters() -> list[Any]:
        return [listener for listener in chip.listeners if "PCNT" in listener.__qualname__]

    chip.listeners.append(look)
    Pump(board, tmp_path, chip)
    assert seen
    # One counter gated with ENABLE, one with the supply.
    assert set(seen) == {(OUT, 0, 2)}


@pytest.mark.parametrize("wire", ["PIN_ENABLE_READBACK", "PIN_SUPPLY"])
@pytest.mark.req("I-01")
def test_a_driver_that_cannot_be_seen_fails_the_self_test(wire: str, tmp_path: Path) -> None:
    board = board_on("esp32_devkit")
    chip = wired(board)
    if wire == "PIN_SUPPLY":
        chip.drive(board.PIN_SUPPLY, 0)
    else:
        chip.cut(board.PIN_ENABLE_READBACK)
    pump = Pump(board, tmp_path, chip)
    assert pump.control.state == "inhibited"
    assert pump.control.failed_checks == ["driver"]


@pytest.mark.req("M-01")
def test_delivers_what_was_ordered_and_confirms_every_step(pump: Pump) -> None:
    pump.start(steps_s=150)
    pump.run(20_000)
    pump.assert_sound()
    assert abs(pump.steps_sent() - 150 * 20) <= 3
    assert pump.chip.blocked_us == 0


@pytest.mark.req("M-10")
def test_late_ticks_lose_nothing_and_hurry_nothing(pump: Pump) -> None:
    pump.start(steps_s=100)
    for _ in range(20):
        pump.run(370)
        # A flash erase, say: shorter than half of the dead-man's time-out.
        pump.chip.hang(200)
    pump.run(1000)
    pump.assert_sound()
    assert abs(pump.steps_sent() - 100 * (20 * 570 + 1000) / 1000) <= 3
    assert pump.app.tick.late_ticks >= 20


def test_with_soft_pin_interrupts_an_edge_that_got_lost_in_a_hold_up_shows_as_missing(tmp_path: Path) -> None:
    board = generic()
    chip = wired(board)
    chip.hard_irqs = False
    pump = Pump(board, tmp_path, chip)
    pump.start(steps_s=100)
    pump.run(2000)
    pump.assert_sound()
    pump.chip.hang(200)
    pump.run(105)
    pump.control.stop()
    pump.run(100)
    status = pump.status()
    assert status["confirmed_steps"] < pump.steps_sent()
    assert status["confirmed_steps"] + status["missing_steps"] == pump.steps_sent()


def test_a_hang_lets_the_driver_go_and_then_resets_the_chip(esp: Pump) -> None:
    esp.start()
    esp.run(2000)
    begun_us = esp.chip.now_us
    with pytest.raises(Reset):
        esp.chip.hang(60_000)
    let_go_us = esp.chip.rises(esp.board.PIN_ENABLE)[-1] - begun_us
    assert let_go_us <= esp.board.DEAD_MAN_MS * 1000
    # One burst at most after the last tick.
    assert sum(rise_us > begun_us for rise_us in esp.chip.rises(esp.board.PIN_STEP)) <= esp.board.BURST_MAX_STEPS
    assert esp.chip.now_us - begun_us <= esp.board.WATCHDOG_MS * 1000
    assert esp.chip.level(esp.board.PIN_ENABLE_READBACK) == 1


def test_ticks_that_are_held_off_too_long_let_the_driver_go_and_reset(pump: Pump) -> None:
    pump.start()
    pump.run(2000)
    pump.app.tick.hold_off()
    begun_us = pump.chip.now_us
    with pytest.raises(Reset):
        pump.run(60_000)
    assert pump.chip.rises(pump.board.PIN_ENABLE)[-1] - begun_us <= pump.board.DEAD_MAN_MS * 1000


def test_a_tick_that_raises_was_the_last(pump: Pump) -> None:
    pump.start()
    pump.run(1000)

    def broken() -> None:
        raise ZeroDivisionError

    pump.ports._ticker._run_once = broken
    # The tick's own caller never sees it; the loop does, when it has nothing else to do.
    with pytest.raises(ZeroDivisionError):
        pump.run(1000)
    assert pump.chip.level(pump.board.PIN_ENABLE) == 1
    sent = pump.steps_sent()
    # Nobody feeds the watchdog any more.
    with pytest.raises(Reset):
        pump.chip.advance_ms(60_000)
    assert pump.steps_sent() == sent


def closed(pump: Pump) -> None:
    pump.start()
    pump.run(2345)
    pump.ports.close()


def test_closed_the_driver_is_off_for_good_and_everything_is_quiet(pump: Pump) -> None:
    pump.start()
    pump.run(2345)
    pump.control.raise_alarm(OCCLUSION)
    pump.run(20)
    lights = (pump.board.PIN_LIGHT_RED, pump.board.PIN_LIGHT_GREEN, pump.board.PIN_LIGHT_BLUE)
    assert any(pump.chip.level(light) for light in lights)
    pump.ports.close()
    assert pump.chip.level(pump.board.PIN_ENABLE) == 1
    sent, beats = pump.steps_sent(), pump.app.tick.beats
    pump.chip.advance_ms(10_000)
    assert (pump.steps_sent(), pump.app.tick.beats) == (sent, beats)
    assert pump.chip.level(pump.board.PIN_ENABLE) == 1
    assert pump.chip.pwms[pump.board.PIN_SOUNDER].duty == 0
    assert not any(pump.chip.level(light) for light in lights)


def test_closed_it_leaves_an_hour_for_the_cable(pump: Pump) -> None:
    closed(pump)
    pump.chip.advance_ms(HOUR_MS - 10_000)
    assert pump.chip.resets == 0


def test_closed_no_channel_is_at_work_which_a_soft_reset_could_meet(esp: Pump) -> None:
    closed(esp)
    assert all(channel.wait_done() for channel in esp.chip.rmts)


def test_the_stood_down_watchdog_of_an_esp32_resets_after_its_hour_even_so(esp: Pump) -> None:
    closed(esp)
    with pytest.raises(Reset):
        esp.chip.advance_ms(HOUR_MS + 1000)


def test_closed_before_it_ever_ran_there_is_no_watchdog_to_stand_down(pump: Pump) -> None:
    pump.ports.close()
    pump.chip.advance_ms(2 * HOUR_MS)
    assert pump.chip.wdt_ms is None


def test_started_again_the_watchdog_has_its_own_time_out_again(tmp_path: Path) -> None:
    board = board_on("esp32_devkit")
    first = Pump(board, tmp_path)
    closed(first)
    # A soft reset gives the channels back.
    first.chip.rmts.clear()
    again = Pump(board, tmp_path, first.chip)
    again.go_on()
    again.run(100)
    assert again.control.state == "delivering"
    with pytest.raises(Reset):
        again.chip.hang(board.WATCHDOG_MS + 1)


@pytest.mark.parametrize("steps", [3, 40])
def test_a_generic_board_is_refused_where_python_would_be_too_slow(steps: int, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="BURST_MAX_STEPS"):
        Pump(generic(BURST_MAX_STEPS=steps), tmp_path)


def interrupted() -> None:
    raise KeyboardInterrupt


def test_control_c_in_a_tick_reaches_the_loop_and_the_driver_is_let_go(pump: Pump) -> None:
    pump.start()
    pump.run(1000)
    pump.ports._ticker._run_once = interrupted
    with pytest.raises(KeyboardInterrupt):
        pump.run(100)
    assert pump.chip.level(pump.board.PIN_ENABLE) == 1
    pump.ports.close()
    pump.chip.advance_ms(60_000)
    assert pump.chip.resets == 0
