"""The timetable of a story: what is done, which stages begin, and the daily dose after each."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from itb.quantity import CONCENTRATION, VOLUME, amount
from itb.story.expected import Dose
from itb.story.story import Story


@dataclass(frozen=True)
class Row:
    """At `at_ms` of the run `text` happens, and after it so much is delivered a day: `ug_day` in `nl_day`.

    `change_percent` is how far it changes the daily dose of the program in force, delivered or not; None where it does
    not, and where that was nothing before.
    """

    at_ms: int
    text: str
    ug_day: Fraction
    nl_day: Fraction
    change_percent: Fraction | None
    delivering: bool
    expect_refused: bool = False


@dataclass(frozen=True)
class _Happening:
    """`dose` is in force after it; `sets_dose` where it is what put that in force."""

    at_ms: int
    text: str
    dose: Dose
    sets_dose: bool = False
    expect_refused: bool = False


def timetable(story: Story) -> list[Row]:
    """The rows of a story from its start to its end, in order of time."""
    return [_row(story, one) for one in sorted(_happenings(story), key=lambda one: one.at_ms)]


def _row(story: Story, one: _Happening) -> Row:
    dose, change = one.dose, Fraction(0)
    before = [dose for dose in story.doses if dose.at_ms < one.at_ms]
    if one.sets_dose and before and before[-1].ug_day:
        change = 100 * (dose.ug_day - before[-1].ug_day) / before[-1].ug_day
    ug_day = dose.given_ug_day
    nl_day = dose.plan.prescription.volume_nl(ug_day)
    for command in story.commands:
        if command.bridge and command.at_ms <= one.at_ms < command.at_ms + command.bridge.duration_ms:
            ug_day, nl_day = command.bridge.previous_ug_day, command.bridge.rate_nl_day
    return Row(one.at_ms, one.text, ug_day, nl_day, change or None, dose.delivering, one.expect_refused)


def _happenings(story: Story) -> Iterator[_Happening]:
    yield _Happening(0, _beginning(story), story.doses[0])
    for before, dose in pairwise(story.doses):
        if dose.at_ms < story.end_ms and dose.plan is before.plan and dose.stage != before.stage:
            yield _Happening(dose.at_ms, f"stage {dose.stage + 1} of the plan begins", dose, sets_dose=True)
    for command in story.commands:
        sets_dose = command.name == "load" and not command.expect_refused
        yield _Happening(command.at_ms, command.text, command.dose, sets_dose, command.expect_refused)
        if command.bridge and (end_ms := command.at_ms + command.bridge.duration_ms) < story.end_ms:
            dose = [dose for dose in story.doses if dose.at_ms <= end_ms][-1]
            yield _Happening(end_ms, "the bridge ends, the program's own rate begins", dose)


def _beginning(story: Story) -> str:
    rx = story.plan.prescription
    fill = amount(story.fill_steps * story.board.nl_per_step, VOLUME, "mL", places=2)
    state = "delivering" if story.delivering else "stopped"
    line = "" if story.line_ng_ml else ", path and catheter empty"
    text = (
        f'program "{story.first}", {fill} of {amount(rx.concentration_ug_ml, CONCENTRATION)} filled in{line}, {state}'
    )
    return text.replace("≈", "")
