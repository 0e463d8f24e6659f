"""Random programs for the whole pump: small, mostly acceptable, at the edge of their caps more often than not.

What is drawn is relative, a `Sketch`: hypothesis draws it alike whatever the pump has been through. `program_of` makes
a device program of it, for the pump as the model has it.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

from hypothesis import strategies as st

from model import Model
from ordered import DAY_MS, HOUR_MS, MINUTE_MS, Ordered

# 24,000 microsteps a day at 500 ug/mL: about 50 ug/day on the simulated bench.
DOSE_A_DAY = 24_000 * 500_000
CONCENTRATIONS = (500_000, 2_000_000, 1_000_000, 333_333)
UNLIMITED = (1 << 30) - 1
# Parts of a whole are drawn in this many.
PARTS = 1000
PART = st.integers(0, PARTS)

TIMES_MS = st.one_of(
    st.integers(1, 95).map(lambda quarter: quarter * 15 * MINUTE_MS),
    st.integers(1, DAY_MS - 1),
    st.sampled_from([1, MINUTE_MS, DAY_MS // 2, DAY_MS - MINUTE_MS, DAY_MS - 1]),
)
DURATIONS_MS = st.one_of(
    st.sampled_from([1, MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS]), st.integers(1, 3 * HOUR_MS)
)
# What a cap leaves beyond the basal: nothing that binds, or parts of three of the largest boluses.
SPARE = st.one_of(st.none(), st.integers(0, PARTS), st.integers(0, PARTS // 12))


@dataclass(frozen=True)
class Sketch:
    """A program, relative to a daily dose. A dose is (parts of the largest bolus, parts below a microstep, ms)."""

    den: int
    percent: int
    # Of each pattern: rates as parts of twice the daily dose, and when they change.
    patterns: list[list[tuple[int, int, int]]]
    # Days each stage lasts, and which patterns it has.
    stages: list[tuple[int, int, int]]
    # The first may have had its time already; then gaps before, and doses.
    early_ms: int
    boluses: list[tuple[int, tuple[int, int, int]]]
    patient: tuple[tuple[int, int, int], int, int] | None
    trial: list[tuple[int, int, int]]
    rise_percent: int
    spare: tuple[int | None, int | None]
    bolus_cap: int
    # Microsteps, and how much longer than it must take.
    bridge: tuple[int, int]


DOSES = st.tuples(PART, PART, DURATIONS_MS)
GAPS_MS = st.one_of(st.integers(0, 20 * MINUTE_MS), st.integers(0, 12 * HOUR_MS))
LOCKOUTS_MS = st.sampled_from([MINUTE_MS, 30 * MINUTE_MS, 4 * HOUR_MS, DAY_MS])
PATIENTS = st.tuples(DOSES, LOCKOUTS_MS, st.integers(1, 4))
ROWS = st.tuples(TIMES_MS, st.one_of(st.just(PARTS // 2), PART), PART)
SKETCHES = st.builds(
    Sketch,
    den=st.sampled_from([1, 3, 7, 1000, 1 << 20]),
    percent=st.sampled_from([100, 100, 110, 125, 80, 50, 0]),
    patterns=st.lists(st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row[0]), min_size=1, max_size=3),
    stages=st.lists(st.tuples(st.integers(1, 2), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=3),
    early_ms=st.one_of(st.just(0), st.integers(0, 20 * MINUTE_MS)),
    boluses=st.lists(st.tuples(GAPS_MS, DOSES), max_size=3),
    patient=st.tuples(st.integers(0, 15), PATIENTS).map(lambda drawn: None if drawn[0] == 9 else drawn[1]),
    trial=st.lists(DOSES, min_size=1, max_size=3),
    rise_percent=st.sampled_from([1000, 1000, 100, 30]),
    spare=st.tuples(SPARE, SPARE),
    bolus_cap=st.sampled_from([UNLIMITED, UNLIMITED, UNLIMITED, PARTS, PARTS // 2]),
    bridge=st.tuples(
        st.one_of(st.integers(1, 500), st.integers(1, 5000)),
        st.one_of(st.sampled_from([0, 0, -1]), st.integers(0, HOUR_MS)),
    ),
)


def program_of(sketch: Sketch, model: Model, ng_ml: int, bridge: bool = False, override: str = "") -> dict[str, Any]:
    """The device program of `sketch` for `ng_ml`, with a bridge when it is to have one."""
    base = DOSE_A_DAY // ng_ml * sketch.percent // 100
    largest = max(DOSE_A_DAY // ng_ml // 12, 1)

    def part(parts: int) -> int:
        return parts * (sketch.den - 1) // PARTS

    def dose(drawn: tuple[int, int, int]) -> list[int]:
        return [drawn[0] * largest // PARTS, part(drawn[1]), drawn[2]]

    source: dict[str, Any] = {
        "version": 2,
        "rate_den": sketch.den,
        "concentration_ng_ml": ng_ml,
        "patterns": [
            [
                [0 if place == 0 else start_ms, 2 * base * parts // PARTS, part(below)]
                for place, (start_ms, parts, below) in enumerate(sorted(rows))
            ]
            for rows in sketch.patterns
        ],
        "plan": _plan(sketch),
        "boluses": [],
        "patient": [*dose(sketch.patient[0]), *sketch.patient[1:]] if sketch.patient else None,
        "trial": [dose(rung) for rung in sketch.trial],
        "bridge": None,
        "override": override,
        "titration": [sketch.rise_percent, "test"],
        "limits": {name: [UNLIMITED, "test"] for name in ("hour", "day", "bolus")},
    }
    at_ms = max(model.day_ms - sketch.early_ms, 0)
    for gap_ms, drawn in sketch.boluses:
        whole, frac, duration_ms = dose(drawn)
        at_ms += gap_ms
        source["boluses"].append([at_ms // DAY_MS, at_ms % DAY_MS, whole, frac, duration_ms])
        at_ms += duration_ms + MINUTE_MS
    if bridge:
        steps, more_ms = sketch.bridge
        least_ms = ceil(steps * DAY_MS / model.line.day_total) if model.line.day_total else HOUR_MS
        source["bridge"] = [steps, max(least_ms + more_ms, 1)]
    course = Ordered(source)
    hour = ceil(course.greatest_rate * (62 * MINUTE_MS + model.facts.lag_ms) / DAY_MS)
    day = ceil(course.greatest_total() * (DAY_MS + HOUR_MS) / DAY_MS)
    for name, basal, spare in (("hour", hour, sketch.spare[0]), ("day", day, sketch.spare[1])):
        if spare is not None:
            source["limits"][name] = [basal + spare * 3 * largest // PARTS, "test"]
    if sketch.bolus_cap != UNLIMITED:
        source["limits"]["bolus"] = [sketch.bolus_cap * largest // PARTS, "test"]
    return source


def _plan(sketch: Sketch) -> list[list[int]]:
    stages = []
    day = 0
    for lasts, weekday, weekend in sketch.stages:
        stages.append([day, weekday % len(sketch.patterns), weekend % len(sketch.patterns)])
        day += lasts
    return stages
