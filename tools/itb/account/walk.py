"""The basal and the bridges along a run: which rates held when, and what the pump was at.

Follows the journal for what cannot be known beforehand, which is when delivery begins and ends, and when commands were
taken. Everything else is the prescription's: rates, stages and days of the plan, bridges.

After a restart the pump does not know the time of day, and runs at the lowest rate of the stage, until it is set.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from itb.account.tracks import DayPiece, DosePiece
from itb.rx.orders import MS_PER_MINUTE
from itb.rx.prescribed import DAYS_PER_WEEK, MS_PER_DAY, SATURDAY, DayRates, Prescribed
from itb.sim.messages import Event
from itb.sim.restarts import Outage

# By the pump's own time, the plan moves no sooner after it moved last. A midnight that does come sooner is one that the
# clock was set to, by more than the hour of spring and some minutes; or much of the day was without power.
PLAN_DAY_MS_MIN = (22 * 60 + 45) * MS_PER_MINUTE
THERAPY, KEEP_OPEN, BRIDGE, PRIME, STOPPED = "therapy", "keep open", "bridge", "prime", "stopped"
UNTIMED, POWER_OFF = "time unknown", "power off"
NEVER_MS = 1 << 62


@dataclass(frozen=True)
class Span:
    """What the pump was at from `from_ms` until `until_ms`."""

    from_ms: int
    until_ms: int
    mode: str


@dataclass(frozen=True)
class Loaded:
    """A program in force from `from_ms` on; its first day began at `midnight_ms`. The journal has it as `seq`."""

    from_ms: int
    midnight_ms: int
    seq: int
    prescribed: Prescribed


@dataclass(frozen=True)
class StageChange:
    """From `t_ms` on the plan is in `stage`, with its day `plan_day`; both count from 0."""

    t_ms: int
    stage: int
    plan_day: int


@dataclass
class Walked:
    """What a walk found. `programmed` holds the basal of all the time, with what the pump was at; `basal` what of it
    was asked for, and `untimed` the part of that with the time unknown. What was below a microstep is `dropped` by a
    restart, and what was below a part of its own by a program that takes over: each from a time on. In `waits`, each
    after a time and until another, the basal that follows a bridge is not yet owed. Of the bridges `given_again_steps`
    had been ordered before, and were dropped; `bridges_anew` are what they had left after restarts, each at a time."""

    loaded: list[Loaded] = field(default_factory=list[Loaded])
    programmed: list[tuple[str, DayPiece]] = field(default_factory=list[tuple[str, DayPiece]])
    basal: list[DayPiece] = field(default_factory=list[DayPiece])
    untimed: list[DayPiece] = field(default_factory=list[DayPiece])
    bridges: list[DosePiece] = field(default_factory=list[DosePiece])
    spans: list[Span] = field(default_factory=list[Span])
    stages: list[StageChange] = field(default_factory=list[StageChange])
    dropped: list[tuple[int, Fraction]] = field(default_factory=list[tuple[int, Fraction]])
    waits: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    given_again_steps: int = 0
    bridges_anew: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])


@dataclass(frozen=True)
class _Stop:
    """At `t_ms`, after the event `seq` and those of lower `rank`, something happens."""

    t_ms: int
    seq: int
    rank: int
    act: Callable[[], None]


class Walk:
    """Goes through a run once, from event to event."""

    def __init__(
        self,
        programs: Sequence[Prescribed],
        weekday: int,
        minimum_steps_day: int,
        ug_per_step: Callable[[int], Fraction],
    ) -> None:
        """The first of `programs` is in force from the start, at midnight of `weekday`; the others follow as they were
        taken. Keep-open is `minimum_steps_day`. From a time on a microstep carries `ug_per_step(t_ms)`."""
        self.found = Walked()
        self._waiting = list(programs[1:])
        self._minimum_steps_day = minimum_steps_day
        self._ug_per_step = ug_per_step
        self._t_ms = 0
        self._midnight_ms = 0
        self._weekday = weekday
        self._state = "stopped"
        self._held_down = False
        self._asked_steps = Fraction(0)
        self._bridge_open = False
        self._bridge_anew = False
        self._wait_from_ms: int | None = None
        self._untimed = False
        self._load(programs[0], 0)
        self._kinds: Mapping[str, Callable[[Event], None]] = {
            "program": self._next_program,
            "time_set": self._set_time,
            "plan_paused": lambda _: self._pause(True),
            "plan_resumed": lambda _: self._pause(False),
            "keep_open": lambda _: self._hold_down(True),
            "keep_open_end": lambda _: self._hold_down(False),
            "bridge": self._go_on_with_bridge,
            "bridge_end": lambda _: self._end_bridge(),
        }

    def through(
        self, events: Sequence[Event], changes_ms: Sequence[int], end_ms: int, outages: Sequence[Outage] = ()
    ) -> Walked:
        """What a run with these events and `outages` found until `end_ms`; pieces end at `changes_ms` too, in order."""
        stops = [_Stop(event.t_ms, event.seq, 0, partial(self._heed, event)) for event in events]
        stops += [_Stop(t_ms, NEVER_MS, 0, lambda: None) for t_ms in changes_ms]
        for outage in outages:
            stops.append(_Stop(outage.off_ms, outage.seq, 1, self._lose_power))
            if outage.on_ms is not None:
                dark_ms = outage.on_ms - outage.off_ms + outage.forgotten_ms
                stops.append(_Stop(outage.on_ms, outage.seq, 2, partial(self._restart, dark_ms)))
        for stop in sorted(stops, key=lambda one: (one.t_ms, one.seq, one.rank)):
            self._go_on_to(min(stop.t_ms, end_ms))
            stop.act()
        self._go_on_to(end_ms)
        if self._wait_from_ms is not None:
            self.found.waits.append((self._wait_from_ms, NEVER_MS))
        return self.found

    def _heed(self, event: Event) -> None:
        if event.kind.startswith("state_"):
            self._enter(event.kind.removeprefix("state_"))
        elif event.kind in self._kinds:
            self._kinds[event.kind](event)

    def _go_on_to(self, t_ms: int) -> None:
        while self._t_ms < t_ms:
            end_ms = min(t_ms, self._midnight_ms + MS_PER_DAY)
            mode = self._mode()
            if mode == BRIDGE:
                end_ms = min(end_ms, self._t_ms + self._bridge_left_ms)
            self._pass(mode, end_ms)

    def _mode(self) -> str:
        if self._state == "priming":
            return PRIME
        if self._state == "off":
            return POWER_OFF
        if self._state != "delivering":
            return STOPPED
        if self._bridge_left_ms:
            return BRIDGE
        if self._held_down:
            return KEEP_OPEN
        return UNTIMED if self._untimed else THERAPY

    def _pass(self, mode: str, end_ms: int) -> None:
        """Let the time until `end_ms` pass, all of it within a day."""
        from_ms, found = self._t_ms, self.found
        piece = DayPiece(from_ms, end_ms, self._ug_per_step(from_ms), self._rates, self._midnight_ms)
        found.programmed.append((mode, piece))
        if mode == BRIDGE:
            self._pass_bridge(end_ms)
        elif mode in (THERAPY, KEEP_OPEN, UNTIMED):
            piece = DayPiece(from_ms, end_ms, piece.ug_per_step, self._rates_in_force(), self._midnight_ms)
            found.basal.append(piece)
            if mode == UNTIMED:
                found.untimed.append(piece)
            self._asked_steps += piece.steps_by(end_ms)
        if found.spans and found.spans[-1].mode == mode:
            found.spans[-1] = Span(found.spans[-1].from_ms, end_ms, mode)
        else:
            found.spans.append(Span(from_ms, end_ms, mode))
        self._t_ms = end_ms
        if end_ms == self._midnight_ms + MS_PER_DAY:
            self._cross_midnight(goes_on=mode == THERAPY and not self._paused)

    def _rates_in_force(self) -> DayRates:
        rates = _lowest(self._prescribed, self._stage) if self._untimed else self._rates
        return rates.at_most(self._minimum_steps_day) if self._held_down else rates

    def _pass_bridge(self, end_ms: int) -> None:
        steps, duration_ms = self._bridge
        elapsed_ms = duration_ms - self._bridge_left_ms
        rate = Fraction(steps, duration_ms)
        ug_per_step = self._ug_per_step(self._t_ms)
        self.found.bridges.append(DosePiece(self._t_ms, end_ms, ug_per_step, rate, steps, duration_ms, elapsed_ms))
        self._bridge_left_ms -= end_ms - self._t_ms
        if not self._bridge_left_ms:
            self._wait_from_ms = end_ms

    def _cross_midnight(self, goes_on: bool) -> None:
        self._midnight_ms += MS_PER_DAY
        self._weekday = (self._weekday + 1) % DAYS_PER_WEEK
        if goes_on and self._t_ms >= self._plan_from_ms:
            self._plan_from_ms = self._t_ms + PLAN_DAY_MS_MIN
            self._plan_day += 1
            stage = self._prescribed.stage_of(self._plan_day)
            if stage != self._stage:
                self._stage = stage
                self.found.stages.append(StageChange(self._t_ms, stage, self._plan_day))
        self._rates = self._prescribed.rates_on(self._stage, self._weekday)

    def _enter(self, state: str) -> None:
        if state == "delivering" and self._bridge_open and not self._bridge_left_ms:
            self._wait_from_ms = self._t_ms
        elif self._wait_from_ms is not None:
            # What waited became owed when delivery ended.
            self.found.waits.append((self._wait_from_ms, self._t_ms - 1))
            self._wait_from_ms = None
        self._state = state

    def _lose_power(self) -> None:
        self._enter("off")
        dropped = self._asked_steps % 1
        self._asked_steps -= dropped
        self.found.dropped.append((self._t_ms, dropped))

    def _restart(self, dark_ms: int) -> None:
        """By its own time, the pump is `dark_ms` behind where it would be."""
        self._enter("stopped")
        self._bridge_anew = self._bridge_open
        self._plan_from_ms += dark_ms
        self._untimed = True

    def _go_on_with_bridge(self, event: Event) -> None:
        """After a stop the bridge also gives what was owed of it and dropped: its rest is planned anew. After a restart
        it is what is not taken as given."""
        steps, duration_ms = self._bridge
        left_steps = steps - steps * (duration_ms - self._bridge_left_ms) // duration_ms
        self.found.given_again_steps += max(event.a - left_steps, 0)
        if event.a > left_steps or self._bridge_anew:
            self._bridge = (event.a, max(event.b, 1))
            self._bridge_left_ms = event.b
            self._wait_from_ms = None if event.b else self._t_ms
        if self._bridge_anew:
            self.found.bridges_anew.append((self._t_ms, event.a))
        self._bridge_anew = False

    def _end_bridge(self) -> None:
        self._bridge_open = False
        if self._wait_from_ms is not None:
            self.found.waits.append((self._wait_from_ms, self._t_ms))
            self._wait_from_ms = None

    def _next_program(self, event: Event) -> None:
        # The first is there from the start.
        if event.t_ms and self._waiting:
            self._take_over(self._waiting.pop(0), event.seq)

    def _take_over(self, program: Prescribed, seq: int) -> None:
        part = Fraction(1, program.rate_den * MS_PER_DAY)
        carried = self._asked_steps % 1
        dropped = carried % part
        if dropped:
            self._asked_steps -= dropped
            self.found.dropped.append((self._t_ms, dropped))
        self._load(program, seq)

    def _load(self, program: Prescribed, seq: int) -> None:
        self._prescribed = program
        self._plan_day = 0
        self._stage = 0
        # The first midnight counts, however soon it comes.
        self._plan_from_ms = self._t_ms
        self._paused = False
        self._bridge = program.bridge or (0, 1)
        self._bridge_left_ms = program.bridge[1] if program.bridge else 0
        self._bridge_open = program.bridge is not None
        self._rates = program.rates_on(0, self._weekday)
        self._bridge_anew = False
        self.found.loaded.append(Loaded(self._t_ms, self._midnight_ms, seq, program))

    def _set_time(self, event: Event) -> None:
        if self._wait_from_ms is not None:
            # What waited becomes owed before the time of day changes.
            self.found.waits.append((self._wait_from_ms, self._t_ms))
            self._wait_from_ms = self._t_ms
        self._untimed = False
        self._midnight_ms = self._t_ms - event.a
        self._weekday = event.b
        self._rates = self._prescribed.rates_on(self._stage, self._weekday)

    def _pause(self, paused: bool) -> None:
        self._paused = paused

    def _hold_down(self, held_down: bool) -> None:
        self._held_down = held_down


def _lowest(prescribed: Prescribed, stage: int) -> DayRates:
    """The lowest rate of a stage, all day."""
    days = (prescribed.rates_on(stage, weekday) for weekday in (0, SATURDAY))
    return DayRates([(0, min(rate for day in days for rate in day.rates))])
