"""The events of the pump's life, in order."""

from pump.core.ports import Nvm

NAME = "journal"
KEPT = 64


class Event:
    """What happened: `kind` with two numbers whose meaning goes with it, at `uptime_ms`, as the `seq`-th event."""

    def __init__(self, seq: int, uptime_ms: int, kind: str, a: int, b: int) -> None:
        self.seq = seq
        self.uptime_ms = uptime_ms
        self.kind = kind
        self.a = a
        self.b = b


class Journal:
    """Appends events to non-volatile memory and keeps the newest at hand. *loop* only."""

    def __init__(self, nvm: Nvm) -> None:
        self.seq = 0
        self.uptime_ms = 0
        self._nvm = nvm
        self._kept = []

    def log(self, kind: str, a: int = 0, b: int = 0) -> None:
        """Record `kind` now."""
        self.seq += 1
        event = Event(self.seq, self.uptime_ms, kind, a, b)
        self._nvm.append(NAME, ("%d %d %s %d %d\n" % (event.seq, event.uptime_ms, kind, a, b)).encode())
        self._kept.append(event)
        if len(self._kept) > KEPT:
            self._kept.pop(0)

    def since(self, seq: int) -> 'list[Event]':
        """The events after `seq` that are still at hand, the oldest first."""
        return [event for event in self._kept if event.seq > seq]
