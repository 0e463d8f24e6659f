"""The ports on any other board that runs MicroPython: Python moves the pins. Slow, and weaker than a chip's own ports.

- A step is sent by the tick itself, which blocks meanwhile: two in a tick at most, where the other ports do dozens.
- An edge is counted by Python. Where the board has no hard pin interrupts, it is counted when the tick is over, ENABLE
  is looked at only then, and an edge that finds too many callbacks waiting is lost: it counts as missing, which halts
  the pump when it becomes two full steps.
- **Nothing outside Python disables the driver but the watchdog.** The dead-man's switch is a second timer: it sees that
  ticks stopped, and not that the interpreter hangs.
- The watchdog cannot be stood down.
"""

import time

from machine import Pin, Timer

from pump.core.errors import Refused
from pump.core.ports import Clock, DeadMan, EdgeCounter, StepPort
from pump.core.ticks import ticks_add, ticks_diff
from pump.hal.clock import SystemClock
from pump.hal.files import Files
from pump.hal.links import link
from pump.hal.pins import ABSENT, signal_in
from pump.hal.pressure import pressure_sensor
from pump.hal.reset_cause import reset_cause
from pump.hal.sounder import AlarmSignal
from pump.hal.span import Span
from pump.hal.ticker import Ticker
from pump.hal.wall_clock import wall_clock
from pump.hal.watchdog import ChipWatchdog

# Evenly spaced over a tick, the second step is half a tick after the first: what a tick may take of the loop's time.
BURST_STEPS_MAX = 2
LOOP_REST_MS = 5
# How often in its time-out the dead-man's switch looks.
LOOKS = 4
# How often in its time-out a watchdog that nobody needs any more is fed.
FEEDS = 4

# The timers that go on after `close`: here they stay when nothing else knows them.
_left_running = []


class PinStep(StepPort):
    """STEP and DIR on pins. *tick*: all but `set_direction`; they allocate nothing.

    `burst` returns when the last pulse is out. It stays busy for the driver's least interval after that.
    """

    def __init__(self, board) -> None:
        """Raises Refused for a board whose bursts are too long."""
        if board.BURST_MAX_STEPS > BURST_STEPS_MAX:
            raise Refused("BURST_MAX_STEPS", board.BURST_MAX_STEPS, "at most %d on this board" % BURST_STEPS_MAX)
        self._step = Pin(board.PIN_STEP, Pin.OUT, value=0).value
        self._dir = Pin(board.PIN_DIR, Pin.OUT, value=0)
        self._dir_setup_us = board.DIR_SETUP_US
        self._high_us = board.PULSE_US
        self._rest_us = board.MIN_STEP_INTERVAL_US
        self._span = Span()

    def set_direction(self, forward: bool) -> None:
        self._dir.value(1 if forward else 0)
        time.sleep_us(self._dir_setup_us)

    def burst(self, steps: int, interval_us: int) -> None:
        step = self._step
        while True:
            step(1)
            time.sleep_us(self._high_us)
            step(0)
            steps -= 1
            if steps == 0:
                break
            time.sleep_us(interval_us - self._high_us)
        self._span.begin(self._rest_us)

    def busy(self) -> bool:
        return self._span.runs()

    def stop(self) -> None:
        self._step(0)


class PinEdges(EdgeCounter):
    """Rising edges at the driver's STEP pin that find it enabled and powered. *tick, loop*; allocates nothing."""

    def __init__(self, board) -> None:
        self._count = 0
        self._disabled = Pin(board.PIN_ENABLE_READBACK, Pin.IN, Pin.PULL_UP).value
        self._supply = None if board.PIN_SUPPLY == ABSENT else Pin(board.PIN_SUPPLY, Pin.IN, Pin.PULL_DOWN).value
        pin = Pin(board.PIN_STEP_READBACK, Pin.IN)
        try:
            pin.irq(handler=self._on_edge, trigger=Pin.IRQ_RISING, hard=True)
        except (TypeError, ValueError):
            pin.irq(handler=self._on_edge, trigger=Pin.IRQ_RISING)

    def count(self) -> int:
        return self._count

    def _on_edge(self, _pin) -> None:
        if not self._disabled() and (self._supply is None or self._supply()):
            self._count = ticks_add(self._count, 1)


class TimerDeadMan(DeadMan):
    """The ENABLE line on a pin, and a timer that lets it go. *tick, loop*; allocates nothing.

    Lets go between three quarters and the whole of DEAD_MAN_MS after the last feed, as long as Python runs.
    """

    def __init__(self, board, clock: Clock) -> None:
        self._clock = clock
        look_ms = max(1, board.DEAD_MAN_MS // LOOKS)
        self._timeout_ms = board.DEAD_MAN_MS - look_ms
        self._enable = Pin(board.PIN_ENABLE, Pin.OUT, value=1).value
        self._disabled = Pin(board.PIN_ENABLE_READBACK, Pin.IN, Pin.PULL_UP).value
        self._supply = None if board.PIN_SUPPLY == ABSENT else Pin(board.PIN_SUPPLY, Pin.IN, Pin.PULL_DOWN).value
        self._fed = False
        self._fed_ticks = clock.ticks_ms()
        self._timer = Timer(-1)
        self._timer.init(period=look_ms, mode=Timer.PERIODIC, callback=self._look)

    def feed(self) -> None:
        self._fed_ticks = self._clock.ticks_ms()
        self._fed = True
        self._enable(0)

    def release(self) -> None:
        self._fed = False
        self._enable(1)

    def held(self) -> bool:
        return not self._disabled() and (self._supply is None or self._supply() == 1)

    def close(self) -> None:
        """*loop.* Disabled for good."""
        self._timer.deinit()
        self.release()

    def _look(self, _timer) -> None:
        if self._fed and ticks_diff(self._clock.ticks_ms(), self._fed_ticks) >= self._timeout_ms:
            self.release()


class Ports:
    """All ports of the pump on such a board. `board` is the module of the board's constants."""

    def __init__(self, board) -> None:
        """Opens the hardware; the driver stays disabled. Raises Refused for a board whose bursts are too long."""
        self._board = board
        self.reset_cause = reset_cause()
        self.clock = SystemClock()
        self.dead_man = TimerDeadMan(board, self.clock)
        self.step = PinStep(board)
        self.edges = PinEdges(board)
        self.stall = signal_in(board.PIN_STALL, board.STALL_ACTIVE_HIGH == 1)
        self.pressure = pressure_sensor(board)
        self.nvm = Files()
        self.link = link(board)
        self.watchdog = ChipWatchdog(board.WATCHDOG_MS)
        self.sounder = AlarmSignal(board)
        self.wall_clock = wall_clock(board)
        self._ticker = Ticker(Timer(-1), self.step, self.dead_man)

    def start_ticks(self, run_once) -> None:
        """Call `run_once()` every tick from now on."""
        self._ticker.start(run_once, period=self._board.TICK_MS, mode=Timer.PERIODIC)

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
        """No more ticks, the driver disabled, the alarm's signals off, and the watchdog, if it runs, fed by a timer."""
        self.let_go()
        self.dead_man.close()
        self.sounder.signal(0)
        if self.watchdog.runs():
            # Until the next soft reset, which stops timers: the chip resets soon after.
            timer = Timer(-1)
            timer.init(period=self._board.WATCHDOG_MS // FEEDS, mode=Timer.PERIODIC, callback=self._on_feed)
            _left_running.append(timer)

    def _on_feed(self, _timer) -> None:
        self.watchdog.feed()
