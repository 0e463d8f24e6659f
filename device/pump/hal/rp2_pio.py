"""The three programs of the RP2040's state machines, in its assembler. At most 30 of the 32 words of one block.

Each is a function that assembles: nothing is loaded or started here. `rp2.asm_pio` runs the bodies with names of its
own in scope (`pull`, `jmp`, `pins`, ...), which is what the linter cannot know.
"""
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false, reportUnusedExpression=false, reportIndexIssue=false, reportCallIssue=false

import rp2

# Burst: what a period costs besides the high time and the turns of its wait; what goes by from the last pulse to the
# word that ends the burst, besides the high time and the turns of the rest.
STEP_OVERHEAD_CYCLES = 5
REST_OVERHEAD_CYCLES = 4

# Dead man: cycles of one turn of its count.
COUNT_CYCLES = 96

# How long one instruction can take, its delay included.
INSTRUCTION_CYCLES_MAX = 32


def burst(high_cycles: int):
    """Pulses on the set pin. Takes three words: turns of the wait between pulses, pulses less one, turns of the rest.

    Pulses are high for `high_cycles` (1..64) and `high_cycles + STEP_OVERHEAD_CYCLES + turns` apart. The machine pushes
    one word `high_cycles + REST_OVERHEAD_CYCLES + rest turns` after the last one rose, and stalls until the next three.
    """
    set_cycles = min(high_cycles, INSTRUCTION_CYCLES_MAX)
    more_cycles = high_cycles - set_cycles

    @rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
    def program():
        wrap_target()
        pull(block)
        mov(isr, osr)
        pull(block)
        mov(x, osr)
        pull(block)
        label("step")
        set(pins, 1)[set_cycles - 1]
        if more_cycles:
            nop()[more_cycles - 1]
        set(pins, 0)
        jmp(not_x, "sent")
        mov(y, isr)
        label("wait")
        jmp(y_dec, "wait")
        jmp(x_dec, "step")
        label("sent")
        mov(y, osr)
        label("rest")
        jmp(y_dec, "rest")
        push(noblock)
        wrap()

    return program


def edges():
    """Counts x down at every rising edge of in pin 0 that finds the jmp pin low: the driver enabled."""

    @rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_LEFT)
    def program():
        wrap_target()
        label("next")
        wait(0, pin, 0)
        wait(1, pin, 0)
        jmp(pin, "next")
        jmp(x_dec, "next")
        wrap()

    return program


def powered_edges():
    """As `edges`, and in pin 1 must be high: the driver powered."""

    @rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_LEFT, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
    def program():
        wrap_target()
        label("next")
        wait(0, pin, 0)
        wait(1, pin, 0)
        jmp(pin, "next")
        mov(osr, pins)
        out(null, 1)
        out(y, 1)
        jmp(not_y, "next")
        jmp(x_dec, "next")
        wrap()

    return program


def dead_man():
    """Holds the set pin low for as many turns of COUNT_CYCLES as the last word said, and one more; else high."""

    @rp2.asm_pio(set_init=rp2.PIO.OUT_HIGH)
    def program():
        wrap_target()
        set(pins, 1)
        pull(block)
        set(pins, 0)
        mov(x, osr)
        label("count")
        # Without a word waiting this gives x back: the count goes on.
        pull(noblock)[31]
        mov(x, osr)[31]
        jmp(x_dec, "count")[31]
        wrap()

    return program
