"""The pump's account of itself."""

from pump.core.units import MS_PER_DAY
from pump.motion.confirmation import Confirmation
from pump.runtime.control import Control
from pump.runtime.tick import Tick
from pump.safety.alarms import NAME, TABLE
from pump.safety.guard import Guard
from pump.safety.ledger import Ledger
from pump.safety.reservoir import Reservoir


class Status:
    """Reads everything the programmer may see, in microsteps; what was delivered comes from the ledger. *loop* only."""

    def __init__(
        self,
        control: Control,
        tick: Tick,
        guard: Guard,
        confirmation: Confirmation,
        ledger: Ledger,
        reservoir: Reservoir,
    ) -> None:
        self._control = control
        self._tick = tick
        self._guard = guard
        self._confirmation = confirmation
        self._ledger = ledger
        self._reservoir = reservoir

    def read(self) -> dict:
        """The pump now, as a mapping of ints, strings and lists of strings; all of it of one moment."""
        self._tick.hold_off()
        try:
            return self._read()
        finally:
            self._tick.go_on()

    def _read(self) -> dict:
        demand = self._tick.demand
        return {
            "state": self._control.state,
            "priority": self._control.alarms.priority,
            "alarms": [TABLE[alarm][NAME] for alarm in self._control.alarms.standing()],
            "failed_checks": list(self._control.failed_checks),
            "day": demand.basal.day,
            "day_ms": demand.basal.day_ms,
            "time_known": demand.basal.time_known,
            "rate_steps_day": self._rate_steps_day(),
            "ordered_steps": demand.ordered.total(),
            "owed_steps": demand.owed_steps,
            "dropped_steps": demand.dropped.total(),
            "granted_steps": self._guard.granted.total(),
            "confirmed_steps": self._ledger.delivered.total(),
            "in_flight_steps": self._confirmation.in_flight_steps,
            "missing_steps": self._confirmation.missing.total(),
            "stray_steps": self._confirmation.stray.total(),
            "abandoned_steps": self._confirmation.abandoned.total(),
            "bolus_left_steps": demand.bolus.left_steps,
            "hour_steps": self._guard.windows.hour_steps,
            "day_steps": self._guard.windows.day_steps,
            "reservoir_steps": self._reservoir.left_steps,
            "filled_steps": self._reservoir.filled.total(),
            "wasted_steps": self._reservoir.wasted.total(),
            "withheld_ticks": list(self._guard.withheld_ticks),
            "late_ticks": self._tick.late_ticks,
        }

    def _rate_steps_day(self) -> int:
        """What is ordered now, basal and bolus, in whole microsteps per day; 0 while nothing is delivered."""
        if not self._tick.delivering:
            return 0
        demand = self._tick.demand
        rate = demand.basal.rate_steps_day
        if demand.bolus.running():
            rate += demand.bolus.steps * MS_PER_DAY // demand.bolus.duration_ms
        return rate
