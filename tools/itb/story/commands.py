"""Makes commands of a story's events, in the device's whole numbers.

Every event is taken to be accepted, unless it is expected to be refused. Such a one is passed on unjudged, for the pump
to refuse, and changes nothing that later events are judged by.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import floor

from itb.boards.board import Board
from itb.errors import InputError
from itb.limits.limits import Finding
from itb.plan.program import GREATEST_DENOMINATOR, Plan
from itb.quantity import CONCENTRATION, DOSE, TIME, VOLUME, amount, dose_rate
from itb.rx.orders import MS_PER_DAY, clock
from itb.rx.prescription import NG_PER_UG
from itb.story.bridge import Bridge, DeadVolume, dead_steps, plan_bridge
from itb.story.events import Event, told_moment
from itb.story.expected import Expected
from itb.story.scrutiny import (
    bolus_now,
    change_of_dose,
    refuse_fill,
    refuse_past_boluses,
    refuse_prime,
    refuse_unconfirmed,
)
from itb.story.story import Command
from itb.tables import Table

# What is nothing but a command: how the bench calls it, and how people do.
_PLAIN = {
    "start": ("start", "start"),
    "acknowledge": ("acknowledge", "acknowledge the alarms"),
    "patient bolus": ("patient", "the patient asks for a bolus"),
    "trial step": ("trial", "next step of the screening trial"),
    "pause plan": ("pause", "pause the plan"),
    "resume plan": ("resume", "resume the plan"),
    "keep open": ("keep_open", "keep open at the minimum rate"),
    "run program": ("run_program", "run the program again"),
}
_MS_PER_MINUTE = 60_000
_DEAD_VOLUME = "a table [dead_volume] with path, catheter_length and volume_per_cm"


class Commands:
    """The commands of a story in the making, and the soft limits they cross."""

    def __init__(
        self, root: Table, board: Board, plans: Mapping[str, Plan], dead: DeadVolume | None, expected: Expected
    ) -> None:
        """`root` is the story's own table, and `expected` stands at its start."""
        self.made: list[Command] = []
        self.findings: list[Finding] = []
        self._board = board
        self._plans = plans
        self._dead = dead
        self._dead_field = root.field("dead_volume")
        self._expected = expected
        self._start = root.date("start")
        self._power_back_ms = 0
        self._concentration_ug_ml = expected.plan.prescription.concentration_ug_ml

    def add_all(self, events: Iterable[Event]) -> None:
        """Make the commands of `events`, which come in order of time. Raises InputError."""
        makers = {
            "program": self._program,
            "concentration": self._change_concentration,
            "refill": self._refill,
            "bolus": self._bolus,
            "prime": self._prime,
            "stop": self._stop,
            "verify": self._verify,
            "set time": self._set_time,
            "power cut": self._power_cut,
            "watchdog reset": self._watchdog_reset,
        }
        for event in events:
            self._refuse_in_the_dark(event)
            self._expected.advance(event.at_ms)
            makers.get(event.do, self._plain)(event)

    def _make(self, event: Event, name: str, arguments: tuple[object, ...], text: str) -> Command:
        """One more command, whose effect on what is expected stands already."""
        command = Command(event.at_ms, name, arguments, text, event.expect_refused, self._expected.dose)
        self.made.append(command)
        return command

    def _refuse_in_the_dark(self, event: Event) -> None:
        if event.at_ms < self._power_back_ms and not event.expect_refused:
            back = told_moment(self._start, -(-self._power_back_ms // _MS_PER_MINUTE) * _MS_PER_MINUTE)
            accepted = f'a time when the power is back, {back} or later; before it only what has expect = "refused"'
            raise event.table.refuse("at", accepted)

    def _plain(self, event: Event) -> None:
        name, text = _PLAIN[event.do]
        if not event.expect_refused:
            if name == "start":
                self._expected.deliver(True)
            elif name in ("pause", "resume"):
                self._expected.pause(name == "pause")
            elif name in ("keep_open", "run_program"):
                self._expected.keep_open(name == "keep_open")
        self._make(event, name, (), text)

    def _stop(self, event: Event) -> None:
        refuse_unconfirmed(event, self._expected.plan)
        self._expected.deliver(False)
        self._make(event, "stop", (), "stop; the withdrawal warning is confirmed")

    def _verify(self, event: Event) -> None:
        # None: what the pump itself shows is what was read and found right.
        self._make(event, "verify", (None, None), "verify program and reservoir")

    def _set_time(self, event: Event) -> None:
        day_ms = event.at_ms % MS_PER_DAY
        if not event.expect_refused:
            self._expected.set_time()
        self._make(event, "set_time", (day_ms, self._expected.weekday), f"set the time of day to {clock(day_ms)}")

    def _power_cut(self, event: Event) -> None:
        self._power_back_ms = event.at_ms + event.off_ms
        text = f"power cut for {amount(Fraction(event.off_ms), TIME, _unit(event.off_ms), places=3)}"
        self._restart(event, "power_cut", (event.off_ms,), text)

    def _watchdog_reset(self, event: Event) -> None:
        self._restart(event, "watchdog_reset", (), "the watchdog resets the pump")

    def _restart(self, event: Event, name: str, arguments: tuple[object, ...], text: str) -> None:
        self._expected.restart(event.off_ms)
        after = "the pump stays stopped, and wants program and reservoir verified before a start"
        if self._expected.delivering:
            after = "after it delivery goes on by itself, at the lowest rate until the time is set"
        self._make(event, name, arguments, f"{text}; {after}")

    def _program(self, event: Event) -> None:
        plan = self._plan_of(event)
        ug_ml = self._concentration_ug_ml
        if not event.expect_refused:
            if plan.prescription.concentration_ug_ml != ug_ml:
                own = _strength(plan.prescription.concentration_ug_ml)
                accepted = f"a program for the {_strength(ug_ml)} in the reservoir (this one is for {own}); "
                raise event.table.refuse("rx", accepted + 'do = "concentration" changes it, with a bridge (D-12)')
            refuse_past_boluses(event, plan)
            self.findings += change_of_dose(event, plan, self._expected)
        self._load(event, plan, None)

    def _plan_of(self, event: Event) -> Plan:
        if event.rx not in self._plans:
            raise event.table.refuse("rx", "one of the tables [rx.NAME]: " + ", ".join(self._plans))
        return self._plans[event.rx]

    def _load(self, event: Event, plan: Plan, bridge: Bridge | None, left_out: Bridge | None = None) -> None:
        text = f'program "{event.rx}" with {dose_rate(self._expected.first_ug_day(plan))}'
        if plan.program.override:
            text += f"; no bridge: {plan.program.override}"
        elif bridge:
            text += f"; before it a bridge of {bridge}"
        if not event.expect_refused:
            self._expected.load(plan)
        command = self._make(event, "load", (plan.program.as_dict(),), text)
        self.made[-1] = replace(command, plan=plan, bridge=bridge, left_out=left_out)

    def _change_concentration(self, event: Event) -> None:
        """Stop, refill, load and start: with a bridge, or with a recorded reason why none is needed (D-12)."""
        plan, old_ug_ml = self._plan_of(event), self._concentration_ug_ml
        new_ug_ml = plan.prescription.concentration_ug_ml
        if old_ug_ml == new_ug_ml:
            accepted = f'a program for another concentration than {_strength(old_ug_ml)}; without one do = "refill"'
            raise event.table.refuse("rx", accepted)
        refuse_past_boluses(event, plan)
        self.findings += change_of_dose(event, plan, self._expected)
        bridge = left_out = None
        if not event.override:
            bridge = self._bridge(event, plan)
        elif self._dead and self._expected.dose.ug_day:
            left_out = self._bridge(event, plan)
        in_steps = (self._dead_steps(), bridge.duration_ms) if bridge else None
        program = replace(plan.program, bridge=in_steps, override=event.override)
        self._expected.deliver(False)
        self._make(event, "stop", (), "stop, to change the concentration")
        self._fill(event, new_ug_ml)
        self._load(event, replace(plan, program=program), bridge, left_out)
        self._expected.deliver(True)
        if bridge:
            self._expected.bridge(bridge.duration_ms)
        self._make(event, "start", (), "start")

    def _bridge(self, event: Event, plan: Plan) -> Bridge:
        if self._dead is None:
            accepted = f'{_DEAD_VOLUME}, by which the bridge is planned, or override = "why no bridge is needed" (D-12)'
            raise InputError(event.table.field("override"), "neither an override nor a dead volume", accepted)
        old = (self._concentration_ug_ml, self._expected.dose.ug_day)
        new = (plan.prescription.concentration_ug_ml, self._expected.first_ug_day(plan))
        return plan_bridge(self._dead, old, new, event.table.field("rx"))

    def _dead_volume(self) -> DeadVolume:
        if self._dead is None:
            raise InputError(self._dead_field, "(missing)", f"{_DEAD_VOLUME}: required inputs, without defaults (D-13)")
        return self._dead

    def _dead_steps(self) -> int:
        return dead_steps(self._dead_volume(), self._board.nl_per_step, self._dead_field)

    def _refill(self, event: Event) -> None:
        ug_ml = event.concentration_ug_ml or self._concentration_ug_ml
        if ug_ml != self._concentration_ug_ml and not event.expect_refused:
            accepted = f'{_strength(self._concentration_ug_ml)}, as in the reservoir; do = "concentration" changes it'
            raise event.table.refuse("concentration", f"{accepted}, with a bridge (D-12)")
        self._fill(event, ug_ml)

    def _fill(self, event: Event, ug_ml: Fraction) -> None:
        board, fill_nl = self._board, event.fill_nl or Fraction(0)
        if not event.expect_refused:
            refuse_fill(event.table, fill_nl, board)
            self._concentration_ug_ml = ug_ml
        withdrawn_steps = None if event.withdrawn_nl is None else floor(board.steps(event.withdrawn_nl))
        text = f"refill with {amount(fill_nl, VOLUME, 'mL')} of {_strength(ug_ml)}"
        if event.withdrawn_nl is not None:
            text += f", {amount(event.withdrawn_nl, VOLUME, 'mL')} withdrawn"
        # A strength that is no whole number of ng/mL is none of the prescriptions', and refused as such.
        arguments = (floor(board.steps(fill_nl)), withdrawn_steps, floor(ug_ml * NG_PER_UG))
        self._make(event, "refill", arguments, text)

    def _bolus(self, event: Event) -> None:
        """A clinician's bolus of what is in the reservoir, now."""
        plan, dose_ug, duration_ms = self._expected.plan, event.dose_ug or Fraction(0), event.duration_ms or 0
        if not event.expect_refused:
            self.findings += bolus_now(event, dose_ug, plan)
        steps = plan.scale.steps(dose_ug)
        den = steps.denominator
        if den > GREATEST_DENOMINATOR:
            accepted = (
                f"a dose whose microsteps have a denominator of at most {GREATEST_DENOMINATOR}: use fewer decimals"
            )
            raise event.table.refuse("dose", accepted)
        text = f"bolus of {amount(dose_ug, DOSE)} over {_minutes(duration_ms)}"
        arguments = (steps.numerator // den, steps.numerator % den, den, duration_ms)
        command = self._make(event, "bolus", arguments, text)
        self.made[-1] = replace(command, dose_ug=dose_ug, duration_ms=duration_ms)

    def _prime(self, event: Event) -> None:
        dead, over_ms = self._dead_volume(), event.duration_ms or 0
        if not event.expect_refused:
            refuse_prime(event, dead, over_ms, self._board)
        what = "emptied path and catheter" if event.emptied else "path and catheter"
        volume = amount(dead.volume_nl, VOLUME, "mL")
        arguments = (self._dead_steps(), over_ms, int(event.emptied))
        self._make(event, "prime", arguments, f"prime {what} with {volume} over {_minutes(over_ms)}")


def _strength(ug_ml: Fraction) -> str:
    return amount(ug_ml, CONCENTRATION)


def _unit(off_ms: int) -> str:
    """The greatest unit of which it is a whole number."""
    return next(unit for unit in ("day", "h", "min", "s", "ms") if off_ms % TIME.units[unit] == 0)


def _minutes(duration_ms: int) -> str:
    return amount(Fraction(duration_ms), TIME, "min", places=3)
