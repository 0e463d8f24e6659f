"""What a board file may say of memory, service life and wall clock, and the constants that come of it."""

from fractions import Fraction
from math import floor
from pathlib import Path

import pytest

from itb.boards.board import CONFIGS, Board, board_names, load_board, read_board
from itb.errors import InputError
from prescriptions import changed

FILE = "pico_bench.toml"
TEXT = (CONFIGS / FILE).read_text(encoding="utf-8")
CLOCK = '[wall_clock]\nchip = "DS3231"'
PINS = "i2c_sda = 20\ni2c_scl = 21"


def board_of(directory: Path, *more: str, file: str = FILE) -> Board:
    """The board, with `more` tables; pins go last, where the table of pins is."""
    text = (CONFIGS / file).read_text(encoding="utf-8")
    pins = [part for part in more if part.startswith("i2c")]
    tables = [part for part in more if part not in pins]
    path = directory / file
    path.write_text("\n\n".join([text.replace("[pins]", "\n".join([*tables, "[pins]", *pins]))]), encoding="utf-8")
    return read_board(path)


def refusal(directory: Path, *more: str, file: str = FILE) -> str:
    with pytest.raises(InputError) as caught:
        board_of(directory, *more, file=file)
    return str(caught.value)


def lease(text: str) -> str:
    return f'[memory]\nlease = "{text}"'


def life(text: str) -> str:
    return f'[service]\nlife = "{text}"'


@pytest.mark.req("M-02")
@pytest.mark.parametrize("name", board_names())
def test_every_board_leases_five_microlitres_at_a_time(name: str) -> None:
    board = load_board(name)
    constants = board.constants()
    assert constants["LEASE_STEPS"] == floor(5000 / board.nl_per_step)
    assert board.steps(Fraction(5000)) >= 4 * board.burst_max_steps()


@pytest.mark.req("M-02")
@pytest.mark.parametrize(
    "text, volume_nl", [("0.5 uL", 500), ("12.5 uL", 12_500), ("50 uL", 50_000), ("0.01 mL", 10_000)]
)
def test_a_lease_of_another_size(text: str, volume_nl: int, tmp_path: Path) -> None:
    board = board_of(tmp_path, lease(text))
    assert board.constants()["LEASE_STEPS"] == floor(volume_nl / board.nl_per_step)


@pytest.mark.req("M-02")
@pytest.mark.parametrize("text", ["0.499 uL", "50.001 uL", "0 uL", "5", "5 uL/day"])
def test_a_lease_out_of_range_is_refused(text: str, tmp_path: Path) -> None:
    said = refusal(tmp_path, lease(text))
    assert said.startswith(f"{FILE}: memory.lease: '{text}' is refused; accepted: ")


@pytest.mark.req("M-02")
def test_a_lease_holds_four_bursts_of_the_highest_rate(tmp_path: Path) -> None:
    text = changed(
        TEXT,
        ('tick = "10 ms"', 'tick = "1 s"'),
        ('dead_man = "500 ms"', 'dead_man = "5 s"'),
        ('watchdog = "2 s"', 'watchdog = "8 s"'),
        ("[pins]", lease("0.5 uL") + "\n\n[pins]"),
    )
    path = tmp_path / FILE
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_board(path)
    assert str(caught.value) == (
        f"{FILE}: memory.lease: '0.5 uL' is refused; accepted: at least 132 microsteps: 4 bursts of the highest rate"
    )
    path.write_text(text.replace("0.5 uL", "0.573 uL"), encoding="utf-8")
    assert read_board(path).constants()["LEASE_STEPS"] == 132


@pytest.mark.req("M-02")
@pytest.mark.parametrize("slice_ms", [10, 1000, 60_000, 900_000])
def test_with_longer_ticks_the_lease_grows_with_the_burst(slice_ms: int) -> None:
    constants = load_board("sim").constants(slice_ms)
    lease_steps, burst = constants["LEASE_STEPS"], constants["BURST_MAX_STEPS"]
    assert isinstance(burst, int)
    assert lease_steps == max(1152, 4 * burst)


@pytest.mark.req("A-07")
def test_a_pump_serves_seven_years_unless_told_otherwise(tmp_path: Path) -> None:
    assert load_board("sim").constants()["SERVICE_DAYS"] == 7 * 365
    for text, days in (("91 day", 91), ("3650 day", 3650), ("2400 h", 100)):
        assert board_of(tmp_path, life(text)).constants()["SERVICE_DAYS"] == days


@pytest.mark.req("A-07")
@pytest.mark.parametrize("text", ["90 day", "3651 day", "100.5 day", "7 years", "2555", "0 day"])
def test_a_service_life_out_of_range_is_refused(text: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, life(text)).startswith(f"{FILE}: service.life: '{text}' is refused; accepted: ")


@pytest.mark.parametrize(
    "more, said",
    [
        (["[memory]"], "memory.lease: (missing)"),
        (["[service]"], "service.life: (missing)"),
        ([lease("5 uL") + "\nslots = 2"], "memory.slots: an unknown key"),
        ([life("100 day") + '\neri = "90 day"'], "service.eri: an unknown key"),
        ([CLOCK], "wall_clock: a table is refused; accepted: no such table where no pins.i2c_sda is given"),
        ([PINS], "wall_clock: (missing)"),
        ([CLOCK, "i2c_sda = 20"], "pins.i2c_scl: (missing) is refused; accepted: both of i2c_sda and i2c_scl"),
        ([CLOCK, "i2c_scl = 21"], "pins.i2c_sda: (missing) is refused; accepted: both of i2c_sda and i2c_scl"),
        ([CLOCK.replace("3231", "1307"), PINS], "wall_clock.chip: 'DS1307' is refused; accepted: one of \"DS3231\""),
        ([CLOCK + "\naddress = 104", PINS], "wall_clock.address: an unknown key"),
        ([CLOCK, "i2c_sda = 20\ni2c_scl = 22"], "pins.i2c_scl: 22 is refused"),
    ],
)
def test_what_is_not_whole_is_refused(more: list[str], said: str, tmp_path: Path) -> None:
    assert f"{FILE}: {said}" in refusal(tmp_path, *more)


@pytest.mark.req("I-05")
def test_a_wall_clock_has_a_chip_and_two_pins(tmp_path: Path) -> None:
    names = ("WALL_CLOCK", "PIN_I2C_SDA", "PIN_I2C_SCL")
    constants = board_of(tmp_path, CLOCK, PINS).constants()
    assert [constants[name] for name in names] == ["DS3231", 20, 21]
    constants = load_board("pico_bench").constants()
    assert [constants[name] for name in names] == ["", -1, -1]


@pytest.mark.req("I-02")
@pytest.mark.parametrize("name", board_names())
def test_what_a_microstep_is_worth_has_a_name(name: str) -> None:
    board = load_board(name)
    worth = board.constants()["CALIBRATION"]
    assert worth == f"{board.nl_per_rev} nL / {board.steps_per_rev} steps"


def test_benches_of_another_calibration_or_microstep_are_told_apart(tmp_path: Path) -> None:
    found = set()
    for change in (("13879 nL/rev", "13879 nL/rev"), ("13879 nL/rev", "13880 nL/rev"), ("= 16", "= 8")):
        path = tmp_path / FILE
        path.write_text(changed(TEXT, change), encoding="utf-8")
        found.add(read_board(path).constants()["CALIBRATION"])
    assert found == {"13879 nL / 3200 steps", "13880 nL / 3200 steps", "13879 nL / 1600 steps"}
