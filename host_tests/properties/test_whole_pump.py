"""The whole pump, driven with random commands on its bench, against an independent model on exact rationals.

No sequence of commands exceeds a cap, breaks conservation or a lockout, moves the motor while nothing is delivered, or
orders anything but what the model orders. What is looked at after each step: `followed.Followed.check`.

`ITB_WHOLE_PUMP=long` runs many more and longer stories (about an hour); nothing else does.
"""

import os
from dataclasses import replace
from functools import cache
from types import ModuleType

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from courses import CONCENTRATIONS, DURATIONS_MS, PART, PARTS, SKETCHES, Sketch, program_of
from followed import Followed
from model import DELIVERING, PRIMING, STOPPED, Model
from ordered import DAY_MS, HOUR_MS, MINUTE_MS
from programmer import Programmer
from rig import board_module
from twin.flash.nor import WAYS

LONG = os.environ.get("ITB_WHOLE_PUMP") == "long"
EXAMPLES, STEPS = (10_000, 100) if LONG else (200, 50)
TICKS_MS = (10_000, MINUTE_MS, 15 * MINUTE_MS)
# A fault is seen within so many slices, if anything is sent.
FAULT_SLICES = 12

CLINICIANS_DOSES = st.tuples(
    st.one_of(st.integers(0, 60), st.integers(0, 3000)), st.integers(0, 6), st.sampled_from([7, 1000]), DURATIONS_MS
)
# The time of day, which may be unknown.
TIMES_OR_NONE = st.integers(0, DAY_MS + DAY_MS // 8).map(lambda day_ms: day_ms if day_ms < DAY_MS else None)
BEFORE_MS = st.sampled_from([-1, 0, 1, 700, 30_000])
# At which write the power goes, and what it leaves of that.
CUTS = st.tuples(st.integers(1, 12), st.sampled_from(WAYS))
# What a reset is taken for, and how long the pump is off.
ENDINGS = st.one_of(
    st.tuples(st.sampled_from(["watchdog", "soft", "other"]), st.just(0)),
    st.tuples(st.just("power"), st.one_of(st.integers(0, 2 * HOUR_MS), st.integers(0, 4 * DAY_MS))),
)

board_of = cache(board_module)


def board(tick_ms: int) -> ModuleType:
    """The simulated bench with another tick."""
    return board_of("sim", tick_ms)


class WholePump(RuleBasedStateMachine):
    """One pump, from power-on."""

    def __init__(self) -> None:
        super().__init__()
        self._power(MINUTE_MS, 1)

    def _power(
        self, tick_ms: int, seed: int, wall_clock: bool = False, first_cut: tuple[int, str] | None = None
    ) -> None:
        self.it = Followed(board(tick_ms), seed, wall_clock, first_cut)
        self.programmer = Programmer(self.it)

    @initialize(
        tick_ms=st.sampled_from(TICKS_MS),
        seed=st.integers(0, 1 << 20),
        sketch=SKETCHES,
        ng_ml=st.sampled_from(CONCENTRATIONS),
        day_ms=TIMES_OR_NONE,
        weekday=st.integers(0, 6),
        wall_clock=st.booleans(),
        first_cut=st.one_of(st.none(), st.none(), CUTS),
    )
    def power_on(
        self,
        tick_ms: int,
        seed: int,
        sketch: Sketch,
        ng_ml: int,
        day_ms: int | None,
        weekday: int,
        wall_clock: bool,
        first_cut: tuple[int, str] | None,
    ) -> None:
        self._power(tick_ms, seed, wall_clock, first_cut)
        self._commission(sketch, ng_ml, day_ms, weekday)

    def _commission(self, sketch: Sketch, ng_ml: int, day_ms: int | None, weekday: int) -> None:
        """Set the time, fill, program and start; with a simpler program when the first is refused."""
        if day_ms is not None:
            self.programmer.set_time(day_ms, weekday)
        self.programmer.refill(ng_ml)
        self.programmer.load(program_of(sketch, self.model, ng_ml))
        if self.model.course is None:
            tame = replace(sketch, patterns=sketch.patterns[:1], spare=(None, None))
            self.programmer.load(program_of(tame, self.model, ng_ml))
        self.programmer.start()

    @property
    def model(self) -> Model:
        return self.it.model

    @property
    def held_ng_ml(self) -> int:
        """What the reservoir holds, or what one would fill in first."""
        return self.model.reservoir.ng_ml or CONCENTRATIONS[0]

    # Time.

    @rule(spans_ms=st.lists(st.integers(1, 3000), min_size=1, max_size=20), ticks=st.integers(1, 3))
    def moments_pass(self, spans_ms: list[int], ticks: int) -> None:
        for span_ms in spans_ms:
            self.it.slice(span_ms, ticks)

    @rule(slices=st.integers(1, 150))
    def ticks_pass(self, slices: int) -> None:
        self.programmer.run(slices)

    @rule(
        quarters=st.lists(st.integers(1, 16), min_size=1, max_size=8),
        count=st.integers(1, 60),
        odd_ms=st.integers(-5, 5),
    )
    def uneven_slices_pass(self, quarters: list[int], count: int, odd_ms: int) -> None:
        """Early ticks and late ones, which the dead man's switch outlasts."""
        tick_ms = self.it.board.TICK_MS
        for place in range(count):
            self.it.slice(min(quarters[place % len(quarters)] * tick_ms // 4, 15 * MINUTE_MS) + odd_ms)

    @rule(before_ms=BEFORE_MS)
    def time_passes_to_the_next_change(self, before_ms: int) -> None:
        """To just before, at or after what comes next: midnight, change of rate, end of a bolus, the next one."""
        self.programmer.pass_to(self.model.marks_ms(), before_ms)

    @rule(before_ms=BEFORE_MS)
    def time_passes_to_midnight(self, before_ms: int) -> None:
        self.programmer.pass_to([DAY_MS - self.model.day_ms], before_ms)

    @precondition(lambda self: self.model.state not in (DELIVERING, PRIMING))
    @rule(
        hours=st.sampled_from([1, 5, 23, 24, 47, 48]),
        minutes=st.integers(1, 60),
        verified=st.booleans(),
        again=st.booleans(),
    )
    def hours_pass_without_delivery(self, hours: int, minutes: int, verified: bool, again: bool) -> None:
        if verified:
            self.programmer.verify()
        for _ in range(hours):
            self.it.slice(HOUR_MS)
        self.it.slice(minutes * MINUTE_MS)
        if again:
            self.programmer.start()

    # The programmer.

    @rule(sketch=SKETCHES, how=st.sampled_from(["", "", "", "bridge", "override"]))
    def program(self, sketch: Sketch, how: str) -> None:
        """Another program for what the reservoir holds; in a bridge one that would take its place."""
        override = "because" if how == "override" else ""
        self.programmer.load(program_of(sketch, self.model, self.held_ng_ml, how == "bridge", override))

    @precondition(lambda self: self.model.state in (DELIVERING, STOPPED))
    @rule(
        sketch=SKETCHES,
        further=st.sampled_from([1, 2, 3, 1, 2, 3, 0]),
        how=st.sampled_from(["bridge", "bridge", "bridge", "override", "both", "neither"]),
        slices=st.integers(0, 60),
    )
    def concentration(self, sketch: Sketch, further: int, how: str, slices: int) -> None:
        """Another concentration, or the same by mistake; with a bridge, an override, both or neither."""
        if self.model.state == DELIVERING:
            self.programmer.stop()
        known = self.model.line.ng_ml or self.held_ng_ml
        ng_ml = CONCENTRATIONS[(CONCENTRATIONS.index(known) + further) % len(CONCENTRATIONS)]
        self.programmer.refill(ng_ml)
        override = "because" if how in ("override", "both") else ""
        self.programmer.load(program_of(sketch, self.model, ng_ml, how in ("bridge", "both"), override))
        self.programmer.start()
        self.programmer.run(slices)

    @rule(
        fill=st.one_of(st.none(), st.integers(-1, 3000)),
        more_parts=st.sampled_from([0, 0, 20, -20]),
        more=st.integers(-1, 1),
        ng_ml=st.sampled_from([None, None, None, *CONCENTRATIONS]),
    )
    def refill(self, fill: int | None, more_parts: int, more: int, ng_ml: int | None) -> None:
        facts = self.model.facts
        more += facts.capacity // more_parts if more_parts else 0
        self.programmer.refill(ng_ml or self.held_ng_ml, None if fill is None else facts.residual + fill, more)

    @precondition(lambda self: self.model.state != DELIVERING)
    @rule()
    def start(self) -> None:
        self.programmer.start()

    @precondition(lambda self: self.model.state != DELIVERING)
    @rule(mended=st.booleans())
    def resume(self, mended: bool) -> None:
        """Whatever it takes."""
        if mended:
            self._befall("nothing")
        self.programmer.acknowledge()
        if self.model.reservoir.left(self.it.confirmed) < 2 * self.model.facts.residual:
            self.programmer.refill(self.held_ng_ml)
        self.programmer.verify()
        self.programmer.start()

    @rule(slices=st.integers(0, 3), again=st.integers(0, 3))
    def stop(self, slices: int, again: int) -> None:
        self.programmer.stop()
        self.programmer.run(slices)
        if again:
            self.programmer.start()

    @rule()
    def acknowledge(self) -> None:
        self.programmer.acknowledge()

    @precondition(lambda self: self.model.state != DELIVERING)
    @rule(more_total=st.sampled_from([0, 0, 1]), more_left=st.sampled_from([0, 0, -1]))
    def verify(self, more_total: int, more_left: int) -> None:
        self.programmer.verify(more_total, more_left)

    @rule(
        day_ms=st.one_of(st.none(), st.integers(0, DAY_MS - 1), st.sampled_from([-1, DAY_MS, DAY_MS - 1, 0])),
        back_ms=st.integers(-2 * HOUR_MS, 2 * HOUR_MS),
        weekday=st.integers(0, 7),
    )
    def set_time(self, day_ms: int | None, back_ms: int, weekday: int) -> None:
        if day_ms is None:
            day_ms = min(max(self.model.day_ms - back_ms, 0), DAY_MS - 1)
            weekday = self.model.weekday
        self.programmer.set_time(day_ms, weekday)

    @rule()
    def pause_or_resume_the_plan(self) -> None:
        self.programmer.pause_or_resume()

    @rule(kept_open=st.booleans(), slices=st.integers(0, 100), back=st.integers(0, 3))
    def keep_open_or_run(self, kept_open: bool, slices: int, back: int) -> None:
        self.programmer.keep_open(kept_open)
        self.programmer.run(slices)
        if back:
            self.programmer.keep_open(False)

    # Boluses.

    @rule(
        requests=st.lists(
            st.tuples(
                st.sampled_from(["patient", "patient", "clinician", "trial"]),
                st.one_of(st.integers(0, 10), st.integers(0, 100), st.none()),
            ),
            min_size=1,
            max_size=4,
        ),
        doses=st.lists(CLINICIANS_DOSES, min_size=4, max_size=4),
    )
    def boluses_are_asked_for(
        self, requests: list[tuple[str, int | None]], doses: list[tuple[int, int, int, int]]
    ) -> None:
        """One after the other, so many slices apart, or just so long as the patient must wait."""
        for (giver, slices), dose in zip(requests, doses, strict=False):
            if giver == "patient":
                self.programmer.patient()
            elif giver == "trial":
                self.programmer.trial()
            else:
                self.programmer.clinician(*dose)
            if slices is None:
                self.programmer.pass_to([max(self.model.patient_waits_ms())], 0)
            else:
                self.programmer.run(slices)

    @precondition(lambda self: self.model.state == DELIVERING)
    @rule(
        dose=CLINICIANS_DOSES,
        before=st.integers(0, 3),
        after=st.integers(0, 3),
        then=st.sampled_from(["nothing", "stop", "keep open", "fault", "patient", "load"]),
        sketch=SKETCHES,
    )
    def clinician_comes_between(
        self, dose: tuple[int, int, int, int], before: int, after: int, then: str, sketch: Sketch
    ) -> None:
        """A bolus of the patient is suspended for one of the clinician's, and then something else happens."""
        self.programmer.patient()
        self.programmer.run(before)
        self.programmer.clinician(*dose)
        self.programmer.run(after)
        if then == "stop":
            self.programmer.stop()
        elif then == "keep open":
            self.programmer.keep_open(True)
        elif then == "fault":
            self.fault("driver off", "resumed")
        elif then == "patient":
            self.programmer.patient()
        elif then == "load":
            self.program(sketch, "")

    # Prime.

    @precondition(lambda self: self.model.state == STOPPED or self.model.prime_allowed)
    @rule(
        steps=st.integers(0, 3000),
        duration_ms=st.integers(1, HOUR_MS),
        emptied=st.booleans(),
        refilled=st.booleans(),
        slices=st.integers(0, 70),
    )
    def prime(self, steps: int, duration_ms: int, emptied: bool, refilled: bool, slices: int) -> None:
        if refilled and self.model.state == STOPPED:
            self.programmer.refill(self.held_ng_ml)
        self.programmer.prime(steps, duration_ms, emptied)
        self.programmer.run(slices)

    # What befalls the bench.

    def _befall(self, kind: str) -> None:
        bench = self.it.bench
        self.it.disturbed = self.it.disturbed or kind != "nothing"
        bench.motor.stalled = kind == "stall"
        bench.plant.occluded = kind == "occlusion"
        bench.dead_man.set_power(kind != "driver off")
        bench.edges.lose_every(3 if kind == "lost edges" else 0)
        if kind == "hung":
            self.it.slice(self.it.board.DEAD_MAN_MS + 1)

    @precondition(lambda self: self.model.state in (DELIVERING, PRIMING))
    @rule(
        kind=st.sampled_from(["stall", "driver off", "occlusion", "lost edges", "hung"]),
        then=st.sampled_from(["left", "mended", "resumed", "resumed"]),
    )
    def fault(self, kind: str, then: str) -> None:
        self._befall(kind)
        self.programmer.run(FAULT_SLICES)
        if then != "left":
            self._befall("nothing")
        if then == "resumed":
            self.programmer.acknowledge()
            self.programmer.start()

    # The power goes, or the chip is reset.

    @rule(
        ending=ENDINGS,
        ticks=st.sampled_from([0, 0, 1, 3]),
        middle=st.one_of(st.just(0), PART),
        day_ms=TIMES_OR_NONE,
        slices=st.integers(0, 3),
        again=st.booleans(),
    )
    def restart(
        self, ending: tuple[str, int], ticks: int, middle: int, day_ms: int | None, slices: int, again: bool
    ) -> None:
        """Between slices, or in the middle of one; and somebody sets the clock, or nobody does."""
        self.it.middle(self.it.board.TICK_MS * middle // PARTS, ticks)
        self.it.restart(*ending)
        self.programmer.run(slices)
        if day_ms is not None:
            self.programmer.set_time(day_ms, self.model.weekday)
        if again:
            # One that stood still before wants to be verified first.
            self.programmer.start()

    @rule(cut=CUTS, ending=ENDINGS)
    def the_power_will_go(self, cut: tuple[int, str], ending: tuple[str, int]) -> None:
        """In one of the next writes, whatever it is for: a command, what the pump keeps by itself, or coming back."""
        self.it.cut = ending
        self.it.nvm.cut_at(*cut)

    @invariant()
    def laws(self) -> None:
        self.it.check()


# Not the phase that explains: it traces every line, and takes minutes.
PHASES = [phase for phase in Phase if phase is not Phase.explain]
# The short form tries the same stories each time; new ones are for the long form to find.
WholePump.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, phases=PHASES, derandomize=not LONG
)


@pytest.mark.req("D-05", "D-06", "D-07", "D-09", "D-10", "D-11", "D-12", "D-13", "D-15")
@pytest.mark.req("M-01", "M-08", "M-09", "M-10", "R-01", "R-05")
# A failure takes its time to become small; the long form takes its time anyway.
@pytest.mark.timeout(0 if LONG else 900)
class TestWholePump(WholePump.TestCase):
    """The state machine, as pytest runs it."""
