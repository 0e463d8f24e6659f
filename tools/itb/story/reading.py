"""Reads the file of a run: a story, or a prescription, which is a story in which nothing is done.

A story has a `start`; its prescriptions are its tables [rx.NAME], its events the tables [[event]].
"""

import datetime
from dataclasses import replace
from math import floor
from pathlib import Path

from itb.boards.board import Board
from itb.limits.limits import Finding
from itb.plan.program import Plan, make_plan
from itb.quantity import VOLUME
from itb.rx.drug import DRUGS
from itb.rx.orders import MS_PER_DAY
from itb.rx.prescription import Prescription, parse_prescription, read_prescription
from itb.story.bridge import read_dead_volume
from itb.story.commands import Commands
from itb.story.events import MOST_EVENTS, read_events
from itb.story.expected import Expected
from itb.story.scrutiny import refuse_fill
from itb.story.story import Story
from itb.tables import Table, read_table

# Any of these makes a file a story. No prescription has them.
_OF_STORIES = ("start", "event", "rx", "first")
_MOST_PROGRAMS = 50
_LONGEST_DAYS = 36_500
# Longer than any plan and any filling lasts.
_FORESEEN_DAYS = 400


def is_story(path: Path) -> bool:
    """Whether the file is meant as a story. Raises InputError for one that cannot be read."""
    return _is_story(read_table(path, "a prescription or a story"))


def _is_story(root: Table) -> bool:
    return any(name in root.names() for name in _OF_STORIES)


def read_story(path: Path, board: Board, slice_ms: int | None = None, drugs: Path = DRUGS) -> Story:
    """The story in a file of either kind, for `board`; `slice_ms` replaces the board's tick.

    Raises InputError naming the first field that is wrong, its value and what would be accepted.
    """
    root = read_table(path, "a prescription or a story")
    if not _is_story(root):
        return Story.of_prescription(make_plan(read_prescription(path, drugs), board, slice_ms))
    title = root.text("title")
    notes = root.text("notes") if root.has("notes") else ""
    start = root.date("start")
    until = _until(root, start) if root.has("until") else None
    rx_tables = _rx_tables(root)
    first = root.text("first", list(rx_tables))
    delivering = root.flag("delivering") if root.has("delivering") else True
    empty_line = root.has("line") and bool(root.text("line", ("empty",)))
    fill_nl = root.quantity("fill", VOLUME) if root.has("fill") else None
    dead = read_dead_volume(root.table("dead_volume")) if root.has("dead_volume") else None
    until_ms = (until - start).days * MS_PER_DAY if until else None
    events = read_events(root.tables("event", 1, MOST_EVENTS), start, until_ms) if root.has("event") else []
    prescriptions = {name: parse_prescription(table, path.parent, drugs) for name, table in rx_tables.items()}
    # Before what is compared across tables: a misspelt key may be why that looks wrong.
    root.finish()
    plans = _plans(prescriptions, board, slice_ms)
    if fill_nl is not None:
        refuse_fill(root, fill_nl, board)
    expected = Expected(plans[first], start.weekday(), delivering)
    commands = Commands(root, board, plans, dead, expected)
    commands.add_all(events)
    story = Story(
        file=path.name,
        title=title,
        notes=notes,
        start=start,
        until=until,
        first=first,
        plans=plans,
        commands=tuple(commands.made),
        fill_steps=plans[first].fill_steps if fill_nl is None else floor(board.steps(fill_nl)),
        delivering=delivering,
        line_ng_ml=0 if empty_line else prescriptions[first].concentration_ng_ml,
        dead=dead,
        doses=(),
        findings=(*_plan_findings(plans), *commands.findings),
    )
    expected.advance(story.end_ms + _FORESEEN_DAYS * MS_PER_DAY)
    return replace(story, doses=tuple(expected.doses))


def _until(root: Table, start: datetime.date) -> datetime.date:
    until = root.date("until")
    if not start < until <= start + datetime.timedelta(days=_LONGEST_DAYS):
        raise root.refuse(
            "until", f"a date after start, {start}, by {_LONGEST_DAYS} days at most; its midnight is the end"
        )
    return until


def _rx_tables(root: Table) -> dict[str, Table]:
    accepted = f"1 to {_MOST_PROGRAMS} tables [rx.NAME], each as a prescription file or with file = " + '"NAME.toml"'
    if not root.has("rx"):
        raise root.refuse("rx", accepted)
    table = root.table("rx")
    if not 1 <= len(table.names()) <= _MOST_PROGRAMS:
        raise root.refuse("rx", accepted)
    return {name: table.table(name) for name in table.names()}


def _plans(prescriptions: dict[str, Prescription], board: Board, slice_ms: int | None) -> dict[str, Plan]:
    return {name: make_plan(rx, board, slice_ms) for name, rx in prescriptions.items()}


def _plan_findings(plans: dict[str, Plan]) -> list[Finding]:
    return [finding for plan in plans.values() for finding in plan.findings]
