"""The lines of the simulated bench: read as they are meant, or refused with the line or the field."""

import json

import pytest

from itb.sim.messages import Burst, Event, Failure, GuestError, LineChange, Sample, Start, parse_line

STATUS = {
    "state": "delivering",
    "alarms": ["reservoir_low"],
    **dict.fromkeys(
        ("ordered_steps", "granted_steps", "confirmed_steps", "owed_steps", "dropped_steps", "in_flight_steps"), 5
    ),
    **dict.fromkeys(("missing_steps", "stray_steps", "abandoned_steps", "bolus_left_steps"), 6),
    **dict.fromkeys(("rate_steps_day", "reservoir_steps"), 6),
    **dict.fromkeys(("filled_steps", "wasted_steps"), 7),
    "something_new": 1,
}
PLANT = {"edges": 5, "motor_steps": 4, "catheter_nl": 49.7, "watchdog_expiries": 1, "let_go": 2}
SAMPLE = {"k": "sample", "t_ms": 300_000, "status": STATUS, "plant": PLANT}


def test_every_kind_is_read() -> None:
    start = {"k": "start", "board": "sim", "heap_used": 9, "day_total": [3, 2], "limits": {}}
    assert parse_line(json.dumps(start)) == Start("sim", 9, (3, 2))
    event = {"k": "event", "t_ms": 1, "seq": 2, "kind": "refill", "a": 3, "b": 4}
    assert parse_line(json.dumps(event)) == Event(1, 2, "refill", 3, 4)
    burst = {"k": "burst", "t_ms": 1, "steps": 2, "interval_us": 500}
    assert parse_line(json.dumps(burst)) == Burst(1, 2, 500)
    line = {"k": "line", "t_ms": 7, "name": "dir", "level": 1}
    assert parse_line(json.dumps(line)) == LineChange(7, "dir", 1)
    assert parse_line('{"k": "error", "type": "Refused", "message": "no"}') == Failure("Refused", "no")


def test_a_sample_keeps_counts_exact_and_the_tip_to_a_nanolitre() -> None:
    sample = parse_line(json.dumps(SAMPLE))
    assert isinstance(sample, Sample)
    assert sample.status.alarms == ("reservoir_low",)
    assert (sample.status.owed_steps, sample.status.wasted_steps) == (5, 7)
    assert (sample.plant.motor_steps, sample.plant.catheter_nl) == (4, 50)
    assert (sample.plant.watchdog_expiries, sample.plant.let_go) == (1, 2)


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
        ({"k": "start", "board": "sim", "heap_used": 9, "day_total": [3]}, "day_total"),
        ({"k": "error", "type": 3, "message": "no"}, "type"),
        ({"k": "line", "t_ms": 7, "name": "step", "level": 1}, "name"),
        ({"k": "line", "t_ms": 7, "name": "dir", "level": 2}, "level"),
    ],
)
def test_a_wrong_field_is_named(broken: dict[str, object], field: str) -> None:
    with pytest.raises(GuestError, match=f"{field} ="):
        parse_line(json.dumps(broken))
