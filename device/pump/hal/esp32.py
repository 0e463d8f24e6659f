"""The ports on an ESP32 or ESP32-S3.

Ticks are soft here: the chip's timer calls Python between two bytecodes of the loop, never in an interrupt. One that
comes late, or not at all, leaves its time to the next; `runtime.tick` counts it. Pulses that were sent, the counting of
edges and the dead-man's switch need no tick to go on.
"""

import time

from machine import WDT, Timer

from pump.hal.clock import SystemClock
from pump.hal.esp32_step import PcntEdges, RmtDeadMan, RmtStep
from pump.hal.files import Files
from pump.hal.links import link
from pump.hal.pins import signal_in
from pump.hal.pressure import pressure_sensor
from pump.hal.reset_cause import reset_cause
from pump.hal.sounder import AlarmSignal
from pump.hal.ticker import Ticker
from pump.hal.wall_clock import wall_clock
from pump.hal.watchdog import ChipWatchdog

TICK_TIMER = 0
# A command that comes in waits this long at most before the loop looks; meanwhile other tasks of the chip run.
LOOP_REST_MS = 5
# Long enough to copy a new firmware.
STOOD_DOWN_MS = 3_600_000


class TaskWatchdog(ChipWatchdog):
    """The task watchdog of ESP-IDF. Nothing stops it once it runs, but a new time-out may be given. *loop*."""

    def stand_down(self) -> None:
        """Nobody will feed it: reset in an hour only. This outlasts the soft reset that begins a copy over the cable,
        which a timer that feeds would not."""
        if self.runs():
            self._wdt = WDT(timeout=STOOD_DOWN_MS)


class Ports:
    """All ports of the pump on this chip. `board` is the module of the board's constants."""

    def __init__(self, board) -> None:
        """Opens the hardware, which takes the dead-man's time-out. The driver is disabled afterwards, however it ends.

        Raises Refused for a board that asks for more than RMT channels can do.
        """
        self._board = board
        self.reset_cause = reset_cause()
        self.clock = SystemClock()
        # The dead man's trial enables the driver: by then STEP is held low, and an edge there is counted.
        self.step = RmtStep(board)
        self.edges = PcntEdges(board)
        self.dead_man = RmtDeadMan(board, self.clock)
        self.stall = signal_in(board.PIN_STALL, board.STALL_ACTIVE_HIGH == 1)
        self.pressure = pressure_sensor(board)
        self.nvm = Files()
        self.link = link(board)
        self.watchdog = TaskWatchdog(board.WATCHDOG_MS)
        self.sounder = AlarmSignal(board)
        self.wall_clock = wall_clock(board)
        self._ticker = Ticker(Timer(TICK_TIMER), self.step, self.dead_man)

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
        """No more ticks, the driver disabled, the alarm's signals off, the watchdog stood down.

        Takes up to the dead-man's time-out.
        """
        self.let_go()
        self.sounder.signal(0)
        self.watchdog.stand_down()
        self.dead_man.run_out()
