"""Whatever is ordered and whenever: the account of the firmware's run balances, to the microstep, at every sample."""

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from itb.account.account import account
from ordered_runs import FILL_STEPS, Command, Source, run
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, program

DAYS = 3
OTHER_NG_ML = 4 * NG_ML
DENS = (1, 7, 11, 13, 1024)
NAMES = (
    *("start", "start", "stop", "patient", "patient", "bolus", "bolus", "trial", "pause", "resume", "keep_open"),
    *("run_program", "load", "load", "prime", "refill", "set_time", "verify", "acknowledge"),
)


@st.composite
def doses(draw: st.DrawFn, den: int) -> list[int]:
    """[whole, frac, duration_ms]; so many of a few microsteps that what is carried counts."""
    whole = draw(st.sampled_from([0, 1, 3, 400]))
    return [whole, draw(st.integers(0, den - 1)), draw(st.integers(1, 40 * MINUTE_MS))]


@st.composite
def days(draw: st.DrawFn, den: int) -> list[list[int]]:
    """Rates that are not too far apart for one day to follow upon another; or none."""
    if draw(st.integers(0, 4)) == 0:
        return [[0, 0, 0]]
    starts = [0, *sorted(draw(st.sets(st.integers(1, DAY_MS - 1), max_size=2)))]
    rates = st.sampled_from([700, 1500, 5000])
    return [[start_ms, draw(rates), draw(st.integers(0, den - 1))] for start_ms in starts]


@st.composite
def sources(draw: st.DrawFn, ng_ml: int = NG_ML, bridged: bool = False) -> Source:
    den = draw(st.sampled_from(DENS))
    patterns = draw(st.lists(days(den), min_size=1, max_size=3))
    pattern = st.integers(0, len(patterns) - 1)
    from_days = [0, *sorted(draw(st.sets(st.integers(1, 3), max_size=2)))]
    at_ms = sorted(draw(st.sets(st.integers(0, DAYS * 12 - 1), max_size=4)))
    boluses = [[*divmod(two_hours * 2 * HOUR_MS + 777, DAY_MS), *draw(doses(den))] for two_hours in at_ms]
    patient = [*draw(doses(den)), draw(st.sampled_from([MINUTE_MS, HOUR_MS])), draw(st.integers(1, 5))]
    parts: dict[str, Any] = {
        "patterns": patterns,
        "plan": [[from_day, draw(pattern), draw(pattern)] for from_day in from_days],
        "patient": draw(st.sampled_from([None, patient, patient])),
        "trial": draw(st.lists(doses(den), max_size=2)),
        "concentration_ng_ml": ng_ml,
    }
    if bridged:
        # No faster than any day before it.
        parts["bridge"] = [draw(st.integers(1, 80)), draw(st.integers(3 * HOUR_MS, 12 * HOUR_MS))]
    return program([], den, boluses, parts)


@st.composite
def commands(draw: st.DrawFn) -> list[Command]:
    """Up to twenty commands, and perhaps a change of concentration."""
    given: list[Command] = []
    for at_ms in draw(st.lists(st.integers(1, DAYS * DAY_MS - 1), max_size=20)):
        den = draw(st.sampled_from(DENS))
        whole, frac, duration_ms = draw(doses(den))
        name = draw(st.sampled_from(NAMES))
        arguments: dict[str, tuple[Any, ...]] = {
            "bolus": (whole, frac, den, duration_ms),
            "load": (draw(sources()) if name == "load" else None,),
            "prime": (whole + 1, duration_ms, 1),
            "refill": (FILL_STEPS, None, NG_ML),
            "set_time": (draw(st.integers(0, DAY_MS - 1)), draw(st.integers(0, 6))),
            "verify": (None, None),
        }
        given.append((at_ms, name, *arguments.get(name, ())))
        if name == "patient":
            # A clinician's soon after it, which suspends it.
            given.append((at_ms + draw(st.integers(1, 10 * MINUTE_MS)), "bolus", *arguments["bolus"]))
    if draw(st.booleans()):
        at_ms = draw(st.integers(1, DAYS * DAY_MS - 1))
        bridged = draw(sources(OTHER_NG_ML, bridged=True))
        given += [(at_ms, "stop"), (at_ms, "refill", FILL_STEPS, None, OTHER_NG_ML), (at_ms, "load", bridged)]
        given += [(at_ms, "start"), *((at_ms + hours * HOUR_MS, "start") for hours in range(1, 9))]
    return [command for command in given if command[0] < DAYS * DAY_MS]


@st.composite
def restarts(draw: st.DrawFn) -> list[Command]:
    """Some power cuts and resets; after most of them the pump is told the time."""
    given: list[Command] = []
    for at_ms in draw(st.lists(st.integers(1, DAYS * DAY_MS - 1), min_size=1, max_size=5)):
        off_ms = draw(st.sampled_from([0, 1, 5000, 20 * MINUTE_MS, 7 * HOUR_MS]))
        given.append((at_ms, "power_cut", off_ms) if off_ms else (at_ms, "watchdog_reset"))
        known_ms = at_ms + off_ms + draw(st.sampled_from([0, 1, 40 * MINUTE_MS, 30 * HOUR_MS]))
        given.append((known_ms, "set_time", known_ms % DAY_MS, known_ms // DAY_MS % 7))
    return [command for command in given if command[0] < DAYS * DAY_MS]


@pytest.mark.req("M-02", "R-01", "I-05")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(sources(), commands(), restarts(), st.booleans())
def test_any_course_balances_over_restarts(
    source: Source, given: list[Command], cuts: list[Command], late: bool
) -> None:
    faults = [["late_tick", 5 * HOUR_MS, 40 * HOUR_MS, 90_000]] if late else []
    # What commands say of the time would not be true: a day is told by it.
    asked = [command for command in given if command[1] != "set_time"]
    ran = run(source, [*asked, *cuts], DAYS, faults=faults)
    for kind in {one.kind for one in ran.record.events}:
        event(kind)
    told = account(ran.record, ran.course)
    assert [check for check in told.checks if not check.ok] == []


@pytest.mark.req("D-07", "D-13", "M-01", "R-01")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(sources(), commands(), st.integers(0, 6), st.booleans())
def test_any_course_balances(source: Source, given: list[Command], weekday: int, late: bool) -> None:
    faults = [["late_tick", 5 * HOUR_MS, 40 * HOUR_MS, 90_000]] if late else []
    ran = run(source, given, DAYS, weekday, faults=faults)
    for kind in {one.kind for one in ran.record.events}:
        event(kind)
    told = account(ran.record, ran.course)
    assert [check for check in told.checks if not check.ok] == []
