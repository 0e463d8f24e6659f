"""What the pump does about each fault of its bench, told in simulated hours."""

from typing import Any

import pytest

from rig import DAY_MS, HOUR_MS, MINUTE_MS, Rig, board_module, program

BOARD = board_module(slice_ms=10_000)
# 0.2 mL a day through the 1 mL syringe.
STEADY = program([[0, 46_113, 0]])
ALL_DAY = 10 * DAY_MS


def after_fault(kind: str, amount: int = 0, run_ms: int = 6 * HOUR_MS, source: dict[str, Any] = STEADY) -> Rig:
    rig = Rig(source, BOARD, [[kind, HOUR_MS, ALL_DAY, amount]])
    for _ in range(run_ms // BOARD.TICK_MS):
        rig.slice(BOARD.TICK_MS + rig.bench.faults.late_ms)
    return rig


def test_a_stalled_motor_halts_delivery_and_alarms() -> None:
    rig = after_fault("stall")
    status = rig.status()
    assert status["state"] == "halted"
    assert status["alarms"][0] == "motor_stall"
    assert rig.events("alarm")[0][0] - HOUR_MS <= 2 * MINUTE_MS


def test_what_went_out_during_a_stall_is_accounted_as_delivered_but_the_truth_of_the_motor_is_less() -> None:
    rig = after_fault("stall")
    assert 0 < rig.status()["confirmed_steps"] - rig.bench.motor.steps < 2 * BOARD.MICROSTEPS


@pytest.mark.req("M-03")
def test_edges_lost_on_the_read_back_wire_halt_at_two_full_steps() -> None:
    rig = after_fault("lost_edges", amount=10)
    status = rig.status()
    assert status["state"] == "halted"
    assert status["alarms"] == ["motor_mismatch"]
    limit_steps = 2 * BOARD.MICROSTEPS
    largest_burst = 46_113 * BOARD.TICK_MS // DAY_MS + 1
    assert limit_steps <= status["missing_steps"] <= limit_steps + largest_burst


@pytest.mark.req("M-09")
def test_a_driver_that_loses_power_delivers_nothing_and_nothing_is_counted() -> None:
    rig = after_fault("driver_off")
    status = rig.status()
    assert status["state"] == "halted"
    assert status["alarms"] == ["driver_off"]
    assert status["confirmed_steps"] == rig.bench.motor.steps
    assert status["confirmed_steps"] <= 46_113 * HOUR_MS // DAY_MS


def test_an_occlusion_halts_delivery_once_pressure_reaches_the_threshold() -> None:
    rig = after_fault("occlusion", run_ms=24 * HOUR_MS)
    status = rig.status()
    assert status["state"] == "halted"
    assert status["alarms"] == ["occlusion"]
    assert rig.bench.plant.pressure_kpa() < BOARD.OCCLUSION_KPA * 1.1


@pytest.mark.req("M-10")
def test_late_ticks_are_counted_and_cost_no_dose() -> None:
    rig = after_fault("late_tick", amount=25_000)
    elapsed_ms = rig.bench.clock.elapsed_ms
    status = rig.status()
    assert status["state"] == "delivering"
    assert status["late_ticks"] > 0
    assert status["ordered_steps"] == 46_113 * elapsed_ms // DAY_MS
    assert status["ordered_steps"] - status["confirmed_steps"] - status["in_flight_steps"] == status["owed_steps"]


def test_a_slipping_nut_cannot_be_seen_by_the_pump_and_shows_only_against_the_truth() -> None:
    rig = after_fault("slip", amount=30)
    status = rig.status()
    assert status["state"] == "delivering"
    assert status["alarms"] == []
    assert rig.bench.motor.steps < status["confirmed_steps"]


@pytest.mark.req("M-10")
def test_after_a_very_late_tick_the_catch_up_is_capped_at_the_mechanisms_greatest_rate() -> None:
    rig = Rig(program([[0, 5_000_000, 0]]), BOARD, fill_steps=BOARD.RESERVOIR_CAPACITY_STEPS)
    rig.slice()
    rig.slice()
    before = rig.status()["granted_steps"]
    rig.slice(40_000)
    assert rig.status()["granted_steps"] - before == BOARD.BURST_MAX_STEPS
    rig.run(4 * HOUR_MS)
    status = rig.status()
    assert status["owed_steps"] == 0
    assert status["ordered_steps"] == status["granted_steps"]


def test_a_halted_pump_starts_again_only_by_acknowledge_and_start() -> None:
    rig = Rig(STEADY, BOARD, [["driver_off", HOUR_MS, HOUR_MS + 10 * MINUTE_MS, 0]])
    rig.run(2 * HOUR_MS)
    stopped_at = rig.status()["confirmed_steps"]
    assert rig.status()["state"] == "halted"
    rig.app.control.acknowledge()
    rig.run(HOUR_MS)
    assert rig.status()["state"] == "stopped"
    assert rig.status()["confirmed_steps"] == stopped_at
    rig.app.control.start()
    rig.run(HOUR_MS)
    assert rig.status()["state"] == "delivering"
    assert abs(rig.status()["confirmed_steps"] - stopped_at - 46_113 * HOUR_MS // DAY_MS) <= 12
