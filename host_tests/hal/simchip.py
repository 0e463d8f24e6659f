"""A microcontroller as the ports see it: pins, wires between them, time, and what a store into a register does.

It keeps the rules of the hardware, and raises Broken where a real chip would crash or do something else than asked for.
Time passes only in `advance`, and where the firmware sleeps or waits; Python itself takes none.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

MASK = 2**30 - 1

# GPIO_FUNC0_OUT_SEL_CFG_REG and what it holds for a pin that its own level drives (technical reference manuals).
OUT_SEL = {"esp32": 0x3FF44530, "esp32s3": 0x60004554}
OWN = 0x100
# RMT: the first signal, channels that can send, symbols of one channel's memory; pulse counters.
RMT_SIGNAL = {"esp32": 87, "esp32s3": 81}
RMT_CHANNELS = {"esp32": 8, "esp32s3": 4}
RMT_SYMBOLS = {"esp32": 64, "esp32s3": 48}
PCNT_UNITS = {"esp32": 8, "esp32s3": 4}
INPUT_ONLY = {"esp32": range(34, 40)}
# How many soft callbacks may wait; more are dropped (MICROPY_SCHEDULER_DEPTH).
SCHEDULER_DEPTH = 8

IN, OUT, OPEN_DRAIN = 0, 1, 2
PULL_DOWN, PULL_UP = 1, 2


class Broken(AssertionError):
    """The firmware did what this hardware does not allow."""


class Reset(BaseException):
    """The watchdog reset the chip. As on a chip, no `except Exception` sees it."""


@dataclass
class Pad:
    """One pin."""

    mode: int | None = None
    pull: int = 0
    # The level it has as an output of its own, and what drives it.
    latch: int = 0
    driver: int = OWN
    # What drives it from outside, if anything does.
    outside: int | None = None
    level: int = 0
    changes: list[tuple[int, int]] = field(default_factory=list)


class Chip:
    """`kind` is a chip of the boards, or "generic": one without GPIO matrix, RMT and pulse counters."""

    def __init__(self, kind: str, start_us: int = 0) -> None:
        self.kind = kind
        self.now_us = start_us
        self.pads: dict[int, Pad] = {}
        self.wires: dict[int, int] = {}
        self.signals: dict[int, int] = {}
        self.listeners: list[Callable[[int, int], None]] = []
        self.blocked_us = 0
        self.resets = 0
        self.wdt_ms: int | None = None
        self.analogue_uv: dict[int, int] = {}
        # What was opened on it.
        self.rmts: list[Any] = []
        self.pwms: dict[int, Any] = {}
        self.uarts: list[Any] = []
        # Whether a pin's interrupt may call Python within the interrupt.
        self.hard_irqs = kind == "generic"
        # A fault: RMT sequences longer than this never end.
        self.rmt_hangs_us = 1 << 60
        # How far off the divider of a PWM makes every tone.
        self.tone_off_hz = 0
        # How long it takes Python to ask for the time: what waits in a loop gets on by it.
        self.look_us = 0
        # Called at each look at a pulse counter, before the count is taken: lets a test slip an edge in.
        self.on_look: Callable[[], None] = lambda: None
        # Why it started, and what registers of other parts hold.
        self.reset_cause = 1
        self.registers: dict[int, int] = {}
        # What answers on an I2C bus, by its pins SDA and SCL.
        self.i2c_buses: dict[tuple[int, int], Any] = {}
        self._pulled_up: set[int] = set()
        self._wdt_turn = 0
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._waiting: list[Callable[[], None]] = []
        self._in_callback = False

    # Time

    def at(self, when_us: int, what: Callable[[], None]) -> None:
        """Do `what` when time comes to `when_us`."""
        heapq.heappush(self._events, (when_us, next(self._order), what))

    def advance(self, span_us: int) -> None:
        """Let time pass, with all that happens in it."""
        until_us = self.now_us + span_us
        self._run_waiting()
        while self._events and self._events[0][0] <= until_us:
            when_us, _, what = heapq.heappop(self._events)
            self.now_us = max(self.now_us, when_us)
            what()
            self._run_waiting()
        self.now_us = max(self.now_us, until_us)

    def advance_ms(self, span_ms: int) -> None:
        self.advance(span_ms * 1000)

    def hang(self, span_ms: int) -> None:
        """Let time pass in which Python does not run; the hardware does."""
        was, self._in_callback = self._in_callback, True
        try:
            self.advance_ms(span_ms)
        finally:
            self._in_callback = was

    def call_softly(self, callback: Callable[[], None]) -> None:
        """Call it as MicroPython's scheduler would: soon, never within another callback, or never if too many wait."""
        if len(self._waiting) < SCHEDULER_DEPTH:
            self._waiting.append(callback)

    def _run_waiting(self) -> None:
        if self._in_callback:
            return
        self._in_callback = True
        try:
            while self._waiting:
                self._waiting.pop(0)()
        finally:
            self._in_callback = False

    # Pins

    def pad(self, number: int) -> Pad:
        return self.pads.setdefault(number, Pad())

    def wire(self, to_input: int, from_output: int, pulled_up: bool = False) -> None:
        """Connect an output with an input; `pulled_up`: by a resistor, where the output does not drive it."""
        self.wires[to_input] = from_output
        if pulled_up:
            self._pulled_up.add(to_input)
        self.settle()

    def cut(self, to_input: int) -> None:
        """The wire to an input comes off."""
        del self.wires[to_input]
        self.settle()

    def drive(self, number: int, level: int) -> None:
        """Something outside holds this pin."""
        self.pad(number).outside = level
        self.settle()

    def configure(self, number: int, mode: int, pull: int, value: int | None) -> None:
        if mode == OUT and number in INPUT_ONLY.get(self.kind, ()):
            raise ValueError("pin can only be input")
        pad = self.pad(number)
        if value is not None:
            pad.latch = value
        pad.mode, pad.pull = mode, pull
        if mode == OUT:
            pad.driver = OWN
        self.settle()

    def settle(self) -> None:
        """Let every change show, at the pins and behind the wires, until nothing changes any more."""
        changed = True
        while changed:
            changed = False
            for number, pad in list(self.pads.items()):
                level = self._level(number, pad)
                if level != pad.level:
                    changed = True
                    pad.level = level
                    pad.changes.append((self.now_us, level))
                    for listener in list(self.listeners):
                        listener(number, level)

    def _level(self, number: int, pad: Pad) -> int:
        if pad.mode == OPEN_DRAIN and not pad.latch:
            return 0
        if pad.mode == OUT:
            return pad.latch if pad.driver == OWN else self.signals[pad.driver]
        if pad.outside is not None:
            return pad.outside
        if number in self.wires:
            source = self.pad(self.wires[number])
            if source.mode == OUT:
                return source.level
            if number in self._pulled_up:
                return 1
        return 1 if pad.pull == PULL_UP else 0

    def level(self, number: int) -> int:
        return self.pad(number).level

    def rises(self, number: int) -> list[int]:
        """When the pin went high."""
        return [when_us for when_us, level in self.pad(number).changes if level == 1]

    def falls(self, number: int) -> list[int]:
        return [when_us for when_us, level in self.pad(number).changes if level == 0]

    def forget(self) -> None:
        """Forget the pins' past."""
        for pad in self.pads.values():
            pad.changes.clear()

    # Registers

    def _driven_pad(self, address: int) -> Pad:
        offset = address - OUT_SEL.get(self.kind, 0)
        if self.kind not in OUT_SEL or offset % 4 or not 0 <= offset // 4 < 49:
            raise Broken(f"no register at {address:#x} is known")
        return self.pad(offset // 4)

    def load(self, address: int) -> int:
        if address in self.registers:
            return self.registers[address]
        return self._driven_pad(address).driver

    def store(self, address: int, value: int) -> None:
        if value != OWN and value not in self.signals:
            raise Broken(f"nothing has signal {value}")
        self._driven_pad(address).driver = value
        self.settle()

    # Watchdog

    def feed_watchdog(self) -> None:
        assert self.wdt_ms is not None
        self._wdt_turn += 1
        turn = self._wdt_turn
        self.at(self.now_us + self.wdt_ms * 1000, lambda: self._bite(turn))

    def _bite(self, turn: int) -> None:
        if turn != self._wdt_turn:
            return
        self.resets += 1
        self._events.clear()
        self._waiting.clear()
        self.listeners.clear()
        for pad in self.pads.values():
            pad.mode, pad.driver, pad.pull = None, OWN, 0
        self.settle()
        raise Reset
