"""The stories of examples/, run by the real firmware in the real VM: each does what its file says it does."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from itb.cli import app

ROOT = Path(__file__).resolve().parents[2]
STORIES = ROOT / "examples" / "stories"
SIX_MONTHS = ROOT / "examples" / "six-months.toml"
HOUR_MS = 3_600_000
# What is on its way when a day ends: with ticks of a minute, up to a minute's dose at 400 ug/day.
ON_ITS_WAY_UG = 0.3
DAY_MS = 24 * HOUR_MS


def run_facts(story: Path, *options: str) -> dict[str, Any]:
    """The facts of a run that comes to its end, balances, and goes as the story says."""
    result = CliRunner().invoke(app, ["run", str(story), "--json", "--slice", "1 min", *options])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["balanced"]
    assert all(command["as_expected"] for command in told["commands"])
    return told


def told_of(name: str, *options: str) -> dict[str, Any]:
    return run_facts(STORIES / f"{name}.toml", *options)


def refusals(told: dict[str, Any]) -> list[str]:
    return [command["message"] for command in told["commands"] if not command["accepted"]]


def boluses(told: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["source"], one["outcome"], one["t_ms"]) for one in told["boluses"]]


def days_ug(told: dict[str, Any], at: str) -> list[float]:
    """The dose of each day, at the pump ("ug") or at the tip ("tip_ug")."""
    return [round(day[at], 1) for day in told["days"]]


@pytest.mark.parametrize("story", [*sorted(STORIES.glob("*.toml")), SIX_MONTHS], ids=lambda path: path.stem)
def test_every_story_is_shown_beforehand(story: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(story)])
    assert result.exit_code == 0, result.output
    assert ("To be confirmed" in result.stdout) == (story.stem == "taper")
    assert story.read_text(encoding="utf-8").startswith("# ")


def test_there_is_a_story_for_each_therapy_that_is_a_course() -> None:
    assert {path.stem for path in STORIES.glob("*.toml")} == {
        "bridge-2000-to-500",
        "bridge-500-to-2000",
        "bridge-omitted",
        "keep-open",
        "patient-bolus",
        "power-cut-in-bolus",
        "prime",
        "refill",
        "screening-trial",
        "single-bolus-now",
        "stop-and-resume",
        "taper",
        "titration",
        "watchdog-in-taper",
    }


@pytest.mark.req("M-02", "D-09", "D-10", "I-05")
def test_a_power_cut_in_the_middle_of_a_patients_bolus() -> None:
    told = told_of("power-cut-in-bolus")
    asked_ms = 10 * HOUR_MS
    assert boluses(told) == [
        ("patient", "cut short", asked_ms),
        ("patient", "denied", asked_ms + HOUR_MS),
        ("patient", "denied", asked_ms + 3 * HOUR_MS + HOUR_MS // 2),
        ("patient", "given", asked_ms + 5 * HOUR_MS),
    ]
    assert told["boluses"][0]["ordered_steps"] == told["boluses"][0]["steps"] // 2
    assert [one["reason"] for one in told["boluses"][1:3]] == ["lockout", "lockout"]
    assert "while the power is off" in refusals(told)[0]
    (restart,) = told["restarts"]
    assert (restart["cause"], restart["on_ms"] - restart["off_ms"]) == ("power", 25 * 60_000)
    assert told["ledger_steps"] == told["motor_steps"] + restart["uncounted_steps"]
    assert {alarm["name"]: alarm["until_ms"] is not None for alarm in told["alarms"]} == {
        "restarted": True,
        "time_unknown": True,
    }


@pytest.mark.req("M-02", "I-04", "I-05")
def test_a_taper_goes_on_after_a_watchdogs_reset_and_waits_for_a_clock() -> None:
    told = told_of("watchdog-in-taper")
    assert [one["cause"] for one in told["restarts"]] == ["watchdog", "power"]
    assert [alarm["name"] for alarm in told["alarms"]] == ["restarted", "time_unknown"] * 2
    # The midnight of the third day passed without power; the plan's own days are those it delivered over.
    assert [(one["t_ms"] // DAY_MS, one["plan_day"]) for one in told["stages"]] == [(1, 1), (4, 3), (5, 4)]
    assert told["days"][3]["complete"] is True
    assert days_ug(told, "tip_ug")[4] == pytest.approx(218.4, abs=ON_ITS_WAY_UG)


@pytest.mark.req("D-14", "M-08")
def test_after_two_days_stopped_the_pump_alarms_and_wants_to_be_verified() -> None:
    told = told_of("stop-and-resume")
    (alarm,) = told["alarms"]
    stopped_ms = DAY_MS + 8 * HOUR_MS
    assert (alarm["name"], alarm["priority"]) == ("stopped_long", 3)
    assert 0 < alarm["from_ms"] - stopped_ms - 48 * HOUR_MS <= 60_000
    assert 0 <= alarm["until_ms"] - told["commands"][-1]["t_ms"] <= 60_000
    (refusal,) = refusals(told)
    assert (
        "after 60 h without delivery is refused; accepted: a start after program and reservoir were verified" in refusal
    )
    assert told["state"] == "delivering"
    assert days_ug(told, "ug") == pytest.approx([300, 100, 0, 48.75, 300], abs=ON_ITS_WAY_UG)


@pytest.mark.req("D-09")
def test_a_patients_boluses_are_given_denied_and_suspended() -> None:
    told = told_of("patient-bolus")
    assert [(one["outcome"], one["reason"], one["wait_minutes"]) for one in told["boluses"]] == [
        ("given", "", 0),
        ("denied", "lockout", 60),
        ("given", "", 0),
        ("given", "", 0),
        ("denied", "maximum in 24 h", 900),
        ("given", "", 0),
        ("given", "", 0),
    ]
    assert [one["source"] for one in told["boluses"]] == ["patient"] * 6 + ["clinician"]
    assert ["1 h 00 min" in refusals(told)[0], "15 h 00 min" in refusals(told)[1]] == [True, True]
    assert sum(one["ordered_ug"] for one in told["boluses"]) == pytest.approx(4 * 10 + 20, abs=0.02)


@pytest.mark.req("D-15")
def test_the_screening_trial_goes_up_only_a_day_later_and_on_command() -> None:
    told = told_of("screening-trial")
    assert [round(one["ordered_ug"]) for one in told["boluses"]] == [50, 0, 75, 100]
    (refusal,) = refusals(told)
    assert "lockout" in refusal
    assert "12 h 00 min" in refusal
    assert days_ug(told, "ug") == pytest.approx([50, 75, 100], abs=ON_ITS_WAY_UG)


@pytest.mark.req("D-05", "D-14")
def test_the_taper_falls_by_its_stages_and_waits_while_paused() -> None:
    told = told_of("taper", "--confirm-soft")
    assert [one["stage"] for one in told["stages"]] == [1, 2, 3, 4, 5]
    ordered = [300] * 3 + [240] * 2 + [180] * 6 + [120] * 2 + [75] * 2 + [0] * 3
    assert days_ug(told, "ug") == pytest.approx(ordered, abs=ON_ITS_WAY_UG)


@pytest.mark.req("D-05")
def test_a_second_rise_on_one_day_is_refused() -> None:
    told = told_of("titration")
    (refusal,) = refusals(told)
    assert "a rise of 40 % is refused; accepted: a rise of at most 30 % within 24 h" in refusal
    assert len(told["programs"]) == 3
    assert days_ug(told, "ug")[3:] == pytest.approx([280, 280], abs=ON_ITS_WAY_UG)


@pytest.mark.req("D-12")
@pytest.mark.parametrize("name", ["bridge-500-to-2000", "bridge-2000-to-500"])
def test_with_a_bridge_the_dose_at_the_tip_is_the_ordered_one_on_every_day(name: str) -> None:
    told = told_of(name, "--slice", "10 s")
    assert days_ug(told, "tip_ug") == pytest.approx([400] * len(told["days"]), abs=ON_ITS_WAY_UG)
    assert told["parts"]["bridge"]["steps"] == 92_225
    # At the pump it is the new drug that leaves at the old rate.
    assert max(abs(dose - 400) for dose in days_ug(told, "ug")) > 100


@pytest.mark.req("D-12")
def test_without_the_bridge_the_tip_gives_400_percent_for_half_a_day() -> None:
    told = told_of("bridge-omitted", "--slice", "10 s")
    assert days_ug(told, "ug") == pytest.approx([400] * 5, abs=ON_ITS_WAY_UG)
    assert days_ug(told, "tip_ug") == pytest.approx([400, 200 + 800, 400, 400, 400], abs=ON_ITS_WAY_UG)
    assert "bridge" not in told["parts"]


@pytest.mark.req("D-13")
def test_after_a_prime_the_tip_gives_the_dose_from_the_start() -> None:
    told = told_of("prime")
    assert told["parts"]["prime"]["steps"] == 52_107
    # From 10:30 of the first day on.
    assert days_ug(told, "tip_ug") == pytest.approx([168.75, 300], abs=ON_ITS_WAY_UG)
    (refusal,) = refusals(told)
    assert refusal.startswith("prime: ")


@pytest.mark.req("R-05", "R-01")
def test_an_overfill_is_refused_and_a_discrepancy_alarms() -> None:
    told = told_of("refill")
    (refusal,) = refusals(told)
    assert refusal.startswith("fill_steps: 5072411 is refused")
    assert [(alarm["name"], alarm["priority"]) for alarm in told["alarms"]] == [("residual_mismatch", 2)]
    assert told["alarms"][0]["until_ms"] - told["alarms"][0]["from_ms"] == 5 * 60_000
    assert told["reservoir_ml"] == pytest.approx(18 - 0.8 * 2.625, abs=0.001)


@pytest.mark.req("D-11")
def test_keep_open_gives_the_minimum_rate_and_no_bolus() -> None:
    told = told_of("keep-open")
    assert [alarm["name"] for alarm in told["alarms"]] == ["keep_open"]
    assert [(one["outcome"], one["reason"]) for one in told["boluses"]] == [
        ("denied", "keep-open rate"),
        ("given", ""),
    ]
    # 9 h at 96 ug/day = 4 ug/h instead of 16 ug/h.
    assert days_ug(told, "ug")[0] == pytest.approx(312 - 9 * 12 + 10, abs=ON_ITS_WAY_UG)


def test_a_bolus_now_is_given_and_another_meanwhile_denied() -> None:
    told = told_of("single-bolus-now")
    assert [(one["outcome"], round(one["ordered_ug"])) for one in told["boluses"]] == [
        ("given", 20),
        ("denied", 0),
        ("given", 15),
    ]


@pytest.mark.req("R-01", "R-04", "M-10", "D-05", "D-12", "D-13", "D-15")
def test_half_a_year_balances_from_screening_to_taper() -> None:
    told = run_facts(SIX_MONTHS, "--slice", "5 min")
    assert (told["simulated_ms"], told["ended"], told["state"]) == (182 * DAY_MS, "done", "stopped")
    assert len(told["programs"]) == 12
    assert [one["stage"] for one in told["stages"]] == [1, 2, 3, 4, 5]
    assert Counter(one["source"] for one in told["boluses"] if one["outcome"] == "given") == {
        "trial": 2,
        "patient": 7,
        "clinician": 1,
    }
    assert len(refusals(told)) == 5
    assert told["alarms"] == []
    # No day at the tip is ever far from what was ordered; the greatest is a weekend with two boluses and more.
    assert max(days_ug(told, "tip_ug")) < 345
    assert told["ledger_steps"] == told["motor_steps"] == told["edges"]
