"""The wall clock chip: what it says is taken only when it can be, and nothing of it stops the pump."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.simchip import IN, OPEN_DRAIN, PULL_UP, Chip
from hal.simmodules import hal
from hal.wired import constants, generic_board
from pump.core.errors import Misuse
from twin.clock import TwinClock
from twin.wall_clock import TwinWallClock

ADDRESS = 0x68
REGISTERS = 0x13
SECONDS, MINUTES, HOURS, DAY, DATE, MONTH, YEAR, CONTROL, STATUS = 0, 1, 2, 3, 4, 5, 6, 0x0E, 0x0F
OSF = 0x80
DAY_MS = 86_400_000
# Bits that can be written; the others read as 0. After figure 1 of the data sheet.
WRITABLE = {
    SECONDS: 0x7F,
    MINUTES: 0x7F,
    HOURS: 0x7F,
    DAY: 0x07,
    DATE: 0x3F,
    MONTH: 0x9F,
    STATUS: 0x8F,
    0x11: 0,
    0x12: 0,
}
LEGAL = {SECONDS: (0, 59), MINUTES: (0, 59), HOURS: (0, 23), DAY: (1, 7), DATE: (1, 31), MONTH: (1, 12), YEAR: (0, 99)}


def bcd(number: int) -> int:
    return int(str(number), 16)


def number_in(register: int) -> int | None:
    text = f"{register:02x}"
    return int(text) if text.isdecimal() else None


class Bus:
    """An I2C bus with a DS3231 on it, as after its first power: stopped, at 1 January of year 0."""

    def __init__(self) -> None:
        self.registers = bytearray(REGISTERS)
        self.registers[DAY : MONTH + 1] = b"\x01\x01\x01"
        self.registers[CONTROL], self.registers[STATUS] = 0x1C, OSF | 0x08
        self.there = True
        self.writes: list[tuple[int, bytes]] = []
        # Bytes that still get through.
        self.left = -1

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        self._called(address, register)
        for at in range(len(buffer)):
            # At the end of the registers it goes on at the first.
            buffer[at] = self.registers[(register + at) % REGISTERS]

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self._called(address, register)
        self.writes.append((register, bytes(data)))
        for at, value in enumerate(data):
            if self.left == 0:
                raise OSError(5)
            self.left -= 1
            place = (register + at) % REGISTERS
            written = value & WRITABLE.get(place, 0xFF)
            if place == STATUS:
                # OSF can be cleared and not set.
                written &= self.registers[STATUS] | 0x7F
            elif place in LEGAL:
                number = number_in(written & 0x7F)
                low, high = LEGAL[place]
                assert number is not None, "not binary-coded decimal: undefined operation"
                assert low <= number <= high, "an illogical time or date: undefined operation"
            self.registers[place] = written

    def _called(self, address: int, register: int) -> None:
        assert 0 <= register < REGISTERS
        if address != ADDRESS or not self.there:
            raise OSError(5)

    def tick(self) -> None:
        """A second goes by."""
        for place in (SECONDS, MINUTES, HOURS, DAY):
            low, high = LEGAL[place]
            number = number_in(self.registers[place])
            assert number is not None
            if number < high:
                self.registers[place] = bcd(number + 1)
                return
            self.registers[place] = bcd(low)


def clock_on(bus: Bus) -> Any:
    return hal(Chip("rp2040"), "ds3231").Ds3231(bus)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def clock(bus: Bus) -> Any:
    return clock_on(bus)


def week() -> Iterator[tuple[int, int]]:
    for weekday in range(7):
        for second in range(86_400):
            yield second * 1000, weekday


@pytest.mark.req("I-05")
def test_every_second_of_the_day_is_set_and_read_back_on_any_weekday(clock: Any) -> None:
    for second in range(86_400):
        told = second * 1000, second % 7
        clock.set(*told)
        assert clock.read() == told


@pytest.mark.req("I-05")
def test_set_once_it_tells_every_second_of_the_week_and_begins_anew(bus: Bus, clock: Any) -> None:
    clock.set(0, 0)
    for day_ms, weekday in week():
        assert clock.read() == (day_ms, weekday)
        bus.tick()
    assert clock.read() == (0, 0)


@given(day_ms=st.integers(0, DAY_MS - 1), weekday=st.integers(0, 6))
def test_what_is_less_than_a_second_is_dropped_as_the_twin_does(day_ms: int, weekday: int) -> None:
    clock, twin = clock_on(Bus()), TwinWallClock(TwinClock())
    for each in (clock, twin):
        each.set(day_ms, weekday)
        assert each.read() == (day_ms - day_ms % 1000, weekday)


@pytest.mark.req("I-05")
def test_one_that_was_never_set_does_not_know_the_time(clock: Any) -> None:
    assert clock.read() is None


@pytest.mark.req("I-05")
def test_once_its_oscillator_stopped_it_does_not_know_the_time_until_it_is_set(bus: Bus, clock: Any) -> None:
    clock.set(3_600_000, 2)
    bus.registers[STATUS] |= OSF
    assert clock.read() is None
    clock.set(7_200_000, 3)
    assert clock.read() == (7_200_000, 3)


@pytest.mark.req("I-05")
@pytest.mark.parametrize("register", LEGAL)
def test_a_register_that_cannot_be_is_no_time_at_all(register: int, bus: Bus, clock: Any) -> None:
    clock.set(0, 0)
    low, high = LEGAL[register]
    for value in range(256):
        bus.registers[register] = value
        # Above the month is the bit of the century.
        number = number_in(value & 0x7F if register == MONTH else value)
        possible = number is not None and low <= number <= high
        assert (clock.read() is not None) == possible, hex(value)


@given(st.binary(min_size=REGISTERS, max_size=REGISTERS))
def test_whatever_its_registers_hold_what_it_tells_is_a_time_of_the_week(registers: bytes) -> None:
    bus = Bus()
    bus.registers[:] = registers
    told = clock_on(bus).read()
    assert told is None or (0 <= told[0] < DAY_MS and told[0] % 1000 == 0 and 0 <= told[1] <= 6)


def test_where_it_counts_to_twelve_it_is_not_believed(bus: Bus, clock: Any) -> None:
    clock.set(13 * 3_600_000, 0)
    bus.registers[HOURS] = 0x40 | 0x20 | 0x01
    assert clock.read() is None


def test_it_is_set_to_run_on_its_battery_with_no_alarm_and_a_date_that_there_is(bus: Bus, clock: Any) -> None:
    bus.registers[CONTROL] = 0x80 | 0x07
    bus.registers[STATUS] = OSF | 0x0B
    clock.set(0, 6)
    assert (bus.registers[CONTROL], bus.registers[STATUS]) == (0x1C, 0)
    # Sunday, 9 January 2000.
    assert bytes(bus.registers[DAY : YEAR + 1]) == b"\x07\x09\x01\x00"
    # The alarms and the aging offset are not touched.
    assert [(register, len(data)) for register, data in bus.writes] == [(SECONDS, 7), (CONTROL, 2)]


@pytest.mark.parametrize("left", range(9))
def test_one_that_goes_away_while_it_is_set_is_not_believed(left: int, bus: Bus, clock: Any) -> None:
    bus.left = left
    clock.set(45_296_000, 4)
    assert clock.read() is None


def test_one_that_does_not_answer_neither_tells_nor_takes_the_time_and_raises_nothing(bus: Bus, clock: Any) -> None:
    clock.set(1000, 1)
    bus.there = False
    clock.set(2000, 2)
    assert clock.read() is None
    bus.there = True
    assert clock.read() == (1000, 1)


@pytest.mark.parametrize("day_ms, weekday", [(-1, 0), (DAY_MS, 0), (0, -1), (0, 7)])
def test_a_time_that_cannot_be_is_misuse_and_never_reaches_the_chip(
    day_ms: int, weekday: int, bus: Bus, clock: Any
) -> None:
    for each in (clock, TwinWallClock(TwinClock())):
        with pytest.raises(Misuse, match="wall clock: day_ms"):
            each.set(day_ms, weekday)
    assert bus.writes == []


WIRED = {"rp2040": (8, 9), "rp2350": (6, 7), "esp32": (21, 22), "esp32s3": (8, 9), "generic": (14, 22)}


def board_with_clock(kind: str) -> Any:
    changes: dict[str, int | str] = {
        "CHIP": kind,
        "WALL_CLOCK": "DS3231",
        "PIN_I2C_SDA": WIRED[kind][0],
        "PIN_I2C_SCL": WIRED[kind][1],
    }
    return constants("esp32_devkit", **changes)


@pytest.mark.parametrize("kind", WIRED)
def test_a_board_that_has_one_finds_it_at_its_pins(kind: str, bus: Bus) -> None:
    chip = Chip(kind)
    chip.i2c_buses[WIRED[kind]] = bus
    found = hal(chip, "wall_clock").wall_clock(board_with_clock(kind))
    found.set(5000, 5)
    assert found.read() == (5000, 5)


@pytest.mark.parametrize("kind", WIRED)
def test_a_board_whose_chip_is_not_there_starts_without_the_time(kind: str) -> None:
    found = hal(Chip(kind), "wall_clock").wall_clock(board_with_clock(kind))
    found.set(5000, 5)
    assert found.read() is None


def test_a_board_without_one_does_not_know_the_time_and_touches_no_pin() -> None:
    chip = Chip("generic")
    found = hal(chip, "wall_clock").wall_clock(generic_board())
    found.set(5000, 5)
    assert found.read() is None
    assert chip.pads == {}


class HeldLow:
    """A clock chip in the middle of a byte: it holds SDA low for so many clocks more."""

    def __init__(self, chip: Chip, sda: int, scl: int, clocks: int) -> None:
        self._chip, self._sda, self._scl, self._clocks = chip, sda, scl, clocks
        self.seen = 0
        # Both lines are pulled up.
        chip.configure(scl, IN, PULL_UP, None)
        chip.drive(sda, 0 if clocks else 1)
        chip.listeners.append(self._listen)

    def _listen(self, number: int, level: int) -> None:
        if number == self._scl and level:
            self.seen += 1
            if self.seen == self._clocks:
                self._chip.drive(self._sda, 1)


@pytest.mark.parametrize("clocks", [0, 1, 5, 9])
def test_a_chip_that_a_reset_left_in_the_middle_of_a_byte_is_clocked_free(clocks: int, bus: Bus) -> None:
    chip = Chip("rp2040")
    sda, scl = WIRED["rp2040"]
    held = HeldLow(chip, sda, scl, clocks)
    chip.i2c_buses[sda, scl] = bus
    hal(chip, "wall_clock").wall_clock(board_with_clock("rp2040"))
    assert held.seen == clocks
    assert (chip.level(sda), chip.level(scl), chip.pad(scl).mode) == (1, 1, OPEN_DRAIN)


def test_a_bus_that_is_shorted_is_given_up_after_nine_clocks() -> None:
    chip = Chip("rp2040")
    held = HeldLow(chip, *WIRED["rp2040"], clocks=100)
    hal(chip, "wall_clock").wall_clock(board_with_clock("rp2040"))
    assert held.seen == 9
