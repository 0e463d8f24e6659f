"""Chips: which pins a board may use, for what."""

from pathlib import Path

import pytest

from itb.boards.chips import ABSENT, CHIPS, PINS, REQUIRED_PINS, read_pins
from itb.errors import InputError
from itb.tables import read_table

RP2 = {"step": 2, "step_readback": 3, "dir": 5, "enable": 6, "enable_readback": 7}
ESP32 = {"step": 26, "step_readback": 27, "dir": 25, "enable": 33, "enable_readback": 32}
ESP32S3 = {"step": 4, "step_readback": 5, "dir": 7, "enable": 15, "enable_readback": 16}
BASES = {"rp2040": RP2, "rp2350": RP2, "esp32": ESP32, "esp32s3": ESP32S3, "generic": ESP32}

# What the datasheets keep for the flash, for booting, for the console or for the module itself, or do not have.
NOT_OFFERED = {
    "rp2040": [23, 24, 25, 29, 30, 47],
    "rp2350": [23, 24, 25, 29, 30, 47],
    "esp32": [0, 1, 3, 6, 7, 8, 9, 10, 11, 12, 20, 24, 28, 29, 30, 31, 37, 38, 40],
    "esp32s3": [0, 3, 19, 20, *range(22, 38), 43, 44, 45, 46],
    "generic": [],
}


def pins(directory: Path, chip: str, **given: int) -> dict[str, int]:
    path = directory / "pins.toml"
    path.write_text("".join(f"{name} = {pin}\n" for name, pin in {**BASES[chip], **given}.items()), encoding="utf-8")
    return read_pins(read_table(path, "pins"), chip)


def refusal(directory: Path, chip: str, **given: int) -> str:
    with pytest.raises(InputError) as caught:
        pins(directory, chip, **given)
    return str(caught.value)


@pytest.mark.parametrize("chip", CHIPS)
def test_the_pins_a_board_must_have_and_those_it_may(chip: str, tmp_path: Path):
    found = pins(tmp_path, chip)
    assert list(found) == list(PINS)
    assert {name for name, pin in found.items() if pin != ABSENT} == set(REQUIRED_PINS)


@pytest.mark.parametrize("chip", CHIPS)
def test_each_pin_is_either_offered_or_refused(chip: str, tmp_path: Path):
    used = BASES[chip].values()
    for pin in range(49):
        if pin in CHIPS[chip].pins and pin not in used:
            assert pins(tmp_path, chip, stall=pin)["stall"] == pin
        elif pin not in used:
            assert f"pins.toml: stall: {pin} is refused; accepted: a pin of the {chip} fit for stall" in refusal(
                tmp_path, chip, stall=pin
            )
    assert not CHIPS[chip].pins & set(NOT_OFFERED[chip])
    assert "from 0 to 48" in refusal(tmp_path, chip, stall=49)


@pytest.mark.parametrize(
    "chip, adc",
    [
        ("rp2040", [26, 27, 28]),
        ("rp2350", [26, 27, 28]),
        ("esp32", [34, 35, 36, 39]),
        ("esp32s3", [1, 2, 6, 8, 9, 10]),
    ],
)
def test_a_voltage_is_measured_where_the_first_adc_is(chip: str, adc: list[int], tmp_path: Path):
    for pin in adc:
        assert pins(tmp_path, chip, pressure=pin)["pressure"] == pin
    for pin in set(CHIPS[chip].pins) - CHIPS[chip].analogue - set(BASES[chip].values()):
        assert f"pressure: {pin} is refused" in refusal(tmp_path, chip, pressure=pin)


@pytest.mark.parametrize(
    "name",
    ["step", "dir", "enable", "sounder", "light_red", "light_green", "light_blue", "link_tx", "i2c_sda", "i2c_scl"],
)
def test_an_output_cannot_sit_on_a_pin_that_cannot_drive(name: str, tmp_path: Path):
    for pin in (34, 35, 36, 39):
        assert f"{name}: {pin} is refused" in refusal(tmp_path, "esp32", **{name: pin})


@pytest.mark.parametrize("chip", ["rp2040", "rp2350"])
def test_the_edge_counter_of_an_rp2_takes_the_supply_from_the_pin_above_the_read_back(chip: str, tmp_path: Path):
    assert pins(tmp_path, chip, supply=4)["supply"] == 4
    for pin in (1, 8):
        said = refusal(tmp_path, chip, supply=pin)
        assert f"supply: {pin} is refused; accepted: 4, one above step_readback: the edge counter" in said


@pytest.mark.parametrize("chip, supply", [("esp32", 13), ("esp32", 35), ("esp32s3", 17)])
def test_elsewhere_the_supply_may_be_on_any_pin(chip: str, supply: int, tmp_path: Path):
    assert pins(tmp_path, chip, supply=supply)["supply"] == supply


@pytest.mark.parametrize("name, legal", [("link_tx", {4, 8, 20}), ("link_rx", {9, 21})])
def test_an_rp2_has_its_second_uart_on_few_pins(name: str, legal: set[int], tmp_path: Path):
    for pin in CHIPS["rp2040"].pins - set(RP2.values()):
        if pin in legal:
            assert pins(tmp_path, "rp2040", **{name: pin})[name] == pin
        else:
            assert f"{name}: {pin} is refused" in refusal(tmp_path, "rp2040", **{name: pin})


@pytest.mark.parametrize("chip", ["rp2040", "rp2350"])
def test_an_rp2_has_sda_on_even_pins_and_scl_on_odd_ones_of_the_same_bus(chip: str, tmp_path: Path):
    # I2C0 has 0 and 1, 4 and 5, ..., I2C1 has 2 and 3, 6 and 7, ... (datasheets, GPIO functions).
    buses = [{0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 28}, {2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 26, 27}]
    free = sorted(CHIPS[chip].pins - set(RP2.values()))
    taken = 0
    for sda in free:
        for scl in free:
            if sda == scl:
                continue
            legal = sda % 2 == 0 and scl % 2 == 1 and any({sda, scl} <= bus for bus in buses)
            if legal:
                found = pins(tmp_path, chip, i2c_sda=sda, i2c_scl=scl)
                assert (found["i2c_sda"], found["i2c_scl"]) == (sda, scl)
                taken += 1
            else:
                wrong = "i2c_sda" if sda % 2 else "i2c_scl"
                said = refusal(tmp_path, chip, i2c_sda=sda, i2c_scl=scl)
                assert f"{wrong}: " in said
                assert f"a pin of the {chip} fit for {wrong}" in said
    assert taken > 20


@pytest.mark.parametrize("chip, sda, scl", [("esp32", 21, 22), ("esp32", 18, 4), ("esp32s3", 8, 9), ("generic", 48, 0)])
def test_elsewhere_i2c_is_on_any_two_pins_that_drive(chip: str, sda: int, scl: int, tmp_path: Path):
    found = pins(tmp_path, chip, i2c_sda=sda, i2c_scl=scl)
    assert (found["i2c_sda"], found["i2c_scl"]) == (sda, scl)


def test_a_pin_is_used_once_and_the_refusal_names_by_what_and_what_is_free(tmp_path: Path):
    said = refusal(tmp_path, "rp2040", pressure=26, stall=7)
    assert "stall: 7 is refused; accepted: a pin of its own (7 is enable_readback already): one of 0, 1, 4, 8" in said


@pytest.mark.parametrize("name", REQUIRED_PINS)
def test_a_required_pin_that_is_missing_is_refused(name: str, tmp_path: Path):
    path = tmp_path / "pins.toml"
    path.write_text("".join(f"{key} = {pin}\n" for key, pin in RP2.items() if key != name), encoding="utf-8")
    with pytest.raises(InputError, match=f"{name}: \\(missing\\) is refused"):
        read_pins(read_table(path, "pins"), "rp2040")
