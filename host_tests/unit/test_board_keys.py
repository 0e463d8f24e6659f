"""The keys of a board file for driver, times and what hangs beside the motor: at, below and above their bounds."""

from pathlib import Path

import pytest

from itb.boards.board import CONFIGS, Board, read_board
from itb.boards.chips import OPTIONAL_PINS
from itb.errors import InputError
from prescriptions import changed

# It has every optional key but those of a UART link.
FILE = "pico_tmc2209.toml"
TEXT = (CONFIGS / FILE).read_text(encoding="utf-8")
UART = ('kind = "console"', 'kind = "uart"\nbaud = 115200')
LINK_PINS = ("pressure = 26", "pressure = 26\nlink_tx = 20\nlink_rx = 21")
A4988 = [('"TMC2209"', '"A4988"'), ('stall_active = "high"', ""), ("stall = 8", "")]


def board_of(directory: Path, *changes: tuple[str, str], file: str = FILE) -> Board:
    path = directory / file
    path.write_text(changed((CONFIGS / file).read_text(encoding="utf-8"), *changes), encoding="utf-8")
    return read_board(path)


def refusal(directory: Path, *changes: tuple[str, str], file: str = FILE) -> str:
    with pytest.raises(InputError) as caught:
        board_of(directory, *changes, file=file)
    return str(caught.value)


@pytest.mark.parametrize(
    "key, old, accepted, refused",
    [
        ("timing.watchdog", '"2 s"', ["501 ms", "8388 ms"], ["500 ms", "8389 ms", "99 ms", "2000.5 ms", "2"]),
        ("sounder.tone", '"440 Hz"', ["150 Hz", "1000 Hz"], ["149 Hz", "1001 Hz", "440.5 Hz", "440", "1 s"]),
        ("pressure_sensor.zero", '"1250 mV"', ["1 mV", "2500 mV", "2.5 V"], ["0 mV", "3301 mV", "1250.5 mV", "1250"]),
        ("pressure_sensor.slope", '"10 mV/kPa"', ["1 mV/kPa", "25.625 mV/kPa"], ["0.999 mV/kPa", "25.626 mV/kPa"]),
        ("motor.dir_setup", '"1 us"', ["1 us", "1 ms"], ["0.01 us", "0.5 us", "1001 us", "0 us"]),
        ("motor.max_step_rate", '"2000 steps/s"', ["500000 steps/s", "2 steps/s"], ["500001 steps/s", "1.9 steps/s"]),
        ("motor.stall_active", '"high"', ["high"], ["low", "High", ""]),
        ("motor.driver", '"TMC2209"', ["TMC2209"], ["TMC2208", "tmc2209", ""]),
        ("module", '"Raspberry Pi Pico or Pico W"', ["Any text"], ["", " "]),
        ("link.kind", '"console"', ["console"], ["wifi", ""]),
    ],
)
def test_a_value_at_its_bound_is_accepted_and_one_beyond_is_refused(
    key: str, old: str, accepted: list[str], refused: list[str], tmp_path: Path
):
    for value in accepted:
        # A step rate as low as 2 does not send the burst of a tick.
        slow = [('max_rate = "24 mL/day"', 'max_rate = "0.1 mL/day"')] if value == "2 steps/s" else []
        tick = [('tick = "10 ms"', 'tick = "1 s"'), ('dead_man = "500 ms" ', 'dead_man = "5 s" '), ('"2 s"', '"6 s"')]
        board_of(tmp_path, (old, f'"{value}"'), *slow, *(tick if slow else []))
    for value in refused:
        assert f"{FILE}: {key}: '{value}' is refused; accepted: " in refusal(tmp_path, (old, f'"{value}"'))


@pytest.mark.parametrize(
    "chip, at, above, most", [("esp32", "880 mL/day", "881 mL/day", 47), ("generic", "37 mL/day", "38 mL/day", 2)]
)
def test_the_bursts_of_the_highest_rate_are_what_the_chip_can_send(
    chip: str, at: str, above: str, most: int, tmp_path: Path
):
    fast = [("microsteps = 16", "microsteps = 32"), ('"2000 steps/s"', '"6000 steps/s"'), ('"esp32"', f'"{chip}"')]
    board = board_of(tmp_path, *fast, ('"12 mL/day"', f'"{at}"'), file="esp32_devkit.toml")
    assert board.constants()["BURST_MAX_STEPS"] == most
    accepted = f"a rate of at most {most} microsteps in a tick, which is what the {chip} can send"
    assert f"limits.max_rate: '{above}' is refused; accepted: {accepted}" in refusal(
        tmp_path, *fast, ('"12 mL/day"', f'"{above}"'), file="esp32_devkit.toml"
    )


@pytest.mark.parametrize("baud", [9600, 115_200, 921_600])
def test_a_uart_has_a_speed_and_two_pins(baud: int, tmp_path: Path):
    board = board_of(tmp_path, UART, LINK_PINS, ("115200", str(baud)))
    constants = board.constants()
    assert [constants[name] for name in ("LINK", "LINK_BAUD", "PIN_LINK_TX", "PIN_LINK_RX")] == ["uart", baud, 20, 21]


def test_the_console_has_neither(tmp_path: Path):
    constants = board_of(tmp_path).constants()
    assert [constants[name] for name in ("LINK", "LINK_BAUD", "PIN_LINK_TX", "PIN_LINK_RX")] == ["console", 0, -1, -1]


@pytest.mark.parametrize(
    "changes, said",
    [
        ([UART, LINK_PINS, ("115200", "9599")], "link.baud: 9599 is refused; accepted: a whole number from 9600"),
        ([UART, LINK_PINS, ("115200", "921601")], "link.baud: 921601"),
        ([UART, LINK_PINS, ("\nbaud = 115200", "")], "link.baud: (missing)"),
        ([UART], 'pins.link_tx: (missing) is refused; accepted: a pin: link.kind is "uart"'),
        ([UART, LINK_PINS, ("link_rx = 21", "")], "pins.link_rx: (missing)"),
        ([LINK_PINS], 'pins.link_tx: 20 is refused; accepted: no such key where link.kind is "console"'),
        ([UART, LINK_PINS, ("link_tx = 20", "link_tx = 16")], "pins.link_tx: 16"),
        ([UART, LINK_PINS, ("link_rx = 21", "link_rx = 22")], "pins.link_rx: 22"),
        ([('kind = "console"', 'kind = "console"\nbaud = 9600')], "link.baud: an unknown key"),
    ],
)
def test_a_link_that_cannot_be_is_refused(changes: list[tuple[str, str]], said: str, tmp_path: Path):
    assert f"{FILE}: {said}" in refusal(tmp_path, *changes)


@pytest.mark.parametrize(
    "changes, said",
    [
        ([("sounder = 9", "")], "sounder: a table is refused; accepted: no such table where no pins.sounder is given"),
        ([('[sounder]\ntone = "440 Hz"', "")], "sounder: (missing)"),
        (
            [("pressure = 26", "")],
            "pressure_sensor: a table is refused; accepted: no such table where no pins.pressure",
        ),
        ([("[pressure_sensor] ", "[sensor]")], "pressure_sensor: (missing)"),
        ([("stall = 8", "")], "motor.stall_active: 'high' is refused; accepted: no such key where no pins.stall"),
        ([('stall_active = "high"', "")], "motor.stall_active: (missing)"),
        ([('stall_active = "high"', 'stall_active = "low"')], 'accepted: "high", as DIAG of the TMC2209 is'),
        (A4988[:2], "pins.stall: 8 is refused; accepted: no such key: the A4988 has no output that could tell"),
        ([("light_red = 10", "")], "pins.light_red: (missing) is refused; accepted: all of light_red"),
        ([("light_green = 11", ""), ("light_blue = 12", "")], "pins.light_green: (missing)"),
        ([('slope = "10 mV/kPa"', 'slope = "10.0001 mV/kPa"')], "whole number of microvolts per kPa"),
        (
            [('pressure = "80 kPa"', 'pressure = "206 kPa"')],
            "keeps zero and the 206 kPa of the occlusion within 3300 mV",
        ),
    ],
)
def test_what_hangs_beside_the_motor_is_all_there_or_not_at_all(
    changes: list[tuple[str, str]], said: str, tmp_path: Path
):
    assert said in refusal(tmp_path, *changes)


def test_at_the_pressure_of_the_occlusion_the_sensor_is_still_within_the_adc(tmp_path: Path):
    assert board_of(tmp_path, ('pressure = "80 kPa"', 'pressure = "205 kPa"')).occlusion_kpa == 205


@pytest.mark.parametrize("zero, accepted", [("149 mV", False), ("150 mV", True), ("1650 mV", True), ("1651 mV", False)])
def test_an_esp32_cannot_measure_near_0_and_near_its_supply(zero: str, accepted: bool, tmp_path: Path):
    change = ('"1250 mV"', f'"{zero}"')
    if accepted:
        board_of(tmp_path, change, file="esp32_devkit.toml")
    else:
        assert "mV, the " in refusal(tmp_path, change, file="esp32_devkit.toml")


def test_a_board_without_anything_beside_the_motor_has_constants_that_say_so(tmp_path: Path):
    text = TEXT[: TEXT.index("[pressure_sensor]")] + '[link]\nkind = "console"\n' + TEXT[TEXT.index("[pins]") :]
    lines = [
        line
        for line in text.splitlines()
        if not line.startswith(("stall", "sounder", "light", "pressure = 26", "supply"))
    ]
    path = tmp_path / FILE
    path.write_text("\n".join(lines), encoding="utf-8")
    constants = read_board(path).constants()
    absent = [name.removeprefix("PIN_").lower() for name, value in constants.items() if value == -1]
    assert absent == list(OPTIONAL_PINS)
    for name in ("TONE_HZ", "STALL_ACTIVE_HIGH", "PRESSURE_ZERO_MV", "PRESSURE_UV_PER_KPA", "LINK_BAUD"):
        assert constants[name] == 0


def test_the_constants_of_what_hangs_beside_the_motor(tmp_path: Path):
    constants = board_of(tmp_path, ('"10 mV/kPa"', '"10.001 mV/kPa"')).constants()
    expected = {
        "CHIP": "rp2040",
        "DRIVER": "TMC2209",
        "PULSE_US": 1,
        "PULSE_NS": 104,
        "WATCHDOG_MS": 2000,
        "TONE_HZ": 440,
        "STALL_ACTIVE_HIGH": 1,
        "PRESSURE_ZERO_MV": 1250,
        "PRESSURE_UV_PER_KPA": 10_001,
        "PIN_SUPPLY": 4,
        "PIN_STALL": 8,
    }
    assert {name: constants[name] for name in expected} == expected


def test_a_stall_line_that_is_active_low(tmp_path: Path):
    constants = board_of(tmp_path, file="esp32_devkit.toml").constants()
    assert (constants["STALL_ACTIVE_HIGH"], constants["PIN_STALL"]) == (0, 23)


@pytest.mark.parametrize(
    "driver, microsteps, accepted",
    [("A4988", 16, True), ("A4988", 32, False), ("A4988", 3, False), ("TMC2209", 64, True), ("TMC2209", 4, False)],
)
def test_only_microsteps_that_the_driver_offers(driver: str, microsteps: int, accepted: bool, tmp_path: Path):
    changes = [*(A4988 if driver == "A4988" else []), ("microsteps = 16", f"microsteps = {microsteps}")]
    if accepted:
        assert board_of(tmp_path, *changes).microsteps == microsteps
    else:
        assert f"motor.microsteps: {microsteps} is refused; accepted: what the {driver} offers: " in refusal(
            tmp_path, *changes
        )


@pytest.mark.parametrize(
    "rate, accepted", [("500000 steps/s", False), ("250001 steps/s", False), ("250000 steps/s", True)]
)
def test_a_slower_driver_takes_fewer_steps(rate: str, accepted: bool, tmp_path: Path):
    change = ('"2000 steps/s"', f'"{rate}"')
    if accepted:
        assert board_of(tmp_path, change, file="esp32_devkit.toml").min_step_interval_us == 4
    else:
        said = refusal(tmp_path, change, file="esp32_devkit.toml")
        assert "at most 250000 steps/s: the DRV8825 needs 4 us for a step" in said


def test_dir_is_set_no_later_than_the_driver_asks(tmp_path: Path):
    for value, said in (
        ("0.649 us", "at least the 650 ns that the DRV8825 needs"),
        ("0.65 us", "a whole number of us"),
    ):
        assert said in refusal(tmp_path, ('dir_setup = "1 us"', f'dir_setup = "{value}"'), file="esp32_devkit.toml")


@pytest.mark.req("M-10")
def test_a_longer_tick_gets_a_longer_watchdog(tmp_path: Path):
    board = board_of(tmp_path)
    for slice_ms, watchdog_ms in ((10, 2000), (333, 2000), (334, 2004), (900_000, 5_400_000)):
        constants = board.constants(slice_ms)
        assert constants["WATCHDOG_MS"] == watchdog_ms
        assert watchdog_ms > int(constants["DEAD_MAN_MS"])
