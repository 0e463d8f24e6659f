"""The published overdose hole of a reference PCA design, and two of its kin, held against our guard and admission.

The hole: a cap on what a sliding window holds, looked at only when a bolus is asked for, and only into the past. Basal
is not gated. So a bolus that fits now is granted, and the basal of the next hour comes on top of it. The kin: a bucket
that begins anew with every hour of the clock, of which two lie in one true hour; and a window that looks into the past
only but gates basal, too, which keeps its cap by taking basal from the patient.

Each naive window is caught by the same true sliding window, over what was really given, that ours must keep.
"""

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import pytest
from hypothesis import Phase, assume, example, find, given, settings
from hypothesis import strategies as st

from pump.core.errors import Refused
from pump.safety.guard import DAY_CAP, HOUR_CAP
from rig import DAY_MS, HOUR_MS, MINUTE_MS, Rig, board_module, program
from sliding import Sliding

SPANS_MS = {"hour": HOUR_MS, "day": DAY_MS}
board = cache(board_module)


@dataclass(frozen=True)
class Request:
    """A bolus of `steps`, asked for in minute `minute` of the story, over `minutes`."""

    minute: int
    steps: int
    minutes: int


@dataclass(frozen=True)
class Story:
    """From midnight on, `minutes` long: basal of `quiet` microsteps an hour, of `busy` from minute `rise` on. At most
    `cap` microsteps in any `span`."""

    quiet: int
    busy: int
    rise: int
    cap: int
    requests: tuple[Request, ...]
    minutes: int = 300
    span: str = "hour"

    def basal(self, minutes: int) -> int:
        """What the basal came to in so many minutes of the first day, in whole microsteps."""
        return (self.quiet * min(minutes, self.rise) + self.busy * max(minutes - self.rise, 0)) // 60


@dataclass(frozen=True)
class Course:
    """What was given in each minute, which requests were granted, and how much basal was withheld."""

    given: list[int]
    granted: list[bool]
    withheld: int

    def worst(self, span: str) -> int:
        """The most that any true window of `span` held."""
        window = Sliding(SPANS_MS[span])
        worst = 0
        for minute, steps in enumerate(self.given):
            window.give(minute * MINUTE_MS, steps)
            worst = max(worst, window.total)
        return worst


class Naive(Protocol):
    """A cap as somebody might write it."""

    def admits(self, minute: int, steps: int) -> bool:
        """Whether a bolus of `steps` may begin."""
        ...

    def room(self, minute: int) -> int | None:
        """The microsteps that may be given in this minute; None where nothing is gated."""
        ...

    def give(self, minute: int, steps: int) -> None:
        """`steps` are given."""
        ...


class PastOnly:
    """The published one: what the last hour held, and the bolus, must fit under the cap. Basal is not gated."""

    def __init__(self, story: Story) -> None:
        self._cap = story.cap
        self._window = Sliding(SPANS_MS[story.span])

    def admits(self, minute: int, steps: int) -> bool:
        return self._window.look(minute * MINUTE_MS) + steps <= self._cap

    def room(self, minute: int) -> int | None:
        del minute
        return None

    def give(self, minute: int, steps: int) -> None:
        self._window.give(minute * MINUTE_MS, steps)


class PastOnlyGated(PastOnly):
    """The same, and basal is withheld at the cap."""

    def room(self, minute: int) -> int | None:
        return self._cap - self._window.look(minute * MINUTE_MS)


class Bucket:
    """What this hour of the clock held so far, with bolus and basal, stays under the cap. It begins anew every hour."""

    def __init__(self, story: Story) -> None:
        self._cap = story.cap
        self._minutes = SPANS_MS[story.span] // MINUTE_MS
        self._bucket = 0
        self._held = 0

    def _look(self, minute: int) -> int:
        if minute // self._minutes != self._bucket:
            self._bucket = minute // self._minutes
            self._held = 0
        return self._held

    def admits(self, minute: int, steps: int) -> bool:
        return self._look(minute) + steps <= self._cap

    def room(self, minute: int) -> int | None:
        return self._cap - self._look(minute)

    def give(self, minute: int, steps: int) -> None:
        self._held = self._look(minute) + steps


def given_by(naive: Naive, story: Story) -> Course:
    """The story as a pump with that cap would give it, minute by minute."""
    given: list[int] = []
    granted: list[bool] = []
    owed = withheld = 0
    running: list[Request] = []
    for minute in range(story.minutes):
        for request in story.requests:
            if request.minute == minute:
                granted.append(naive.admits(minute, request.steps))
                if granted[-1]:
                    running.append(request)
        owed += story.basal(minute + 1) - story.basal(minute)
        owed += sum(_share(request, minute + 1) - _share(request, minute) for request in running)
        room = naive.room(minute)
        steps = owed if room is None else min(owed, max(room, 0))
        naive.give(minute, steps)
        given.append(steps)
        owed -= steps
        withheld = max(withheld, owed)
    return Course(given, granted, withheld)


def _share(request: Request, minute: int) -> int:
    """What of a bolus is out by `minute`."""
    return request.steps * min(max(minute - request.minute, 0), request.minutes) // request.minutes


def given_by_ours(story: Story) -> Course:
    """The same story on the pump: what was really sent to the motor, and whether a cap ever withheld anything."""
    rows = [[0, story.quiet * 24, 0], [story.rise * MINUTE_MS, story.busy * 24, 0]]
    source = program(rows, hour=story.cap) if story.span == "hour" else program(rows, day=story.cap)
    rig = Rig(source, board("sim", MINUTE_MS))
    given: list[int] = []
    granted: list[bool] = []
    for minute in range(story.minutes):
        granted += [_asks(rig, request) for request in story.requests if request.minute == minute]
        bursts = rig.bench.step.bursts
        rig.slice()
        given.append(rig.bench.step.burst_steps if rig.bench.step.bursts != bursts else 0)
    withheld = rig.status()["withheld_ticks"]
    return Course(given, granted, withheld[HOUR_CAP] + withheld[DAY_CAP])


def _asks(rig: Rig, request: Request) -> bool:
    try:
        rig.app.control.give_bolus(request.steps, 0, 1, request.minutes * MINUTE_MS)
    except Refused:
        return False
    return True


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A quiet time and a busy one, with a cap that the basal alone keeps, whatever the pump counts on top of it."""
    quiet = draw(st.integers(0, 200))
    busy = draw(st.integers(quiet, 900))
    # 61 whole minutes, and what goes out up to two ticks late.
    cap = busy * 64 // 60 + 2 + draw(st.integers(0, 600))
    requests: list[Request] = []
    minute = 0
    for _ in range(draw(st.integers(1, 3))):
        minute += draw(st.integers(0, 90))
        minutes = draw(st.integers(1, 20))
        requests.append(Request(minute, draw(st.integers(1, 700)), minutes))
        minute += minutes + 1
    return Story(quiet, busy, draw(st.integers(1, 200)), cap, tuple(requests))


# The bolus fits into the quiet hour before it, and the busy one comes on top.
INTO_THE_BUSY_HOUR = Story(24, 600, 120, 700, (Request(110, 600, 5),))
# Each bolus fits into its own hour of the clock, and one true hour holds both.
ROUND_THE_FULL_HOUR = Story(24, 24, 60, 700, (Request(50, 500, 5), Request(61, 500, 5)))
# As the first, with a cap on 24 h: the bolus fits on the first evening, the busy night comes on top.
INTO_THE_BUSY_DAY = Story(24, 600, 720, 8000, (Request(700, 6000, 60),), minutes=1440, span="day")


@pytest.mark.req("D-06")
@pytest.mark.parametrize("story", [INTO_THE_BUSY_HOUR, INTO_THE_BUSY_DAY], ids=["hour", "day"])
def test_a_window_that_looks_back_only_grants_what_basal_then_overshoots(story: Story) -> None:
    naive = given_by(PastOnly(story), story)
    assert naive.granted == [True]
    assert naive.worst(story.span) > story.cap
    ours = given_by_ours(story)
    assert ours.granted == [False]
    assert ours.worst(story.span) <= story.cap
    assert ours.withheld == 0


@pytest.mark.req("D-06")
def test_a_bucket_of_each_hour_of_the_clock_lets_twice_through_round_the_full_hour() -> None:
    story = ROUND_THE_FULL_HOUR
    naive = given_by(Bucket(story), story)
    assert naive.granted == [True, True]
    assert naive.worst("hour") > story.cap
    ours = given_by_ours(story)
    assert ours.granted == [True, False]
    assert ours.worst("hour") <= story.cap
    assert ours.withheld == 0


@pytest.mark.req("D-06")
def test_a_window_that_looks_back_only_and_gates_basal_takes_it_from_the_patient() -> None:
    story = INTO_THE_BUSY_HOUR
    naive = given_by(PastOnlyGated(story), story)
    assert naive.granted == [True]
    assert naive.worst("hour") <= story.cap
    # Nearly an hour's basal is kept back, since the bolus has taken its room.
    assert naive.withheld > 400


FOUND = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])


@pytest.mark.req("D-06")
@pytest.mark.parametrize("naive", [PastOnly, Bucket])
def test_stories_that_break_a_naive_window_are_found_and_ours_refuses_a_bolus_in_them(
    naive: type[PastOnly] | type[Bucket],
) -> None:
    story = find(stories(), lambda story: given_by(naive(story), story).worst("hour") > story.cap, settings=FOUND)
    theirs = given_by(naive(story), story)
    ours = given_by_ours(story)
    assert ours.worst("hour") <= story.cap < theirs.worst("hour")
    assert (True, False) in zip(theirs.granted, ours.granted, strict=True)


@pytest.mark.req("D-06")
@settings(max_examples=60)
@example(INTO_THE_BUSY_HOUR)
@example(ROUND_THE_FULL_HOUR)
@given(stories())
def test_in_every_story_ours_keeps_the_cap_and_never_takes_from_basal(story: Story) -> None:
    ours = given_by_ours(story)
    assert ours.worst("hour") <= story.cap
    assert ours.withheld == 0


@pytest.mark.req("D-06")
@settings(max_examples=60)
@example(INTO_THE_BUSY_HOUR)
@given(stories())
def test_where_a_naive_window_is_broken_ours_has_refused_what_it_granted(story: Story) -> None:
    theirs = [given_by(naive(story), story) for naive in (PastOnly, Bucket)]
    broken = [course for course in theirs if course.worst("hour") > story.cap]
    assume(broken)
    ours = given_by_ours(story)
    for course in broken:
        assert (True, False) in zip(course.granted, ours.granted, strict=True)
