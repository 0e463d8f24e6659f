"""Fault files: what shall go wrong on the simulated bench, and when.

Times count from the start of the run. A fault without `for` stays to the end.
"""

from fractions import Fraction
from pathlib import Path

from itb.quantity import EDGES, SHARE, TIME, Dimension
from itb.tables import Table, read_table

# The latest time a fault may name, and where one without an end stops: a hundred years, longer than any run.
LATEST_MS = 100 * 366 * 86_400_000
MOST_FAULTS = 100

# Kinds that take an amount: its dimension and its least and greatest value.
AMOUNTS: dict[str, tuple[Dimension, str, str]] = {
    "slip": (SHARE, "1 %", "100 %"),
    "late_tick": (TIME, "1 ms", "15 min"),
    "lost_edges": (EDGES, "1 edges", "1000000 edges"),
}
KINDS = ("stall", "slip", "driver_off", "occlusion", "late_tick", "lost_edges")


def read_faults(path: Path) -> list[tuple[str, int, int, int]]:
    """Every fault of the file as (kind, at_ms, until_ms, amount), in the order of the file.

    The amount is the percentage of motion lost for `slip`, the ms by which each tick is late for `late_tick`, n of
    "every n-th edge is lost" for `lost_edges`, and 0 for the others. Raises InputError naming the first wrong key.
    """
    root = read_table(path, "a list of faults")
    faults = [_fault(table) for table in root.tables("fault", 1, MOST_FAULTS)]
    root.finish()
    return faults


def _fault(table: Table) -> tuple[str, int, int, int]:
    kind = table.text("kind", KINDS)
    at_ms = _whole(table, "at", table.quantity("at", TIME, high="36500 day", zero=True), "ms")
    until_ms = LATEST_MS
    if table.has("for"):
        until_ms = at_ms + _whole(table, "for", table.quantity("for", TIME, "1 ms", "36500 day"), "ms")
    if kind not in AMOUNTS:
        return kind, at_ms, min(until_ms, LATEST_MS), 0
    dimension, low, high = AMOUNTS[kind]
    amount = _whole(table, "amount", table.quantity("amount", dimension, low, high), dimension.base)
    return kind, at_ms, min(until_ms, LATEST_MS), amount


def _whole(table: Table, name: str, value: Fraction, unit: str) -> int:
    if value.denominator != 1:
        raise table.refuse(name, f"a whole number of {unit}")
    return int(value)
