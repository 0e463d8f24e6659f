"""What the host makes of a line that a pump, or something else, says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.journal.answers import Answer, Event, Refusal, parse_answer

pytestmark = pytest.mark.req("I-03")

GOOD = {
    "after": 4,
    "first": 1,
    "to": 9,
    "last": 9,
    "readable": True,
    "unwritten": 2,
    "damaged": 1,
    "events": [[5, 70, -1, "quiet", 0, -3], [7, 80, 1000, "loud", 1, 2]],
}


def line(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_an_answer_is_read_with_its_events() -> None:
    events = (Event(5, 70, None, "quiet", 0, -3), Event(7, 80, 1000, "loud", 1, 2))
    assert parse_answer(line()) == Answer(4, 1, 9, 9, True, 2, 1, events)


def test_a_refusal_is_read_with_its_words() -> None:
    assert parse_answer(b'{"error": "request is refused; accepted: status"}\r') == Refusal(
        "request is refused; accepted: status"
    )


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"MicroPython v1.27.0",
        b"{",
        b"3",
        b"[1]",
        b"null",
        b"{}",
        b'{"state": "stopped"}',
        b'{"error": 3}',
        b"\xff\xfe",
        line()[20:],
        line()[:-1],
        b"[" * 100_000,
    ],
)
def test_anything_else_is_no_answer(noise: bytes) -> None:
    assert parse_answer(noise) is None


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.parametrize("value", [None, "5", -1, 1.5, [], True, [[5, 1, 2, 3, 4, 5]], [[1]], {"a": 1}])
def test_an_answer_with_a_value_that_cannot_be_is_none(name: str, value: object) -> None:
    if (name, value) in (("readable", True), ("events", [])):
        return
    assert parse_answer(line(**{name: value})) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"events": [[4, 0, -1, "k", 0, 0]]},
        {"events": [[10, 0, -1, "k", 0, 0]]},
        {"events": [[6, 0, -1, "k", 0, 0], [5, 0, -1, "k", 0, 0]]},
        {"events": [[6, 0, -1, "k", 0, 0], [6, 0, -1, "k", 0, 0]]},
        {"to": 10},
        {"last": 8},
        {"events": [[5, 0, -2, "k", 0, 0]]},
        {"events": [[5, 0, -1, 7, 0, 0]]},
        {"events": [[5, 0, -1, "k", 0, 0, 0]]},
    ],
)
def test_numbers_that_contradict_one_another_are_no_answer(changes: dict[str, object]) -> None:
    assert parse_answer(line(**changes)) is None


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything(noise: bytes) -> None:
    parse_answer(noise)
