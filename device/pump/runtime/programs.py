"""Puts programs in force: judges them, hands them to the tick, and sees a change of concentration through."""

from pump.core.errors import Refused
from pump.core.units import MS_PER_DAY, SMALL_MAX
from pump.memory.journal import Journal
from pump.runtime.tick import Tick
from pump.safety.admission import BolusAhead, refuse_unsafe_ahead, refuse_unsafe_basal
from pump.safety.guard import Guard
from pump.safety.limits import Limits, lowest
from pump.safety.reservoir import Reservoir
from pump.safety.titration import DoseHistory, refuse_steep_rise
from pump.safety.windows import DAY_MINUTES
from pump.therapy.basal import PLAN_DAY_MS_MIN, Basal
from pump.therapy.demand import BRIDGE, THERAPY
from pump.therapy.forecast import Forecast, forecast
from pump.therapy.program import Bridge, Program, nothing_ordered
from pump.therapy.schedule import SATURDAY, Schedule

NONE = -1


class Line:
    """What path and catheter hold: drug of `concentration_ng_ml`, 0 for none so far, left there by a stage of a program
    whose greatest day had `day_total` microsteps (numerator, denominator)."""

    def __init__(self, concentration_ng_ml: int, day_total: "tuple[int, int]") -> None:
        self.concentration_ng_ml = concentration_ng_ml
        self.day_total = day_total


class Programs:
    """*loop* only. `program` was loaded last; what it orders is in force, except while a bridge comes before it."""

    def __init__(
        self,
        tick: Tick,
        guard: Guard,
        reservoir: Reservoir,
        journal: Journal,
        own_limits: "list[tuple[dict, str]]",
        lag_ms: int,
    ) -> None:
        """`own_limits`: the pump's own limits, each ({"hour": steps, "day": .., "bolus": ..}, who set them). What
        becomes owed goes out up to `lag_ms` later."""
        self.program = nothing_ordered()
        self.loaded = False
        # Since the last time it was stored.
        self.changed = False
        self.line = Line(0, (0, 1))
        self._tick = tick
        self._guard = guard
        self._reservoir = reservoir
        self._journal = journal
        self._own_limits = own_limits
        self._lag_ms = lag_ms
        self._limits = guard.limits
        self._doses = DoseHistory()
        self._day = 0
        self._plan_day = 0
        self._stage = 0
        # Of the day whose dose was noted last.
        self._pattern = NONE
        self._pattern_stage = 0
        # The windows count microsteps of this concentration.
        self._unit_ng_ml = 0

    def kept(self) -> dict:
        """What must survive a restart, beside the program itself. With the tick held off."""
        limits = self._guard.limits
        demand = self._tick.demand
        return {
            "unit": self._unit_ng_ml,
            "line": [self.line.concentration_ng_ml, self.line.day_total[0], self.line.day_total[1]],
            "doses": self._doses.kept(),
            "limits": {limit.name: [limit.steps, limit.source] for limit in (limits.hour, limits.day, limits.bolus)},
            "basal": demand.basal.kept(),
            "bridge": demand.kept(),
        }

    def restore(self, kept: dict) -> None:
        """After a restart: what was `kept`, but for what belongs to the program."""
        concentration_ng_ml, total, den = kept["line"]
        self.line = Line(concentration_ng_ml, (total, den))
        self._unit_ng_ml = kept["unit"]
        self._doses.restore(kept["doses"])
        self._guard.set_limits(self._lowest_with(kept["limits"]))

    def go_on(self, source: object, kept: dict, passed_ms: int, gone_steps: int, slack_steps: int) -> None:
        """After a restart: the program `source` was in force, where what was `kept` says. Since then `passed_ms` of
        uptime passed, and `gone_steps` went, or up to `slack_steps` less: of a bridge more, unless that lets the
        stronger drug go at the rate of the weaker."""
        self.program = Program(source)
        self._limits = self._lowest_with(self.program.limits)
        self.loaded = True
        demand = self._tick.demand
        demand.basal = Basal(self.program.schedule)
        demand.basal.restore(kept["basal"], passed_ms)
        weaker = self.program.concentration_ng_ml < self.line.concentration_ng_ml
        demand.restore(kept["bridge"], gone_steps - slack_steps if weaker else gone_steps)
        self._day = demand.basal.day
        self._plan_day = demand.basal.plan_day
        self._stage = demand.basal.stage

    def begin_anew(self, source: object, kept: dict, delivering: bool) -> None:
        """After a restart: the program `source` had just been stored, to be put in force as what was `kept` says."""
        program = Program(source)
        self._put_in_force(program, self._lowest_with(program.limits))
        self._tick.demand.basal.hold_to(kept["basal"][-1])
        if not delivering:
            self.end_keep_open()

    def end_keep_open(self) -> None:
        """A program that is loaded while stopped is to be run; and a bridge would run at its full rate anyway."""
        basal = self._tick.demand.basal
        if basal.held():
            self._tick.hold_off()
            basal.hold_to(SMALL_MAX)
            self._tick.go_on()
            self._journal.log("keep_open_end")

    def load(self, source: object, delivering: bool, store) -> None:
        """Take the program `source` (see `therapy.program`), once `store(source)` has kept it, or refused. Its day 0 is
        today. What is refused is logged."""
        try:
            program, limits = self._checked(source, delivering)
            self._journal.log("program", len(program.schedule.whole), len(program.boluses))
            store(source)
        except Refused:
            self._journal.log("program_refused")
            raise
        self._put_in_force(program, limits)
        if delivering:
            self._follow_dose()

    def _put_in_force(self, program: Program, limits: Limits) -> None:
        before = self.program
        basal = Basal(program.schedule)
        demand = self._tick.demand
        self._tick.hold_off()
        basal.follow(demand.basal)
        demand.basal = basal
        self._limits = limits
        self.program = program
        if program.bridge:
            demand.begin_bridge(program.bridge.steps, program.bridge.duration_ms)
        else:
            demand.end_bridge()
            self._count_in(program.concentration_ng_ml)
            self._guard.set_limits(limits)
        self._tick.go_on()
        self._day = 0
        self._plan_day = 0
        self._stage = 0
        self._pattern = NONE
        self._tell(before)
        self.loaded = True

    def _tell(self, before: Program) -> None:
        self._journal.log("program_kept")
        if self.loaded:
            self._journal.log("titration", _floor(before.schedule.greatest_total()), self.day_total_steps())
        if self.program.override:
            self._journal.log("bridge_override", self.line.concentration_ng_ml, self.program.concentration_ng_ml)
            # Said, so it holds from here on: the line has what the reservoir has.
            self.line = Line(self.program.concentration_ng_ml, (0, 1))

    def day_total_steps(self) -> int:
        """The greatest daily total of the program, in whole microsteps."""
        return _floor(self.program.schedule.greatest_total())

    def _checked(self, source: object, delivering: bool) -> "tuple[Program, Limits]":
        if delivering and self._tick.demand.mode == BRIDGE:
            raise Refused("program", "while a bridge runs", "a program after its end, or while stopped")
        program = Program(source)
        self._check_concentration(program)
        limits = self._lowest_with(program.limits)
        schedule = program.schedule
        refuse_unsafe_basal(limits, self._lag_ms, lambda: _three_days(schedule))
        self._check_titration(program)
        if program.bridge:
            self._check_bridge_ahead(program.bridge)
        if delivering:
            place = self._tick.demand.basal.ahead()
            # Its plan begins today, whatever day of its own the one before has reached.
            self._refuse_unsafe_change(limits, schedule, [0, 0, place[2], place[3], 0, PLAN_DAY_MS_MIN])
        return program, limits

    def _check_concentration(self, program: Program) -> None:
        held = self._reservoir.concentration_ng_ml
        ordered = program.concentration_ng_ml
        line = self.line
        if held and ordered != held:
            raise Refused("concentration_ng_ml", ordered, "%d, what the reservoir holds" % held)
        if ordered == line.concentration_ng_ml or not line.concentration_ng_ml:
            if program.bridge or program.override:
                raise Refused("bridge", "a bridge or an override", "neither, where the concentration does not change")
            return
        self._check_scale(ordered)
        if program.override and not program.bridge:
            return
        if program.bridge is None or program.override:
            accepted = "either a bridge or the reason why none is needed: the line still holds %d ng/mL"
            found = "both" if program.bridge else "neither"
            raise Refused("bridge", found, accepted % line.concentration_ng_ml)
        if self._tick.demand.bridge_begun():
            raise Refused("bridge", "while one is under way", "a program after its end, or the reason for an override")
        bridge = program.bridge
        total, den = line.day_total
        if total == 0:
            raise Refused("bridge", "no daily dose before", "the reason why none is needed")
        if bridge.steps * MS_PER_DAY * den > total * bridge.duration_ms:
            accepted = "at least %d ms: no faster than the day before, %d microsteps"
            least_ms = -(-bridge.steps * MS_PER_DAY * den // total)
            raise Refused("bridge.duration_ms", bridge.duration_ms, accepted % (least_ms, total // den))

    def _check_bridge_ahead(self, bridge: Bridge) -> None:
        """Upon what was granted before, it must keep the caps that go on for it."""
        steps_day = -(-bridge.steps * MS_PER_DAY // bridge.duration_ms)
        steady = Schedule(1, [[[0, steps_day, 0]]], [[0, 0, 0]])
        self._refuse_unsafe(self._guard.limits, steady, [0, 0, 0, 0, 0, 0], "bridge")

    def _check_scale(self, ordered: int) -> None:
        """What any program may deliver in a day must stay within 30 bits when it is counted in the new microsteps."""
        day_steps = min(limits["day"] for limits, _ in self._own_limits)
        least = -(-day_steps * self.line.concentration_ng_ml // (SMALL_MAX - DAY_MINUTES - 1))
        if ordered < least:
            raise Refused("concentration_ng_ml", ordered, "at least %d ng/mL after this one" % least)

    def _lowest_with(self, others: dict) -> Limits:
        """Of the pump's own limits and `others`, by name (microsteps, source), the lowest of each."""
        chosen = []
        for name in ("hour", "day", "bolus"):
            candidates = [(limits[name], who) for limits, who in self._own_limits]
            candidates.append(others[name])
            chosen.append(lowest(name, candidates))
        return Limits(chosen[0], chosen[1], chosen[2])

    def _check_titration(self, program: Program) -> None:
        percent, source = program.titration
        schedule = program.schedule
        for first, second, third in schedule.successions():
            refuse_steep_rise(schedule.day_total(first), schedule.day_total(second), percent, source)
            refuse_steep_rise(schedule.day_total(second), schedule.day_total(third), percent, source)
        before = self._doses.lowest(self._journal.uptime_ms)
        if before is not None:
            # Its second day may begin within 24 h from now.
            for stage in (0, schedule.stage_after(0, 1)):
                for weekday in (0, SATURDAY):
                    dose = _dose(program, schedule.pattern_of(stage, weekday))
                    refuse_steep_rise(before, dose, percent, source)

    def _refuse_unsafe_change(self, limits: Limits, schedule: Schedule, place: "list[int]") -> None:
        """Raise Refused unless the basal of `schedule` from `place` on (`Basal.ahead`) fits upon what was before."""
        if not self._tick.demand.basal.time_known:
            raise Refused("basal", "time of day unknown", "a change after the time was set")
        self._refuse_unsafe(limits, schedule, place, "basal")

    def _refuse_unsafe(self, limits: Limits, schedule: Schedule, place: "list[int]", what: str) -> None:
        """What is owed, what a bolus has left and `schedule` from `place` on must keep every cap, with what was granted
        before; the refusal speaks of `what`."""
        demand = self._tick.demand
        self._tick.hold_off()
        windows = self._guard.windows.copy()
        left = BolusAhead(0, 0, 1, demand.owed_steps + demand.bolus.left_steps, demand.bolus.left_ms)
        self._tick.go_on()
        refuse_unsafe_ahead(limits, windows, left, self._lag_ms, lambda: forecast(schedule, place), what)

    def pause(self) -> None:
        """Hold the plan where it is. Never refused for what it brings: a bolus may have counted on a lower stage to
        come, and then the guard withholds basal at the cap."""
        if self._tick.demand.basal.paused:
            raise Refused("plan", "paused", "a plan that goes on")
        self._tick.demand.basal.paused = True
        self._journal.log("plan_paused", self._tick.demand.basal.plan_day)

    def resume(self) -> None:
        """Let the plan go on. Raises Refused when it is not paused, or its next days do not fit upon the last."""
        basal = self._tick.demand.basal
        if not basal.paused:
            raise Refused("plan", "not paused", "a plan that was paused")
        place = basal.ahead()
        place[4] = 0
        # During a bridge the limits are of another concentration, and no day of the plan passes.
        if self._tick.demand.mode != BRIDGE:
            self._refuse_unsafe_change(self._guard.limits, basal.schedule, place)
        basal.paused = False
        self._journal.log("plan_resumed", basal.plan_day)

    def begin(self) -> None:
        """Delivery begins: of the bridge first, where one is due."""
        demand = self._tick.demand
        if demand.mode == BRIDGE:
            self._journal.log("bridge", demand.bridge.left_steps, demand.bridge.left_ms)
        else:
            self._pattern = NONE
            self._follow_dose()

    def poll(self, delivering: bool) -> None:
        """See the bridge's end, and follow the plan."""
        demand = self._tick.demand
        if demand.mode == BRIDGE and not demand.bridge.active and demand.owed_steps == 0:
            self._end_bridge()
        if demand.basal.day != self._day or demand.basal.plan_day != self._plan_day:
            self._day = demand.basal.day
            self._plan_day = demand.basal.plan_day
            self.changed = True
        if delivering and demand.mode == THERAPY:
            if demand.basal.stage != self._stage:
                self._stage = demand.basal.stage
                self._journal.log("stage", self._stage, demand.basal.plan_day)
            self._follow_dose()

    def ready(self) -> None:
        """Raise Refused unless the program is one for what the reservoir holds."""
        held = self._reservoir.concentration_ng_ml
        if self.program.concentration_ng_ml != held:
            accepted = "a program for %d ng/mL, what the reservoir holds" % held
            raise Refused("start", "a program for %d ng/mL" % self.program.concentration_ng_ml, accepted)
        if self.line.concentration_ng_ml not in (0, held) and self._tick.demand.mode != BRIDGE:
            found = "a line that holds %d ng/mL" % self.line.concentration_ng_ml
            raise Refused("start", found, "a start after the program was loaded again, with its bridge")

    def primed(self) -> None:
        """The line was empty, and is filled from the reservoir."""
        held = self._reservoir.concentration_ng_ml
        self.line = Line(held, (0, 1))
        self._tick.hold_off()
        self._count_in(held)
        self._tick.go_on()
        self.changed = True

    def _end_bridge(self) -> None:
        """The tip gives the new concentration from now on: under the limits, and in the microsteps, of the program."""
        demand = self._tick.demand
        self._tick.hold_off()
        self._count_in(self.program.concentration_ng_ml)
        self._guard.set_limits(self._limits)
        demand.end_bridge()
        self._tick.go_on()
        self.changed = True
        self._journal.log("bridge_end", demand.bridge_steps)
        self._follow_dose()

    def _count_in(self, concentration_ng_ml: int) -> None:
        """Count what was granted so far, too, in microsteps of `concentration_ng_ml`. With the tick held off."""
        if self._unit_ng_ml not in (0, concentration_ng_ml):
            self._guard.windows.scale(self._unit_ng_ml, concentration_ng_ml)
        self._unit_ng_ml = concentration_ng_ml

    def _follow_dose(self) -> None:
        """A day of another pattern has begun: this is what the line gets, and what titration is judged by."""
        basal = self._tick.demand.basal
        if basal.pattern != self._pattern or basal.stage != self._pattern_stage:
            self._pattern = basal.pattern
            self._pattern_stage = basal.stage
            program = self.program
            self.line = Line(program.concentration_ng_ml, program.schedule.stage_total(basal.stage))
            self.changed = True
            self._doses.note(_dose(program, basal.pattern), self._journal.uptime_ms)


def _dose(program: Program, pattern: int) -> "tuple[int, int]":
    """A day's basal in microsteps times ng/mL, which compares across concentrations, as (numerator, denominator)."""
    total, den = program.schedule.day_total(pattern)
    return total * program.concentration_ng_ml, den


def _floor(total: "tuple[int, int]") -> int:
    return total[0] // total[1]


def _three_days(schedule):
    """Two walks for each three days of the schedule that can follow one another."""
    for days in schedule.successions():
        yield Forecast(schedule, 0, iter(days)), Forecast(schedule, 0, iter(days))
