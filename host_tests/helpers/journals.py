"""Journals for tests: what stands in their memory, and what is read of it."""

from zlib import crc32

from frail import FrailNvm
from pump.memory.journal import SEGMENT_EVENTS, Event, Journal


def line(seq: int, kind: str = "kind", a: int = 0, uptime_ms: int = 0) -> bytes:
    """The line of an event, made from the description of the format."""
    text = b"%d %d -1 %s %d 0" % (seq, uptime_ms, kind.encode(), a)
    return b"%s %08x\n" % (text, crc32(text))


def memory(segments: dict[int, bytes]) -> FrailNvm:
    nvm = FrailNvm()
    for segment, data in segments.items():
        nvm.write(f"journal.{segment}", data)
    return nvm


def logged(count: int, nvm: FrailNvm | None = None) -> tuple[Journal, FrailNvm]:
    """A journal of `count` events, the n-th of which has the numbers n and -n and uptime 10 n."""
    nvm = nvm or FrailNvm()
    journal = Journal(nvm)
    for n in range(1, count + 1):
        journal.uptime_ms = 10 * n
        journal.log("kind", n, -n)
    return journal, nvm


def recovered(nvm: FrailNvm) -> Journal:
    journal = Journal(nvm)
    journal.recover()
    return journal


def read(journal: Journal, after: int = 0, most: int = SEGMENT_EVENTS) -> list[Event]:
    """All events after a number that can be read, in pages of `most`."""
    events: list[Event] = []
    while True:
        page = journal.page(after, most)
        events += page.events
        if page.to_seq <= after:
            return events
        after = page.to_seq


def stored(journal: Journal) -> list[int]:
    """The numbers of all events that can be read."""
    return [event.seq for event in read(journal)]


def first(journal: Journal) -> int:
    """The number before which all are gone."""
    return journal.page(0, 1).first_seq
