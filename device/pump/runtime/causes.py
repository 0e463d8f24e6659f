"""Raises the alarms whose cause the loop can see, and ends those that go with it."""

from pump.core.units import MS_PER_DAY
from pump.memory.journal import Journal
from pump.motion.confirmation import Confirmation
from pump.runtime.tick import Tick
from pump.safety import alarms as table
from pump.safety.alarms import Alarms
from pump.safety.guard import DAY_CAP, HOUR_CAP, Guard
from pump.safety.reservoir import Reservoir

# The elective replacement indicator comes so long before the end of service.
REPLACEMENT_MS = 90 * MS_PER_DAY


class Causes:
    """*loop* only."""

    def __init__(
        self,
        tick: Tick,
        guard: Guard,
        confirmation: Confirmation,
        reservoir: Reservoir,
        journal: Journal,
        alarms: Alarms,
        raise_alarm,
        service_ms: int,
    ) -> None:
        """`raise_alarm(alarm)` says that its cause is there. The pump serves for `service_ms` of running."""
        self._tick = tick
        self._guard = guard
        self._confirmation = confirmation
        self._reservoir = reservoir
        self._journal = journal
        self._alarms = alarms
        self._raise_alarm = raise_alarm
        self._service_until_ms = service_ms
        self._replacement_from_ms = service_ms - REPLACEMENT_MS
        self._capped_ticks = 0
        self._unwritten_events = 0

    def service_left_ms(self) -> int:
        """How much longer the pump serves; 0 or less at the end."""
        return self._service_until_ms - self._journal.uptime_ms

    def poll(self, delivering: bool, stopped_long: bool) -> None:
        """Look at all there is: the pump is `delivering` its program, or is `stopped_long`."""
        if self._tick.delivering and self._empty():
            self._raise_alarm(table.RESERVOIR_EMPTY)
        # Compared, not subtracted: what is beyond 30 bits would be allocated at every poll.
        uptime_ms = self._journal.uptime_ms
        if uptime_ms >= self._service_until_ms and not self._alarms.stands(table.END_OF_SERVICE):
            self._raise_alarm(table.END_OF_SERVICE)
        # Either of them has ended it.
        delivering = delivering and self._tick.delivering
        basal = self._tick.demand.basal
        self._follow(table.LEASE_ENDED, self._tick.delivering and self._guard.lease_left_steps <= 0)
        self._follow(table.RESERVOIR_LOW, self._reservoir.low())
        self._follow(table.REPLACEMENT_DUE, uptime_ms >= self._replacement_from_ms)
        self._follow(table.TIME_UNKNOWN, delivering and not basal.time_known)
        self._follow(table.STOPPED_LONG, stopped_long)
        self._follow(table.KEEP_OPEN, basal.held())
        self._follow_caps()
        self._follow_journal()

    def _empty(self) -> bool:
        """Whether nothing may be granted any more, what is left and what is on its way being of one moment."""
        self._tick.hold_off()
        usable_steps = self._reservoir.usable(self._confirmation.in_flight_steps)
        self._tick.go_on()
        return usable_steps <= 0

    def _follow(self, alarm: int, cause: bool) -> None:
        if cause:
            self._raise_alarm(alarm)
        elif self._alarms.cause_gone(alarm):
            self._journal.log("alarm_end", alarm)

    def _follow_caps(self) -> None:
        capped_ticks = self._guard.withheld_ticks[HOUR_CAP] + self._guard.withheld_ticks[DAY_CAP]
        if capped_ticks != self._capped_ticks:
            self._capped_ticks = capped_ticks
            self._raise_alarm(table.LIMIT_REACHED)

    def _follow_journal(self) -> None:
        if self._journal.unwritten != self._unwritten_events:
            self._raise_alarm(table.MEMORY_ERROR)
            # Only now: that this alarm could not be recorded either is nothing new.
            self._unwritten_events = self._journal.unwritten
