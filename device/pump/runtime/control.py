"""The one owner of the pump's state: every command and every alarm comes through here."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import MS_PER_DAY, MS_PER_MINUTE
from pump.memory.journal import Journal
from pump.motion.confirmation import Confirmation
from pump.runtime import states
from pump.runtime.tick import Tick
from pump.safety import alarms as table
from pump.safety.admission import BolusAhead, refuse_unsafe_basal, refuse_unsafe_bolus
from pump.safety.alarms import Alarms
from pump.safety.guard import DAY_CAP, HOUR_CAP, Guard
from pump.safety.halt import Halt
from pump.safety.limits import Limits, lowest
from pump.safety.reservoir import Reservoir
from pump.therapy.basal import Basal
from pump.therapy.forecast import Forecast
from pump.therapy.orders import BolusOrders
from pump.therapy.program import Program, nothing_ordered

# The loop looks at a bolus this long, and at least two ticks, before its time.
BOLUS_AHEAD_MS = 2000
# What becomes owed goes out at the end of its tick, and one tick later when the driver has to be enabled first.
LAG_TICKS = 2
# A bolus that comes due late, because a tick or the loop did, is still given within this time.
BOLUS_LATE_MS = 15 * MS_PER_MINUTE


class Control:
    """Commands, alarms and due boluses. *loop* only.

    A command that is refused raises Refused and changes nothing. While a command changes what the tick reads, the tick
    is held off.
    """

    def __init__(
        self,
        tick: Tick,
        guard: Guard,
        halt: Halt,
        confirmation: Confirmation,
        reservoir: Reservoir,
        journal: Journal,
        own_limits: "list[tuple[dict, str]]",
        tick_ms: int,
    ) -> None:
        """`own_limits`: the pump's own limits, each ({"hour": steps, "day": .., "bolus": ..}, who set them). A tick is
        due every `tick_ms`."""
        self.state = states.BOOT
        self.alarms = Alarms()
        self.program = nothing_ordered()
        self.failed_checks = []
        self._programmed = False
        self._tick = tick
        self._guard = guard
        self._halt = halt
        self._confirmation = confirmation
        self._reservoir = reservoir
        self._journal = journal
        self._own_limits = own_limits
        self._bolus_ahead_ms = max(BOLUS_AHEAD_MS, 2 * tick_ms)
        self._lag_ms = LAG_TICKS * tick_ms
        self._orders = BolusOrders(self.program)
        self._bolus_running = False
        self._capped_ticks = 0
        self._unwritten_events = 0

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._guard.limits

    def self_tested(self, failed: "list[str]") -> None:
        """Take the verdict of the self-test: with no `failed` check the pump may be started."""
        self.failed_checks = failed
        if failed:
            for name in failed:
                self._journal.log("self_test_" + name)
            self._enter(states.FAIL)
            self.raise_alarm(table.SELF_TEST_FAILED)
        else:
            self._enter(states.PASS)

    def load(self, source: object) -> None:
        """Take the program `source` (see `therapy.program`); only while stopped. Its day 0 is today.

        What is refused is logged.
        """
        try:
            program, limits = self._checked(source)
        except Refused:
            self._journal.log("program_refused")
            raise
        basal = Basal(program)
        before = self._tick.demand.basal
        self._tick.hold_off()
        if before.time_known:
            basal.set_time(before.day_ms)
        self._tick.demand.basal = basal
        self._guard.limits = limits
        self._tick.go_on()
        self.program = program
        self._programmed = True
        self._orders = BolusOrders(program)
        self._journal.log("program", len(program.segment_start_ms), len(program.boluses))

    def _checked(self, source: object) -> "tuple[Program, Limits]":
        if self.state != states.STOPPED:
            raise Refused("program", "while " + self.state, "a program is loaded while stopped")
        program = Program(source)
        limits = self._limits_of(program)
        refuse_unsafe_basal(limits, program.segment_start_ms, self._lag_ms, lambda day_ms: Forecast(program, day_ms))
        return program, limits

    def _limits_of(self, program: Program) -> Limits:
        chosen = []
        for name in ("hour", "day", "bolus"):
            candidates = [(limits[name], who) for limits, who in self._own_limits]
            candidates.append(program.limits[name])
            chosen.append(lowest(name, candidates))
        return Limits(chosen[0], chosen[1], chosen[2])

    def refill(self, fill_steps: int) -> None:
        """The rest was drawn off and `fill_steps` microsteps' worth filled in."""
        self._tick.hold_off()
        try:
            self._reservoir.refill(fill_steps, self._confirmation.in_flight_steps)
        finally:
            self._tick.go_on()
        self._journal.log("refill", fill_steps)

    def set_time(self, day_ms: int) -> None:
        """It is `day_ms` after midnight."""
        refuse_unless_int("day_ms", day_ms, 0, MS_PER_DAY - 1)
        self._tick.hold_off()
        self._tick.demand.basal.set_time(day_ms)
        self._tick.go_on()
        self._journal.log("time_set", day_ms)

    def start(self) -> None:
        """Begin to deliver the program."""
        if not self._programmed:
            raise Refused("start", "no program", "a pump with a program loaded")
        if self._reservoir.usable(0) <= 0:
            accepted = "more than the %d microsteps that cannot be delivered" % self._reservoir.residual_steps
            raise Refused("reservoir", "%d microsteps" % self._reservoir.left_steps, accepted)
        self._enter(states.START)
        if self._tick.demand.basal.time_known:
            self._miss_boluses_later_than(0)
        self._tick.delivering = True

    def stop(self) -> None:
        """Stop delivering; taken in every state. A running bolus is cancelled and nothing owed is made up later."""
        self._end_delivery()
        self._enter(states.STOP)

    def acknowledge(self) -> None:
        """The alarms that wait for it were seen; the pump may be started again, and does not start by itself.

        Raises Refused when the tick has just halted the pump: that alarm was not seen yet.
        """
        self._tick.hold_off()
        try:
            if self._follow_halt():
                raise Refused("acknowledge", "a new alarm", "acknowledge after it was seen")
            self._enter(states.ACKNOWLEDGE)
            self._halt.clear()
            for alarm in self.alarms.acknowledge():
                self._journal.log("alarm_end", alarm)
                if alarm in (table.MOTOR_MISMATCH, table.FREE_FLOW):
                    self._confirmation.excuse()
        finally:
            self._tick.go_on()

    def raise_alarm(self, alarm: int) -> None:
        """`alarm` has its cause now; its row says what that does to the motor."""
        # Shown first: whatever follows may fail.
        new = self.alarms.set(alarm)
        if table.TABLE[alarm][table.MOTOR] == table.HALT:
            self._tick.hold_off()
            self._halt.latch(alarm)
            self._tick.go_on()
            self._end_delivery()
            self._enter(states.HALT)
        if new:
            self._journal.log("alarm", alarm, table.TABLE[alarm][table.PRIORITY])

    def poll(self) -> None:
        """Follow what the tick found, and begin the bolus that is due."""
        if self._halt.reasons:
            self._follow_halt()
        delivering = self.state == states.DELIVERING
        if delivering and self._empty():
            self.raise_alarm(table.RESERVOIR_EMPTY)
        self._follow(table.RESERVOIR_LOW, self._reservoir.low())
        self._follow(table.TIME_UNKNOWN, delivering and not self._tick.demand.basal.time_known)
        self._follow_caps()
        self._follow_bolus()
        if self._journal.unwritten != self._unwritten_events:
            self.raise_alarm(table.MEMORY_ERROR)
            # Only now: that this alarm could not be recorded either is nothing new.
            self._unwritten_events = self._journal.unwritten

    def _empty(self) -> bool:
        """Whether nothing may be granted any more, what is left and what is on its way being of one moment."""
        self._tick.hold_off()
        usable_steps = self._reservoir.usable(self._confirmation.in_flight_steps)
        self._tick.go_on()
        return usable_steps <= 0

    def _follow_halt(self) -> bool:
        """Whether the tick halted the pump for something new since the last look."""
        reasons = self._halt.reasons
        found = False
        for alarm in range(len(table.TABLE)):
            if reasons & (1 << alarm) and not self.alarms.stands(alarm):
                self.raise_alarm(alarm)
                found = True
        return found

    def _follow(self, alarm: int, cause: bool) -> None:
        if cause:
            self.raise_alarm(alarm)
        elif self.alarms.cause_gone(alarm):
            self._journal.log("alarm_end", alarm)

    def _follow_caps(self) -> None:
        capped_ticks = self._guard.withheld_ticks[HOUR_CAP] + self._guard.withheld_ticks[DAY_CAP]
        if capped_ticks != self._capped_ticks:
            self._capped_ticks = capped_ticks
            self.raise_alarm(table.LIMIT_REACHED)

    def _follow_bolus(self) -> None:
        # Asked once: it may end at any moment.
        active = self._tick.demand.bolus.active
        if self._bolus_running and not active:
            self._close_bolus()
        basal = self._tick.demand.basal
        if active or self.state != states.DELIVERING or not basal.time_known:
            return
        self._miss_boluses_later_than(BOLUS_LATE_MS)
        order = self._orders.peek()
        if order is None:
            return
        if self._orders.wait_ms(basal.day, basal.day_ms) <= self._bolus_ahead_ms:
            self._begin_bolus(order.duration_ms)

    def _miss_boluses_later_than(self, late_ms: int) -> None:
        """Pass over the boluses whose time was more than `late_ms` ago."""
        basal = self._tick.demand.basal
        order = self._orders.peek()
        while order is not None and self._orders.wait_ms(basal.day, basal.day_ms) < -late_ms:
            self._journal.log("bolus_missed", order.whole, order.at_ms)
            self.raise_alarm(table.BOLUS_MISSED)
            self._orders.skipped()
            order = self._orders.peek()

    def _begin_bolus(self, duration_ms: int) -> None:
        """Begin the next order, or deny it.

        What it is judged by is of one moment, for which the tick is held off. Judging takes longer than the tick may be
        held off, and need not be of that moment: of the time it takes, all basal and all that was owed are in the
        judgement, nothing else can be begun, and limits change by commands only.
        """
        demand = self._tick.demand
        basal = demand.basal
        self._tick.hold_off()
        steps = self._orders.steps()
        windows = self._guard.windows.copy()
        bolus = BolusAhead(steps, self._order_wait_ms(), duration_ms, demand.owed_steps)
        day_ms = basal.day_ms
        self._tick.go_on()
        try:
            refuse_unsafe_bolus(
                self._guard.limits, windows, bolus, self._lag_ms, lambda: Forecast(self.program, day_ms)
            )
        except Refused:
            self._orders.skipped()
            self._journal.log("bolus_denied", steps, bolus.wait_ms)
            self.raise_alarm(table.LIMIT_REACHED)
            return
        self._tick.hold_off()
        wait_ms = self._order_wait_ms()
        demand.bolus.arm(steps, wait_ms, duration_ms)
        self._tick.go_on()
        self._orders.given()
        self._bolus_running = True
        self._journal.log("bolus", steps, wait_ms)

    def _order_wait_ms(self) -> int:
        """From now until the next order is to begin; 0 when it is late."""
        basal = self._tick.demand.basal
        return max(self._orders.wait_ms(basal.day, basal.day_ms), 0)

    def _end_delivery(self) -> None:
        # First of all: from here on the tick changes neither demand nor bolus.
        self._tick.delivering = False
        if self._bolus_running:
            self._close_bolus()
        self._tick.demand.drop()

    def _close_bolus(self) -> None:
        """Say how the bolus ended."""
        bolus = self._tick.demand.bolus
        self._bolus_running = False
        if bolus.active:
            self._journal.log("bolus_cancelled", bolus.left_steps)
        else:
            self._journal.log("bolus_end", bolus.steps)

    def _enter(self, event: str) -> None:
        state = states.after(self.state, event)
        if state != self.state:
            self.state = state
            self._journal.log("state_" + state)
