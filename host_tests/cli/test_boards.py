"""`itb boards`: what it lists, what it shows of one board, and what it says and draws of its wiring."""

from pathlib import Path

import pytest
from matplotlib.image import imread
from typer.testing import CliRunner, Result

from itb import BENCH_ONLY
from itb.boards.board import board_names, load_board
from itb.boards.chips import ABSENT
from itb.cli import app

BENCHES = ["esp32_devkit", "esp32s3", "pico_bench", "pico_tmc2209"]


@pytest.fixture
def itb(monkeypatch: pytest.MonkeyPatch):
    # As wide as people's terminals are.
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["boards", *arguments])

    return run


def rows(output: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split() for line in output.splitlines() if line.split()}


def test_the_list_has_a_line_and_an_explanation_for_every_board(itb):
    result = itb()
    assert result.exit_code == 0
    first = result.output.splitlines()[: 8 + len(board_names())]
    lines = rows("\n".join(first))
    assert set(board_names()) <= set(lines)
    assert lines["pico_bench"][1:] == ["rp2040", "A4988", "syringe", "≈4.34", "0.048-12", "1", "no"]
    assert lines["sim-peristaltic"][1:] == ["rp2040", "TMC2209", "peristaltic", "10", "0.048-24", "20", "no"]
    assert "…" not in result.output
    words = " ".join(result.output.split())
    assert (
        "Raspberry Pi Pico or Pico W, driver A4988 at 1/16 step; a syringe of 4.7 mm bore on a screw of 0.8 mm" in words
    )
    assert "It does not notice an occlusion." in words
    assert "Its calibration is nominal: weigh it with itb calibrate pico_bench." in words
    assert words.count("Simulated, for `itb check` and `itb run`") == 3


@pytest.mark.parametrize("name", board_names())
def test_showing_a_board_tells_its_pins_and_what_follows_from_its_settings(itb, name: str):
    result = itb("show", name)
    assert result.exit_code == 0
    assert "…" not in result.output
    lines = rows(result.output)
    board = load_board(name)
    for signal, pin in board.pins.items():
        # "sounder" and "pressure" also name what hangs there; the pins come last.
        assert lines[signal][1:] == (["-"] if pin == ABSENT else ["GPIO", str(pin)])
    assert lines["calibration"][1:3] == [str(board.nl_per_rev), "nL/rev"]
    assert lines["tick"][1:3] == ["10", "ms"]
    assert lines["watchdog"][1:3] == [str(board.watchdog_ms), "ms"]


def test_what_follows_from_the_settings_is_in_human_units(itb):
    said = " ".join(itb("show", "pico_tmc2209").output.split())
    for fragment in (
        "microstep 36.22 nL 3200 a turn",
        "capacity 3 mL 14.5 days at 0.2 mL/day",
        "rates 0.048 mL/day to 24 mL/day a microstep in ≈65.2 s at the lowest",
        "STEP high for 1 us the TMC2209 asks for 104 ns",
        "halts at 32 microsteps",
        "pressure sensor 1250 mV at 0 kPa 10 mV/kPa",
        "stall line DIAG, active high",
        "lease 5 uL 138 microsteps",
        "service life 2555 days",
    ):
        assert fragment in said


@pytest.mark.parametrize("name", BENCHES)
def test_the_wiring_names_every_used_pin_and_what_to_buy(itb, name: str):
    result = itb("wiring", name)
    assert result.exit_code == 0
    lines = rows(result.output)
    for signal, pin in load_board(name).pins.items():
        if pin != ABSENT:
            assert f"{pin}" in lines[signal][1]
    assert BENCH_ONLY in result.output
    said = " ".join(result.output.split())
    assert "Tied at the driver module, for 1/16 step: " in said
    assert f"{load_board(name).driver.name} module with its heat sink" in said
    assert f"itb boards wiring {name} --plot wiring.png" in said


@pytest.mark.parametrize("name", BENCHES)
def test_the_drawing_of_a_board_as_text_that_can_be_searched(itb, name: str, tmp_path: Path):
    path = tmp_path / "new" / "wiring.svg"
    result = itb("wiring", name, "--plot", str(path))
    assert (result.exit_code, "Drawn: " in result.output) == (0, True)
    drawn = path.read_text(encoding="utf-8")
    prefix = "GP" if name.startswith("pico") else "GPIO"
    for pin in load_board(name).pins.values():
        if pin != ABSENT:
            assert f">{prefix}{pin}<" in drawn or f">{prefix}{pin}, pin " in drawn


def test_the_drawing_as_a_picture(itb, tmp_path: Path):
    path = tmp_path / "wiring.png"
    assert itb("wiring", "pico_bench", "--plot", str(path)).exit_code == 0
    pixels = imread(path)
    assert pixels.shape[0] > 800
    assert pixels.shape[1] > 1200
    # Drawn upon, and not all over.
    assert 0.5 < (pixels[..., :3].min(axis=2) > 0.99).mean() < 0.95


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["show", "pico"], "itb: NAME: 'pico' is refused; accepted: one of esp32_devkit, "),
        (["wiring", "pico"], "itb: NAME: 'pico' is refused; accepted: one of esp32_devkit, "),
        (
            ["wiring", "sim"],
            "itb: NAME: 'sim' (simulated: nothing to wire) is refused; accepted: one of esp32_devkit, esp32s3, ",
        ),
        (
            ["wiring", "pico_bench", "--plot", "wiring.txt"],
            "--plot: wiring.txt is refused; accepted: a file ending in .png",
        ),
        (["wiring", "pico_bench", "--plot", f"{__file__}/wiring.png"], f"--plot: {__file__}/wiring.png is refused"),
    ],
)
def test_what_cannot_be_shown_or_drawn_is_refused_in_one_line(itb, arguments: list[str], said: str):
    result = itb(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert result.output.count("\n") == 1
    assert result.output.endswith("\n")


def test_the_bench_is_said_to_be_one_wherever_help_is_given(itb):
    for arguments in (["--help"], ["show", "--help"], ["wiring", "--help"]):
        assert "never for a person or an animal" in " ".join(itb(*arguments).output.split())
