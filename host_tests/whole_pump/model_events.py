"""What the pump's journal says, held against the model, which is moved on by it."""

from collections.abc import Callable
from fractions import Fraction

from model import HALTED, INHIBITED, STOPPED, Model
from model_parts import Leg
from model_refusals import DAY_MAXIMUM, LOCKOUT, against_start, may_pass_a_cap, whole_minutes
from ordered import DAY_MS, MINUTE_MS, Order
from pump.safety.alarms import HALT, MOTOR, NAME, TABLE

LATE_MS_MAX = 15 * MINUTE_MS
HALTING = {alarm: row[NAME] for alarm, row in enumerate(TABLE) if row[MOTOR] == HALT}
# What becomes of the pump by these is told by the command that was taken.
TOLD_BY_COMMAND = {
    "program",
    "program_kept",
    "program_refused",
    "titration",
    "refill",
    "refill_kept",
    "restart",
    "not_resumed",
    "residual",
    "time_set",
    "verified",
    "bridge_override",
    "plan_paused",
    "plan_resumed",
    "clinician_bolus",
    "patient_bolus",
    "trial_bolus",
    "clinician_denied",
    "patient_denied",
    "trial_denied",
    "patient_suspended",
    "keep_open",
    "keep_open_end",
    "prime",
    "bridge",
    "state_delivering",
    "state_priming",
}


class Told:
    """Takes events one by one. `halted_by` are the alarms that halted the pump, `denials` why boluses were denied."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.halted_by: list[str] = []
        self.denials: list[int] = []
        # The exact dose that was asked for by the command.
        self.asked = Fraction(0)
        # Why delivery did not go on after a restart.
        self.stays: list[str] = []
        # What waits for the patient's bolus to give way.
        self._coming: Leg | None = None
        self._handlers: dict[str, Callable[[int, int], None]] = {
            "state_stopped": lambda _a, _b: model.end_delivery(STOPPED),
            "state_halted": lambda _a, _b: model.end_delivery(HALTED),
            "state_inhibited": lambda _a, _b: model.end_delivery(INHIBITED),
            "state_delivering": lambda _a, _b: model.start(),
            "alarm": self._alarm,
            "bolus": self._bolus,
            "bolus_missed": self._bolus_missed,
            "bolus_denied": self._bolus_denied,
            "bolus_end": self._bolus_end,
            "bolus_cancelled": self._bolus_cancelled,
            "clinician_bolus": self._clinician_bolus,
            "patient_bolus": self._patient_bolus,
            "trial_bolus": self._trial_bolus,
            "clinician_denied": lambda _whole, reason: self.denials.append(reason),
            "patient_denied": self._patient_denied,
            "trial_denied": self._trial_denied,
            "patient_suspended": self._patient_suspended,
            "patient_resumed": self._patient_resumed,
            "bridge": self._bridge,
            "bridge_end": self._bridge_end,
            "prime": self._prime,
            "prime_end": self._prime_end,
            "prime_cancelled": self._prime_cancelled,
            "prime_timeout": self._prime_timeout,
            "stage": self._stage,
            "time_set": model.set_time,
            "not_resumed": lambda _a, _b: self.not_resumed(),
            "keep_open": lambda _a, _b: self._keep_open(True),
            "keep_open_end": lambda _a, _b: self._keep_open(False),
        }

    def take(self, kind: str, a: int, b: int, by_command: bool) -> None:
        """One event. Fails on one that should not have come to be, or that says something else than the model."""
        assert by_command or kind not in TOLD_BY_COMMAND, f"{kind} by itself"
        if kind in self._handlers:
            self._handlers[kind](a, b)

    def _alarm(self, alarm: int, _priority: int) -> None:
        if alarm in HALTING:
            self.halted_by.append(HALTING[alarm])

    def _next_order(self) -> Order:
        course = self.model.course
        assert course
        assert self.model.orders_done < len(course.boluses)
        return course.boluses[self.model.orders_done]

    def _bolus(self, steps: int, wait_ms: int) -> None:
        model, order = self.model, self._next_order()
        late_ms = -(model.order_wait_ms() or 0)
        assert wait_ms == max(-late_ms, 0)
        assert late_ms <= LATE_MS_MAX
        assert wait_ms <= model.facts.ahead_ms
        model.give(Leg(steps, wait_ms, order.duration_ms, "scheduled"), order.steps)
        model.orders_done += 1
        model.orders_begun = model.orders_done

    def _bolus_missed(self, whole: int, at_ms: int) -> None:
        order = self._next_order()
        assert (whole, at_ms) == (order.steps // 1, order.at_ms % DAY_MS)
        wait_ms = self.model.order_wait_ms()
        assert wait_ms is not None
        assert wait_ms < 0
        self.model.orders_done += 1

    def _bolus_denied(self, steps: int, _wait_ms: int) -> None:
        order = self._next_order()
        model = self.model
        assert steps == model.remembered.whole(order.steps)
        assert order.steps // 1 > model.caps.bolus or may_pass_a_cap(model, model.course, steps)
        model.orders_done += 1

    def _bolus_end(self, steps: int, _b: int) -> None:
        bolus = self.model.bolus
        assert bolus
        assert steps == bolus.steps
        # One of no microsteps may be suspended, and has nothing to resume.
        assert bolus.over or steps == 0
        self.model.close_bolus()
        self._comes()

    def _bolus_cancelled(self, left_steps: int, _b: int) -> None:
        model = self.model
        if model.bolus:
            assert left_steps == model.bolus.left_steps
            self.model.close_bolus()
        else:
            assert model.suspended
            assert left_steps == model.suspended[0]
            model.suspended = None

    def _clinician_bolus(self, steps: int, duration_ms: int) -> None:
        self._coming = Leg(steps, 0, duration_ms, "clinician")
        self._comes()

    def _comes(self) -> None:
        """The clinician's bolus begins, once the patient's has given way."""
        if self._coming and not self.model.bolus:
            leg, self._coming = self._coming, None
            self.model.give(leg, self.asked)

    def _patient_bolus(self, steps: int, duration_ms: int) -> None:
        course = self.model.course
        assert course
        assert course.patient
        assert duration_ms == course.patient.duration_ms
        self.model.give(Leg(steps, 0, duration_ms, "patient"), course.patient.steps)
        self.model.remembered.patient_ms.append(self.model.now_ms)

    def _trial_bolus(self, steps: int, rung: int) -> None:
        model = self.model
        assert model.course
        assert rung == model.rung
        dose, duration_ms = model.course.trial[rung]
        model.give(Leg(steps, 0, duration_ms, "trial"), dose)
        model.rung += 1
        model.remembered.trial_ms.append(model.now_ms)

    def _patient_denied(self, reason: int, minutes: int) -> None:
        self._denied(reason, minutes, self.model.patient_waits_ms())

    def _trial_denied(self, reason: int, minutes: int) -> None:
        self._denied(reason, minutes, self.model.trial_waits_ms())

    def _denied(self, reason: int, minutes: int, waits_ms: tuple[int, int]) -> None:
        self.denials.append(reason)
        if reason in (LOCKOUT, DAY_MAXIMUM):
            assert minutes == whole_minutes(max(waits_ms))
            assert reason == (LOCKOUT if waits_ms[0] >= waits_ms[1] else DAY_MAXIMUM)
        else:
            assert minutes == 0

    def _patient_suspended(self, left_steps: int, _b: int) -> None:
        bolus = self.model.bolus
        assert bolus
        assert bolus.source == "patient"
        assert left_steps == bolus.left_steps
        self.model.suspended = (left_steps, bolus.left_ms)
        self.model.close_bolus()
        self._comes()

    def _patient_resumed(self, left_steps: int, left_ms: int) -> None:
        assert self.model.bolus is None
        assert self.model.suspended == (left_steps, left_ms)
        self.model.suspended = None
        self.model.bolus = Leg(left_steps, 0, left_ms, "patient")

    def _bridge(self, left_steps: int, left_ms: int) -> None:
        bridge = self.model.bridge
        assert bridge
        assert (left_steps, left_ms) == (bridge.left_steps, bridge.left_ms)

    def _bridge_end(self, steps: int, _b: int) -> None:
        assert steps == self.model.bridge_total
        self.model.end_bridge()

    def _prime(self, steps: int, duration_ms: int) -> None:
        self.model.begin_prime(steps, duration_ms)

    def _prime_end(self, steps: int, _b: int) -> None:
        prime = self.model.prime
        assert prime
        assert prime.over
        assert steps == prime.steps == self.model.prime_granted

    def _prime_cancelled(self, left_steps: int, _b: int) -> None:
        assert self.model.prime
        assert left_steps == self.model.prime.steps - self.model.prime_granted

    def _prime_timeout(self, left_steps: int, _b: int) -> None:
        assert self.model.now_ms > self.model.prime_until_ms
        self._prime_cancelled(left_steps, 0)

    def not_resumed(self) -> None:
        """The pump delivered before the power went, and does not now."""
        self.stays = list(against_start(self.model, self.model.granted))
        self.model.idle_from_ms = self.model.now_ms
        self.model.was_off = True

    def _stage(self, stage: int, plan_day: int) -> None:
        assert (stage, plan_day) == (self.model.stage, self.model.plan_day)

    def _keep_open(self, kept_open: bool) -> None:
        assert self.model.bolus is None
        assert self.model.suspended is None
        self.model.kept_open = kept_open
