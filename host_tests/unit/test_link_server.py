"""The link: one answer for every line, whatever comes in, in bounded memory."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.core.ports import Link
from pump.link.server import LINE_MAX, WAITING_MAX, Server
from twin.peripherals import LoopLink

REFUSAL = {"error": "request is refused; accepted: status"}
STATUS = {"state": "stopped", "alarms": ["reservoir_low"]}


class PiecewiseLink(Link):
    """Hands over the pieces it was given, one for each call, and keeps every answer."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = list(pieces)
        self.sent: list[bytes] = []

    def receive(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def send(self, data: bytes) -> None:
        self.sent.append(data)


def answers_to(pieces: list[bytes]) -> list[object]:
    """What comes back when the `pieces` arrive one after the other."""
    link = PiecewiseLink(pieces)
    server = Server(link, lambda: STATUS)
    # A poll answers one line.
    for _ in range(len(pieces) + sum(piece.count(b"\n") for piece in pieces)):
        server.poll()
    assert all(answer.endswith(b"\n") for answer in link.sent)
    return [json.loads(answer) for answer in link.sent]


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


@given(stream=st.binary(max_size=WAITING_MAX), cut=st.integers(1, 256))
def test_any_bytes_get_exactly_one_answer_for_each_line(stream: bytes, cut: int) -> None:
    pieces = [stream[i : i + cut] for i in range(0, len(stream), cut)]
    expected = [STATUS if line == b"status" else REFUSAL for line in stream.split(b"\n")[:-1]]
    assert answers_to(pieces) == expected


@given(pieces=st.lists(st.binary(max_size=256), max_size=40))
def test_what_is_kept_of_a_line_is_bounded(pieces: list[bytes]) -> None:
    server = Server(PiecewiseLink(pieces), lambda: STATUS)
    for _ in pieces:
        server.poll()
        assert len(server._line) <= LINE_MAX


def test_a_flood_of_requests_waits_within_bounds_and_costs_a_poll_one_answer() -> None:
    link = PiecewiseLink([b"status\n" * 36] * 20)
    server = Server(link, lambda: STATUS)
    for polls in range(1, 21):
        server.poll()
        assert len(link.sent) == polls
        assert len(server._waiting) < WAITING_MAX


def test_a_programmer_who_does_not_listen_stops_nothing() -> None:
    link = LoopLink()
    server = Server(link, lambda: STATUS)
    link.put(b"\n" * 2000)
    for _ in range(2000):
        server.poll()
    assert link.dropped > 0
    link.take()
    link.put(b"\nstatus\n")
    server.poll()
    server.poll()
    assert link.take().endswith(json.dumps(STATUS).encode() + b"\n")
