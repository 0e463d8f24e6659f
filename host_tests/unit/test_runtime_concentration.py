"""A change of concentration: with a bridge or a recorded override, or not at all."""

from typing import Any

import pytest

from pump.core.errors import Refused
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, program
from watched import Watched

STEPS_DAY = 24_000
# A third of a day's volume lies between reservoir and tip.
V_DEAD, BRIDGE_MS = 8000, DAY_MS // 3
HOUR_CAP, DAY_CAP = 3000, 50_000


def order(steps_day: int, ng_ml: int, **parts: object) -> dict[str, Any]:
    """One rate for this concentration, under caps that hold the same dose for any."""
    hour, day = HOUR_CAP * NG_ML // ng_ml, DAY_CAP * NG_ML // ng_ml
    return program([[0, steps_day, 0]], parts={"concentration_ng_ml": ng_ml, **parts}, hour=hour, day=day)


def same_dose(ng_ml: int, **parts: object) -> dict[str, Any]:
    """The daily dose from before, in this concentration."""
    return order(STEPS_DAY * NG_ML // ng_ml, ng_ml, **parts)


def refilled(ng_ml: int = 4 * NG_ML, hours: int = 30, source: dict[str, Any] | None = None) -> Watched:
    """After `hours` of therapy the reservoir was filled with another concentration; the line still holds the old."""
    pump = Watched(MINUTE_MS)
    pump.started(source or same_dose(NG_ML))
    pump.run(hours * HOUR_MS)
    pump.control.stop()
    pump.slice(2)
    pump.refill(pump.fill_steps, ng_ml)
    return pump


def bridging(ng_ml: int = 4 * NG_ML, **parts: object) -> Watched:
    """Just started with a bridge at the rate of the day before."""
    pump = refilled(ng_ml)
    pump.control.load(same_dose(ng_ml, bridge=[V_DEAD, BRIDGE_MS], **parts))
    pump.control.start()
    return pump


def refused_load(pump: Watched, source: dict[str, Any]) -> Refused:
    before = pump.status()
    with pytest.raises(Refused) as caught:
        pump.control.load(source)
    assert pump.status() == before
    assert pump.kinds()[-1] == "program_refused"
    return caught.value


class TestWithoutWord:
    @pytest.mark.req("D-12")
    def test_the_old_program_does_not_start(self) -> None:
        pump = refilled()
        assert str(pump.refused(pump.control.start)) == (
            "start: a program for 500000 ng/mL is refused; "
            "accepted: a program for 2000000 ng/mL, what the reservoir holds"
        )

    def test_a_program_for_what_the_reservoir_does_not_hold_is_refused(self) -> None:
        refusal = refused_load(refilled(), same_dose(NG_ML))
        assert str(refusal) == "concentration_ng_ml: 500000 is refused; accepted: 2000000, what the reservoir holds"

    @pytest.mark.req("D-12")
    @pytest.mark.parametrize(
        "parts, found", [({}, "neither"), ({"bridge": [V_DEAD, BRIDGE_MS], "override": "dye only"}, "both")]
    )
    def test_neither_bridge_nor_override_and_both_are_refused(self, parts: dict[str, object], found: str) -> None:
        refusal = refused_load(refilled(), same_dose(4 * NG_ML, **parts))
        assert str(refusal) == (
            f"bridge: {found} is refused; "
            "accepted: either a bridge or the reason why none is needed: the line still holds 500000 ng/mL"
        )

    @pytest.mark.parametrize("parts", [{"bridge": [V_DEAD, BRIDGE_MS]}, {"override": "because"}])
    def test_where_the_concentration_stays_either_is_refused(self, parts: dict[str, object]) -> None:
        assert refused_load(refilled(NG_ML), same_dose(NG_ML, **parts)).field == "bridge"

    @pytest.mark.parametrize("state", ["delivering", "bridge"])
    def test_another_concentration_is_refilled_only_while_stopped_and_not_upon_a_bridge(self, state: str) -> None:
        pump = bridging()
        pump.run(HOUR_MS)
        if state == "bridge":
            pump.control.stop()
            pump.slice(2)
        refusal = pump.refused(pump.control.refill, pump.fill_steps, 0, NG_ML)
        assert refusal.field == "concentration_ng_ml"
        pump.refill(pump.fill_steps, 4 * NG_ML)

    @pytest.mark.req("D-12")
    def test_a_line_that_was_primed_with_another_concentration_stops_the_program_that_was_loaded_before(self) -> None:
        pump = refilled()
        pump.control.prime(V_DEAD, HOUR_MS, True)
        pump.until_state("stopped")
        pump.refill(pump.fill_steps, NG_ML)
        assert "a line that holds 2000000 ng/mL" in str(pump.refused(pump.control.start))
        pump.control.load(same_dose(NG_ML, override="the line was flushed with 500 ug/mL"))
        pump.control.start()

    def test_a_dilution_beyond_what_can_be_counted_is_refused(self) -> None:
        pump = refilled(1)
        source = program([[0, 1, 0]], parts={"concentration_ng_ml": 1, "override": "dye only"})
        refusal = refused_load(pump, source)
        least = -(-pump.board.LIMIT_DAY_STEPS * NG_ML // ((1 << 30) - 1 - 1441))
        assert str(refusal) == f"concentration_ng_ml: 1 is refused; accepted: at least {least} ng/mL after this one"
        pump = refilled(least)
        pump.control.load({**source, "concentration_ng_ml": least})


class TestTheBridge:
    @pytest.mark.req("D-12")
    @pytest.mark.parametrize("ng_ml", [4 * NG_ML, NG_ML // 4])
    def test_the_line_is_pushed_out_at_the_old_rate_and_then_the_new_one_runs(self, ng_ml: int) -> None:
        pump = bridging(ng_ml)
        before = pump.status()
        pump.run(BRIDGE_MS // 2)
        status = pump.status()
        assert status["ordered_steps"] - before["ordered_steps"] == V_DEAD // 2
        assert (status["bridge_left_steps"], status["bridge_left_ms"]) == (V_DEAD // 2, BRIDGE_MS // 2)
        assert status["rate_steps_day"] == STEPS_DAY
        pump.run(BRIDGE_MS // 2 + DAY_MS)
        status = pump.status()
        new_steps_day = STEPS_DAY * NG_ML // ng_ml
        assert abs(status["ordered_steps"] - before["ordered_steps"] - V_DEAD - new_steps_day) <= 1
        assert status["rate_steps_day"] == new_steps_day
        assert pump.events("bridge") == [(V_DEAD, BRIDGE_MS)]
        assert pump.events("bridge_end") == [(V_DEAD, 0)]
        assert pump.alarms() == []
        # From the one that is counted in larger microsteps, so that neither is above the cap.
        pump.check_laws(max(HOUR_CAP, HOUR_CAP * NG_ML // ng_ml))

    @pytest.mark.req("D-06", "D-12")
    @pytest.mark.parametrize("ng_ml", [4 * NG_ML, NG_ML // 4, 3 * NG_ML])
    def test_the_old_limits_hold_to_its_end_and_then_the_new_ones_with_the_same_dose_in_the_windows(
        self, ng_ml: int
    ) -> None:
        pump = bridging(ng_ml)
        pump.run(BRIDGE_MS - MINUTE_MS)
        assert pump.control.limits.hour.steps == HOUR_CAP
        before = pump.status()
        pump.run(MINUTE_MS)
        assert pump.events("bridge_end") == [(V_DEAD, 0)]
        assert pump.control.limits.hour.steps == HOUR_CAP * NG_ML // ng_ml
        status = pump.status()
        for name, last_steps in (("hour_steps", 1000), ("day_steps", 8000)):
            assert status[name] >= last_steps * NG_ML // ng_ml
            # One more microstep by rounding up, and the minute that passed.
            assert abs(status[name] - before[name] * NG_ML / ng_ml) <= 18 * max(NG_ML / ng_ml, 1) + 1

    @pytest.mark.req("D-12")
    @pytest.mark.parametrize("how", ["stop", "halt"])
    def test_it_waits_while_nothing_is_delivered_and_goes_on(self, how: str) -> None:
        pump = bridging()
        for _ in range(4):
            pump.run(HOUR_MS)
            (pump.control.stop if how == "stop" else pump.halt)()
            left = pump.status()["bridge_left_steps"]
            pump.run(3 * HOUR_MS)
            assert pump.status()["bridge_left_steps"] == left
            pump.resume()
            assert pump.events("bridge")[-1][0] == left
        left_steps, left_ms = pump.events("bridge")[-1]
        assert abs(left_ms - left_steps * DAY_MS // STEPS_DAY) <= DAY_MS // STEPS_DAY
        pump.run(left_ms - MINUTE_MS)
        assert pump.events("bridge_end") == []
        pump.run(3 * MINUTE_MS)
        assert pump.events("bridge_end") == [(V_DEAD, 0)]

    @pytest.mark.req("D-12")
    def test_all_of_the_line_goes_out_however_often_it_is_stopped(self) -> None:
        pump = bridging()
        before = pump.status()["granted_steps"]
        for _ in range(100):
            if pump.events("bridge_end"):
                break
            pump.run(7 * MINUTE_MS)
            pump.control.stop()
            pump.slice(2)
            pump.control.start()
        status = pump.status()
        assert pump.events("bridge_end") == [(V_DEAD, 0)]
        basal = 7 * MINUTE_MS * 6000 // DAY_MS + 1
        assert V_DEAD <= status["granted_steps"] - before <= V_DEAD + basal

    @pytest.mark.req("D-12", "D-05")
    def test_it_is_no_faster_than_the_day_before(self) -> None:
        pump = refilled()
        refusal = refused_load(pump, same_dose(4 * NG_ML, bridge=[V_DEAD, BRIDGE_MS - 1]))
        assert str(refusal) == (
            f"bridge.duration_ms: {BRIDGE_MS - 1} is refused; "
            f"accepted: at least {BRIDGE_MS} ms: no faster than the day before, {STEPS_DAY} microsteps"
        )

    @pytest.mark.req("D-12", "D-05")
    @pytest.mark.parametrize("days, steps_day", [(1, 24_000), (2, 12_000), (5, 6000)])
    def test_the_day_before_is_that_of_the_stage_which_the_plan_had_reached(self, days: int, steps_day: int) -> None:
        patterns = [[[0, 24_000, 0]], [[0, 12_000, 0]], [[0, 6000, 0]]]
        taper = order(0, NG_ML, patterns=patterns, plan=[[0, 0, 0], [1, 1, 1], [2, 2, 2]])
        pump = refilled(hours=24 * days - 1, source=taper)
        assert f", {steps_day} microsteps" in str(
            refused_load(pump, order(1500, 4 * NG_ML, bridge=[V_DEAD, V_DEAD * DAY_MS // steps_day - 1]))
        )
        pump.control.load(order(1500, 4 * NG_ML, bridge=[V_DEAD, V_DEAD * DAY_MS // steps_day]))

    @pytest.mark.req("D-12", "D-05")
    def test_the_day_before_is_that_of_a_titration_made_meanwhile(self) -> None:
        pump = Watched(MINUTE_MS)
        pump.started(same_dose(NG_ML))
        pump.run(HOUR_MS)
        pump.control.load(order(6000, NG_ML))
        pump.run(2 * DAY_MS)
        pump.control.stop()
        pump.slice(2)
        pump.refill(pump.fill_steps, 4 * NG_ML)
        assert ", 6000 microsteps" in str(refused_load(pump, order(1500, 4 * NG_ML, bridge=[V_DEAD, BRIDGE_MS])))

    def test_without_a_dose_before_there_is_no_rate_for_it(self) -> None:
        pump = refilled(source=order(0, NG_ML))
        assert refused_load(pump, order(10, 4 * NG_ML, bridge=[V_DEAD, DAY_MS])).value == "no daily dose before"

    @pytest.mark.req("D-06")
    def test_right_after_a_normal_day_it_is_taken_under_a_cap_that_the_day_fits_into(self) -> None:
        pump = refilled(source=program([[0, STEPS_DAY, 0]], day=STEPS_DAY + 100))
        pump.control.load(same_dose(4 * NG_ML, bridge=[V_DEAD, BRIDGE_MS]))
        pump.control.start()
        pump.run(2 * DAY_MS)
        assert pump.events("bridge_end") == [(V_DEAD, 0)]
        assert pump.alarms() == []

    @pytest.mark.req("D-06")
    def test_one_that_would_meet_the_cap_upon_the_hours_before_is_refused(self) -> None:
        # All of the day's dose came in the last twelve hours, as much again would come in the next.
        evening = program([[0, 0, 0], [12 * HOUR_MS, 48_000, 0]], day=24_100)
        pump = refilled(hours=24, source=evening)
        refusal = refused_load(pump, same_dose(4 * NG_ML, bridge=[V_DEAD, BRIDGE_MS]))
        assert "at most 24100 microsteps, the day limit of the test" in str(refusal)

    @pytest.mark.parametrize("parts", [{}, {"override": "no more"}, {"bridge": [V_DEAD, BRIDGE_MS]}])
    def test_while_it_runs_no_program_is_taken(self, parts: dict[str, object]) -> None:
        pump = bridging()
        pump.run(HOUR_MS)
        assert refused_load(pump, same_dose(4 * NG_ML, **parts)).value == "while a bridge runs"

    def test_stopped_under_way_only_an_override_ends_it(self) -> None:
        pump = bridging()
        pump.run(HOUR_MS)
        pump.control.stop()
        refused_load(pump, same_dose(4 * NG_ML))
        assert "while one is under way" in str(refused_load(pump, same_dose(4 * NG_ML, bridge=[V_DEAD, BRIDGE_MS])))
        pump.control.load(same_dose(4 * NG_ML, override="the line was changed"))
        pump.control.start()
        pump.run(HOUR_MS)
        assert pump.status()["rate_steps_day"] == STEPS_DAY // 4
        assert pump.events("bridge_end") == []

    def test_one_that_has_not_begun_can_be_loaded_anew_or_taken_back(self) -> None:
        pump = refilled()
        pump.control.load(same_dose(4 * NG_ML, bridge=[V_DEAD, BRIDGE_MS]))
        pump.control.load(same_dose(4 * NG_ML, bridge=[V_DEAD, 2 * BRIDGE_MS]))
        assert pump.status()["bridge_left_ms"] == 2 * BRIDGE_MS
        pump.refill(pump.fill_steps, NG_ML)
        pump.refused(pump.control.start)
        pump.control.load(same_dose(NG_ML))
        pump.control.start()
        pump.run(HOUR_MS)
        assert pump.events("bridge") == []

    @pytest.mark.parametrize("ng_ml", [4 * NG_ML, NG_ML // 4])
    def test_a_plan_that_was_paused_meanwhile_can_go_on(self, ng_ml: int) -> None:
        pump = bridging(ng_ml)
        pump.run(HOUR_MS)
        pump.control.pause_plan()
        pump.control.resume_plan()
        pump.run(DAY_MS)
        assert pump.events("bridge_end") == [(V_DEAD, 0)]
        assert pump.alarms() == []

    def test_scheduled_boluses_are_missed_and_the_plan_waits_for_its_end(self) -> None:
        plan = {"patterns": [[[0, 6000, 0]], [[0, 3000, 0]]], "plan": [[0, 0, 0], [1, 1, 1]]}
        # From six in the morning on, over 24 h at a third of the rate.
        pump = refilled(hours=6)
        boluses = [[0, 8 * HOUR_MS, 10, 0, MINUTE_MS]]
        pump.control.load(same_dose(4 * NG_ML, bridge=[V_DEAD, DAY_MS], boluses=boluses, **plan))
        pump.control.start()
        pump.run(DAY_MS + HOUR_MS)
        assert pump.events("bolus") == []
        assert pump.events("bolus_missed") == [(10, 8 * HOUR_MS)]
        assert pump.status()["plan_day"] == 0
        pump.run(DAY_MS)
        assert pump.status()["plan_day"] == 1


class TestTheOverride:
    @pytest.mark.req("D-12")
    def test_it_is_recorded_and_the_new_program_runs_at_once_on_rescaled_windows(self) -> None:
        pump = refilled()
        windows = pump.status()["day_steps"]
        pump.control.load(same_dose(4 * NG_ML, override="a new catheter"))
        assert pump.events("bridge_override") == [(NG_ML, 4 * NG_ML)]
        assert pump.status()["day_steps"] == -(-windows // 4)
        pump.control.start()
        assert pump.status()["rate_steps_day"] == STEPS_DAY // 4
        assert pump.events("bridge") == []

    def test_it_holds_for_the_next_program_too(self) -> None:
        pump = refilled()
        pump.control.load(same_dose(4 * NG_ML, override="a new catheter"))
        pump.control.load(same_dose(4 * NG_ML))
        assert len(pump.events("bridge_override")) == 1

    @pytest.mark.req("D-05")
    def test_titration_goes_by_dose_and_not_by_volume(self) -> None:
        pump = refilled()
        titration = [30, "drug"]
        assert "a rise of 31 %" in str(
            refused_load(pump, order(7801, 4 * NG_ML, override="a new catheter", titration=titration))
        )
        pump.control.load(order(7800, 4 * NG_ML, override="a new catheter", titration=titration))
