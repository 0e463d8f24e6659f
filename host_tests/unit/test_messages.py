"""The lines of the simulated bench: read as they are meant, or refused with the line or the field."""

import json

import pytest

from itb.sim.messages import (
    Burst,
    CommandOutcome,
    End,
    Event,
    Failure,
    FlashWork,
    GuestError,
    LineChange,
    Power,
    Sample,
    Start,
    parse_line,
)

STATUS = {
    "state": "delivering",
    "alarms": ["reservoir_low"],
    **dict.fromkeys(
        ("ordered_steps", "granted_steps", "confirmed_steps", "owed_steps", "dropped_steps", "in_flight_steps"), 5
    ),
    **dict.fromkeys(("missing_steps", "stray_steps", "abandoned_steps", "bolus_left_steps"), 6),
    **dict.fromkeys(("rate_steps_day", "reservoir_steps"), 6),
    **dict.fromkeys(("filled_steps", "wasted_steps"), 7),
    **dict.fromkeys(("weekday", "plan_day", "stage"), 2),
    **dict.fromkeys(("primed_ordered_steps", "primed_steps", "bridge_left_steps", "suspended_steps"), 8),
    **dict.fromkeys(("bridge_left_ms", "patient_wait_ms", "idle_ms"), 9),
    **dict.fromkeys(("concentration_ng_ml", "program_ng_ml"), 500_000),
    "something_new": 1,
}
PLANT = {
    "edges": 5,
    "motor_steps": 4,
    "catheter_nl": 49.7,
    "watchdog_expiries": 1,
    "let_go": 2,
    "pump_ng": 9,
    "tip_ng": 8,
}
SAMPLE = {"k": "sample", "t_ms": 300_000, "status": STATUS, "plant": PLANT}
COMMAND = {"k": "command", "t_ms": 60_000, "name": "start", "accepted": False, "message": "start: no program"}


def test_every_kind_is_read() -> None:
    start = {"k": "start", "board": "sim", "heap_used": 9, "day_total": [3, 2], "limits": {}, "lease_steps": 4}
    assert parse_line(json.dumps(start)) == Start("sim", 9, (3, 2), 4)
    event = {"k": "event", "t_ms": 1, "seq": 2, "kind": "refill", "a": 3, "b": 4}
    assert parse_line(json.dumps(event)) == Event(1, 2, "refill", 3, 4)
    burst = {"k": "burst", "t_ms": 1, "steps": 2, "interval_us": 500}
    assert parse_line(json.dumps(burst)) == Burst(1, 2, 500)
    line = {"k": "line", "t_ms": 7, "name": "dir", "level": 1}
    assert parse_line(json.dumps(line)) == LineChange(7, "dir", 1)
    assert parse_line(json.dumps(COMMAND)) == CommandOutcome(60_000, "start", False, "start: no program")
    assert parse_line('{"k": "error", "type": "Refused", "message": "no"}') == Failure("Refused", "no")


@pytest.mark.parametrize("on", [True, False])
def test_the_end_and_the_begin_of_a_life_come_with_report_and_truth(on: bool) -> None:
    power = parse_line(json.dumps({**SAMPLE, "k": "power", "on": on, "cause": "watchdog", "uptime_ms": 7}))
    assert isinstance(power, Power)
    assert (power.t_ms, power.uptime_ms, power.on, power.cause) == (300_000, 7, on, "watchdog")
    assert (power.status.confirmed_steps, power.plant.edges) == (5, 5)


def test_the_end_tells_what_a_simulated_flash_was_put_to_if_there_was_one() -> None:
    end = {**SAMPLE, "k": "end", "why": "done", "heap_peak": 1, "late_ticks": 0}
    work = {"operations": 9, "erases": 4, "most_erases": 3, "programmed_bytes": 1280}
    for flash, read in ((None, None), (work, FlashWork(9, 4, 3, 1280))):
        message = parse_line(json.dumps({**end, "flash": flash}))
        assert isinstance(message, End)
        assert message.flash == read


def test_a_sample_keeps_counts_exact_and_the_tip_to_a_nanolitre() -> None:
    sample = parse_line(json.dumps(SAMPLE))
    assert isinstance(sample, Sample)
    assert sample.status.alarms == ("reservoir_low",)
    assert (sample.status.owed_steps, sample.status.wasted_steps) == (5, 7)
    assert (sample.plant.motor_steps, sample.plant.catheter_nl) == (4, 50)
    assert (sample.plant.watchdog_expiries, sample.plant.let_go) == (1, 2)
    assert (sample.plant.pump_ng, sample.plant.tip_ng) == (9, 8)
    assert (sample.status.weekday, sample.status.primed_steps, sample.status.idle_ms) == (2, 8, 9)
    assert (sample.status.bridge_left_steps, sample.status.program_ng_ml) == (8, 500_000)


@pytest.mark.parametrize("name", [name for name in STATUS if name != "something_new"])
def test_every_field_of_the_report_must_be_there(name: str) -> None:
    status = {key: value for key, value in STATUS.items() if key != name}
    with pytest.raises(GuestError, match=f"sent {name} = None"):
        parse_line(json.dumps({**SAMPLE, "status": status}))


@pytest.mark.parametrize("name", PLANT)
def test_every_field_of_the_truth_must_be_there(name: str) -> None:
    plant = {key: value for key, value in PLANT.items() if key != name}
    with pytest.raises(GuestError, match=f"sent {name} = None"):
        parse_line(json.dumps({**SAMPLE, "plant": plant}))


def test_each_field_of_the_report_goes_to_its_own_place() -> None:
    counts = {name: place for place, name in enumerate(STATUS) if name not in ("state", "alarms", "something_new")}
    sample = parse_line(json.dumps({**SAMPLE, "status": {**STATUS, **counts}}))
    assert isinstance(sample, Sample)
    assert {name: getattr(sample.status, name) for name in counts} == counts


@pytest.mark.parametrize("line", ["hello", "[1]", "3", '{"k": "song"}', "", '{"no": "kind"}', "\x00"])
def test_rubbish_is_refused(line: str) -> None:
    with pytest.raises(GuestError, match=r"no message|unknown kind"):
        parse_line(line)


@pytest.mark.parametrize(
    "broken, field",
    [
        ({**SAMPLE, "t_ms": "soon"}, "t_ms"),
        ({**SAMPLE, "t_ms": True}, "t_ms"),
        ({**SAMPLE, "status": None}, "status"),
        ({**SAMPLE, "status": {**STATUS, "owed_steps": 1.5}}, "owed_steps"),
        ({**SAMPLE, "status": {**STATUS, "alarms": "many"}}, "alarms"),
        ({**SAMPLE, "plant": {**PLANT, "catheter_nl": "wet"}}, "catheter_nl"),
        ({**SAMPLE, "plant": {**PLANT, "tip_ng": 0.5}}, "tip_ng"),
        ({**SAMPLE, "status": {**STATUS, "weekday": True}}, "weekday"),
        ({**COMMAND, "accepted": 1}, "accepted"),
        ({**COMMAND, "name": None}, "name"),
        ({**COMMAND, "message": None}, "message"),
        ({"k": "start", "board": "sim", "heap_used": 9, "day_total": [3]}, "day_total"),
        ({"k": "error", "type": 3, "message": "no"}, "type"),
        ({"k": "line", "t_ms": 7, "name": "step", "level": 1}, "name"),
        ({"k": "line", "t_ms": 7, "name": "dir", "level": 2}, "level"),
    ],
)
def test_a_wrong_field_is_named(broken: dict[str, object], field: str) -> None:
    with pytest.raises(GuestError, match=f"{field} ="):
        parse_line(json.dumps(broken))
