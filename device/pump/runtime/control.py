"""The one owner of the pump's state: every command and every alarm comes through here."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.ports import WallClock
from pump.core.units import MS_PER_DAY, SMALL_MAX
from pump.memory.journal import Journal
from pump.motion.confirmation import Confirmation
from pump.runtime import priming as prime_outcome
from pump.runtime import states
from pump.runtime.boluses import Boluses
from pump.runtime.causes import Causes
from pump.runtime.filling import Filling
from pump.runtime.keeping import Keeping
from pump.runtime.priming import Priming
from pump.runtime.programs import Programs
from pump.runtime.standstill import NEVER, Standstill
from pump.runtime.tick import Tick
from pump.safety import alarms as table
from pump.safety.alarms import Alarms
from pump.safety.guard import Guard
from pump.safety.halt import Halt
from pump.safety.limits import Limits
from pump.safety.reservoir import Reservoir
from pump.therapy.demand import BRIDGE
from pump.therapy.program import Program

# What becomes owed goes out at the end of its tick, and one tick later when the driver has to be enabled first.
LAG_TICKS = 2
UNWRITTEN = "a memory that cannot be written"


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
        keeping: Keeping,
        wall_clock: WallClock,
        service_ms: int,
    ) -> None:
        """`own_limits`: the pump's own limits, each ({"hour": steps, "day": .., "bolus": ..}, who set them). A tick is
        due every `tick_ms`. `minimum_steps_day` is the lowest rate the mechanism holds well. The pump serves for
        `service_ms` of running."""
        lag_ms = LAG_TICKS * tick_ms
        self.state = states.BOOT
        self.alarms = Alarms()
        self.failed_checks = []
        self.programs = Programs(tick, guard, reservoir, journal, own_limits, lag_ms)
        self.boluses = Boluses(tick, guard, journal, tick_ms, lag_ms, self.raise_alarm, self._save_now)
        self.boluses.follow(self.programs.program)
        self.causes = Causes(tick, guard, confirmation, reservoir, journal, self.alarms, self.raise_alarm, service_ms)
        self._priming = Priming(tick, guard, confirmation, journal, prime_max_steps)
        self._filling = Filling(tick, confirmation, reservoir, journal, self._priming, self._save_now, self.raise_alarm)
        self._tick = tick
        self._guard = guard
        self._halt = halt
        self._confirmation = confirmation
        self._reservoir = reservoir
        self._journal = journal
        self._minimum_steps_day = minimum_steps_day
        self._standstill = Standstill(journal)
        self._before = states.BOOT
        self._unsaved = False
        self._wall_clock = wall_clock
        self._keeping = keeping
        keeping.watch(self.programs, self.boluses, self.alarms)

    @property
    def program(self) -> Program:
        """The program that was loaded last."""
        return self.programs.program

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._guard.limits

    def idle_ms(self) -> int:
        """How long ago delivery ended; 0 while the pump delivers, and before it first did."""
        return self._standstill.ms()

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

    def recover(self) -> None:
        """Take up what is stored, before the self-test. Raises `keeping.Unfit` when that is not to be used."""
        kept = self._keeping.restore()
        if kept is None:
            # Before anything else is stored: what is stored without it has lost it.
            self._save(states.STOPPED)
        else:
            self._before, standstill, self._priming.allowed = kept
            self._standstill.restore(standstill)
            if self._before == states.PRIMING:
                self._priming.allowed = False
                self.programs.primed()

    def resume(self, reset_cause: str) -> None:
        """Go on as the pump that was reset because of `reset_cause` (`core.ports.Ports`). A bolus does not resume."""
        before = self._before
        if before == states.BOOT:
            return
        self._journal.log("reset_" + reset_cause)
        if self._keeping.repaired:
            self.raise_alarm(table.MEMORY_ERROR)
        if before in (states.DELIVERING, states.PRIMING) or reset_cause == "watchdog":
            self.raise_alarm(table.RESTARTED)
        if before == states.PRIMING:
            self.raise_alarm(table.PRIME_INCOMPLETE)
        if self.state != states.STOPPED:
            if before == states.DELIVERING:
                self._standstill.was_off()
            return
        time = self._wall_clock.read()
        if time is not None:
            self._take_time(time[0], time[1])
        if before == states.HALTED:
            self._enter(states.HALT)
        elif before == states.DELIVERING:
            try:
                self.start()
            except Refused:
                self._standstill.was_off()
                self._journal.log("not_resumed")
                self.raise_alarm(table.NOT_RESUMED)

    def _save(self, state: str) -> bool:
        """Store what must survive a restart into `state`; whether it could be."""
        delivering = state in (states.DELIVERING, states.PRIMING)
        standstill = NEVER if state == states.DELIVERING else self._standstill.kept()
        return self._stored(self._keeping.save([state, standstill, self._priming.allowed], delivering))

    def _stored(self, stored: bool) -> bool:
        self._unsaved = not stored
        if not stored:
            self.raise_alarm(table.MEMORY_ERROR)
        return stored

    def _save_now(self) -> bool:
        return self._save(self.state)

    def load(self, source: object) -> None:
        """Take the program `source` (see `therapy.program`) while stopped; or, as a titration, while delivering.

        Its day 0 is today. What is refused is logged.
        """
        delivering = self.state == states.DELIVERING
        if self.state not in (states.STOPPED, states.DELIVERING):
            self._refuse_program("while " + self.state, "a program is loaded while stopped or delivering")
        if self.boluses.running:
            self._refuse_program("while a bolus runs", "a program is loaded after its end")
        self.programs.load(source, delivering, self._keeping.save_program)
        self.boluses.follow(self.program)
        self._standstill.changed()
        if not delivering:
            self.programs.end_keep_open()
        self._save_now()

    def _refuse_program(self, value: str, accepted: str) -> None:
        self._journal.log("program_refused")
        raise Refused("program", value, accepted)

    def refill(self, fill_steps: int, withdrawn_steps: int, concentration_ng_ml: int) -> None:
        """`withdrawn_steps` were drawn off, and `fill_steps` of `concentration_ng_ml` filled in.

        Another concentration than before is taken only while stopped, and not on top of a bridge.
        """
        if self.state == states.PRIMING:
            raise Refused("refill", "while priming", "a refill after the prime")
        if concentration_ng_ml != self._reservoir.concentration_ng_ml:
            if self.state == states.DELIVERING:
                raise Refused("concentration_ng_ml", concentration_ng_ml, "another concentration while stopped")
            if self._tick.demand.bridge_begun():
                raise Refused("concentration_ng_ml", concentration_ng_ml, "another one after the end of the bridge")
        self._filling.refill(fill_steps, withdrawn_steps, concentration_ng_ml)
        self._standstill.changed()

    def set_time(self, day_ms: int, weekday: int) -> None:
        """It is `day_ms` after midnight of `weekday`, 0 for Monday."""
        refuse_unless_int("day_ms", day_ms, 0, MS_PER_DAY - 1)
        refuse_unless_int("weekday", weekday, 0, 6)
        self._take_time(day_ms, weekday)
        self._wall_clock.set(day_ms, weekday)

    def _take_time(self, day_ms: int, weekday: int) -> None:
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
        self._standstill.verified()
        self._journal.log("verified", day_total_steps, left_steps)

    def start(self) -> None:
        """Begin to deliver the program."""
        if not self.programs.loaded:
            raise Refused("start", "no program", "a pump with a program loaded")
        if self._reservoir.usable(0) <= 0:
            accepted = "more than the %d microsteps that cannot be delivered" % self._reservoir.residual_steps
            raise Refused("reservoir", "%d microsteps" % self._reservoir.left_steps, accepted)
        self.programs.ready()
        self._standstill.refuse_unverified()
        if self.causes.service_left_ms() <= 0:
            raise Refused("start", "at the end of service", "another pump")
        if not self._save(states.after(self.state, states.START)):
            raise Refused("start", UNWRITTEN, "a start that survives a restart")
        self._enter(states.START)
        self.programs.begin()
        self._standstill.end()
        if self._tick.demand.basal.time_known:
            self.boluses.miss_later_than(0)
        self._tick.deliver(True)

    def stop(self) -> None:
        """Stop delivering; taken in every state. A running bolus is cancelled and nothing owed is made up later."""
        self._end_delivery()
        self._enter(states.STOP)
        self._save_now()

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
        self._save_now()

    def pause_plan(self) -> None:
        """Hold the plan of days where it is."""
        self.programs.pause()
        self._save_now()

    def resume_plan(self) -> None:
        """Let the plan of days go on."""
        self.programs.resume()
        self._save_now()

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
        if not self._save(states.after(self.state, states.PRIME)):
            raise Refused("prime", UNWRITTEN, "a prime that survives a restart")
        self._enter(states.PRIME)
        self.programs.primed()
        self._priming.begin(steps, duration_ms)
        self._tick.deliver(True)

    def acknowledge(self) -> None:
        """The alarms that wait for it were seen; the pump may be started again, and does not start by itself.

        Raises Refused when the tick has just halted the pump: that alarm was not seen yet.
        """
        self._tick.hold_off()
        try:
            if self._follow_halt():
                raise Refused("acknowledge", "a new alarm", "acknowledge after it was seen")
            if not self._tick.sound():
                raise Refused("acknowledge", "a figure that changed by itself", "a restart")
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
        """Follow what the tick found, begin what is due, and keep what changed."""
        if self._halt.reasons:
            self._follow_halt()
        if self.state == states.PRIMING:
            self._follow_prime()
        delivering = self.state == states.DELIVERING
        self.programs.poll(delivering)
        self.boluses.poll(delivering)
        self.causes.poll(delivering, self._standstill.long())
        # What a pump that is inhibited does not know, it does not store.
        if self.state not in (states.BOOT, states.INHIBITED) and not self._keeping.waits():
            if self._unsaved or self._keeping.due():
                self._save_now()
            elif self._keeping.lease_due():
                self._stored(self._keeping.renew())

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

    def _end_delivery(self) -> None:
        # First of all: from here on the tick changes neither demand nor bolus.
        self._tick.deliver(False)
        self.boluses.end()
        if self.state == states.PRIMING:
            self._priming.cancelled()
            self._leave_prime()
        elif self.state == states.DELIVERING:
            self._standstill.begin()
        self._tick.drop()

    def _leave_prime(self) -> None:
        self._tick.deliver(False)
        self._tick.drop()
        self._priming.end()

    def _enter(self, event: str) -> None:
        state = states.after(self.state, event)
        if state != self.state:
            self.state = state
            self._unsaved = True
            self._journal.log("state_" + state)
