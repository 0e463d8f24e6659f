"""One state machine of an RP2040, run cycle by cycle, behind the face that MicroPython gives it; and the pump's modules
for that chip, imported on CPython with it.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from types import ModuleType
from typing import ClassVar

import pytest

from pio_assembler import PIO, Program, asm_pio, asm_pio_encode

pytest.importorskip("pioemu", reason="rp2040-pio-emulator wants Python 3.10.18 or newer")

from pioemu import ShiftRegister, State, emulate

FIFO_WORDS = 4
WORD_MASK = 0xFFFF_FFFF

# Of the emulator's one word of pin levels: where the jmp pin, which is apart from the in pins, is shown.
_JMP_BIT = 31
_JMP_Y_DEC = 0x0080
_PULL_BLOCK = 0x80A0


class Pin:
    """`machine.Pin`: a number, and whatever it is told."""

    IN, OUT, PULL_UP, PULL_DOWN = range(4)

    def __init__(self, number: int, mode: int = IN, pull: int | None = None, value: int = 0) -> None:
        self.number = number
        self.level = value
        self.configured = mode, pull

    def value(self, level: int | None = None) -> int:
        if level is not None:
            self.level = level
        return self.level


class StateMachine:
    """`rp2.StateMachine`. Time stands still but in `run`, and by `call_cycles` before each put, get and exec.

    A change of the set pin is dated by the cycle, from 0 on, of the instruction that makes it: the pin has its new
    level from the end of that cycle on.
    """

    made: ClassVar[dict[int, "StateMachine"]] = {}

    def __init__(
        self,
        number: int,
        program: Program,
        freq: int = -1,
        *,
        set_base: Pin | None = None,
        in_base: Pin | None = None,
        jmp_pin: Pin | None = None,
    ) -> None:
        self.made[number] = self
        self.program = program
        self.hz = freq
        self.now = 0
        self.call_cycles = 0
        self.leaps = True
        # Of each GPIO a bit, by the cycle.
        self.levels: Callable[[int], int] = lambda _cycle: 0
        self.set_level = int(program.set_init == PIO.OUT_HIGH)
        self.changes: list[tuple[int, int]] = []
        # The words that were got.
        self.got: list[int] = []
        self._active = False
        self._set_bit = set_base.number if set_base else 0
        self.in_pin, self.jmp_to = in_base, jmp_pin
        self._in_base = in_base.number if in_base else 0
        self._jmp_pin = jmp_pin.number if jmp_pin else 0
        self._emulate = partial(
            emulate,
            stop_when=lambda _word, _state: False,
            # Levels that come in would overwrite those that go out.
            input_source=self._inputs if in_base else None,
            shift_isr_right=program.in_shiftdir == PIO.SHIFT_RIGHT,
            shift_osr_right=program.out_shiftdir == PIO.SHIFT_RIGHT,
            set_base=self._set_bit,
            set_count=1,
            jmp_pin=_JMP_BIT,
            wrap_target=program.wrap_target,
            wrap_top=program.wrap_top,
        )
        self._become(State(pin_values=self.set_level << self._set_bit))

    @property
    def waiting(self) -> list[int]:
        """The words that were put and not taken yet."""
        return list(self._state.transmit_fifo)

    @property
    def rises(self) -> list[int]:
        """The cycles of the set pin's rising edges."""
        return [cycle for cycle, level in self.changes if level]

    @property
    def falls(self) -> list[int]:
        """The cycles of the set pin's falling edges."""
        return [cycle for cycle, level in self.changes if not level]

    def run(self, cycles: int) -> None:
        """Let so many cycles pass."""
        self.run_to(self.now + cycles)

    def run_to(self, cycle: int) -> None:
        """Let all cycles before this one pass."""
        # An instruction's delay may end later: what is put in the meantime, the next instruction finds.
        while self._active and self._state.clock < cycle:
            if not (self.leaps and self._leapt(cycle)):
                self._step()
        self.now = cycle

    def preset_x(self, value: int) -> None:
        """What x happens to hold: nothing on the chip clears it but a reset."""
        self._become(replace(self._state, x_register=value))

    def put(self, word: int) -> None:
        self.run(self.call_cycles)
        if len(self._state.transmit_fifo) == FIFO_WORDS:
            raise BlockingIOError("put: the FIFO is full, and MicroPython would wait")
        self._state.transmit_fifo.append(word & WORD_MASK)

    def get(self) -> int:
        self.run(self.call_cycles)
        if not self._state.receive_fifo:
            raise BlockingIOError("get: the FIFO is empty, and MicroPython would wait")
        self.got.append(self._state.receive_fifo.popleft())
        return self.got[-1]

    def tx_fifo(self) -> int:
        return len(self._state.transmit_fifo)

    def rx_fifo(self) -> int:
        return len(self._state.receive_fifo)

    def active(self, value: int) -> None:
        self._active = bool(value)
        if self._state.clock < self.now:
            self._become(replace(self._state, clock=self.now))

    def restart(self) -> None:
        """From the first instruction on; scratch registers and FIFOs stay (datasheet, 3.7: CTRL, SM_RESTART)."""
        emptied = ShiftRegister(self._state.output_shift_register.contents, 32)
        self._become(
            replace(
                self._state,
                clock=self.now,
                program_counter=0,
                input_shift_register=ShiftRegister(0, 0),
                output_shift_register=emptied,
            )
        )

    def exec(self, word: int) -> None:
        """Instead of the instruction that was next, which comes after it (datasheet, 3.5.7: Forced and EXEC'd)."""
        self.run(self.call_cycles)
        before = self._state
        if before.clock != self.now:
            raise NotImplementedError("exec amid a delay: the datasheet does not say what becomes of it")
        _, after = next(self._emulate([word], initial_state=replace(before, program_counter=0)))
        cycles = 1 if self._active else 0
        self._become(replace(after, program_counter=before.program_counter, clock=self.now + cycles))
        self._watch_set_pin(self.now)
        self.now += cycles

    def _become(self, state: State) -> None:
        self._state = state
        self._steps = self._emulate(list(self.program.words), initial_state=state)

    def _step(self) -> None:
        # The emulator ends without a word at an instruction it does not know.
        before, self._state = next(self._steps)
        self._watch_set_pin(before.clock)

    def _leapt(self, cycle: int) -> bool:
        """All cycles at once of a pull without a word, and of a jump to itself that does nothing but count y down."""
        state = self._state
        word = self.program.words[state.program_counter]
        if word == _PULL_BLOCK and not state.transmit_fifo:
            self._become(replace(state, clock=cycle))
        elif word == _JMP_Y_DEC | state.program_counter and state.y_register:
            turns = min(state.y_register, cycle - state.clock)
            self._become(replace(state, y_register=state.y_register - turns, clock=state.clock + turns))
        else:
            return False
        return True

    def _watch_set_pin(self, cycle: int) -> None:
        level = self._state.pin_values >> self._set_bit & 1
        if level != self.set_level:
            self.set_level = level
            self.changes.append((cycle, level))

    def _inputs(self, state: State) -> int:
        levels = self.levels(state.clock)
        return levels >> self._in_base & (1 << _JMP_BIT) - 1 | (levels >> self._jmp_pin & 1) << _JMP_BIT


@cache
def on_chip(name: str) -> ModuleType:
    """A module of `pump.hal` for the RP2040, with the stand-ins in place of what only MicroPython has.

    Nothing of it stays behind among the modules of this process.
    """
    others = {other: module for other, module in sys.modules.items() if _is_of_a_chip(other)}
    for other in others:
        del sys.modules[other]
    sys.modules |= {"rp2": _rp2(), "machine": _machine()}
    try:
        return import_module(name)
    finally:
        for ours in [each for each in sys.modules if _is_of_a_chip(each)]:
            del sys.modules[ours]
        sys.modules |= others
        if "pump.hal" in others:
            vars(sys.modules["pump"])["hal"] = others["pump.hal"]


def _is_of_a_chip(name: str) -> bool:
    return name in ("rp2", "machine", "pump.hal") or name.startswith("pump.hal.")


def _rp2() -> ModuleType:
    module = ModuleType("rp2")
    vars(module).update(PIO=PIO, StateMachine=StateMachine, asm_pio=asm_pio, asm_pio_encode=asm_pio_encode)
    return module


def _machine() -> ModuleType:
    module = ModuleType("machine")
    vars(module).update(Pin=Pin, **{name: type(name, (), {}) for name in ("ADC", "PWM", "Timer", "UART", "WDT")})
    return module
