"""The wall clock that the board has, if one."""

import time

import machine
from machine import Pin

from pump.core.ports import WallClock
from pump.hal.ds3231 import Ds3231

BUS_HZ = 100_000
# A chip that was being read when ours was reset holds SDA until its byte and the acknowledgement are clocked out.
FREEING_CLOCKS = 9
HALF_CLOCK_US = 5


class NoWallClock(WallClock):
    """A board without one: the time of day is not known until the programmer tells it. *loop*."""

    def read(self) -> "tuple[int, int] | None":
        return None

    def set(self, day_ms: int, weekday: int) -> None:
        pass


def wall_clock(board) -> WallClock:
    """The clock that the module of the board's constants describes. *loop*; takes up to 0.1 ms.

    A bus that hangs costs its time-out of 50 ms each time the clock is read or set.
    """
    if board.WALL_CLOCK != "DS3231":
        return NoWallClock()
    sda, scl = board.PIN_I2C_SDA, board.PIN_I2C_SCL
    _free_bus(sda, scl)
    if board.CHIP in ("rp2040", "rp2350"):
        # Two by two, their pins belong to I2C0 and I2C1 in turn.
        return Ds3231(machine.I2C(sda // 2 % 2, sda=Pin(sda), scl=Pin(scl), freq=BUS_HZ))
    if board.CHIP in ("esp32", "esp32s3"):
        return Ds3231(machine.I2C(0, sda=Pin(sda), scl=Pin(scl), freq=BUS_HZ))
    # Any two pins do.
    return Ds3231(machine.SoftI2C(sda=Pin(sda), scl=Pin(scl), freq=BUS_HZ))


def _free_bus(sda: int, scl: int) -> None:
    """Clock until nobody holds SDA low, as the DS3231's data sheet has it under "I2C Interface"."""
    data = Pin(sda, Pin.IN, Pin.PULL_UP)
    clock = Pin(scl, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
    for _ in range(FREEING_CLOCKS):
        if data.value():
            return
        clock.value(0)
        time.sleep_us(HALF_CLOCK_US)
        clock.value(1)
        time.sleep_us(HALF_CLOCK_US)
