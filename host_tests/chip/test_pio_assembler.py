"""The stand-in for `rp2` assembles as the chip maker's assembler does, refuses the unknown, and leaves no trace."""

import sys
from collections.abc import Callable

import pytest

from pio_assembler import AssemblyError, Operand, asm_pio, asm_pio_encode, assembled
from pio_machine import on_chip


def program(text: str, **settings: int) -> list[int]:
    """The words of a program, in a scope of its own."""
    return assembled(asm_pio(**settings)(body(text)))


def body(text: str) -> Callable[[], None]:
    scope: dict[str, Callable[[], None]] = {}
    lines = "".join(f"    {line.strip()}\n" for line in text.splitlines())
    exec("def program():\n" + lines, scope)
    return scope["program"]


@pytest.mark.parametrize(
    "text, words",
    [
        # RP2040 datasheet, 3.3.9.3: squarewave as hex.
        (
            """set(pindirs, 1)
            label("again")
            set(pins, 1)[1]
            set(pins, 0)
            jmp("again")""",
            [0xE081, 0xE101, 0xE000, 0x0001],
        ),
        # pico-examples, as pioasm puts them out: blink.pio, uart_rx_mini.pio, and lines of others.
        (
            """pull(block)
            out(y, 32)
            wrap_target()
            mov(x, y)
            set(pins, 1)
            label("lp1")
            jmp(x_dec, "lp1")
            mov(x, y)
            set(pins, 0)
            label("lp2")
            jmp(x_dec, "lp2")
            wrap()""",
            [0x80A0, 0x6040, 0xA022, 0xE001, 0x0044, 0xA022, 0xE000, 0x0047],
        ),
        (
            """wait(0, pin, 0)
            set(x, 7)[10]
            label("bitloop")
            in_(pins, 1)
            jmp(x_dec, "bitloop")[6]""",
            [0x2020, 0xEA27, 0x4001, 0x0642],
        ),
        ("wait(1, pin, 0)", [0x20A0]),
        ("mov(osr, pins)", [0xA0E0]),
        ("mov(y, osr)", [0xA047]),
        ("out(null, 8)", [0x6068]),
        ("in_(osr, 8)", [0x40E8]),
        ("push(block)", [0x8020]),
        ("push(noblock)", [0x8000]),
        ("nop()", [0xA042]),
    ],
)
def test_words_are_those_of_the_makers_own_assembler(text: str, words: list[int]):
    assert program(text) == words


@pytest.mark.parametrize(
    "condition, word",
    [("not_x", 0x20), ("x_dec", 0x40), ("not_y", 0x60), ("y_dec", 0x80), ("x_not_y", 0xA0), ("pin", 0xC0)],
)
def test_conditions_of_jumps_are_those_of_the_datasheet(condition: str, word: int):
    assert program(f'nop()\nlabel("here")\njmp({condition}, "here")') == [0xA042, word | 1]


@pytest.mark.parametrize(
    "text, says",
    [
        ('jmp(x, "here")\nlabel("here")\nnop()', "jmp if: 'x'"),
        ('jmp("nowhere")', "'nowhere' is before no instruction"),
        ('jmp("end")\nlabel("end")', "'end' is before no instruction"),
        ("jmp(pins)", "jmp to 'pins'"),
        ('label("here")\nlabel("here")\nnop()', "'here' twice"),
        ("set(pins, 32)", "set to: 32"),
        ("set(osr, 1)", "set: 'osr'"),
        ("mov(null, x)", "mov to: 'null'"),
        ("mov(x, 1)", "mov from: 1"),
        ("out(x, 0)", "out bits: 0"),
        ("in_(x, 33)", "in bits: 33"),
        ("wait(2, pin, 0)", "wait for: 2"),
        ("wait(1, x, 0)", "wait for: 'x'"),
        ("pull(x)", "pull: 'x'"),
        ("nop()[32]", "delay: 32"),
        ("nop()[-1]", "delay: -1"),
        ("nop()[1][1]", "a second delay"),
        ("pass", "0 instructions"),
        ("\n".join(["nop()"] * 33), "33 instructions"),
        ("wrap()", "before any instruction"),
        ("wrap_target()\nwrap_target()\nnop()", "wrap_target twice"),
    ],
)
def test_what_is_no_instruction_is_refused(text: str, says: str):
    with pytest.raises(AssemblyError, match=says):
        program(text)


@pytest.mark.parametrize("text", ["irq(0)", "nop().side(1)", "mov(x, invert(y))", "push(iffull)", "word(0)"])
def test_what_is_not_known_here_is_refused_too(text: str):
    with pytest.raises((NameError, AttributeError)):
        program(text)


def test_a_body_sees_the_assemblers_names_only_and_the_module_its_own_again():
    before = dict(globals())
    seen: dict[str, object] = {}

    def own():
        seen.update(globals())
        globals()["nop"]()

    assert assembled(asm_pio()(own)) == [0xA042]
    assert isinstance(seen["pins"], Operand)
    assert {"pins", "jmp", "label"} <= seen.keys()
    assert not {"pytest", "program", "__name__"} & seen.keys()
    with pytest.raises(AssemblyError, match="0 instructions"):
        asm_pio()(lambda: None)
    assert dict(globals()) == before


def test_one_instruction_is_encoded_by_itself():
    assert asm_pio_encode("in_(x, 30)", 0) == 0x403E
    assert asm_pio_encode("push(noblock)", 0) == 0x8000
    assert asm_pio_encode("set(pins, 0)", 0) == 0xE000
    assert asm_pio_encode("pull(noblock)", 0) == 0x8080
    with pytest.raises(AssemblyError, match="side-set"):
        asm_pio_encode("nop()", 1)
    with pytest.raises(NameError):
        asm_pio_encode('jmp("here")', 0)
    with pytest.raises(ValueError, match="unpack"):
        asm_pio_encode("nop(); nop()", 0)


def test_the_modules_for_the_chip_do_not_stay_among_those_of_this_process():
    before = dict(sys.modules)
    module = on_chip("pump.hal.rp2")
    assert module.rp2_pio.burst
    assert {"rp2", "machine", "pump.hal.rp2", "pump.hal.rp2_pio"}.isdisjoint(sys.modules)
    assert {name: module for name, module in before.items() if sys.modules.get(name) is not module} == {}
