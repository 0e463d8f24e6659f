"""The ports on an RP2040 or RP2350: three state machines of one PIO block, and what the chip has beside them."""

import time

import machine
import rp2
from machine import Pin, Timer

from pump.core.ports import DeadMan, EdgeCounter, StepPort
from pump.core.ticks import MASK
from pump.hal import rp2_pio
from pump.hal.clock import SystemClock
from pump.hal.files import Files
from pump.hal.links import link
from pump.hal.pins import ABSENT, signal_in
from pump.hal.pressure import pressure_sensor
from pump.hal.reset_cause import rp2_reset_cause
from pump.hal.sounder import AlarmSignal
from pump.hal.ticker import Ticker
from pump.hal.wall_clock import wall_clock
from pump.hal.watchdog import ChipWatchdog

STEP_MACHINE, EDGE_MACHINE, DEAD_MAN_MACHINE = 0, 1, 2

# Both divide the usual system clocks, 125 and 150 MHz, without remainder: pulses have no jitter of their own.
STEP_HZ = 25_000_000
DEAD_MAN_HZ = 1_000_000
STEP_CYCLES_PER_US = STEP_HZ // 1_000_000

# A command that comes in waits this long at most before the loop looks; meanwhile the processor sleeps.
LOOP_REST_MS = 5

# The control register of the watchdog, at the address whose writes clear bits, and its enable bit (the datasheets:
# RP2040 4.7.6, RP2350 12.9.6, atomic register access 2.1).
WATCHDOG_CLEAR = {"rp2040": 0x4005_B000, "rp2350": 0x400D_B000}
WATCHDOG_ENABLE = 1 << 30


class PioMachine:
    """One state machine that runs a program from its first instruction on. Allocates nothing after construction."""

    def __init__(self, machine: rp2.StateMachine, idle: str) -> None:
        """`idle`: the instruction that puts the pin into its resting state."""
        self._machine = machine
        self._idle = rp2.asm_pio_encode(idle, 0)
        self._drain = rp2.asm_pio_encode("pull(noblock)", 0)
        self.put = machine.put

    def rest(self) -> None:
        """Whatever runs ends at once, what waits is dropped, and the pin rests. *tick, loop*."""
        machine = self._machine
        machine.active(0)
        machine.restart()
        while machine.tx_fifo():
            machine.exec(self._drain)
        while machine.rx_fifo():
            machine.get()
        machine.exec(self._idle)
        machine.active(1)


class PioStep(StepPort):
    """The STEP line on a state machine, DIR on a pin. *tick*: all but `set_direction`."""

    def __init__(self, board) -> None:
        self._high_cycles = -(-board.PULSE_NS * STEP_CYCLES_PER_US // 1000)
        self._dir = Pin(board.PIN_DIR, Pin.OUT, value=0)
        self._dir_setup_us = board.DIR_SETUP_US
        # Bursts of late ticks may follow one another at once: busy for the motor's least interval after the last pulse.
        least_cycles = board.MIN_STEP_INTERVAL_US * STEP_CYCLES_PER_US
        self._rest_turns = least_cycles - self._high_cycles - rp2_pio.REST_OVERHEAD_CYCLES
        self._step = rp2.StateMachine(
            STEP_MACHINE, rp2_pio.burst(self._high_cycles), freq=STEP_HZ, set_base=Pin(board.PIN_STEP)
        )
        self._machine = PioMachine(self._step, "set(pins, 0)")
        self._put = self._machine.put
        self._sending = False
        self._machine.rest()

    def set_direction(self, forward: bool) -> None:
        self._dir.value(1 if forward else 0)
        time.sleep_us(self._dir_setup_us)

    def burst(self, steps: int, interval_us: int) -> None:
        if self._sending:
            # It is out, or `busy` would have said so and nobody had called: the word it ended with makes room.
            self._step.get()
        self._sending = True
        self._put(interval_us * STEP_CYCLES_PER_US - self._high_cycles - rp2_pio.STEP_OVERHEAD_CYCLES)
        self._put(steps - 1)
        self._put(self._rest_turns)

    def busy(self) -> bool:
        return self._sending and not self._step.rx_fifo()

    def stop(self) -> None:
        self._sending = False
        self._machine.rest()


class PioEdges(EdgeCounter):
    """Rising edges at the driver's STEP pin, counted by a state machine while ENABLE is low there. *tick, loop*.

    Where the board senses the motor supply, edges without it are not counted either.
    """

    def __init__(self, board) -> None:
        program = rp2_pio.edges() if board.PIN_SUPPLY == ABSENT else rp2_pio.powered_edges()
        counter = rp2.StateMachine(
            EDGE_MACHINE,
            program,
            # Pulled down: with its wire off it must not follow the STEP pin beside it. (An RP2350 wants a resistor
            # outside too: erratum E9.)
            in_base=Pin(board.PIN_STEP_READBACK, Pin.IN, Pin.PULL_DOWN),
            jmp_pin=Pin(board.PIN_ENABLE_READBACK, Pin.IN, Pin.PULL_UP),
        )
        self._exec = counter.exec
        self._get = counter.get
        # 30 of the 32 bits of x, so that the word read back is a small int.
        self._sample = rp2.asm_pio_encode("in_(x, 30)", 0)
        self._push = rp2.asm_pio_encode("push(noblock)", 0)
        counter.active(1)

    def count(self) -> int:
        self._exec(self._sample)
        self._exec(self._push)
        return -self._get() & MASK


class PioDeadMan(DeadMan):
    """The ENABLE line, low while a state machine is being fed. *tick, loop*.

    It counts by itself: neither a hung processor nor a flash erase keeps the driver enabled.
    """

    def __init__(self, board) -> None:
        dead_man = rp2.StateMachine(
            DEAD_MAN_MACHINE, rp2_pio.dead_man(), freq=DEAD_MAN_HZ, set_base=Pin(board.PIN_ENABLE)
        )
        self._machine = PioMachine(dead_man, "set(pins, 1)")
        self._put = self._machine.put
        self._turns = board.DEAD_MAN_MS * (DEAD_MAN_HZ // 1000) // rp2_pio.COUNT_CYCLES - 2
        self._disabled = Pin(board.PIN_ENABLE_READBACK, Pin.IN, Pin.PULL_UP).value
        self._supply = None if board.PIN_SUPPLY == ABSENT else Pin(board.PIN_SUPPLY, Pin.IN, Pin.PULL_DOWN).value
        self._machine.rest()

    def feed(self) -> None:
        self._put(self._turns)

    def release(self) -> None:
        self._machine.rest()

    def held(self) -> bool:
        return not self._disabled() and (self._supply is None or self._supply() == 1)


def _free_pio() -> None:
    """Make room for the programs: those of ports opened before in the same session are still there."""
    for number in (STEP_MACHINE, EDGE_MACHINE, DEAD_MAN_MACHINE):
        # Stopped first: a stalled machine would run whatever is loaded in the place of its program.
        rp2.StateMachine(number).active(0)
    rp2.PIO(0).remove_program()


class Ports:
    """All ports of the pump on this chip. `board` is the module of the board's constants."""

    def __init__(self, board) -> None:
        """Opens the hardware; the driver stays disabled."""
        self._board = board
        self.reset_cause = rp2_reset_cause(board.CHIP)
        _free_pio()
        self.dead_man = PioDeadMan(board)
        self.step = PioStep(board)
        self.edges = PioEdges(board)
        self.clock = SystemClock()
        self.stall = signal_in(board.PIN_STALL, board.STALL_ACTIVE_HIGH == 1)
        self.pressure = pressure_sensor(board)
        self.nvm = Files()
        self.link = link(board)
        self.watchdog = ChipWatchdog(board.WATCHDOG_MS)
        self.sounder = AlarmSignal(board)
        self.wall_clock = wall_clock(board)
        self._ticker = Ticker(Timer(-1), self.step, self.dead_man)

    def start_ticks(self, run_once) -> None:
        """Call `run_once()` every tick from now on, in the interrupt of a timer."""
        self._ticker.start(run_once, period=self._board.TICK_MS, mode=Timer.PERIODIC, hard=True)

    def rest(self) -> None:
        """The loop has nothing to do for now. Raises the error that ended the ticks, if one did."""
        self._ticker.check()
        time.sleep_ms(LOOP_REST_MS)

    def let_go(self) -> None:
        """No more ticks, and the driver disabled."""
        self._ticker.stop()
        self.step.stop()
        self.dead_man.release()

    def close(self) -> None:
        """Let go, the alarm's signals off, the watchdog stood down."""
        self.let_go()
        self.sounder.signal(0)
        machine.mem32[WATCHDOG_CLEAR[self._board.CHIP]] = WATCHDOG_ENABLE
