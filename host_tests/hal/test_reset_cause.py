"""Why the chip started, as far as its MicroPython and its registers tell."""

import pytest

from hal.simchip import Chip
from hal.simmodules import hal

pytestmark = pytest.mark.req("I-04")

# The watchdog's REASON, from the datasheets.
REASON = {"rp2040": 0x40058008, "rp2350": 0x400D8008}
TIMER, FORCE = 1, 2


@pytest.mark.parametrize("kind", ["esp32", "esp32s3"])
@pytest.mark.parametrize(
    "number, cause",
    [
        (0, "other"),
        (1, "power"),
        # machine.reset() or a crash of MicroPython: the ESP32 port gives both one number.
        (2, "other"),
        (3, "watchdog"),
        (4, "other"),
        (5, "soft"),
        (6, "other"),
    ],
)
def test_an_esp32_tells_by_the_number_of_its_micropython(kind: str, number: int, cause: str) -> None:
    chip = Chip(kind)
    chip.reset_cause = number
    assert hal(chip, "reset_cause").reset_cause() == cause


@pytest.mark.parametrize("number, cause", [(1, "power"), (3, "watchdog"), (5, "other"), (0, "other")])
def test_a_port_that_lacks_some_causes_does_not_claim_them(number: int, cause: str) -> None:
    chip = Chip("generic")
    chip.reset_cause = number
    assert hal(chip, "reset_cause").reset_cause() == cause


def test_a_port_that_cannot_say_is_not_asked() -> None:
    module = hal(Chip("generic"), "reset_cause")
    del module.machine.reset_cause
    assert module.reset_cause() == "other"


@pytest.mark.parametrize("kind", REASON)
@pytest.mark.parametrize(
    "number, reason, cause",
    [
        (1, 0, "power"),
        (3, TIMER, "watchdog"),
        # machine.reset() goes through the watchdog, which it makes reset at once.
        (3, FORCE, "soft"),
        (3, TIMER | FORCE, "watchdog"),
        # On an RP2350 the register may still tell of an older reset.
        (1, TIMER, "power"),
    ],
)
def test_an_rp2_tells_a_watchdog_that_ran_out_from_a_reset_that_was_asked_for(
    kind: str, number: int, reason: int, cause: str
) -> None:
    chip = Chip(kind)
    chip.reset_cause = number
    chip.registers[REASON[kind]] = reason
    assert hal(chip, "reset_cause").rp2_reset_cause(kind) == cause
