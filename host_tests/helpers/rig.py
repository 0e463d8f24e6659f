"""A pump on its bench, for tests: the firmware on the digital twin, in CPython."""

import json
import tempfile
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from itb.boards.board import load_board, write_constants
from pump.app import App
from twin.bench import Bench
from twin.faults import Faults

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
UNLIMITED = (1 << 30) - 1
MONDAY = 0
# 500 ug/mL.
NG_ML = 500_000


def board_module(name: str = "sim", slice_ms: int | None = None) -> ModuleType:
    """The generated constants of board `name`, as the module the firmware imports."""
    with tempfile.TemporaryDirectory() as directory:
        path = write_constants(load_board(name), Path(directory), slice_ms)
        spec = spec_from_file_location("board", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def program(
    rows: list[list[int]],
    rate_den: int = 1,
    boluses: list[list[int]] | None = None,
    parts: dict[str, Any] | None = None,
    **limits: int,
) -> dict[str, Any]:
    """A device program of one day pattern, `rows`; a limit that is not given does not bind. `parts` replaces fields."""
    return {
        "version": 2,
        "rate_den": rate_den,
        "concentration_ng_ml": NG_ML,
        "patterns": [rows],
        "plan": [[0, 0, 0]],
        "boluses": boluses or [],
        "patient": None,
        "trial": [],
        "bridge": None,
        "override": "",
        "titration": [1000, "test"],
        **(parts or {}),
        "limits": {name: [limits.get(name, UNLIMITED), "test"] for name in ("hour", "day", "bolus")},
    }


def day_total_steps(source: dict[str, Any]) -> Fraction:
    """What one day of a program's schedule owes, in exact microsteps, computed on rationals."""
    (rows,) = source["patterns"]
    ends = [row[0] for row in rows[1:]] + [DAY_MS]
    rates = [Fraction(whole) + Fraction(frac, source["rate_den"]) for _, whole, frac in rows]
    return sum((rate * (end - row[0]) / DAY_MS for row, end, rate in zip(rows, ends, rates, strict=True)), Fraction(0))


class Rig:
    """One pump, started with `source`, filled and running from midnight unless told otherwise."""

    def __init__(
        self,
        source: dict[str, Any],
        board: ModuleType | None = None,
        faults: list[list[Any]] | None = None,
        fill_steps: int | None = None,
        day_ms: int | None = 0,
        seed: int = 1,
    ) -> None:
        self.board = board or board_module(slice_ms=MINUTE_MS)
        filled_steps: int = self.board.RESERVOIR_CAPACITY_STEPS if fill_steps is None else fill_steps
        self.bench = Bench(self.board, filled_steps, Faults(faults or []), seed)
        self.app = App(self.board, self.bench.ports)
        self.app.open()
        self.app.control.refill(filled_steps, 0, NG_ML)
        self.app.control.load(source)
        if day_ms is not None:
            self.app.control.set_time(day_ms, MONDAY)
        self.app.control.start()
        self.app.loop.poll()

    def slice(self, span_ms: int | None = None) -> None:
        """Let one slice pass: the bench, the tick, the loop."""
        self.bench.advance(span_ms or self.board.TICK_MS)
        self.app.tick.run_once()
        self.app.loop.poll()

    def run(self, span_ms: int) -> None:
        """Let `span_ms` pass in whole slices."""
        for _ in range(span_ms // self.board.TICK_MS):
            self.slice()

    def refill(self, fill_steps: int) -> None:
        """Draw off what the pump expects to be there, and fill with as many steps of what was there before."""
        self.app.control.refill(fill_steps, self.app.status.read()["reservoir_steps"], NG_ML)
        self.bench.refill(fill_steps)

    def status(self) -> dict[str, Any]:
        """The firmware's status, as its programmer gets it over the link."""
        self.bench.ports.link.put(b"status\n")
        self.app.loop.poll()
        return json.loads(self.bench.ports.link.take())

    def events(self, kind: str) -> list[tuple[int, int, int]]:
        """The journal's events of `kind`, as (uptime_ms, a, b)."""
        return [(event.uptime_ms, event.a, event.b) for event in self.app.journal.since(0) if event.kind == kind]
