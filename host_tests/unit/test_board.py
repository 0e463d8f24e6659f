"""Boards: their files are checked to the last key, and their constants follow from them exactly."""

import ast
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import pytest

from itb.boards.board import CONFIGS, Board, board_names, load_board, main, read_board, slice_of, write_constants
from itb.errors import InputError
from prescriptions import changed

SIM = (CONFIGS / "sim.toml").read_text(encoding="utf-8")


def board_of(directory: Path, *changes: tuple[str, str]) -> Board:
    path = directory / "sim.toml"
    path.write_text(changed(SIM, *changes), encoding="utf-8")
    return read_board(path)


def constants_in(path: Path) -> dict[str, object]:
    body = ast.parse(path.read_text(encoding="utf-8")).body[1:]
    assignments = [one for one in body if isinstance(one, ast.Assign)]
    assert len(assignments) == len(body)
    return {ast.unparse(one.targets[0]): ast.literal_eval(one.value) for one in assignments}


@pytest.mark.parametrize("name", board_names())
def test_every_board_that_is_shipped_gives_constants_of_30_bits(name: str, tmp_path: Path):
    board = load_board(name)
    constants = constants_in(write_constants(board, tmp_path))
    assert constants == board.constants()
    assert constants["NAME"] == name
    for constant, value in constants.items():
        least = -1 if constant.startswith("PIN_") else 0
        assert isinstance(value, str) or (type(value) is int and least <= value < 2**30), constant


def test_the_constants_of_the_simulated_bench():
    board = load_board("sim")
    constants = board.constants()
    assert board.nl_per_step == Fraction(13879, 3200)
    assert constants["STEPS_PER_REV"] == 3200
    assert constants["RESERVOIR_CAPACITY_STEPS"] == floor(20_000_000 / Fraction(13879, 3200))
    assert constants["RESERVOIR_RESIDUAL_STEPS"] == ceil(300_000 / Fraction(13879, 3200))
    assert constants["RESERVOIR_LOW_STEPS"] == ceil(2_000_000 / Fraction(13879, 3200))
    assert constants["LIMIT_HOUR_STEPS"] == constants["LIMIT_BOLUS_STEPS"] == 230_564
    assert constants["LIMIT_DAY_STEPS"] == 5_533_539
    assert (constants["TICK_MS"], constants["DEAD_MAN_MS"], constants["BURST_MAX_STEPS"]) == (10, 500, 1)


@pytest.mark.req("M-10")
@pytest.mark.parametrize(
    "slice_ms, dead_man_ms, burst", [(1, 500, 1), (100, 500, 7), (1000, 5000, 65), (900_000, 4_500_000, 57_642)]
)
def test_a_longer_tick_gets_a_larger_burst_and_a_longer_dead_mans_time(slice_ms: int, dead_man_ms: int, burst: int):
    constants = load_board("sim").constants(slice_ms)
    assert (constants["TICK_MS"], constants["DEAD_MAN_MS"], constants["BURST_MAX_STEPS"]) == (
        slice_ms,
        dead_man_ms,
        burst,
    )


@pytest.mark.parametrize("slice_ms", [0, -1, 900_001])
def test_a_slice_out_of_range_is_refused(slice_ms: int):
    with pytest.raises(InputError, match="from 1 ms to 15 min"):
        load_board("sim").constants(slice_ms)


def test_slices_are_whole_milliseconds():
    assert slice_of("15 min") == 900_000
    for bad in ("0.5 ms", "16 min", "10", "0 ms"):
        with pytest.raises(InputError, match="--slice"):
            slice_of(bad)


REFUSED = [
    ('name = "sim"', 'name = "other"', ["name: 'other'", '"sim"']),
    ('chip = "rp2040"', 'chip = "rp2041"', ["chip: 'rp2041'", 'is "rp2040" meant?']),
    ('chip = "rp2040"', 'chip = "rp2040"\ncolour = "red"', ["colour: an unknown key"]),
    ('kind = "syringe"', 'kind = "peristaltic"', ["mechanism.bore: an unknown key"]),
    ('bore = "4.70 mm" ', "bore = 4.70 ", ["mechanism.bore: 4.7 ", '"4.70 mm"']),
    ('"13879 nL/rev"', '"13879.5 nL/rev"', ["mechanism.calibration", "a whole number of nL/rev"]),
    ('"13879 nL/rev"', '"13185 nL/rev"', ["mechanism.calibration: '13185 nL/rev'", "13186 to 14573 nL/rev", "5 %"]),
    ('"13879 nL/rev"', '"14574 nL/rev"', ["mechanism.calibration: '14574 nL/rev'", "13186 to 14573 nL/rev"]),
    ('tick = "10 ms"', 'tick = "10"', ["timing.tick: '10'"]),
    ('tick = "10 ms"', 'tick = "2 s"', ["timing.tick: '2 s'", "from 1 ms up to 1 s"]),
    ('dead_man = "500 ms"', 'dead_man = "49 ms"', ["timing.dead_man: '49 ms'", "at least 5 ticks, 50 ms"]),
    (
        'max_step_rate = "2000 steps/s"',
        'max_step_rate = "64 steps/s"',
        ["motor.max_step_rate: '64 steps/s'", "within 7/8 of a tick"],
    ),
    ("microsteps = 16", "microsteps = 0", ["motor.microsteps: 0", "from 1 to 256"]),
    ('low = "2 mL"', 'low = "0.3 mL"', ["reservoir.low: '0.3 mL'", "more than the residual 0.3 mL"]),
    ('low = "2 mL"', 'low = "20 mL"', ["reservoir.low: '20 mL'", "less than the capacity 20 mL"]),
    ('capacity = "20 mL"', 'capacity = "41 mL"', ["reservoir.capacity: '41 mL'", "up to 40 mL"]),
    ('min_rate = "0.048 mL/day"', 'min_rate = "24 mL/day"', ["limits.min_rate: '24 mL/day'", "less than the max_rate"]),
    ('hour = "1 mL"', 'hour = "0 mL"', ["limits.hour: '0 mL'", "above 0"]),
    ('day = "24 mL"', 'day = "5000000 mL"', ["LIMIT_DAY_STEPS", "(30 bits)"]),
    ("step = 2", "step = 23", ["pins.step: 23", "a pin of the rp2040 fit for step"]),
    ("step = 2", "step = 30", ["pins.step: 30", "a pin of the rp2040"]),
    ("dir = 4", "dir = 3", ["pins.dir: 3", "a pin of its own (3 is step_readback already)"]),
    ("pressure = 26", "pressure = 22", ["pins.pressure: 22", "one of 26, 27, 28"]),
    ('chip = "rp2040"', 'chip = "esp32"', ["pins.step_readback: 3", "a pin of the esp32"]),
    ("step = 2", "", ["pins.step: (missing)"]),
]


@pytest.mark.parametrize("old, new, fragments", REFUSED, ids=[new or old for old, new, _ in REFUSED])
def test_a_board_that_cannot_be_is_refused(old: str, new: str, fragments: list[str], tmp_path: Path):
    with pytest.raises(InputError) as caught:
        board_of(tmp_path, (old, new))
    for fragment in ["sim.toml: ", *fragments]:
        assert fragment in str(caught.value)


@pytest.mark.parametrize("calibration", ["13186 nL/rev", "14573 nL/rev"])
def test_a_calibration_at_the_edge_of_its_tolerance_is_accepted(calibration: str, tmp_path: Path):
    assert f"{board_of(tmp_path, ('13879 nL/rev', calibration)).nl_per_rev} nL/rev" == calibration


def test_an_esp32_output_cannot_sit_on_a_pin_that_cannot_drive(tmp_path: Path):
    moved = [("step_readback = 3", "step_readback = 5"), ("enable = 5", "enable = 34")]
    with pytest.raises(InputError, match="a pin of the esp32 fit for enable"):
        board_of(tmp_path, ('"rp2040"', '"esp32"'), *moved)


def test_more_microsteps_a_day_than_the_firmware_computes_with_are_refused(tmp_path: Path):
    changes = [
        ('kind = "syringe"', 'kind = "peristaltic"'),
        ('bore = "4.70 mm" ', ""),
        ('lead = "0.8 mm" ', ""),
        ('"13879 nL/rev"', '"150 nL/rev"'),
        ('"2000 steps/s"', '"100000 steps/s"'),
    ]
    text = changed(SIM, *changes)
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("# BD", "# M5")))
    path = tmp_path / "sim.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="at most 493670911 microsteps a day"):
        read_board(path)


def test_an_unknown_board_is_refused_naming_those_there_are():
    names = "esp32_devkit, esp32s3, pico_bench, pico_tmc2209, sim, sim-10ml, sim-peristaltic"
    with pytest.raises(InputError, match=f"--board: 'simm' is refused; accepted: one of {names}"):
        load_board("simm")
    with pytest.raises(InputError, match="--board:"):
        load_board("../drugs/baclofen")


def test_the_generator_writes_a_board_and_says_what_it_refuses(tmp_path: Path, capsys):
    assert main(["sim", "--out", str(tmp_path), "--slice", "1 s"]) == 0
    assert constants_in(tmp_path / "board.py")["TICK_MS"] == 1000
    assert main(["none", "--out", str(tmp_path)]) == 2
    assert "name: 'none' is refused" in capsys.readouterr().err
