"""The bench without power and with it again, and the time that a flash holds interrupts off."""

from types import ModuleType
from typing import Any

import pytest

from benchtop import STEADY, constants
from itb.boards.sealed import sealed
from pump.app import App
from rig import MONDAY, NG_ML, board_module
from twin.bench import Bench
from twin.faults import Faults
from twin.flash.nor import READ_ONLY, TYPICAL_US, WORST_US, NorFlash, PowerCut
from twin.flash.store import open_store

SECOND_MS = 1000
# On this board a tick is due every 10 ms, as on the real ones.
TEN_MS = constants("sim")


class Pump:
    """A pump that delivers ten microsteps a second, with a flash of its own."""

    def __init__(self, board: ModuleType) -> None:
        self.board = board
        self.flash = NorFlash(64)
        fill_steps: int = board.RESERVOIR_CAPACITY_STEPS
        self.bench = Bench(board, fill_steps, Faults([]), flash=self.flash)
        self.boot()
        control = self.app.control
        control.refill(fill_steps, 0, NG_ML)
        control.load(STEADY)
        control.set_time(0, MONDAY)
        control.start()

    def boot(self) -> None:
        self.app = App(self.board, self.bench.ports)
        self.app.open()

    def run(self, span_ms: int) -> None:
        """Slices of one tick each, and the stalls of the flash between them, until `span_ms` have passed."""
        until_ms = self.bench.clock.elapsed_ms + span_ms
        while self.bench.clock.elapsed_ms < until_ms:
            self.bench.advance(self.board.TICK_MS)
            self.app.tick.run_once()
            self.app.loop.poll()
            self.bench.stall(self.app.tick.run_once)

    def status(self) -> dict[str, Any]:
        return self.app.status.read()


def half_a_burst_out() -> Pump:
    """Ten microsteps are on their way, and two of them are made."""
    pump = Pump(constants(slice_ms=SECOND_MS))
    pump.run(10 * SECOND_MS)
    pump.bench.advance(SECOND_MS)
    pump.app.tick.run_once()
    pump.bench.advance(150)
    assert pump.bench.step.busy()
    return pump


class TestOff:
    def test_pulses_stop_and_nothing_moves_any_more(self) -> None:
        pump = half_a_burst_out()
        made = pump.bench.motor.steps
        pump.bench.power_off()
        pump.bench.advance(60 * SECOND_MS)
        assert pump.bench.motor.steps == made
        assert not pump.bench.truth()["enabled"]
        assert pump.bench.truth()["watchdog_expiries"] == 0

    def test_the_tick_of_a_pump_that_is_off_moves_nothing(self) -> None:
        pump = half_a_burst_out()
        made = pump.bench.motor.steps
        pump.bench.power_off()
        for _ in range(10):
            pump.bench.advance(SECOND_MS)
            pump.app.tick.run_once()
        assert pump.bench.motor.steps == made

    def test_its_memory_is_dead(self) -> None:
        pump = half_a_burst_out()
        nvm = pump.bench.ports.nvm
        pump.bench.power_off()
        with pytest.raises(PowerCut):
            nvm.names()
        pump.bench.power_on()
        with pytest.raises(PowerCut):
            nvm.names()
        assert "state.a" in pump.bench.ports.nvm.names()

    def test_a_fault_that_ends_meanwhile_gives_the_driver_no_power(self) -> None:
        board = constants(slice_ms=SECOND_MS)
        bench = Bench(board, 1000, Faults([["driver_off", 10, 20, 0]]))
        bench.advance(15)
        bench.power_off()
        bench.advance(100)
        assert not bench.dead_man.powered
        bench.power_on()
        assert bench.dead_man.powered


class TestOnAgain:
    def test_ports_are_fresh_and_the_world_goes_on(self) -> None:
        pump = half_a_burst_out()
        bench = pump.bench
        bench.ports.link.put(b"status\n")
        before = (bench.clock.ticks_ms(), bench.edges.count(), bench.motor.steps, bench.clock.elapsed_ms)
        old = bench.ports
        bench.power_off()
        bench.advance(SECOND_MS)
        bench.power_on("other")
        after = (bench.clock.ticks_ms(), bench.edges.count(), bench.motor.steps, bench.clock.elapsed_ms)
        assert after[0] not in (before[0], before[0] + SECOND_MS)
        assert after[1] != before[1]
        assert after[2:] == (before[2], before[3] + SECOND_MS)
        assert bench.ports is not old
        assert (bench.ports.reset_cause, old.reset_cause) == ("other", "power")
        assert bench.ports.link.receive() == b""
        assert not bench.step.busy()

    def test_the_pump_finds_its_memory_and_delivers_on(self) -> None:
        pump = half_a_burst_out()
        made = pump.bench.motor.steps
        pump.bench.power_off()
        pump.bench.advance(SECOND_MS)
        pump.bench.power_on()
        pump.boot()
        accounted = pump.status()["confirmed_steps"]
        assert made <= accounted <= made + pump.board.LEASE_STEPS
        pump.run(60 * SECOND_MS)
        assert pump.bench.motor.steps > made
        assert pump.status()["confirmed_steps"] - accounted == pump.bench.motor.steps - made

    def test_a_watchdog_resets_in_no_time(self) -> None:
        pump = half_a_burst_out()
        now_ms = pump.bench.clock.elapsed_ms
        pump.bench.power_on("watchdog")
        assert pump.bench.ports.reset_cause == "watchdog"
        assert pump.bench.clock.elapsed_ms == now_ms
        assert not pump.bench.step.busy()
        assert not pump.bench.truth()["enabled"]

    def test_without_a_flash_the_same_pieces_are_there(self) -> None:
        bench = Bench(constants(slice_ms=SECOND_MS), 1000, Faults([]))
        bench.ports.nvm.write("piece", b"1")
        bench.power_off()
        bench.power_on()
        assert bench.ports.nvm.read("piece") == b"1"

    def test_lives_begin_at_different_counts(self) -> None:
        bench = Bench(constants(slice_ms=SECOND_MS), 1000, Faults([]))
        starts: set[tuple[int, int]] = set()
        for _ in range(100):
            starts.add((bench.clock.ticks_ms(), bench.edges.count()))
            bench.power_on()
        assert len(starts) == 100
        assert bench.lives == 101

    def test_a_cut_while_the_flash_is_mounted_leaves_the_pump_off(self) -> None:
        flash = NorFlash(16)
        bench = Bench(constants(slice_ms=SECOND_MS), 1000, Faults([]), flash=flash)
        flash.restore({})
        flash.cut_at(1, "half")
        with pytest.raises(PowerCut):
            bench.power_on()
        assert not bench.powered
        bench.power_on()
        assert (bench.powered, bench.ports.nvm.names()) == (True, [])

    def test_without_a_file_system_every_use_of_memory_fails(self) -> None:
        flash = NorFlash(16)
        flash.write_errno = READ_ONLY
        nvm = Bench(constants(slice_ms=SECOND_MS), 1000, Faults([]), flash=flash).ports.nvm
        for act in (
            lambda: nvm.read("a"),
            lambda: nvm.write("a", b""),
            lambda: nvm.append("a", b""),
            lambda: nvm.remove("a"),
            nvm.names,
        ):
            with pytest.raises(OSError, match="no file system"):
                act()

    def test_the_wall_clock_goes_on(self) -> None:
        bench = Bench(constants(slice_ms=SECOND_MS), 1000, Faults([]))
        assert bench.ports.wall_clock.read() is None
        bench.wall_clock.absent = False
        bench.ports.wall_clock.set(0, 1)
        bench.power_off()
        bench.advance(60 * SECOND_MS)
        bench.power_on()
        assert bench.ports.wall_clock.read() == (60 * SECOND_MS, 1)


def with_dead_man(dead_man_ms: int) -> ModuleType:
    board = board_module("sim")
    constants = {name: value for name, value in vars(board).items() if name.isupper()}
    vars(board).update(sealed({**constants, "DEAD_MAN_MS": dead_man_ms}))
    return board


class TestStalls:
    @pytest.mark.parametrize("times_us", [TYPICAL_US, WORST_US])
    @pytest.mark.parametrize("dead_man_ms", [500, 50])
    def test_nothing_is_lost_or_doubled_in_them(self, dead_man_ms: int, times_us: tuple[int, int]) -> None:
        pump = Pump(with_dead_man(dead_man_ms))
        pump.flash.note_stalls(times_us)
        erases, begun_ms = sum(pump.flash.erases), pump.bench.clock.elapsed_ms
        pump.run(400 * SECOND_MS)
        pump.app.control.stop()
        pump.flash.note_stalls(None)
        pump.run(SECOND_MS)
        status, made = pump.status(), pump.bench.motor.steps
        span_ms = pump.bench.clock.elapsed_ms - begun_ms
        assert sum(pump.flash.erases) > erases
        assert status["late_ticks"] > 0
        assert (pump.bench.truth()["let_go"] > 0) == (dead_man_ms < times_us[0] // 1000)
        # Ten microsteps a second, but for the second after the stop and what the first and the last tick leave.
        assert abs(made - 10 * (span_ms - SECOND_MS) // 1000) <= 1
        assert status["confirmed_steps"] == status["granted_steps"] == made
        assert status["missing_steps"] == status["stray_steps"] == 0
        assert not {"motor_mismatch", "driver_off", "free_flow"} & set(status["alarms"])

    def test_a_pump_on_a_flash_that_stalls_delivers_as_one_on_a_flash_that_does_not(self) -> None:
        made: list[int] = []
        for times_us in (None, WORST_US):
            pump = Pump(TEN_MS)
            pump.flash.note_stalls(times_us)
            pump.run(300 * SECOND_MS)
            # Until both are past the same instant, and what was late is out.
            pump.flash.note_stalls(None)
            while pump.bench.clock.elapsed_ms < 310 * SECOND_MS:
                pump.bench.advance(min(10, 310 * SECOND_MS - pump.bench.clock.elapsed_ms))
                pump.app.tick.run_once()
            made.append(pump.bench.motor.steps)
        assert made[0] == made[1] > 0

    def test_between_two_erases_one_tick_runs_and_none_in_them(self) -> None:
        bench = Bench(TEN_MS, 1000, Faults([]), flash=NorFlash(16))
        assert bench.flash is not None
        bench.flash.note_stalls((400_000, 400))
        ticked_ms: list[int] = []
        for block in (14, 15):
            bench.flash.erase(block)
        begun_ms = bench.clock.elapsed_ms
        assert bench.stall(lambda: ticked_ms.append(bench.clock.elapsed_ms - begun_ms)) == 800
        assert ticked_ms == [400, 800]
        assert bench.stall(lambda: None) == 0

    def test_short_stalls_add_up_to_the_millisecond_and_to_a_tick(self) -> None:
        bench = Bench(TEN_MS, 1000, Faults([]), flash=NorFlash(16))
        assert bench.flash is not None
        bench.flash.note_stalls(TYPICAL_US)
        ticks: list[int] = []
        for page in range(60):
            bench.flash.program(12 + page // 16, page % 16 * 256, bytes(256))
        assert bench.stall(lambda: ticks.append(bench.clock.elapsed_ms)) == 60 * 400 // 1000
        assert ticks == [10, 20]

    def test_a_bench_without_a_flash_has_none(self) -> None:
        assert Bench(TEN_MS, 1000, Faults([])).stall(lambda: None) == 0

    def test_they_end_with_the_power(self) -> None:
        bench = Bench(TEN_MS, 1000, Faults([]), flash=NorFlash(16))
        assert bench.flash is not None
        bench.flash.note_stalls(WORST_US)
        bench.flash.erase(3)
        bench.power_off()
        assert bench.stall(lambda: None) == 0


def test_what_the_bench_opened_is_the_firmware_s_own_store() -> None:
    flash = NorFlash(16)
    bench = Bench(TEN_MS, 1000, Faults([]), flash=flash)
    bench.ports.nvm.write("piece", b"1")
    assert open_store(flash).read("piece") == b"1"
