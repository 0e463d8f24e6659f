"""The DS3231, a clock with a battery of its own (data sheet: Maxim 19-5170, "Extremely Accurate I2C-Integrated
RTC/TCXO/Crystal").

Of its registers (figure 1 there) 00h to 06h are seconds, minutes, hours, day of the week, date, month and year, in
binary-coded decimal. Any START of the bus copies them to a second set, which a burst reads: no digit moves
meanwhile.
"""

from pump.core.errors import Misuse
from pump.core.ports import WallClock
from pump.core.units import MS_PER_DAY

ADDRESS = 0x68
TIME, CONTROL, STATUS = 0x00, 0x0E, 0x0F
# The oscillator stopped, and the time is not to be trusted, until somebody clears it.
STOPPED = 0x80
# As after the battery went in: the oscillator runs on the battery too, and no alarm is on.
CONTROL_USUAL = 0x1C
# What stands in each register, least and most; the century's bit, above the month, left out. Bit 6 of the hours, set
# where they count to 12, is beyond the most and so no hour of ours.
RANGES = ((0, 59), (0, 59), (0, 23), (1, 7), (1, 31), (1, 12), (0, 99))
MONTH = 5
CENTURY = 0x80


class Ds3231(WallClock):
    """Whole seconds of the week; the date it keeps is nobody's. *loop*."""

    def __init__(self, i2c) -> None:
        """`i2c`: a `machine.I2C`, or what has its `readfrom_mem_into` and `writeto_mem`."""
        self._i2c = i2c
        self._registers = bytearray(STATUS + 1)

    def read(self) -> "tuple[int, int] | None":
        registers = self._registers
        try:
            self._i2c.readfrom_mem_into(ADDRESS, TIME, registers)
        except OSError:
            return None
        if registers[STATUS] & STOPPED:
            return None
        registers[MONTH] &= ~CENTURY
        for register, (least, most) in zip(registers, RANGES):
            if register & 0x0F > 9 or not least <= _number(register) <= most:
                return None
        second, minute, hour = (_number(register) for register in registers[:3])
        return ((hour * 60 + minute) * 60 + second) * 1000, registers[3] - 1

    def set(self, day_ms: int, weekday: int) -> None:
        if not (0 <= day_ms < MS_PER_DAY and 0 <= weekday <= 6):
            raise Misuse("wall clock: day_ms %d, weekday %d; accepted: 0..86399999, 0..6" % (day_ms, weekday))
        second = day_ms // 1000
        # In the first days of 2000 the 3rd was a Monday.
        numbers = (second % 60, second // 60 % 60, second // 3600, weekday + 1, weekday + 3, 1, 0)
        try:
            # First the time, which begins its second anew, then that it can be trusted: cut in between, it is not.
            self._i2c.writeto_mem(ADDRESS, TIME, bytes(_digits(number) for number in numbers))
            self._i2c.writeto_mem(ADDRESS, CONTROL, bytes((CONTROL_USUAL, 0)))
        except OSError:
            pass


def _number(register: int) -> int:
    """The number that two decimal digits, of four bits each, mean."""
    return (register >> 4) * 10 + (register & 0x0F)


def _digits(number: int) -> int:
    """The two decimal digits of a number below 100, in four bits each."""
    return number // 10 << 4 | number % 10
