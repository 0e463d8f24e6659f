"""Boards: geometry, pins, limits and times of one bench, and the constants its firmware is built with.

`board_configs/NAME.toml` is the truth. `write_constants` turns it into the module `board` of plain constants that the
firmware imports; `python -m itb.board NAME` does so from the command line.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

from itb.errors import InputError
from itb.quantity import (
    CALIBRATION,
    LENGTH,
    PRESSURE,
    STEP_RATE,
    TIME,
    VOLUME,
    VOLUME_RATE,
    Dimension,
    amount,
    decimal,
    parse,
)
from itb.tables import Table, read_table

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "board_configs"
BUILD = ROOT / "build"

SMALL_MAX = (1 << 30) - 1
MS_PER_DAY = 86_400_000
# What the firmware's arithmetic takes: half of what 30 bits leave beside the ms of a day.
MOST_STEPS_DAY = (SMALL_MAX - MS_PER_DAY) >> 1
# Far finer than the tolerance it is used for.
_PI = Fraction("3.14159265358979")
_CALIBRATION_TOLERANCE = Fraction(5, 100)
# Ticks that must be missed before the dead-man's switch lets go, however long a tick is.
_DEAD_MAN_TICKS = 5

_PINS = (
    "step",
    "step_readback",
    "dir",
    "enable",
    "enable_readback",
    "stall",
    "sounder",
    "light",
    "pressure",
)
_OUTPUTS = ("step", "dir", "enable", "sounder", "light")


@dataclass(frozen=True)
class Chip:
    """Which GPIO numbers a chip module brings out, which of them cannot drive, and which can measure a voltage."""

    pins: frozenset[int]
    input_only: frozenset[int]
    analogue: frozenset[int]


CHIPS = {
    # The Pico's datasheet: GPIO 23, 24, 25 and 29 serve the module itself; 26 to 28 are ADC0 to ADC2.
    "rp2040": Chip(frozenset(range(23)) | {26, 27, 28}, frozenset(), frozenset({26, 27, 28})),
    # The ESP32's datasheet: 6 to 11 hold the flash, 34 to 39 cannot drive, ADC1 is 32 to 39; 20, 24 and 28 to 31 do
    # not exist. Pins 0, 1, 3 and 12 decide how it boots or carry the console and are not offered.
    "esp32": Chip(
        frozenset({2, 4, 5, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 39}),
        frozenset({34, 35, 36, 39}),
        frozenset({32, 33, 34, 35, 36, 39}),
    ),
}


@dataclass(frozen=True)
class Board:
    """One bench, exact: volumes in nL, rates in nL/day, times in ms or us as named."""

    name: str
    file: str
    chip: str
    mechanism: str
    nl_per_rev: int
    full_steps_per_rev: int
    microsteps: int
    tick_ms: int
    dead_man_ms: int
    dir_setup_us: int
    min_step_interval_us: int
    capacity_nl: Fraction
    residual_nl: Fraction
    low_nl: Fraction
    min_rate_nl_day: Fraction
    max_rate_nl_day: Fraction
    hour_nl: Fraction
    day_nl: Fraction
    bolus_nl: Fraction
    occlusion_kpa: int
    pins: dict[str, int]

    @property
    def steps_per_rev(self) -> int:
        """Microsteps of one motor revolution."""
        return self.full_steps_per_rev * self.microsteps

    @property
    def nl_per_step(self) -> Fraction:
        """Volume of one microstep."""
        return Fraction(self.nl_per_rev, self.steps_per_rev)

    def steps(self, volume_nl: Fraction) -> Fraction:
        """A volume in microsteps, exact."""
        return volume_nl / self.nl_per_step

    @property
    def residual_steps(self) -> int:
        """The microsteps that stay in the reservoir, as the device counts them."""
        return ceil(self.steps(self.residual_nl))

    def constants(self, slice_ms: int | None = None) -> dict[str, int | str]:
        """The constants of the module `board`, by name. `slice_ms` replaces the tick, 1 ms to 15 min.

        Raises InputError for a slice out of range and for a constant that does not fit 30 bits.
        """
        tick_ms = self.tick_ms if slice_ms is None else slice_ms
        if not 1 <= tick_ms <= 900_000:
            raise InputError("slice", f"{tick_ms} ms", "a slice from 1 ms to 15 min")
        constants: dict[str, int | str] = {
            "NAME": self.name,
            "MECHANISM": self.mechanism,
            "NL_PER_REV": self.nl_per_rev,
            "FULL_STEPS_PER_REV": self.full_steps_per_rev,
            "MICROSTEPS": self.microsteps,
            "STEPS_PER_REV": self.steps_per_rev,
            "TICK_MS": tick_ms,
            "DEAD_MAN_MS": max(self.dead_man_ms, _DEAD_MAN_TICKS * tick_ms),
            "DIR_SETUP_US": self.dir_setup_us,
            "MIN_STEP_INTERVAL_US": self.min_step_interval_us,
            "BURST_MAX_STEPS": max(1, ceil(self.steps(self.max_rate_nl_day) * tick_ms / MS_PER_DAY)),
            "RESERVOIR_CAPACITY_STEPS": floor(self.steps(self.capacity_nl)),
            "RESERVOIR_RESIDUAL_STEPS": self.residual_steps,
            "RESERVOIR_LOW_STEPS": ceil(self.steps(self.low_nl)),
            "LIMIT_HOUR_STEPS": floor(self.steps(self.hour_nl)),
            "LIMIT_DAY_STEPS": floor(self.steps(self.day_nl)),
            "LIMIT_BOLUS_STEPS": floor(self.steps(self.bolus_nl)),
            "OCCLUSION_KPA": self.occlusion_kpa,
        }
        constants.update({f"PIN_{name.upper()}": pin for name, pin in self.pins.items()})
        for name, value in constants.items():
            if isinstance(value, int) and not 0 <= value <= SMALL_MAX:
                raise InputError(f"{self.file}: {name}", str(value), f"constants from 0 to {SMALL_MAX} (30 bits)")
        return constants


def board_names(configs: Path = CONFIGS) -> list[str]:
    """The boards there are files for."""
    return sorted(path.stem for path in configs.glob("*.toml"))


def load_board(name: str, configs: Path = CONFIGS, field: str = "--board") -> Board:
    """The board of this name. Raises InputError for an unknown name, naming `field`, or a wrong file."""
    names = board_names(configs)
    if name not in names:
        raise InputError(field, repr(name[:60]), "one of " + ", ".join(names))
    return read_board(configs / f"{name}.toml")


def read_board(path: Path) -> Board:
    """The board of one file. Raises InputError naming the first key that is wrong."""
    root = read_table(path, "a board")
    name = root.text("name")
    if name != path.stem:
        raise root.refuse("name", f'"{path.stem}", as the file is called')
    chip = root.text("chip", list(CHIPS))
    motor, timing = root.table("motor"), root.table("timing")
    mechanism, reservoir, limits = root.table("mechanism"), root.table("reservoir"), root.table("limits")
    kind = mechanism.text("kind", ("syringe", "peristaltic"))
    nl_per_rev = _whole_quantity(mechanism, "calibration", CALIBRATION, "nL/rev", "1 nL/rev", "1000000 nL/rev")
    if kind == "syringe":
        _check_calibration(mechanism, nl_per_rev)
    max_step_rate = motor.quantity("max_step_rate", STEP_RATE, "1 steps/s", "100000 steps/s")
    board = Board(
        name=name,
        file=path.name,
        chip=chip,
        mechanism=kind,
        nl_per_rev=nl_per_rev,
        full_steps_per_rev=motor.whole("full_steps_per_rev", 4, 1000),
        microsteps=motor.whole("microsteps", 1, 256),
        tick_ms=_whole_quantity(timing, "tick", TIME, "ms", "1 ms", "1 s"),
        dead_man_ms=_whole_quantity(timing, "dead_man", TIME, "ms", "10 ms", "10 s"),
        dir_setup_us=_whole_quantity(motor, "dir_setup", TIME, "us", "1 us", "1 ms"),
        min_step_interval_us=ceil(1_000_000 / max_step_rate),
        capacity_nl=reservoir.quantity("capacity", VOLUME, "0.1 mL", "40 mL"),
        residual_nl=reservoir.quantity("residual", VOLUME, high="2 mL", zero=True),
        low_nl=reservoir.quantity("low", VOLUME, high="20 mL"),
        min_rate_nl_day=limits.quantity("min_rate", VOLUME_RATE),
        max_rate_nl_day=limits.quantity("max_rate", VOLUME_RATE, high="1000 mL/day"),
        hour_nl=limits.quantity("hour", VOLUME),
        day_nl=limits.quantity("day", VOLUME),
        bolus_nl=limits.quantity("bolus", VOLUME),
        occlusion_kpa=_whole_quantity(root.table("occlusion"), "pressure", PRESSURE, "kPa", "1 kPa", "1000 kPa"),
        pins=_pins(root.table("pins"), chip),
    )
    root.finish()
    _check_order(board, reservoir, limits, timing)
    _check_step_rate(board, motor)
    board.constants()
    if board.steps(board.max_rate_nl_day) > MOST_STEPS_DAY:
        raise limits.refuse("max_rate", f"at most {MOST_STEPS_DAY} microsteps a day")
    return board


def _whole_quantity(table: Table, name: str, dimension: Dimension, unit: str, low: str, high: str) -> int:
    """A quantity that must be a whole number of `unit`."""
    value = table.quantity(name, dimension, low, high) / dimension.units[unit]
    if value.denominator != 1:
        raise table.refuse(name, f"a whole number of {unit} from {low} to {high}")
    return int(value)


def _check_calibration(mechanism: Table, nl_per_rev: int) -> None:
    """A calibration far from bore and lead is a slip of the pen or the wrong syringe."""
    bore_mm = mechanism.quantity("bore", LENGTH, "1 mm", "50 mm")
    lead_mm = mechanism.quantity("lead", LENGTH, "0.1 mm", "20 mm")
    # 1 mm3 is 1000 nL.
    nominal_nl = 1000 * _PI * bore_mm * bore_mm / 4 * lead_mm
    low, high = nominal_nl * (1 - _CALIBRATION_TOLERANCE), nominal_nl * (1 + _CALIBRATION_TOLERANCE)
    if not low <= nl_per_rev <= high:
        raise mechanism.refuse(
            "calibration",
            f"{ceil(low)} to {floor(high)} nL/rev: within 5 % of the {decimal(nominal_nl, 0).lstrip('≈')} nL/rev "
            "that bore and lead give",
        )


def _pins(table: Table, chip_name: str) -> dict[str, int]:
    chip = CHIPS[chip_name]
    taken: dict[int, str] = {}
    for name in _PINS:
        pin = table.whole(name, 0, 48)
        legal = chip.analogue if name == "pressure" else chip.pins - chip.input_only if name in _OUTPUTS else chip.pins
        free = ", ".join(str(one) for one in sorted(legal - taken.keys()))
        if pin in taken:
            raise table.refuse(name, f"a pin of its own ({pin} is {taken[pin]} already): one of {free}")
        if pin not in legal:
            raise table.refuse(name, f"a pin of the {chip_name} fit for {name}: one of {free}")
        taken[pin] = name
    return {name: pin for pin, name in taken.items()}


def _check_order(board: Board, reservoir: Table, limits: Table, timing: Table) -> None:
    if not board.residual_nl < board.low_nl:
        raise reservoir.refuse("low", f"more than the residual {amount(board.residual_nl, VOLUME, 'mL')}")
    if not board.low_nl < board.capacity_nl:
        raise reservoir.refuse("low", f"less than the capacity {amount(board.capacity_nl, VOLUME, 'mL')}")
    if not board.min_rate_nl_day < board.max_rate_nl_day:
        most = amount(board.max_rate_nl_day, VOLUME_RATE, "mL/day")
        raise limits.refuse("min_rate", f"less than the max_rate {most}")
    if board.dead_man_ms < _DEAD_MAN_TICKS * board.tick_ms:
        raise timing.refuse("dead_man", f"at least {_DEAD_MAN_TICKS} ticks, {_DEAD_MAN_TICKS * board.tick_ms} ms")


def _check_step_rate(board: Board, motor: Table) -> None:
    """The burst of one tick must fit into the tick."""
    burst = board.constants()["BURST_MAX_STEPS"]
    if not isinstance(burst, int) or burst * board.min_step_interval_us > board.tick_ms * 1000:
        raise motor.refuse("max_step_rate", f"a rate that sends the {burst} steps of a burst within one tick")


def write_constants(board: Board, directory: Path, slice_ms: int | None = None) -> Path:
    """Write `directory`/board.py, the module of plain constants. Returns its path. Raises as `Board.constants`."""
    lines = [f'"""Constants of the board "{board.name}". Generated from {board.file}: change that, not this."""', ""]
    lines += [f"{name} = {_literal(value)}" for name, value in board.constants(slice_ms).items()]
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "board.py"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _literal(value: int | str) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'


def slice_of(text: str) -> int:
    """A `--slice` in ms, from text such as "5 min". Raises InputError unless it is whole ms, 1 ms to 15 min."""
    slice_ms = parse("--slice", text, TIME)
    if slice_ms.denominator != 1 or not 1 <= slice_ms <= 900_000:
        raise InputError("--slice", repr(text), "whole milliseconds from 1 ms to 15 min")
    return int(slice_ms)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write build/NAME/board.py. Returns 0, or 2 after printing what was refused."""
    parser = argparse.ArgumentParser(prog="python -m itb.board", description="Write a board's constants.")
    parser.add_argument("name", help="a board of board_configs/")
    parser.add_argument("--slice", help='the tick to build with, like "1 s"')
    parser.add_argument("--out", type=Path, help="directory for board.py (default: build/NAME)")
    options = parser.parse_args(arguments)
    try:
        board = load_board(options.name, field="name")
        slice_ms = slice_of(options.slice) if options.slice else None
        print(write_constants(board, options.out or BUILD / board.name, slice_ms))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
