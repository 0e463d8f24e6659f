"""The replacement countdown: 90 days before its end the pump says so, and at its end it delivers no more."""

import pytest

from benchtop import Benchtop
from pump.core.errors import Refused
from pump.runtime.causes import REPLACEMENT_MS
from rig import DAY_MS

pytestmark = pytest.mark.req("A-07", "A-03")


def with_left(left_ms: int) -> Benchtop:
    """A pump that delivers, and has so much time left."""
    pump = Benchtop().started()
    pump.slice()
    pump.app.journal.uptime_ms = pump.board.SERVICE_DAYS * DAY_MS - left_ms
    return pump


def test_the_indicator_comes_90_days_before_the_end() -> None:
    assert REPLACEMENT_MS == 90 * DAY_MS
    pump = with_left(REPLACEMENT_MS + 2000)
    pump.slice()
    assert pump.status()["service_left_ms"] == REPLACEMENT_MS + 1000
    assert pump.alarms() == []
    pump.slice()
    assert pump.status()["service_left_ms"] == REPLACEMENT_MS
    assert pump.alarms() == ["replacement_due"]
    assert pump.control.state == "delivering"


def test_at_the_end_delivery_stops_and_does_not_begin_again() -> None:
    pump = with_left(2000)
    pump.slice()
    assert pump.control.state == "delivering"
    pump.slice(2)
    assert pump.status()["service_left_ms"] <= 0
    assert pump.control.state == "halted"
    assert pump.alarms() == ["end_of_service", "replacement_due"]
    given_steps = pump.bench.motor.steps
    pump.control.acknowledge()
    with pytest.raises(Refused, match="at the end of service"):
        pump.control.start()
    pump.slice(10)
    assert pump.alarms() == ["end_of_service", "replacement_due"]
    assert pump.bench.motor.steps == given_steps


def test_the_countdown_survives_restarts() -> None:
    pump = with_left(10_000)
    pump.slice(5)
    pump.control.stop()
    pump.restart(off_ms=DAY_MS)
    assert pump.status()["service_left_ms"] == 5000
    pump.slice(5)
    assert pump.alarms() == ["end_of_service", "replacement_due"]
    pump.restart()
    pump.slice()
    assert pump.control.state == "halted"
    assert pump.alarms() == ["end_of_service", "replacement_due"]
