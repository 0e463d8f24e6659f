"""The journal: every event, in order, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from pump.memory.journal import PAGE_EVENTS, PAGES, Journal
from twin.peripherals import RamNvm


def logged(count: int) -> tuple[Journal, RamNvm]:
    """A journal of `count` events, the n-th of which has the numbers n and -n and uptime 10 n."""
    nvm = RamNvm()
    journal = Journal(nvm)
    for n in range(1, count + 1):
        journal.uptime_ms = 10 * n
        journal.log(f"kind_{n}", n, -n)
    return journal, nvm


def stored_lines(nvm: RamNvm) -> list[str]:
    """What stands in memory, in the order of the sequence numbers."""
    lines = b"".join(nvm.read(page) or b"" for page in PAGES).decode().splitlines()
    return sorted(lines, key=lambda line: int(line.split()[0]))


def test_a_new_journal_is_empty() -> None:
    journal, nvm = logged(0)
    assert journal.seq == 0
    assert journal.since(0) == []
    assert stored_lines(nvm) == []


def test_an_event_has_number_time_kind_and_its_two_numbers() -> None:
    journal, _ = logged(2)
    second = journal.since(1)[0]
    assert (second.seq, second.uptime_ms, second.kind, second.a, second.b) == (2, 20, "kind_2", 2, -2)


def test_an_event_without_numbers_has_zeros() -> None:
    journal, _ = logged(0)
    journal.log("quiet")
    assert (journal.since(0)[0].a, journal.since(0)[0].b) == (0, 0)


def test_since_gives_what_came_after_the_oldest_first() -> None:
    journal, _ = logged(10)
    assert [event.seq for event in journal.since(7)] == [8, 9, 10]
    assert journal.since(10) == []


def test_each_event_is_a_line_in_memory() -> None:
    assert stored_lines(logged(2)[1]) == ["1 10 kind_1 1 -1", "2 20 kind_2 2 -2"]


@given(count=st.integers(1, 5 * PAGE_EVENTS))
def test_at_hand_are_the_newest_64(count: int) -> None:
    journal, _ = logged(count)
    assert journal.seq == count
    assert [event.seq for event in journal.since(0)] == list(range(max(1, count - PAGE_EVENTS + 1), count + 1))


@given(count=st.integers(1, 5 * PAGE_EVENTS))
def test_memory_holds_the_newest_64_to_128_without_a_gap(count: int) -> None:
    held = [int(line.split()[0]) for line in stored_lines(logged(count)[1])]
    assert held == list(range(count - len(held) + 1, count + 1))
    assert min(count, PAGE_EVENTS) <= len(held) <= 2 * PAGE_EVENTS


def test_only_a_full_page_is_emptied_and_only_by_the_first_event_after_the_other_is_full() -> None:
    assert len(stored_lines(logged(2 * PAGE_EVENTS)[1])) == 2 * PAGE_EVENTS
    assert len(stored_lines(logged(2 * PAGE_EVENTS + 1)[1])) == PAGE_EVENTS + 1
