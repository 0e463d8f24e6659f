"""A stand-in, on CPython, for the assembler in MicroPython's module `rp2`.

It encodes after the RP2040 datasheet, 3.4 (Instruction Set), and knows what the pump's programs need. Anything else,
and anything that the chip would take for something else, raises AssemblyError or NameError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

MEMORY_WORDS = 32
DELAY_MAX = 31


class AssemblyError(Exception):
    """Not an instruction of the state machines, or not one that is known here."""


class PIO:
    """The constants of `rp2.PIO` that programs are declared with, by MicroPython's values."""

    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = range(4)
    SHIFT_LEFT, SHIFT_RIGHT = range(2)


@dataclass(frozen=True)
class Program:
    """What `asm_pio` makes of a function. Targets of jumps count from the program's first word."""

    words: tuple[int, ...]
    wrap_target: int
    wrap_top: int
    set_init: int | None
    in_shiftdir: int
    out_shiftdir: int


class Operand(str):
    """A word of the assembler's own, as opposed to a label, which is a plain str."""


_CONDITIONS = {"not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6, "not_osre": 7}
_SOURCES = {"pins": 0, "x": 1, "y": 2, "null": 3, "isr": 6, "osr": 7}
_OUT_TO = {"pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4}
_MOV_TO = {"pins": 0, "x": 1, "y": 2, "isr": 6, "osr": 7}
_SET_TO = {"pins": 0, "x": 1, "y": 2, "pindirs": 4}
_WAIT_FOR = {"gpio": 0, "pin": 1}
_BLOCKING = {"noblock": 0, "block": 1}
_OPERANDS = {*_CONDITIONS, *_SOURCES, *_OUT_TO, *_MOV_TO, *_SET_TO, *_WAIT_FOR, *_BLOCKING}


def _code(operands: Mapping[str, int], operand: object, place: str) -> int:
    if not isinstance(operand, Operand) or operand not in operands:
        raise AssemblyError(f"{place}: {operand!r}, not one of {', '.join(operands)}")
    return operands[operand]


def _number(value: object, low: int, high: int, place: str) -> int:
    if type(value) is not int or not low <= value <= high:
        raise AssemblyError(f"{place}: {value!r}, not a number from {low} to {high}")
    return value


class Instruction:
    """One word to be. `[cycles]` after it adds idle cycles, once."""

    def __init__(self, word: int, label: str | None = None) -> None:
        self.word = word
        self.label = label

    def __getitem__(self, cycles: int) -> "Instruction":
        if self.word & DELAY_MAX << 8:
            raise AssemblyError("a second delay")
        self.word |= _number(cycles, 0, DELAY_MAX, "delay") << 8
        return self


class Assembler:
    """The functions of the assembler, one instruction each, and the program they add up to."""

    def __init__(self) -> None:
        self._instructions: list[Instruction] = []
        self._labels: dict[str, int] = {}
        self._wrap_target: int | None = None
        self._wrap_top: int | None = None

    def names(self) -> dict[str, object]:
        """What a program's body finds in its scope, and all that it finds there."""
        functions: tuple[Callable[..., object], ...] = (
            *(self.label, self.wrap_target, self.wrap),
            *(self.jmp, self.wait, self.in_, self.out, self.push, self.pull, self.mov, self.nop, self.set),
        )
        names: dict[str, object] = {name: Operand(name) for name in _OPERANDS}
        return names | {function.__name__: function for function in functions}

    def label(self, name: str) -> None:
        if name in self._labels:
            raise AssemblyError(f"label {name!r} twice")
        self._labels[name] = len(self._instructions)

    def wrap_target(self) -> None:
        if self._wrap_target is not None:
            raise AssemblyError("wrap_target twice")
        self._wrap_target = len(self._instructions)

    def wrap(self) -> None:
        if self._wrap_top is not None or not self._instructions:
            raise AssemblyError("wrap twice, or before any instruction")
        self._wrap_top = len(self._instructions) - 1

    def jmp(self, condition: object, label: object = None) -> Instruction:
        if label is None:
            condition, label, code = None, condition, 0
        else:
            code = _code(_CONDITIONS, condition, "jmp if")
        if not isinstance(label, str) or isinstance(label, Operand):
            raise AssemblyError(f"jmp to {label!r}, not a label")
        return self._add(0x0000 | code << 5, label)

    def wait(self, polarity: int, source: object, index: int) -> Instruction:
        polarity = _number(polarity, 0, 1, "wait for")
        code = _code(_WAIT_FOR, source, "wait for")
        return self._add(0x2000 | polarity << 7 | code << 5 | _number(index, 0, 31, "wait for pin"))

    def in_(self, source: object, bits: int) -> Instruction:
        return self._add(0x4000 | _code(_SOURCES, source, "in from") << 5 | _number(bits, 1, 32, "in bits") & 31)

    def out(self, destination: object, bits: int) -> Instruction:
        return self._add(0x6000 | _code(_OUT_TO, destination, "out to") << 5 | _number(bits, 1, 32, "out bits") & 31)

    def push(self, blocking: object) -> Instruction:
        return self._add(0x8000 | _code(_BLOCKING, blocking, "push") << 5)

    def pull(self, blocking: object) -> Instruction:
        return self._add(0x8080 | _code(_BLOCKING, blocking, "pull") << 5)

    def mov(self, destination: object, source: object) -> Instruction:
        return self._add(0xA000 | _code(_MOV_TO, destination, "mov to") << 5 | _code(_SOURCES, source, "mov from"))

    def nop(self) -> Instruction:
        """The assembler's word for `mov y, y` (datasheet, 3.3.7)."""
        return self.mov(Operand("y"), Operand("y"))

    def set(self, destination: object, value: int) -> Instruction:
        return self._add(0xE000 | _code(_SET_TO, destination, "set") << 5 | _number(value, 0, 31, "set to"))

    def program(self, set_init: int | None, in_shiftdir: int, out_shiftdir: int) -> Program:
        """All there was, with labels resolved."""
        if not 0 < len(self._instructions) <= MEMORY_WORDS:
            raise AssemblyError(f"{len(self._instructions)} instructions, not 1 to {MEMORY_WORDS}")
        wrap_top = len(self._instructions) - 1 if self._wrap_top is None else self._wrap_top
        words = tuple(one.word | self._target(one.label) for one in self._instructions)
        return Program(words, self._wrap_target or 0, wrap_top, set_init, in_shiftdir, out_shiftdir)

    def _target(self, label: str | None) -> int:
        if label is None:
            return 0
        if label not in self._labels or self._labels[label] == len(self._instructions):
            raise AssemblyError(f"label {label!r} is before no instruction")
        return self._labels[label]

    def _add(self, word: int, label: str | None = None) -> Instruction:
        self._instructions.append(Instruction(word, label))
        return self._instructions[-1]


def asm_pio(
    *, set_init: int | None = None, in_shiftdir: int = PIO.SHIFT_LEFT, out_shiftdir: int = PIO.SHIFT_LEFT
) -> Callable[[Callable[[], None]], Program]:
    """`rp2.asm_pio`: the body runs with the assembler's names as its only globals, as it does on the chip."""

    def assemble(body: Callable[[], None]) -> Program:
        assembler = Assembler()
        scope = body.__globals__
        own = scope.copy()
        scope.clear()
        scope.update(assembler.names())
        try:
            body()
        finally:
            scope.clear()
            scope.update(own)
        return assembler.program(set_init, in_shiftdir, out_shiftdir)

    return assemble


def asm_pio_encode(text: str, sideset_count: int) -> int:
    """`rp2.asm_pio_encode`: the word of one instruction, which cannot be a jump."""
    if sideset_count != 0:
        raise AssemblyError("side-set is not known here")
    assembler = Assembler()
    scope = assembler.names()
    del scope["jmp"]
    exec(text, scope)
    (word,) = assembled(assembler.program(None, PIO.SHIFT_LEFT, PIO.SHIFT_LEFT))
    return word


def assembled(program: Program) -> list[int]:
    """The words of a program as they would lie from offset 0 on."""
    return list(program.words)
