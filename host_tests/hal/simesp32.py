"""What the module `esp32` of a simulated chip holds, as far as the ports use it."""

from collections.abc import Sequence
from typing import Any

from hal.simchip import IN, OUT, PCNT_UNITS, PULL_UP, RMT_CHANNELS, RMT_SIGNAL, RMT_SYMBOLS, Broken, Chip

PULSE_MAX = 32767


def rmt_class(chip: Chip) -> type:
    """The remote-control channels of `chip`, which send pulses."""

    class RMT:
        PULSE_MAX = PULSE_MAX

        def __init__(
            self,
            *,
            pin: Any,
            resolution_hz: int = 10_000_000,
            idle_level: bool = False,
            num_symbols: int = RMT_SYMBOLS[chip.kind],
        ) -> None:
            # 80 MHz through a divider of 8 bits.
            if not 312_500 <= resolution_hz <= 80_000_000 or num_symbols < RMT_SYMBOLS[chip.kind]:
                raise ValueError
            if len(chip.rmts) == RMT_CHANNELS[chip.kind]:
                raise OSError("no free tx channels")
            self.signal = RMT_SIGNAL[chip.kind] + len(chip.rmts)
            self.unit_us, rest = divmod(1_000_000, resolution_hz)
            assert rest == 0, "a resolution this fake cannot do"
            self.symbols = num_symbols
            self.idle = 1 if idle_level else 0
            self.end_us = chip.now_us
            # Symbols it has memory for; each growth is an allocation.
            self.capacity = 0
            self.growths: list[int] = []
            chip.rmts.append(self)
            # Low until it has sent once, whatever its idle level.
            chip.signals[self.signal] = 0
            chip.pad(pin.number).driver = self.signal
            chip.pad(pin.number).mode = OUT
            chip.settle()

        def write_pulses(self, duration: "int | Sequence[int]", data: "bool | int | Sequence[bool]" = True) -> None:
            if not self.wait_done():
                chip.blocked_us += self.end_us - chip.now_us
                chip.advance(self.end_us - chip.now_us)
            if isinstance(data, list | tuple):
                durations = [duration] * len(data) if isinstance(duration, int) else list(duration)
                levels = [1 if level else 0 for level in data]
                if len(durations) != len(levels):
                    raise ValueError("duration and data must have same length")
            else:
                assert isinstance(duration, list | tuple), "a sequence that is no list or tuple"
                durations = list(duration)
                levels = [(i + (1 if data else 0)) % 2 for i in range(len(durations))]
            if not durations:
                raise ValueError("No pulses")
            if not all(type(part) is int and 1 <= part <= PULSE_MAX for part in durations):
                raise Broken(f"durations of 15 bits, and 0 is the end mark: {durations}")
            symbols = -(-len(durations) // 2)
            if symbols + 1 > self.symbols:
                raise Broken(f"{symbols} symbols and an end mark do not fit into the memory of a channel")
            if symbols > self.capacity:
                self.capacity = symbols
                self.growths.append(symbols)
            when_us = chip.now_us
            for part, level in zip(durations, levels, strict=True):
                self._at(when_us, level)
                when_us += part * self.unit_us
            if when_us - chip.now_us > chip.rmt_hangs_us:
                when_us = 1 << 60
            self.end_us = when_us
            self._at(when_us, self.idle)

        def wait_done(self, *, timeout: int = 0) -> bool:
            assert timeout == 0
            return chip.now_us >= self.end_us

        def active(self, value: bool | None = None) -> bool:
            if value is None:
                return not self.wait_done()
            raise Broken("RMT.active(False) crashes an ESP32 (ESP-IDF issue 17692)")

        def _at(self, when_us: int, level: int) -> None:
            def change() -> None:
                chip.signals[self.signal] = level
                chip.settle()

            if when_us == chip.now_us:
                change()
            else:
                chip.at(when_us, change)

    return RMT


def pcnt_class(chip: Chip) -> type:
    """The pulse counters of `chip`."""

    class PCNT:
        IGNORE, INCREMENT, DECREMENT = 0, 1, 2
        NORMAL, REVERSE, HOLD = 0, 1, 2

        def __init__(self, unit: int, *, pin: Any, mode_pin: Any, rising: int, **settings: int) -> None:
            self.count, self.max, self.runs = 0, settings.pop("max"), False
            if not 0 <= unit < PCNT_UNITS[chip.kind] or not 0 < self.max <= 32767:
                raise ValueError
            assert rising == self.INCREMENT
            self.hold = [settings.pop(mode, self.NORMAL) == self.HOLD for mode in ("mode_low", "mode_high")]
            assert not settings
            self.pin, self.gate = pin.number, mode_pin.number
            for number in (self.pin, self.gate):
                chip.configure(number, IN, PULL_UP, None)
            chip.listeners.append(self._listen)

        def start(self) -> None:
            self.runs = True

        def value(self, *value: int) -> int:
            if value:
                raise Broken("read and reset may miss an edge")
            chip.on_look()
            return self.count

        def _listen(self, number: int, level: int) -> None:
            if number == self.pin and level and self.runs and not self.hold[chip.level(self.gate)]:
                self.count += 1
                if self.count >= self.max:
                    self.count = 0

    return PCNT
