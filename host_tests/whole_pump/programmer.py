"""Gives commands to a pump that is followed by the model: each is taken or refused as the model says."""

from fractions import Fraction
from typing import Any

import model_refusals as refusals
from followed import Followed
from model import DELIVERING, HALTED, INHIBITED, PRIMING, Model
from model_parts import Leg
from ordered import DAY_MS, Ordered
from pump.core.errors import Refused
from pump.runtime.control import Control

# So many slices are enough to see that nothing moves.
IDLE_SLICES = 4
SLICES_MAX = 300
# The reservoir's contents may differ from what was expected by this part of its capacity.
TOLERANCE_PARTS = 20


class Programmer:
    """Everything that one can ask of the pump `it`."""

    def __init__(self, it: Followed) -> None:
        self.it = it

    @property
    def control(self) -> Control:
        """The pump's."""
        return self.it.app.control

    @property
    def model(self) -> Model:
        """What the pump must be like."""
        return self.it.model

    def run(self, slices: int) -> None:
        """Let so many ticks pass; fewer where nothing is delivered, since nothing happens there."""
        for place in range(min(slices, SLICES_MAX)):
            if place < IDLE_SLICES or self.model.state in (DELIVERING, PRIMING):
                self.it.slice(self.it.board.TICK_MS)

    def pass_to(self, marks_ms: list[int], before_ms: int) -> None:
        """Go to `before_ms` before the nearest of these times from now on, if that is not too long."""
        left_ms = min((mark - before_ms for mark in marks_ms if mark > before_ms), default=0)
        slices, rest_ms = divmod(left_ms, self.it.board.TICK_MS)
        self.run(slices)
        if rest_ms:
            self.it.slice(rest_ms)

    def refill(self, ng_ml: int, fill: int | None = None, more: int = 0) -> None:
        """Fill with `fill`, all that goes in if None; `more` than the pump expects were drawn off."""
        now = self.it.now
        steps = self.model.facts.capacity if fill is None else fill
        withdrawn = now["reservoir_steps"] + more
        must = refusals.against_refill(self.model, steps, withdrawn, ng_ml, now["in_flight_steps"])

        def effect() -> None:
            self.it.bench.refill(steps, ng_ml)
            self.model.refill(steps, ng_ml, now["confirmed_steps"])

        if self.it.command(lambda: self.control.refill(steps, withdrawn, ng_ml), must, effect=effect):
            expected = abs(more) <= self.model.facts.capacity // TOLERANCE_PARTS
            assert expected or "residual_mismatch" in self.it.now["alarms"]

    def load(self, source: dict[str, Any]) -> None:
        """Load the device program `source`."""
        course = Ordered(source)

        def may(refused: Refused) -> bool:
            field = str(refused.field)
            if field.startswith("bridge of"):
                return refusals.may_refuse_bridge(self.model, course)
            return field.startswith("basal") and refusals.may_refuse_basal(self.model, course)

        self.it.command(
            lambda: self.control.load(source),
            refusals.against_load(self.model, course),
            may,
            lambda: self.model.load(course),
            course=course,
        )

    def start(self) -> None:
        """Begin to deliver."""
        must = refusals.against_start(self.model, self.it.confirmed)
        if self.it.command(lambda: self.control.start(), must, untold=lambda: self.model.start()):
            wait_ms = self.model.order_wait_ms()
            assert wait_ms is None or wait_ms >= 0 or not self.model.time_known

    def stop(self) -> None:
        """Stop, which is never refused."""
        if self.it.command(lambda: self.control.stop(), []):
            assert self.model.state not in (DELIVERING, PRIMING)

    def acknowledge(self) -> None:
        """See the alarms."""
        if self.it.command(lambda: self.control.acknowledge(), ["state"] if self.model.state == INHIBITED else []):
            assert self.model.state != HALTED

    def verify(self, more_total: int = 0, more_left: int = 0) -> None:
        """Read back the daily total and what the reservoir holds, or so many microsteps more."""
        now = self.it.now
        total = self.model.course.greatest_total() // 1 if self.model.course else 0
        read = (total + more_total, now["reservoir_steps"] + more_left)
        must = refusals.against_verify(self.model, *read, now["confirmed_steps"])

        def effect() -> None:
            self.model.verified_ms = self.model.now_ms

        self.it.command(lambda: self.control.verify(*read), must, effect=effect)

    def set_time(self, day_ms: int, weekday: int) -> None:
        """Set the clock."""
        must = [] if 0 <= day_ms < DAY_MS and 0 <= weekday <= 6 else ["range"]

        def effect() -> None:
            self.model.calm = self.model.calm and self.model.course is None

        self.it.command(lambda: self.control.set_time(day_ms, weekday), must, effect=effect)

    def pause_or_resume(self) -> None:
        """Hold the plan, or let it go on."""
        model, lives = self.model, self.it.lives

        def pause() -> None:
            model.paused = True
            model.calm = False

        def resume() -> None:
            model.paused = False

        paused = self.it.command(lambda: self.control.pause_plan(), ["paused"] if model.paused else [], effect=pause)
        if paused or self.it.lives != lives:
            return
        # During a bridge no day of the plan passes, so that nothing is judged.
        must = [] if model.time_known or model.bridging else ["time of day unknown"]

        def may(_refused: Refused) -> bool:
            return not model.bridging and refusals.may_pass_a_cap(model, model.course, 0)

        self.it.command(lambda: self.control.resume_plan(), must, may, resume)

    def keep_open(self, kept_open: bool) -> None:
        """Change to the minimum rate, or back to the program."""
        act = self.control.keep_open if kept_open else self.control.run_program
        self.model.calm = False
        self.it.command(act, refusals.against_ceiling(self.model, kept_open))

    def patient(self) -> None:
        """The patient asks."""

        def untold() -> None:
            assert self.model.course
            assert self.model.course.patient
            self.model.remembered.gave(self.model.course.patient.steps)
            self.model.remembered.patient_ms.append(self.model.now_ms)

        self.it.bolus(lambda: self.control.request_bolus(), refusals.against_patient(self.model), untold)

    def trial(self) -> None:
        """The next rung of the trial."""

        def untold() -> None:
            assert self.model.course
            self.model.remembered.gave(self.model.course.trial[self.model.rung][0])
            self.model.remembered.trial_ms.append(self.model.now_ms)
            self.model.rung += 1

        self.it.bolus(lambda: self.control.give_trial_step(), refusals.against_trial(self.model), untold)

    def clinician(self, whole: int, frac: int, den: int, duration_ms: int) -> None:
        """The clinician's bolus."""
        dose = whole + Fraction(frac, den)
        reasons = refusals.against_bolus(self.model, dose, duration_ms, "clinician")
        self.it.told.asked = dose

        def untold() -> None:
            self.model.remembered.gave(dose)

        self.it.bolus(lambda: self.control.give_bolus(whole, frac, den, duration_ms), reasons, untold)

    def prime(self, steps: int, duration_ms: int, emptied: bool) -> None:
        """Fill path and catheter."""
        must = refusals.against_prime(self.model, Leg(steps, 0, duration_ms), emptied, self.it.confirmed)
        self.it.command(
            lambda: self.control.prime(steps, duration_ms, emptied),
            must,
            untold=lambda: self.model.begin_prime(steps, duration_ms),
        )
