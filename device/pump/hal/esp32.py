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
from pump.hal.sounder import AlarmSignal
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
        """Opens the hardware, which takes the dead-man's time-out. The driver is disabled afterwards.

        Raises Refused for a board that asks for more than RMT channels can do.
        """
        self._board = board
        self.clock = SystemClock()
        self.dead_man = RmtDeadMan(board, self.clock)
        self.step = RmtStep(board)
        self.edges = PcntEdges(board)
        self.stall = signal_in(board.PIN_STALL, board.STALL_ACTIVE_HIGH == 1)
        self.pressure = pressure_sensor(board)
        self.nvm = Files()
        self.link = link(board)
        self.watchdog = TaskWatchdog(board.WATCHDOG_MS)
        self.sounder = AlarmSignal(board)
        self._timer = Timer(TICK_TIMER)

    def start_ticks(self, run_once) -> None:
        """Call `run_once()` every tick from now on."""
        self._run_once = run_once
        self._timer.init(period=self._board.TICK_MS, mode=Timer.PERIODIC, callback=self._on_timer)

    def _on_timer(self, _timer) -> None:
        try:
            self._run_once()
        except BaseException:
            # Whoever called prints it and goes on. It must have been the last tick: without any the watchdog resets.
            self._timer.deinit()
            self.step.stop()
            self.dead_man.release()
            raise

    def rest(self) -> None:
        """The loop has nothing to do for now."""
        time.sleep_ms(LOOP_REST_MS)

    def close(self) -> None:
        """No more ticks, the driver disabled, the alarm's signals off, the watchdog stood down.

        Takes up to the dead-man's time-out.
        """
        self._timer.deinit()
        self.step.stop()
        self.dead_man.release()
        self.sounder.signal(0)
        self.watchdog.stand_down()
        self.dead_man.run_out()
