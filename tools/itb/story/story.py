"""Stories: a patient's course as commands at times, which a run gives to the pump.

A prescription alone is a story without commands.
"""

import datetime
from dataclasses import dataclass
from fractions import Fraction

from itb.boards.board import Board
from itb.limits.limits import Finding
from itb.plan.program import Plan
from itb.rx.orders import MS_PER_DAY
from itb.story.bridge import Bridge, DeadVolume
from itb.story.expected import Dose

# The day on which a prescription without dates begins: a Monday.
UNDATED = datetime.date(2026, 1, 5)


@dataclass(frozen=True)
class Command:
    """One command at `at_ms` of the run: its `name` and `arguments` as the simulated bench gets them.

    `text` is for people. `dose` is the daily dose expected after it. `plan` comes with a "load"; `bridge` where that
    begins with one, `left_out` where that was overridden. `dose_ug` and `duration_ms` come with a "bolus".
    """

    at_ms: int
    name: str
    arguments: tuple[object, ...]
    text: str
    expect_refused: bool
    dose: Dose
    plan: Plan | None = None
    bridge: Bridge | None = None
    left_out: Bridge | None = None
    dose_ug: Fraction | None = None
    duration_ms: int | None = None


@dataclass(frozen=True)
class Story:
    """What is done to a pump from midnight of `start` on.

    It begins with the program `first` of `plans`, a reservoir of `fill_steps`, `line_ng_ml` in catheter and path, and
    delivering or not; `dead` is the volume of these two, where given. `until` is the midnight it ends with, if one
    is set. `doses` are the daily doses that will be in force, past the end too, if every command is taken that is not
    expected to be refused, and `findings` all crossed soft limits. A prescription alone has `dated` false: its dates
    mean nothing.
    """

    file: str
    title: str
    notes: str
    start: datetime.date
    until: datetime.date | None
    first: str
    plans: dict[str, Plan]
    commands: tuple[Command, ...]
    fill_steps: int
    delivering: bool
    line_ng_ml: int
    dead: DeadVolume | None
    doses: tuple[Dose, ...]
    findings: tuple[Finding, ...]
    dated: bool = True

    @staticmethod
    def of_prescription(plan: Plan) -> "Story":
        """The story of one prescription from a Monday on, in which nothing is done."""
        rx = plan.prescription
        return Story(
            file=rx.file,
            title=rx.title,
            notes=rx.notes,
            start=UNDATED,
            until=None,
            first="prescription",
            plans={"prescription": plan},
            commands=(),
            fill_steps=plan.fill_steps,
            delivering=True,
            line_ng_ml=rx.concentration_ng_ml,
            dead=None,
            doses=(),
            findings=tuple(plan.findings),
            dated=False,
        )

    @property
    def plan(self) -> Plan:
        """The plan it begins with."""
        return self.plans[self.first]

    @property
    def board(self) -> Board:
        """The board of all its plans."""
        return self.plan.board

    @property
    def weekday(self) -> int:
        """The weekday of the start, 0 for Monday."""
        return self.start.weekday()

    @property
    def end_ms(self) -> int:
        """When it ends by itself: at `until`, or with the day after that of the last command; else after a day."""
        if self.until is not None:
            return (self.until - self.start).days * MS_PER_DAY
        return (self.commands[-1].at_ms // MS_PER_DAY + 2) * MS_PER_DAY if self.commands else MS_PER_DAY
