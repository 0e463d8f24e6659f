"""Stepper drivers: what each one asks of the lines that drive it, with the source of every number."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil


@dataclass(frozen=True)
class Driver:
    """One driver chip. Times are the least it asks for, voltages the range of its motor supply."""

    name: str
    source: str
    step_high_ns: int
    step_low_ns: int
    dir_setup_ns: int
    # From waking, and from ENABLE, to the first step it is sure to make; 0 where the datasheet gives no time.
    wake_us: int
    enable_ns: int
    supply_low_mv: int
    supply_high_mv: int
    # The output that tells of trouble, "" where there is none, and the level that tells it.
    fault_line: str
    fault_active: str
    fault_meaning: str
    # How the levels of the mode pins select the microsteps, and what else on the usual module is tied high or low.
    mode_pins: tuple[str, ...]
    modes: dict[int, tuple[int, ...]]
    tied_high: tuple[str, ...]
    tied_low: tuple[str, ...]
    # The outputs as modules print them: both ends of one coil, both of the other.
    coils: tuple[str, str, str, str]
    current: str

    def ties(self, microsteps: int) -> dict[str, bool]:
        """The pins of the module that are tied for this many microsteps, in order: True to 3.3 V, False to ground."""
        ties = dict.fromkeys(self.tied_high, True) | dict.fromkeys(self.tied_low, False)
        return ties | {pin: level == 1 for pin, level in zip(self.mode_pins, self.modes[microsteps], strict=True)}

    @property
    def microsteps(self) -> tuple[int, ...]:
        """The microsteps it offers."""
        return tuple(self.modes)

    @property
    def pulse_us(self) -> int:
        """How long STEP is held high, in whole us: the driver's least, rounded up."""
        return max(1, ceil(Fraction(self.step_high_ns, 1000)))

    @property
    def least_interval_us(self) -> int:
        """The least distance of two steps, in us, with times of high and low in whole us."""
        return self.pulse_us + max(1, ceil(Fraction(self.step_low_ns, 1000)))


_A4988 = Driver(
    name="A4988",
    source="Allegro A4988 datasheet: Logic Interface timing, Microstepping Resolution Truth Table, Sleep Mode",
    step_high_ns=1000,
    step_low_ns=1000,
    dir_setup_ns=200,
    wake_us=1000,
    enable_ns=0,
    supply_low_mv=8000,
    supply_high_mv=35_000,
    fault_line="",
    fault_active="",
    fault_meaning="",
    mode_pins=("MS1", "MS2", "MS3"),
    modes={1: (0, 0, 0), 2: (1, 0, 0), 4: (0, 1, 0), 8: (1, 1, 0), 16: (1, 1, 1)},
    tied_high=("VDD", "SLP", "RST"),
    tied_low=("GND",),
    coils=("1A", "1B", "2A", "2B"),
    current="peak current = VREF / (8 x RS): with the 0.1 ohm of most modules 0.8 V per ampere; RS is printed on them",
)

_DRV8825 = Driver(
    name="DRV8825",
    source="Texas Instruments DRV8825 datasheet (SLVSA73): Timing Requirements, Stepping Format, Current Regulation",
    step_high_ns=1900,
    step_low_ns=1900,
    dir_setup_ns=650,
    wake_us=1700,
    enable_ns=650,
    supply_low_mv=8200,
    supply_high_mv=45_000,
    fault_line="FAULT",
    fault_active="low",
    fault_meaning="overcurrent, overheating or undervoltage; it cannot see a motor that stalls",
    mode_pins=("M0", "M1", "M2"),
    modes={1: (0, 0, 0), 2: (1, 0, 0), 4: (0, 1, 0), 8: (1, 1, 0), 16: (0, 0, 1), 32: (1, 0, 1)},
    tied_high=("SLP", "RST"),
    tied_low=("GND",),
    coils=("A1", "A2", "B1", "B2"),
    current="peak current = VREF / (5 x RISENSE): with the 0.1 ohm of most modules 0.5 V per ampere",
)

_TMC2209 = Driver(
    name="TMC2209",
    source="Trinamic TMC2209 datasheet, rev. 1.09: STEP/DIR Interface, Timing; Signal Descriptions; Configuration Pins",
    # The greater of the filter's and of one clock cycle plus 20 ns, at 12 MHz.
    step_high_ns=104,
    step_low_ns=104,
    dir_setup_ns=20,
    wake_us=0,
    enable_ns=0,
    supply_low_mv=4750,
    supply_high_mv=29_000,
    fault_line="DIAG",
    fault_active="high",
    fault_meaning="overheating, a short circuit, or a stall once its threshold was set over the driver's own UART",
    mode_pins=("MS1", "MS2"),
    modes={8: (0, 0), 16: (1, 1), 32: (1, 0), 64: (0, 1)},
    # PDN high keeps the full current at standstill, so that the plunger does not push the motor back.
    tied_high=("VIO", "PDN"),
    tied_low=("GND", "CLK"),
    coils=("A1", "A2", "B1", "B2"),
    current="RMS current by VREF, the full 2.5 V giving the most that the module's sense resistors allow",
)

DRIVERS = {driver.name: driver for driver in (_A4988, _DRV8825, _TMC2209)}
