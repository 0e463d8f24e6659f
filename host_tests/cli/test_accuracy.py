"""`itb accuracy`: table, picture and facts of weights over time, and the examples that the twin makes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from itb import BENCH_ONLY
from itb.boards.board import ROOT
from itb.cli import app

BENCH = ROOT / "examples" / "bench"
FAST, SLOW = BENCH / "twin-flow-24ml-day.csv", BENCH / "twin-flow-0.2ml-day.csv"


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("itb.bench.commands.BUILD", tmp_path / "build")
    return tmp_path / "build"


def accuracy(*options: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, ["accuracy", *options])
    assert result.exit_code == status, result.output
    return result


def facts(*options: str) -> dict[str, Any]:
    return json.loads(accuracy("--json", *options).stdout)


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_a_file_is_shown_as_table_and_picture(build: Path) -> None:
    result = accuracy(str(FAST), "--rate", "24 mL/day")
    rows = [line.split() for line in result.stdout.splitlines()]
    windows = {row[0]: row for row in rows if row and row[0] in ("2", "5", "11", "19", "31")}
    assert [row[1] for row in windows.values()] == ["117", "111", "99", "83", "59"]
    # The swing of 3 % either way; one turn takes 19.6 min, so that in 19 min next to nothing of it is left.
    assert float(windows["5"][3]) == pytest.approx(3, abs=0.4)
    assert float(windows["5"][2]) == pytest.approx(-3, abs=0.4)
    assert float(windows["19"][3]) == pytest.approx(0, abs=0.3)
    assert float(windows["31"][3]) > float(windows["19"][3])
    assert "Mean error A at 24 mL/day: +0.0" in said(result)
    assert (build / "accuracy" / "twin-flow-24ml-day.png").read_bytes().startswith(b"\x89PNG")


def test_at_a_therapys_rate_it_says_that_the_scale_decides() -> None:
    text = said(accuracy(str(SLOW), "--rate", "0.2 mL/day"))
    assert "A window of 2 min holds 0.278 uL. The scale's digits of 0.1 mg alone make up to ± 36 % of that" in text
    assert "what lies within says nothing of the pump." in text
    found = facts(str(SLOW), "--rate", "0.2 mL/day")
    for one in found["windows"]:
        assert max(abs(one["max_percent"]), abs(one["min_percent"])) < one["scale_percent"]


def test_a_machine_gets_the_same_facts() -> None:
    found = facts(str(FAST), "--rate", "1 mL/h")
    assert (found["bench_only"], found["data"]) == (BENCH_ONLY, "twin-flow-24ml-day.csv")
    assert (found["rate_ml_day"], found["interval_s"], found["period_s"]) == (24, 30, [3600, 7200])
    assert found["scale"]["resolution_mg"] == found["scale"]["repeatability_mg"] == 0.1
    assert [one["minutes"] for one in found["windows"]] == [2, 5, 11, 19, 31]
    assert len(found["start_up"]["edges_s"]) == len(found["start_up"]["ml_day"]) + 1 == 241
    assert found["mean_percent"] == pytest.approx(0, abs=0.1)


def test_the_scale_can_be_described() -> None:
    found = facts(str(FAST), "--rate", "24 mL/day", "--resolution", "0.5 mg", "--repeatability", "0 mg")
    plain = facts(str(FAST), "--rate", "24 mL/day")
    for given, default in zip(found["windows"], plain["windows"], strict=True):
        assert given["scale_percent"] == given["resolution_percent"] == pytest.approx(5 * default["resolution_percent"])
        assert given["max_percent"] == default["max_percent"]
    only = facts(str(FAST), "--rate", "24 mL/day", "--resolution", "0.5 mg")
    assert only["scale"]["repeatability_mg"] == 0.5


def test_period_evaporation_and_temperature_are_heeded() -> None:
    found = facts(str(FAST), "--rate", "24 mL/day", "--from", "0 s", "--to", "0.75 h")
    assert found["period_s"] == [0, 2700]
    plain = facts(str(FAST), "--rate", "24 mL/day")
    warm = facts(str(FAST), "--rate", "24 mL/day", "--temperature", "30 C")
    assert warm["mean_percent"] - plain["mean_percent"] == pytest.approx(100 * (998.2067 / 995.6488 - 1), abs=0.002)
    dry = facts(str(FAST), "--rate", "24 mL/day", "--evaporation", "10 mg/h")
    assert dry["mean_percent"] - plain["mean_percent"] == pytest.approx(1.00285, abs=0.001)


def test_another_rate_is_another_error() -> None:
    assert facts(str(FAST), "--rate", "20 mL/day")["mean_percent"] == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("path, board, rate", [(FAST, "sim-10ml", "24 mL/day"), (SLOW, "sim", "0.2 mL/day")])
def test_the_examples_are_what_the_twin_gives(path: Path, board: str, rate: str, tmp_path: Path) -> None:
    saved = tmp_path / "again.csv"
    accuracy("--twin", board, "--rate", rate, "--seed", "1", "--save", str(saved))
    assert saved.read_bytes() == path.read_bytes()
    again = facts(str(path), "--rate", rate)
    direct = facts("--twin", board, "--rate", rate, "--seed", "1")
    assert {**again, "data": None} == {**direct, "data": None}


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    accuracy("--twin", "sim", "--rate", "0.2 mL/day", "--seed", "2", "--save", str(tmp_path / "two.csv"))
    assert (tmp_path / "two.csv").read_bytes() != SLOW.read_bytes()


def test_the_twin_is_weighed_for_as_long_as_is_asked(tmp_path: Path) -> None:
    saved = tmp_path / "long.csv"
    accuracy("--twin", "sim", "--rate", "1 mL/day", "--from", "2 h", "--to", "4 h", "--save", str(saved))
    assert saved.read_text(encoding="utf-8").splitlines()[-1].startswith("14400,")


def test_the_picture_goes_where_it_is_wanted(tmp_path: Path) -> None:
    result = accuracy(str(FAST), "--rate", "24 mL/day", "--plot", str(tmp_path / "new" / "curve.svg"))
    assert "<svg" in (tmp_path / "new" / "curve.svg").read_text(encoding="utf-8")
    assert str(tmp_path / "new" / "curve.svg") in said(result)


def altered(directory: Path, old: str, new: str) -> str:
    text = FAST.read_text(encoding="utf-8")
    assert old in text
    path = directory / "run.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "options, message",
    [
        ([], "source: none is refused; accepted: one of DATA.csv, --twin"),
        ([str(FAST), "--twin", "sim"], "source: DATA.csv and --twin is refused"),
        (["nowhere.csv"], "nowhere.csv: No such file or directory is refused"),
        (["--twin", "moon"], "--twin: 'moon' is refused; accepted: one of"),
        (["--twin", "../sim"], "--twin: '../sim' is refused"),
        (["--twin", "sim", "--seed", "-1"], "--seed: -1 is refused"),
        (["--twin", "sim", "--rate", "25 mL/day"], "--rate: 25 mL/day is refused; accepted: a rate of the board"),
        ([str(FAST), "--rate", "24"], "--rate: '24' is refused; accepted: a volume rate with its unit"),
        ([str(FAST), "--rate", "0 mL/day"], "--rate: '0 mL/day' is refused"),
        ([str(FAST), "--from", "60"], "--from: '60' is refused; accepted: a time with its unit"),
        ([str(FAST), "--to", "3 h"], "--to: 180 min is refused; accepted: at most the 120 min"),
        ([str(FAST), "--from", "100 min"], "--from, --to: 100 min to 120 min is refused; accepted: an analysis period"),
        ([str(FAST), "--temperature", "1 C"], "--temperature: '1 C' is refused"),
        ([str(FAST), "--evaporation", "1"], "--evaporation: '1' is refused"),
        ([str(FAST), "--resolution", "0.1 mL"], "--resolution: '0.1 mL' is refused; accepted: a mass with its unit"),
        ([str(FAST), "--resolution", "0 mg"], "--resolution: '0 mg' is refused"),
        ([str(FAST), "--repeatability", "1"], "--repeatability: '1' is refused"),
        ([str(FAST), "--save", "copy.csv"], "--save: copy.csv is refused; accepted: only with --twin"),
        ([str(FAST), "--plot", "curve.txt"], "--plot: curve.txt is refused; accepted: a file ending in .png"),
        (["--twin", "sim", "--save", "run.txt"], "--save: run.txt is refused; accepted: a file ending in .csv"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_leaves_nothing(options: list[str], message: str, build: Path) -> None:
    rate = [] if "--rate" in options else ["--rate", "24 mL/day"]
    result = accuracy(*options, *rate, status=2)
    assert message in said(result)
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert not build.exists()


def test_a_rate_must_be_given() -> None:
    assert "--rate" in accuracy(str(FAST), status=2).stderr


def test_a_gap_in_the_data_is_refused_with_its_place(tmp_path: Path) -> None:
    text = FAST.read_text(encoding="utf-8").splitlines()
    gap = next(line for line in text if line.startswith("3030,"))
    result = accuracy(altered(tmp_path, gap + "\n", ""), "--rate", "24 mL/day", status=2)
    assert "run.csv: after 3000 s: a gap of 60 s is refused; accepted: readings every 30 s" in said(result)


def test_a_bad_row_is_refused_with_its_line(tmp_path: Path) -> None:
    result = accuracy(altered(tmp_path, "\n60,", "\n60;"), "--rate", "24 mL/day", status=2)
    assert "run.csv: line 5: '60;" in said(result)


def test_a_machine_gets_a_refusal_in_parts() -> None:
    refused = json.loads(accuracy(str(FAST), "--rate", "24", "--json", status=2).stdout)["refused"]
    assert (refused["field"], refused["value"]) == ("--rate", "'24'")
    assert "mL/day" in refused["accepted"]


def test_the_help_says_what_it_is_for() -> None:
    assert BENCH_ONLY in " ".join(CliRunner().invoke(app, ["accuracy", "--help"]).output.split())
