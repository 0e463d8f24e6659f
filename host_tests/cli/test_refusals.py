"""What the command refuses: one line that names field, value and what is accepted; exit status 2; nothing run."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from itb.cli import app
from itb.summary import BENCH_ONLY
from prescriptions import changed

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FLEX_DAY = str(EXAMPLES / "flex-day.toml")
CONTINUOUS = (EXAMPLES / "continuous.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options, field, accepted",
    [
        (["--days", "0"], "--days: 0.0", "from 0.001"),
        (["--days", "nan"], "--days: nan", "from 0.001"),
        (["--days", "1e9"], "--days: 1000000000.0", "to 36500"),
        (["--days", "1e-12"], "--days: 1e-12", "from 0.001"),
        (["--seed", "-1"], "--seed: -1", "from 0 to"),
        (["--slice", "10"], "--slice: '10'", "with its unit"),
        (["--slice", "1 h"], "--slice: '1 h'", "15 min"),
        (["--board", "moon"], "board: 'moon'", "sim"),
        (["--engine", "steam"], "--engine: 'steam'", "vm, wasm, cpython"),
        (["--faults", "nowhere.toml"], "nowhere.toml", "accepted"),
        (["--plot", "."], "--plot: .", "a file ending in .png"),
        (["--plot", "day.jpeg2"], "--plot: day.jpeg2", ".png"),
        (["--vcd", f"{FLEX_DAY}/day.vcd"], "--vcd: ", "a directory that can be written"),
    ],
)
@pytest.mark.req("D-01")
def test_a_bad_option_is_refused_in_one_line(options: list[str], field: str, accepted: str) -> None:
    result = CliRunner().invoke(app, ["run", FLEX_DAY, *options])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert field in result.stderr
    assert accepted in result.stderr


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.req("D-01", "D-03")
def test_a_refused_prescription_names_the_field(command: str, tmp_path: Path) -> None:
    rx = tmp_path / "rx.toml"
    rx.write_text(changed(CONTINUOUS, ('"400 ug/day"', '"400"')), encoding="utf-8")
    result = CliRunner().invoke(app, [command, str(rx)])
    assert result.exit_code == 2
    assert "basal.rate: '400' is refused; accepted:" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_prescription_that_is_not_there_is_refused(command: str) -> None:
    result = CliRunner().invoke(app, [command, "nowhere.toml"])
    assert result.exit_code == 2
    assert "nowhere.toml" in result.stderr


def test_check_previews_the_day() -> None:
    result = CliRunner().invoke(app, ["check", FLEX_DAY])
    assert result.exit_code == 0
    assert "360 ug/day = 0.18 mL/day" in result.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["check", "--help"]])
def test_every_help_says_bench_only(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
    assert result.exit_code == 0
    assert BENCH_ONLY in result.stdout


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("itb ")
