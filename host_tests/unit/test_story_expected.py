"""Which daily dose a story expects to be in force: what titration, bridges and refill dates are reckoned by."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.plan.program import Plan
from itb.story.expected import Expected
from prescriptions import CONTINUOUS, changed, continuous, plan
from stories import DAY_MS, HOUR_MS

SATURDAY = 5
WEEK = changed(CONTINUOUS, ('mode = "continuous"\nrate = "400 ug/day"', 'mode = "flex"')) + (
    '[[basal.step]]\nstart = "00:00"\nrate = "10 ug/h"\n[[basal.weekend_step]]\nstart = "00:00"\nrate = "12 ug/h"\n'
)
STAGE = '[[plan.stage]]\nfrom_day = {}\ndaily = "{} %"\n'
TAPER = continuous("400 ug/day", '[plan]\nkind = "taper"\n' + STAGE.format(2, 75) + STAGE.format(4, 50))


@pytest.fixture
def taper(tmp_path: Path) -> Plan:
    return plan(TAPER, tmp_path)


def doses(expected: Expected, until_ms: int) -> list[tuple[Fraction, Fraction]]:
    """From which day on, and how much."""
    expected.advance(until_ms)
    return [(Fraction(dose.at_ms, DAY_MS), dose.ug_day) for dose in expected.doses]


def test_stages_begin_with_the_midnights_of_their_days(taper: Plan) -> None:
    assert doses(Expected(taper, 0, True), 9 * DAY_MS) == [(0, 400), (1, 300), (3, 200)]


def test_a_program_counts_its_days_from_the_one_it_was_loaded_on(taper: Plan, tmp_path: Path) -> None:
    expected = Expected(plan(CONTINUOUS, tmp_path), 0, True)
    expected.advance(5 * DAY_MS + HOUR_MS)
    expected.load(taper)
    assert doses(expected, 9 * DAY_MS) == [(0, 400), (Fraction(121, 24), 400), (6, 300), (8, 200)]


def test_the_plan_waits_while_paused_kept_open_stopped_bridging_or_without_a_clock(taper: Plan) -> None:
    for hold, go_on in (
        (lambda e: e.pause(True), lambda e: e.pause(False)),
        (lambda e: e.keep_open(True), lambda e: e.keep_open(False)),
        (lambda e: e.deliver(False), lambda e: e.deliver(True)),
        (lambda e: e.bridge(2 * DAY_MS), lambda e: e.pause(False)),
        (lambda e: e.restart(0), lambda e: e.set_time()),
    ):
        expected = Expected(taper, 0, True)
        expected.advance(DAY_MS + HOUR_MS)
        hold(expected)
        expected.advance(3 * DAY_MS + HOUR_MS)
        assert expected.dose.ug_day == 300
        go_on(expected)
        expected.advance(5 * DAY_MS)
        assert [expected.dose.ug_day, expected.dose.at_ms] == [200, 5 * DAY_MS]


@pytest.mark.req("D-05")
@pytest.mark.parametrize("off_ms, day", [(5 * HOUR_MS // 4, 3), (5 * HOUR_MS // 4 + 1, 4)])
def test_time_without_power_brings_no_stage_nearer(taper: Plan, off_ms: int, day: int) -> None:
    expected = Expected(taper, 0, True)
    expected.advance(2 * DAY_MS + HOUR_MS)
    expected.restart(off_ms)
    expected.set_time()
    assert doses(expected, 6 * DAY_MS)[-1] == (day, 200)


def test_a_new_program_is_not_paused(taper: Plan) -> None:
    expected = Expected(taper, 0, True)
    expected.pause(True)
    expected.load(taper)
    assert doses(expected, DAY_MS)[-1] == (1, 300)


def test_weekends_have_their_own_dose(tmp_path: Path) -> None:
    expected = Expected(plan(WEEK, tmp_path), SATURDAY - 1, True)
    assert expected.weekday == SATURDAY - 1
    assert doses(expected, 9 * DAY_MS) == [(0, 240), (1, 288), (3, 240), (8, 288)]
    assert expected.weekday == SATURDAY + 1


@pytest.mark.req("D-05")
def test_the_lowest_dose_is_that_of_the_last_24_hours(tmp_path: Path) -> None:
    expected = Expected(plan(CONTINUOUS, tmp_path), 0, True)
    higher = plan(continuous("480 ug/day"), tmp_path)
    assert expected.first_ug_day(higher) == 480
    expected.advance(2 * DAY_MS)
    expected.load(higher)
    assert expected.lowest_ug_day() == 400
    expected.advance(3 * DAY_MS - 1)
    assert expected.lowest_ug_day() == 400
    expected.advance(3 * DAY_MS)
    assert expected.lowest_ug_day() == 480


@pytest.mark.req("D-05")
def test_a_day_without_basal_is_no_dose_to_rise_from(tmp_path: Path) -> None:
    trial = changed(CONTINUOUS, ('[basal]\nmode = "continuous"\nrate = "400 ug/day"\n', "")) + (
        '[[trial.step]]\ndose = "50 ug"\nover = "15 min"\n'
    )
    expected = Expected(plan(trial, tmp_path), 0, True)
    assert (expected.dose.ug_day, expected.lowest_ug_day()) == (0, 0)


@pytest.mark.req("I-05", "D-05")
def test_after_a_restart_the_lowest_rate_of_the_stage_runs_which_is_no_lower_dose(tmp_path: Path) -> None:
    expected = Expected(plan(WEEK, tmp_path), SATURDAY, True)
    expected.advance(HOUR_MS)
    assert (expected.dose.ug_day, expected.dose.given_ug_day) == (288, 288)
    expected.restart(0)
    # That of the weekdays.
    assert (expected.dose.ug_day, expected.dose.given_ug_day) == (288, 240)
    assert expected.lowest_ug_day() == 288
    expected.set_time()
    assert expected.dose.given_ug_day == 288


def test_a_stop_is_no_lower_dose(tmp_path: Path) -> None:
    expected = Expected(plan(CONTINUOUS, tmp_path), 0, True)
    expected.advance(HOUR_MS)
    expected.deliver(False)
    assert not expected.dose.delivering
    assert (expected.dose.ug_day, expected.lowest_ug_day()) == (400, 400)
    assert expected.dose.nl_day == 200_000
