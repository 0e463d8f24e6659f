"""The lease and the account over a restart: when they are stored, and what is given back."""

from typing import Any

import pytest

from asked import DURATION_MS, bolus_source
from benchtop import FAST_STEPS_DAY, STEADY, STEADY_STEPS_DAY, Benchtop
from pump.core.errors import Refused
from pump.runtime.keeping import RETRY_MS
from pump.safety.alarms import BOLUS_MISSED
from restarted import by_minute, failing, ran
from rig import DAY_MS, HOUR_MS, MINUTE_MS, MONDAY, NG_ML, program


def renewed(pump: Benchtop) -> None:
    """Slice until the lease has just been renewed."""
    before_steps = pump.status()["lease_left_steps"]
    while pump.status()["lease_left_steps"] <= before_steps:
        before_steps = pump.status()["lease_left_steps"]
        pump.slice()


class TestTheLease:
    @pytest.mark.req("M-02")
    @pytest.mark.parametrize("seconds", [1, 2, 3, 57, 58, 59, 600, 3600])
    def test_a_restart_counts_no_less_than_was_delivered_and_at_most_a_lease_more(self, seconds: int) -> None:
        pump = ran(seconds)
        delivered_steps = pump.bench.motor.steps
        pump.restart()
        accounted_steps = pump.status()["confirmed_steps"]
        assert delivered_steps <= accounted_steps <= delivered_steps + pump.board.LEASE_STEPS

    @pytest.mark.req("M-02")
    def test_a_burst_that_was_on_its_way_is_counted(self) -> None:
        pump = ran(100)
        pump.tick()
        pump.bench.advance(500)
        assert pump.bench.step.busy()
        pump.restart()
        assert pump.bench.motor.steps <= pump.status()["confirmed_steps"]

    @pytest.mark.req("M-02")
    def test_of_a_pump_that_was_stopped_a_restart_counts_what_was_delivered(self) -> None:
        pump = ran()
        pump.control.stop()
        pump.slice(3)
        before = pump.status()
        pump.restart()
        after = pump.status()
        assert after["confirmed_steps"] == before["confirmed_steps"] == pump.bench.motor.steps
        assert after["reservoir_steps"] == before["reservoir_steps"]

    @pytest.mark.req("M-02")
    def test_restarts_without_delivery_in_between_count_the_lease_once(self) -> None:
        pump = ran()
        pump.restart()
        accounted_steps = pump.status()["confirmed_steps"]
        pump.control.stop()
        for _ in range(5):
            pump.restart()
        assert pump.status()["confirmed_steps"] == accounted_steps

    def test_it_is_renewed_half_way(self) -> None:
        pump = Benchtop().started(STEADY)
        lease_steps = pump.board.LEASE_STEPS
        assert pump.status()["lease_left_steps"] == lease_steps
        lowest = lease_steps
        for _ in range(600):
            pump.slice()
            lowest = min(lowest, pump.status()["lease_left_steps"])
        # A second takes ten microsteps; one that begins above the half may end below it, and is renewed then.
        assert lease_steps // 2 <= lowest <= lease_steps // 2 + 10

    def test_with_exactly_half_of_it_left_it_is_not_renewed_and_with_less_it_is(self) -> None:
        pump = Benchtop()
        half_steps = pump.board.LEASE_STEPS // 2
        seconds = 12
        assert half_steps % seconds == 0
        pump.started(program([[0, half_steps // seconds * DAY_MS // 1000, 0]]))
        pump.slice(seconds)
        assert pump.status()["lease_left_steps"] == half_steps
        pump.slice()
        assert pump.status()["lease_left_steps"] > half_steps

    def test_a_renewal_stores_the_lease_and_nothing_else(self) -> None:
        pump = ran(10)
        nvm: Any = pump.bench.ports.nvm
        stored = {name: nvm.read(name) for name in nvm.names()}
        pump.slice(pump.board.LEASE_STEPS // 10)
        assert {name for name in nvm.names() if nvm.read(name) != stored.get(name)} == {"lease.a", "lease.b"}

    @pytest.mark.req("M-02")
    def test_one_of_an_older_state_is_void(self) -> None:
        # Renewed while it delivered; what was not used of it is given up with the stop.
        pump = ran(200)
        pump.control.stop()
        pump.slice(2)
        pump.restart()
        assert pump.status()["confirmed_steps"] == pump.bench.motor.steps

    @pytest.mark.req("D-06")
    def test_after_many_renewals_the_windows_hold_what_was_granted_and_a_lease_at_most(self) -> None:
        # Nearly an hour after the state was stored last; the time since is known from the lease.
        pump = by_minute().started(STEADY)
        pump.slice(119)
        before = pump.status()
        pump.restart()
        after = pump.status()
        minute_steps = STEADY_STEPS_DAY // 1440
        for window in ("hour_steps", "day_steps"):
            assert before[window] - minute_steps <= after[window]
            assert after[window] <= before[window] + pump.board.LEASE_STEPS + minute_steps

    @pytest.mark.req("D-06")
    @pytest.mark.parametrize("late_s", [0, 1, 5])
    def test_after_a_renewal_the_windows_have_aged_by_what_passed_though_the_state_was_stored_late_in_its_poll(
        self, late_s: int
    ) -> None:
        # What is delivered in the last second of the first minute is at stake; after two minutes there is no more.
        pump = Benchtop().started(program([[0, FAST_STEPS_DAY, 0], [2 * MINUTE_MS, 0, 0]]))
        pump.slice(59 - late_s)
        # The poll takes its time: ticks come in it before the command is taken, which stores the state.
        pump.tick(late_s)
        pump.control.pause_plan()
        renewed(pump)
        pump.restart()
        before = pump.status()
        pump.slice(1, HOUR_MS + 59_000 - pump.bench.clock.elapsed_ms)
        assert pump.status()["hour_steps"] == before["hour_steps"]
        pump.slice()
        assert pump.status()["hour_steps"] == before["hour_steps"] - 59 * 60

    def test_while_nothing_is_delivered_there_is_none(self) -> None:
        pump = ran()
        pump.control.stop()
        assert pump.status()["lease_left_steps"] == 0

    @pytest.mark.req("M-02")
    def test_where_it_cannot_be_renewed_delivery_ends_with_it_and_goes_on_when_it_can(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        pump.slice(10)
        nvm.writes_left = 0
        pump.slice(pump.board.LEASE_STEPS // 10)
        given_steps = pump.bench.motor.steps
        pump.slice(60)
        assert pump.bench.motor.steps == given_steps <= pump.board.LEASE_STEPS
        assert pump.alarms() == ["lease_ended", "memory_error"]
        assert pump.control.state == "delivering"
        nvm.writes_left = None
        pump.slice(RETRY_MS // 1000 + 2)
        assert pump.bench.motor.steps > given_steps
        assert pump.alarms() == ["memory_error"]

    def test_a_memory_that_refused_is_tried_again_after_a_while_and_not_before(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        nvm.writes_left = 0
        pump.control.pause_plan()
        tried_ms: list[int] = []
        for _ in range(25):
            refused = nvm.refused
            pump.slice()
            if nvm.refused > refused:
                tried_ms.append(pump.app.journal.uptime_ms)
        assert tried_ms == [RETRY_MS, 2 * RETRY_MS]

    def test_a_memory_that_refuses_is_not_tried_at_every_poll(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        nvm.writes_left = 0
        pump.slice(600)
        # The records, and the events of the two alarms.
        assert 600_000 // RETRY_MS - 10 <= nvm.refused <= 600_000 // RETRY_MS + 3


class TestTheAccount:
    @pytest.mark.req("R-01")
    @pytest.mark.parametrize("cuts", [1, 4])
    def test_what_was_filled_is_what_is_left_and_what_was_delivered_and_wasted(self, cuts: int) -> None:
        pump = ran()
        pump.refill(pump.fill_steps)
        for _ in range(cuts):
            pump.slice(77)
            pump.restart()
            status = pump.status()
            assert status["filled_steps"] == (
                status["reservoir_steps"] + status["confirmed_steps"] + status["wasted_steps"]
            )

    @pytest.mark.req("D-06")
    @pytest.mark.parametrize("minutes", [0, 10, 61, 1441, 3000])
    def test_the_windows_hold_no_less_than_before(self, minutes: int) -> None:
        pump = by_minute().started(STEADY)
        pump.slice(minutes)
        before = pump.status()
        pump.restart(off_ms=DAY_MS)
        after = pump.status()
        for window in ("hour_steps", "day_steps"):
            assert before[window] <= after[window] <= before[window] + pump.board.LEASE_STEPS

    @pytest.mark.req("D-06")
    def test_a_cap_that_was_reached_holds_after_the_restart(self) -> None:
        # A bolus takes the hour's room; what a restart could add stays away until the hour is over.
        pump = by_minute().started(bolus_source(limits={"hour": 2600}))
        pump.control.request_bolus()
        pump.slice(11)
        given_steps = pump.bench.motor.steps
        pump.restart()
        pump.control.set_time(HOUR_MS, MONDAY)
        with pytest.raises(Refused, match="at most 2600 microsteps, the hour limit of the test"):
            pump.control.give_bolus(2600 - given_steps + 1, 0, 1, DURATION_MS)
        pump.slice(48)
        assert pump.bench.motor.steps <= 2600

    @pytest.mark.req("D-05")
    def test_titration_remembers_the_dose_of_before(self) -> None:
        pump = ran(source=program([[0, 100_000, 0]], parts={"titration": [30, "test"]}))
        pump.restart()
        pump.control.set_time(HOUR_MS, MONDAY)
        with pytest.raises(Refused, match="a rise of 31 %"):
            pump.control.load(program([[0, 131_000, 0]], parts={"titration": [30, "test"]}))
        pump.control.load(program([[0, 130_000, 0]], parts={"titration": [30, "test"]}))


def states(pump: Benchtop) -> int:
    """How often the state was stored."""
    return pump.control._keeping._state.seq


def test_an_alarm_is_stored_once() -> None:
    pump = ran()
    before = states(pump)
    pump.control.raise_alarm(BOLUS_MISSED)
    pump.slice(20)
    assert states(pump) == before + 1


def test_at_rest_the_state_is_stored_with_the_end_of_each_hour() -> None:
    pump = by_minute().programmed()
    for _ in range(3):
        before = states(pump)
        pump.slice(59)
        assert states(pump) == before
        pump.slice()
        assert states(pump) == before + 1


def test_a_restart_that_finds_both_copies_sound_stores_none_of_them_again() -> None:
    pump, nvm = failing()
    pump.programmed(STEADY)
    nvm.written.clear()
    pump.restart()
    assert {name.partition(".")[0] for name in nvm.written} & {"state", "lease", "program"} == set()


@pytest.mark.req("I-03")
def test_an_event_after_the_state_was_stored_keeps_its_number() -> None:
    pump = ran(100)
    pump.control.set_time(HOUR_MS, MONDAY)
    told = pump.app.journal.seq
    pump.restart()
    assert pump.app.journal.since(0)[0].seq == told + 1


@pytest.mark.req("R-05", "I-03")
def test_that_another_volume_was_withdrawn_is_stored_with_the_refill() -> None:
    pump = ran(100)
    left_steps = pump.status()["reservoir_steps"]
    pump.control.refill(pump.fill_steps, left_steps // 2, NG_ML)
    assert pump.events("residual") == [(left_steps, left_steps // 2)]
    assert "residual_mismatch" in pump.restart().alarms()
