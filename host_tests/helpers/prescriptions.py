"""Prescriptions for tests: one that is accepted, and ways to write and plan others."""

from pathlib import Path

from itb.boards.board import ROOT, Board, load_board
from itb.plan.program import Plan, make_plan
from itb.rx.prescription import Prescription, read_prescription

FLEX = """\
title = "A flex day"

[drug]
name = "baclofen"
concentration = "2000 ug/mL"
profile = "spinal"

[basal]
mode = "flex"

[[basal.step]]
start = "00:00"
rate = "10 ug/h"

[[basal.step]]
start = "06:00"
rate = "20 ug/h"

[[bolus]]
at = "08:00"
dose = "20 ug"
over = "10 min"

[[bolus]]
day = 2
at = "12:00"
dose = "10 ug"
rate = "60 ug/h"

[limits]
daily = "600 ug/day"
hourly = "60 ug/h"
bolus = "25 ug"

[reservoir]
fill = "18 mL"
"""

CONTINUOUS = """\
title = "One rate"

[drug]
name = "baclofen"
concentration = "2000 ug/mL"
profile = "spinal"

[basal]
mode = "continuous"
rate = "400 ug/day"
"""


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each `old` replaced by `new`, where it occurs first; it must occur."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def example(name: str) -> str:
    """The text of a prescription of examples/."""
    return (ROOT / "examples" / f"{name}.toml").read_text(encoding="utf-8")


def from_first(text: str, marker: str) -> str:
    """What follows in the text from where `marker` first occurs, with it."""
    return text[text.index(marker) :]


def read(text: str, directory: Path) -> Prescription:
    """The prescription in `text`, by way of a file rx.toml."""
    path = directory / "rx.toml"
    path.write_text(text, encoding="utf-8")
    return read_prescription(path)


def plan(text: str, directory: Path, board: Board | None = None, slice_ms: int | None = None) -> Plan:
    """The plan of the prescription in `text`, on the board "sim" if no other is given."""
    return make_plan(read(text, directory), board or load_board("sim"), slice_ms)


def continuous(rate: str, *more: str) -> str:
    """A continuous prescription of another rate, with more tables after it."""
    return changed(CONTINUOUS, ("400 ug/day", rate)) + "".join("\n" + part for part in more)
