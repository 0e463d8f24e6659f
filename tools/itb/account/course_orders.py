"""What was ordered in a run: the story's programs, doses and commands, as far as the pump took them."""

import datetime
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import cast

from itb.account.doses import Doses
from itb.plan.program import Plan
from itb.rx.prescribed import Prescribed, PrescribedDose, prescribed_on
from itb.sim.messages import CommandOutcome, GuestError
from itb.sim.record import Record
from itb.story.story import Command, Story


@dataclass(frozen=True)
class Given:
    """One command as it was given at `t_ms`, and what the pump made of it."""

    t_ms: int
    text: str
    accepted: bool
    expect_refused: bool
    message: str

    @property
    def as_expected(self) -> bool:
        """Whether the story said so."""
        return self.accepted != self.expect_refused


@dataclass(frozen=True)
class Orders:
    """All that is known beforehand of a run's demand.

    `programs` are those the pump took, the first from the start; `weekday` is that of the start, 0 for Monday.
    Keep-open is `minimum_steps_day`. `concentrations` are what the reservoir held, in ng/mL, each from a time on, the
    first from the start. `clinician` has the doses of all of the clinician's boluses, and `primes` of those primes that
    were taken, each with its time. `given` are all commands. A run whose days
    have dates began on `start`.
    """

    nl_per_step: Fraction
    minimum_steps_day: int
    weekday: int
    programs: tuple[Prescribed, ...]
    concentrations: tuple[tuple[int, int], ...]
    clinician: tuple[tuple[int, PrescribedDose], ...] = ()
    primes: tuple[tuple[int, PrescribedDose], ...] = ()
    given: tuple[Given, ...] = ()
    start: datetime.date | None = None


def orders_of(story: Story, record: Record) -> Orders:
    """What `story` ordered, and the pump of `record` took. Raises GuestError where these do not fit."""
    pairs = list(zip(story.commands, record.commands, strict=False))
    for command, outcome in pairs:
        if command.name != outcome.name:
            raise GuestError(f"the simulated bench was told to {command.name!r}, and told of {outcome.name!r}")
    taken = [(command, outcome) for command, outcome in pairs if outcome.accepted]
    plans = [story.plan, *(command.plan for command, _ in taken if command.plan is not None)]
    concentrations = [(0, story.plan.program.concentration_ng_ml)]
    concentrations += [(o.t_ms, _whole(c, 2)) for c, o in taken if c.name == "refill"]
    board = story.board
    doses = Doses(board.nl_per_step, concentrations)
    return Orders(
        nl_per_step=board.nl_per_step,
        minimum_steps_day=ceil(board.steps(board.min_rate_nl_day)),
        weekday=story.weekday,
        programs=tuple(_prescribed(story, plan) for plan in plans),
        concentrations=tuple(concentrations),
        clinician=tuple((o.t_ms, _clinician(c, o, doses)) for c, o in pairs if c.dose_ug is not None),
        primes=tuple((o.t_ms, _prime(c)) for c, o in taken if c.name == "prime"),
        start=story.start if story.dated else None,
        given=tuple(Given(o.t_ms, c.text, o.accepted, c.expect_refused, o.message) for c, o in pairs),
    )


def _prescribed(story: Story, plan: Plan) -> Prescribed:
    rx, program = plan.prescription, plan.program
    names = (name for name, one in story.plans.items() if one.prescription is rx)
    return prescribed_on(rx, plan.board, program.rate_den, program.bridge, next(names, rx.title))


def _clinician(command: Command, outcome: CommandOutcome, doses: Doses) -> PrescribedDose:
    steps = (command.dose_ug or Fraction(0)) / doses.ug_per_step(outcome.t_ms)
    return PrescribedDose(steps, command.duration_ms or 1)


def _prime(command: Command) -> PrescribedDose:
    return PrescribedDose(Fraction(_whole(command, 0)), _whole(command, 1))


def _whole(command: Command, place: int) -> int:
    """An argument that the command's maker put there as a whole number."""
    return cast(int, command.arguments[place])
