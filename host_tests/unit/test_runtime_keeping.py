"""What a restart finds, and how the pump goes on: nothing lost, nothing doubled."""

from collections.abc import Callable
from typing import Any

import pytest

from asked import DURATION_MS, LOCKOUT_MS, bolus_source
from benchtop import STEADY, STEADY_STEPS_DAY, Benchtop, constants
from pump.core.errors import Refused
from pump.memory.slots import Slots
from pump.runtime.keeping import RETRY_MS, UPTIME_LOST_MS_MAX, VERSION
from pump.safety.alarms import OCCLUSION
from rig import DAY_MS, HOUR_MS, MINUTE_MS, MONDAY, NG_ML, program
from twin.peripherals import RamNvm

SUNDAY = 6
FLEX = program([[0, 864_000, 0], [6 * HOUR_MS, 432_000, 0]])


class FailingNvm(RamNvm):
    """Takes nothing more once it is `full`."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def write(self, name: str, data: bytes) -> None:
        self._refuse()
        super().write(name, data)

    def append(self, name: str, data: bytes) -> None:
        self._refuse()
        super().append(name, data)

    def _refuse(self) -> None:
        if self.full:
            raise OSError(28)


def ran(seconds: int = 600, source: dict[str, Any] = STEADY) -> Benchtop:
    pump = Benchtop().started(source)
    pump.slice(seconds)
    return pump


def by_minute() -> Benchtop:
    """A pump whose slice is a minute."""
    return Benchtop(board=constants(slice_ms=MINUTE_MS))


def failing() -> tuple[Benchtop, FailingNvm]:
    nvm = FailingNvm()
    return Benchtop(ports={"nvm": nvm}), nvm


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

    def test_while_nothing_is_delivered_there_is_none(self) -> None:
        pump = ran()
        pump.control.stop()
        assert pump.status()["lease_left_steps"] == 0

    @pytest.mark.req("M-02")
    def test_where_it_cannot_be_renewed_delivery_ends_with_it_and_goes_on_when_it_can(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        pump.slice(10)
        nvm.full = True
        pump.slice(pump.board.LEASE_STEPS // 10)
        given_steps = pump.bench.motor.steps
        pump.slice(60)
        assert pump.bench.motor.steps == given_steps <= pump.board.LEASE_STEPS
        assert pump.alarms() == ["lease_ended", "memory_error"]
        assert pump.control.state == "delivering"
        nvm.full = False
        pump.slice(RETRY_MS // 1000 + 2)
        assert pump.bench.motor.steps > given_steps
        assert pump.alarms() == ["memory_error"]

    def test_a_memory_that_refuses_is_not_tried_at_every_poll(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        nvm.full = True
        tried = 0

        def count() -> None:
            nonlocal tried
            tried += 1

        nvm._refuse = lambda: (count(), FailingNvm._refuse(nvm))[0]
        pump.slice(600)
        # The records, and the events of the two alarms.
        assert 600_000 // RETRY_MS - 10 <= tried <= 600_000 // RETRY_MS + 3


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


class TestDelivery:
    @pytest.mark.req("I-04", "I-05")
    def test_a_pump_that_delivered_goes_on_at_the_lowest_rate_until_the_time_is_set(self) -> None:
        pump = ran(source=FLEX)
        pump.restart()
        pump.slice()
        assert pump.control.state == "delivering"
        assert pump.alarms() == ["restarted", "time_unknown"]
        assert pump.status()["rate_steps_day"] == 432_000
        pump.control.set_time(HOUR_MS, MONDAY)
        pump.slice()
        assert pump.status()["rate_steps_day"] == 864_000
        assert pump.alarms() == ["restarted"]

    @pytest.mark.req("I-05")
    def test_with_a_wall_clock_it_goes_on_as_the_time_of_day_wants_it(self) -> None:
        pump = Benchtop()
        pump.bench.wall_clock.absent = False
        pump.started(FLEX, day_ms=5 * HOUR_MS)
        pump.slice(60)
        pump.restart(off_ms=2 * HOUR_MS)
        pump.slice()
        status = pump.status()
        assert (status["weekday"], status["time_known"], status["rate_steps_day"]) == (MONDAY, True, 432_000)
        assert abs(status["day_ms"] - 7 * HOUR_MS - 61_000) <= 1000
        assert pump.alarms() == ["restarted"]

    @pytest.mark.req("I-05")
    def test_a_wall_clock_that_stopped_is_no_better_than_none(self) -> None:
        pump = Benchtop()
        pump.bench.wall_clock.absent = False
        pump.started(FLEX)
        pump.bench.wall_clock.stop()
        pump.restart()
        assert not pump.status()["time_known"]

    @pytest.mark.req("D-10")
    def test_a_bolus_that_ran_does_not_go_on(self) -> None:
        pump = by_minute().started(bolus_source())
        pump.control.request_bolus()
        pump.slice()
        pump.restart()
        assert pump.status()["bolus_left_steps"] == 0
        pump.control.set_time(HOUR_MS, MONDAY)
        given_steps = pump.bench.motor.steps
        pump.slice(10)
        # Ten minutes of the basal alone.
        assert pump.bench.motor.steps - given_steps <= 24_000 // 144 + 2

    @pytest.mark.req("D-09")
    def test_the_lockout_goes_on(self) -> None:
        pump = Benchtop().started(bolus_source())
        pump.control.request_bolus()
        pump.slice(60)
        pump.restart(off_ms=DAY_MS)
        # Of the minute since it was stored nothing is known.
        assert LOCKOUT_MS - 60_000 <= pump.status()["patient_wait_ms"] <= LOCKOUT_MS
        pump.control.set_time(HOUR_MS, MONDAY)
        with pytest.raises(Refused, match="lockout"):
            pump.control.request_bolus()

    @pytest.mark.req("D-15")
    def test_the_screening_trial_goes_on_where_it_was(self) -> None:
        pump = by_minute().started(bolus_source())
        pump.control.give_trial_step()
        pump.slice(5)
        pump.restart()
        pump.control.set_time(HOUR_MS, MONDAY)
        with pytest.raises(Refused, match="lockout"):
            pump.control.give_trial_step()
        pump.slice(24 * 60)
        pump.control.give_trial_step()
        assert pump.events("trial_bolus") == [(150, 1)]

    @pytest.mark.req("I-05")
    @pytest.mark.parametrize("cut_minute, given", [(58, 1), (59, 1), (62, 1)])
    def test_a_bolus_of_the_program_is_given_once_whatever_comes_between(self, cut_minute: int, given: int) -> None:
        pump = by_minute().started(program([[0, 24_000, 0]], 1, [[0, HOUR_MS, 500, 0, MINUTE_MS]]))
        pump.slice(cut_minute)
        before = len(pump.events("bolus"))
        pump.restart()
        pump.control.set_time(cut_minute * MINUTE_MS, MONDAY)
        pump.slice(2 * 60)
        assert before + len(pump.events("bolus")) == given

    @pytest.mark.req("D-05")
    def test_the_plan_stands_where_it_stood_and_a_midnight_that_passed_does_not_pass_again(self) -> None:
        source = program([], parts={"patterns": [[[0, 10_000, 0]], [[0, 12_000, 0]]], "plan": [[0, 0, 0], [1, 1, 1]]})
        pump = by_minute().started(source, day_ms=DAY_MS - HOUR_MS)
        pump.slice(70)
        assert (pump.status()["stage"], pump.status()["plan_day"]) == (1, 1)
        pump.restart()
        pump.control.set_time(DAY_MS - MINUTE_MS, MONDAY)
        pump.slice(5)
        assert (pump.status()["stage"], pump.status()["plan_day"]) == (1, 1)
        assert pump.status()["rate_steps_day"] == 12_000

    @pytest.mark.req("D-05", "I-05")
    def test_a_day_that_has_begun_is_stored_at_once(self) -> None:
        source = program([], parts={"patterns": [[[0, 10_000, 0]]], "plan": [[0, 0, 0]]})
        pump = by_minute().started(source, day_ms=DAY_MS - 10 * MINUTE_MS)
        pump.slice(11)
        assert (pump.status()["day"], pump.status()["plan_day"]) == (1, 1)
        pump.restart()
        assert (pump.status()["day"], pump.status()["plan_day"]) == (1, 1)

    @pytest.mark.req("D-05")
    def test_titration_notes_the_dose_of_the_stage_in_force(self) -> None:
        patterns = [[[0, 20_000, 0]], [[0, 10_000, 0]]]
        parts = {"patterns": patterns, "plan": [[0, 0, 0], [1, 1, 1]], "titration": [30, "test"]}
        pump = by_minute().started(program([], parts=parts), day_ms=DAY_MS - 10 * MINUTE_MS)
        pump.slice(26 * 60)
        pump.restart()
        pump.slice(25 * 60)
        pump.control.set_time(HOUR_MS, MONDAY)
        with pytest.raises(Refused, match="a rise of 40 %"):
            pump.control.load(program([[0, 14_000, 0]], parts={"titration": [30, "test"]}))

    def test_the_plan_stays_paused_and_the_minimum_rate_stays(self) -> None:
        pump = ran()
        pump.control.pause_plan()
        pump.control.keep_open()
        pump.restart()
        status = pump.status()
        assert (status["plan_paused"], status["keep_open"]) == (True, True)
        assert status["rate_steps_day"] == pump.board.MINIMUM_STEPS_DAY

    def test_a_halted_pump_stays_halted_until_it_is_acknowledged(self) -> None:
        pump = ran()
        pump.control.raise_alarm(OCCLUSION)
        pump.slice()
        pump.restart()
        assert pump.control.state == "halted"
        assert "occlusion" in pump.alarms()
        pump.control.acknowledge()
        assert pump.control.state == "stopped"

    def test_a_prime_is_over_and_was_not_complete(self) -> None:
        pump = Benchtop().programmed(STEADY)
        pump.control.prime(1000, MINUTE_MS, False)
        pump.slice(10)
        pump.restart()
        assert pump.control.state == "stopped"
        assert pump.alarms() == ["prime_incomplete", "restarted"]

    def test_after_a_prime_there_is_none_without_another_refill_and_the_line_holds_drug(self) -> None:
        pump = Benchtop().programmed(STEADY)
        pump.control.prime(1000, MINUTE_MS, False)
        # The power goes before the loop runs once more.
        pump.restart()
        assert pump.control.programs.line.concentration_ng_ml == NG_ML
        with pytest.raises(Refused, match="a prime without a refill"):
            pump.control.prime(1000, MINUTE_MS, True)

    @pytest.mark.req("I-01")
    def test_a_failed_self_test_keeps_it_from_going_on(self) -> None:
        pump = ran()
        pump._replaced["stall"] = ActiveStall()
        given_steps = pump.bench.motor.steps
        pump.restart()
        pump.slice(60)
        assert pump.control.state == "inhibited"
        assert {"self_test_failed", "restarted"} <= set(pump.alarms())
        assert pump.bench.motor.steps == given_steps

    @pytest.mark.req("R-03")
    def test_a_pump_that_cannot_go_on_says_so_and_stays_stopped(self) -> None:
        pump = Benchtop(fill_steps=80_000).started(program([[0, 5_184_000, 0]]))
        while pump.status()["reservoir_steps"] - pump.board.RESERVOIR_RESIDUAL_STEPS > pump.board.LEASE_STEPS // 2:
            pump.slice(5)
        pump.restart()
        assert pump.control.state == "stopped"
        assert pump.alarms() == ["not_resumed", "restarted"]
        pump.refill(pump.fill_steps)
        with pytest.raises(Refused, match="how long it stood still is not known"):
            pump.control.start()


class TestABridge:
    """A change from 500 to 2000 ug/mL and back; the line holds what was before."""

    WEAK, STRONG = NG_ML, 4 * NG_ML

    def bridging(self, before: int, after: int) -> Benchtop:
        pump = by_minute()
        pump.control.refill(pump.fill_steps, 0, before)
        pump.control.load(program([[0, 46_080, 0]], parts={"concentration_ng_ml": before}))
        pump.control.set_time(0, MONDAY)
        pump.control.start()
        pump.slice(60)
        pump.control.stop()
        pump.slice(2)
        pump.control.refill(pump.fill_steps, pump.status()["reservoir_steps"], after)
        parts = {"concentration_ng_ml": after, "bridge": [46_080, DAY_MS]}
        pump.control.load(program([[0, 46_080 * before // after, 0]], parts=parts))
        return pump

    @pytest.mark.req("D-12")
    @pytest.mark.parametrize("before, after", [(WEAK, STRONG), (STRONG, WEAK)])
    def test_one_that_has_not_begun_stands_whole(self, before: int, after: int) -> None:
        pump = self.bridging(before, after)
        pump.restart()
        status = pump.status()
        assert (status["bridge_left_steps"], status["bridge_left_ms"]) == (46_080, DAY_MS)
        assert not pump.app.tick.demand.bridge_begun()

    @pytest.mark.req("D-12")
    def test_to_a_stronger_drug_it_goes_on_less_what_may_have_gone(self) -> None:
        pump = self.bridging(self.WEAK, self.STRONG)
        pump.control.start()
        pump.slice(333)
        given_steps = 46_080 - pump.status()["bridge_left_steps"] - pump.status()["owed_steps"]
        pump.restart()
        left_steps = pump.status()["bridge_left_steps"]
        assert 46_080 - given_steps - pump.board.LEASE_STEPS <= left_steps <= 46_080 - given_steps
        # At the rate it had.
        assert pump.status()["bridge_left_ms"] == -(-left_steps * DAY_MS // 46_080)
        assert pump.status()["rate_steps_day"] in (46_079, 46_080)

    @pytest.mark.req("D-12")
    def test_to_a_weaker_drug_none_of_the_stronger_goes_at_the_new_rate(self) -> None:
        pump = self.bridging(self.STRONG, self.WEAK)
        pump.control.start()
        pump.slice(333)
        given_steps = 46_080 - pump.status()["bridge_left_steps"] - pump.status()["owed_steps"]
        for _ in range(5):
            pump.restart()
        assert pump.status()["bridge_left_steps"] >= 46_080 - given_steps

    @pytest.mark.req("D-12")
    def test_the_limits_of_the_program_before_hold_until_its_end(self) -> None:
        pump = self.bridging(self.WEAK, self.STRONG)
        hour = pump.control.limits.hour
        pump.restart()
        assert (pump.control.limits.hour.steps, pump.control.limits.hour.source) == (hour.steps, hour.source)


class ActiveStall:
    """A line that says that the motor stalls."""

    def read(self) -> bool:
        return True


class TestTheCause:
    @pytest.mark.req("I-04")
    @pytest.mark.parametrize("cause", ["power", "watchdog", "soft", "other"])
    def test_it_is_logged(self, cause: str) -> None:
        pump = ran().restart(cause)
        kinds = pump.kinds()
        assert kinds[:3] == ["restart", "state_stopped", "reset_" + cause]
        assert "state_delivering" in kinds

    @pytest.mark.req("I-04")
    @pytest.mark.parametrize("cause, alarms", [("power", []), ("watchdog", ["restarted"])])
    def test_the_watchdog_alarms_even_if_the_pump_stood_still(self, cause: str, alarms: list[str]) -> None:
        pump = ran()
        pump.control.stop()
        assert pump.restart(cause).alarms() == alarms

    def test_the_first_start_of_all_is_no_restart(self) -> None:
        pump = Benchtop()
        assert pump.kinds() == ["state_stopped"]
        assert pump.alarms() == []


class TestTime:
    def test_uptime_goes_on_and_is_stored_every_hour(self) -> None:
        pump = ran()
        pump.control.stop()
        pump.slice(5 * 3600)
        before_ms = pump.app.journal.uptime_ms
        pump.restart(off_ms=DAY_MS)
        assert before_ms - UPTIME_LOST_MS_MAX <= pump.app.journal.uptime_ms <= before_ms

    @pytest.mark.req("A-03", "M-08")
    def test_a_long_stop_stays_one(self) -> None:
        pump = ran()
        pump.control.stop()
        pump.slice(49, HOUR_MS)
        pump.restart()
        pump.slice()
        assert "stopped_long" in pump.alarms()


class TestWhatIsNotToBeUsed:
    @pytest.mark.req("I-02", "A-03")
    @pytest.mark.parametrize(
        "spoil, word",
        [
            (lambda nvm: [nvm.remove(name) for name in ("state.a", "state.b")], "state_lost"),
            (lambda nvm: [nvm.remove(name) for name in nvm.names() if name[:8] != "program."], "state_lost"),
            (lambda nvm: [nvm.write(name, b"itb") for name in ("state.a", "state.b")], "state_lost"),
            (lambda nvm: [nvm.remove(name) for name in ("program.a", "program.b")], "program_lost"),
            (lambda nvm: [nvm.write(name, b"") for name in ("program.a", "program.b")], "program_lost"),
            (lambda nvm: [nvm.remove(name) for name in ("lease.a", "lease.b")], "lease_lost"),
            (lambda nvm: [nvm.write(name, b"itb") for name in ("lease.a", "lease.b")], "lease_lost"),
            (lambda nvm: newer(nvm, "lease"), "lease_newer"),
            (lambda nvm: newer(nvm, "state"), "state_newer"),
            (lambda nvm: newer(nvm, "program"), "program_newer"),
            (lambda nvm: rewritten(nvm, b"[]\n"), "state_unreadable"),
            (lambda nvm: rewritten(nvm, b"{}\n"), "state_unreadable"),
            (lambda nvm: rewritten(nvm, b"\xff"), "state_unreadable"),
        ],
    )
    def test_nothing_is_delivered_and_nothing_is_written_over(self, spoil: Callable[[Any], object], word: str) -> None:
        pump = ran()
        nvm: Any = pump.bench.ports.nvm
        spoil(nvm)
        stored = {name: nvm.read(name) for name in nvm.names() if name[:5] in ("state", "progr", "lease")}
        given_steps = pump.bench.motor.steps
        pump.restart()
        assert pump.control.state == "inhibited"
        assert pump.status()["failed_checks"] == [word]
        assert pump.alarms()[:2] == ["self_test_failed", "memory_lost"]
        pump.control.stop()
        with pytest.raises(Refused):
            pump.control.load(STEADY)
        with pytest.raises(Refused, match="memory that cannot be written"):
            pump.control.refill(pump.fill_steps, 0, NG_ML)
        pump.slice(100, MINUTE_MS)
        assert pump.bench.motor.steps == given_steps
        kept = {name: nvm.read(name) for name in nvm.names() if name[:5] in ("state", "progr", "lease")}
        assert kept == stored

    @pytest.mark.req("I-02", "M-02")
    def test_an_older_state_put_back_is_found_by_the_lease_that_knows_a_newer(self) -> None:
        pump = ran()
        nvm: Any = pump.bench.ports.nvm
        older = {name: nvm.read(name) for name in ("state.a", "state.b")}
        pump.control.pause_plan()
        pump.slice(pump.board.LEASE_STEPS // 10)
        for name, data in older.items():
            nvm.write(name, data)
        pump.restart()
        assert pump.status()["failed_checks"] == ["state_lost"]

    @pytest.mark.req("I-02")
    def test_counts_of_another_calibration_are_not_taken(self) -> None:
        pump = ran()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pump.board, "CALIBRATION", "1 nL / 1 steps")
            pump.restart()
        assert "calibration_changed" in pump.status()["failed_checks"]

    @pytest.mark.req("I-02")
    @pytest.mark.parametrize("name", ["state.a", "state.b", "program.a", "program.b"])
    @pytest.mark.parametrize("damage", [b"", b"itbS"])
    def test_one_copy_may_be_lost(self, name: str, damage: bytes) -> None:
        sound = ran().restart()
        pump = ran()
        nvm: Any = pump.bench.ports.nvm
        nvm.write(name, damage)
        pump.restart()
        assert "memory_error" in pump.alarms()
        differs = {key for key, value in pump.status().items() if value != sound.status()[key]}
        assert differs <= {"alarms"}
        # And is whole again.
        copies = [nvm.read(name[:-1] + copy) for copy in "ab"]
        assert copies[0] == copies[1]
        assert "memory_error" in pump.alarms()


def newer(nvm: Any, name: str) -> None:
    Slots(nvm, name, VERSION + 1).write(b"{}")


def rewritten(nvm: Any, payload: bytes) -> None:
    slots = Slots(nvm, "state", VERSION)
    slots.read()
    slots.write(payload)


class TestAMemoryThatCannotBeWritten:
    """What would not survive a restart is refused, and changes nothing."""

    @pytest.mark.req("I-02", "I-03")
    @pytest.mark.parametrize(
        "command",
        [
            lambda control, fill_steps: control.refill(fill_steps, 0, NG_ML),
            lambda control, _: control.load(program([[0, STEADY_STEPS_DAY // 2, 0]])),
            lambda control, _: control.start(),
            lambda control, _: control.prime(1000, MINUTE_MS, False),
        ],
        ids=["refill", "load", "start", "prime"],
    )
    def test_a_stopped_pump_refuses(self, command: Callable[[Any, int], None]) -> None:
        pump, nvm = failing()
        pump.programmed(STEADY)
        before = pump.status()
        nvm.full = True
        with pytest.raises(Refused, match="a memory that cannot be written"):
            command(pump.control, pump.fill_steps)
        after = pump.status()
        assert {key for key, value in after.items() if value != before[key]} <= {"alarms", "priority"}
        pump.slice()
        assert pump.alarms() == ["memory_error"]
        nvm.full = False
        pump.restart()
        assert pump.control.state == "stopped"
        assert pump.status()["filled_steps"] == pump.fill_steps
        assert pump.control.programs.day_total_steps() == STEADY_STEPS_DAY

    @pytest.mark.req("D-09")
    @pytest.mark.parametrize("name", ["request_bolus", "give_trial_step"])
    def test_a_bolus_whose_lockout_would_not_last_is_denied(self, name: str) -> None:
        pump, nvm = failing()
        pump.started(bolus_source())
        nvm.full = True
        with pytest.raises(Refused, match="memory that cannot be written"):
            getattr(pump.control, name)()
        assert pump.status()["bolus_left_steps"] == 0
        nvm.full = False
        getattr(pump.control, name)()
        assert pump.status()["bolus_left_steps"] > 0

    def test_a_refill_while_delivering_that_is_undone_keeps_the_account(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        pump.slice(100)
        nvm.full = True
        with pytest.raises(Refused):
            pump.control.refill(pump.fill_steps, 0, NG_ML)
        nvm.full = False
        pump.slice(100)
        status = pump.status()
        assert status["filled_steps"] == status["reservoir_steps"] + status["confirmed_steps"]
        assert "refill_undone" in pump.kinds()

    @pytest.mark.req("I-10")
    def test_a_stop_is_taken(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        nvm.full = True
        pump.control.stop()
        assert pump.control.state == "stopped"
        nvm.full = False
        pump.slice(RETRY_MS // 1000 + 2)
        assert pump.restart().control.state == "stopped"
