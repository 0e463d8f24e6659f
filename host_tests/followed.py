"""A pump on its bench with the model beside it: every tick, every event and every answer is held against the model."""

from array import array
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from benchtop import Benchtop
from model import DELIVERING, IDLE_MS_MAX, INHIBITED, PRIMING, Model
from model_events import LATE_MS_MAX, Told
from model_parts import Facts
from ordered import DAY_MS
from pump.app import App
from pump.core.errors import Refused
from pump.memory.journal import Journal
from pump.safety.guard import DAY_CAP, HOUR_CAP
from pump.therapy.program import Program

# What a refusal leaves in the journal, which is all that it may change.
REFUSALS = {"program_refused", "clinician_denied", "patient_denied", "trial_denied"}
BUILD_PRIME_NL = 1_000_000


def facts_of(board: ModuleType) -> Facts:
    """What the model must know of a board."""
    caps = {"hour": board.LIMIT_HOUR_STEPS, "day": board.LIMIT_DAY_STEPS, "bolus": board.LIMIT_BOLUS_STEPS}
    return Facts(
        board.TICK_MS,
        board.RESERVOIR_CAPACITY_STEPS,
        board.RESERVOIR_RESIDUAL_STEPS,
        board.MINIMUM_STEPS_DAY,
        BUILD_PRIME_NL * board.STEPS_PER_REV // board.NL_PER_REV,
        caps,
    )


def frozen(value: object, seen: dict[int, int] | None = None) -> object:
    """The firmware's objects from `value` on, as plain values: two are equal when nothing differs, down to the last
    remainder. The journal is left out, and so is what is no part of the firmware."""
    seen = {} if seen is None else seen
    if isinstance(value, int | str | bytes | None):
        return value
    if isinstance(value, Program):
        # Nothing in it ever changes.
        return ("program", id(value))
    if isinstance(value, array):
        return value.tobytes()
    if id(value) in seen:
        return ("seen", seen[id(value)])
    seen[id(value)] = len(seen)
    if isinstance(value, list | tuple):
        return tuple(frozen(item, seen) for item in value)
    if isinstance(value, dict):
        return tuple((key, frozen(item, seen)) for key, item in value.items())
    # How a refusal would read is no state.
    if isinstance(value, Journal | Refused) or not type(value).__module__.startswith("pump."):
        return None
    return (type(value).__name__, tuple((name, frozen(item, seen)) for name, item in vars(value).items()))


def refusal_of(act: Callable[[], None]) -> Refused | None:
    """Why the pump refuses to `act`; None when it does."""
    try:
        act()
    except Refused as refused:
        return refused
    return None


class Followed:
    """`pump` and `model`, moved together. Raises AssertionError as soon as they disagree."""

    def __init__(self, board: ModuleType, seed: int) -> None:
        self.top = Benchtop(board=board, seed=seed)
        self.bench = self.top.bench
        self.board = board
        self.motor_before = 0
        # Something befell the bench that may halt the pump.
        self.disturbed = False
        self._begin(Model(facts_of(board)))

    @property
    def app(self) -> App:
        """The pump."""
        return self.top.app

    @property
    def now(self) -> dict[str, Any]:
        """The pump's account of itself."""
        return self.app.status.read()

    @property
    def confirmed(self) -> int:
        """The microsteps confirmed so far."""
        return self.now["confirmed_steps"]

    def _begin(self, model: Model) -> None:
        self.model = model
        self.told = Told(model)
        self._seq = 0
        self._bursts = self.bench.step.bursts
        self._dropped = 0
        self._ends = 0
        self._events(by_command=True)

    def reboot(self) -> None:
        """The power goes and comes back: the same bench, a fresh pump. In reset nobody holds the driver."""
        self.bench.step.stop()
        self.bench.dead_man.release()
        self.motor_before = self.bench.motor.steps
        self.top.app = App(self.board, self.bench.ports)
        self.top.control = self.app.control
        self.app.open()
        self._begin(self.model.rebooted())

    def slice(self, span_ms: int, ticks: int = 1) -> None:
        """Let `ticks` ticks come, each after `span_ms`, then the loop."""
        for _ in range(ticks):
            self._tick(span_ms)
        self.app.loop.poll()
        before = self.model.orders_done
        self._events(by_command=False)
        self.model.note_dose()
        self._check_due(self.model.orders_done != before)
        self._check_alarms()

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

    def _events(self, by_command: bool) -> None:
        for event in self.app.journal.since(self._seq):
            assert event.seq == self._seq + 1
            self._seq = event.seq
            self.told.take(event.kind, event.a, event.b, by_command)
        for alarm in self.told.halted_by:
            assert self.disturbed or alarm == "reservoir_empty", alarm
        self.told.halted_by.clear()
        dropped = self.app.tick.demand.dropped.total()
        assert dropped == self._dropped or self.model.ends != self._ends, "dropped, and no delivery has ended"
        self._dropped, self._ends = dropped, self.model.ends

    def _check_due(self, handled: bool) -> None:
        """No scheduled bolus is forgotten: what is due is begun, denied or missed."""
        model = self.model
        wait_ms = model.order_wait_ms()
        if model.state != DELIVERING or not model.time_known or model.bolus or handled or wait_ms is None:
            return
        if model.pending:
            # The poll that saw the end of a bridge: F10, not mended yet.
            return
        assert wait_ms >= -LATE_MS_MAX
        if not model.bridging and not model.kept_open:
            assert wait_ms > model.facts.ahead_ms, "a scheduled bolus is forgotten"

    def _check_alarms(self) -> None:
        standing = self.app.control.alarms.standing()
        model = self.model
        assert (8 in standing) == (model.idle_ms() > IDLE_MS_MAX), "stopped_long"
        assert (14 in standing) == (model.state == DELIVERING and not model.time_known), "time_unknown"
        assert (16 in standing) == model.kept_open, "keep_open"

    # Commands.

    def command(
        self, act: Callable[[], None], must: Iterable[str], may: Callable[[Refused], bool] | None = None
    ) -> bool:
        """Give a command that must be refused for the reasons `must`, and may be where `may` says so. Whether it was
        taken. One that was refused has changed nothing."""
        reasons = list(must)
        before = frozen(self.app) if reasons or may else None
        refusal = refusal_of(act)
        if refusal is None:
            assert not reasons, f"taken, and should be refused: {reasons}"
            return True
        assert reasons or (may and may(refusal)), f"refused, and should not be: {refusal}"
        assert frozen(self.app) == before, f"changed something: {refusal}"
        kinds = [event.kind for event in self.app.journal.since(self._seq)]
        assert kinds in ([], [kind for kind in kinds[:1] if kind in REFUSALS])
        self._events(by_command=True)
        return False

    def bolus(self, act: Callable[[], None], reasons: tuple[set[int], set[int]]) -> bool:
        """Ask for a bolus that must be denied for one of the first reasons, and may be for one of the others."""
        must, may = reasons
        self.told.denials.clear()
        taken = self.command(act, map(str, must), lambda _refused: bool(may))
        self._events(by_command=True)
        assert taken == (not self.told.denials)
        assert set(self.told.denials) <= must | may, (self.told.denials, must, may)
        return taken

    def settle(self) -> None:
        """Take the events of a command that was accepted."""
        self._events(by_command=True)

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
        assert self.bench.motor.steps - self.motor_before <= model.granted
        if model.state != INHIBITED:
            assert now["failed_checks"] == []

    def _check_clock(self, now: dict[str, Any]) -> None:
        model = self.model
        assert (now["time_known"], now["keep_open"]) == (model.time_known, model.kept_open)
        if model.course:
            assert now["program_ng_ml"] == model.course.ng_ml
        if model.pending or (model.bridge and model.bridge.over):
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
        for name, true, wider in (("hour", given.hour, given.wider_hour), ("day", given.day, given.wider_day)):
            dose = now[name + "_steps"] * given.ng_ml
            assert dose >= true.look(model.now_ms), name
            assert dose <= wider.look(model.now_ms) + given.slack, name


def check_laws(now: dict[str, Any]) -> None:
    """What a status tells adds up."""
    assert now["ordered_steps"] == now["granted_steps"] + now["owed_steps"] + now["dropped_steps"]
    assert now["granted_steps"] + now["stray_steps"] == (
        now["confirmed_steps"] + now["in_flight_steps"] + now["missing_steps"] + now["abandoned_steps"]
    )
    assert now["filled_steps"] == now["reservoir_steps"] + now["confirmed_steps"] + now["wasted_steps"]
