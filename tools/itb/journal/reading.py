"""Reads a journal page by page, and keeps book on what it lacks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from itb.journal.answers import Answer, Event
from itb.journal.failures import Unanswered

# A heap that is full for a moment has room again soon.
_TRIES = 3


@dataclass(frozen=True)
class Span:
    """The numbers from `first` to `last`."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass
class Reading:
    """What was read of a journal after number `after`, up to number `to`.

    Numbers without an event are `dropped` by the pump to make room, could not be read from its memory (`unreadable`),
    or stand nowhere (`missing`). `unwritten` and `damaged` are the pump's own counts since its start.
    """

    after: int
    to: int = 0
    unwritten: int = 0
    damaged: int = 0
    events: list[Event] = field(default_factory=list)
    dropped: list[Span] = field(default_factory=list)
    unreadable: list[Span] = field(default_factory=list)
    missing: list[Span] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be gone."""
        return not (self.dropped or self.unreadable or self.missing or self.unwritten or self.damaged)

    def take(self, answer: Answer) -> None:
        """Add what was answered to the question for what comes next."""
        place = answer.after
        if answer.first - 1 > place:
            _add(self.dropped, place + 1, min(answer.first - 1, answer.to))
            place = answer.first - 1
        gaps = self.missing if answer.readable else self.unreadable
        for event in answer.events:
            _add(gaps, place + 1, event.seq - 1)
            place = event.seq
        _add(gaps, place + 1, answer.to)
        self.events += answer.events
        self.to = answer.to
        # A pump that restarts meanwhile counts anew.
        self.unwritten = max(self.unwritten, answer.unwritten)
        self.damaged = max(self.damaged, answer.damaged)


def read_journal(ask: Callable[[int], Answer], after: int, tell: Callable[[int, int], None]) -> Reading:
    """All that stands after number `after`, up to the last number that was given when it began.

    `ask(after)` gets the answer of the pump; `tell(to, last)` is called with each page. Raises Unanswered, as `ask`
    does.
    """
    reading = Reading(after)
    asked = after
    goal = None
    while goal is None or asked < goal:
        answer = _asked(ask, asked)
        goal = answer.last if goal is None else min(goal, answer.last)
        if answer.to < asked and asked > after:
            raise Unanswered(
                f"the pump's numbers went back, from {asked} to {answer.last}: it is another pump, or was made to "
                "forget its memory meanwhile. Read it again from the start."
            )
        reading.take(answer)
        tell(answer.to, goal)
        if answer.to <= asked < goal:
            raise Unanswered(
                "the pump cannot read its memory: its file system is damaged or missing. Restart it and see its alarms."
            )
        asked = answer.to
    return reading


def _asked(ask: Callable[[int], Answer], after: int) -> Answer:
    """The answer, asked for again where the pump could not read its memory."""
    answer = ask(after)
    for _ in range(_TRIES - 1):
        if answer.readable:
            break
        answer = ask(after)
    return answer


def _add(spans: list[Span], first: int, last: int) -> None:
    """Add the numbers from `first` to `last`, if there are any, to the last span where they follow it."""
    if first > last:
        return
    if spans and spans[-1].last == first - 1:
        first = spans.pop().first
    spans.append(Span(first, last))
