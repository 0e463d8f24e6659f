"""Boards: geometry, pins, limits and times of one bench, and the constants its firmware is built with.

`board_configs/NAME.toml` is the truth. `write_constants` turns it into the module `board` of plain constants that the
firmware imports; `python -m itb.boards.board NAME` does so from the command line.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

from itb.boards.calibration import read_calibration
from itb.boards.chips import CHIPS, read_pins
from itb.boards.drivers import DRIVERS, Driver
from itb.boards.lease import lease_steps, read_lease, refuse_short_lease
from itb.boards.peripherals import Peripherals, read_peripherals
from itb.boards.sealed import sealed
from itb.boards.service import DEFAULT_DAYS, read_service_days
from itb.errors import InputError
from itb.quantity import (
    CALIBRATION,
    LENGTH,
    PRESSURE,
    STEP_RATE,
    TIME,
    VOLUME,
    VOLUME_RATE,
    amount,
    decimal,
    parse,
)
from itb.tables import Table, read_table

ROOT = Path(__file__).resolve().parents[3]
CONFIGS = ROOT / "board_configs"
BUILD = ROOT / "build"

SMALL_MAX = (1 << 30) - 1
MS_PER_DAY = 86_400_000
# What the firmware's arithmetic takes: half of what 30 bits leave beside the ms of a day.
MOST_STEPS_DAY = (SMALL_MAX - MS_PER_DAY) >> 1
# Far finer than the tolerance it is used for.
_PI = Fraction("3.14159265358979")
_CALIBRATION_TOLERANCE = Fraction(5, 100)
# Ticks that must be missed before the dead-man's switch lets go, and before the watchdog resets, however long they are.
_DEAD_MAN_TICKS = 5
_WATCHDOG_TICKS = 6
# The RP2040's: its counter has 24 bits and counts each microsecond twice.
_LONGEST_WATCHDOG = "8388 ms"


@dataclass(frozen=True)
class Syringe:
    """The syringe and the screw that drives its plunger."""

    bore_mm: Fraction
    lead_mm: Fraction

    @property
    def nl_per_mm(self) -> Fraction:
        """What one millimetre of the plunger's way holds: 1 mm3 is 1000 nL."""
        return 1000 * _PI * self.bore_mm * self.bore_mm / 4


@dataclass(frozen=True)
class Board:
    """One bench, exact: volumes in nL, rates in nL/day, times in ms or us as named."""

    name: str
    file: str
    chip: str
    module: str
    driver: Driver
    mechanism: str
    syringe: Syringe | None
    nl_per_rev: int
    full_steps_per_rev: int
    microsteps: int
    tick_ms: int
    dead_man_ms: int
    watchdog_ms: int
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
    peripherals: Peripherals
    # Of the calibration: its date, its expanded uncertainty, and what must be primed away before a first dose.
    calibrated: str | None = None
    calibration_uncertainty_nl: Fraction | None = None
    take_up_steps: int = 0
    # None for the usual one.
    lease_nl: Fraction | None = None
    service_days: int = DEFAULT_DAYS

    @property
    def simulated(self) -> bool:
        """Whether there is no such bench: the module of a simulated one begins with "none"."""
        return self.module.startswith("none")

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

    def burst_max_steps(self, tick_ms: int | None = None) -> int:
        """The microsteps of the highest rate in one tick of `tick_ms`, the board's own where None."""
        tick_ms = self.tick_ms if tick_ms is None else tick_ms
        return max(1, ceil(self.steps(self.max_rate_nl_day) * tick_ms / MS_PER_DAY))

    def constants(self, slice_ms: int | None = None) -> dict[str, int | str]:
        """The constants of the module `board`, by name. `slice_ms` replaces the tick, 1 ms to 15 min.

        Raises InputError for a slice out of range and for a constant that does not fit 30 bits.
        """
        tick_ms = self.tick_ms if slice_ms is None else slice_ms
        if not 1 <= tick_ms <= 900_000:
            raise InputError("slice", f"{tick_ms} ms", "a slice from 1 ms to 15 min")
        burst_max_steps = self.burst_max_steps(tick_ms)
        constants: dict[str, int | str] = {
            "NAME": self.name,
            "CHIP": self.chip,
            "DRIVER": self.driver.name,
            "MECHANISM": self.mechanism,
            "NL_PER_REV": self.nl_per_rev,
            "FULL_STEPS_PER_REV": self.full_steps_per_rev,
            "MICROSTEPS": self.microsteps,
            "STEPS_PER_REV": self.steps_per_rev,
            # What one microstep is worth: under another calibration counts in memory are other volumes.
            "CALIBRATION": f"{self.nl_per_rev} nL / {self.steps_per_rev} steps",
            "TICK_MS": tick_ms,
            "DEAD_MAN_MS": max(self.dead_man_ms, _DEAD_MAN_TICKS * tick_ms),
            "WATCHDOG_MS": max(self.watchdog_ms, _WATCHDOG_TICKS * tick_ms),
            "PULSE_US": self.driver.pulse_us,
            "PULSE_NS": self.driver.step_high_ns,
            "DIR_SETUP_US": self.dir_setup_us,
            "MIN_STEP_INTERVAL_US": self.min_step_interval_us,
            "MINIMUM_STEPS_DAY": ceil(self.steps(self.min_rate_nl_day)),
            "BURST_MAX_STEPS": burst_max_steps,
            "LEASE_STEPS": lease_steps(self.lease_nl, self.nl_per_step, burst_max_steps),
            "SERVICE_DAYS": self.service_days,
            "RESERVOIR_CAPACITY_STEPS": floor(self.steps(self.capacity_nl)),
            "RESERVOIR_RESIDUAL_STEPS": self.residual_steps,
            "RESERVOIR_LOW_STEPS": ceil(self.steps(self.low_nl)),
            "LIMIT_HOUR_STEPS": floor(self.steps(self.hour_nl)),
            "LIMIT_DAY_STEPS": floor(self.steps(self.day_nl)),
            "LIMIT_BOLUS_STEPS": floor(self.steps(self.bolus_nl)),
            "OCCLUSION_KPA": self.occlusion_kpa,
            "PRESSURE_ZERO_MV": self.peripherals.pressure_zero_mv,
            "PRESSURE_UV_PER_KPA": self.peripherals.pressure_uv_per_kpa,
            "STALL_ACTIVE_HIGH": int(self.peripherals.stall_active_high),
            "TONE_HZ": self.peripherals.tone_hz,
            "LINK": self.peripherals.link,
            "LINK_BAUD": self.peripherals.link_baud,
            "WALL_CLOCK": self.peripherals.wall_clock,
        }
        for name, value in constants.items():
            if isinstance(value, int) and not 0 <= value <= SMALL_MAX:
                raise InputError(f"{self.file}: {name}", str(value), f"constants from 0 to {SMALL_MAX} (30 bits)")
        # Pins there are not are -1, and need no check: `read_pins` made it.
        constants.update({f"PIN_{name.upper()}": pin for name, pin in self.pins.items()})
        return sealed(constants)


def board_names(configs: Path = CONFIGS) -> list[str]:
    """The boards there are files for."""
    return sorted(path.stem for path in configs.glob("*.toml"))


def bench_names(chip: str = "", configs: Path = CONFIGS) -> list[str]:
    """The boards that are not simulated; with `chip`, those with this chip. A file that is refused is left out."""
    names: list[str] = []
    for name in board_names(configs):
        try:
            board = load_board(name, configs)
        except InputError:
            continue
        if not board.simulated and chip in ("", board.chip):
            names.append(name)
    return names


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
    motor, timing, pins_table = root.table("motor"), root.table("timing"), root.table("pins")
    mechanism, reservoir, limits = root.table("mechanism"), root.table("reservoir"), root.table("limits")
    kind = mechanism.text("kind", ("syringe", "peristaltic"))
    nl_per_rev = mechanism.whole_quantity("calibration", CALIBRATION, "nL/rev", "1 nL/rev", "1000000 nL/rev")
    syringe = _syringe(mechanism, nl_per_rev) if kind == "syringe" else None
    calibrated, uncertainty_nl, take_up_steps = read_calibration(mechanism)
    driver = DRIVERS[motor.text("driver", list(DRIVERS))]
    occlusion_kpa = root.table("occlusion").whole_quantity("pressure", PRESSURE, "kPa", "1 kPa", "1000 kPa")
    pins = read_pins(pins_table, chip)
    board = Board(
        name=name,
        file=path.name,
        chip=chip,
        module=root.text("module"),
        driver=driver,
        mechanism=kind,
        syringe=syringe,
        nl_per_rev=nl_per_rev,
        full_steps_per_rev=motor.whole("full_steps_per_rev", 4, 1000),
        microsteps=_microsteps(motor, driver),
        tick_ms=timing.whole_quantity("tick", TIME, "ms", "1 ms", "1 s"),
        dead_man_ms=timing.whole_quantity("dead_man", TIME, "ms", "10 ms", "10 s"),
        watchdog_ms=timing.whole_quantity("watchdog", TIME, "ms", "100 ms", _LONGEST_WATCHDOG),
        dir_setup_us=_dir_setup(motor, driver),
        min_step_interval_us=_step_interval(motor, driver),
        capacity_nl=reservoir.quantity("capacity", VOLUME, "0.1 mL", "40 mL"),
        residual_nl=reservoir.quantity("residual", VOLUME, high="2 mL", zero=True),
        low_nl=reservoir.quantity("low", VOLUME, high="20 mL"),
        min_rate_nl_day=limits.quantity("min_rate", VOLUME_RATE),
        max_rate_nl_day=limits.quantity("max_rate", VOLUME_RATE, high="1000 mL/day"),
        hour_nl=limits.quantity("hour", VOLUME),
        day_nl=limits.quantity("day", VOLUME),
        bolus_nl=limits.quantity("bolus", VOLUME),
        occlusion_kpa=occlusion_kpa,
        pins=pins,
        peripherals=read_peripherals(root, motor, pins_table, pins, chip, driver, occlusion_kpa),
        calibrated=calibrated,
        calibration_uncertainty_nl=uncertainty_nl,
        take_up_steps=take_up_steps,
        lease_nl=read_lease(root),
        service_days=read_service_days(root),
    )
    root.finish()
    _check_order(board, reservoir, limits, timing)
    _check_step_rate(board, motor, limits)
    refuse_short_lease(root, board.lease_nl, board.nl_per_step, board.burst_max_steps())
    board.constants()
    if board.steps(board.max_rate_nl_day) > MOST_STEPS_DAY:
        raise limits.refuse("max_rate", f"at most {MOST_STEPS_DAY} microsteps a day")
    return board


def _microsteps(motor: Table, driver: Driver) -> int:
    microsteps = motor.whole("microsteps", 1, 256)
    if microsteps not in driver.microsteps:
        raise motor.refuse("microsteps", f"what the {driver.name} offers: {', '.join(map(str, driver.microsteps))}")
    return microsteps


def _dir_setup(motor: Table, driver: Driver) -> int:
    dir_setup_us = motor.quantity("dir_setup", TIME, high="1 ms") / TIME.units["us"]
    if dir_setup_us * 1000 < driver.dir_setup_ns:
        raise motor.refuse("dir_setup", f"at least the {driver.dir_setup_ns} ns that the {driver.name} needs")
    if dir_setup_us.denominator != 1:
        raise motor.refuse("dir_setup", "a whole number of us up to 1 ms")
    return int(dir_setup_us)


def _step_interval(motor: Table, driver: Driver) -> int:
    """The least distance of two steps in us; the board's own, which must leave the driver its pulse."""
    rate = motor.quantity("max_step_rate", STEP_RATE, "2 steps/s")
    most = 1_000_000 // driver.least_interval_us
    if rate > most:
        needs = f"the {driver.name} needs {driver.least_interval_us} us for a step"
        raise motor.refuse("max_step_rate", f"at most {most} steps/s: {needs}")
    return ceil(1_000_000 / rate)


def _syringe(mechanism: Table, nl_per_rev: int) -> Syringe:
    """A calibration far from bore and lead is a slip of the pen or the wrong syringe."""
    syringe = Syringe(
        bore_mm=mechanism.quantity("bore", LENGTH, "1 mm", "50 mm"),
        lead_mm=mechanism.quantity("lead", LENGTH, "0.1 mm", "20 mm"),
    )
    nominal_nl = syringe.nl_per_mm * syringe.lead_mm
    low, high = nominal_nl * (1 - _CALIBRATION_TOLERANCE), nominal_nl * (1 + _CALIBRATION_TOLERANCE)
    if not low <= nl_per_rev <= high:
        raise mechanism.refuse(
            "calibration",
            f"{ceil(low)} to {floor(high)} nL/rev: within 5 % of the {decimal(nominal_nl, 0).lstrip('≈')} nL/rev "
            "that bore and lead give",
        )
    return syringe


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
    if board.watchdog_ms <= board.dead_man_ms:
        raise timing.refuse("watchdog", f"longer than dead_man, {board.dead_man_ms} ms: the driver lets go first")


def _check_step_rate(board: Board, motor: Table, limits: Table) -> None:
    """The burst of one tick must fit into the tick, and into what the chip sends in one."""
    burst = board.burst_max_steps()
    # As the firmware's `motion.burst`: the next tick must find the burst over.
    if burst * board.min_step_interval_us > board.tick_ms * 1000 * 7 // 8:
        raise motor.refuse("max_step_rate", f"a rate that sends the {burst} steps of a burst within 7/8 of a tick")
    most = CHIPS[board.chip].most_burst_steps
    if burst > most:
        accepted = f"a rate of at most {most} microsteps in a tick, which is what the {board.chip} can send"
        raise limits.refuse("max_rate", accepted)


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
    parser = argparse.ArgumentParser(prog="python -m itb.boards.board", description="Write a board's constants.")
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
