"""The modules `machine`, `esp32`, `rp2` and `time` of a simulated chip, as far as the ports use them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from hal.simchip import IN, MASK, OPEN_DRAIN, OUT, PULL_DOWN, PULL_UP, RMT_CHANNELS, Broken, Chip
from hal.simesp32 import pcnt_class, rmt_class

# What an ADC of the ESP32 tells apart at its attenuations, in microvolts.
ESP32_ADC_MAX_UV = {0: 950_000, 3: 2_450_000}
SUPPLY_UV = 3_300_000


def _pin_class(chip: Chip) -> type:
    class Pin:
        IN, OUT, OPEN_DRAIN = IN, OUT, OPEN_DRAIN
        PULL_DOWN, PULL_UP = PULL_DOWN, PULL_UP
        IRQ_RISING = 1

        def __init__(self, number: "int | Pin", mode: int = -1, pull: int = -1, *, value: int | None = None) -> None:
            self.number: int = number if isinstance(number, int) else number.number
            # A bare Pin(number) leaves the pin as it is.
            if mode != -1:
                chip.configure(self.number, mode, max(pull, 0), value)

        def value(self, level: int | None = None) -> int | None:
            if level is None:
                return chip.level(self.number)
            pad = chip.pad(self.number)
            if pad.mode not in (OUT, OPEN_DRAIN):
                raise Broken(f"a write to pin {self.number}, which is an input")
            pad.latch = 1 if level else 0
            chip.settle()
            return None

        def irq(self, handler: Callable[[Any], None], trigger: int, **options: bool) -> None:
            if options and not chip.hard_irqs:
                raise TypeError("extra keyword arguments given")
            assert trigger == self.IRQ_RISING

            def listen(number: int, level: int) -> None:
                if number == self.number and level:
                    if options.get("hard"):
                        handler(self)
                    else:
                        chip.call_softly(lambda: handler(self))

            chip.listeners.append(listen)

    return Pin


def _timer_class(chip: Chip) -> type:
    class Timer:
        ONE_SHOT, PERIODIC = 0, 1

        def __init__(self, number: int) -> None:
            if number not in ((0, 1, 2, 3, -1) if chip.kind.startswith("esp32") else (-1,)):
                raise ValueError("no such timer")
            self._turn = 0

        def init(self, *, period: int, mode: int, callback: Callable[[Any], None], hard: bool = False) -> None:
            if hard:
                raise ValueError("hard Timers are not implemented")
            assert mode == self.PERIODIC
            self._turn += 1
            self._next(self._turn, chip.now_us, period * 1000, callback)

        def deinit(self) -> None:
            self._turn += 1

        def _next(self, turn: int, last_us: int, period_us: int, callback: Callable[[Any], None]) -> None:
            def due() -> None:
                if turn == self._turn:
                    chip.call_softly(lambda: callback(self))
                    self._next(turn, last_us + period_us, period_us, callback)

            chip.at(last_us + period_us, due)

    return Timer


def _wdt_class(chip: Chip) -> type:
    class WDT:
        def __init__(self, *, timeout: int) -> None:
            # Only the ESP32 takes another time-out once it runs; none can be stopped.
            if chip.wdt_ms is None or chip.kind.startswith("esp32"):
                chip.wdt_ms = timeout
            chip.feed_watchdog()

        def feed(self) -> None:
            chip.feed_watchdog()

    return WDT


def _adc_class(chip: Chip) -> type:
    class Adc:
        def __init__(self, pin: Any) -> None:
            self.number: int = pin.number

        def read_u16(self) -> int:
            return chip.analogue_uv[self.number] * 65_535 // SUPPLY_UV

    class EspAdc(Adc):
        ATTN_0DB, ATTN_11DB = 0, 3

        def __init__(self, pin: Any, *, atten: int = 0) -> None:
            super().__init__(pin)
            self.max_uv = ESP32_ADC_MAX_UV[atten]

        def read_uv(self) -> int:
            return min(chip.analogue_uv[self.number], self.max_uv)

    return EspAdc if chip.kind.startswith("esp32") else Adc


def _pwm_class(chip: Chip) -> type:
    class PWM:
        def __init__(self, pin: Any, *, freq: int, duty_u16: int) -> None:
            self.hz, self.duty = freq, duty_u16
            chip.pwms[pin.number] = self

        def freq(self, hz: int | None = None) -> int | None:
            if hz is None:
                return self.hz + chip.tone_off_hz
            self.hz = hz
            return None

        def duty_u16(self, duty: int) -> None:
            self.duty = duty

    return PWM


def _uart_class(chip: Chip) -> type:
    class UART:
        def __init__(self, number: int, *, baudrate: int, tx: Any, rx: Any, txbuf: int, rxbuf: int) -> None:
            self.settings = (number, baudrate, tx.number, rx.number)
            self.txbuf, self.rxbuf = txbuf, rxbuf
            self.incoming = b""
            self.outgoing: list[bytes] = []
            self.done = True
            chip.uarts.append(self)

        def any(self) -> int:
            return len(self.incoming)

        def read(self, most: int) -> bytes | None:
            data, self.incoming = self.incoming[:most], self.incoming[most:]
            return data or None

        def txdone(self) -> bool:
            return self.done

        def write(self, data: bytes) -> int:
            if len(data) > self.txbuf or not self.done:
                raise Broken("this write waits for the line")
            self.outgoing.append(data)
            return len(data)

    return UART


def _i2c_class(chip: Chip, hard: bool) -> type:
    class I2C:
        """Finds what the chip has on these pins. A hard one minds which bus they belong to."""

        def __init__(self, *number: int, sda: Any, scl: Any, freq: int) -> None:
            if hard:
                of = [0] if chip.kind.startswith("esp32") else [sda.number // 2 % 2, scl.number // 2 % 2]
                if list(number) * len(of) != of or chip.kind == "generic":
                    raise ValueError("no such bus on these pins")
            elif number:
                raise TypeError("a bus of pins has no number")
            assert freq <= 400_000
            self._pins = sda.number, scl.number

        def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
            self._bus().readfrom_mem_into(address, register, buffer)

        def writeto_mem(self, address: int, register: int, data: bytes) -> None:
            self._bus().writeto_mem(address, register, data)

        def _bus(self) -> Any:
            if self._pins not in chip.i2c_buses:
                raise OSError(5)
            return chip.i2c_buses[self._pins]

    return I2C


class _Mem32:
    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def __getitem__(self, address: int) -> int:
        return self._chip.load(address)

    def __setitem__(self, address: int, value: int) -> None:
        self._chip.store(address, value)


def _ticks_us(chip: Chip) -> int:
    chip.advance(chip.look_us)
    return chip.now_us & MASK


def _ticks_diff(later: int, earlier: int) -> int:
    return ((later - earlier + 2**29) & MASK) - 2**29


def modules(chip: Chip) -> dict[str, ModuleType]:
    """The modules that only a chip has, by name."""
    machine, esp32, time = ModuleType("machine"), ModuleType("esp32"), ModuleType("time")
    vars(machine).update(
        Pin=_pin_class(chip),
        Timer=_timer_class(chip),
        WDT=_wdt_class(chip),
        ADC=_adc_class(chip),
        PWM=_pwm_class(chip),
        UART=_uart_class(chip),
        I2C=_i2c_class(chip, hard=True),
        SoftI2C=_i2c_class(chip, hard=False),
        mem32=_Mem32(chip),
        reset_cause=lambda: chip.reset_cause,
        PWRON_RESET=1,
        WDT_RESET=3,
    )
    if chip.kind.startswith("esp32"):
        vars(machine).update(HARD_RESET=2, DEEPSLEEP_RESET=4, SOFT_RESET=5)
    if chip.kind in RMT_CHANNELS:
        vars(esp32).update(RMT=rmt_class(chip), PCNT=pcnt_class(chip))
    vars(time).update(
        ticks_ms=lambda: chip.now_us // 1000 & MASK,
        ticks_us=lambda: _ticks_us(chip),
        ticks_add=lambda ticks, span: (ticks + span) & MASK,
        ticks_diff=_ticks_diff,
        sleep_ms=chip.advance_ms,
        sleep_us=chip.advance,
    )
    return {"machine": machine, "esp32": esp32, "time": time}


@contextmanager
def on_chip(chip: Chip, *others: ModuleType) -> Iterator[None]:
    """Within it, what is imported of `pump.hal` is made anew, for this chip; `others` can be imported too."""
    fakes = modules(chip) | {module.__name__: module for module in others}
    ours = [name for name in sys.modules if name.startswith("pump.hal")]
    kept = {name: sys.modules.pop(name) for name in (*ours, *fakes) if name in sys.modules}
    sys.modules.update(fakes)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith("pump.hal")] + list(fakes):
            sys.modules.pop(name, None)
        sys.modules.update(kept)


def hal(chip: Chip, name: str, *others: ModuleType) -> Any:
    """The module `pump.hal.NAME` on this chip."""
    with on_chip(chip, *others):
        return import_module(f"pump.hal.{name}")
