"""Chips: which pins of the usual modules may be used, and for what."""

from dataclasses import dataclass

from itb.tables import Table

REQUIRED_PINS = ("step", "step_readback", "dir", "enable", "enable_readback")
OPTIONAL_PINS = (
    "supply",
    "stall",
    "sounder",
    "light_red",
    "light_green",
    "light_blue",
    "pressure",
    "link_tx",
    "link_rx",
    "i2c_sda",
    "i2c_scl",
)
PINS = REQUIRED_PINS + OPTIONAL_PINS
# The constant of a pin that a board does not have.
ABSENT = -1

# A board that has a chip of its own: nothing is known of its pins, and the firmware moves them itself.
GENERIC = "generic"
# Not the chip is what bounds a burst.
ANY_BURST = 1 << 20
_ANY_PIN = frozenset(range(49))

_OUTPUTS = ("step", "dir", "enable", "sounder", "light_red", "light_green", "light_blue")


@dataclass(frozen=True)
class Chip:
    """Which GPIO numbers a chip's usual module brings out and leaves free, and what they can do."""

    module: str
    source: str
    pins: frozenset[int]
    input_only: frozenset[int]
    analogue: frozenset[int]
    # What the ADC can tell apart, in mV at the pin.
    analogue_low_mv: int
    analogue_high_mv: int
    # What may carry TX and RX of UART 1, the one the firmware takes.
    uart_tx: frozenset[int]
    uart_rx: frozenset[int]
    # What may carry SDA and SCL of an I2C bus.
    i2c_sda: frozenset[int]
    i2c_scl: frozenset[int]
    # Each pin belongs to one of two I2C buses: `i2c_bus`.
    i2c_by_bus: bool
    # The edge counter reads the supply together with STEP, which asks for neighbouring pins.
    supply_follows_readback: bool
    # What the firmware's port for the chip can send in one tick.
    most_burst_steps: int


def _rp2(module: str, source: str) -> Chip:
    """GPIO 23, 24, 25 and 29 serve the module itself, on the wireless ones its radio; 26 to 28 are ADC0 to ADC2. SDA
    is on the even pins, SCL on the odd ones, two by two for I2C0 and I2C1 in turn."""
    pins = frozenset(range(23)) | {26, 27, 28}
    return Chip(
        module=module,
        source=source,
        pins=pins,
        input_only=frozenset(),
        analogue=frozenset({26, 27, 28}),
        analogue_low_mv=0,
        analogue_high_mv=3300,
        uart_tx=frozenset({4, 8, 20}),
        uart_rx=frozenset({5, 9, 21}),
        i2c_sda=frozenset(pin for pin in pins if pin % 2 == 0),
        i2c_scl=frozenset(pin for pin in pins if pin % 2),
        i2c_by_bus=True,
        supply_follows_readback=True,
        most_burst_steps=ANY_BURST,
    )


def _esp(
    module: str, source: str, pins: set[int], input_only: set[int], analogue: set[int], adc_mv: tuple[int, int]
) -> Chip:
    """Any pin may carry a UART, any that drives I2C, and any two may gate a counter. `adc_mv` is what the ADC can tell
    apart."""
    return Chip(
        module=module,
        source=source,
        pins=frozenset(pins),
        input_only=frozenset(input_only),
        analogue=frozenset(analogue),
        analogue_low_mv=adc_mv[0],
        analogue_high_mv=adc_mv[1],
        uart_tx=frozenset(pins - input_only),
        uart_rx=frozenset(pins),
        i2c_sda=frozenset(pins - input_only),
        i2c_scl=frozenset(pins - input_only),
        i2c_by_bus=False,
        supply_follows_readback=False,
        # One block of the remote control peripheral, less the mark of its end.
        most_burst_steps=47,
    )


CHIPS = {
    "rp2040": _rp2(
        "Raspberry Pi Pico or Pico W", "Pico and Pico W datasheets, pinout; RP2040 datasheet, GPIO functions"
    ),
    "rp2350": _rp2("Raspberry Pi Pico 2 or Pico 2 W", "Pico 2 datasheet, pinout; RP2350 datasheet, GPIO functions"),
    # 6 to 11 hold the flash, 34 to 39 cannot drive, ADC1 is 32 to 39; 20, 24 and 28 to 31 do not exist; 37 and 38 are
    # not brought out. Pins 0, 1, 3 and 12 decide how it boots or carry the console and are not offered.
    "esp32": _esp(
        "ESP32-DevKitC with ESP32-WROOM-32",
        "ESP32 datasheet, pins and strapping pins; ESP32-DevKitC V4 guide; ESP-IDF, ADC at 12 dB",
        {2, 4, 5, *range(13, 20), 21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 39},
        {34, 35, 36, 39},
        {32, 33, 34, 35, 36, 39},
        (150, 2450),
    ),
    # 22 to 25 do not exist; 26 to 32 hold flash and PSRAM, 33 to 37 too on modules with octal PSRAM; 0, 3, 45 and 46
    # decide how it boots; 19 and 20 are USB, 43 and 44 the console.
    "esp32s3": _esp(
        "ESP32-S3-DevKitC-1 with ESP32-S3-WROOM-1",
        "ESP32-S3 datasheet, pins and strapping pins; ESP32-S3-DevKitC-1 guide; ESP-IDF, ADC at 12 dB",
        {1, 2, *range(4, 19), 21, *range(38, 43), 47, 48},
        set(),
        {1, 2, *range(4, 11)},
        (0, 3100),
    ),
    GENERIC: Chip(
        module="any other board whose MicroPython numbers its pins",
        source="nothing: see the maker's pinout",
        pins=_ANY_PIN,
        input_only=frozenset(),
        analogue=_ANY_PIN,
        analogue_low_mv=0,
        analogue_high_mv=3300,
        uart_tx=_ANY_PIN,
        uart_rx=_ANY_PIN,
        i2c_sda=_ANY_PIN,
        i2c_scl=_ANY_PIN,
        i2c_by_bus=False,
        supply_follows_readback=False,
        # Sent by the tick itself, which blocks meanwhile.
        most_burst_steps=2,
    ),
}


def read_pins(table: Table, chip_name: str) -> dict[str, int]:
    """The GPIO number of every name in PINS, ABSENT for an optional one that is not there.

    Raises InputError for a pin that the chip lacks, that cannot do what it is for, or that is used twice.
    """
    chip = CHIPS[chip_name]
    pins: dict[str, int] = dict.fromkeys(PINS, ABSENT)
    taken: dict[int, str] = {}
    for name in PINS:
        if name in OPTIONAL_PINS and not table.has(name):
            continue
        pin = table.whole(name, 0, 48)
        legal = _fit(chip, name)
        if name == "i2c_scl" and chip.i2c_by_bus and pins["i2c_sda"] != ABSENT:
            legal = frozenset(one for one in legal if i2c_bus(one) == i2c_bus(pins["i2c_sda"]))
        free = ", ".join(str(one) for one in sorted(legal - taken.keys()))
        if pin in taken:
            raise table.refuse(name, f"a pin of its own ({pin} is {taken[pin]} already): one of {free}")
        if pin not in legal:
            raise table.refuse(name, f"a pin of the {chip_name} fit for {name}: one of {free}")
        if name == "supply" and chip.supply_follows_readback and pin != pins["step_readback"] + 1:
            reason = f"the edge counter of the {chip_name} tests both in one look, which takes neighbouring pins"
            raise table.refuse(name, f"{pins['step_readback'] + 1}, one above step_readback: {reason}")
        taken[pin] = name
        pins[name] = pin
    return pins


def i2c_bus(pin: int) -> int:
    """The I2C bus that a pin of an RP2040 or RP2350 belongs to: 0 or 1."""
    return pin // 2 % 2


def _fit(chip: Chip, name: str) -> frozenset[int]:
    """The pins that can do what `name` asks for."""
    special = {
        "pressure": chip.analogue,
        "link_tx": chip.uart_tx,
        "link_rx": chip.uart_rx,
        "i2c_sda": chip.i2c_sda,
        "i2c_scl": chip.i2c_scl,
    }
    return special.get(name, chip.pins - chip.input_only if name in _OUTPUTS else chip.pins)
