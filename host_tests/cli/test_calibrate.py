"""`itb calibrate`: a run from a file, typed, from a scale, on the twin; the board file is written, or left alone."""

import os
import threading
import tty
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from itb import BENCH_ONLY
from itb.boards.board import CONFIGS, ROOT, read_board
from itb.cli import app

EXAMPLE = ROOT / "examples" / "bench" / "twin-calibration.csv"
SIM = (CONFIGS / "sim.toml").read_bytes()


@pytest.fixture(autouse=True)
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the board, so that no test can write the real one; everything else goes to the same place."""
    directory = tmp_path / "boards"
    directory.mkdir()
    (directory / "sim.toml").write_bytes(SIM)
    monkeypatch.setattr("itb.bench.commands.CONFIGS", directory)
    monkeypatch.setattr("itb.bench.commands.BUILD", tmp_path / "build")
    return directory


def calibrate(*options: str, typed: str = "", status: int = 0) -> Result:
    result = CliRunner().invoke(app, ["calibrate", "sim", *options], input=typed)
    assert result.exit_code == status, result.output
    return result


def said(result: Result) -> str:
    return " ".join(result.output.split())


def csv(directory: Path, *rows: str, head: str = "revolutions,grams") -> str:
    path = directory / "run.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_a_run_from_a_file_is_shown_drawn_and_written(boards: Path, tmp_path: Path) -> None:
    old = read_board(boards / "sim.toml")
    result = calibrate("--data", str(EXAMPLE), "--date", "2026-11-21")
    new = read_board(boards / "sim.toml")
    assert new.nl_per_rev == pytest.approx(13879, abs=15)
    assert new.nl_per_rev != 13879
    assert (new.calibrated, new.take_up_steps) == ("2026-11-21", pytest.approx(96, abs=60))
    assert new.calibration_uncertainty_nl is not None
    assert abs(new.nl_per_rev - 13879) <= new.calibration_uncertainty_nl
    restored = replace(
        new, nl_per_rev=13879, calibrated=None, calibration_uncertainty_nl=None, take_up_steps=old.take_up_steps
    )
    assert restored == old
    text = said(result)
    assert f'Written to sim.toml: calibration = "{new.nl_per_rev} nL/rev" calibrated = "2026-11-21"' in text
    assert "k = 2.52 (Student's t for 8 points)" in text
    assert f"Take-up {new.take_up_steps} ± " in text
    assert "microsteps before the first dose" in text
    assert (tmp_path / "build" / "calibration" / "sim.png").read_bytes().startswith(b"\x89PNG")


def test_the_rest_of_the_board_file_stays_byte_for_byte(boards: Path) -> None:
    calibrate("--data", str(EXAMPLE))
    old, new = SIM.decode().splitlines(), (boards / "sim.toml").read_text(encoding="utf-8").splitlines()
    at = next(place for place, line in enumerate(old) if line.startswith("calibration"))
    assert new[:at] == old[:at]
    assert new[at + 4 :] == old[at + 1 :]
    assert new[at].partition("#")[2] == old[at].partition("#")[2] != ""


def test_today_is_the_date_when_none_is_given(boards: Path) -> None:
    before = date.today().isoformat()
    calibrate("--data", str(EXAMPLE))
    assert before <= str(read_board(boards / "sim.toml").calibrated) <= date.today().isoformat()


@pytest.mark.parametrize("options", [["--dry-run", "--data", str(EXAMPLE)], ["--twin"]])
def test_a_dry_run_and_the_twin_write_no_board(options: list[str], boards: Path) -> None:
    text = said(calibrate(*options))
    assert "sim.toml was not changed; it would get:" in text
    assert (boards / "sim.toml").read_bytes() == SIM


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_twin_is_found_to_be_what_it_is(seed: int) -> None:
    """13879 nL per revolution and 96 microsteps of slack; five runs of ± 95 % should not be off by twice that."""
    words = said(calibrate("--twin", "--seed", str(seed))).split()
    result = words.index("nL")
    assert abs(float(words[result - 3]) - 13879) < 2 * float(words[result - 1])
    take_up = words.index("Take-up")
    assert abs(float(words[take_up + 1]) - 96) < 2 * float(words[take_up + 3])


def test_the_example_is_what_the_twin_gives(tmp_path: Path) -> None:
    calibrate("--twin", "--seed", "1", "--save", str(tmp_path / "run.csv"))
    assert (tmp_path / "run.csv").read_bytes() == EXAMPLE.read_bytes()


TYPED = "\n12.0000 g\n\n12.0273 g\n\n12.0549 g\n\n12.0826 g\n\n12.1103 g\n"


def test_weights_can_be_typed_and_are_kept(boards: Path, tmp_path: Path) -> None:
    result = calibrate("--points", "4", "--date", "2026-11-21", typed=TYPED)
    assert read_board(boards / "sim.toml").nl_per_rev == pytest.approx(13879, abs=60)
    text = said(result)
    assert "For water and dye, never for a person or an animal." in text
    assert "sim.toml has 13879 nL/rev and no date: not yet calibrated on a scale." in text
    assert text.count("Turn the motor 2 revolutions forward, never back") == 4
    kept = (tmp_path / "build" / "calibration" / "sim.csv").read_text(encoding="utf-8").splitlines()
    assert kept[:2] == ["# sim, 2026-11-21", "revolutions,grams,seconds"]
    assert [line.rpartition(",")[0] for line in kept[2:]] == ["2,0.0273", "4,0.0549", "6,0.0826", "8,0.1103"]


def test_a_calibrated_board_says_so_at_the_next_run() -> None:
    calibrate("--data", str(EXAMPLE), "--date", "2026-11-21")
    text = said(calibrate("--points", "4", "--dry-run", typed=TYPED))
    assert "nL/rev of 2026-11-21; " in text
    assert "microsteps of take-up to prime away before a first dose." in text


def test_a_slip_of_the_keys_is_asked_again(boards: Path) -> None:
    slips = TYPED.replace("12.0549 g", "12.0549\n12.0549 g ?\n12.0549 g")
    result = calibrate("--points", "4", typed=slips)
    assert "weight: '12.0549' is refused" in said(result)
    assert read_board(boards / "sim.toml").calibrated is not None


def test_a_run_that_breaks_off_changes_nothing_and_keeps_its_readings(boards: Path, tmp_path: Path) -> None:
    result = calibrate("--points", "4", typed=TYPED.rpartition("\n12.1103")[0], status=2)
    assert "the end of the input is refused" in said(result)
    assert (boards / "sim.toml").read_bytes() == SIM
    kept = tmp_path / "build" / "calibration" / "sim.csv"
    assert f"The readings are kept in {kept}." in said(result)
    calibrate("--data", str(kept), "--dry-run")


def test_nothing_is_asked_when_the_input_is_at_its_end(boards: Path) -> None:
    assert "preparation: the end of the input is refused" in said(calibrate(status=2))
    assert (boards / "sim.toml").read_bytes() == SIM


class PrintingScale:
    """A scale that prints all the time on a pseudo-terminal, every other line unsteady."""

    def __init__(self) -> None:
        self._scale_end, self._port_end = os.openpty()
        tty.setraw(self._port_end)
        self.port = os.ttyname(self._port_end)
        self._mass_g = 12.0
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._print)

    def __enter__(self) -> "PrintingScale":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._done.set()
        self._thread.join()
        os.close(self._scale_end)
        os.close(self._port_end)

    def gain(self, mass_g: float) -> None:
        with self._lock:
            self._mass_g += mass_g

    def _print(self) -> None:
        while not self._done.wait(0.05):
            with self._lock:
                os.write(self._scale_end, f"US,GS,+  99.0000 g\r\nST,GS,+  {self._mass_g:.4f} g\r\n".encode())


def test_weights_can_come_from_a_serial_scale(boards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with PrintingScale() as scale:
        monkeypatch.setattr(
            "itb.bench.guide.HandDispenser.dispense", lambda _, revolutions: scale.gain(0.01385 * revolutions)
        )
        result = calibrate("--points", "4", "--scale", scale.port, typed="\n")
    assert "The scale is read after each Enter" in said(result)
    board = read_board(boards / "sim.toml")
    assert board.nl_per_rev == pytest.approx(13.85 * 1002.853, abs=1)
    assert board.take_up_steps <= 1


def test_evaporation_is_added(boards: Path, tmp_path: Path) -> None:
    """27.7 mg a point, of which 0.3 mg is lost in the 900 s that each takes: 1.2 mg/h."""
    rows = [f"{2 * place},{0.0274 * place:.4f},{900 * place}" for place in range(1, 7)]
    data = csv(tmp_path, *rows, head="revolutions,grams,seconds")
    calibrate("--data", data, "--evaporation", "1.2 mg/h")
    assert read_board(boards / "sim.toml").nl_per_rev == pytest.approx(27.7 / 2 * 1002.853, abs=1)


def test_a_warmer_bench_has_more_volume_for_the_same_weight(boards: Path) -> None:
    calibrate("--data", str(EXAMPLE))
    cold = read_board(boards / "sim.toml").nl_per_rev
    calibrate("--data", str(EXAMPLE), "--temperature", "30 C")
    assert read_board(boards / "sim.toml").nl_per_rev / cold == pytest.approx(998.2067 / 995.6488, abs=1e-4)


REFUSED_RUNS = [
    (["2,0.0277", "4,0.0554"], "run.csv: 2 points is refused; accepted: at least 3 points"),
    (["2,0.0277", "4,0.0554", "6,0.0500"], "run.csv: point 3, weight: 0.05 g is refused"),
    (["2,0.09", "4,0.06", "6,0.03"], "run.csv: point 2, weight: 0.06 g is refused"),
    (["2,0.0277", "2,0.0554", "6,0.0900"], "run.csv: point 2, revolutions: 2 is refused"),
    (["2,0.0277", "4,0.0600", "6,0.0831", "8,0.1108"], "uncertainty of nL per revolution: "),
    (
        ["2,0.0300", "4,0.0600", "6,0.0900"],
        "mechanism.calibration: '15043 nL/rev' is refused; accepted: 13186 to 14573",
    ),
    (["2,0.0377", "4,0.0654", "6,0.0931"], "take-up: -10.03 uL is refused; accepted: a line that begins at or below 0"),
    (["6,0.0277", "8,0.0554", "10,0.0831"], "take-up: 12800 microsteps is refused; accepted: at most 10000"),
]


@pytest.mark.parametrize("rows, message", REFUSED_RUNS, ids=[message[:40] for _, message in REFUSED_RUNS])
def test_a_result_that_cannot_be_right_changes_nothing(
    rows: list[str], message: str, boards: Path, tmp_path: Path
) -> None:
    result = calibrate("--data", csv(tmp_path, *rows), status=2)
    assert message in said(result)
    assert len(result.stderr.strip().splitlines()) == 1
    assert (boards / "sim.toml").read_bytes() == SIM
    assert os.listdir(boards) == ["sim.toml"]


@pytest.mark.parametrize(
    "options, message",
    [
        (["--data", "nowhere.csv"], "nowhere.csv: No such file or directory is refused"),
        (["--data", str(EXAMPLE), "--twin"], "source: --data and --twin is refused; accepted: at most one of"),
        (["--scale", "/dev/nowhere", "--twin"], "source: --scale and --twin is refused"),
        (["--scale", "/dev/nowhere"], "--scale: '/dev/nowhere' is refused; accepted: a serial port that opens"),
        (["--scale", "/dev/nowhere", "--line", "fast"], "--line: 'fast' is refused"),
        (["--twin", "--points", "2"], "--points: 2 is refused"),
        (["--twin", "--revolutions", "0"], "--revolutions: 0 is refused"),
        (["--twin", "--seed", "-1"], "--seed: -1 is refused"),
        (["--twin", "--temperature", "20"], "--temperature: '20' is refused"),
        (["--twin", "--temperature", "50 C"], "--temperature: '50 C' is refused"),
        (["--twin", "--evaporation", "1 mL/h"], "--evaporation: '1 mL/h' is refused"),
        (["--data", str(EXAMPLE), "--date", "1.1.2026"], "--date: '1.1.2026' is refused"),
        (
            ["--data", str(EXAMPLE), "--plot", "line.txt"],
            "--plot: line.txt is refused; accepted: a file ending in .png",
        ),
        (["--data", str(EXAMPLE), "--save", "copy.csv"], "--save: copy.csv is refused"),
        (["--twin", "--save", "run.txt"], "--save: run.txt is refused; accepted: a file ending in .csv"),
    ],
)
def test_a_bad_option_is_refused_in_one_line(options: list[str], message: str, boards: Path) -> None:
    result = calibrate(*options, status=2)
    assert message in said(result)
    assert len(result.stderr.strip().splitlines()) == 1
    assert (boards / "sim.toml").read_bytes() == SIM


def test_an_unknown_board_is_refused() -> None:
    result = CliRunner().invoke(app, ["calibrate", "moon", "--twin"])
    assert result.exit_code == 2
    assert "NAME: 'moon' is refused; accepted: one of sim" in result.stderr


def test_a_disk_that_is_full_is_one_line(boards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    result = calibrate("--data", str(EXAMPLE), status=1)
    assert "sim.toml was not changed: No space left on device" in said(result)
    assert (boards / "sim.toml").read_bytes() == SIM


def test_the_help_says_what_it_is_for() -> None:
    text = " ".join(CliRunner().invoke(app, ["calibrate", "--help"]).output.split())
    assert BENCH_ONLY in text
