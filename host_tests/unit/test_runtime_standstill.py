"""How long the pump stood still, and when program and reservoir are to be verified before it goes on."""

import pytest

from benchtop import Benchtop, constants
from pump.core.errors import Refused
from pump.runtime.standstill import IDLE_MS_MAX, VERIFIED_MS_MAX
from rig import HOUR_MS, MINUTE_MS, NG_ML, program

HOURS = IDLE_MS_MAX // HOUR_MS


def stopped() -> Benchtop:
    pump = Benchtop(board=constants(slice_ms=MINUTE_MS)).started()
    pump.slice(10)
    pump.control.stop()
    pump.slice(2)
    return pump


def verify(pump: Benchtop) -> None:
    control = pump.control
    control.verify(control.programs.day_total_steps(), pump.status()["reservoir_steps"])


@pytest.mark.req("M-08")
def test_up_to_48_h_a_start_needs_no_verification() -> None:
    pump = stopped()
    pump.slice(HOURS * 60 - 2)
    assert pump.status()["idle_ms"] == IDLE_MS_MAX
    pump.control.start()


@pytest.mark.req("M-08")
def test_after_more_it_does() -> None:
    pump = stopped()
    pump.slice(HOURS * 60 - 1)
    with pytest.raises(Refused, match="after 48 h without delivery"):
        pump.control.start()
    verify(pump)
    pump.control.start()


@pytest.mark.req("M-08")
def test_one_that_was_stopped_at_once_stands_still_from_then_on() -> None:
    pump = Benchtop().started()
    pump.control.stop()
    assert pump.app.journal.uptime_ms == 0
    pump.slice(5)
    assert pump.status()["idle_ms"] == 5000
    with pytest.raises(Refused, match="after a restart: how long it stood still is not known"):
        pump.restart().control.start()


@pytest.mark.req("M-08", "A-03")
def test_with_the_next_start_it_is_over() -> None:
    pump = stopped()
    pump.control.start()
    pump.slice(HOURS * 60 + 10)
    assert pump.status()["idle_ms"] == 0
    assert "stopped_long" not in pump.alarms()


@pytest.mark.req("M-08")
@pytest.mark.parametrize("off_ms", [0, HOUR_MS, 100 * HOUR_MS])
def test_after_a_restart_it_does_however_short_that_was(off_ms: int) -> None:
    pump = stopped().restart(off_ms=off_ms)
    with pytest.raises(Refused, match="after a restart: how long it stood still is not known"):
        pump.control.start()
    assert pump.control.state == "stopped"
    verify(pump)
    pump.control.start()
    assert pump.control.state == "delivering"
    pump.control.stop()
    pump.control.start()


@pytest.mark.req("M-08")
def test_a_verification_before_the_restart_is_none_after_it() -> None:
    pump = stopped()
    verify(pump)
    pump.restart()
    with pytest.raises(Refused):
        pump.control.start()


@pytest.mark.req("M-08")
@pytest.mark.parametrize("minutes, fresh", [(0, True), (60, True), (61, False)])
def test_a_verification_is_fresh_for_an_hour(minutes: int, fresh: bool) -> None:
    assert VERIFIED_MS_MAX == HOUR_MS
    pump = stopped().restart()
    verify(pump)
    pump.slice(minutes)
    if fresh:
        pump.control.start()
    else:
        with pytest.raises(Refused):
            pump.control.start()


@pytest.mark.req("M-08")
def test_another_program_or_reservoir_ends_it() -> None:
    pump = stopped().restart()
    verify(pump)
    pump.control.load(program([[0, 1000, 0]]))
    with pytest.raises(Refused):
        pump.control.start()
    verify(pump)
    pump.control.refill(pump.fill_steps, 0, NG_ML)
    with pytest.raises(Refused):
        pump.control.start()


def test_a_pump_that_never_delivered_needs_none() -> None:
    pump = Benchtop().programmed()
    pump.restart()
    pump.control.start()
    assert pump.control.state == "delivering"


def test_one_that_delivered_when_its_power_went_goes_on_without() -> None:
    pump = Benchtop().started()
    pump.slice(10)
    assert pump.restart(off_ms=100 * HOUR_MS).control.state == "delivering"
    assert pump.status()["idle_ms"] == 0


@pytest.mark.req("M-08", "A-03")
def test_one_that_delivered_and_cannot_go_on_stands_still_from_then_on() -> None:
    pump = Benchtop(fill_steps=80_000).started(program([[0, 5_184_000, 0]]))
    while pump.status()["reservoir_steps"] - pump.board.RESERVOIR_RESIDUAL_STEPS > pump.board.LEASE_STEPS // 2:
        pump.slice()
    pump.restart()
    assert pump.control.state == "stopped"
    assert pump.status()["idle_ms"] == 0
    pump.slice(5)
    assert pump.status()["idle_ms"] == 5000
    pump.control.refill(pump.fill_steps, 0, NG_ML)
    with pytest.raises(Refused, match="after a restart: how long it stood still is not known"):
        pump.control.start()
