"""Therapies, told in simulated days."""

import pytest

from pump.core.errors import Refused
from rig import DAY_MS, HOUR_MS, MINUTE_MS, MONDAY, Rig, board_module, day_total_steps, program

BOARD = board_module(slice_ms=60_000)


@pytest.mark.req("D-08", "M-01")
def test_three_flex_days_deliver_three_times_the_daily_total() -> None:
    source = program([[0, 30_000, 1], [6 * HOUR_MS, 80_000, 2], [20 * HOUR_MS, 10_000, 0]], rate_den=3)
    rig = Rig(source, BOARD)
    rig.run(3 * DAY_MS)
    status = rig.status()
    assert status["ordered_steps"] == 3 * day_total_steps(source) // 1
    assert status["confirmed_steps"] + status["in_flight_steps"] == status["ordered_steps"]
    assert status["confirmed_steps"] == rig.bench.motor.steps


@pytest.mark.req("D-07")
def test_a_bolus_adds_its_whole_dose_at_its_time_and_once() -> None:
    source = program([[0, 24_000, 0]], boluses=[[0, 8 * HOUR_MS, 5_000, 0, 20 * MINUTE_MS]])
    rig = Rig(source, BOARD)
    rig.run(8 * HOUR_MS)
    assert rig.status()["ordered_steps"] == 8_000
    rig.run(20 * MINUTE_MS)
    assert rig.status()["ordered_steps"] == 8_000 + 5_000 + 1_000 // 3
    rig.run(2 * DAY_MS - 8 * HOUR_MS - 20 * MINUTE_MS)
    assert rig.status()["ordered_steps"] == 48_000 + 5_000
    assert [at_ms // MINUTE_MS for at_ms, _, _ in rig.events("bolus_end")] == [8 * 60 + 20]


@pytest.mark.req("R-03")
def test_the_motor_stops_at_the_residual_volume_before_running_dry() -> None:
    residual = BOARD.RESERVOIR_RESIDUAL_STEPS
    rig = Rig(program([[0, 48_000, 0]]), BOARD, fill_steps=residual + 10_000)
    rig.run(DAY_MS)
    status = rig.status()
    assert status["state"] == "halted"
    assert status["alarms"] == ["reservoir_empty", "reservoir_low"]
    assert status["reservoir_steps"] == residual
    assert status["confirmed_steps"] == rig.bench.motor.steps == 10_000


@pytest.mark.req("R-01")
def test_an_empty_pump_runs_on_after_refill_acknowledge_and_start() -> None:
    residual = BOARD.RESERVOIR_RESIDUAL_STEPS
    rig = Rig(program([[0, 48_000, 0]]), BOARD, fill_steps=residual + 1_000)
    rig.run(HOUR_MS)
    rig.app.control.acknowledge()
    with pytest.raises(Refused, match="reservoir"):
        rig.app.control.start()
    rig.refill(2_000_000)
    rig.app.control.start()
    rig.run(HOUR_MS)
    status = rig.status()
    assert status["state"] == "delivering"
    assert status["wasted_steps"] == residual
    assert status["filled_steps"] == status["reservoir_steps"] + status["confirmed_steps"] + status["wasted_steps"]


@pytest.mark.req("D-06")
def test_a_bolus_that_would_crowd_out_the_basal_of_its_hour_is_denied_and_alarmed() -> None:
    source = program([[0, 24_000, 0]], boluses=[[0, 8 * HOUR_MS, 500, 0, MINUTE_MS]], hour=1_400)
    rig = Rig(source, BOARD)
    rig.run(DAY_MS)
    status = rig.status()
    assert [a for _, a, _ in rig.events("bolus_denied")] == [500]
    assert status["alarms"] == ["limit_reached"]
    assert status["ordered_steps"] == 24_000


@pytest.mark.req("D-11")
def test_until_the_time_of_day_is_set_the_lowest_rate_runs_under_an_alarm() -> None:
    source = program([[0, 48_000, 0], [12 * HOUR_MS, 12_000, 0]], boluses=[[0, HOUR_MS, 100, 0, MINUTE_MS]])
    rig = Rig(source, BOARD, day_ms=None)
    rig.run(6 * HOUR_MS)
    assert rig.status()["ordered_steps"] == 3_000
    assert rig.status()["alarms"] == ["time_unknown"]
    rig.app.control.set_time(6 * HOUR_MS, MONDAY)
    rig.run(6 * HOUR_MS)
    assert rig.status()["ordered_steps"] == 3_000 + 12_000
    assert rig.status()["alarms"] == ["bolus_missed"]


@pytest.mark.req("M-10")
def test_two_weeks_pass_the_wrap_of_the_clock_unnoticed() -> None:
    rig = Rig(program([[0, 46_113, 0]]), BOARD)
    rig.run(14 * DAY_MS)
    assert rig.bench.clock.elapsed_ms > 1 << 30
    assert rig.status()["ordered_steps"] == 14 * 46_113
    assert rig.app.journal.uptime_ms == 14 * DAY_MS


def test_a_stopped_pump_makes_nothing_up_and_its_bolus_does_not_resume() -> None:
    source = program([[0, 24_000, 0]], boluses=[[0, HOUR_MS, 6_000, 0, HOUR_MS]])
    rig = Rig(source, BOARD)
    rig.run(HOUR_MS + 30 * MINUTE_MS)
    rig.app.control.stop()
    delivered = rig.status()["granted_steps"]
    assert delivered <= 1_500 + 3_000
    rig.run(HOUR_MS)
    rig.app.control.start()
    rig.run(HOUR_MS)
    status = rig.status()
    assert status["granted_steps"] + status["owed_steps"] == delivered + 1_000
    assert status["bolus_left_steps"] == 0
