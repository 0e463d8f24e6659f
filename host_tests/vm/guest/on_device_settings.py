"""Device tests of the settings' checksum, on the bytecode that is flashed, and of the wall clocks."""

import board

from pump.core.sealed import settings_checksum
from pump.hal.ds3231 import Ds3231
from twin.clock import TwinClock
from twin.wall_clock import TwinWallClock

REQUIREMENTS = {
    "test_the_board_computes_the_checksum_that_it_came_with": ["I-02"],
    "test_any_constant_that_changed_is_noticed": ["I-02"],
    "test_the_clock_chip_keeps_a_time_of_the_week": ["I-05"],
}


def _copied():
    class Board:
        pass

    for name in dir(board):
        if name[0] != "_":
            setattr(Board, name, getattr(board, name))
    return Board


def test_the_board_computes_the_checksum_that_it_came_with():
    assert settings_checksum(board) == board.CHECKSUM
    assert settings_checksum(_copied()) == board.CHECKSUM


def test_any_constant_that_changed_is_noticed():
    for name in dir(board):
        if name[0] == "_" or name == "CHECKSUM":
            continue
        changed = _copied()
        value = getattr(board, name)
        setattr(changed, name, value + "x" if isinstance(value, str) else value ^ 1)
        assert settings_checksum(changed) != board.CHECKSUM, name


class Chip:
    """Sixteen registers at the address of a DS3231."""

    def __init__(self):
        self.registers = bytearray(16)
        self.registers[15] = 0x80

    def readfrom_mem_into(self, address, register, buffer):
        if address != 0x68:
            raise OSError(5)
        for at in range(len(buffer)):
            buffer[at] = self.registers[register + at]

    def writeto_mem(self, address, register, data):
        if address != 0x68:
            raise OSError(5)
        for at in range(len(data)):
            self.registers[register + at] = data[at]


def test_the_clock_chip_keeps_a_time_of_the_week():
    clock = Ds3231(Chip())
    assert clock.read() is None
    for second in range(0, 86_400, 577):
        clock.set(second * 1000 + 999, second % 7)
        assert clock.read() == (second * 1000, second % 7)


def test_the_twins_clock_goes_on_over_months():
    time = TwinClock()
    clock = TwinWallClock(time)
    clock.set(86_399_000, 6)
    for _ in range(100):
        time.advance(86_400_000)
    assert clock.read() == (86_399_000, (6 + 100) % 7)
    time.advance(1000)
    assert clock.read() == (0, (6 + 101) % 7)
