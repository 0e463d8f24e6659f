"""Each thing that runs against each thing that happens: every cell of the table, found on the firmware."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from interactions import CELLS, ENDS, EVENTS, ON, THINGS, WAITS, tables
from pump.core.errors import Refused
from pump.runtime.boluses import REASONS
from rig import HOUR_MS, MINUTE_MS
from running import ACTS, CLINICIAN, HOUR_STEPS, MAKERS, PRIME, SCHEDULED, SLICE_MS, Pump, set_time

DOCS = Path(__file__).resolve().parents[2] / "docs" / "therapies.md"
# What a basal that was measured over five minutes is, by its microsteps.
MEASURED_MS = 5 * MINUTE_MS
BASAL = {0: WAITS, 300: ON, 375: "new program", 150: "lowest rate", 38: "held down", 39: "held down"}


def basal(pump: Pump) -> str:
    # Whatever bolus the event began is over by then.
    pump.run(13 * MINUTE_MS)
    return BASAL[ordered_within(pump, MEASURED_MS)]


def ordered_within(pump: Pump, span_ms: int) -> int:
    before = pump.status()["ordered_steps"]
    pump.run(span_ms)
    return pump.status()["ordered_steps"] - before


def plan(pump: Pump) -> str:
    until_next_day(pump)
    status = pump.status()
    if status["plan_day"] == 0:
        return WAITS
    assert not status["plan_paused"]
    return ON if status["stage"] == 1 else "begins anew"


def paused_plan(pump: Pump) -> str:
    word = plan(pump)
    return "stays paused" if pump.status()["plan_paused"] else word


def until_next_day(pump: Pump) -> None:
    day = pump.status()["day"]
    while pump.status()["day"] == day:
        pump.slice(6)


def keep_open(pump: Pump) -> str:
    word = ON if pump.control.state == "delivering" else WAITS
    pump.resume()
    pump.run(MINUTE_MS)
    steps = ordered_within(pump, MEASURED_MS)
    assert pump.status()["keep_open"] == (BASAL[steps] == "held down")
    return word if pump.status()["keep_open"] else ENDS


def bridge(pump: Pump) -> str:
    before = pump.status()["bridge_left_steps"]
    pump.run(MEASURED_MS)
    left = pump.status()["bridge_left_steps"]
    if pump.control.state == "delivering":
        assert (before - left) in (224, 225)
        return ON
    assert left == before
    pump.resume()
    pump.run(MEASURED_MS)
    assert (before - pump.status()["bridge_left_steps"]) in (224, 225)
    return WAITS


def prime(pump: Pump) -> str:
    if pump.control.state == "priming":
        pump.until_state("stopped")
        assert pump.log("prime_end") == [(pump.app.journal.uptime_ms, PRIME)]
        assert pump.status()["primed_steps"] == PRIME
        return ON
    assert pump.log("prime_cancelled")
    primed_steps = pump.status()["primed_steps"]
    pump.resume()
    pump.run(15 * MINUTE_MS)
    assert pump.status()["primed_steps"] == primed_steps
    return ENDS


def lockout(pump: Pump) -> str:
    # From the start of the one bolus that was given, whatever came since.
    ((begun_ms, _),) = pump.log("patient_bolus", since_start=True)
    for _ in range(3):
        assert pump.status()["patient_wait_ms"] == begun_ms + HOUR_MS - pump.app.journal.uptime_ms
        pump.run(MINUTE_MS)
    return ON


def order(pump: Pump) -> str:
    """Of a single bolus whose time comes in some minutes."""
    from_ms = pump.app.journal.uptime_ms
    if not pump.status()["time_known"]:
        pump.run(20 * MINUTE_MS)
        assert pump.log("bolus", since_start=True) == []
        set_time(pump, pump.due_ms - MINUTE_MS)
        pump.run(12 * MINUTE_MS)
        return WAITS if pump.log("bolus_end")[0][1] == SCHEDULED else ENDS
    pump.run(7 * MINUTE_MS)
    pump.resume()
    pump.run(20 * MINUTE_MS)
    if pump.log("bolus_missed"):
        assert pump.log("bolus") == []
        return "missed"
    if not pump.log("bolus"):
        return ENDS
    ((begun_ms, steps),) = pump.log("bolus")
    assert steps == SCHEDULED
    assert [steps for _, steps in pump.log("bolus_end") if steps == SCHEDULED] == [SCHEDULED]
    return "begins" if begun_ms - from_ms <= MINUTE_MS else ON


def bolus(pump: Pump) -> str:
    """Of the bolus that runs."""
    if not pump.status()["time_known"]:
        return order(pump)
    if pump.log("bolus_cancelled"):
        return cancelled(pump)
    ends = len(pump.log("bolus_end", since_start=True))
    if pump.log("patient_suspended"):
        resumed = ends_of_both(pump)
        assert resumed
        return "suspended"
    left_ms = pump.app.tick.demand.bolus.left_ms
    whole = pump.app.tick.demand.bolus.steps
    from_ms = pump.app.journal.uptime_ms
    while len(pump.log("bolus_end", since_start=True)) == ends:
        pump.slice()
    ended_ms, steps = pump.log("bolus_end", since_start=True)[ends]
    assert steps == whole
    assert 0 <= ended_ms - from_ms - left_ms <= SLICE_MS
    return ON


def cancelled(pump: Pump) -> str:
    """A bolus that was cancelled never goes on."""
    assert pump.status()["suspended_steps"] == pump.status()["bolus_left_steps"] == 0
    ends = len(pump.log("bolus_end", since_start=True))
    pump.resume()
    pump.run(20 * MINUTE_MS)
    assert len(pump.log("bolus_end", since_start=True)) == ends
    return ENDS


def suspended(pump: Pump) -> str:
    """Of the patient's bolus that waits for the end of the clinician's."""
    if pump.log("bolus_cancelled"):
        assert len(pump.log("bolus_cancelled")) == 2
        return cancelled(pump)
    return ON if ends_of_both(pump) else ENDS


def ends_of_both(pump: Pump) -> bool:
    """Whether the clinician's bolus ends, then the patient's, each with all that it had left."""
    left = pump.status()["suspended_steps"]
    pump.run(12 * MINUTE_MS)
    return [steps for _, steps in pump.log("bolus_end", since_start=True)][-2:] == [CLINICIAN, left]


# What has become of it, in the words of the table.
WATCH: dict[str, Callable[[Pump], str]] = {
    "basal": basal,
    "plan": plan,
    "paused": paused_plan,
    "kept_open": keep_open,
    "bridge": bridge,
    "prime": prime,
    "lockout": lockout,
    "waiting": order,
    "suspended": suspended,
    **dict.fromkeys(("scheduled", "patient", "clinician", "trial"), bolus),
}


def found(thing: str, event: str) -> str:
    """What the firmware does, in the words of the table; the laws are checked on the way."""
    watch = WATCH[thing]
    try:
        pump = MAKERS[thing](event != "time_unknown")
    except Refused as refused:
        return f"refused: {refused.value}"
    pump.seen = pump.app.journal.seq
    before = pump.status()
    try:
        ACTS[event](pump)
    except Refused as refused:
        assert pump.status() == before
        assert watch(pump) == watch_untouched(thing)
        pump.check_laws(HOUR_STEPS)
        return f"refused: {reason(refused)}"
    word = watch(pump)
    if event == "due" and thing != "waiting":
        word = f"{word} (the due one {fate(pump)})"
    pump.check_laws(HOUR_STEPS)
    return word


def reason(refused: Refused) -> str:
    if refused.field == "concentration_ng_ml" and refused.accepted == "another concentration while stopped":
        return "while delivering"
    return str(refused.value)


def watch_untouched(thing: str) -> str:
    return "stays paused" if thing == "paused" else ON


def fate(pump: Pump) -> str:
    """What became of the single bolus that came due."""
    due_ms = pump.log("time_set")[0][0] + 2 * SLICE_MS
    if pump.control.state == "stopped":
        pump.control.start()
    pump.run(20 * MINUTE_MS)
    if pump.log("bolus_missed"):
        return "is missed"
    ((begun_ms, _),) = pump.log("bolus")
    return "begins" if begun_ms <= due_ms else "waits"


@pytest.mark.req("D-10")
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("thing", THINGS)
def test_what_happens_to_everything_that_runs_when_anything_else_happens(thing: str, event: str) -> None:
    assert found(thing, event) == CELLS[thing][event]


def test_the_table_in_the_docs_is_the_one_that_is_tested() -> None:
    # When it is not: PYTHONPATH=host_tests/helpers python -m interactions prints it.
    assert tables() in DOCS.read_text(encoding="utf-8")


def test_the_reasons_in_the_docs_are_those_of_the_firmware() -> None:
    told = re.findall(r"^(\d+)\. (.+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(int(number), words) for number, words in told] == list(enumerate(REASONS))[1:]


def test_every_file_that_the_docs_name_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", DOCS.read_text(encoding="utf-8"))
    assert len(links) > 20
    assert [link for link in links if not (DOCS.parent / link).is_file()] == []
