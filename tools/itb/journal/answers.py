"""What a pump answers to `journal N`, one line of JSON, checked and typed."""

import json
from dataclasses import dataclass
from typing import TypeAlias, cast

_TIME_UNKNOWN = -1
_COLUMNS = 6
Fields: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Event:
    """Something that happened: its number, the time the pump had run by then, the time of day, None where the pump did
    not know it, both in ms. What `a` and `b` mean depends on `kind`: docs/journal.md."""

    seq: int
    uptime_ms: int
    day_ms: int | None
    kind: str
    a: int
    b: int


@dataclass(frozen=True)
class Answer:
    """The `events` after number `after`. All before `first` were dropped; up to `to` there are no others, unless the
    memory was not `readable`; `last` is the last number that was given. `unwritten` events could not be stored, and
    `damaged` lines were found, since the pump started."""

    after: int
    first: int
    to: int
    last: int
    readable: bool
    unwritten: int
    damaged: int
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Refusal:
    """The pump answers, in its own words, that it does not."""

    words: str


def parse_answer(line: bytes) -> Answer | Refusal | None:
    """What `line` says; None for anything else, such as half an answer."""
    try:
        fields = cast(object, json.loads(line))
    # A line may be deep enough to be no answer at all.
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    answer = cast(Fields, fields)
    if isinstance(answer.get("error"), str):
        return Refusal(str(answer["error"]))
    try:
        return _answer(answer)
    except (KeyError, TypeError, ValueError):
        return None


def _answer(fields: Fields) -> Answer:
    rows = fields["events"]
    if not isinstance(rows, list) or not isinstance(fields["readable"], bool):
        raise TypeError
    numbers = (_whole(fields[name]) for name in ("after", "first", "to", "last"))
    after, first, to, last = numbers
    events = tuple(_event(row) for row in cast(list[object], rows))
    unwritten, damaged = _whole(fields["unwritten"]), _whole(fields["damaged"])
    numbered = [after, *(event.seq for event in events)]
    if numbered != sorted(set(numbered)) or (events and events[-1].seq > to) or to > last:
        raise ValueError
    return Answer(after, first, to, last, fields["readable"], unwritten, damaged, events)


def _event(row: object) -> Event:
    if not isinstance(row, list) or len(cast(list[object], row)) != _COLUMNS:
        raise TypeError
    seq, uptime_ms, day_ms, kind, a, b = cast(list[object], row)
    if not isinstance(kind, str):
        raise TypeError
    known = None if day_ms == _TIME_UNKNOWN else _whole(day_ms)
    return Event(_whole(seq), _whole(uptime_ms), known, kind, _number(a), _number(b))


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: object) -> int:
    number = _number(value)
    if number < 0:
        raise ValueError
    return number
