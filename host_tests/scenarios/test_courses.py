"""Each therapy's story, told in simulated days on the firmware; its bench knows what the catheter's tip really gave."""

from typing import Any

import pytest

from pump.core.errors import Refused
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, program
from watched import Watched

STEPS_DAY = 24_000
# The twin's catheter holds 0.16 mL, a microstep 13,879 / 3,200 nL.
V_DEAD = 36_890
NG_PER_STEP = 13_879 / 3200 * NG_ML / 1e6
THURSDAY = 3


def order(steps_day: int = STEPS_DAY, **parts: object) -> dict[str, Any]:
    return program([[0, steps_day, 0]], parts=parts)


def started(source: dict[str, Any], day_ms: int = 0, weekday: int = 0) -> Watched:
    """Filled, with the time set, delivering."""
    pump = Watched(MINUTE_MS)
    pump.refill(pump.fill_steps)
    pump.control.load(source)
    pump.control.set_time(day_ms, weekday)
    pump.control.start()
    return pump


def primed(source: dict[str, Any]) -> Watched:
    """As `started`, with the catheter filled beforehand."""
    pump = Watched(MINUTE_MS)
    pump.refill(pump.fill_steps)
    pump.control.prime(V_DEAD, 2 * HOUR_MS, False)
    pump.until_state("stopped", 200)
    pump.control.load(source)
    pump.control.set_time(0, 0)
    pump.control.start()
    return pump


def day(pump: Watched) -> int:
    """The microsteps that the next 24 h order."""
    before = pump.status()["ordered_steps"]
    pump.run(DAY_MS)
    return pump.status()["ordered_steps"] - before


def tip_steps(pump: Watched, days: float = 1) -> float:
    """The dose that leaves the tip in the next days, in microsteps of the first concentration."""
    before = pump.bench.truth()["tip_ng"]
    pump.run(int(days * DAY_MS))
    return (pump.bench.truth()["tip_ng"] - before) / NG_PER_STEP


@pytest.mark.req("D-08")
def test_a_weekend_has_a_day_pattern_of_its_own() -> None:
    weekday = [[0, 12_000, 0], [8 * HOUR_MS, 36_000, 0], [20 * HOUR_MS, 12_000, 0]]
    weekend = [[0, 12_000, 0], [10 * HOUR_MS, 30_000, 0], [22 * HOUR_MS, 6_000, 0]]
    pump = started(program([], parts={"patterns": [weekday, weekend], "plan": [[0, 0, 1]]}), weekday=THURSDAY)
    totals = [4000 + 18_000 + 2000, 5000 + 15_000 + 500]
    assert [day(pump) for _ in range(11)] == [totals[weekend] for weekend in (0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1)]
    assert pump.alarms() == []
    pump.check_laws(1600)


@pytest.mark.req("D-05", "D-14")
def test_a_taper_to_zero_with_a_pause() -> None:
    rates = [24_000, 18_000, 12_000, 6_000, 0]
    plan = [[2 * stage, stage, stage] for stage in range(5)]
    pump = started(program([], parts={"patterns": [[[0, rate, 0]] for rate in rates], "plan": plan}))
    assert [day(pump) for _ in range(4)] == [24_000, 24_000, 18_000, 18_000]
    # Spasticity comes back: the dose is held for three days more.
    pump.run(6 * HOUR_MS)
    pump.control.pause_plan()
    pump.run(18 * HOUR_MS)
    assert [day(pump) for _ in range(3)] == [12_000] * 3
    pump.control.resume_plan()
    assert [day(pump) for _ in range(5)] == [12_000, 12_000, 6_000, 6_000, 0]
    assert day(pump) == 0
    assert pump.control.state == "delivering"
    assert pump.events("stage") == [(1, 2), (2, 4), (3, 6), (4, 8)]
    assert pump.alarms() == []


@pytest.mark.req("D-05")
def test_a_week_of_titration() -> None:
    limit = {"titration": [30, "baclofen, spinal"]}
    pump = started(order(10_000, **limit))
    pump.run(9 * HOUR_MS)
    steps_day = 10_000
    # Every morning the greatest rise there may be; one hour too early, a whole day's more is refused.
    for _ in range(6):
        pump.run(23 * HOUR_MS)
        after = steps_day * 13 // 10
        with pytest.raises(Refused, match="a rise of 31 % is refused"):
            pump.control.load(order(after + 1, **limit))
        pump.control.load(order(after, **limit))
        with pytest.raises(Refused, match="the titration limit of the baclofen, spinal"):
            pump.control.load(order(after * 13 // 10, **limit))
        steps_day = after
        pump.run(HOUR_MS)
    assert steps_day == 48_267
    assert pump.status()["rate_steps_day"] == steps_day
    history = pump.events("titration")
    assert [before for before, _ in history] == [10_000, *(after for _, after in history[:-1])]
    expected = 10_000 * 32 // 24 + sum(after for _, after in history[:-1]) + steps_day // 24
    assert abs(pump.status()["ordered_steps"] - expected) <= 1


@pytest.mark.req("D-15")
def test_a_screening_trial() -> None:
    # 50, 75 and 100 ug at 500 ug/mL, to the microstep.
    rungs = [[steps, 0, 15 * MINUTE_MS] for steps in (23_056, 34_585, 46_113)]
    pump = started(order(0, trial=rungs))
    pump.run(2 * HOUR_MS)
    given: list[int] = []
    for rung in range(3):
        before = pump.status()["ordered_steps"]
        pump.control.give_trial_step()
        # Whoever asks all day long gets no more.
        for hour in range(24):
            refusal = str(pump.refused(pump.control.give_trial_step))
            assert (f"in {24 - hour} h 00 min" if rung < 2 else "not in the program") in refusal
            pump.run(HOUR_MS)
        given.append(pump.status()["ordered_steps"] - before)
    assert given == [23_056, 34_585, 46_113]
    pump.run(2 * DAY_MS)
    assert "not in the program" in str(pump.refused(pump.control.give_trial_step))
    assert pump.status()["ordered_steps"] == sum(given)


@pytest.mark.req("D-09", "D-06")
def test_a_day_of_patient_boluses() -> None:
    patient = [300, 0, 10 * MINUTE_MS, 3 * HOUR_MS, 4]
    boluses = [[0, 7 * HOUR_MS, 200, 0, 10 * MINUTE_MS], [0, 19 * HOUR_MS, 200, 0, 10 * MINUTE_MS]]
    pump = started(program([[0, STEPS_DAY, 0]], boluses=boluses, parts={"patient": patient}, hour=2000))
    granted: list[int] = []
    denied: list[tuple[int, str]] = []
    # The patient asks every hour, on the hour; at 7 and at 19 a bolus of the program is already about to begin.
    for hour in range(24):
        try:
            pump.control.request_bolus()
            granted.append(hour)
        except Refused as refusal:
            denied.append((hour, str(refusal).split(" is refused")[0]))
        pump.run(HOUR_MS)
        if hour == 12:
            pump.control.give_bolus(100, 0, 1, 10 * MINUTE_MS)
    assert granted == [0, 3, 6, 9]
    assert dict(denied)[1] == "bolus: lockout"
    assert dict(denied)[12] == "bolus: maximum in 24 h"
    assert pump.status()["ordered_steps"] == STEPS_DAY + 4 * 300 + 2 * 200 + 100
    pump.control.request_bolus()
    assert pump.alarms() == []
    pump.check_laws(2000)


@pytest.mark.req("D-12", "D-13")
@pytest.mark.parametrize("factor", [4, 1 / 4])
def test_a_bridge_keeps_the_dose_at_the_tip_which_without_one_is_a_quarter_or_four_times_it(factor: float) -> None:
    doses: list[float] = []
    for bridged in (True, False):
        pump = primed(order())
        pump.run(DAY_MS)
        assert abs(tip_steps(pump) - STEPS_DAY) < 100
        pump.control.stop()
        pump.slice(2)
        pump.refill(pump.fill_steps, int(NG_ML * factor))
        change: dict[str, object] = {"concentration_ng_ml": int(NG_ML * factor)}
        if bridged:
            change["bridge"] = [V_DEAD, -(-V_DEAD * DAY_MS // STEPS_DAY)]
        else:
            change["override"] = "to see what happens"
        pump.control.load(order(int(STEPS_DAY / factor), **change))
        pump.control.start()
        first = tip_steps(pump, 0.25)
        doses.append(4 * first / STEPS_DAY)
        if bridged:
            assert all(abs(tip_steps(pump) - STEPS_DAY) < STEPS_DAY / 50 for _ in range(4))
            assert pump.events("bridge_end") == [(V_DEAD, 0)]
            assert pump.alarms() == []
    assert abs(doses[0] - 1) < 0.01
    assert abs(doses[1] - 1 / factor) < 0.01 / factor


@pytest.mark.req("D-12")
def test_a_bridge_there_and_a_bridge_back_with_stops_in_between() -> None:
    pump = primed(order())
    pump.run(DAY_MS)
    for ng_ml, steps_day in ((4 * NG_ML, STEPS_DAY // 4), (NG_ML, STEPS_DAY)):
        before_steps_day = pump.status()["rate_steps_day"]
        pump.control.stop()
        pump.slice(2)
        pump.refill(pump.fill_steps, ng_ml)
        bridge = [V_DEAD, -(-V_DEAD * DAY_MS // before_steps_day)]
        pump.control.load(order(steps_day, concentration_ng_ml=ng_ml, bridge=bridge))
        pump.control.start()
        for _ in range(6):
            pump.run(9 * HOUR_MS)
            pump.control.stop()
            pump.run(10 * MINUTE_MS)
            pump.control.start()
        pump.run(bridge[1])
        assert pump.status()["rate_steps_day"] == steps_day
        assert abs(tip_steps(pump) - STEPS_DAY) < STEPS_DAY / 50
    assert pump.events("bridge_end") == [(V_DEAD, 0)] * 2
    pump.check_laws(1100)


@pytest.mark.req("D-13")
def test_a_prime_brings_the_first_dose_to_the_tip_at_once() -> None:
    dry = started(order())
    assert tip_steps(dry) == 0
    filled = primed(order())
    assert filled.status()["day_steps"] == 0
    assert abs(tip_steps(filled) - STEPS_DAY) < 100
    assert filled.status()["ordered_steps"] - filled.status()["primed_ordered_steps"] == STEPS_DAY
    # Half a day later than the volume of the line takes, the other has caught up.
    dry.run(DAY_MS)
    assert abs(tip_steps(dry) - STEPS_DAY) < 100
    filled.check_laws(1100)


@pytest.mark.req("M-08", "D-14")
def test_a_long_stop_ends_in_an_alarm_and_after_a_verify_in_the_same_therapy() -> None:
    boluses = [[place, 8 * HOUR_MS, 500, 0, 10 * MINUTE_MS] for place in range(6)]
    pump = started(program([[0, STEPS_DAY, 0]], boluses=boluses))
    pump.run(DAY_MS)
    pump.control.stop()
    pump.run(51 * HOUR_MS)
    assert pump.alarms() == ["stopped_long"]
    assert pump.status()["idle_ms"] == 51 * HOUR_MS
    pump.refused(pump.control.start)
    pump.control.verify(STEPS_DAY, pump.status()["reservoir_steps"])
    pump.control.start()
    before = pump.status()["ordered_steps"]
    assert before == STEPS_DAY + 500
    # It is three in the morning: the boluses of two mornings are missed, that of this one is still to come.
    pump.run(21 * HOUR_MS)
    assert pump.events("bolus_missed") == [(500, 8 * HOUR_MS)] * 2
    assert pump.status()["ordered_steps"] - before == 21_000 + 500
    assert pump.alarms() == ["bolus_missed"]


@pytest.mark.req("D-11")
def test_a_night_at_the_minimum_rate() -> None:
    plan = {"patterns": [[[0, 24_000, 0]], [[0, 18_000, 0]]], "plan": [[0, 0, 0], [1, 1, 1]]}
    pump = started(
        program(
            [], boluses=[[1, 2 * HOUR_MS, 500, 0, 10 * MINUTE_MS]], parts={**plan, "patient": [50, 0, 1, HOUR_MS, 9]}
        )
    )
    pump.run(22 * HOUR_MS)
    pump.control.keep_open()
    assert "keep-open rate" in str(pump.refused(pump.control.request_bolus))
    pump.run(8 * HOUR_MS)
    minimum = pump.board.MINIMUM_STEPS_DAY
    assert abs(pump.status()["ordered_steps"] - 22_000 - minimum // 3) <= 1
    assert pump.alarms() == ["bolus_missed", "keep_open"]
    pump.control.run_program()
    # The night does not count as a day of the plan.
    assert pump.status()["plan_day"] == 0
    before = pump.status()["ordered_steps"]
    pump.run(18 * HOUR_MS)
    assert pump.status()["ordered_steps"] - before == 18_000
    assert day(pump) == 18_000
    assert pump.alarms() == ["bolus_missed"]
