"""`itb flash` as its tests call it, and the small firmware that they flash."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from itb.flash.command import Order, flash
from vmboard import VmBoard

BOARD = "pico_bench"
PATIENCE_S = 5
MAIN = """\
import json
import sys

import board
from pump.core.one import FAILED

while True:
    if sys.stdin.readline() == "status\\n":
        state = "inhibited" if FAILED else "stopped"
        print(json.dumps({"state": state, "alarms": [], "failed_checks": FAILED}))
"""
MODULES = {
    "pump/__init__.py": "",
    "pump/core/__init__.py": "",
    "pump/core/one.py": "FAILED = []\n",
    # Larger than a block and than a chunk of the wire, and no two parts of it alike.
    "pump/core/large.py": "TEXT = '" + " ".join(str(number * number) for number in range(900)) + "'\n",
}
DATA = {"/data/settings": b"\x00mine\xff", "/data/journal/0": b"seq 1"}


class Source:
    """The sources of a small firmware, in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, main: str = MAIN, **modules: str | None) -> Path:
        """Write them, with modules replaced or, where the text is None, left out. Returns the directory."""
        texts: dict[str, str | None] = {"boot.py": "import board\n", "main.py": main, **MODULES}
        texts.update({f"pump/core/{name}.py": text for name, text in modules.items()})
        for name, text in texts.items():
            path = self._directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text)
        return self._directory


class Flashed:
    """An `itb flash`: exit status, and what was said."""

    def __init__(
        self,
        device: Path,
        port: str,
        name: str = BOARD,
        verify: bool = False,
        reboot: bool = True,
        back_s: float = PATIENCE_S,
        forget: bool = False,
    ) -> None:
        order = Order(name, port, verify, reboot, device=device, patience_s=PATIENCE_S, back_s=back_s, forget=forget)
        out, errors = StringIO(), StringIO()
        self.status = flash(order, Console(file=out, width=100), Console(file=errors, width=100))
        self.out, self.errors = out.getvalue(), errors.getvalue()
        self.copied = [line.split()[1].rstrip(",") for line in self.out.splitlines() if line.startswith("copied")]
        self.removed = [line.split()[1].rstrip(",") for line in self.out.splitlines() if line.startswith("removed")]


def tree_when_off(board: VmBoard) -> dict[str, bytes | None]:
    board.power_off()
    try:
        return board.tree()
    finally:
        board.power_on()


def files_when_off(board: VmBoard) -> dict[str, bytes | None]:
    return {path: content for path, content in tree_when_off(board).items() if content is not None}
