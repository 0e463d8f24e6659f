"""The build that is flashed, on an emulated Pico with a stock MicroPython: what only a chip can show.

Times are of the emulated chip, and the same on every machine.
"""

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from chip.bench import ms
from chip.emulator import Chip, Stuck
from chip.pump import MASKED_US, ChipPump, chip_board, steady
from chip.stock import NoFirmware, stock_uf2
from itb.boards.board import Board

# 926 microsteps a second, so that every tick has a burst of nine or ten.
STEPS_DAY = 80_000_000
# One cycle of the state machine that times the pulses, 25 MHz.
PIO_CYCLE_NS = 40.0


def uf2() -> Path:
    """The MicroPython of the chip; without it the test is skipped."""
    try:
        return stock_uf2()
    except NoFirmware as reason:
        pytest.skip(str(reason))


def booted(board: Board) -> ChipPump:
    uf2()
    pump = ChipPump(steady(STEPS_DAY), board=board)
    pump.boot()
    return pump


@pytest.fixture
def pump() -> ChipPump:
    return booted(chip_board())


@pytest.fixture
def impatient_pump() -> ChipPump:
    """One that finds a hung processor sooner, as every emulated second of it is a long wait."""
    return booted(replace(chip_board(), dead_man_ms=100, watchdog_ms=1200))


def whole_bursts(pump: ChipPump, start_ns: float) -> list[list[float]]:
    """The bursts from `start_ns` on, without the last, which may be going on.

    A burst is sent at the end of its tick; half way through the next tick the last of it is out.
    """
    halves = [(began_ns + ended_ns) / 2 for began_ns, ended_ns in pump.ticks_ns if began_ns >= start_ns]
    return [burst for begin, end in pairwise(halves) if (burst := pump.bench.steps_between(begin, end))]


@pytest.mark.timeout(600)
@pytest.mark.req("I-01", "I-02", "I-10", "M-01", "M-02", "M-03", "M-09", "M-10", "D-07")
def test_a_short_life_boot_deliver_erase_flash_stop_lose_the_supply(pump: ChipPump):
    # The self-test took hold of the driver and let go again, and moved nothing.
    assert [enabled for _, enabled in pump.bench.lines.enable] == [False, True, False]
    assert not pump.bench.lines.steps_ns
    status = pump.status()
    assert status["state"] == "stopped"
    assert status["failed_checks"] == []

    pump.begin()
    began_ns = pump.chip.now_ns
    pump.bench.run_ms(150)
    bursts = whole_bursts(pump, began_ns)
    assert len(bursts) >= 10
    for burst in bursts:
        gaps_ns = [after - before for before, after in pairwise(burst)]
        # A burst of n is spread over 7/8 of its tick: 8.75 ms / n in whole microseconds.
        assert all(abs(gap_ns - 8_750 // len(burst) * 1000) <= PIO_CYCLE_NS for gap_ns in gaps_ns)

    # Interrupts are masked for as long as the erasure of a sector may take: nothing is lost, nothing is let go.
    changes = len(pump.bench.lines.enable)
    pump.press("mask_interrupts")
    pump.bench.run_ms(MASKED_US / 1000 + 100)
    assert len(pump.bench.lines.enable) == changes
    assert pump.bench.enabled

    stopped_ns = pump.press("stop")
    pump.bench.run_ms(50)
    assert ms(pump.bench.lines.steps_ns[-1] - stopped_ns) <= 20
    assert not pump.bench.enabled
    status = pump.status()
    assert status["state"] == "stopped"
    assert status["alarms"] == []
    assert status["missing_steps"] == status["stray_steps"] == status["in_flight_steps"] == 0
    steps = len(pump.bench.lines.steps_ns)
    assert steps == pump.bench.motor_steps == status["confirmed_steps"] == status["granted_steps"]
    # All the time between start and stop was owed for, the masked time too, but for what the stop dropped.
    assert status["ordered_steps"] == steps + status["dropped_steps"]

    # Started again, the motor loses its supply: the pump halts, and not one edge that found it without power counts.
    pump.press("start")
    pump.wait_for_line("STARTED")
    pump.bench.run_ms(50)
    pump.bench.powered = False
    pump.bench.run_ms(120)
    status = pump.status()
    assert status["state"] == "halted"
    assert {"driver_off", "motor_mismatch"} & set(status["alarms"])
    assert len(pump.bench.lines.steps_ns) > pump.bench.motor_steps > steps
    assert status["confirmed_steps"] == pump.bench.motor_steps

    # In the interrupt the heap is locked: an allocation would have ended the tick with a traceback.
    assert b"Traceback" not in pump.chip.console
    assert b"Error" not in pump.chip.console

    # Control-C gives the prompt: the driver is off, no watchdog resets, and the pump can be run again.
    pump.bench.powered = True
    pump.chip.send(b"\x03")
    pump.chip.run_until(lambda: b">>>" in pump.chip.console, "prompt", 500)
    assert not pump.bench.enabled
    pump.chip.run_ms(2 * pump.constants.WATCHDOG_MS)
    assert pump.chip.watchdog_resets == 0
    pump.chip.console.clear()
    pump.chip.send(b"import started; started.run()\r")
    pump.chip.run_ms(1000)
    # From its flash it knows how it was, and what it had delivered.
    before, status = status, pump.status()
    assert status["state"] == "halted"
    assert status["failed_checks"] == []
    assert before["alarms"] == [alarm for alarm in status["alarms"] if alarm in before["alarms"]]
    assert before["confirmed_steps"] <= status["confirmed_steps"] <= before["confirmed_steps"] + 10


@pytest.mark.timeout(900)
@pytest.mark.req("M-09", "M-02", "I-04")
def test_hung_the_driver_is_let_go_and_the_chip_starts_anew(impatient_pump: ChipPump):
    pump, board = impatient_pump, impatient_pump.constants
    pump.begin()
    # The loop, which takes the commands, has done with the start.
    assert pump.status()["state"] == "delivering"
    pump.bench.run_ms(50)
    assert pump.bench.enabled
    assert pump.chip.watchdog_resets == 0

    # All of the processor hangs, interrupts masked: what is out is at most one burst, and the driver lets go by itself.
    pump.press("hang_tick")
    pump.chip.run_until(lambda: not pump.bench.enabled, "release of the driver", board.DEAD_MAN_MS + 20, 5)
    _, last_tick_ns = pump.ticks_ns[-1]
    let_go_ns, _ = pump.bench.lines.enable[-1]
    assert board.DEAD_MAN_MS - 2 <= ms(let_go_ns - last_tick_ns) <= board.DEAD_MAN_MS
    assert ms(pump.bench.lines.steps_ns[-1] - last_tick_ns) <= board.TICK_MS
    pump.chip.run_until(lambda: pump.chip.watchdog_resets == 1, "reset by the watchdog", 2 * board.WATCHDOG_MS, 5)
    assert not pump.bench.enabled
    pump.release("hang_tick")
    goes_on_after(pump, len(pump.bench.lines.steps_ns))


@pytest.mark.timeout(900)
@pytest.mark.skipif("CHIP" not in os.environ, reason="takes minutes: make chip runs it")
@pytest.mark.req("M-09", "M-02", "I-04")
def test_only_the_loop_hung_the_watchdog_resets_the_chip(impatient_pump: ChipPump):
    pump, board = impatient_pump, impatient_pump.constants
    pump.begin()
    assert pump.status()["state"] == "delivering"
    pump.bench.run_ms(50)
    assert pump.chip.watchdog_resets == 0

    # The tick goes on until the watchdog, unfed, resets the chip, and reset lets go of the driver.
    pump.press("hang_loop")
    pump.chip.run_until(lambda: pump.chip.watchdog_resets == 1, "reset by the watchdog", 2 * board.WATCHDOG_MS, 5)
    pump.release("hang_loop")
    # The last poll fed it: one that stores something takes a while.
    _, last_poll_ns = pump.polls_ns[-1]
    assert ms(pump.chip.now_ns - last_poll_ns) <= board.WATCHDOG_MS + 20
    assert not pump.bench.enabled
    goes_on_after(pump, len(pump.bench.lines.steps_ns))


def goes_on_after(pump: ChipPump, steps: int) -> None:
    """Reset by the watchdog after `steps`, it knows what it had delivered, or at most a lease more, and goes on."""
    pump.boot()
    assert len(pump.bench.lines.steps_ns) == steps
    status = pump.status()
    assert status["state"] == "delivering"
    assert status["failed_checks"] == []
    assert {"restarted", "time_unknown"} <= set(status["alarms"])
    accounted_steps = status["confirmed_steps"] + status["in_flight_steps"]
    assert steps <= accounted_steps <= len(pump.bench.lines.steps_ns) + pump.constants.LEASE_STEPS
    assert status["filled_steps"] == status["reservoir_steps"] + status["confirmed_steps"]
    pump.bench.run_ms(50)
    assert len(pump.bench.lines.steps_ns) > steps


def test_what_does_not_come_is_said():
    with pytest.raises(Stuck, match="no line 'never' within 5 ms"):
        Chip(uf2()).line("never", 5)
