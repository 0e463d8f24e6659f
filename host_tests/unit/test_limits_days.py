"""Limits over days that differ, and on doses that have no time of their own."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import changed, continuous, example, plan

HEAD = """\
title = "Two days"

[drug]
name = "baclofen"
concentration = "2000 ug/mL"
profile = "spinal"

[basal]
mode = "flex"
"""
STEP = '\n[[basal.{}]]\nstart = "{}"\nrate = "{} ug/h"\n'
# Each day 360 ug; but 24 h from the noon of a weekday to that of a weekend day 480 ug.
LATE_AND_EARLY = (
    HEAD
    + STEP.format("step", "00:00", 10)
    + STEP.format("step", "12:00", 20)
    + STEP.format("weekend_step", "00:00", 20)
    + STEP.format("weekend_step", "12:00", 10)
)
LIMITS = '\n[limits]\n{} = "{}"\n'
BOLUS = '\n[[bolus]]\nday = {}\nat = "09:00"\ndose = "10 ug"\nover = "5 min"\n'
STAGE = '\n[plan]\nkind = "titration"\n\n[[plan.stage]]\nfrom_day = 2\ndaily = "{}"\n'


def refusal(text: str, directory: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        plan(text, directory)
    return caught.value


@pytest.mark.req("D-06")
def test_a_window_over_a_weekday_and_a_weekend_day_is_held_against_the_daily_limit(tmp_path: Path):
    # The guard's 1441 minutes and two ticks hold 480.17 ug of them, rounded.
    assert plan(LATE_AND_EARLY + LIMITS.format("daily", "480.2 ug/day"), tmp_path).program
    error = refusal(LATE_AND_EARLY + LIMITS.format("daily", "480.1 ug/day"), tmp_path)
    assert error.field == "rx.toml: basal"
    assert "the 1441 min from 11:59 on a weekday hold 480.167 ug" in error.accepted


@pytest.mark.req("D-06")
@pytest.mark.parametrize("day", [1, 2, 6])
def test_a_bolus_is_held_against_the_weekday_that_leaves_it_least_room(day: int, tmp_path: Path):
    # 10 ug with 61 minutes of a weekend morning are 30.34 ug, of a weekday's 20.17 ug; the first day can be any.
    text = LATE_AND_EARLY + BOLUS.format(day)
    assert plan(text + LIMITS.format("hourly", "30.4 ug/h"), tmp_path).program
    error = refusal(text + LIMITS.format("hourly", "30.3 ug/h"), tmp_path)
    assert (error.field, error.value) == ("rx.toml: bolus[1].dose", "10 ug")
    weekdays = text.split("\n[[basal.weekend_step]]")[0] + BOLUS.format(day)
    assert plan(weekdays + LIMITS.format("hourly", "20.8 ug/h"), tmp_path).program


@pytest.mark.req("D-04", "D-06")
def test_every_stage_is_held_against_the_daily_limit(tmp_path: Path):
    text = continuous("300 ug/day", STAGE.format("{}"), '[limits]\ndaily = "360 ug/day"\n')
    assert plan(text.format("359.7 ug/day"), tmp_path).program
    error = refusal(text.format("359.8 ug/day"), tmp_path)
    assert error.field == "rx.toml: plan.stage[1].daily"
    assert "a daily total of at most 359.745 ug/day in this shape" in error.accepted
    assert "from 00:00 on day 2 or later" in error.accepted


@pytest.mark.req("D-02", "D-03")
def test_the_bolus_limit_holds_for_a_periodic_dose_and_for_its_largest_stage(tmp_path: Path):
    text = changed(example("periodic-bolus"), ('"5 min"', '"10 min"'), ('"3 h"', '"6 h"'), ('"50 ug/h"', '"140 ug/h"'))
    grown = changed(
        text, ('"40 ug"', '"{}"'), ("[limits]", STAGE.format("125 %") + "\n[limits]"), ('"400 ug/day"', '"900 ug/day"')
    )
    assert plan(changed(grown, ("{}", "80 ug")), tmp_path).program
    error = refusal(changed(grown, ("{}", "80.1 ug")), tmp_path)
    assert (error.field, error.value) == ("rx.toml: plan.stage[1].daily", "100.125 ug")
    assert error.accepted.startswith("at most 100 ug (limit bolus 100 ug = 0.05 mL from drug baclofen/spinal: label")
    error = refusal(changed(grown, ("{}", "102 ug")), tmp_path)
    assert error.field == "rx.toml: periodic.dose"


@pytest.mark.req("D-02")
@pytest.mark.parametrize("dose, expected", [("50 ug", None), ("50.1 ug", "at most 50 ug"), ("4.9 ug", "at least 5 ug")])
def test_an_unusual_periodic_dose_is_found(dose: str, expected: str | None, tmp_path: Path):
    every = "30 min" if dose == "4.9 ug" else "6 h"
    text = changed(
        example("periodic-bolus"), ('"40 ug"', f'"{dose}"'), ('"3 h"', f'"{every}"'), ('first = "00:30"\n', "")
    )
    text = changed(text, ('"50 ug/h"', '"60 ug/h"'))
    found = [one for one in plan(text, tmp_path).findings if one.field == "rx.toml: periodic.dose"]
    assert [one.expected for one in found] == ([expected] if expected else [])


@pytest.mark.req("D-15")
@pytest.mark.parametrize(
    "place, dose, accepted",
    [
        (1, "50 ug", "at most 50 ug as step 1 (drug baclofen/spinal: D-15; label"),
        (2, "75 ug", "at most 75 ug as step 2 (drug baclofen/spinal: D-15; label"),
        # The last is the drug's largest bolus, too.
        (3, "100 ug", "at most 100 ug (limit bolus 100 ug = 0.05 mL from drug baclofen/spinal: label"),
    ],
)
def test_each_step_of_a_trial_is_accepted_on_the_ladder_found_below_and_refused_above(
    place: int, dose: str, accepted: str, tmp_path: Path
):
    assert plan(example("screening-trial"), tmp_path).findings == []
    number = int(dose.split()[0])
    below = plan(changed(example("screening-trial"), (f'"{dose}"', f'"{number - 1} ug"')), tmp_path).findings
    assert [(one.field, one.expected) for one in below] == [
        (f"rx.toml: trial.step[{place}].dose", f"the ladder's {dose}")
    ]
    error = refusal(changed(example("screening-trial"), (f'"{dose}"', f'"{number}.1 ug"')), tmp_path)
    assert (error.field, error.value) == (f"rx.toml: trial.step[{place}].dose", f"{number}.1 ug")
    assert error.accepted.startswith(accepted)


@pytest.mark.req("D-15")
def test_a_trial_may_be_of_the_strength_for_screening(tmp_path: Path):
    def at(concentration: str) -> str:
        text = example("screening-trial").split("\n[[trial.step]]")
        return changed(
            "\n[[trial.step]]".join(text[:2]),
            ('"2000 ug/mL"', f'"{concentration}"'),
            ('"10 min"', '"1 h"'),
            ('"50 ug"', '"40 ug"'),
        )

    assert [one.field for one in plan(at("50 ug/mL"), tmp_path).findings] == ["rx.toml: trial.step[1].dose"]
    # A therapy of that strength is found.
    weak = plan(changed(continuous("100 ug/day"), ("2000 ug/mL", "50 ug/mL")), tmp_path).findings
    assert [one.field for one in weak] == ["rx.toml: drug.concentration"]


@pytest.mark.req("D-15")
def test_two_steps_of_a_trial_may_lie_in_one_window_of_the_guard(tmp_path: Path):
    text = changed(example("screening-trial"), ("[[trial.step]]", '[limits]\ndaily = "{}"\n\n[[trial.step]]'))
    # 24 h after the second the third must fit beside it: 175 ug, and whole microsteps.
    assert plan(text.replace("{}", "175.1 ug/day"), tmp_path).program
    assert refusal(text.replace("{}", "175 ug/day"), tmp_path).field == "rx.toml: trial.step[3].dose"


@pytest.mark.req("D-06")
def test_a_bolus_of_midnight_begins_at_the_end_of_the_first_tick(tmp_path: Path):
    # With ticks of 15 minutes the guard's hour is 91 minutes long: from 00:15 on it has 36 of the faster step, 18 ug.
    text = HEAD + "".join(STEP.format("step", at, rate) for at, rate in (("00:00", 6), ("01:10", 30), ("01:46", 6)))
    text += '\n[[bolus]]\nat = "00:00"\ndose = "20 ug"\nover = "1 min"\n' + LIMITS.format("hourly", "{} ug/h")
    peak = plan(text.format(90), tmp_path, slice_ms=900_000).review.peaks["hour"]
    assert plan(text.format(90), tmp_path, slice_ms=10).review.peaks["hour"].demand < peak.demand
    assert peak.start_ms == 900_000


@pytest.mark.req("D-02")
def test_the_lower_of_weekday_and_weekend_is_held_against_the_lowest_dose(tmp_path: Path):
    def days(weekday: str, weekend: str) -> str:
        text = HEAD + STEP.format("step", "00:00", weekday) + STEP.format("weekend_step", "00:00", weekend)
        return changed(text, ("2000 ug/mL", "500 ug/mL"))

    low = [str(one).split(" (")[0] for one in plan(days("2.25", "2"), tmp_path).findings]
    assert low == ["rx.toml: daily dose: 48 ug/day; expected at least 50 ug/day"]
    low = [str(one).split(" (")[0] for one in plan(days("2.5", "2.1"), tmp_path).findings]
    assert low == []
    low = [one.field for one in plan(days("2.25", "1.9"), tmp_path).findings]
    assert low == ["rx.toml: daily dose", "rx.toml: hourly dose"]


@pytest.mark.req("D-02")
def test_the_slowest_step_is_held_against_the_lowest_hour(tmp_path: Path):
    text = (
        changed(HEAD, ("2000 ug/mL", "500 ug/mL"))
        + STEP.format("step", "00:00", "{}")
        + STEP.format("step", "12:00", 5)
    )
    assert plan(text.format("2"), tmp_path).findings == []
    found = [str(one).split(" (")[0] for one in plan(text.format("1.9"), tmp_path).findings]
    assert found == ["rx.toml: hourly dose: 1.9 ug/h; expected at least 2 ug/h"]


def test_the_rates_of_every_day_of_a_stage_are_the_boards(tmp_path: Path):
    weekend = HEAD + STEP.format("step", "00:00", 10) + STEP.format("weekend_step", "00:00", 8)
    text = weekend + STAGE.format("{}").replace("titration", "taper")
    # 50 % of the weekend's 8 ug/h are 0.048 mL/day.
    assert plan(text.format("50 %"), tmp_path).program
    error = refusal(text.format("49.9 %"), tmp_path)
    assert (error.field, error.value.split(" = ")[0]) == ("rx.toml: plan.stage[1].daily", "95.808 ug/day")


def test_basal_and_periodic_bolus_together_are_no_faster_than_the_board(tmp_path: Path):
    text = changed(example("periodic-with-basal"), ('"156 ug/h"', '"{} ug/h"'), ('"13 ug"', '"16.6 ug"'))
    # 24 mL/day of 1000 ug/mL are 1000 ug/h, of which the basal takes 7.5.
    text = changed(text, ('"350 ug/day"', '"400 ug/day"'))
    assert plan(text.format(960), tmp_path).program
    error = refusal(text.format(996), tmp_path)
    assert error.field == "rx.toml: periodic"
    assert error.value.startswith("basal and periodic bolus together 24084 ug/day = 1003.5 ug/h = 24.084 mL/day")
