"""A memory whose power goes at a chosen write, for a pump that is followed through it."""

from twin.flash.nor import AFTER, BEFORE, HALF, PowerCut
from twin.peripherals import RamNvm


class CutNvm(RamNvm):
    """Stands through restarts. What a cut leaves of a write is what `core.ports.Nvm` promises: all or nothing of what
    is replaced or removed, and any part of what is added."""

    def __init__(self) -> None:
        super().__init__()
        # How often another record of the pump's state was stored, in one copy at least: from there on it stands.
        self.records = 0
        # The same of the lease, which may be renewed by itself.
        self.leases = 0
        self.cuts = 0
        self._writes_left = 0
        self._way = BEFORE

    def cut_at(self, write: int, way: str) -> None:
        """The power goes at the `write`-th write from now on, 1 for the next; `way` is what it leaves of that."""
        self._writes_left, self._way = write, way

    def spare(self) -> None:
        """The power does not go after all."""
        self._writes_left = 0

    @property
    def armed(self) -> bool:
        """Whether the power is to go."""
        return self._writes_left > 0

    def programs(self) -> tuple[bytes | None, bytes | None]:
        """Both copies of the program."""
        return self.read("program.a"), self.read("program.b")

    def write(self, name: str, data: bytes) -> None:
        way = self._next_way()
        if way in (None, AFTER):
            # One copy put right by the other is no new record.
            if data not in (self.read(name[:-1] + "a"), self.read(name[:-1] + "b")):
                self.records += name.startswith("state.")
                self.leases += name.startswith("lease.")
            super().write(name, data)
        self._cut(way)

    def append(self, name: str, data: bytes) -> None:
        way = self._next_way()
        if way != BEFORE:
            super().append(name, data[: len(data) // 2] if way == HALF else data)
        self._cut(way)

    def remove(self, name: str) -> None:
        way = self._next_way()
        if way in (None, AFTER):
            super().remove(name)
        self._cut(way)

    def _next_way(self) -> str | None:
        if not self.armed:
            return None
        self._writes_left -= 1
        return None if self.armed else self._way

    def _cut(self, way: str | None) -> None:
        if way is not None:
            self.cuts += 1
            raise PowerCut
