"""What happened, in order: an append-only record of bounded length."""

from binascii import crc32

from pump.core.ports import Nvm

# A segment is read in one piece, about 3 KB.
SEGMENT_EVENTS = 64
# With the one being written, 2,049 to 2,112 events are kept.
SEGMENTS = 33
RECENT_EVENTS = 64
PREFIX = "journal."
TIME_UNKNOWN = -1
NONE = -1


class Event:
    """`kind` happened at `uptime_ms`, at `day_ms` after midnight or TIME_UNKNOWN. It says what `a` and `b` mean."""

    def __init__(self, seq: int, uptime_ms: int, day_ms: int, kind: str, a: int, b: int) -> None:
        self.seq = seq
        self.uptime_ms = uptime_ms
        self.day_ms = day_ms
        self.kind = kind
        self.a = a
        self.b = b


class Page:
    """Some stored `events`, the oldest first, and how to go on.

    All before `first_seq` are gone. Up to `to_seq` there are no others; a next page begins after it, unless it is
    `last_seq`, the last number that was given as far as is known. Where it is not `readable`, there may be others, and
    they can be asked for again.
    """

    def __init__(self, to_seq: int, last_seq: int) -> None:
        self.first_seq = 1
        self.to_seq = to_seq
        self.last_seq = last_seq
        self.readable = False
        self.events = []


class Journal:
    """Numbers its events upward, over restarts too, and never gives a number twice. *loop* only.

    Segment n holds the events 64 n + 1 to 64 n + 64, one a line, each with its own CRC-32. Whole segments are dropped,
    the oldest first; a `page` tells what went. `damaged` counts lines, and segments that cannot be read, among the
    newest, which `recover` looks through; in a `page` a gap in the numbers shows them. `unwritten` counts events that
    could not be stored. Neither memory that fails nor a heap that is full makes it raise anything.
    """

    def __init__(self, nvm: Nvm) -> None:
        self.seq = 0
        self.uptime_ms = 0
        self.day_ms = TIME_UNKNOWN
        self.unwritten = 0
        self.damaged = 0
        self._nvm = nvm
        self._recent = []
        # Whether the line being written may lack its end.
        self._torn = False
        # The segment being written.
        self._segment = NONE
        self._looked_through = True

    def recover(self) -> None:
        """Go on after what is stored."""
        self._looked_through = False
        try:
            segments = self._segments()
        except (OSError, MemoryError):
            self.damaged += 1
            return
        self._looked_through = True
        newest = True
        while segments:
            last, seq, torn = self._look_through(segments.pop())
            if newest:
                self.seq = seq
                self._torn = torn
                newest = False
            if last is not None:
                self.uptime_ms = last.uptime_ms
                return

    def go_on_after(self, seq: int) -> None:
        """Give no number up to `seq` again, whatever stands in memory: it was given, as another record knows."""
        self.seq = max(self.seq, seq)

    def _look_through(self, segment: int) -> "tuple[Event | None, int, bool]":
        """The last sound event of `segment`, the greatest number that may have been given in it, and whether its last
        line lacks its end."""
        last = None
        seq = segment * SEGMENT_EVENTS
        damaged = 0
        try:
            data = self._nvm.read(PREFIX + str(segment)) or b""
            for event in _events(segment, data):
                damaged += 1
                if event is not None:
                    self.damaged += damaged - 1
                    damaged = 0
                    last = event
                    seq = event.seq
            torn = data[-1:] not in (b"", b"\n")
        except (OSError, MemoryError):
            damaged = 1
            torn = False
        self.damaged += damaged
        if damaged == 1 and torn:
            # The line that was being written had its number: it may have been told before.
            seq += 1
        elif damaged:
            # How many numbers are gone is not known; the next segment's never were given.
            seq = (segment + 1) * SEGMENT_EVENTS
        return last, seq, torn

    def log(self, kind: str, a: int = 0, b: int = 0) -> None:
        """Record `kind`, one word, now."""
        self.seq += 1
        try:
            event = Event(self.seq, self.uptime_ms, self.day_ms, kind, a, b)
            self._recent.append(event)
            if len(self._recent) > RECENT_EVENTS:
                self._recent.pop(0)
            self._store(event)
        except (OSError, MemoryError):
            self.unwritten += 1
            # Part of it may stand.
            self._torn = True

    def _store(self, event: Event) -> None:
        if not self._looked_through:
            raise OSError("journal: its numbers are not known")
        text = "%d %d %d %s %d %d" % (event.seq, event.uptime_ms, event.day_ms, event.kind, event.a, event.b)
        line = ("\n" if self._torn else "") + "%s %08x\n" % (text, crc32(text.encode()) & 0xFFFFFFFF)
        segment = (event.seq - 1) // SEGMENT_EVENTS
        if segment != self._segment:
            self._drop_before(segment - SEGMENTS + 1)
            self._segment = segment
        self._nvm.append(PREFIX + str(segment), line.encode())
        self._torn = False

    def since(self, seq: int) -> "list[Event]":
        """The events after `seq` among the last 64, the oldest first."""
        return [event for event in self._recent if event.seq > seq]

    def page(self, after_seq: int, most: int) -> Page:
        """The first stored events after `after_seq`, `most` >= 1 of them, and fewer at the end of a segment: no more
        than one is read at a time, and what went is told by the names alone."""
        page = Page(after_seq, max(self.seq, after_seq))
        try:
            segments = self._segments()
            page.last_seq = self.seq
            if segments:
                page.first_seq = segments[0] * SEGMENT_EVENTS + 1
                if not self._looked_through:
                    # More stands there than the start could find.
                    page.last_seq = max(self.seq, (segments[-1] + 1) * SEGMENT_EVENTS)
            page.to_seq = page.last_seq
            for segment in segments:
                if (segment + 1) * SEGMENT_EVENTS > after_seq:
                    page.to_seq = min((segment + 1) * SEGMENT_EVENTS, page.last_seq)
                    self._read_on(page, segment, after_seq, most)
                    break
            page.readable = True
        except (OSError, MemoryError):
            pass
        return page

    def _read_on(self, page: Page, segment: int, after_seq: int, most: int) -> None:
        """Add to `page` what of `segment` comes after `after_seq`, until it holds `most`."""
        for event in _events(segment, self._nvm.read(PREFIX + str(segment)) or b"", after_seq):
            if event is not None and event.seq > after_seq:
                page.events.append(event)
                if len(page.events) == most:
                    page.to_seq = event.seq
                    return

    def _drop_before(self, first: int) -> None:
        for segment in self._segments():
            if segment < first:
                self._nvm.remove(PREFIX + str(segment))

    def _segments(self) -> "list[int]":
        """The numbers of the stored segments, the oldest first."""
        numbers = []
        for name in self._nvm.names():
            if name.startswith(PREFIX):
                try:
                    number = int(name[len(PREFIX) :])
                except ValueError:
                    continue
                if number >= 0 and name == PREFIX + str(number):
                    numbers.append(number)
        return sorted(numbers)


def _events(segment: int, data: bytes, after_seq: int = 0):
    """For each line of `data` its event, or None where it holds none of `segment` after the one before. Lines that bear
    a number up to `after_seq` are left out, unchecked: checking is most of the work."""
    seq = segment * SEGMENT_EVENTS
    end = seq + SEGMENT_EVENTS
    start = 0
    while start < len(data):
        stop = data.find(b"\n", start)
        if stop < 0:
            stop = len(data)
        if stop > start and not (after_seq and _is_old(data, start, stop, after_seq)):
            event = _event(data[start:stop])
            if event is not None and seq < event.seq <= end:
                seq = event.seq
                yield event
            else:
                yield None
        start = stop + 1


def _is_old(data: bytes, start: int, stop: int, after_seq: int) -> bool:
    """Whether the line from `start` to `stop` bears a number up to `after_seq`."""
    end = data.find(b" ", start, stop)
    if end < 0:
        return False
    try:
        return int(data[start:end]) <= after_seq
    except ValueError:
        return False


def _event(line: bytes) -> "Event | None":
    text, _, check = line.rpartition(b" ")
    if check != b"%08x" % (crc32(text) & 0xFFFFFFFF):
        return None
    try:
        seq, uptime_ms, day_ms, kind, a, b = text.decode().split(" ")
        return Event(int(seq), int(uptime_ms), int(day_ms), kind, int(a), int(b))
    except ValueError:
        return None
