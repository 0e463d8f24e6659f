"""Whether a build runs on the board at hand, and what is said when it does not."""

from dataclasses import replace

import pytest

from fakeboard import image
from itb.boards.board import bench_names, load_board
from itb.errors import InputError
from itb.flash.advice import put_micropython
from itb.flash.failures import WrongBoard
from itb.flash.fits import bench, refuse_unless_fit
from itb.flash.target import Machine

MACHINES = {
    "rp2040": "Raspberry Pi Pico W with RP2040",
    "rp2350": "Raspberry Pi Pico 2 with RP2350",
    "esp32": "Generic ESP32 module with SPIRAM with ESP32",
    "esp32s3": "Generic ESP32S3 module with ESP32S3",
}


def machine(
    chip: str = "rp2040", name: str = "micropython", version: tuple[int, ...] = (1, 27, 0), mpy: int = 6
) -> Machine:
    return Machine("rp2" if chip.startswith("rp2") else "esp32", name, version, MACHINES[chip], mpy)


def refusal(there: Machine, board: str = "pico_bench") -> str:
    with pytest.raises(WrongBoard) as refused:
        refuse_unless_fit(there, load_board(board), image(), "/dev/ttyACM0")
    return str(refused.value)


@pytest.mark.parametrize("name", bench_names())
@pytest.mark.parametrize("chip", MACHINES)
def test_a_board_fits_its_own_chip_and_no_other(name: str, chip: str) -> None:
    if load_board(name).chip == chip:
        refuse_unless_fit(machine(chip), load_board(name), image(), "PORT")
    else:
        said = refusal(machine(chip), name)
        assert MACHINES[chip] in said
        assert all(fitting in said for fitting in bench_names(chip))


def test_a_chip_that_no_board_has_is_said_so() -> None:
    there = Machine("stm32", "micropython", (1, 27, 0), "PYBv1.1 with STM32F405RG", 6)
    assert "No board of board_configs/ has this chip" in refusal(there)


def test_a_board_of_any_chip_takes_what_is_there() -> None:
    generic = replace(load_board("pico_bench"), chip="generic")
    refuse_unless_fit(Machine("stm32", "micropython", (1, 27, 0), "PYBv1.1 with STM32F405RG", 6), generic, image(), "P")


@pytest.mark.parametrize("version", [(1, 24, 0), (1, 27, 0), (1, 29, 0), (2, 0, 0)])
def test_new_enough_a_micropython_is_taken(version: tuple[int, ...]) -> None:
    refuse_unless_fit(machine(version=version), load_board("pico_bench"), image(), "PORT")


@pytest.mark.parametrize(
    "there", [machine(version=(1, 23, 99)), machine(version=(1, 9, 4)), machine(name="circuitpython")]
)
def test_an_old_or_foreign_one_is_refused_and_a_new_one_explained(there: Machine) -> None:
    said = refusal(there)
    assert f"{there.name} {there.release}" in said
    assert "MicroPython 1.24 or newer is needed" in said
    assert put_micropython("rp2040", "/dev/ttyACM0") in said


def test_the_version_of_the_bytecode_counts_and_its_sub_version_and_architecture_do_not() -> None:
    refuse_unless_fit(machine(mpy=6 | 3 << 8 | 4 << 10), load_board("pico_bench"), image(), "PORT")
    said = refusal(machine(mpy=7))
    assert "loads .mpy files of version 7; this build has version 6" in said


def test_a_simulated_board_is_no_bench() -> None:
    with pytest.raises(InputError, match=r"'sim' \(simulated\) is refused; accepted: one of .*pico_bench"):
        bench("sim")
    assert bench("pico_bench").name == "pico_bench"
    assert not [name for name in bench_names() if name.startswith("sim")]


@pytest.mark.parametrize(
    "chip, words",
    [
        ("rp2040", ("BOOTSEL", "RPI-RP2", "RPI_PICO_W", "UF2")),
        ("rp2350", ("BOOTSEL", "drive RP2350", "RPI_PICO2", "UF2")),
        ("esp32", ("erase-flash", "--chip esp32 --port P --baud 460800 write-flash 0x1000 FILE.bin", "ESP32_GENERIC)")),
        ("generic", ("download page of micropython.org",)),
        (
            "esp32s3",
            ("erase-flash", "--chip esp32s3 --port P --baud 460800 write-flash 0x0 FILE.bin", "ESP32_GENERIC_S3"),
        ),
    ],
)
def test_how_micropython_gets_there_is_told_for_each_chip(chip: str, words: tuple[str, ...]) -> None:
    assert all(word in put_micropython(chip, "P") for word in words)
