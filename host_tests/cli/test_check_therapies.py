"""`itb check` of each therapy: the figures that a prescriber looks at before anything runs."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from itb.boards.board import ROOT
from itb.plan.check import check
from prescriptions import changed, example

# As the command has it.
SLICE_MS = 10_000
EXAMPLES = ROOT / "examples"


def shown(path: Path) -> str:
    """What is printed, each line's spaces made one."""
    out, err = StringIO(), StringIO()
    assert check(path, "sim", Console(file=out, width=120), Console(file=err, width=120), slice_ms=SLICE_MS) == 0, (
        err.getvalue()
    )
    return "\n".join(" ".join(line.split()) for line in out.getvalue().splitlines())


def told(path: Path) -> Any:
    """The same for a machine."""
    out = StringIO()
    assert check(path, "sim", Console(file=out), Console(file=StringIO()), as_json=True, slice_ms=SLICE_MS) == 0
    return json.loads(out.getvalue())


def checked(name: str) -> str:
    return shown(EXAMPLES / f"{name}.toml")


def facts(name: str) -> Any:
    return told(EXAMPLES / f"{name}.toml")


@pytest.mark.req("D-01", "D-08")
def test_a_weekend_has_a_table_and_a_total_of_its_own():
    text = checked("weekend")
    assert "Basal, Monday to Friday" in text
    assert "05:30 09:00 18 432 0.216 63 ≈7262.8" in text
    assert "Daily total of the basal, Monday to Friday: 294 ug/day = 0.147 mL/day = ≈33892.9 microsteps" in text
    assert "Basal, Saturday and Sunday" in text
    assert "11:00 23:30 13 312 0.156 162.5 ≈18733.3" in text
    assert "Daily total of the basal, Saturday and Sunday: 282.5 ug/day = 0.14125 mL/day" in text
    assert "A day of the weekend, ug per half hour (full height 8 ug)" in text
    assert "≈305.856 from 08:59 on a weekend day 76 %" in text


def test_a_weekend_for_a_machine():
    week = facts("weekend")
    assert [day["day_total"]["ug_day_exact"] for day in week["patterns"]] == [[294, 1], [565, 2]]
    assert [len(day["steps"]) for day in week["patterns"]] == [5, 4]
    assert week["program"]["plan"] == [[0, 0, 1]]
    assert week["plan"] is None


@pytest.mark.req("D-01", "D-08")
def test_a_periodic_bolus_is_shown_with_what_a_day_holds_of_it():
    text = checked("periodic-bolus")
    assert "Basal" not in text
    assert "Daily total of the periodic bolus: 320 ug/day = 0.16 mL/day = ≈36890.3 microsteps" in text
    assert "3 h 00:30 40 0.02 5 min 480 8 320" in text
    assert "one bolus 100 0.05 drug baclofen/spinal 40 40 %" in text


@pytest.mark.req("D-08")
def test_a_basal_under_a_periodic_bolus_is_shown_as_it_was_ordered_and_the_total_has_both():
    text = checked("periodic-with-basal")
    assert "06:00 20:00 7.5 180 0.18 105 ≈24209.2" in text
    assert "Daily total of the basal and periodic bolus: 312 ug/day = 0.312 mL/day = ≈71936 microsteps" in text
    assert "2 h 00:00 13 0.013 5 min 156 12 156" in text
    periodic = facts("periodic-with-basal")["periodic"]
    assert periodic == {"ug": 13, "duration_ms": 300_000, "every_ms": 7_200_000, "first_ms": 0, "per_day": 12}


@pytest.mark.req("D-09", "R-04")
def test_a_patient_bolus_is_shown_with_its_bounds_and_counted_in_the_refill():
    text = checked("patient-bolus")
    assert "Patient bolus, on request" in text
    assert "10 0.005 10 min 60 4 h 4 40" in text
    all_taken = "any hour (61 min) up to ≈24.8 ug of 30 ug, any 24 h (1441 min) up to ≈354.8 ug of 400 ug"
    assert all_taken in text.replace("\n", " ")
    assert "Refill by day 105, when it reaches the low mark of 2 mL; it is empty (residual 0.3 mL) on day 115" in text
    data = facts("patient-bolus")
    assert data["patient_bolus"]["most_per_day"] == data["patient_bolus"]["per_day"] == 4
    assert data["patient_bolus"]["lockout_ms"] == 14_400_000
    assert data["refill"] == {"low_day": 105, "empty_day": 115}


@pytest.mark.req("D-05", "D-14")
def test_a_taper_is_shown_as_days_with_their_dose_and_change():
    text = checked("taper")
    rows = [
        "1-7 300 0.6",
        "8-14 240 0.48 -20 % 80 %",
        "15-21 180 0.36 -25 % 60 %",
        "22-28 120 0.24 ≈-33.3 % 40 %",
        "29-35 60 0.12 -50 % 20 %",
        "36-42 30 0.06 -50 % 10 %",
        "43 or later 0 0 -100 % 0 %",
    ]
    assert "\n".join(rows) in text
    assert "What is prescribed ends before the low mark of 2 mL." in text
    assert "a fall by 100 % from 30 ug/day to 0 ug/day with day 43; expected a fall of at most 50 %" in text.replace(
        "\n", " "
    )
    stages = facts("taper")["plan"]["stages"]
    assert [stage["ug_day"] for stage in stages] == [300, 240, 180, 120, 60, 30, 0]
    assert [(stage["from_day"], stage["until_day"]) for stage in stages[:2]] == [(1, 7), (8, 14)]
    assert (stages[0]["change_percent"], stages[1]["change_percent"], stages[6]["until_day"]) == (None, -20, None)


@pytest.mark.req("D-05")
def test_a_titration_is_shown_with_its_rises():
    text = checked("titration")
    assert "4-6 120 0.12 +20 % 120 %" in text
    assert "16 or later 220 0.22 ≈+15.8 % 220 %" in text
    assert "Nothing to confirm" in text
    assert facts("titration")["program"]["titration"] == [30, "drug baclofen/spinal"]


def test_a_plan_over_weekends_shows_both_doses(tmp_path: Path):
    plan = '[plan]\nkind = "taper"\n\n[[plan.stage]]\nfrom_day = 8\ndaily = "90 %"\n\n[limits]'
    (tmp_path / "rx.toml").write_text(changed(example("weekend"), ("[limits]", plan)), encoding="utf-8")
    text = shown(tmp_path / "rx.toml")
    assert "days ug/day weekend, ug/day mL/day change of the first day's" in text
    assert "8 or later 264.6 254.25 0.1323 -10 % 90 %" in text


@pytest.mark.req("D-15")
def test_a_trial_is_shown_step_by_step_and_without_a_day():
    text = checked("screening-trial")
    assert "1 at any time 50 0.025 10 min 300" in text
    assert "2 24 h after step 1 or later 75 0.0375 10 min 450" in text
    assert "3 24 h after step 2 or later 100 0.05 10 min 600" in text
    assert "Nothing flows but these, and none of them without a command." in text
    assert "Daily total" not in text
    assert "any 24 h 1000 0.5 drug baclofen/spinal 110 11 %" in text
    assert [step["ug"] for step in facts("screening-trial")["trial"]] == [50, 75, 100]


def test_the_minimum_rate_is_shown_as_the_dose_that_it_is():
    text = checked("minimum-rate")
    assert "00:00 24:00 4 96 0.048 96 ≈11067.1" in text
    assert "Nothing to confirm" in text
