"""The whole bench behind the pump's ports, and the order in which time acts on it."""

from pump.core.errors import Misuse
from pump.core.ports import Nvm
from twin.clock import TwinClock
from twin.driver import DeadManLine, EdgeReadback, StepLine
from twin.faults import Faults
from twin.flash.nor import NorFlash
from twin.lines import Lines, TracedDeadMan, TracedStep
from twin.motor import Motor
from twin.peripherals import LoopLink, MissingNvm, PressureSensor, RamNvm, StallLine, TwinSounder, TwinWatchdog
from twin.plant import Plant
from twin.wall_clock import TwinWallClock


class Ports:
    """What the pump is handed for one life. `reset_cause` is "power", "watchdog", "soft" or "other"."""

    def __init__(self, bench: "Bench", nvm: Nvm, reset_cause: str) -> None:
        self.clock = bench.clock
        self.step = bench.step
        self.edges = bench.edges
        self.dead_man = bench.dead_man
        self.stall = StallLine(bench.motor)
        self.pressure = PressureSensor(bench.plant)
        self.nvm = nvm
        self.link = LoopLink()
        self.watchdog = bench.watchdog
        self.sounder = TwinSounder()
        self.wall_clock = bench.wall_clock
        self.reset_cause = reset_cause


class Bench:
    """Driver, motor, plant and clock, moved together by `advance`. `board` is a generated board module."""

    def __init__(
        self,
        board,
        fill_steps: int,
        faults: Faults,
        seed: int = 1,
        plant: "dict | None" = None,
        clock_start: "int | None" = None,
        edges_start: "int | None" = None,
        trace: bool = False,
        concentration_ng_ml: int = 0,
        line_ng_ml: "int | None" = None,
        flash: "NorFlash | None" = None,
    ) -> None:
        """`fill_steps` is what the reservoir holds at first, in microsteps, of `concentration_ng_ml`; path and catheter
        hold `line_ng_ml`, None for the same. `plant` overrides `plant.DEFAULTS`. `seed` decides where clock and edge
        counter begin, unless `clock_start` (ms) and `edges_start` do, 0..2**30-1. With `trace`, `lines` notes what
        ENABLE and DIR do. The pump's memory is on `flash`, or else in what lasts as long as the bench.

        The wall clock is absent unless `wall_clock.absent` is cleared. Raises PowerCut where `flash` is to be cut
        while it is mounted."""
        self.clock = TwinClock(_start(seed) if clock_start is None else clock_start)
        driver_us = (board.DIR_SETUP_US, board.MIN_STEP_INTERVAL_US)
        if trace:
            self.lines = Lines(self.clock)
            self.dead_man = TracedDeadMan(board.DEAD_MAN_MS, self.lines)
            self.step = TracedStep(self.dead_man, driver_us[0], driver_us[1], self.lines)
        else:
            self.dead_man = DeadManLine(board.DEAD_MAN_MS)
            self.step = StepLine(self.dead_man, driver_us[0], driver_us[1])
        self.edges = EdgeReadback(_start(seed + 1) if edges_start is None else edges_start)
        self.motor = Motor(self.dead_man)
        self.plant = Plant(board, fill_steps, plant or {}, concentration_ng_ml, line_ng_ml)
        self.watchdog = TwinWatchdog(board.WATCHDOG_MS)
        self.wall_clock = TwinWallClock(self.clock, absent=True)
        self.faults = faults
        self.flash = flash
        self.powered = True
        self.lives = 1
        self.ports = Ports(self, RamNvm() if flash is None else _mounted(flash), "power")
        self._seed = seed
        self._tick_ms = board.TICK_MS
        self._stalled_us = 0
        self._pulses = 0
        self._apply_faults()

    def advance(self, span_ms: int) -> None:
        """Let `span_ms` pass. Faults and the dead-man's time-out take effect at their very millisecond.

        Raises Misuse unless 0 < span_ms < 2**29.
        """
        if span_ms <= 0:
            raise Misuse("bench: a span of %d ms" % span_ms)
        clock = self.clock
        dead_man = self.dead_man
        while span_ms:
            part_ms = span_ms
            hold_ms = dead_man.left_ms
            if 0 < hold_ms < part_ms:
                part_ms = hold_ms
            change_ms = self.faults.next_ms
            if change_ms is not None and change_ms - clock.elapsed_ms < part_ms:
                part_ms = change_ms - clock.elapsed_ms
            self._elapse(part_ms)
            clock.advance(part_ms)
            dead_man.elapse(part_ms)
            self.watchdog.elapse(part_ms, clock.elapsed_ms)
            if change_ms == clock.elapsed_ms:
                self._apply_faults()
            span_ms -= part_ms

    def power_off(self) -> None:
        """The pump is off from this instant on; time passes with `advance`. What it was handed is dead."""
        self.powered = False
        self._reset()
        self.dead_man.set_power(False)
        if self.flash is not None:
            self.flash.power_off()
            self.flash.take_stalls_us()

    def power_on(self, cause: str = "power") -> None:
        """The pump begins a new life, for the `cause` of a reset, with `ports` made anew: on the same memory, with
        clock and edge counter that begin elsewhere, and an empty link. A pump that is on is reset first.

        Raises PowerCut when the flash is cut while it is mounted; the pump is then off.
        """
        self.power_off()
        nvm = self.ports.nvm if self.flash is None else _mounted(self.flash)
        self.powered = True
        self.clock.restart(_start(self._seed + 2 * self.lives))
        self.edges.restart(_start(self._seed + 2 * self.lives + 1))
        self.lives += 1
        self._apply_faults()
        self.ports = Ports(self, nvm, cause)

    def _reset(self) -> None:
        self.step.reset()
        self.dead_man.release()
        self.watchdog.stop()

    def stall(self, tick) -> int:
        """Let the time pass, in ms, that the flash has held interrupts off since the last call (`flash.note_stalls`).

        No tick runs in a stall; between two of them the interrupts that wait are served: `tick` runs once there, if a
        tick's time passed since it last did. Whoever runs the loop calls this after each poll.
        """
        if self.flash is None:
            return 0
        total_ms = 0
        since_tick_ms = 0
        for stall_us in self.flash.take_stalls_us():
            self._stalled_us += stall_us
            span_ms = self._stalled_us // 1000
            self._stalled_us %= 1000
            if span_ms:
                self.advance(span_ms)
                total_ms += span_ms
                since_tick_ms += span_ms
                if since_tick_ms >= self._tick_ms:
                    since_tick_ms = 0
                    tick()
        return total_ms

    def _elapse(self, span_ms: int) -> None:
        """Pulses leave, edges are counted, the motor follows, the fluid flows; no fault changes within the span."""
        span_us = span_ms * 1000
        step = self.step
        pulses = step.elapse(span_us)
        made = 0
        if pulses:
            if self.dead_man.drives():
                self._pulses += pulses
                self.edges.see(pulses)
            made = self.motor.follow(pulses, self.plant.room_steps())
        elif not self.dead_man.enabled:
            self.motor.stall_seen = False
        self.plant.flow(span_us, made, step.first_us, step.interval_us)

    def _apply_faults(self) -> None:
        faults = self.faults
        faults.at(self.clock.elapsed_ms)
        self.motor.stalled = faults.stalled
        self.motor.set_slip(faults.slip_percent)
        # The driver has no supply while the pump has none.
        self.dead_man.set_power(self.powered and not faults.driver_off)
        self.plant.occluded = faults.occluded
        self.edges.lose_every(faults.lose_every)

    def refill(self, fill_steps: int, concentration_ng_ml: "int | None" = None) -> None:
        """Withdraw what the reservoir still holds and fill in `fill_steps` microsteps' worth, of the same concentration
        if None."""
        self.plant.refill(fill_steps, concentration_ng_ml)

    def truth(self) -> dict:
        """What really happened, for the records: volumes in whole nL, doses in whole ng, pressure in kPa, counts in
        microsteps."""
        plant = self.plant
        return {
            "motor_steps": self.motor.steps,
            "plunger_nl": _nearest(plant.plunger_nl()),
            "catheter_nl": _nearest(plant.catheter_nl()),
            "reservoir_nl": _nearest(plant.reservoir_nl()),
            "pump_ng": plant.pump_ng(),
            "tip_ng": plant.tip_ng(),
            "pressure_kpa": plant.pressure_kpa(),
            "edges": self._pulses - self.edges.lost,
            "enabled": 1 if self.dead_man.drives() else 0,
            "watchdog_expiries": self.watchdog.expiries,
            "let_go": self.dead_man.let_go,
        }


def _mounted(flash: NorFlash) -> Nvm:
    # Here, since few benches have a flash, and the heap of a chip is small.
    from twin.flash.store import open_store

    try:
        return open_store(flash)
    except OSError:
        return MissingNvm()


def _nearest(volume_nl: float) -> int:
    """The nearest whole number; of two volumes the greater never comes out smaller."""
    return int(volume_nl + 0.5)


def _start(seed: int) -> int:
    """A number 0..2**30-1 that `seed` alone decides."""
    # Two rounds of x -> 75 x + 74 mod 65537, whose products stay within 30 bits.
    high = (seed * 75 + 74) % 65537
    low = (high * 75 + 74) % 65537
    return ((high & 0x3FFF) << 16) | (low & 0xFFFF)
