"""The one owner of the pump's state: every command and every alarm comes through here."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import MS_PER_DAY, MS_PER_HOUR, SMALL_MAX
from pump.memory.journal import Journal
from pump.motion.confirmation import Confirmation
from pump.runtime import priming as prime_outcome
from pump.runtime import states
from pump.runtime.boluses import Boluses
from pump.runtime.priming import Priming
from pump.runtime.programs import Programs
from pump.runtime.tick import Tick
from pump.safety import alarms as table
from pump.safety.alarms import Alarms
from pump.safety.guard import DAY_CAP, HOUR_CAP, Guard
from pump.safety.halt import Halt
from pump.safety.limits import Limits
from pump.safety.reservoir import Reservoir
from pump.therapy.demand import BRIDGE
from pump.therapy.program import Program

# What becomes owed goes out at the end of its tick, and one tick later when the driver has to be enabled first.
LAG_TICKS = 2
# After so long without delivery the pump alarms, and program and reservoir are verified before it resumes (M-08).
IDLE_MS_MAX = 48 * MS_PER_HOUR
# A verification is a fresh one for so long.
VERIFIED_MS_MAX = MS_PER_HOUR
NEVER = -1


class Control:
    """Commands and alarms. *loop* only.

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
        minimum_steps_day: int,
        prime_max_steps: int,
    ) -> None:
        """`own_limits`: the pump's own limits, each ({"hour": steps, "day": .., "bolus": ..}, who set them). A tick is
        due every `tick_ms`. `minimum_steps_day` is the lowest rate the mechanism holds well."""
        lag_ms = LAG_TICKS * tick_ms
        self.state = states.BOOT
        self.alarms = Alarms()
        self.failed_checks = []
        self.programs = Programs(tick, guard, reservoir, journal, own_limits, lag_ms)
        self.boluses = Boluses(tick, guard, journal, tick_ms, lag_ms, self.raise_alarm)
        self.boluses.follow(self.programs.program)
        self._priming = Priming(tick, guard, confirmation, journal, prime_max_steps)
        self._tick = tick
        self._guard = guard
        self._halt = halt
        self._confirmation = confirmation
        self._reservoir = reservoir
        self._journal = journal
        self._minimum_steps_day = minimum_steps_day
        self._idle_from_ms = NEVER
        self._verified_ms = NEVER
        self._capped_ticks = 0
        self._unwritten_events = 0

    @property
    def program(self) -> Program:
        """The program that was loaded last."""
        return self.programs.program

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._guard.limits

    @property
    def kept_open(self) -> bool:
        """Whether the minimum rate runs instead of the program."""
        return self._tick.demand.basal.ceiling_steps_day != SMALL_MAX

    def idle_ms(self) -> int:
        """How long ago delivery ended; 0 while the pump delivers, and before it first did."""
        return self._journal.uptime_ms - self._idle_from_ms if self._idle_from_ms != NEVER else 0

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
        """Take the program `source` (see `therapy.program`) while stopped; or, as a titration, while delivering.

        Its day 0 is today. What is refused is logged.
        """
        delivering = self.state == states.DELIVERING
        if self.state not in (states.STOPPED, states.DELIVERING):
            self._refuse_program("while " + self.state, "a program is loaded while stopped or delivering")
        if self.boluses.running:
            self._refuse_program("while a bolus runs", "a program is loaded after its end")
        self.programs.load(source, delivering)
        self.boluses.follow(self.program)
        self._verified_ms = NEVER
        if self.kept_open and not delivering:
            # Loaded to be run; and a bridge would run at its full rate anyway.
            self._tick.demand.basal.hold_to(SMALL_MAX)
            self._journal.log("keep_open_end")

    def _refuse_program(self, value: str, accepted: str) -> None:
        self._journal.log("program_refused")
        raise Refused("program", value, accepted)

    def refill(self, fill_steps: int, withdrawn_steps: int, concentration_ng_ml: int) -> None:
        """`withdrawn_steps` were drawn off, and `fill_steps` of `concentration_ng_ml` filled in.

        Another concentration than before is taken only while stopped, and not on top of a bridge.
        """
        refuse_unless_int("withdrawn_steps", withdrawn_steps, 0, SMALL_MAX)
        reservoir = self._reservoir
        if self.state == states.PRIMING:
            raise Refused("refill", "while priming", "a refill after the prime")
        if concentration_ng_ml != reservoir.concentration_ng_ml:
            if self.state == states.DELIVERING:
                raise Refused("concentration_ng_ml", concentration_ng_ml, "another concentration while stopped")
            if self._tick.demand.bridge_begun():
                raise Refused("concentration_ng_ml", concentration_ng_ml, "another one after the end of the bridge")
        self._tick.hold_off()
        try:
            expected_steps = reservoir.left_steps
            unexpected = reservoir.unexpected(withdrawn_steps)
            reservoir.refill(fill_steps, concentration_ng_ml, self._confirmation.in_flight_steps)
        finally:
            self._tick.go_on()
        self._journal.log("refill", fill_steps, withdrawn_steps)
        self._priming.allowed = True
        self._verified_ms = NEVER
        if unexpected:
            self._journal.log("residual", expected_steps, withdrawn_steps)
            self.raise_alarm(table.RESIDUAL_MISMATCH)

    def set_time(self, day_ms: int, weekday: int) -> None:
        """It is `day_ms` after midnight of `weekday`, 0 for Monday."""
        refuse_unless_int("day_ms", day_ms, 0, MS_PER_DAY - 1)
        refuse_unless_int("weekday", weekday, 0, 6)
        self._tick.hold_off()
        self._tick.demand.set_time(day_ms, weekday)
        self._tick.go_on()
        self._journal.log("time_set", day_ms, weekday)

    def verify(self, day_total_steps: int, left_steps: int) -> None:
        """The programmer read back the greatest daily total of the program and what the reservoir holds, in whole
        microsteps; raises Refused when they are others."""
        total_steps = self.programs.day_total_steps()
        refuse_unless_int("day_total_steps", day_total_steps, total_steps, total_steps)
        refuse_unless_int("left_steps", left_steps, self._reservoir.left_steps, self._reservoir.left_steps)
        self._verified_ms = self._journal.uptime_ms
        self._journal.log("verified", day_total_steps, left_steps)

    def start(self) -> None:
        """Begin to deliver the program."""
        if not self.programs.loaded:
            raise Refused("start", "no program", "a pump with a program loaded")
        if self._reservoir.usable(0) <= 0:
            accepted = "more than the %d microsteps that cannot be delivered" % self._reservoir.residual_steps
            raise Refused("reservoir", "%d microsteps" % self._reservoir.left_steps, accepted)
        self.programs.ready()
        if self.idle_ms() > IDLE_MS_MAX and not self._freshly_verified():
            value = "after %d h without delivery" % (self.idle_ms() // MS_PER_HOUR)
            raise Refused("start", value, "a start after program and reservoir were verified")
        self._enter(states.START)
        self.programs.begin()
        self._idle_from_ms = NEVER
        if self._tick.demand.basal.time_known:
            self.boluses.miss_later_than(0)
        self._tick.delivering = True

    def _freshly_verified(self) -> bool:
        return self._verified_ms != NEVER and self._journal.uptime_ms - self._verified_ms <= VERIFIED_MS_MAX

    def stop(self) -> None:
        """Stop delivering; taken in every state. A running bolus is cancelled and nothing owed is made up later."""
        self._end_delivery()
        self._enter(states.STOP)

    def keep_open(self) -> None:
        """Deliver the minimum rate, or less where the program has less, and no bolus, until `run_program`."""
        self._change_ceiling(self._minimum_steps_day, "keep_open")

    def run_program(self) -> None:
        """Deliver the program again, after `keep_open`."""
        self._change_ceiling(SMALL_MAX, "keep_open_end")

    def _change_ceiling(self, ceiling_steps_day: int, kind: str) -> None:
        demand = self._tick.demand
        if self.state != states.DELIVERING:
            raise Refused("rate", "while " + self.state, "a change of rate while delivering")
        if demand.mode == BRIDGE:
            raise Refused("rate", "in a bridge", "a change of rate after its end")
        if demand.basal.ceiling_steps_day == ceiling_steps_day:
            raise Refused("rate", "already so", "the minimum rate after the program, or the program after it")
        self._tick.hold_off()
        self.boluses.end()
        demand.bolus.cancel()
        demand.basal.hold_to(ceiling_steps_day)
        self._tick.go_on()
        self._journal.log(kind)

    def pause_plan(self) -> None:
        """Hold the plan of days where it is."""
        if self._tick.demand.basal.paused:
            raise Refused("plan", "paused", "a plan that goes on")
        self.programs.pause()

    def resume_plan(self) -> None:
        """Let the plan of days go on."""
        if not self._tick.demand.basal.paused:
            raise Refused("plan", "not paused", "a plan that was paused")
        self.programs.resume()

    def give_bolus(self, whole: int, frac: int, den: int, duration_ms: int) -> None:
        """The clinician's bolus of `whole` + `frac` / `den` microsteps over `duration_ms`, now."""
        self.boluses.give(whole, frac, den, duration_ms, self.state == states.DELIVERING)

    def request_bolus(self) -> None:
        """The patient asks for a bolus; a denial says why, and for how long."""
        self.boluses.give_to_patient(self.state == states.DELIVERING)

    def give_trial_step(self) -> None:
        """The next dose of the screening trial; never by itself."""
        self.boluses.give_trial_step(self.state == states.DELIVERING)

    def prime(self, steps: int, duration_ms: int, emptied: bool) -> None:
        """Fill path and catheter with `steps` over `duration_ms`. `emptied`: they hold no drug, whatever was before."""
        if self._tick.demand.mode == BRIDGE:
            raise Refused("prime", "while a bridge waits", "a prime before the program is loaded")
        self._priming.check(steps, duration_ms, self.programs.line.concentration_ng_ml > 0, emptied)
        if self._reservoir.usable(0) < steps:
            raise Refused("prime.steps", steps, "at most %d, what can be delivered" % self._reservoir.usable(0))
        self._enter(states.PRIME)
        self.programs.primed()
        self._priming.begin(steps, duration_ms)
        self._tick.delivering = True

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
        """Follow what the tick found, and begin what is due."""
        if self._halt.reasons:
            self._follow_halt()
        if self._tick.delivering and self._empty():
            self.raise_alarm(table.RESERVOIR_EMPTY)
        if self.state == states.PRIMING:
            self._follow_prime()
        delivering = self.state == states.DELIVERING
        self.programs.poll(delivering)
        self._follow(table.RESERVOIR_LOW, self._reservoir.low())
        self._follow(table.TIME_UNKNOWN, delivering and not self._tick.demand.basal.time_known)
        self._follow(table.STOPPED_LONG, self.idle_ms() > IDLE_MS_MAX)
        self._follow(table.KEEP_OPEN, self.kept_open)
        self._follow_caps()
        self.boluses.poll(delivering)
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

    def _follow_prime(self) -> None:
        outcome = self._priming.poll()
        if outcome == prime_outcome.RUNNING:
            return
        if outcome == prime_outcome.TIMED_OUT:
            self.raise_alarm(table.PRIME_INCOMPLETE)
        self._leave_prime()
        self._enter(states.STOP)

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

    def _end_delivery(self) -> None:
        # First of all: from here on the tick changes neither demand nor bolus.
        self._tick.delivering = False
        self.boluses.end()
        if self.state == states.PRIMING:
            self._priming.cancelled()
            self._leave_prime()
        elif self.state == states.DELIVERING:
            self._idle_from_ms = self._journal.uptime_ms
            self._verified_ms = NEVER
        self._tick.demand.drop()

    def _leave_prime(self) -> None:
        self._tick.delivering = False
        self._tick.demand.drop()
        self._priming.end()

    def _enter(self, event: str) -> None:
        state = states.after(self.state, event)
        if state != self.state:
            self.state = state
            self._journal.log("state_" + state)
