"""The board's constants, which lie in two modules that say the same: the one that stands, whatever happened to the
other."""

import gc
import sys

from pump.core.errors import Refused
from pump.core.sealed import as_made
from pump.hal.files import Files

COPIES = ("board", "board_copy")
ROOT = ""
# What damaged source may raise while it is imported or its constants are looked at.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)

_settings = None


def read_settings() -> "Settings":
    """The settings, read once in each start, for whoever asks first. Raises as `Settings`."""
    global _settings
    if _settings is None:
        _settings = Settings(ROOT)
    return _settings


class Settings:
    """`board` is the module of the constants, which `import board` gives from now on. *loop* only.

    `damaged`: the copies are not the same, and one at least stands. When neither stands, or each does and they are of
    two boards, `board` does not pass the self-test.
    """

    def __init__(self, folder: str) -> None:
        """Reads both copies, which lie in `folder`, a part of sys.path. Raises Refused when neither can be loaded."""
        self._files = Files(folder)
        alike = self._alike()
        # What is the same need not be loaded twice, which takes longer than all else here; and what is not there is not
        # to be found elsewhere.
        self._choose(COPIES[:1] if alike else [name for name in COPIES if self._content(name) is not None])
        self.damaged = not alike and self._good != ""
        sys.modules[COPIES[0]] = self.board
        # The other copy goes.
        gc.collect()

    def mend(self) -> None:
        """Write the copy that stands over the other, in one go, if that is damaged. Where that cannot be done it stays
        damaged, and the next start tells again."""
        if not self.damaged:
            return
        content = self._content(self._good)
        if content is None:
            return
        try:
            self._files.write(_source(_other(self._good)), content)
        except (OSError, MemoryError):
            pass

    def _alike(self) -> bool:
        first, second = [self._content(name) for name in COPIES]
        return first is not None and first == second

    def _choose(self, names: "list[str] | tuple[str, ...]") -> None:
        """Decide on `board`, and on the name of the copy that stands: "" for none."""
        loaded = []
        standing = []
        for name in names:
            sys.modules.pop(name, None)
            try:
                copy = __import__(name)
                loaded.append(copy)
                if as_made(copy):
                    standing.append((name, copy))
            except DAMAGE:
                pass
            # MicroPython leaves behind what it could load only in part.
            sys.modules.pop(name, None)
        if not loaded:
            raise Refused("board.py, board_copy.py", "two that cannot be loaded", "one that can: flash the board again")
        if len(standing) == 2 and standing[0][1].CHECKSUM != standing[1][1].CHECKSUM:
            standing = []
        if standing:
            self._good, self.board = standing[0]
        else:
            # One that was cut off lacks pins.
            self._good, self.board = "", max(loaded, key=_constants)
            # Two that stand and differ have good checksums.
            self.board.CHECKSUM = ""

    def _content(self, name: str) -> "bytes | None":
        """The bytes of a copy; None when it is missing or cannot be read."""
        try:
            return self._files.read(_source(name))
        except (OSError, MemoryError):
            return None


def _source(name: str) -> str:
    return name + ".py"


def _constants(board) -> int:
    return len(board.__dict__)


def _other(name: str) -> str:
    return COPIES[1] if name == COPIES[0] else COPIES[0]
