"""The status: the pump's account of itself, in microsteps, from the ledger and never from what was ordered."""

import json

import pytest

from benchtop import STEADY_STEPS_DAY, Benchtop

LONG_MS = 10**9
KEYS = {
    "state",
    "priority",
    "alarms",
    "failed_checks",
    "day",
    "day_ms",
    "weekday",
    "stage",
    "plan_day",
    "plan_paused",
    "keep_open",
    "idle_ms",
    "time_known",
    "rate_steps_day",
    "ordered_steps",
    "primed_ordered_steps",
    "primed_steps",
    "owed_steps",
    "dropped_steps",
    "granted_steps",
    "confirmed_steps",
    "in_flight_steps",
    "missing_steps",
    "stray_steps",
    "abandoned_steps",
    "bolus_left_steps",
    "suspended_steps",
    "patient_wait_ms",
    "bridge_left_steps",
    "bridge_left_ms",
    "hour_steps",
    "day_steps",
    "concentration_ng_ml",
    "program_ng_ml",
    "reservoir_steps",
    "filled_steps",
    "wasted_steps",
    "withheld_ticks",
    "late_ticks",
    "lease_left_steps",
    "service_left_ms",
}


def test_it_has_these_fields_and_no_others() -> None:
    assert set(Benchtop().status()) == KEYS


def test_over_the_link_it_is_the_same() -> None:
    pump = Benchtop().started()
    pump.slice(20)
    assert pump.asked(b"status") == json.loads(json.dumps(pump.status()))


def test_a_pump_that_was_never_started_has_delivered_nothing() -> None:
    status = Benchtop().status()
    assert (status["state"], status["priority"], status["alarms"]) == ("stopped", 0, [])
    assert status["failed_checks"] == []
    assert status["rate_steps_day"] == 0
    assert all(status[name] == 0 for name in KEYS if name.endswith("_steps"))
    assert (status["stage"], status["plan_day"], status["weekday"]) == (0, 0, 0)
    assert (status["plan_paused"], status["keep_open"], status["idle_ms"]) == (False, False, 0)
    assert (status["concentration_ng_ml"], status["patient_wait_ms"], status["bridge_left_ms"]) == (0, -1, 0)


@pytest.mark.req("M-01")
def test_what_was_delivered_is_what_was_counted_at_the_driver() -> None:
    pump = Benchtop([["lost_edges", 10_000, 20_000, 4]]).started()
    edges_before = pump.bench.edges.count()
    pump.slice(30)
    status = pump.status()
    assert status["missing_steps"] > 0
    assert status["confirmed_steps"] == (pump.bench.edges.count() - edges_before) % 2**30
    assert status["confirmed_steps"] == status["granted_steps"] - status["in_flight_steps"] - status["missing_steps"]


@pytest.mark.req("M-01")
def test_everything_ordered_is_granted_owed_or_dropped() -> None:
    pump = Benchtop().started()
    for _ in range(4):
        pump.slice(7)
        pump.control.stop()
        pump.slice(2)
        pump.control.start()
        status = pump.status()
        assert status["ordered_steps"] == status["granted_steps"] + status["owed_steps"] + status["dropped_steps"]
        assert status["ordered_steps"] > 0


def test_the_rate_is_what_runs_now_and_nothing_while_stopped() -> None:
    pump = Benchtop().started()
    assert pump.status()["rate_steps_day"] == STEADY_STEPS_DAY
    pump.control.stop()
    assert pump.status()["rate_steps_day"] == 0


def test_alarms_are_named_the_most_urgent_first() -> None:
    pump = Benchtop([["stall", 1, LONG_MS, 0]])
    pump.fill_steps = pump.board.RESERVOIR_LOW_STEPS
    pump.started()
    pump.until_state("halted")
    status = pump.status()
    assert status["alarms"] == ["motor_stall", "reservoir_low"]
    assert status["priority"] == 3
