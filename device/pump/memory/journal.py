"""The events of the pump's life, in order."""

from pump.core.ports import Nvm

PAGES = ("journal.a", "journal.b")
PAGE_EVENTS = 64


class Event:
    """What happened: `kind` with two numbers whose meaning goes with it, at `uptime_ms`, as the `seq`-th event."""

    def __init__(self, seq: int, uptime_ms: int, kind: str, a: int, b: int) -> None:
        self.seq = seq
        self.uptime_ms = uptime_ms
        self.kind = kind
        self.a = a
        self.b = b


class Journal:
    """Appends events to non-volatile memory and keeps the newest 64 at hand. *loop* only.

    An event that memory does not take is counted in `unwritten`: what is to be done about it must not wait for that.

    Two pages take turns: when one is full the other is emptied, so that memory holds the newest 64 to 128 events; their
    sequence numbers tell how many went before them.
    """

    def __init__(self, nvm: Nvm) -> None:
        self.seq = 0
        self.uptime_ms = 0
        self.unwritten = 0
        self._nvm = nvm
        self._kept = []

    def log(self, kind: str, a: int = 0, b: int = 0) -> None:
        """Record `kind` now."""
        self.seq += 1
        event = Event(self.seq, self.uptime_ms, kind, a, b)
        page = PAGES[(self.seq - 1) // PAGE_EVENTS % 2]
        line = ("%d %d %s %d %d\n" % (event.seq, event.uptime_ms, kind, a, b)).encode()
        try:
            if self.seq % PAGE_EVENTS == 1:
                self._nvm.write(page, line)
            else:
                self._nvm.append(page, line)
        except OSError:
            self.unwritten += 1
        self._kept.append(event)
        if len(self._kept) > PAGE_EVENTS:
            self._kept.pop(0)

    def since(self, seq: int) -> "list[Event]":
        """The events after `seq` that are still at hand, the oldest first."""
        return [event for event in self._kept if event.seq > seq]
