"""`itb check`: what it shows, what it says to a machine, and how it refuses."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from itb.boards.board import ROOT, board_names, load_board
from itb.plan.check import check
from prescriptions import CONTINUOUS, FLEX, changed

# Prescriptions: the story among the examples has tests of its own.
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.toml") if path.stem != "six-months")


def checked(path: Path, board: str = "sim", as_json: bool = False, slice_ms: int | None = None) -> tuple[int, str, str]:
    """Exit status, what was printed, and what was said on the error side."""
    out, err = StringIO(), StringIO()
    status = check(path, board, Console(file=out, width=110), Console(file=err, width=110), as_json, slice_ms)
    return status, out.getvalue(), err.getvalue()


def written(text: str, directory: Path) -> Path:
    path = directory / "rx.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.req("D-01", "D-08")
def test_the_daily_total_is_shown_as_dose_and_as_volume(tmp_path: Path):
    status, out, err = checked(written(FLEX, tmp_path))
    assert (status, err) == (0, "")
    assert "420 ug/day = 0.21 mL/day" in out


@pytest.mark.req("D-01")
def test_each_step_is_shown_per_hour_per_day_and_as_volume(tmp_path: Path):
    out = checked(written(FLEX, tmp_path))[1]
    rows = [line.split() for line in out.splitlines()]
    assert ["00:00", "06:00", "10", "240", "0.12", "60", "≈6916.9"] in rows
    assert ["06:00", "24:00", "20", "480", "0.24", "360", "≈41501.5"] in rows


def test_the_day_is_drawn_with_its_boluses(tmp_path: Path):
    lines = checked(written(FLEX, tmp_path))[1].splitlines()
    at = next(place for place, line in enumerate(lines) if "ug per half hour" in line)
    marks, bars = lines[at + 1], lines[at + 2 : at + 5]
    assert marks.rstrip() == " " * 16 + "▼"
    assert [len(row.rstrip("\n")[:48]) for row in bars] == [48, 48, 48]
    assert bars[0][16] == "█"
    assert bars[0].strip() == "█"


@pytest.mark.req("D-03")
def test_limits_are_shown_with_their_origin_and_the_busiest_window(tmp_path: Path):
    text = " ".join(checked(written(FLEX, tmp_path))[1].split())
    assert "any hour 60 0.03 prescription ≈40.333 from day 1 07:09 67 %" in text
    assert "one bolus 25 0.0125 prescription 20 80 %" in text


@pytest.mark.req("D-02")
def test_soft_limits_are_listed_and_do_not_fail(tmp_path: Path):
    status, out, _ = checked(written(changed(CONTINUOUS, ("400 ug/day", "900 ug/day")), tmp_path))
    assert status == 0
    assert "To be confirmed (soft limits):" in out
    assert "daily dose: 900 ug/day; expected at most 800 ug/day" in out
    assert "Nothing to confirm" in checked(written(CONTINUOUS, tmp_path))[1]


def test_the_notes_are_shown_where_there_are_any(tmp_path: Path):
    out = checked(written('notes = "For the [bench], dyed blue."\n' + CONTINUOUS, tmp_path))[1]
    assert out.splitlines()[1] == "For the [bench], dyed blue."
    assert "baclofen" in checked(written(CONTINUOUS, tmp_path))[1].splitlines()[1]


@pytest.mark.req("D-02", "D-03")
def test_a_refusal_is_one_message_and_status_2(tmp_path: Path):
    status, out, err = checked(written(changed(CONTINUOUS, ("400 ug/day", "60 ug/h")), tmp_path))
    assert (status, out) == (2, "")
    assert err.startswith("itb: rx.toml: basal: 1440 ug/day = 60 ug/h = 0.72 mL/day is refused; accepted: ")
    assert err.count("\n") == 1


def test_markup_in_a_prescription_is_only_text(tmp_path: Path):
    path = written(changed(CONTINUOUS, ('"One rate"', '"[red]One[/red] [/] rate"')), tmp_path)
    assert "[red]One[/red] [/] rate" in checked(path)[1]
    assert checked(written(changed(CONTINUOUS, ('"400 ug/day"', '"[/red]"')), tmp_path))[0] == 2


@pytest.mark.req("D-08")
def test_a_machine_gets_the_same_facts(tmp_path: Path):
    status, out, _ = checked(written(FLEX, tmp_path), as_json=True)
    facts = json.loads(out)
    assert status == 0
    assert facts["day_total"]["ug_day_exact"] == [420, 1]
    assert facts["day_total"]["ml_day_exact"] == [21, 100]
    assert [step["ug_day"] for step in facts["steps"]] == [240, 480]
    assert [(bolus["day"], bolus["ug"]) for bolus in facts["boluses"]] == [(1, 20), (2, 10)]
    assert facts["limits"]["day"]["origin"] == "prescription"
    assert facts["limits"]["bolus"]["most_asked_ug"] == 20
    assert facts["findings"] == []
    assert facts["program"]["rate_den"] == 13879


def test_a_machine_gets_a_refusal_in_parts(tmp_path: Path):
    status, out, err = checked(written(changed(CONTINUOUS, ('"400 ug/day"', "400")), tmp_path), as_json=True)
    assert (status, err) == (2, "")
    refused = json.loads(out)["refused"]
    assert (refused["field"], refused["value"]) == ("rx.toml: basal.rate", "400")
    assert "ug/day" in refused["accepted"]


TO_BE_CONFIRMED = ("near-the-cap", "taper")
# What is filled in must fit: a bench's reservoir is its syringe.
FILLS_ML = {"flex-day": 18, "volume-rate": 10}


@pytest.mark.parametrize("board", board_names())
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_accepted_on_every_board_that_holds_its_fill(path: Path, board: str):
    status, out, err = checked(path, board, slice_ms=10_000)
    fill_ml = FILLS_ML.get(path.stem, 0)
    capacity_ml = load_board(board).capacity_nl / 1_000_000
    if fill_ml > capacity_ml:
        assert (status, out) == (2, "")
        assert f"{path.name}: reservoir.fill: {fill_ml} mL is refused" in err
        assert f"up to {capacity_ml} mL (board {board})" in err
    else:
        assert (status, err) == (0, "")
        assert ("To be confirmed" in out) == (path.stem in TO_BE_CONFIRMED)


def test_there_are_enough_examples_to_choose_from():
    assert 16 <= len(EXAMPLES) <= 20


@pytest.mark.req("R-04")
def test_the_least_fill_wants_a_refill_on_the_first_day(tmp_path: Path):
    out = " ".join(checked(written(changed(FLEX, ('"18 mL"', '"0.300008 mL"')), tmp_path))[1].split())
    assert "Reservoir: ≈0.3 mL. Refill by day 1, when it reaches the low mark of 2 mL; it is empty" in out
    assert "(residual 0.3 mL) on day 1, with every allotted bolus taken." in out


def test_an_unknown_board_is_refused():
    status, _, err = checked(EXAMPLES[0], "none")
    assert (status, err) == (2, "itb: --board: 'none' is refused; accepted: one of " + ", ".join(board_names()) + "\n")
