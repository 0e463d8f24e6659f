"""The loop: everything that may take its time, one poll after the other."""

from pump.core.ports import Clock, DigitalIO, Sensor, Sounder, Watchdog
from pump.core.ticks import ticks_diff
from pump.link.server import Server
from pump.memory.journal import TIME_UNKNOWN, Journal
from pump.runtime.control import Control
from pump.runtime.tick import Tick
from pump.safety.alarms import MOTOR_STALL, OCCLUSION
from pump.sensing.occlusion import OcclusionDetector


class Loop:
    """Runs in the foreground. Feeds the watchdog only when the tick has beaten since it last did."""

    def __init__(
        self,
        clock: Clock,
        stall: DigitalIO,
        pressure: Sensor,
        sounder: Sounder,
        watchdog: Watchdog,
        occlusion: OcclusionDetector,
        control: Control,
        server: Server,
        journal: Journal,
        tick: Tick,
    ) -> None:
        self._clock = clock
        self._stall = stall
        self._pressure = pressure
        self._sounder = sounder
        self._watchdog = watchdog
        self._occlusion = occlusion
        self._control = control
        self._server = server
        self._journal = journal
        self._tick = tick
        self._last_ticks = clock.ticks_ms()
        self._last_beats = tick.beats

    def poll(self) -> None:
        """Do what is to be done now, and return."""
        now_ticks = self._clock.ticks_ms()
        self._journal.uptime_ms += ticks_diff(now_ticks, self._last_ticks)
        self._last_ticks = now_ticks
        basal = self._tick.demand.basal
        self._journal.day_ms = basal.day_ms if basal.time_known else TIME_UNKNOWN
        self._sense()
        self._control.poll()
        self._sounder.signal(self._control.alarms.priority)
        self._server.poll()
        if self._tick.beats != self._last_beats:
            self._last_beats = self._tick.beats
            self._watchdog.feed()

    def _sense(self) -> None:
        if self._stall.read():
            self._control.raise_alarm(MOTOR_STALL)
        if self._occlusion.occluded(self._pressure.read()):
            self._control.raise_alarm(OCCLUSION)
