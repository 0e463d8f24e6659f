"""The refill date assumes that every allotted bolus is taken."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.plan.refill import next_refill
from prescriptions import changed, continuous, example, plan

PATIENT = '[patient_bolus]\ndose = "10 ug"\nover = "5 min"\nlockout = "{}"\nper_day = {}\n'
# 17.9 mL above the low mark, 19.6 mL above the residual: at 2000 ug/mL 35 800 ug and 39 200 ug.
FILL = '[reservoir]\nfill = "19.9 mL"\n'


def days(text: str, directory: Path) -> tuple[int | None, int | None]:
    refill = next_refill(plan(text, directory))
    return refill.low_day, refill.empty_day


@pytest.mark.req("R-04")
@pytest.mark.parametrize("rate, low", [("358.1 ug/day", 100), ("357.9 ug/day", 101), ("716.1 ug/day", 50)])
def test_the_low_mark_is_reached_on_the_day_that_uses_it_up(rate: str, low: int, tmp_path: Path):
    assert days(continuous(rate, FILL), tmp_path)[0] == low


@pytest.mark.req("R-04")
def test_empty_is_at_the_residual_volume(tmp_path: Path):
    # 392.1 ug/day use 39 210 ug in 100 days, 392 ug/day less than the few microsteps that the mark is rounded up by.
    assert days(continuous("392.1 ug/day", FILL), tmp_path) == (92, 100)
    assert days(continuous("391.9 ug/day", FILL), tmp_path) == (92, 101)


@pytest.mark.req("R-04")
@pytest.mark.parametrize(
    "lockout, per_day, taken",
    [("4 h", 1, 1), ("4 h", 4, 4), ("4 h", 6, 6), ("4 h", 48, 6), ("24 h", 48, 1), ("5 h", 9, 5)],
)
def test_every_allotted_bolus_is_taken(lockout: str, per_day: int, taken: int, tmp_path: Path):
    order = PATIENT.format(lockout, per_day)
    plain, with_them = (
        days(continuous(f"{ug} ug/day", *more, FILL), tmp_path) for ug, more in ((300, [order]), (300 + 10 * taken, []))
    )
    assert plain == with_them


@pytest.mark.req("R-04")
def test_boluses_at_times_are_counted_on_their_days(tmp_path: Path):
    # 358.1 ug/day reach the mark with 10 ug to spare on day 100; day 99 needs 348.1 more.
    boluses = "".join(f'[[bolus]]\nday = {day}\nat = "08:00"\ndose = "50 ug"\nover = "1 h"\n' for day in range(1, 8))
    assert days(continuous("358.1 ug/day", boluses, FILL), tmp_path)[0] == 99
    later = boluses.replace("day = ", "day = 12")
    assert days(continuous("358.1 ug/day", later, FILL), tmp_path)[0] == 100


@pytest.mark.req("R-04")
def test_of_the_weekdays_to_begin_with_the_one_that_uses_most_counts(tmp_path: Path):
    text = changed(example("weekend"), ("[limits]", '[reservoir]\nfill = "2.734 mL"\n\n[limits]'))
    # 0.734 mL above the low mark are 1468 ug: five weekdays use them up, five days with a weekend do not.
    assert 3 * 294 + 2 * Fraction("282.5") < 1468 < 5 * 294
    assert days(text, tmp_path)[0] == 5


@pytest.mark.req("R-04")
def test_a_titration_uses_more_with_every_stage(tmp_path: Path):
    text = changed(example("titration"), ("[limits]", '[reservoir]\nfill = "3.44 mL"\n\n[limits]'))
    # 1.44 mL are 1440 ug: 3 days each of 100, 120, 140 and 165 ug are 1575, two days of the last less than 1440.
    assert days(text, tmp_path)[0] == 12


@pytest.mark.req("R-04")
def test_a_taper_that_ends_may_never_need_a_refill(tmp_path: Path):
    assert days(example("taper"), tmp_path) == (None, None)
    early = changed(example("taper"), ("[plan]", '[reservoir]\nfill = "10 mL"\n\n[plan]'))
    # 8 mL above the low mark are 4000 ug: 7 x 300, 7 x 240 and a second day of 180. 9.7 mL are 850 ug more.
    assert days(early, tmp_path) == (16, 20)


@pytest.mark.req("R-04")
def test_a_trial_counts_its_steps_only(tmp_path: Path):
    assert days(example("screening-trial"), tmp_path) == (None, None)
    # 0.1 mL above the low mark hold 200 ug; the three steps are 225.
    text = changed(example("screening-trial"), ("[[trial.step]]", '[reservoir]\nfill = "2.1 mL"\n\n[[trial.step]]'))
    assert days(text, tmp_path) == (3, None)


@pytest.mark.req("R-04")
def test_a_reservoir_that_begins_below_the_mark_is_low_on_day_1(tmp_path: Path):
    assert days(continuous("400 ug/day", '[reservoir]\nfill = "1.5 mL"\n'), tmp_path) == (1, 6)


@pytest.mark.req("R-04")
def test_the_lowest_rate_lasts_longest(tmp_path: Path):
    # 18 mL and 19.7 mL at 0.048 mL/day.
    assert days(example("minimum-rate"), tmp_path) == (375, 411)
