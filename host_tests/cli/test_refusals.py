"""What the command refuses: one line that names field, value and what is accepted; exit status 2; nothing run."""

import errno
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itb import BENCH_ONLY
from itb.boards.board import slice_of
from itb.cli import DEFAULT_SLICE, app
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
        (["--board", "moon"], "itb: --board: 'moon'", "sim"),
        (["--engine", "steam"], "--engine: 'steam'", "vm, wasm, cpython"),
        (["--faults", "nowhere.toml"], "nowhere.toml", "accepted"),
        (["--plot", "."], "--plot: .", "a file ending in .png"),
        (["--plot", "day.jpeg2"], "--plot: day.jpeg2", ".png"),
        (["--vcd", f"{FLEX_DAY}/day.vcd"], "--vcd: ", "a file that can be written"),
        (["--vcd", "v" * 300 + ".vcd"], "--vcd: ", "a file that can be written"),
        (["--plot", "p" * 300 + ".png"], "--plot: ", "a file that can be written"),
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


def test_a_slice_that_would_make_a_bolus_late_is_refused(tmp_path: Path) -> None:
    rx = tmp_path / "rx.toml"
    boluses = [f'[[bolus]]\nat = "{at}"\ndose = "5 ug"\nover = "10 min"\n' for at in ("08:00", "08:11")]
    rx.write_text("\n".join([CONTINUOUS, *boluses]), encoding="utf-8")
    result = CliRunner().invoke(app, ["run", str(rx), "--slice", "1 min"])
    assert result.exit_code == 2
    assert "--slice: 60 s is refused; accepted: at most 30 s" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    result = CliRunner().invoke(app, ["run", FLEX_DAY, "--plot", str(tmp_path / "day.png")])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("itb: --plot: ")


def test_a_refused_run_leaves_no_file_and_no_directory_behind(tmp_path: Path) -> None:
    kept = tmp_path / "kept.png"
    kept.write_bytes(b"old")
    new = str(tmp_path / "new" / "day.png")
    late = ["--vcd", str(tmp_path / ("v" * 300 + ".vcd"))]
    for options in (["--plot", new, *late], ["--plot", str(kept), *late], ["--plot", new, "--engine", "steam"]):
        assert CliRunner().invoke(app, ["run", FLEX_DAY, *options]).exit_code == 2
    assert list(tmp_path.iterdir()) == [kept]
    assert kept.read_bytes() == b"old"


def test_a_file_that_cannot_be_written_after_all_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("itb.run.command.write_waveform", full)
    result = CliRunner().invoke(app, ["run", FLEX_DAY, "--days", "0.01", "--vcd", str(tmp_path / "day.vcd")])
    assert result.exit_code == 1
    assert result.stderr == f"itb: --vcd: {tmp_path / 'day.vcd'} was not written: No space left on device\n"


CLOSE_BOLUSES = """
[[bolus]]
at = "08:00"
dose = "10 ug"
over = "10 min"

[[bolus]]
at = "08:15"
dose = "10 ug"
over = "10 min"
"""


def test_check_accepts_and_refuses_what_run_does_with_the_same_slice(tmp_path: Path) -> None:
    rx = tmp_path / "rx.toml"
    rx.write_text(CONTINUOUS + CLOSE_BOLUSES, encoding="utf-8")
    for options, status in ((["--slice", "5 min"], 2), (["--slice", "10"], 2), (["--slice", "1 min"], 0), ([], 0)):
        check = CliRunner().invoke(app, ["check", str(rx), *options])
        run = CliRunner().invoke(app, ["run", str(rx), "--days", "0.01", *options])
        assert (check.exit_code, run.exit_code) == (status, status)
        assert check.stderr == run.stderr


def test_check_judges_with_the_slice_that_run_takes_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[object] = []
    monkeypatch.setattr("itb.cli.show_check", lambda *given: judged.append(given[-1]) or 0)
    assert CliRunner().invoke(app, ["check", FLEX_DAY]).exit_code == 0
    assert judged == [slice_of(DEFAULT_SLICE)]
    for command in ("run", "check"):
        told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "300"}).stdout
        assert f"[default: {DEFAULT_SLICE}]" in told


def test_a_bad_slice_is_told_to_a_machine_in_parts_too() -> None:
    result = CliRunner().invoke(app, ["check", FLEX_DAY, "--slice", "1 h", "--json"])
    assert (result.exit_code, result.stderr) == (2, "")
    assert json.loads(result.stdout)["refused"]["field"] == "--slice"


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.req("D-01", "D-03")
def test_a_refused_prescription_names_the_field(command: str, tmp_path: Path) -> None:
    rx = tmp_path / "rx.toml"
    rx.write_text(changed(CONTINUOUS, ('"400 ug/day"', '"400"')), encoding="utf-8")
    result = CliRunner().invoke(app, [command, str(rx)])
    assert result.exit_code == 2
    assert result.stderr.startswith("itb: rx.toml: basal.rate: '400' is refused; accepted:")
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


def test_the_help_says_which_engine_is_the_default() -> None:
    told = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "300"}).stdout
    assert "One of vm, wasm, cpython; the default is vm, or wasm where there is no vm." in told


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["check", "--help"]])
def test_every_help_says_bench_only(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
    assert result.exit_code == 0
    assert BENCH_ONLY in result.stdout


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("itb ")
