"""`make chip`: what the pump does on an emulated Pico, in emulated time, and a public stepper library beside it."""

import argparse
import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rich.console import Console
from rich.table import Table

from chip import image
from chip.bench import ChipBench, ms
from chip.emulator import Chip
from chip.pump import GUEST, SPIN_MS, ChipPump, chip_board, constants_module, steady
from chip.stock import NoFirmware, from_index, stock_uf2

MS_PER_DAY = 86_400_000
# A burst of nine or ten microsteps in every tick, and what a library that steps by timer still does.
RATE_HZ = 926
RUN_MS = 300
REST_MS = 200
# The first ticks after the start make up for what the start took.
SETTLED_NS = 50e6
# What the erasure of a sector takes, typically, by the datasheet of the Pico's flash (W25Q16JV, tSE).
ERASED_US = 45_000
RIVAL, RIVAL_MODULE = "micropython-stepper==1.0.3", "stepper/__init__.py"
RIVAL_LIMIT_MS = 5000.0
# Five microsteps a second, and fifteen: what an implanted pump's 1 mL syringe does in a bolus.
FLEX_STEPS_DAY = 432_000


@dataclass(frozen=True)
class Stepping:
    """How steps came: the gaps between them while nothing disturbed, and what a masked processor made of them."""

    least_us: float
    most_us: float
    owed_steps: float
    """What the rate gives for the whole time, the masked time included."""
    made_steps: int
    taken_percent: float
    """How much of the processor the stepping took."""


def pump_life(pump: ChipPump) -> tuple[list[tuple[str, str, str]], Stepping]:
    """A short life of the pump: rows of what, found, goal; and its steps."""
    bench, lines = pump.bench, pump.bench.lines
    pump.press("begin")
    pump.boot()
    free = _number(pump.wait_for_line("FREE"))
    pump.wait_for_line("STARTED")
    begun_ns = pump.chip.now_ns
    bench.run_ms(RUN_MS)
    undisturbed = bench.steps_between(begun_ns + SETTLED_NS, pump.chip.now_ns)
    halves = [sum(span) / 2 for span in pump.ticks_ns if span[0] > begun_ns]
    delivering_us = [_us(span) for span in pump.ticks_ns if span[0] > begun_ns]
    pump.press("report_left_over")
    left = _number(pump.wait_for_line("BUSY"))
    pump.press("mask_interrupts")
    bench.run_ms(ERASED_US / 1000 + RUN_MS)
    pump.press("report_heap")
    heap_bytes = _number(pump.wait_for_line("HEAP"))
    stopped_ns = pump.press("stop")
    bench.run_ms(50)
    # None may have come after it.
    stop_ms = max(0.0, ms(lines.steps_ns[-1] - stopped_ns))
    resting, polled = len(pump.ticks_ns), len(pump.polls_ns)
    bench.run_ms(REST_MS)
    resting_us = [_us(span) for span in pump.ticks_ns[resting:]]
    poll_us = [_us(span) for span in pump.polls_ns[polled:]]
    status = pump.status()
    counts = (status["granted_steps"], len(lines.steps_ns), bench.motor_steps, status["confirmed_steps"])
    rows = [
        ("power on to self-test passed", f"{ms(pump.ticks_ns[0][0]):,.0f} ms", ""),
        ("power on to first step", f"{ms(lines.steps_ns[0]):,.0f} ms", "at most 3,000 ms"),
        ("tick at rest, typical and worst", _typical(resting_us), "at most 2,000 us"),
        ("tick delivering, typical and worst", _typical(delivering_us), "at most 2,000 us"),
        ("poll of the loop, typical and worst", _typical(poll_us), ""),
        ("steps out of their place in the burst by", f"{_off_place_ns(bench, halves):,.0f} ns", "at most 40 ns"),
        ("stop command to last step", f"{stop_ms:,.1f} ms", "at most 20 ms"),
        ("heap free after start", f"{heap_bytes:,} bytes", "at least 112,640 bytes"),
        ("steps granted, seen, moved, confirmed", ", ".join(map(str, counts)), "all equal"),
    ]
    gaps_us = [(after - before) / 1000 for before, after in pairwise(undisturbed)]
    owed = status["ordered_steps"] - status["dropped_steps"]
    return rows, Stepping(min(gaps_us), max(gaps_us), owed, len(lines.steps_ns), 100 * (1 - left / free))


def flex_life(minutes: int) -> list[tuple[str, str, str]]:
    """`minutes` of a flex day at the real tick, whose rate changes half way: rows of what, found, goal."""
    half_ms = minutes * 30_000
    rates = (FLEX_STEPS_DAY, FLEX_STEPS_DAY * 3)
    program = {**steady(rates[0]), "patterns": [[[0, rates[0], 0], [half_ms, rates[1], 0]]]}
    pump = ChipPump(program)
    pump.boot()
    pump.begin()
    pump.bench.run_ms(2 * half_ms - pump.day_ms())
    # The last tick's burst and its count.
    pump.press("stop")
    pump.bench.run_ms(50)
    status = pump.status()
    ordered = status["ordered_steps"]
    dropped = status["dropped_steps"]
    exact = sum(rate * half_ms / MS_PER_DAY for rate in rates)
    ticks_us = [_us(span) for span in pump.ticks_ns]
    return [
        ("owed by the prescription, in microsteps", f"{exact:,.2f}", ""),
        ("ordered; of that dropped by the stop", f"{ordered:,}; {dropped:,}", "whole of the above, 50 ms more at most"),
        ("confirmed, and moved by the motor", f"{status['confirmed_steps']:,} and {pump.bench.motor_steps:,}", "equal"),
        ("tick, typical and worst", _typical(ticks_us), "at most 2,000 us"),
        ("late ticks", f"{status['late_ticks']}", ""),
    ]


def rival_life() -> Stepping:
    """The same rate by the library's timer. Raises NoFirmware when the library cannot be had."""
    board = constants_module(chip_board())
    told = {
        "step": board.PIN_STEP,
        "dir": board.PIN_DIR,
        "enable": board.PIN_ENABLE,
        "rate_hz": RATE_HZ,
        "spin_ms": SPIN_MS,
        "work_ms": RUN_MS,
        "masked_us": ERASED_US,
    }
    files = {
        "/main.py": (GUEST / "rival.py").read_bytes(),
        "/spin.py": (GUEST / "spin.py").read_bytes(),
        "/stepper.py": from_index(RIVAL, RIVAL_MODULE),
        "/rival.json": json.dumps(told).encode(),
    }
    chip = Chip(stock_uf2(), image.START, image.made(files))
    bench = ChipBench(chip, board, fill_steps=1_000_000)
    free = _number(chip.line("FREE", RIVAL_LIMIT_MS))
    chip.line("STARTED", RIVAL_LIMIT_MS)
    begun_ns = chip.now_ns
    left = _number(chip.line("BUSY", RIVAL_LIMIT_MS))
    undisturbed = bench.steps_between(begun_ns + SETTLED_NS, chip.now_ns)
    chip.line("STOPPED", RIVAL_LIMIT_MS)
    gaps_us = [(after - before) / 1000 for before, after in pairwise(undisturbed)]
    made = bench.lines.steps_ns
    owed = (made[-1] - made[0]) / 1e9 * RATE_HZ + 1
    return Stepping(min(gaps_us), max(gaps_us), owed, len(made), 100 * (1 - left / free))


def _off_place_ns(bench: ChipBench, halves: list[float]) -> float:
    """The most that a step was away from where a burst of so many, even over 7/8 of the tick, has it."""
    worst_ns = 0.0
    for begin, end in pairwise(halves):
        burst = bench.steps_between(begin, end)
        for place, at_ns in enumerate(burst):
            even_ns = burst[0] + place * (8_750 // len(burst)) * 1000
            worst_ns = max(worst_ns, abs(at_ns - even_ns))
    return worst_ns


def _us(span: tuple[float, float]) -> float:
    return (span[1] - span[0]) / 1000


def _typical(spans_us: list[float]) -> str:
    return f"{median(spans_us):,.0f} and {max(spans_us):,.0f} us"


def _number(line: str) -> int:
    return int(line.split()[1])


def show_pump(out: Console) -> Stepping:
    """Print the figures of the pump."""
    rows, stepping = pump_life(ChipPump(steady(RATE_HZ * MS_PER_DAY // 1000)))
    _show_rows(out, "The pump on an emulated Pico (RP2040, 125 MHz), in emulated time", rows)
    return stepping


def show_flex(out: Console, minutes: int) -> None:
    """Print what became of some minutes of flex."""
    _show_rows(out, f"{minutes} min of flex at the real tick, on the emulated Pico", flex_life(minutes))


def _show_rows(out: Console, title: str, rows: list[tuple[str, str, str]]) -> None:
    table = Table(title=title)
    for heading in ("what", "found", "goal"):
        table.add_column(heading)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def show_rival(out: Console, pump: Stepping) -> None:
    """Print the pump beside the library."""
    rival = rival_life()
    title = f"{RATE_HZ} steps a second, interrupts masked once for {ERASED_US // 1000} ms as by the erasure of a sector"
    table = Table(title=title)
    for heading in ("what", "pump", RIVAL):
        table.add_column(heading)
    rows = (
        ("shortest and longest gap, undisturbed", lambda s: f"{s.least_us:,.1f} and {s.most_us:,.1f} us"),
        ("steps owed", lambda s: f"{s.owed_steps:,.0f}"),
        ("steps made", lambda s: f"{s.made_steps:,}"),
        ("processor taken by stepping", lambda s: f"{s.taken_percent:.0f} %"),
    )
    for what, told in rows:
        table.add_row(what, told(pump), told(rival))
    out.print(table)


def main() -> int:
    """Run and print. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m chip.report", description="Measure the pump on an emulated Pico.")
    parser.add_argument("--minutes", type=int, default=0, help="also run this long a piece of a flex day (slow)")
    options = parser.parse_args()
    out = Console()
    try:
        show_rival(out, show_pump(out))
        if options.minutes:
            show_flex(out, options.minutes)
    except NoFirmware as error:
        Console(stderr=True).print(str(error), highlight=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
