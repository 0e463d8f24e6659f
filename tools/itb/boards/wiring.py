"""How a board is wired: what each pin goes to, the parts in between, and what to buy.

The drawing (`itb.boards.wiring_picture`) and the tables of `itb boards wiring` come from here: a part has one
name everywhere.
"""

from dataclasses import dataclass

from itb.boards.board import Board
from itb.boards.chips import ABSENT

# GPIO number -> pin of a Pico's two rows, from its datasheet; the Pico W, Pico 2 and Pico 2 W are alike.
_PICO_ROWS = (
    (0, 1, None, 2, 3, 4, 5, None, 6, 7, 8, 9, None, 10, 11, 12, 13, None, 14, 15),
    (16, 17, None, 18, 19, 20, 21, None, 22, None, 26, 27, None, 28),
)
_PICO_PINS = {gpio: place for place, gpio in enumerate(_PICO_ROWS[0] + _PICO_ROWS[1], 1) if gpio is not None}

FLOW = "12 V"
LOGIC = "3.3 V"
SENSOR = "5 V"


@dataclass(frozen=True)
class Component:
    """One small part: its name in the drawing, what it is, what it is for, and the pin it belongs to, if one."""

    ref: str
    value: str
    kind: str
    use: str
    pin: str = ""


_COMPONENTS = (
    Component("R1", "1 kΩ", "resistor", "pulls ENABLE up: the driver is off while the chip is in reset"),
    Component("R2", "10 kΩ", "resistor", "pulls STEP down: no stray step while nobody drives it"),
    Component("R3", "10 kΩ", "resistor", "divider of the supply sense, towards the motor supply", "supply"),
    Component("R4", "10 kΩ", "resistor", "divider of the supply sense, towards ground", "supply"),
    Component("R5", "100 Ω", "resistor", "spares the pin of the sounder", "sounder"),
    Component("R6", "330 Ω", "resistor", "red light", "light_red"),
    Component("R7", "100 Ω", "resistor", "green light", "light_green"),
    Component("R8", "100 Ω", "resistor", "blue light", "light_blue"),
    Component("R9", "10 kΩ", "resistor", "divider of the pressure sensor, towards the sensor", "pressure"),
    Component("R10", "10 kΩ", "resistor", "divider of the pressure sensor, towards ground", "pressure"),
    Component("R11", "10 kΩ", "resistor", "pulls FAULT up, which the driver only pulls down", "stall"),
    Component("C1", "100 µF, 35 V", "electrolytic capacitor", "at the driver's VMOT and GND, as short as can be"),
    Component("C2", "100 nF", "ceramic capacitor", "quiets the pressure reading", "pressure"),
    Component(
        "D1", "5.6 V, 0.5 W", "Zener diode", "the supply sense lets go near 9 V, above what drivers need", "supply"
    ),
    Component("D2", "RGB, common cathode", "LED", "the alarm's light", "light_red"),
    Component("LS1", "passive", "piezo sounder", "the alarm's tone", "sounder"),
    Component("S1", "2 A", "switch", "the motor's supply, within reach"),
)


def components(board: Board) -> list[Component]:
    """The small parts that this board takes."""
    return [one for one in _COMPONENTS if _needed(board, one)]


def _needed(board: Board, component: Component) -> bool:
    if component.ref == "R11":
        return board.pins["stall"] != ABSENT and board.driver.fault_active == "low"
    return not component.pin or board.pins[component.pin] != ABSENT


@dataclass(frozen=True)
class Connection:
    """One wire from the chip: the signal, the pin it leaves from, and where it goes."""

    signal: str
    pin: str
    to: str


def pin_name(board: Board, signal: str) -> str:
    """The pin as the module's print has it: "GP2, pin 4" on a Pico, "GPIO26" on an ESP32."""
    gpio = board.pins[signal]
    return f"GP{gpio}, pin {_PICO_PINS[gpio]}" if is_pico(board) else f"GPIO{gpio}"


def is_pico(board: Board) -> bool:
    """Whether the chip sits on one of the Pico modules."""
    return board.chip.startswith("rp2")


def sensor_supply(board: Board) -> str:
    """Where the 5 V of the USB cable come out."""
    return "VBUS, pin 40" if is_pico(board) else "5V"


def connections(board: Board) -> list[Connection]:
    """All wires from the chip's pins, in the order of the board file."""
    driver = board.driver
    to = {
        "step": f"STEP of the {driver.name}; there R2 to GND",
        "step_readback": f"STEP of the {driver.name}, by a wire of its own from that pin",
        "dir": f"DIR of the {driver.name}",
        "enable": f"EN of the {driver.name}; there R1 to {LOGIC}",
        "enable_readback": f"EN of the {driver.name}, by a wire of its own from that pin",
        "supply": "the node of R3 and R4; R3 over D1 (its ring towards the supply) to VMOT, R4 to GND",
        "stall": f"{driver.fault_line} of the {driver.name}"
        + (f"; R11 to {LOGIC}" if driver.fault_active == "low" else ""),
        "sounder": "R5, then LS1, then GND",
        "light_red": "R6, then the red leg of D2; its common leg to GND",
        "light_green": "R7, then the green leg of D2",
        "light_blue": "R8, then the blue leg of D2",
        "pressure": "the node of R9, R10 and C2; R9 to the sensor's output, R10 and C2 to GND",
        "link_tx": "RX of the programmer's serial adapter",
        "link_rx": "TX of the programmer's serial adapter",
        "i2c_sda": f"SDA of the {board.peripherals.wall_clock} module; its VCC to {LOGIC}, its GND to GND",
        "i2c_scl": f"SCL of the {board.peripherals.wall_clock} module",
    }
    return [Connection(name, pin_name(board, name), to[name]) for name, gpio in board.pins.items() if gpio != ABSENT]


def ties(board: Board) -> list[tuple[str, str]]:
    """The pins of the driver module that are wired to 3.3 V or ground, in words."""
    return [(pin, LOGIC if high else "GND") for pin, high in board.driver.ties(board.microsteps).items()]


def in_words(board: Board) -> str:
    """All that a drawing of the wiring shows, a line for each wire, tie and part."""
    lines = [f"{one.signal}: {one.pin} to {one.to}" for one in connections(board)]
    lines += [f"{pin} to {level}" for pin, level in ties(board)]
    return "\n".join(lines + [f"{one.ref}: {one.kind}, {one.value}" for one in components(board)])


@dataclass(frozen=True)
class Item:
    """One line of what to buy."""

    count: int
    what: str
    use: str


def bill(board: Board) -> list[Item]:
    """What to buy for this bench: electronics first, then mechanics."""
    items = [
        Item(1, board.module, "the chip"),
        Item(1, f"{board.driver.name} module with its heat sink", "the driver"),
        Item(1, "12 V supply, 1 A or more", "the motor"),
    ]
    grouped: dict[tuple[str, str], list[Component]] = {}
    for one in components(board):
        grouped.setdefault((one.kind, one.value), []).append(one)
    items += [
        Item(len(parts), f"{kind}, {value}", ", ".join(part.ref for part in parts))
        for (kind, value), parts in grouped.items()
    ]
    if board.pins["pressure"] != ABSENT:
        items.append(Item(1, "pressure sensor, -100 to 100 kPa gauge, 5 V, output 0.5 to 4.5 V", "with a T-piece"))
    if board.peripherals.wall_clock:
        clock = f"{board.peripherals.wall_clock} module with pull-ups on SDA and SCL, and its battery"
        items.append(Item(1, clock, "the time of day, kept while the power is off"))
    items.append(Item(1, "breadboard or perfboard, with wires", ""))
    return items + _mechanics(board)


def _mechanics(board: Board) -> list[Item]:
    if board.syringe is None:
        return [Item(1, "peristaltic pump head with its motor and tubing", "the mechanism")]
    bore, lead = float(board.syringe.bore_mm), float(board.syringe.lead_mm)
    screw = "Tr8x2 lead screw" if lead == 2 else "M5 threaded rod" if lead == 0.8 else f"lead screw, {lead:g} mm a turn"
    return [
        Item(1, "stepper motor NEMA 17, 200 steps, 0.4 to 1 A a phase", "the motor"),
        Item(1, f"{screw}, 150 mm, with a nut that has no play", f"{lead:g} mm a turn"),
        Item(1, "flexible coupler, 5 mm to the screw", "motor to screw"),
        Item(2, "guide rod 8 mm, 200 mm, with linear bearing", "the carriage"),
        Item(2, "bearing block for the screw's far end and the carriage", "takes the thrust, not the motor"),
        Item(2, f"syringe with Luer lock, bore {bore:.2f} mm", "one to fill, one spare"),
        Item(1, "length of Luer tubing, 1 mm bore", "the catheter"),
        Item(1, "base board 300 x 100 mm, screws, a holder for the barrel's flange", "the frame"),
    ]
