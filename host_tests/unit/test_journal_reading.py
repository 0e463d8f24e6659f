"""Reading a journal page by page: all of it, once, and what is gone of it is told, whatever happens meanwhile."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itb.journal.answers import Answer
from itb.journal.failures import Unanswered
from itb.journal.reading import Reading, Span, read_journal
from linked import Linked
from pump.link.server import PAGE_EVENTS
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS

pytestmark = pytest.mark.req("I-03")

KEPT = SEGMENTS * SEGMENT_EVENTS


def read(pump: Linked, after: int = 0, before: Callable[[int], None] = lambda _: None) -> Reading:
    """The journal; `before(count)` happens before the count-th question, beginning with 1."""

    def ask(number: int) -> Answer:
        before(len(pump.asked) + 1)
        return pump.ask(number)

    return read_journal(ask, after, lambda *_: None)


def at(count: int, act: Callable[[], None]) -> Callable[[int], None]:
    return lambda asked: act() if asked == count else None


def numbers(reading: Reading) -> list[int]:
    return [event.seq for event in reading.events]


def lost(reading: Reading) -> tuple[list[str], list[str], list[str]]:
    """What was dropped, could not be read, and is missing."""
    dropped, unreadable, missing = ([str(span) for span in s] for s in spans(reading))
    return dropped, unreadable, missing


def spans(reading: Reading) -> tuple[list[Span], list[Span], list[Span]]:
    return reading.dropped, reading.unreadable, reading.missing


def numbers_lost(reading: Reading) -> list[int]:
    return [n for kind in spans(reading) for span in kind for n in range(span.first, span.last + 1)]


@pytest.mark.parametrize("count", [0, 1, PAGE_EVENTS, PAGE_EVENTS + 1, SEGMENT_EVENTS, 2000])
def test_all_that_is_kept_is_read_once_in_order(count: int) -> None:
    reading = read(pump := Linked(count))
    assert numbers(reading) == list(range(1, count + 1))
    assert [(event.uptime_ms, event.kind, event.a, event.b) for event in reading.events] == [
        (1000 * n, "kind", n, -n) for n in range(1, count + 1)
    ]
    assert (reading.whole, reading.to) == (True, count)
    assert len(pump.asked) == max(1, -(-count // PAGE_EVENTS))


def test_of_several_thousand_the_dropped_ones_are_told() -> None:
    reading = read(Linked(KEPT + 500))
    assert lost(reading) == (["1 to 512"], [], [])
    assert numbers(reading) == list(range(513, KEPT + 501))
    assert not reading.whole


def test_it_begins_where_it_is_told_to() -> None:
    pump = Linked(KEPT + 500)
    assert lost(read(pump, 100)) == (["101 to 512"], [], [])
    assert lost(read(pump, 511)) == (["512"], [], [])
    assert lost(read(pump, 512)) == ([], [], [])
    tail = read(pump, KEPT + 490)
    assert (numbers(tail), tail.whole) == (list(range(KEPT + 491, KEPT + 501)), True)


@pytest.mark.parametrize("after", [5, 6, 64, 2**30 - 1])
def test_after_the_last_there_is_nothing_and_that_is_no_failure(after: int) -> None:
    reading = read(Linked(5), after)
    assert (reading.events, reading.whole) == ([], True)
    assert reading.to <= after


def test_gaps_are_told_with_their_numbers() -> None:
    pump = Linked(3 * SEGMENT_EVENTS)
    files = pump.nvm.files()
    lines = files["journal.0"].split(b"\n")
    lines[4] = lines[5] = lines[9] = b"?"
    pump.nvm.put_back({**files, "journal.0": b"\n".join(lines), "journal.1": b""})
    reading = read(pump)
    assert lost(reading) == ([], [], ["5 to 6", "10", "65 to 128"])
    assert numbers(reading) == [*range(1, 5), 7, 8, 9, *range(11, 65), *range(129, 193)]


def test_a_gap_over_several_pages_is_one() -> None:
    pump = Linked(5 * SEGMENT_EVENTS)
    for segment in (1, 2, 3):
        pump.nvm.write(f"journal.{segment}", b"?\n")
    assert lost(read(pump)) == ([], [], ["65 to 256"])


def test_what_could_not_be_stored_is_told() -> None:
    pump = Linked(10)
    pump.nvm.writes_left = 0
    pump.log(3)
    pump.nvm.writes_left = None
    pump.log(1)
    reading = read(pump)
    assert (lost(reading)[2], reading.unwritten, numbers(reading)[-2:]) == (["11 to 13"], 3, [10, 14])


def test_what_could_not_be_stored_at_the_end_is_told_too() -> None:
    pump = Linked(10)
    pump.nvm.writes_left = 0
    pump.log(70)
    reading = read(pump)
    assert (lost(reading), reading.to) == (([], [], ["11 to 80"]), 80)


def test_a_pump_whose_memory_never_took_anything_dropped_nothing() -> None:
    pump = Linked()
    pump.nvm.writes_left = 0
    pump.log(5)
    assert lost(read(pump)) == ([], [], ["1 to 5"])


def test_what_cannot_be_read_is_asked_for_again_and_then_told() -> None:
    pump = Linked(3 * SEGMENT_EVENTS)
    pump.nvm.unreadable = {"journal.1"}
    reading = read(pump)
    assert lost(reading) == ([], ["65 to 128"], [])
    assert pump.asked.count(64) == 3
    assert numbers(reading) == [*range(1, 65), *range(129, 193)]


def test_what_could_not_be_read_for_a_moment_is_not_lost() -> None:
    pump = Linked(3 * SEGMENT_EVENTS)
    pump.nvm.unreadable = {"journal.1"}
    reading = read(pump, before=at(6, lambda: pump.nvm.unreadable.clear()))
    assert pump.asked.count(64) == 2
    assert (reading.whole, numbers(reading)) == (True, list(range(1, 193)))


@pytest.mark.parametrize("asked", [1, 3])
def test_a_memory_that_is_gone_ends_it_with_what_to_do(asked: int) -> None:
    pump = Linked(100)
    with pytest.raises(Unanswered, match="cannot read its memory"):
        read(pump, before=at(asked, lambda: setattr(pump.nvm, "listable", False)))


def test_what_is_logged_meanwhile_does_not_keep_it_from_ending() -> None:
    pump = Linked(100)
    reading = read(pump, before=lambda _: pump.log(PAGE_EVENTS))
    assert reading.to >= 100
    assert numbers(reading) == list(range(1, reading.to + 1))
    assert len(pump.asked) <= 1 + 120 // PAGE_EVENTS


def test_what_is_dropped_while_it_is_read_is_told() -> None:
    pump = Linked(KEPT)
    reading = read(pump, before=at(3, lambda: pump.log(SEGMENT_EVENTS * 2)))
    assert lost(reading) == (["33 to 128"], [], [])
    assert numbers(reading) == [*range(1, 33), *range(129, KEPT + 1)]


def test_a_pump_that_restarts_meanwhile_is_read_on() -> None:
    pump = Linked(500)
    reading = read(pump, before=at(7, pump.start))
    assert (numbers(reading), reading.whole) == (list(range(1, 501)), True)


def test_counts_of_before_a_restart_are_not_forgotten() -> None:
    pump = Linked(500)
    pump.nvm.writes_left = 0
    pump.log(2)
    pump.nvm.writes_left = None
    pump.log(100)
    reading = read(pump, before=at(7, pump.start))
    assert (reading.unwritten, lost(reading)[2]) == (2, ["501 to 502"])


def test_numbers_given_before_a_restart_and_never_stored_do_not_keep_it_waiting() -> None:
    pump = Linked(100)
    stored = pump.nvm.files()
    pump.log(50)

    def restart() -> None:
        pump.nvm.put_back(stored)
        pump.start()

    reading = read(pump, before=at(3, restart))
    assert (numbers(reading), reading.to, reading.whole) == (list(range(1, 101)), 100, True)


def test_another_pump_in_its_place_is_noticed() -> None:
    pump = Linked(500)

    def forget() -> None:
        pump.nvm.put_back({})
        pump.start()
        pump.log(20)

    with pytest.raises(Unanswered, match="went back, from 96 to 20"):
        read(pump, before=at(7, forget))


def test_how_far_it_is_is_told_with_every_page() -> None:
    told: list[tuple[int, int]] = []
    read_journal(Linked(40).ask, 0, lambda to, last: told.append((to, last)))
    assert told == [(16, 40), (32, 40), (40, 40)]


@settings(max_examples=60)
@given(
    count=st.integers(0, KEPT + 200),
    after=st.integers(0, KEPT + 300),
    spoiled=st.lists(st.tuples(st.integers(0, 35), st.integers(0, 4000), st.integers(0, 255)), max_size=5),
    gone=st.sets(st.integers(0, 35), max_size=4),
    unreadable=st.sets(st.integers(0, 35), max_size=3),
    acts=st.dictionaries(st.integers(1, 40), st.sampled_from(["log", "restart"]), max_size=4),
)
def test_every_number_is_told_once_as_an_event_or_as_gone(
    count: int,
    after: int,
    spoiled: list[tuple[int, int, int]],
    gone: set[int],
    unreadable: set[int],
    acts: dict[int, str],
) -> None:
    pump = Linked(count)
    files = pump.nvm.files()
    for segment, place, byte in spoiled:
        name = f"journal.{segment}"
        if name in files:
            data = bytearray(files[name])
            data[place % len(data)] = byte
            files[name] = bytes(data)
    # Not the newest: without it the numbers would begin anew.
    newest = max((int(name[8:]) for name in files), default=0)
    pump.nvm.put_back({name: data for name, data in files.items() if int(name[8:]) not in gone - {newest}})
    pump.nvm.unreadable = {f"journal.{segment}" for segment in unreadable}

    def before(asked: int) -> None:
        act = acts.get(asked)
        if act == "log":
            pump.log(70)
        elif act == "restart":
            pump.start()

    reading = read(pump, after, before)
    told = numbers(reading) + numbers_lost(reading)
    assert sorted(told) == list(range(after + 1, reading.to + 1))
    for event in reading.events:
        assert (event.a, event.b, event.uptime_ms) == (event.seq, -event.seq, 1000 * event.seq)
    if count > after:
        assert reading.to >= count
