"""What belongs on a board: every file with its content and its hash."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from itb.boards.board import Board, write_constants
from itb.firmware import CACHE, FLAGS, PUMP, compile_source, modules

BOOT, MAIN, FOLDER = "/boot.py", "/main.py", "/pump"
# The same twice (`pump.hal.settings`), as source: damaged bytecode could hang the VM.
CONSTANTS = ("/board.py", "/board_copy.py")
# What was installed; written last.
MANIFEST = "/installed.json"
# The pump's memory (`pump.hal.files`), never looked into; and what it is called while it is being forgotten.
DATA, FORGOTTEN = "/data", "/forgotten"
# Where main.py waits while the rest is not complete, and where a file lies until it is whole.
HELD, INCOMING = "/main.held", "/incoming.tmp"
# The constants of older builds.
OUTDATED = "/board.mpy"
BLOCK_BYTES = 4096
_BUILD_DIGITS = 12


@dataclass(frozen=True)
class Image:
    """One build for one board. `files` holds the content of each path of the board, in the order of copying."""

    board: str
    version: str
    files: Mapping[str, bytes]

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each file, in hexadecimal."""
        return {path: sha256(content) for path, content in self.files.items()}

    @cached_property
    def build(self) -> str:
        """A short name that two builds share only when all their files are the same."""
        return sha256("\n".join(f"{path} {of}" for path, of in sorted(self.hashes.items())).encode())[:_BUILD_DIGITS]

    @cached_property
    def manifest(self) -> bytes:
        """The content of MANIFEST: project version, board, flags of the compiler, and the hash of each file."""
        told = {"version": self.version, "board": self.board, "build": self.build, "mpy_flags": FLAGS}
        return json.dumps({**told, "files": self.hashes}, indent=1).encode() + b"\n"

    @property
    def mpy_version(self) -> int:
        """The version of the .mpy format: the second byte of each file of it."""
        return next(content[1] for path, content in self.files.items() if path.endswith(".mpy"))

    @property
    def folders(self) -> list[str]:
        """The folders that the files lie in, each after the one it lies in."""
        found = {parent.as_posix() for path in self.files for parent in Path(path).parents}
        return sorted(found - {"/"})


def make_image(board: Board, device: Path = PUMP.parent, cache: Path = CACHE) -> Image:
    """Compile `device` for `board`. MicroPython starts only sources of the names boot.py and main.py, so these stay so.

    Raises CompileError, and OSError for a source that cannot be read.
    """
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="itb-flash-") as scratch:
        files.update(dict.fromkeys(CONSTANTS, write_constants(board, Path(scratch)).read_bytes()))
    for name, path in modules(device / FOLDER.strip("/")):
        files["/" + str(Path(name).with_suffix(".mpy").as_posix())] = compile_source(
            path.read_bytes(), name, cache
        ).read_bytes()
    for path in (BOOT, MAIN):
        files[path] = (device / path.strip("/")).read_bytes()
    return Image(board.name, version("itb"), files)


def blocks(size_bytes: int, block_bytes: int = BLOCK_BYTES) -> int:
    """The blocks that a file of this size takes at most: littlefs packs small ones together."""
    return max(1, -(-size_bytes // block_bytes))


def sha256(content: bytes) -> str:
    """The hash that files are compared by."""
    return hashlib.sha256(content).hexdigest()
