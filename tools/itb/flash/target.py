"""A board as the installer sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Machine:
    """What the board says of itself: `sys.platform`, and of `sys.implementation` its `name`, `version`, `_machine`
    and `_mpy`."""

    platform: str
    name: str
    version: tuple[int, ...]
    machine: str
    mpy: int

    @property
    def chip(self) -> str:
        """The chip as board files name it: MicroPython says "module with RP2040", "... with ESP32S3"."""
        return self.machine.rpartition(" with ")[2].strip().lower().replace("-", "")

    @property
    def release(self) -> str:
        """The version as text."""
        return ".".join(str(part) for part in self.version[:3])


@dataclass(frozen=True)
class Listing:
    """What lies on the board, the pump's own data left out.

    `sizes` has every file; `hashes` the SHA-256 of those that may be ours: directly in the root, and in our folder.
    """

    sizes: Mapping[str, int]
    hashes: Mapping[str, str]
    folders: frozenset[str]
    block_bytes: int
    free_blocks: int


class Target(Protocol):
    """A board. Paths are absolute. Every operation raises Lost when the connection ends or the board reports an error,
    and NoRoom when its file system is full."""

    def machine(self) -> Machine:
        """What the board is."""
        ...

    def listing(self) -> Listing:
        """What lies on it, hashed by the board itself."""
        ...

    def read(self, path: str) -> bytes:
        """The content of a small file."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Make `path` have this content: at every moment it has the old or the new one, whole."""
        ...

    def rename(self, path: str, new_path: str) -> None:
        """In one go; a file that is at `new_path` is replaced."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file."""
        ...

    def make_folder(self, path: str) -> None:
        """Make a folder in one that is there."""
        ...

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        ...

    def forget(self) -> int:
        """Remove DATA with all that lies in it, in one go, and say how many files that were."""
        ...
