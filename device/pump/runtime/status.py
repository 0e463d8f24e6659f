"""The pump's account of itself."""

from pump.core.units import MS_PER_DAY
from pump.motion.confirmation import Confirmation
from pump.runtime.control import Control
from pump.runtime.tick import Tick
from pump.safety.alarms import NAME, TABLE
from pump.safety.guard import Guard
from pump.safety.ledger import Ledger
from pump.safety.reservoir import Reservoir
from pump.therapy.bolus import Bolus
from pump.therapy.demand import BRIDGE, PRIME


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
            "weekday": demand.basal.weekday,
            "stage": demand.basal.stage,
            "plan_day": demand.basal.plan_day,
            "plan_paused": demand.basal.paused,
            "keep_open": demand.basal.held(),
            "idle_ms": self._control.idle_ms(),
            "time_known": demand.basal.time_known,
            "rate_steps_day": self._rate_steps_day(),
            "ordered_steps": demand.ordered.total(),
            "primed_ordered_steps": demand.primed.total(),
            "primed_steps": self._guard.primed.total(),
            "owed_steps": demand.owed_steps,
            "dropped_steps": demand.dropped.total(),
            "granted_steps": self._guard.granted.total(),
            "confirmed_steps": self._ledger.delivered.total(),
            "in_flight_steps": self._confirmation.in_flight_steps,
            "missing_steps": self._confirmation.missing.total(),
            "stray_steps": self._confirmation.stray.total(),
            "abandoned_steps": self._confirmation.abandoned.total(),
            "bolus_left_steps": demand.bolus.left_steps,
            "suspended_steps": self._control.boluses.suspended_steps,
            "patient_wait_ms": self._control.boluses.patient_wait_ms(),
            "bridge_left_steps": demand.bridge.left_steps,
            "bridge_left_ms": demand.bridge.left_ms,
            "hour_steps": self._guard.windows.hour_steps,
            "day_steps": self._guard.windows.day_steps,
            "concentration_ng_ml": self._reservoir.concentration_ng_ml,
            "program_ng_ml": self._control.program.concentration_ng_ml,
            "reservoir_steps": self._reservoir.left_steps,
            "filled_steps": self._reservoir.filled.total(),
            "wasted_steps": self._reservoir.wasted.total(),
            "withheld_ticks": list(self._guard.withheld_ticks),
            "late_ticks": self._tick.late_ticks,
            "lease_left_steps": self._guard.lease_left_steps,
            "service_left_ms": self._control.causes.service_left_ms(),
        }

    def _rate_steps_day(self) -> int:
        """What is ordered now, in whole microsteps per day; 0 while nothing is delivered."""
        if not self._tick.delivering:
            return 0
        demand = self._tick.demand
        if demand.mode == BRIDGE:
            return _rate(demand.bridge)
        if demand.mode == PRIME:
            return _rate(demand.prime)
        return demand.basal.rate_steps_day + _rate(demand.bolus)


def _rate(bolus: Bolus) -> int:
    return bolus.steps * MS_PER_DAY // bolus.duration_ms if bolus.running() else 0
