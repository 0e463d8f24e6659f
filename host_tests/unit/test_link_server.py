"""The link: one answer for every line, whatever comes in, in bounded memory."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frail import FrailNvm
from pump.core.ports import Link
from pump.link.server import LINE_MAX, PAGE_EVENTS, WAITING_MAX, Server
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS, Journal
from twin.peripherals import LoopLink

pytestmark = pytest.mark.req("I-09")

REFUSAL = {"error": "request is refused; accepted: status, journal N (N from 0 to 1073741823)"}
STATUS = {"state": "stopped", "alarms": ["reservoir_low"]}
# What the buffer of a UART takes at once (hal/links.py).
ANSWER_MAX_BYTES = 2048


class PiecewiseLink(Link):
    """Hands over the pieces it was given, one for each call, and keeps every answer."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = list(pieces)
        self.sent: list[bytes] = []

    def receive(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def send(self, data: bytes) -> None:
        self.sent.append(data)


def server_on(link: Link, journal: Journal | None = None) -> Server:
    return Server(link, lambda: STATUS, journal or Journal(FrailNvm()))


def answers_to(pieces: list[bytes], journal: Journal | None = None) -> list[Any]:
    """What comes back when the `pieces` arrive one after the other."""
    link = PiecewiseLink(pieces)
    server = server_on(link, journal)
    # A poll answers one line.
    for _ in range(len(pieces) + sum(piece.count(b"\n") for piece in pieces)):
        server.poll()
    assert all(answer.endswith(b"\n") for answer in link.sent)
    return [json.loads(answer) for answer in link.sent]


def logged(count: int, nvm: FrailNvm | None = None) -> Journal:
    """A journal of `count` events; the n-th has the numbers n and -n, and came at 10 n of its uptime."""
    journal = Journal(nvm or FrailNvm())
    for n in range(1, count + 1):
        journal.uptime_ms = 10 * n
        journal.log("kind", n, -n)
    return journal


def is_journal_request(line: bytes) -> bool:
    """The description of the request, said in another way than the firmware says it."""
    numbers = [str(n).encode() for n in (int(line[8:]),)] if line[8:].isdigit() else []
    return line[:8] == b"journal " and line[8:] in numbers and int(line[8:]) < 2**30


def test_status_is_answered_with_the_pumps_status() -> None:
    assert answers_to([b"status\n"]) == [STATUS]


@pytest.mark.parametrize("line", [b"", b"start", b"Status", b" status", b"status\r", b"statuss", b"\x00\xff", b"{}"])
def test_any_other_line_is_refused_naming_what_is_accepted(line: bytes) -> None:
    assert answers_to([line + b"\n"]) == [REFUSAL]


def test_nothing_is_answered_before_the_line_ends() -> None:
    assert answers_to([b"stat", b"us"]) == []
    assert answers_to([b"stat", b"", b"us", b"\n"]) == [STATUS]


def test_lines_that_come_together_are_answered_one_by_one() -> None:
    assert answers_to([b"status\nnonsense\nstatus\n"]) == [STATUS, REFUSAL, STATUS]


def test_a_line_that_is_too_long_gets_one_refusal_and_the_next_is_understood() -> None:
    assert answers_to([b"x" * 200, b"x" * 200 + b"\n", b"status\n"]) == [REFUSAL, STATUS]


def test_a_request_is_not_found_at_the_beginning_of_a_line_too_long() -> None:
    assert answers_to([b"status" + b" " * LINE_MAX + b"\n"]) == [REFUSAL]


# Lines that are requests, nearly are, and are anything else.
LINES = st.one_of(
    st.binary(max_size=80),
    st.builds(lambda n: b"journal %d" % n, st.integers(0, 2**31)),
    st.builds(lambda tail: b"journal " + tail, st.binary(max_size=12)),
    st.builds(lambda tail: b"journal " + tail, st.text("0123456789 -+_.x", max_size=12).map(str.encode)),
    st.sampled_from([b"status", b"status ", b"journal", b"journal 0"]),
)


@given(lines=st.lists(LINES, max_size=12), tail=st.binary(max_size=30), cut=st.integers(1, 256))
@example(lines=[b"journal 1073741823", b"journal 1073741824", b"journal 00"], tail=b"", cut=7)
def test_any_bytes_get_exactly_one_answer_for_each_line(lines: list[bytes], tail: bytes, cut: int) -> None:
    stream = b"".join(line + b"\n" for line in lines) + tail
    stream = stream[:WAITING_MAX]
    pieces = [stream[i : i + cut] for i in range(0, len(stream), cut)]
    journal = logged(3)
    answers = answers_to(pieces, journal)
    asked = stream.split(b"\n")[:-1]
    assert len(answers) == len(asked)
    for line, answer in zip(asked, answers, strict=True):
        if line == b"status":
            assert answer == STATUS
        elif is_journal_request(line):
            assert (answer["after"], answer["last"]) == (int(line[8:]), 3)
        else:
            assert answer == REFUSAL
    assert (journal.seq, journal.unwritten, journal.damaged) == (3, 0, 0)


@given(pieces=st.lists(st.binary(max_size=256), max_size=40))
def test_what_is_kept_of_a_line_is_bounded(pieces: list[bytes]) -> None:
    server = server_on(PiecewiseLink(pieces))
    for _ in pieces:
        server.poll()
        assert len(server._line) <= LINE_MAX


def test_a_flood_of_requests_waits_within_bounds_and_costs_a_poll_one_answer() -> None:
    link = PiecewiseLink([b"status\n" * 36] * 20)
    server = server_on(link)
    for polls in range(1, 21):
        server.poll()
        assert len(link.sent) == polls
        assert len(server._waiting) < WAITING_MAX


def test_a_programmer_who_does_not_listen_stops_nothing() -> None:
    link = LoopLink()
    server = server_on(link)
    link.put(b"\n" * 2000)
    for _ in range(2000):
        server.poll()
    assert link.dropped > 0
    link.take()
    link.put(b"\nstatus\n")
    server.poll()
    server.poll()
    assert link.take().endswith(json.dumps(STATUS).encode() + b"\n")


class TestJournal:
    pytestmark = pytest.mark.req("I-03")

    def test_a_page_bears_its_number_and_tells_what_there_is(self) -> None:
        journal = logged(2)
        journal.day_ms = 4000
        journal.log("quiet")
        assert answers_to([b"journal 1\n"], journal) == [
            {
                "after": 1,
                "first": 1,
                "to": 3,
                "last": 3,
                "readable": True,
                "unwritten": 0,
                "damaged": 0,
                "events": [[2, 20, -1, "kind", 2, -2], [3, 20, 4000, "quiet", 0, 0]],
            }
        ]

    def test_what_went_could_not_be_stored_or_is_damaged_is_told(self) -> None:
        nvm = FrailNvm()
        journal = logged((SEGMENTS + 1) * SEGMENT_EVENTS, nvm)
        nvm.append("journal.33", b"?\n")
        again = Journal(nvm)
        again.recover()
        nvm.writes_left = 0
        again.log("not_stored")
        (answer,) = answers_to([b"journal 0\n"], again)
        assert (answer["first"], answer["unwritten"], answer["damaged"]) == (65, 1, 1)
        assert answer["last"] == again.seq == journal.seq + 1
        assert [event[0] for event in answer["events"]] == list(range(65, 65 + PAGE_EVENTS))

    @pytest.mark.parametrize("count", [0, 1, PAGE_EVENTS, SEGMENT_EVENTS, (SEGMENTS + 5) * SEGMENT_EVENTS + 7])
    def test_asked_after_each_answer_s_end_all_of_it_is_read(self, count: int) -> None:
        journal = logged(count)
        kept = list(range(journal.page(0, 1).first_seq, count + 1))
        told: list[int] = []
        after, last = 0, count
        while after < last:
            (answer,) = answers_to([b"journal %d\n" % after], journal)
            assert after < answer["to"] <= answer["last"]
            assert len(answer["events"]) <= PAGE_EVENTS
            told += [event[0] for event in answer["events"]]
            after, last = answer["to"], answer["last"]
        assert told == kept

    def test_beyond_the_last_there_is_nothing(self) -> None:
        (answer,) = answers_to([b"journal 1073741823\n"], logged(5))
        assert (answer["events"], answer["to"], answer["last"]) == ([], 5, 5)

    @pytest.mark.parametrize(
        "line",
        [
            b"journal",
            b"journal ",
            b"journal  1",
            b" journal 1",
            b"journal 1 ",
            b"journal 1\r",
            b"journal -1",
            b"journal +1",
            b"journal 1.0",
            b"journal 0x1",
            b"journal 1_0",
            b"journal 007",
            b"journal \xb2",
            b"journal 1073741824",
            b"journal 9999999999",
            b"journal 10000000000",
            b"journal 1 2",
            b"Journal 1",
        ],
    )
    def test_another_number_is_refused_and_nothing_is_read(self, line: bytes) -> None:
        nvm = FrailNvm()
        journal = logged(3, nvm)
        nvm.listable = False
        assert answers_to([line + b"\n"], journal) == [REFUSAL]

    def test_the_longest_events_fit_into_what_a_uart_takes_at_once(self) -> None:
        journal = Journal(FrailNvm())
        # As many numbers as a request can name, decades of uptime, and the longest kind there is.
        journal.go_on_after((2**30 // SEGMENT_EVENTS - 1) * SEGMENT_EVENTS)
        journal.uptime_ms = 40 * 366 * 86_400_000
        journal.day_ms = 86_399_999
        for _ in range(PAGE_EVENTS):
            journal.log("self_test_calibration_changed", -(2**30), -(2**30))
        journal.unwritten = journal.damaged = 2**30
        link = PiecewiseLink([b"journal %d\n" % (journal.seq - PAGE_EVENTS)])
        server_on(link, journal).poll()
        (answer,) = link.sent
        assert len(json.loads(answer)["events"]) == PAGE_EVENTS
        assert len(answer) <= ANSWER_MAX_BYTES

    def test_memory_that_cannot_be_read_is_told_and_ends_nothing(self) -> None:
        nvm = FrailNvm()
        journal = logged(5, nvm)
        nvm.unreadable = {"journal.0"}
        (answer,) = answers_to([b"journal 0\n"], journal)
        assert (answer["readable"], answer["to"], answer["events"]) == (False, 5, [])
        nvm.listable = False
        (answer,) = answers_to([b"journal 0\n"], journal)
        assert (answer["readable"], answer["to"], answer["events"]) == (False, 0, [])


def test_a_heap_without_room_for_the_answer_is_told_and_the_next_is_answered() -> None:
    room = [False, True]

    def status() -> dict[str, Any]:
        if not room.pop(0):
            raise MemoryError
        return STATUS

    link = PiecewiseLink([b"status\nstatus\n"])
    server = Server(link, status, Journal(FrailNvm()))
    server.poll()
    server.poll()
    assert [json.loads(answer) for answer in link.sent] == [
        {"error": "no memory is free for the answer; ask again"},
        STATUS,
    ]
