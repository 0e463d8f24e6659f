"""Programs in force: loaded while stopped or delivering, how far they may rise, and the plan that moves them."""

from fractions import Fraction
from typing import Any

import pytest

from pump.core.errors import Refused
from pump.safety.alarms import MOTOR_STALL
from rig import DAY_MS, HOUR_MS, MINUTE_MS, program
from watched import Watched

STEPS_DAY = 10_000
DRUG = [30, "drug"]
FALLING = {"patterns": [[[0, 24_000, 0]], [[0, 12_000, 0]], [[0, 6_000, 0]]], "plan": [[0, 0, 0], [1, 1, 1], [3, 2, 2]]}


def flat(steps_day: int = STEPS_DAY, **parts: object) -> dict[str, Any]:
    """One rate all day, under the drug's limit of 30 % for what it may rise."""
    return program([[0, steps_day, 0]], parts={"titration": DRUG, **parts})


def rising(*steps_days: int) -> dict[str, Any]:
    """A plan of one day for each rate."""
    plan = [[stage, stage, stage] for stage in range(len(steps_days))]
    return flat(patterns=[[[0, steps, 0]] for steps in steps_days], plan=plan)


def delivering(source: dict[str, Any] | None = None, day_ms: int | None = 0, slice_ms: int = MINUTE_MS) -> Watched:
    pump = Watched(slice_ms)
    pump.started(source or flat(), day_ms)
    return pump


def refused_load(pump: Watched, source: object) -> Refused:
    """The refusal, which is logged and changes nothing else."""
    before = pump.snapshot()
    with pytest.raises(Refused) as caught:
        pump.control.load(source)
    status, kinds, *others = before
    assert isinstance(kinds, list)
    assert pump.snapshot() == (status, [*kinds, "program_refused"], *others)
    return caught.value


class TestLoad:
    def test_while_stopped_it_is_taken_and_the_change_kept_in_the_history(self) -> None:
        pump = Watched(MINUTE_MS)
        pump.programmed(flat())
        assert pump.events("program") == [(1, 0)]
        assert pump.events("titration") == []
        pump.control.load(flat(12_345, boluses=[[0, HOUR_MS, 1, 0, 1]]))
        assert pump.events("program") == [(1, 0), (1, 1)]
        assert pump.events("titration") == [(STEPS_DAY, 12_345)]
        assert pump.control.state == "stopped"

    @pytest.mark.req("D-05")
    def test_while_delivering_it_goes_on_at_the_new_rate_from_that_moment(self) -> None:
        pump = delivering()
        pump.run(12 * HOUR_MS)
        pump.control.load(flat(12_000))
        assert pump.control.state == "delivering"
        assert pump.status()["rate_steps_day"] == 12_000
        pump.run(12 * HOUR_MS)
        assert pump.status()["ordered_steps"] == 5000 + 6000

    @pytest.mark.req("D-07")
    def test_a_program_loaded_again_and_again_loses_no_part_of_a_microstep(self) -> None:
        source = program([[0, 1000, 5], [5 * HOUR_MS, 777, 2]], rate_den=7)
        once, often = delivering(source), delivering(source)
        for _ in range(200):
            once.run(7 * MINUTE_MS)
            often.run(7 * MINUTE_MS)
            often.control.load(source)
        assert often.status()["ordered_steps"] == once.status()["ordered_steps"] > 800

    def test_it_keeps_time_of_day_and_begins_its_own_days_and_plan(self) -> None:
        pump = delivering(program([], parts=FALLING))
        pump.run(2 * DAY_MS + HOUR_MS)
        pump.control.load(program([], parts=FALLING))
        status = pump.status()
        assert (status["day"], status["day_ms"], status["weekday"]) == (0, HOUR_MS, 2)
        assert (status["plan_day"], status["stage"], status["rate_steps_day"]) == (0, 0, 24_000)

    @pytest.mark.parametrize("state", ["halted", "priming"])
    def test_in_other_states_it_is_refused(self, state: str) -> None:
        pump = delivering()
        if state == "halted":
            pump.halt()
        else:
            pump.control.stop()
            pump.control.prime(10, HOUR_MS, True)
        assert refused_load(pump, flat()).value == f"while {state}"

    def test_while_a_bolus_runs_it_is_refused_until_its_end(self) -> None:
        pump = delivering()
        pump.control.give_bolus(10, 0, 1, 5 * MINUTE_MS)
        pump.run(MINUTE_MS)
        assert refused_load(pump, flat()).value == "while a bolus runs"
        pump.run(4 * MINUTE_MS)
        pump.control.load(flat())

    def test_while_delivering_without_the_time_of_day_it_is_refused(self) -> None:
        assert refused_load(delivering(day_ms=None), flat()).value == "time of day unknown"

    @pytest.mark.req("D-06")
    def test_while_delivering_it_is_held_against_what_was_granted_before(self) -> None:
        evening = program([[0, 2000, 0], [12 * HOUR_MS, 40_000, 0]], day=26_000)
        morning = program([[0, 40_000, 0], [12 * HOUR_MS, 2000, 0]], day=26_000)
        pump = delivering(evening)
        pump.run(DAY_MS - HOUR_MS)
        refusal = refused_load(pump, morning)
        assert refusal.field == "basal of a day"
        assert "at most 26000 microsteps, the day limit of the test" in str(refusal)
        # By then enough of the evening lies a day back.
        pump.run(13 * HOUR_MS)
        pump.control.load(morning)
        pump.run(2 * DAY_MS)
        assert pump.alarms() == []

    @pytest.mark.req("D-06")
    def test_loaded_while_stopped_the_caps_hold_by_withholding_basal(self) -> None:
        evening = program([[0, 2000, 0], [12 * HOUR_MS, 40_000, 0]], day=26_000)
        morning = program([[0, 40_000, 0], [12 * HOUR_MS, 2000, 0]], day=26_000)
        pump = delivering(evening)
        pump.run(DAY_MS - HOUR_MS)
        pump.control.stop()
        pump.control.load(morning)
        pump.control.start()
        pump.run(13 * HOUR_MS)
        assert pump.status()["day_steps"] <= 26_000
        assert pump.alarms() == ["limit_reached"]


class TestTitration:
    @pytest.mark.req("D-05", "D-03")
    @pytest.mark.parametrize("stopped", [False, True])
    def test_a_rise_beyond_the_limit_is_refused_naming_it(self, stopped: bool) -> None:
        pump = delivering()
        pump.run(DAY_MS)
        if stopped:
            pump.control.stop()
        refusal = refused_load(pump, flat(13_001))
        assert str(refusal) == (
            "daily dose: a rise of 31 % is refused; "
            "accepted: a rise of at most 30 % within 24 h, the titration limit of the drug"
        )
        pump.control.load(flat(13_000))

    @pytest.mark.req("D-05")
    def test_two_rises_count_together_until_24_h_after_the_first(self) -> None:
        pump = delivering()
        pump.run(5 * HOUR_MS)
        pump.control.load(flat(12_000))
        pump.run(DAY_MS - MINUTE_MS)
        refused_load(pump, flat(13_001))
        pump.run(MINUTE_MS)
        pump.control.load(flat(15_600))
        refused_load(pump, flat(15_601))

    @pytest.mark.req("D-05")
    def test_a_fall_is_what_the_next_rise_is_held_against(self) -> None:
        pump = delivering()
        pump.run(DAY_MS)
        pump.control.load(flat(5000))
        pump.run(HOUR_MS)
        refused_load(pump, flat())
        pump.control.load(flat(6500))

    @pytest.mark.req("D-05")
    def test_the_first_program_and_a_rise_from_no_basal_are_held_against_nothing(self) -> None:
        pump = delivering(flat(0))
        pump.run(DAY_MS)
        pump.control.load(flat(50_000))

    @pytest.mark.req("D-05")
    @pytest.mark.parametrize("before_ms", [DAY_MS, 2 * MINUTE_MS])
    def test_the_stage_that_the_next_midnight_brings_counts_too(self, before_ms: int) -> None:
        pump = delivering(day_ms=DAY_MS - before_ms)
        pump.run(3 * DAY_MS)
        refused_load(pump, rising(13_000, 13_001))
        pump.control.load(rising(10_000, 13_000))

    @pytest.mark.req("D-05")
    @pytest.mark.parametrize("second, third, taken", [(13_000, 16_900, True), (13_000, 16_901, False)])
    def test_from_day_to_day_a_plan_may_rise_by_the_limit(self, second: int, third: int, taken: bool) -> None:
        pump = delivering()
        if taken:
            pump.control.load(rising(STEPS_DAY, second, third))
        else:
            refused_load(pump, rising(STEPS_DAY, second, third))

    @pytest.mark.req("D-05")
    def test_the_weekend_may_not_be_steeper_either(self) -> None:
        days = [[[0, 10_000, 0]], [[0, 13_001, 0]]]
        refused_load(delivering(), flat(patterns=days, plan=[[0, 0, 1]]))

    @pytest.mark.req("D-05")
    @pytest.mark.parametrize("day_pattern", [0, 1])
    def test_neither_weekday_nor_weekend_may_exceed_what_was_in_force_before(self, day_pattern: int) -> None:
        pump = delivering()
        days = [[[0, 12_000, 0]], [[0, 13_001, 0]]]
        assert "31 %" in str(refused_load(pump, flat(patterns=days, plan=[[0, day_pattern, 1 - day_pattern]])))

    @pytest.mark.req("D-05")
    def test_a_clock_set_back_over_midnight_does_not_bring_the_next_stage_twice(self) -> None:
        pump = delivering(rising(10_000, 12_000, 14_000))
        pump.run(DAY_MS + 10 * MINUTE_MS)
        for _ in range(3):
            pump.control.set_time(DAY_MS - 10 * MINUTE_MS, 0)
            pump.run(20 * MINUTE_MS)
        assert pump.status()["rate_steps_day"] == 12_000
        pump.run(DAY_MS)
        assert pump.status()["rate_steps_day"] == 14_000


class TestThePlan:
    def days(self, pump: Watched, count: int) -> int:
        """The microsteps that `count` days order."""
        before = pump.status()["ordered_steps"]
        pump.run(count * DAY_MS)
        return pump.status()["ordered_steps"] - before

    def test_its_stages_follow_each_other_at_midnight_and_are_logged(self) -> None:
        pump = delivering(program([], parts=FALLING))
        assert [self.days(pump, 1) for _ in range(5)] == [24_000, 12_000, 12_000, 6_000, 6_000]
        assert pump.events("stage") == [(1, 1), (2, 3)]

    def test_paused_it_stays_where_it_is_and_resumed_it_goes_on_from_there(self) -> None:
        pump = delivering(program([], parts=FALLING))
        pump.run(DAY_MS + HOUR_MS)
        pump.control.pause_plan()
        assert self.days(pump, 3) == 36_000
        assert pump.status()["plan_paused"]
        pump.control.resume_plan()
        assert self.days(pump, 1) == 12_000
        assert self.days(pump, 1) == 23 * 500 + 250
        assert pump.events("plan_paused") == [(1, 0)]
        assert pump.events("plan_resumed") == [(1, 0)]

    @pytest.mark.parametrize("how", ["stop", "halt", "keep_open"])
    def test_a_midnight_without_its_therapy_does_not_move_it(self, how: str) -> None:
        pump = delivering(program([], parts=FALLING), day_ms=DAY_MS - HOUR_MS)
        {"stop": pump.control.stop, "halt": pump.halt, "keep_open": pump.control.keep_open}[how]()
        pump.run(2 * HOUR_MS)
        pump.resume()
        if how == "keep_open":
            pump.control.run_program()
        status = pump.status()
        assert status["plan_day"] == 0
        hours = Fraction(status["day_ms"], HOUR_MS)
        assert abs(self.days(pump, 1) - (24 - hours) * 1000 - hours * 500) < 1

    def test_a_pause_outlasts_stop_halt_and_start_but_not_a_new_program(self) -> None:
        pump = delivering(program([], parts=FALLING))
        pump.control.pause_plan()
        pump.halt()
        pump.resume()
        pump.control.stop()
        pump.control.start()
        assert self.days(pump, 2) == 48_000
        pump.control.load(program([], parts=FALLING))
        assert not pump.status()["plan_paused"]

    def test_pausing_twice_and_resuming_what_goes_on_are_refused(self) -> None:
        pump = delivering(program([], parts=FALLING))
        assert pump.refused(pump.control.resume_plan).value == "not paused"
        pump.control.pause_plan()
        assert pump.refused(pump.control.pause_plan).value == "paused"

    @pytest.mark.req("D-06")
    def test_it_does_not_resume_onto_what_would_break_a_cap(self) -> None:
        # Tomorrow brings 1,000 more, for which the bolus has left no room.
        plan = {"patterns": [[[0, 10_000, 0]], [[0, 11_000, 0]]], "plan": [[0, 0, 0], [1, 1, 1]]}
        pump = delivering(program([], parts=plan, day=11_500))
        pump.run(12 * HOUR_MS)
        pump.control.pause_plan()
        pump.control.give_bolus(1450, 0, 1, MINUTE_MS)
        pump.run(2 * MINUTE_MS)
        refusal = pump.refused(pump.control.resume_plan)
        assert "at most 11500 microsteps, the day limit of the test" in str(refusal)
        assert pump.status()["plan_paused"]
        pump.run(DAY_MS)
        pump.control.resume_plan()
        pump.run(2 * DAY_MS)
        assert pump.alarms() == []

    @pytest.mark.req("D-06")
    def test_a_pause_is_always_taken_and_the_caps_hold_by_withholding_basal(self) -> None:
        # The bolus fitted because of a lower tomorrow that now does not come.
        pump = delivering(program([], parts=FALLING, day=25_500), day_ms=22 * HOUR_MS)
        pump.run(HOUR_MS)
        pump.control.give_bolus(11_000, 0, 1, 30 * MINUTE_MS)
        pump.run(30 * MINUTE_MS)
        pump.control.pause_plan()
        pump.run(DAY_MS)
        assert pump.status()["day_steps"] <= 25_500
        assert pump.alarms() == ["limit_reached"]

    def test_without_the_time_of_day_it_does_not_move(self) -> None:
        pump = delivering(program([], parts=FALLING), day_ms=None)
        assert self.days(pump, 2) == 48_000
        assert pump.status()["plan_day"] == 0


@pytest.mark.parametrize("state", ["boot", "inhibited", "stopped", "halted"])
def test_a_plan_can_be_paused_in_any_state(state: str) -> None:
    pump = Watched(MINUTE_MS, opened=state in ("stopped", "halted"))
    if state == "inhibited":
        pump.control.self_tested(["sounder"])
    elif state != "boot":
        pump.programmed(program([], parts=FALLING))
    if state == "halted":
        pump.control.raise_alarm(MOTOR_STALL)
    pump.control.pause_plan()
    assert pump.status()["plan_paused"]
