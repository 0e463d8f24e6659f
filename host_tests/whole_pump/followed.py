"""A pump on its bench with the model beside it: every tick, every event and every answer is held against the model."""

from collections.abc import Callable, Iterable
from typing import Any

from frozen import frozen
from lives import Lives, orders_done
from model import DELIVERING, IDLE_MS_MAX, INHIBITED, PRIMING
from model_events import LATE_MS_MAX
from model_restart import unlike
from ordered import DAY_MS, HOUR_MS, Ordered
from pump.core.errors import Refused
from pump.safety.alarms import KEEP_OPEN, STOPPED_LONG, TIME_UNKNOWN
from pump.safety.guard import DAY_CAP, HOUR_CAP
from twin.flash.nor import PowerCut

# What a refusal leaves in the journal, which is all that it may change.
REFUSALS = {"program_refused", "clinician_denied", "patient_denied", "trial_denied"}
# The first that is told of something that was stored before.
TELLING = {"state_delivering", "prime", "clinician_bolus", "patient_bolus", "trial_bolus"}


def stands(before: tuple[bytes | None, bytes | None], after: tuple[bytes | None, bytes | None]) -> bool:
    """Whether the program that was being written, in two copies, takes force: nothing else is there that would be known
    to be in force."""
    changed = [old != new for old, new in zip(before, after, strict=True)]
    return all(changed) or (any(changed) and before == (None, None))


def refusal_of(act: Callable[[], None]) -> Refused | None:
    """Why the pump refuses to `act`; None when it does."""
    try:
        act()
    except Refused as refused:
        return refused
    return None


class Followed(Lives):
    """`pump` and `model`, moved together. Raises AssertionError as soon as they disagree."""

    def slice(self, span_ms: int, ticks: int = 1) -> None:
        """Let `ticks` ticks come, each after `span_ms`, then the loop."""
        for _ in range(ticks):
            self._tick(span_ms)
        self._poll()

    def middle(self, span_ms: int, ticks: int) -> None:
        """`ticks` come and the loop does not, and `span_ms` pass after the last: then comes what comes."""
        for _ in range(ticks):
            self._tick(self.board.TICK_MS)
        if span_ms:
            self.bench.advance(span_ms)

    def _poll(self) -> None:
        try:
            self.app.loop.poll()
        except PowerCut:
            self._cut_in_poll()
            return
        before, ends = self.model.orders_done, self.model.ends
        self._events(by_command=False)
        self.model.note_dose()
        self._check_due(self.model.orders_done != before)
        if self.model.ends == ends:
            # What goes with a delivery that has just ended goes with the next poll.
            self._check_alarms()
        self._note_record()
        self._check_stored()

    def _cut_in_poll(self) -> None:
        if self.nvm.records != self._records:
            self._events(by_command=False)
            self.model.note_dose()
            if orders_done(self.nvm) > self.model.orders_done:
                self._begun_untold()
        self._note_record()
        self._after_cut()

    def _begun_untold(self) -> None:
        """A bolus of the program was stored as given, and the power went before it was armed."""
        model = self.model
        assert model.course
        model.remembered.gave(model.course.boluses[model.orders_done].steps)
        model.orders_done += 1
        model.orders_begun = model.orders_done

    def _check_stored(self) -> None:
        """After each poll all that must not be lost is stored, and little time may be."""
        assert self._record
        if self.model.state != INHIBITED:
            lost = unlike(self.model, self._record.model)
            assert not lost, f"a cut now would lose: {lost}"
            assert self.model.now_ms - self._record.model.now_ms < HOUR_MS

    def _tick(self, span_ms: int) -> None:
        tick, step, dead_man = self.app.tick, self.bench.step, self.bench.dead_man
        withheld = list(tick._guard.withheld_ticks)
        self.model.calm = self.model.calm and span_ms <= self.board.TICK_MS and not self.disturbed
        self.bench.advance(span_ms)
        free = dead_man.held() and not step.busy()
        tick.run_once()
        self.model.passes(span_ms)
        if step.bursts != self._bursts:
            assert step.bursts == self._bursts + 1
            self._bursts = step.bursts
            self.model.sent(step.burst_steps)
        if free and tick.delivering and not tick._halt.reasons and list(tick._guard.withheld_ticks) == withheld:
            assert tick.demand.owed_steps == 0, "kept back for no reason"

    def _check_due(self, handled: bool) -> None:
        """No scheduled bolus is forgotten: what is due is begun, denied or missed."""
        model = self.model
        wait_ms = model.order_wait_ms()
        if model.state != DELIVERING or not model.time_known or model.bolus or handled or wait_ms is None:
            return
        assert wait_ms >= -LATE_MS_MAX
        if not model.bridging and not model.kept_open:
            assert wait_ms > model.facts.ahead_ms, "a scheduled bolus is forgotten"

    def _check_alarms(self) -> None:
        standing = self.app.control.alarms.standing()
        model = self.model
        assert (STOPPED_LONG in standing) == (model.idle_ms() > IDLE_MS_MAX), "stopped_long"
        assert (TIME_UNKNOWN in standing) == (model.state == DELIVERING and not model.time_known), "time_unknown"
        assert (KEEP_OPEN in standing) == model.kept_open, "keep_open"

    # Commands.

    def command(
        self,
        act: Callable[[], None],
        must: Iterable[str],
        may: Callable[[Refused], bool] | None = None,
        effect: Callable[[], None] | None = None,
        untold: Callable[[], None] | None = None,
        course: Ordered | None = None,
    ) -> bool:
        """Give a command that must be refused for the reasons `must`, and may be where `may` says so. Whether it was
        taken. One that was refused has changed nothing.

        `effect` is what it does to the model, beside what is told by events. When the power goes in it, it is done once
        its record is stored, or for a program `course` once that is; else nothing is. `untold` is what no event told
        until then.
        """
        reasons = list(must)
        before, noted = frozen(self.app) if reasons or may else None, self._noted()
        programs = self.nvm.programs()
        try:
            refusal = refusal_of(act)
        except PowerCut:
            assert not (reasons and self.nvm.records != self._records), f"stored, and should be refused: {reasons}"
            if course and stands(programs, self.nvm.programs()):
                self._pending = course
            self._cut_in_command(effect, untold)
            return False
        if refusal is None:
            assert not reasons, f"taken, and should be refused: {reasons}"
            if effect:
                effect()
            self._events(by_command=True)
            self._note_record(noted)
            return True
        assert reasons or (may and may(refusal)), f"refused, and should not be: {refusal}"
        assert frozen(self.app) == before, f"changed something: {refusal}"
        kinds = [event.kind for event in self.app.journal.since(self._seq)]
        assert kinds in ([], [kind for kind in kinds[:1] if kind in REFUSALS])
        self._events(by_command=True)
        return False

    def _cut_in_command(self, effect: Callable[[], None] | None, untold: Callable[[], None] | None) -> None:
        if self.nvm.records != self._records:
            noted = self._noted()
            if effect:
                effect()
            kinds = [event.kind for event in self.app.journal.since(self._seq)]
            self._events(by_command=True)
            if untold and not set(kinds) & TELLING:
                untold()
            self._note_record(noted)
        self._after_cut()

    def bolus(self, act: Callable[[], None], reasons: tuple[set[int], set[int]], untold: Callable[[], None]) -> bool:
        """Ask for a bolus that must be denied for one of the first reasons, and may be for one of the others."""
        must, may = reasons
        self.told.denials.clear()
        lives = self.lives
        taken = self.command(act, map(str, must), lambda _refused: bool(may), untold=untold)
        if self.lives == lives:
            assert taken == (not self.told.denials)
            assert set(self.told.denials) <= must | may, (self.told.denials, must, may)
        return taken

    # Laws.

    def check(self) -> None:
        """What holds at every moment."""
        now, model = self.now, self.model
        assert self.app.tick._holds == 0
        check_laws(now)
        assert now["state"] == model.state
        assert self.app.tick.delivering == (model.state in (DELIVERING, PRIMING))
        self._check_clock(now)
        self._check_ordered(now)
        self._check_windows(now)
        reservoir = model.reservoir
        assert now["concentration_ng_ml"] == reservoir.ng_ml
        assert (now["filled_steps"], now["wasted_steps"]) == (reservoir.filled, reservoir.wasted)
        assert now["reservoir_steps"] == reservoir.left(now["confirmed_steps"])
        assert now["idle_ms"] == model.idle_ms()
        wait_ms = max(model.patient_waits_ms()) if model.course and model.course.patient else -1
        assert now["patient_wait_ms"] == wait_ms
        assert self.seen <= now["confirmed_steps"] + now["in_flight_steps"], "delivered and not accounted for"
        assert now["confirmed_steps"] <= self.seen + self._over, "accounted for and not delivered"
        assert self.bench.motor.steps <= model.granted + self._uncounted
        if model.state != INHIBITED:
            assert now["failed_checks"] == []

    def _check_clock(self, now: dict[str, Any]) -> None:
        model = self.model
        assert (now["time_known"], now["keep_open"]) == (model.time_known, model.kept_open)
        if model.course:
            assert now["program_ng_ml"] == model.course.ng_ml
        if model.bridge and model.bridge.over:
            # The basal stands still until the loop has seen the end of the bridge.
            return
        ours = (model.load_day, model.day_ms, model.weekday, model.stage, model.plan_day, model.paused)
        theirs = tuple(now[name] for name in ("day", "day_ms", "weekday", "stage", "plan_day", "plan_paused"))
        assert theirs == ours, f"clock and plan: {theirs}, not {ours}"

    def _check_ordered(self, now: dict[str, Any]) -> None:
        model = self.model
        behind = model.ordered - now["ordered_steps"]
        assert behind >= 0, "ahead of what was ordered"
        assert behind < 1 + model.slack, "a microstep behind what was ordered"
        assert now["granted_steps"] == model.granted
        assert (now["primed_ordered_steps"], now["primed_steps"]) == (model.primed_ordered, model.primed_granted)
        delivering = model.state in (DELIVERING, PRIMING)
        if not delivering:
            assert now["owed_steps"] == 0
            assert now["rate_steps_day"] == 0
        assert now["suspended_steps"] == (model.suspended[0] if model.suspended else 0)
        assert now["bolus_left_steps"] == (model.bolus.left_steps if model.bolus else 0)
        bridge = model.bridge
        assert (now["bridge_left_steps"], now["bridge_left_ms"]) == (
            (bridge.left_steps, bridge.left_ms) if bridge else (0, 0)
        )
        leg = model.prime if model.state == PRIMING else bridge or model.bolus
        rate = 0 if bridge or model.state == PRIMING else model.rate_until()[0] // 1
        if leg and not leg.over and not leg.wait_ms:
            rate += leg.steps * DAY_MS // leg.duration_ms
        if delivering:
            assert now["rate_steps_day"] == rate

    def _check_windows(self, now: dict[str, Any]) -> None:
        """The pump's windows are never less than the true ones, and no more than a whole minute more."""
        model = self.model
        given = model.given
        if model.calm:
            assert now["withheld_ticks"][HOUR_CAP] == now["withheld_ticks"][DAY_CAP] == 0, "basal gave way to a bolus"
        for name in ("hour", "day"):
            dose = now[name + "_steps"] * given.ng_ml
            assert given.least(name) <= dose <= given.most(name), name


def check_laws(now: dict[str, Any]) -> None:
    """What a status tells adds up."""
    assert now["ordered_steps"] == now["granted_steps"] + now["owed_steps"] + now["dropped_steps"]
    assert now["granted_steps"] + now["stray_steps"] == (
        now["confirmed_steps"] + now["in_flight_steps"] + now["missing_steps"] + now["abandoned_steps"]
    )
    assert now["filled_steps"] == now["reservoir_steps"] + now["confirmed_steps"] + now["wasted_steps"]
