"""Begins boluses, one at a time: the program's when they are due, all others when they are asked for."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import MS_PER_DAY, MS_PER_MINUTE
from pump.memory.journal import Journal
from pump.runtime.tick import Tick
from pump.safety import alarms as table
from pump.safety.admission import BolusAhead, refuse_unsafe_bolus
from pump.safety.guard import Guard
from pump.therapy.carry import Carry
from pump.therapy.demand import THERAPY
from pump.therapy.forecast import forecast
from pump.therapy.lockout import ALLOWED, Lockout
from pump.therapy.lockout import REASONS as LOCKOUT_REASONS
from pump.therapy.orders import BolusOrders
from pump.therapy.program import BOLUS_GAP_MS, RATE_DEN_MAX, BolusOrder, Dose, Program, read_dose

# The loop looks at a bolus this long, and at least two ticks, before its time.
BOLUS_AHEAD_MS = 2000
# A bolus that comes due late, because a tick or the loop did, is still given within this time.
BOLUS_LATE_MS = 15 * MS_PER_MINUTE
# Rungs of a screening trial come at least so far apart (requirement D-15).
TRIAL_GAP_MS = MS_PER_DAY
# Why a request is denied, beside the reasons of a lockout.
NOT_ORDERED, NOT_DELIVERING, BUSY, LIMIT, NO_TIME, KEPT_OPEN, BRIDGING, MEMORY = 3, 4, 5, 6, 7, 8, 9, 10
REASONS = LOCKOUT_REASONS + (
    "not in the program",
    "not delivering",
    "another bolus",
    "a dose limit",
    "time of day unknown",
    "keep-open rate",
    "a bridge is running",
    "memory that cannot be written",
)
NO_ONE, SCHEDULED, PATIENT, CLINICIAN, TRIAL = "", "scheduled", "patient", "clinician", "trial"


class Boluses:
    """*loop* only. What a bolus is judged by is of one moment, for which the tick is held off. Judging takes longer
    than the tick may be held off, and need not be of that moment: of the time it takes, all basal and all that was owed
    are in the judgement, nothing else can be begun, and limits change by commands only.
    """

    def __init__(
        self, tick: Tick, guard: Guard, journal: Journal, tick_ms: int, lag_ms: int, raise_alarm, save
    ) -> None:
        """A tick is due every `tick_ms`; what becomes owed goes out up to `lag_ms` later. `raise_alarm(alarm)` shows
        what the patient must know; `save()` stores what must survive a restart, and says whether it could."""
        self.running = NO_ONE
        self.suspended_steps = 0
        self._suspended_ms = 0
        # Which limit the last one would have broken.
        self._limit = None
        self._tick = tick
        self._guard = guard
        self._journal = journal
        self._ahead_ms = max(BOLUS_AHEAD_MS, 2 * tick_ms)
        self._lag_ms = lag_ms
        self._raise_alarm = raise_alarm
        self._save = save
        self._carry = Carry()
        # These outlive the program: a new one must not end a lockout.
        self._patient = Lockout()
        self._trial = Lockout()

    def follow(self, program: Program) -> None:
        """From now on the boluses of `program` are ordered."""
        self._program = program
        self._orders = BolusOrders(program)
        self._rung = 0
        basal = self._tick.demand.basal
        # What was due before the program came was the program's before it.
        while basal.time_known and self._orders.peek() and self._orders.wait_ms(basal.day, basal.day_ms) < 0:
            self._orders.done()

    def kept(self) -> dict:
        """What must survive a restart."""
        return {
            "carry": self._carry.kept(),
            "patient": self._patient.kept(),
            "trial": self._trial.kept(),
            "orders": self._orders.kept(),
            "rung": self._rung,
        }

    def restore(self, kept: dict) -> None:
        """After a restart: what was `kept`, but for what belongs to the program."""
        self._carry.restore(kept["carry"])
        self._patient.restore(kept["patient"])
        self._trial.restore(kept["trial"])

    def go_on(self, program: Program, kept: dict) -> None:
        """After a restart: `program` is in force, and what of it was given is `kept`."""
        self._program = program
        self._orders = BolusOrders(program)
        self._orders.restore(kept["orders"])
        self._rung = kept["rung"]

    def poll(self, delivering: bool) -> None:
        """See whether a bolus has ended, and begin what is due."""
        # Asked once: it may end at any moment.
        active = self._tick.demand.bolus.active
        if self.running and not active:
            self._close()
            active = self._resume_suspended()
        if not active and delivering and self._tick.demand.basal.time_known:
            self._begin_due()

    def end(self) -> None:
        """Delivery ends here: a bolus that runs, and one that is suspended, end with it."""
        if self.running:
            self._close()
        if self.suspended_steps:
            self._journal.log("bolus_cancelled", self.suspended_steps)
            self.suspended_steps = 0

    def patient_wait_ms(self) -> int:
        """How long the lockout holds the patient's bolus back; -1 when none is ordered."""
        order = self._program.patient
        if order is None:
            return -1
        return self._patient.wait(order.lockout_ms, order.per_day, self._journal.uptime_ms)[1]

    def give_to_patient(self, delivering: bool) -> None:
        """The patient asks for a bolus. Raises Refused with the reason and the time left, and logs it."""
        order = self._program.patient
        if order is None:
            raise self._denial("patient_denied", NOT_ORDERED, 0)
        reason, wait_ms = self._patient.wait(order.lockout_ms, order.per_day, self._journal.uptime_ms)
        if reason == ALLOWED:
            reason = self._reason(order.dose, delivering)
        if reason == ALLOWED:
            reason = self._begin(order.dose, PATIENT)
        if reason != ALLOWED:
            raise self._denial("patient_denied", reason, wait_ms)

    def give_trial_step(self, delivering: bool) -> None:
        """The next rung of the screening trial. Raises Refused with the reason and the time left, and logs it."""
        if self._rung >= len(self._program.trial):
            raise self._denial("trial_denied", NOT_ORDERED, 0)
        dose = self._program.trial[self._rung]
        reason, wait_ms = self._trial.wait(TRIAL_GAP_MS, 1, self._journal.uptime_ms)
        if reason == ALLOWED:
            reason = self._reason(dose, delivering)
        if reason == ALLOWED:
            reason = self._begin(dose, TRIAL)
        if reason != ALLOWED:
            raise self._denial("trial_denied", reason, wait_ms)

    def give(self, whole: int, frac: int, den: int, duration_ms: int, delivering: bool) -> None:
        """The clinician's bolus of `whole` + `frac` / `den` microsteps, now. A patient's bolus that runs is suspended
        until it is over. Raises Refused, naming field or reason, and logs it."""
        refuse_unless_int("bolus.den", den, 1, RATE_DEN_MAX)
        dose = read_dose("bolus", whole, frac, den, duration_ms)
        reason = self._reason(dose, delivering, before=PATIENT)
        if reason == ALLOWED:
            reason = self._begin(dose, CLINICIAN)
        if reason != ALLOWED:
            self._journal.log("clinician_denied", whole, reason)
            if reason == LIMIT and self._limit is not None:
                raise self._limit
            raise Refused("bolus", REASONS[reason], "a bolus that nothing stands against")

    def _denial(self, kind: str, reason: int, wait_ms: int) -> Refused:
        """Log a request that is denied; what to raise."""
        minutes = -(-wait_ms // MS_PER_MINUTE)
        self._journal.log(kind, reason, minutes)
        if reason == LIMIT and self._limit is not None:
            return self._limit
        accepted = "a request at another time"
        if minutes:
            accepted = "a request in %d h %02d min or later" % (minutes // 60, minutes % 60)
        elif reason == NOT_ORDERED:
            accepted = "what the program orders"
        return Refused("bolus", REASONS[reason], accepted)

    def _reason(self, dose: Dose, delivering: bool, before: str = NO_ONE) -> int:
        """Why `dose` cannot begin now; `before` is whose bolus gives way to it."""
        demand = self._tick.demand
        if not delivering:
            return NOT_DELIVERING
        if demand.mode != THERAPY:
            return BRIDGING
        if not demand.basal.time_known:
            return NO_TIME
        if demand.basal.held():
            return KEPT_OPEN
        if (self.running and self.running != before) or self._due_within(dose.duration_ms):
            return BUSY
        return ALLOWED

    def _due_within(self, duration_ms: int) -> bool:
        """Whether one of the program comes due before a bolus of `duration_ms`, begun now, is over and seen to be."""
        basal = self._tick.demand.basal
        if self._orders.peek() is None:
            return False
        wait_ms = self._orders.wait_ms(basal.day, basal.day_ms)
        left_ms = self._tick.demand.bolus.left_ms
        return wait_ms < left_ms + duration_ms + BOLUS_GAP_MS + self._ahead_ms

    def _begin_due(self) -> None:
        basal = self._tick.demand.basal
        self.miss_later_than(BOLUS_LATE_MS)
        order = self._orders.peek()
        if order is None or self._orders.wait_ms(basal.day, basal.day_ms) > self._ahead_ms:
            return
        if self._tick.demand.mode != THERAPY or basal.held():
            return
        steps = self._carry.steps(order.dose)
        self._orders.done()
        reason = self._begin(order.dose, SCHEDULED, order)
        if reason != ALLOWED:
            self._journal.log("bolus_denied", steps, self._wait_ms(order))
            self._raise_alarm(table.LIMIT_REACHED if reason == LIMIT else table.BOLUS_MISSED)

    def miss_later_than(self, late_ms: int) -> None:
        """Pass over the program's boluses whose time was more than `late_ms` ago."""
        basal = self._tick.demand.basal
        order = self._orders.peek()
        while order is not None and self._orders.wait_ms(basal.day, basal.day_ms) < -late_ms:
            self._journal.log("bolus_missed", order.dose.whole, order.at_ms)
            self._raise_alarm(table.BOLUS_MISSED)
            self._orders.done()
            order = self._orders.peek()

    def _begin(self, dose: Dose, source: str, order: "BolusOrder | None" = None) -> int:
        """Begin `dose`, now or when `order` is due; ALLOWED, or why not: LIMIT or MEMORY."""
        demand = self._tick.demand
        steps = self._carry.steps(dose)
        self._tick.hold_off()
        windows = self._guard.windows.copy()
        wait_ms = self._wait_ms(order)
        owed_steps = demand.owed_steps + demand.bolus.left_steps
        carried_steps = steps - dose.whole
        bolus = BolusAhead(steps, wait_ms, dose.duration_ms, owed_steps, demand.bolus.left_ms, carried_steps)
        place = demand.basal.ahead()
        self._tick.go_on()
        schedule = self._program.schedule
        try:
            refuse_unsafe_bolus(self._guard.limits, windows, bolus, self._lag_ms, lambda: forecast(schedule, place))
        except Refused as refusal:
            self._limit = refusal
            return LIMIT
        before = self.kept()
        if source == PATIENT:
            self._patient.begun(self._journal.uptime_ms)
        elif source == TRIAL:
            self._trial.begun(self._journal.uptime_ms)
            self._rung += 1
        self._carry.given(dose)
        # Stored first: a restart finds it given.
        if not self._save():
            self.restore(before)
            self._rung = before["rung"]
            return MEMORY
        if source == SCHEDULED:
            self._journal.log("bolus", steps, self._wait_ms(order))
        elif source == TRIAL:
            self._journal.log("trial_bolus", steps, before["rung"])
        else:
            self._journal.log(source + "_bolus", steps, dose.duration_ms)
        self._suspend()
        self._tick.hold_off()
        demand.bolus.arm(steps, self._wait_ms(order), dose.duration_ms)
        self._tick.go_on()
        self.running = source
        return ALLOWED

    def _suspend(self) -> None:
        """Set aside the bolus that runs, if it has not ended meanwhile."""
        bolus = self._tick.demand.bolus
        if not self.running:
            return
        self._tick.hold_off()
        self._suspended_ms = bolus.left_ms
        self.suspended_steps = bolus.cancel()
        self._tick.go_on()
        if self.suspended_steps:
            self._journal.log("patient_suspended", self.suspended_steps)
        else:
            self._journal.log("bolus_end", bolus.steps)

    def _resume_suspended(self) -> bool:
        """Go on with the bolus that was set aside; whether there is one."""
        steps = self.suspended_steps
        if steps == 0:
            return False
        self.suspended_steps = 0
        self._tick.hold_off()
        self._tick.demand.bolus.arm(steps, 0, self._suspended_ms)
        self._tick.go_on()
        self.running = PATIENT
        self._journal.log("patient_resumed", steps, self._suspended_ms)
        return True

    def _wait_ms(self, order: "BolusOrder | None") -> int:
        """From now until `order` is to begin; 0 when it is late, and when there is none."""
        basal = self._tick.demand.basal
        return max(order.wait_ms(basal.day, basal.day_ms), 0) if order else 0

    def _close(self) -> None:
        """Say how the bolus ended."""
        bolus = self._tick.demand.bolus
        self.running = NO_ONE
        if bolus.active:
            self._journal.log("bolus_cancelled", bolus.left_steps)
        else:
            self._journal.log("bolus_end", bolus.steps)
