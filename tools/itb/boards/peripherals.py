"""What hangs on a board besides motor and driver: sounder and light, pressure sensor, stall line, link, wall clock."""

from dataclasses import dataclass

from itb.boards.chips import ABSENT, CHIPS
from itb.boards.drivers import Driver
from itb.quantity import FREQUENCY, SENSITIVITY, VOLTAGE
from itb.tables import Table

CONSOLE, UART = "console", "uart"
WALL_CLOCKS = ("DS3231",)
_LIGHTS = ("light_red", "light_green", "light_blue")


@dataclass(frozen=True)
class Peripherals:
    """What there is, in the units of the firmware's constants; 0 stands for what there is not."""

    tone_hz: int
    stall_active_high: bool
    pressure_zero_mv: int
    pressure_uv_per_kpa: int
    link: str
    link_baud: int
    # The chip, "" for none.
    wall_clock: str


def read_peripherals(
    root: Table, motor: Table, pins_table: Table, pins: dict[str, int], chip_name: str, driver: Driver, most_kpa: int
) -> Peripherals:
    """What the board file says of all that its pins name. `most_kpa` is the pressure of the occlusion alarm.

    Raises InputError for a pin whose table is missing, for a table whose pin is, and for values out of range.
    """
    _check_lights(pins_table, pins)
    link, baud = _link(root.table("link"), pins_table, pins)
    zero_mv, uv_per_kpa = _pressure(root, pins, chip_name, most_kpa)
    return Peripherals(
        tone_hz=_tone(root, pins),
        stall_active_high=_stall(motor, pins_table, pins, driver),
        pressure_zero_mv=zero_mv,
        pressure_uv_per_kpa=uv_per_kpa,
        link=link,
        link_baud=baud,
        wall_clock=_wall_clock(root, pins_table, pins),
    )


def _check_lights(table: Table, pins: dict[str, int]) -> None:
    """Yellow takes red and green, cyan takes green and blue (requirement A-02)."""
    there = [name for name in _LIGHTS if pins[name] != ABSENT]
    if there and len(there) < len(_LIGHTS):
        missing = next(name for name in _LIGHTS if name not in there)
        raise table.refuse(missing, f"all of {', '.join(_LIGHTS)}, or none: yellow and cyan are mixed of them")


def _tone(root: Table, pins: dict[str, int]) -> int:
    if pins["sounder"] == ABSENT:
        _refuse_without_pin(root, "sounder", "sounder")
        return 0
    # Requirement A-02.
    return root.table("sounder").whole_quantity("tone", FREQUENCY, "Hz", "150 Hz", "1000 Hz")


def _stall(motor: Table, pins_table: Table, pins: dict[str, int], driver: Driver) -> bool:
    if pins["stall"] == ABSENT:
        if motor.has("stall_active"):
            raise motor.refuse("stall_active", "no such key where no pins.stall is given")
        return False
    if not driver.fault_line:
        raise pins_table.refuse("stall", f"no such key: the {driver.name} has no output that could tell")
    active = motor.text("stall_active", ("high", "low"))
    if active != driver.fault_active:
        raise motor.refuse("stall_active", f'"{driver.fault_active}", as {driver.fault_line} of the {driver.name} is')
    return active == "high"


def _pressure(root: Table, pins: dict[str, int], chip_name: str, most_kpa: int) -> tuple[int, int]:
    if pins["pressure"] == ABSENT:
        _refuse_without_pin(root, "pressure_sensor", "pressure")
        return 0, 0
    chip, sensor = CHIPS[chip_name], root.table("pressure_sensor")
    zero_mv = sensor.whole_quantity("zero", VOLTAGE, "mV", "1 mV", "3300 mV")
    slope = sensor.quantity("slope", SENSITIVITY, "1 mV/kPa", "1000 mV/kPa")
    uv_per_kpa = slope * 1000
    if uv_per_kpa.denominator != 1:
        raise sensor.refuse("slope", "a whole number of microvolts per kPa: at most three decimals")
    if zero_mv < chip.analogue_low_mv:
        raise sensor.refuse("zero", f"at least {chip.analogue_low_mv} mV, the least the {chip_name} can measure")
    if zero_mv + most_kpa * slope > chip.analogue_high_mv:
        room = f"{chip.analogue_high_mv} mV, the most the {chip_name} can measure"
        raise sensor.refuse("slope", f"one that keeps zero and the {most_kpa} kPa of the occlusion within {room}")
    return zero_mv, int(uv_per_kpa)


def _link(table: Table, pins_table: Table, pins: dict[str, int]) -> tuple[str, int]:
    kind = table.text("kind", (CONSOLE, UART))
    for name in ("link_tx", "link_rx"):
        if kind == UART and pins[name] == ABSENT:
            raise pins_table.refuse(name, f'a pin: link.kind is "{UART}"')
        if kind == CONSOLE and pins[name] != ABSENT:
            raise pins_table.refuse(name, f'no such key where link.kind is "{CONSOLE}"')
    if kind == CONSOLE:
        return CONSOLE, 0
    return UART, table.whole("baud", 9600, 921_600)


def _wall_clock(root: Table, pins_table: Table, pins: dict[str, int]) -> str:
    if pins["i2c_sda"] == pins["i2c_scl"] == ABSENT:
        _refuse_without_pin(root, "wall_clock", "i2c_sda")
        return ""
    for name in ("i2c_sda", "i2c_scl"):
        if pins[name] == ABSENT:
            raise pins_table.refuse(name, "both of i2c_sda and i2c_scl, or neither: a bus has two wires")
    return root.table("wall_clock").text("chip", WALL_CLOCKS)


def _refuse_without_pin(root: Table, table: str, pin: str) -> None:
    if root.has(table):
        raise root.refuse(table, f"no such table where no pins.{pin} is given")
