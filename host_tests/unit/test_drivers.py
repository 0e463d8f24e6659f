"""Drivers: the numbers of their datasheets, and what follows from them."""

import pytest

from itb.boards.drivers import DRIVERS


@pytest.mark.parametrize(
    "name, high_ns, low_ns, dir_setup_ns, supply_mv, microsteps",
    [
        ("A4988", 1000, 1000, 200, (8000, 35_000), (1, 2, 4, 8, 16)),
        ("DRV8825", 1900, 1900, 650, (8200, 45_000), (1, 2, 4, 8, 16, 32)),
        ("TMC2209", 104, 104, 20, (4750, 29_000), (8, 16, 32, 64)),
    ],
)
def test_the_numbers_of_the_datasheets(
    name: str, high_ns: int, low_ns: int, dir_setup_ns: int, supply_mv: tuple[int, int], microsteps: tuple[int, ...]
):
    driver = DRIVERS[name]
    assert (driver.step_high_ns, driver.step_low_ns, driver.dir_setup_ns) == (high_ns, low_ns, dir_setup_ns)
    assert (driver.supply_low_mv, driver.supply_high_mv) == supply_mv
    assert driver.microsteps == microsteps


@pytest.mark.parametrize("name, pulse_us, interval_us", [("A4988", 1, 2), ("DRV8825", 2, 4), ("TMC2209", 1, 2)])
def test_pulses_in_whole_microseconds_are_never_too_short(name: str, pulse_us: int, interval_us: int):
    driver = DRIVERS[name]
    assert (driver.pulse_us, driver.least_interval_us) == (pulse_us, interval_us)
    assert driver.pulse_us * 1000 >= driver.step_high_ns
    assert (driver.least_interval_us - driver.pulse_us) * 1000 >= driver.step_low_ns


@pytest.mark.parametrize("name", DRIVERS)
def test_each_number_of_microsteps_has_levels_of_its_own(name: str):
    driver = DRIVERS[name]
    assert len(set(driver.modes.values())) == len(driver.modes)
    assert all(len(levels) == len(driver.mode_pins) for levels in driver.modes.values())


@pytest.mark.parametrize(
    "name, microsteps, levels",
    [
        ("A4988", 16, {"MS1": True, "MS2": True, "MS3": True}),
        ("DRV8825", 16, {"M0": False, "M1": False, "M2": True}),
        ("TMC2209", 16, {"MS1": True, "MS2": True}),
        ("TMC2209", 8, {"MS1": False, "MS2": False}),
    ],
)
def test_how_the_mode_pins_are_tied(name: str, microsteps: int, levels: dict[str, bool]):
    ties = DRIVERS[name].ties(microsteps)
    assert {pin: ties[pin] for pin in levels} == levels


def test_a_driver_has_a_fault_line_with_a_level_and_a_meaning_or_none():
    for driver in DRIVERS.values():
        assert bool(driver.fault_line) == bool(driver.fault_active) == bool(driver.fault_meaning)
    assert [driver.fault_active for driver in DRIVERS.values()] == ["", "low", "high"]
