"""A memory that fails on command, for tests of whatever has to live with that."""

from errno import EIO, ENOSPC

from twin.peripherals import RamNvm


class FrailNvm(RamNvm):
    """Reads, or takes, only what it is let. Of a write that fails nothing is stored, of an append the first half."""

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: set[str] = set()
        self.unwritable: set[str] = set()
        self.listable = True
        # Writes and appends that are still taken; None for any number.
        self.writes_left: int | None = None
        self.error: BaseException = OSError(ENOSPC, "the memory is full")
        self.written: list[str] = []
        self.refused = 0

    def read(self, name: str) -> bytes | None:
        if name in self.unreadable:
            raise OSError(EIO, "the memory cannot be read")
        return super().read(name)

    def write(self, name: str, data: bytes) -> None:
        self._take(name)
        super().write(name, data)

    def append(self, name: str, data: bytes) -> None:
        try:
            self._take(name)
        except OSError:
            super().append(name, data[: len(data) // 2])
            raise
        super().append(name, data)

    def remove(self, name: str) -> None:
        self._take(name)
        super().remove(name)

    def names(self) -> list[str]:
        if not self.listable:
            raise OSError(EIO, "the memory cannot be read")
        return super().names()

    def files(self) -> dict[str, bytes]:
        """What stands, by name."""
        return {name: b"".join(self._pieces[name]) for name in super().names()}

    def put_back(self, files: dict[str, bytes]) -> None:
        """Hold `files` and nothing else."""
        self._pieces = {name: [data] for name, data in files.items()}

    def _take(self, name: str) -> None:
        if name in self.unwritable or self.writes_left == 0:
            self.refused += 1
            raise self.error
        if self.writes_left is not None:
            self.writes_left -= 1
        self.written.append(name)
