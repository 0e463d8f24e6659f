"""An independent model of the whole pump on exact rationals: what it must have ordered, and what it must remember.

It knows the contract and the board's numbers, and nothing of the firmware. It is told when time passes, what was sent
to the motor, which commands were taken, and what the journal says (`model_events`); it says what may be refused
(`model_refusals`).
"""

from copy import copy
from dataclasses import replace
from fractions import Fraction
from math import ceil

from model_parts import Caps, Facts, Given, Leg, Line, Remembered, Reservoir, waits_ms
from model_walk import Walk
from ordered import DAY_MS, HOUR_MS, MINUTE_MS, Ordered

IDLE_MS_MAX = 48 * HOUR_MS
DELIVERING, PRIMING, STOPPED, HALTED, INHIBITED = "delivering", "priming", "stopped", "halted", "inhibited"


class Model(Walk):
    """The pump from power-on. Times are ms of uptime."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts.minimum_steps_day)
        self.facts = facts
        self.now_ms = 0
        self.state = "boot"
        self.loads = 0
        # What was ordered: the basal exactly, legs that are over in whole microsteps, and those that are not.
        self.basal = Fraction(0)
        self.whole = 0
        # Basal that waits for the end of a bridge to be seen.
        self.pending = Fraction(0)
        self.bolus: Leg | None = None
        self.suspended: tuple[int, int] | None = None
        self.bridge: Leg | None = None
        self.bridge_total = 0
        self.bridge_granted = 0
        self.prime: Leg | None = None
        self.prime_granted = 0
        self.prime_until_ms = 0
        self.prime_allowed = False
        self.primed_ordered = 0
        self.primed_granted = 0
        self.granted = 0
        self.dropped = 0
        # All that was done so far was judged with what came before it, so no cap may withhold anything. Not so a stop,
        # a clock that is set, a plan that is held: the caps are kept then, and basal may be withheld for them.
        self.calm = True
        # How often a delivery has ended; what was owed then is dropped, and nothing is dropped otherwise.
        self.ends = 0
        self.orders_done = 0
        # Up to the last one that was begun.
        self.orders_begun = 0
        self.rung = 0
        self.line = Line()
        self.reservoir = Reservoir()
        self.caps = Caps()
        self.given = Given()
        self.remembered = Remembered()
        self.idle_from_ms: int | None = None
        self.verified_ms: int | None = None
        # It stood still when the power went: for how long is not known.
        self.was_off = False
        # The stage and weekday whose dose was noted last.
        self._noted: tuple[int, int] | None = None

    def copy(self) -> "Model":
        """The same, on its own from here on; but what was given is the truth, which is one."""
        other = copy(self)
        other.bolus, other.bridge, other.prime = (leg and replace(leg) for leg in (self.bolus, self.bridge, self.prime))
        other.reservoir = replace(self.reservoir)
        other.given = self.given.copy()
        other.remembered = self.remembered.copy()
        return other

    # What is ordered.

    @property
    def bridging(self) -> bool:
        """Whether a bridge comes, or runs, before the basal."""
        return self.bridge is not None

    @property
    def ordered(self) -> Fraction:
        """What must have become owed by now. The pump owes whole microsteps: less than one behind, and none ahead."""
        legs = (self.bolus, self.bridge, self.prime)
        return self.basal + self.whole + sum(leg.ordered for leg in legs if leg)

    @property
    def slack(self) -> Fraction:
        """How much further behind it may be: each load may drop a part of 1/86,400,000 microstep."""
        return Fraction(self.loads, DAY_MS)

    def passes(self, span_ms: int) -> None:
        """Let `span_ms` pass, as one tick sees it."""
        self.now_ms += span_ms
        self.given.passes(span_ms)
        if self.state == PRIMING and self.prime:
            self.walk(span_ms, False)
            before = self.prime.ordered
            self.prime.passes(span_ms)
            self.primed_ordered += self.prime.ordered - before
        elif self.state != DELIVERING:
            self.walk(span_ms, False)
        elif self.bridge:
            bridged_ms = min(span_ms, self.bridge.left_ms)
            self.bridge.passes(bridged_ms)
            self.walk(bridged_ms, False)
            # It waits until the loop has seen the end of the bridge: other limits hold from there on.
            self.pending += self.walk(span_ms - bridged_ms, True)
        else:
            self._flush()
            self.basal += self.walk(span_ms, True)
            if self.bolus:
                self.bolus.passes(span_ms)

    def _flush(self) -> None:
        """What waited for the end of the bridge is ordered."""
        self.basal += self.pending
        self.pending = Fraction(0)

    def marks_ms(self) -> list[int]:
        """How long until midnight, the next rate, the ends of what runs, the next scheduled bolus, and of lockouts."""
        marks = [DAY_MS - self.day_ms, self.rate_until()[1] - self.day_ms, self.order_wait_ms() or 0]
        marks += [leg.wait_ms + leg.left_ms for leg in (self.bolus, self.bridge, self.prime) if leg]
        return [*marks, *self.patient_waits_ms(), *self.trial_waits_ms()]

    # What is given.

    def sent(self, steps: int) -> None:
        """`steps` were sent to the motor now."""
        assert self.state in (DELIVERING, PRIMING), f"{steps} microsteps sent while {self.state}"
        assert self.reservoir.ng_ml
        self.granted += steps
        if self.state == PRIMING:
            self.primed_granted += steps
            self.prime_granted += steps
            assert self.prime
            assert self.prime_granted <= self.prime.steps
            return
        if self.bridge:
            self.bridge_granted += steps
        self.given.give(steps * self.caps.ng_ml)
        assert self.given.least("hour") <= self.caps.hour * self.caps.ng_ml, "more in an hour than its cap"
        assert self.given.least("day") <= self.caps.day * self.caps.ng_ml, "more in a day than its cap"

    def give(self, leg: Leg, dose: Fraction) -> None:
        """A bolus of `dose`, exact, begins."""
        assert self.state == DELIVERING
        assert not self.bridge
        assert self.time_known
        assert not self.kept_open
        assert self.bolus is None
        assert leg.steps == self.remembered.whole(dose), "a microstep of a dose is lost or made up"
        assert dose // 1 <= self.caps.bolus
        self.remembered.gave(dose)
        self.bolus = leg

    def close_bolus(self) -> None:
        """The bolus that ran does so no more."""
        assert self.bolus
        self.whole += self.bolus.ordered
        self.bolus = None

    # What commands do.

    def load(self, course: Ordered) -> None:
        """The program `course` was taken."""
        self._flush()
        self.follow(course)
        self.loads += 1
        self.rung = 0
        # What was due before was the program's before.
        self.orders_begun = 0
        self.orders_done = sum(order.at_ms < self.day_ms for order in course.boluses) if self.time_known else 0
        self.verified_ms = None
        if self.bridge:
            self.whole += self.bridge.ordered
            self.bridge = None
        if course.bridge:
            self.bridge = Leg(course.bridge[0], 0, course.bridge[1])
            self.bridge_total, self.bridge_granted = course.bridge[0], 0
        else:
            self._limit()
        if course.override:
            self.line = Line(course.ng_ml)
        self._noted = None
        self.note_dose()

    def _limit(self) -> None:
        """The limits of the program are in force, and what is given is of its concentration."""
        assert self.course
        self.given.count_in(self.course.ng_ml)
        caps = {name: min(steps, self.facts.caps[name]) for name, steps in self.course.caps.items()}
        self.caps = Caps(caps["hour"], caps["day"], caps["bolus"], self.course.ng_ml)

    def start(self) -> None:
        """Delivery begins."""
        self.state = DELIVERING
        self.idle_from_ms = None
        self.was_off = False
        self._noted = None
        self.note_dose()

    def end_delivery(self, state: str) -> None:
        """Delivery ends, if there was any, and leads to `state`. The boluses have ended before."""
        if self.state in (DELIVERING, PRIMING):
            self.ends += 1
        if self.state == DELIVERING:
            self.calm = False
            assert self.bolus is None, "a bolus outlives its delivery"
            assert self.suspended is None, "a suspended bolus outlives its delivery"
            self.idle_from_ms = self.now_ms
            self.verified_ms = None
            self._keep_bridge()
            self._flush()
        if self.state == PRIMING:
            assert self.prime
            self.whole += self.prime.ordered
            self.prime = None
        # Whatever is not granted by now never will be.
        self.dropped = self.ordered // 1 - self.granted
        self.state = state

    def _keep_bridge(self) -> None:
        """What of the bridge was owed and not granted is still in the line. It goes on no faster than before."""
        bridge = self.bridge
        owed = self.bridge_total - self.bridge_granted - bridge.left_steps if bridge else 0
        if bridge and owed:
            self.whole += bridge.ordered
            steps = bridge.left_steps + owed
            self.bridge = Leg(steps, 0, ceil(Fraction(steps * bridge.duration_ms, bridge.steps)))

    @property
    def bridge_begun(self) -> bool:
        """Whether the line may hold two concentrations."""
        return self.bridge is not None and self.bridge.left_steps < self.bridge_total

    def end_bridge(self) -> None:
        """The loop saw the end of the bridge."""
        assert self.bridge
        assert self.bridge.over
        assert self.bridge_granted == self.bridge_total, "the new drug has not reached the tip"
        self.whole += self.bridge.ordered
        self.bridge = None
        self._limit()
        self._note()

    def refill(self, fill: int, ng_ml: int, confirmed: int) -> None:
        """The reservoir was emptied, when `confirmed` microsteps had left it in all, and filled."""
        self.reservoir.wasted += self.reservoir.left(confirmed)
        self.reservoir.filled += fill
        self.reservoir.ng_ml = ng_ml
        self.prime_allowed = True
        self.verified_ms = None

    def begin_prime(self, steps: int, duration_ms: int) -> None:
        """A prime begins."""
        self.state = PRIMING
        self.prime = Leg(steps, 0, duration_ms)
        self.prime_granted = 0
        self.prime_until_ms = self.now_ms + duration_ms + MINUTE_MS
        self.prime_allowed = False
        self.line = Line(self.reservoir.ng_ml)
        self.given.count_in(self.reservoir.ng_ml)

    # What is remembered.

    def note_dose(self) -> None:
        """While therapy is delivered: the daily dose of today is in force, and what a change of concentration goes
        by."""
        if self.state == DELIVERING and not self.bridge and self._noted != (self.stage, self.weekday):
            self._note()

    def forget_noted(self) -> None:
        """The next day's dose is noted, whatever it is."""
        self._noted = None

    def _note(self) -> None:
        assert self.course
        self._noted = (self.stage, self.weekday)
        self.line = Line(self.course.ng_ml, max(self.course.totals(self.stage)))
        self.remembered.in_force(self.course.day_total(self.pattern) * self.course.ng_ml, self.now_ms)

    def idle_ms(self) -> int:
        """How long ago delivery ended."""
        return 0 if self.idle_from_ms is None else self.now_ms - self.idle_from_ms

    def order_wait_ms(self) -> int | None:
        """When the next scheduled bolus begins, from now on; None when there is none."""
        if self.course is None or self.orders_done == len(self.course.boluses):
            return None
        return self.course.boluses[self.orders_done].at_ms - (self.load_day * DAY_MS + self.day_ms)

    def patient_waits_ms(self) -> tuple[int, int]:
        """How long the patient waits for the lockout, and for the maximum of 24 h; (0, 0) when nothing is ordered."""
        patient = self.course.patient if self.course else None
        if patient is None:
            return 0, 0
        return waits_ms(self.remembered.patient_ms, patient.lockout_ms, patient.per_day, self.now_ms)

    def trial_waits_ms(self) -> tuple[int, int]:
        """The same for the next rung of the trial."""
        return waits_ms(self.remembered.trial_ms, DAY_MS, 1, self.now_ms)
