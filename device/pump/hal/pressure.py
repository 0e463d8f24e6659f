"""The pressure sensor at an analogue input."""

from machine import ADC, Pin

from pump.core.ports import Sensor
from pump.hal.pins import ABSENT


class PressureInput(Sensor):
    """Pressure in whole kPa, from a sensor whose voltage rises in proportion to it. *loop*."""

    def __init__(self, number: int, zero_mv: int, uv_per_kpa: int) -> None:
        """`zero_mv`: the voltage at no pressure; `uv_per_kpa` > 0: how much it rises."""
        self._adc = _input(number)
        # Where there is one (ESP32) it is calibrated in the factory.
        self._read_uv = getattr(self._adc, "read_uv", None)
        self._zero_uv = zero_mv * 1000
        self._uv_per_kpa = uv_per_kpa

    def read(self) -> int:
        return (self._microvolts() - self._zero_uv + self._uv_per_kpa // 2) // self._uv_per_kpa

    def _microvolts(self) -> int:
        if self._read_uv is not None:
            return self._read_uv()
        # The whole scale is the supply of the chip, 3.3 V.
        return self._adc.read_u16() * 3_300_000 // 65_535


def _input(number: int) -> ADC:
    """The converter at a pin, with the widest range of the chip: unasked, an ESP32 measures up to 1 V only."""
    widest = getattr(ADC, "ATTN_11DB", None)
    return ADC(Pin(number)) if widest is None else ADC(Pin(number), atten=widest)


class NoPressure(Sensor):
    """A board without a pressure sensor: never any pressure."""

    def read(self) -> int:
        return 0


def pressure_sensor(board) -> Sensor:
    """The sensor that the module of the board's constants describes."""
    if board.PIN_PRESSURE == ABSENT:
        return NoPressure()
    return PressureInput(board.PIN_PRESSURE, board.PRESSURE_ZERO_MV, board.PRESSURE_UV_PER_KPA)
