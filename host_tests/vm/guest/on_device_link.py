"""Device tests of the link: what is asked over it is answered, and nothing piles up."""

import gc
import json

from support import SMALL_INTS_OF_31_BITS, Skip, micropython

from pump.link.server import LINE_MAX, PAGE_EVENTS, REFUSAL, Server
from pump.memory.journal import SEGMENT_EVENTS, Journal
from twin.peripherals import LoopLink, RamNvm

REQUIREMENTS = {
    "test_the_journal_is_read_out_page_by_page": ["I-03"],
    "test_bad_requests_are_refused_one_by_one": ["I-09"],
    "test_requests_of_all_kinds_leave_nothing_behind": ["I-09"],
}
BAD = (b"", b"journal", b"journal -1", b"journal 01", b"journal 1073741824", b"journal 99999999999", b"\xff\x00\r")


def _asked(server: Server, link: LoopLink, request: bytes) -> dict:
    link.put(request + b"\n")
    server.poll()
    return json.loads(link.take())


def _server() -> "tuple[Server, LoopLink, Journal]":
    link = LoopLink()
    journal = Journal(RamNvm())
    for i in range(SEGMENT_EVENTS + 6):
        # Beyond 30 bits, as after some weeks.
        journal.uptime_ms = i * 100_000_000
        journal.log("kind", i, -i)
    return Server(link, lambda: {"state": "stopped"}, journal), link, journal


def test_the_journal_is_read_out_page_by_page() -> None:
    server, link, journal = _server()
    told = []
    after = 0
    while after < journal.seq:
        answer = _asked(server, link, b"journal %d" % after)
        assert (answer["after"], answer["first"], answer["last"], answer["readable"]) == (after, 1, journal.seq, True)
        assert len(answer["events"]) <= PAGE_EVENTS
        told += answer["events"]
        after = answer["to"]
    assert told == [[i + 1, i * 100_000_000, -1, "kind", i, -i] for i in range(SEGMENT_EVENTS + 6)]
    assert _asked(server, link, b"journal 1073741823")["events"] == []


def test_bad_requests_are_refused_one_by_one() -> None:
    server, link, _ = _server()
    for line in BAD + (b"x" * 2 * LINE_MAX,):
        assert _asked(server, link, line) == {"error": REFUSAL}, line
    assert _asked(server, link, b"status") == {"state": "stopped"}


def test_requests_of_all_kinds_leave_nothing_behind() -> None:
    if micropython is None:
        raise Skip("CPython does not tell what is allocated")
    if SMALL_INTS_OF_31_BITS:
        raise Skip("collecting garbage in the middle of a function ends this VM")
    server, link, journal = _server()
    held = []
    for _ in range(3):
        for _ in range(20):
            for line in BAD + (b"status", b"journal 0", b"journal 60", b"journal 500"):
                link.put(line + b"\n")
                server.poll()
                link.take()
        gc.collect()
        held.append(gc.mem_alloc())
    assert held[2] <= held[1], held
    assert (journal.seq, journal.unwritten) == (SEGMENT_EVENTS + 6, 0)
