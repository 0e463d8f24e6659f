"""Our pump on the emulated Pico: the build that would be flashed, on a bench, with a program to begin with."""

import importlib.util
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from chip import image
from chip.bench import ChipBench
from chip.emulator import Chip
from chip.stock import stock_uf2
from itb.boards.board import Board, read_board, write_constants
from itb.flash.image import MAIN, make_image

HERE = Path(__file__).parent
BOARD = HERE / "chip-bench.toml"
GUEST = HERE / "guest"

# Pins of the emulated bench that the story shows its work on, and those that it takes commands from.
TICKING, POLLING = 16, 17
COMMANDS = {
    "begin": 18,
    "stop": 19,
    "start": 20,
    "mask_interrupts": 21,
    "hang_loop": 22,
    "hang_tick": 27,
    "report_heap": 28,
    "report_left_over": 13,
}
# What the erasure of a sector takes, at most, by the datasheet of the flash on the Pico (W25Q16JV, tSE).
MASKED_US = 400_000
# What the reservoir of the emulated bench holds: 500 ug/mL.
CONCENTRATION_NG_ML = 500_000
# How long the processor's spare time is measured.
SPIN_MS = 30

BOOT_LIMIT_MS = 4000.0
ANSWER_LIMIT_MS = 1500.0


def chip_board() -> Board:
    """The board of the emulated bench."""
    return read_board(BOARD)


def steady(steps_day: int, limit_steps: int = 100_000_000) -> dict[str, object]:
    """A program of one rate, in microsteps per day, as the device takes it."""
    return {
        "version": 2,
        "rate_den": 1,
        "concentration_ng_ml": CONCENTRATION_NG_ML,
        "patterns": [[[0, steps_day, 0]]],
        "plan": [[0, 0, 0]],
        "boluses": [],
        "patient": None,
        "trial": [],
        "bridge": None,
        "override": "",
        "titration": [0, "chip"],
        "limits": {kind: [limit_steps, "chip"] for kind in ("hour", "day", "bolus")},
    }


class ChipPump:
    """A pump that has just been given power. `told` adds to what the story is told; `day_ms` is its time of day."""

    def __init__(
        self,
        program: Mapping[str, object],
        day_ms: int = 0,
        fill_steps: int = 40_000_000,
        board: Board | None = None,
    ) -> None:
        self.board = board or chip_board()
        files = dict(make_image(self.board).files)
        files["/started.py"] = files[MAIN]
        files[MAIN] = (GUEST / "story.py").read_bytes()
        files["/spin.py"] = (GUEST / "spin.py").read_bytes()
        told = {
            "program": program,
            "day_ms": day_ms,
            "fill_steps": fill_steps,
            "concentration_ng_ml": program["concentration_ng_ml"],
            "masked_us": MASKED_US,
            "spin_ms": SPIN_MS,
            "ticking": TICKING,
            "polling": POLLING,
            "commands": COMMANDS,
        }
        files["/story.json"] = json.dumps(told).encode()
        self.chip = Chip(stock_uf2(), image.START, image.made(files))
        self.constants = constants_module(self.board)
        self.bench = ChipBench(self.chip, self.constants, fill_steps)
        self.ticks_ns: list[tuple[float, float]] = []
        """When each tick began and ended."""
        self.polls_ns: list[tuple[float, float]] = []
        """When each poll of the loop began and ended."""
        for pin, spans in ((TICKING, self.ticks_ns), (POLLING, self.polls_ns)):
            self._record_spans(pin, spans)
        for pin in COMMANDS.values():
            self.chip.drive(pin, False)

    def boot(self) -> None:
        """Run until the first tick: imports are done, the self-test is over."""
        ticks = len(self.ticks_ns)
        self.chip.run_until(lambda: len(self.ticks_ns) > ticks, "tick", BOOT_LIMIT_MS)

    def press(self, command: str) -> float:
        """Give a command of the story. Returns when, ns."""
        pressed_ns = self.chip.now_ns
        self.chip.drive(COMMANDS[command], True)
        return pressed_ns

    def release(self, command: str) -> None:
        """Let the command's pin go low again."""
        self.chip.drive(COMMANDS[command], False)

    def begin(self) -> None:
        """Give the pump its reservoir, program and time, and start it."""
        self.press("begin")
        self.wait_for_line("STARTED")
        self.release("begin")

    def wait_for_line(self, start: str, limit_ms: float = ANSWER_LIMIT_MS) -> str:
        """As `Chip.line`."""
        return self.chip.line(start, limit_ms)

    def status(self) -> dict[str, Any]:
        """What the pump answers to `status` on its console."""
        self.chip.send(b"status\n")
        return json.loads(self.wait_for_line("{"))

    def day_ms(self) -> int:
        """The pump's time of day."""
        return self.status()["day_ms"]

    def _record_spans(self, pin: int, spans: list[tuple[float, float]]) -> None:
        began_ns = 0.0

        def changed(now_ns: float, level: bool) -> None:
            nonlocal began_ns
            if level:
                began_ns = now_ns
            elif began_ns:
                spans.append((began_ns, now_ns))

        self.chip.listen(pin, changed)


def constants_module(board: Board) -> ModuleType:
    """The module of the board's constants, as the firmware imports it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = write_constants(board, Path(scratch))
        spec = importlib.util.spec_from_file_location("board", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
