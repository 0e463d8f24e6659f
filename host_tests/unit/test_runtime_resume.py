"""How the pump goes on after a restart: nothing lost, nothing doubled."""

import pytest

from asked import LOCKOUT_MS, bolus_source
from benchtop import STEADY, Benchtop
from cut_nvm import CutNvm
from pump.core.errors import Refused
from pump.runtime.keeping import UPTIME_LOST_MS_MAX
from pump.safety.alarms import OCCLUSION
from restarted import by_minute, ran
from rig import DAY_MS, HOUR_MS, MINUTE_MS, MONDAY, NG_ML, program
from twin.flash.nor import BEFORE, PowerCut

FLEX = program([[0, 864_000, 0], [6 * HOUR_MS, 432_000, 0]])


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

    @pytest.mark.req("D-05", "I-05")
    def test_so_is_the_first_day_of_a_program_that_came_right_before_midnight(self) -> None:
        pump = by_minute().started(day_ms=DAY_MS - MINUTE_MS)
        pump.slice(2)
        assert pump.status()["day"] == 1
        pump.control.set_time(DAY_MS - 1, MONDAY)
        pump.control.load(program([[0, 10_000, 0]]))
        pump.slice()
        assert pump.status()["day"] == 1
        pump.restart()
        assert pump.status()["day"] == 1

    @pytest.mark.req("D-05", "I-05")
    def test_so_is_a_day_of_the_plan_that_is_no_new_day(self) -> None:
        pump = by_minute().started(day_ms=DAY_MS - 10 * MINUTE_MS)
        pump.control.pause_plan()
        pump.slice(11)
        pump.control.resume_plan()
        assert (pump.status()["day"], pump.status()["plan_day"]) == (1, 0)
        pump.control.set_time(DAY_MS - MINUTE_MS, MONDAY)
        pump.slice()
        assert (pump.status()["day"], pump.status()["plan_day"]) == (1, 1)
        pump.restart()
        assert (pump.status()["day"], pump.status()["plan_day"]) == (1, 1)

    @pytest.mark.req("D-05", "I-05")
    @pytest.mark.parametrize("ran_minutes, plan_day", [(22 * 60 + 43, 1), (22 * 60 + 44, 2)])
    def test_a_stage_comes_no_sooner_by_restarts_and_a_clock_that_is_set_on(
        self, ran_minutes: int, plan_day: int
    ) -> None:
        stages = {"patterns": [[[0, 10_000, 0]], [[0, 12_000, 0]], [[0, 14_000, 0]]]}
        source = program([], parts={**stages, "plan": [[0, 0, 0], [1, 1, 1], [2, 2, 2]]})
        pump = by_minute().started(source, day_ms=DAY_MS - MINUTE_MS)
        pump.slice()
        for minutes in (60, 300, ran_minutes - 360):
            pump.slice(minutes)
            # What is stored by a command is known after the restart.
            pump.control.set_time(0, MONDAY)
            pump.restart(off_ms=7 * HOUR_MS)
        pump.control.set_time(DAY_MS - MINUTE_MS, MONDAY)
        pump.slice()
        assert (pump.status()["stage"], pump.status()["plan_day"]) == (plan_day, plan_day)

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

    def test_a_program_that_was_loaded_to_be_run_ends_the_minimum_rate_though_the_power_went_in_it(self) -> None:
        nvm = CutNvm()
        pump = Benchtop(ports={"nvm": nvm}).started()
        pump.control.keep_open()
        pump.control.stop()
        # Both copies of the program are stored, and nothing of what comes of it.
        nvm.cut_at(4, BEFORE)
        with pytest.raises(PowerCut):
            pump.control.load(program([[0, 10_000, 0]]))
        pump.restart()
        assert pump.control.program.schedule.whole[0] == 10_000
        assert not pump.status()["keep_open"]
        assert pump.events("keep_open_end") == [(0, 0)]

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
