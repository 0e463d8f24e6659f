"""The two files of a board's constants, damaged as a test wants them, and read as the firmware reads them."""

import importlib
from pathlib import Path
from typing import Any

from itb.boards.board import load_board, write_constants
from pump.hal.settings import COPIES, Settings


class TwoCopies:
    """In `folder`, which has to be on sys.path, with bytecode left unwritten."""

    def __init__(self, folder: Path, name: str = "sim") -> None:
        self.folder = folder
        self.good = source_of(folder / "made", name)
        self.write(self.good, self.good)

    def write(self, *contents: bytes | None) -> None:
        """What the first and the second copy hold from now on; None: it is missing."""
        for path, content in zip(self.paths(), contents, strict=True):
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)

    def damage(self, number: int, content: bytes | None) -> None:
        """Copy `number` holds `content`, the other is as it was made."""
        self.write(*(content if each == number else self.good for each in range(len(COPIES))))

    def paths(self) -> list[Path]:
        """Where they lie."""
        return [self.folder / f"{name}.py" for name in COPIES]

    def read(self) -> list[bytes | None]:
        """What they hold; None where one is missing."""
        return [path.read_bytes() if path.is_file() else None for path in self.paths()]

    def start(self) -> Any:
        """The settings, as a pump that starts now finds them."""
        importlib.invalidate_caches()
        return Settings(str(self.folder))


def source_of(folder: Path, name: str) -> bytes:
    """The source of the constants of the board `name`."""
    return write_constants(load_board(name), folder).read_bytes()


def constants_of(board: Any) -> dict[str, object]:
    """The constants of a module, by name."""
    return {name: value for name, value in vars(board).items() if name[0] != "_"}
