"""Scheduled boluses: begun at their time, or missed, denied or cancelled, and the journal says which."""

import pytest

from benchtop import STEADY_STEPS_DAY, Benchtop, with_limits
from pump.runtime.boluses import BOLUS_AHEAD_MS, BOLUS_LATE_MS
from pump.safety.alarms import BOLUS_MISSED, MOTOR_STALL
from pump.therapy.program import BOLUS_GAP_MS
from rig import MONDAY, program

AT_MS = 60_000
STEPS = 500
DURATION_MS = 20_000


def with_bolus(*more: list[int], day_ms: int = 0, steps: int = STEPS, **limits: int) -> Benchtop:
    """A pump that delivers a slow basal and has a bolus ahead, 500 steps over 20 s in a minute's time."""
    boluses = [[0, AT_MS, steps, 0, DURATION_MS], *more]
    source = program([[0, STEADY_STEPS_DAY // 10, 0]], boluses=boluses)
    return Benchtop().started(with_limits(source, limits), day_ms)


def until_running(pump: Benchtop) -> Benchtop:
    for _ in range(200):
        if pump.app.tick.demand.bolus.running():
            return pump
        pump.slice()
    raise AssertionError("no bolus began within 200 slices")


def test_a_bolus_is_given_whole_on_top_of_basal_at_its_time_and_over_its_duration() -> None:
    pump = with_bolus()
    pump.slice(AT_MS // 1000)
    assert pump.status()["ordered_steps"] == 60
    pump.slice(DURATION_MS // 2000)
    assert pump.status()["ordered_steps"] == 70 + STEPS // 2
    assert pump.status()["bolus_left_steps"] == STEPS // 2
    pump.slice(DURATION_MS // 2000)
    assert pump.status()["ordered_steps"] == 80 + STEPS
    pump.slice(40)
    assert pump.status()["ordered_steps"] == 120 + STEPS
    assert pump.events("bolus") == [(STEPS, BOLUS_AHEAD_MS)]
    assert pump.events("bolus_end") == [(STEPS, 0)]


def test_it_is_looked_at_shortly_before_its_time() -> None:
    pump = with_bolus()
    pump.slice((AT_MS - BOLUS_AHEAD_MS) // 1000 - 1)
    assert pump.events("bolus") == []
    pump.slice()
    assert pump.events("bolus") == [(STEPS, BOLUS_AHEAD_MS)]
    assert not pump.app.tick.demand.bolus.running()


def test_the_rate_shown_includes_a_bolus_only_while_it_runs() -> None:
    pump = with_bolus()
    basal = STEADY_STEPS_DAY // 10
    pump.slice(AT_MS // 1000 - 1)
    assert pump.status()["rate_steps_day"] == basal
    pump.slice(2)
    assert pump.status()["rate_steps_day"] == basal + STEPS * 86_400_000 // DURATION_MS


def test_boluses_that_follow_each_other_are_given_one_after_the_other() -> None:
    pump = with_bolus([0, AT_MS + DURATION_MS + BOLUS_GAP_MS, 300, 0, DURATION_MS])
    pump.slice(200)
    assert pump.events("bolus_end") == [(STEPS, 0), (300, 0)]
    assert pump.status()["ordered_steps"] == 200 + STEPS + 300


@pytest.mark.req("D-07")
def test_what_a_dose_has_below_a_step_goes_to_the_next_that_is_given() -> None:
    boluses = [[0, (BOLUS_GAP_MS + 1000) * i, 10, 2, 1000] for i in range(1, 7)]
    pump = Benchtop().started(program([[0, 0, 0]], rate_den=3, boluses=boluses))
    pump.slice(370)
    assert [a for a, _ in pump.events("bolus")] == [10, 11, 11, 10, 11, 11]
    assert pump.status()["ordered_steps"] == 64


def test_a_bolus_whose_time_passed_while_stopped_is_missed_and_not_made_up() -> None:
    pump = with_bolus()
    pump.control.stop()
    pump.slice(AT_MS // 1000 + 3)
    pump.control.start()
    pump.slice(60)
    assert pump.events("bolus_missed") == [(STEPS, AT_MS)]
    assert pump.events("bolus") == []
    assert pump.alarms() == ["bolus_missed"]
    assert pump.events("alarm") == [(BOLUS_MISSED, 1)]


def test_a_bolus_whose_time_was_set_long_past_is_missed() -> None:
    pump = with_bolus()
    pump.slice(5)
    pump.control.set_time(AT_MS + BOLUS_LATE_MS + 1 - pump.board.TICK_MS, MONDAY)
    pump.slice(60)
    assert pump.events("bolus_missed") == [(STEPS, AT_MS)]
    assert pump.events("bolus") == []
    assert pump.alarms() == ["bolus_missed"]
    assert pump.events("alarm") == [(BOLUS_MISSED, 1)]


@pytest.mark.req("M-10")
def test_one_very_late_tick_around_its_time_does_not_lose_a_bolus() -> None:
    pump = with_bolus()
    pump.slice((AT_MS - BOLUS_AHEAD_MS) // 1000 - 2)
    pump.bench.advance(60_000)
    pump.slice(60)
    assert pump.events("bolus_missed") == []
    assert pump.events("bolus_end") == [(STEPS, 0)]


@pytest.mark.req("M-10")
def test_a_bolus_found_a_little_late_is_begun_at_once_and_given_whole() -> None:
    pump = with_bolus()
    pump.slice(5)
    pump.control.set_time(AT_MS + BOLUS_LATE_MS - pump.board.TICK_MS, MONDAY)
    pump.slice(60)
    assert pump.events("bolus") == [(STEPS, 0)]
    assert pump.events("bolus_end") == [(STEPS, 0)]
    assert pump.alarms() == []


def test_a_time_set_back_does_not_repeat_a_bolus() -> None:
    pump = with_bolus()
    pump.slice(100)
    pump.control.set_time(0, MONDAY)
    pump.slice(200)
    assert pump.events("bolus") == [(STEPS, BOLUS_AHEAD_MS)]


def test_no_bolus_is_given_while_the_time_of_day_is_unknown() -> None:
    boluses = [[0, 0, STEPS, 0, DURATION_MS]]
    pump = Benchtop().started(program([[0, 0, 0]], boluses=boluses), day_ms=None)
    pump.slice(100)
    assert pump.status()["ordered_steps"] == 0
    assert pump.events("bolus") == []


@pytest.mark.req("D-02", "D-06")
@pytest.mark.parametrize("limits", [{"bolus": STEPS - 1}, {"hour": 3700}, {"day": 86_600}])
def test_a_bolus_that_would_break_a_limit_is_denied_whole_and_alarms(limits: dict[str, int]) -> None:
    pump = with_bolus(**limits)
    pump.slice(100)
    assert pump.events("bolus_denied") == [(STEPS, BOLUS_AHEAD_MS)]
    assert pump.status()["ordered_steps"] == 100
    assert pump.alarms() == ["limit_reached"]
    assert pump.control.state == "delivering"


def test_after_a_denied_bolus_the_next_is_looked_at_by_itself() -> None:
    pump = with_bolus([0, AT_MS + DURATION_MS + BOLUS_GAP_MS, STEPS - 1, 0, DURATION_MS], bolus=STEPS - 1)
    pump.slice(180)
    assert len(pump.events("bolus_denied")) == 1
    assert pump.events("bolus_end") == [(STEPS - 1, 0)]


def test_a_stop_cancels_the_running_bolus_and_a_start_does_not_resume_it() -> None:
    pump = until_running(with_bolus())
    pump.slice(9)
    left = pump.status()["bolus_left_steps"]
    assert 0 < left < STEPS
    pump.control.stop()
    assert pump.events("bolus_cancelled") == [(left, 0)]
    assert pump.status()["bolus_left_steps"] == 0
    ordered = pump.status()["ordered_steps"]
    pump.control.start()
    pump.slice(50)
    assert pump.status()["ordered_steps"] == ordered + 50
    assert pump.events("bolus") == [(STEPS, BOLUS_AHEAD_MS)]


def test_a_halt_cancels_the_running_bolus_and_neither_acknowledging_nor_starting_resumes_it() -> None:
    pump = until_running(with_bolus())
    pump.slice(9)
    pump.control.raise_alarm(MOTOR_STALL)
    assert len(pump.events("bolus_cancelled")) == 1
    pump.slice(3)
    pump.control.acknowledge()
    pump.control.start()
    ordered = pump.status()["ordered_steps"]
    pump.slice(50)
    assert pump.status()["ordered_steps"] == ordered + 50


def test_a_bolus_still_waiting_is_cancelled_too() -> None:
    pump = with_bolus()
    pump.slice(AT_MS // 1000 - 1)
    assert pump.app.tick.demand.bolus.active
    pump.control.stop()
    assert pump.events("bolus_cancelled") == [(STEPS, 0)]


def test_a_bolus_that_has_ended_is_not_reported_as_cancelled_by_a_stop_right_after() -> None:
    pump = until_running(with_bolus())
    while pump.app.tick.demand.bolus.active:
        pump.tick()
    pump.control.stop()
    pump.slice()
    assert pump.events("bolus_end") == [(STEPS, 0)]
    assert pump.events("bolus_cancelled") == []


def test_a_stop_ends_nothing_that_was_not_there() -> None:
    pump = with_bolus()
    pump.slice(5)
    pump.control.stop()
    assert pump.events("bolus_cancelled") == []


@pytest.mark.req("D-06")
@pytest.mark.parametrize("hour, given", [(36_700, 0), (38_000, 1)])
def test_what_was_granted_before_counts_against_a_bolus(hour: int, given: int) -> None:
    # Of 36,000 microsteps of basal about 35,000 still stand in the hour, and no more comes; 2,000 alone would fit.
    hour_ms = 3_600_000
    bolus = [0, hour_ms + 120_000, 2000, 0, 60_000]
    rows = [[0, STEADY_STEPS_DAY, 0], [hour_ms, 0, 0]]
    pump = Benchtop().started(program(rows, boluses=[bolus], hour=hour), 0)
    pump.slice((hour_ms + 120_000) // 1000)
    assert (len(pump.events("bolus")), len(pump.events("bolus_denied"))) == (given, 1 - given)
