"""The journal, read out in pages that cost one segment at most, whatever stands there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frail import FrailNvm
from journals import line, logged, memory, read, recovered, stored
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS

pytestmark = pytest.mark.req("I-03")


class CountingNvm(FrailNvm):
    """Counts how often something is read."""

    reads = 0

    def read(self, name: str) -> bytes | None:
        self.reads += 1
        return super().read(name)


@given(
    count=st.integers(0, 3 * SEGMENT_EVENTS),
    after=st.integers(0, 3 * SEGMENT_EVENTS + 1),
    most=st.integers(1, 2 * SEGMENT_EVENTS),
)
def test_a_page_is_the_first_after_a_number_within_a_segment(count: int, after: int, most: int) -> None:
    journal, _ = logged(count)
    page = journal.page(after, most)
    end = min((after // SEGMENT_EVENTS + 1) * SEGMENT_EVENTS, count)
    expected = list(range(after + 1, end + 1))[:most]
    assert [event.seq for event in page.events] == expected
    assert (page.readable, page.first_seq, page.last_seq) == (True, 1, count)
    assert page.to_seq == (expected[-1] if len(expected) == most else end)


@given(count=st.integers(1, 4 * SEGMENT_EVENTS), most=st.integers(1, SEGMENT_EVENTS))
def test_what_a_start_could_not_find_is_read_out_when_it_can_be(count: int, most: int) -> None:
    _, nvm = logged(count)
    nvm.listable = False
    journal = recovered(nvm)
    journal.log("cannot_be_stored")
    nvm.listable = True
    page = journal.page(0, most)
    assert page.to_seq <= page.last_seq
    assert page.last_seq >= count
    assert [event.seq for event in read(journal, 0, most)] == list(range(1, count + 1))


@given(count=st.integers(0, 4 * SEGMENT_EVENTS), most=st.integers(1, SEGMENT_EVENTS + 9))
def test_pages_of_any_size_give_all_of_it(count: int, most: int) -> None:
    journal, _ = logged(count)
    assert [event.seq for event in read(journal, 0, most)] == list(range(1, count + 1))


@given(
    lines=st.lists(
        st.one_of(
            st.integers(0, 2 * SEGMENT_EVENTS).map(line),
            st.sampled_from([b"?\n", b"\n", b"1\n", b"5 x\n", b"-1 0\n", b"70 0 -1 kind 0 0 00000000\n"]),
            st.binary(max_size=40),
        ),
        max_size=40,
    ),
    most=st.integers(1, 20),
)
def test_whatever_stands_there_pages_of_any_size_give_the_same(lines: list[bytes], most: int) -> None:
    journal = recovered(memory({0: b"".join(lines), 1: b"".join(reversed(lines))}))
    assert [event.seq for event in read(journal, 0, most)] == stored(journal)


def test_after_what_was_dropped_it_begins_with_the_oldest() -> None:
    journal, _ = logged((SEGMENTS + 2) * SEGMENT_EVENTS)
    page = journal.page(5, 3)
    assert (page.first_seq, page.to_seq, [event.seq for event in page.events]) == (129, 131, [129, 130, 131])


@pytest.mark.parametrize("after", [0, 63, 64, 100, 500])
def test_a_page_reads_one_segment_at_most_though_all_be_damaged(after: int) -> None:
    nvm = CountingNvm()
    for segment in range(SEGMENTS):
        nvm.write(f"journal.{segment}", b"?\n" * SEGMENT_EVENTS)
    journal = recovered(nvm)
    nvm.reads = 0
    page = journal.page(after, 16)
    assert (nvm.reads, page.events, page.readable) == (1, [], True)
    assert page.to_seq == (after // SEGMENT_EVENTS + 1) * SEGMENT_EVENTS


def test_a_whole_segment_that_is_missing_is_passed_over_at_once() -> None:
    journal, nvm = logged(4 * SEGMENT_EVENTS)
    nvm.remove("journal.1")
    nvm.remove("journal.2")
    page = journal.page(SEGMENT_EVENTS, 2)
    assert ([event.seq for event in page.events], page.to_seq, page.first_seq) == ([193, 194], 194, 1)


def test_a_segment_that_cannot_be_read_is_told_and_passed_over() -> None:
    journal, nvm = logged(3 * SEGMENT_EVENTS)
    nvm.unreadable = {"journal.1"}
    page = journal.page(SEGMENT_EVENTS, 9)
    assert (page.readable, page.events, page.to_seq) == (False, [], 2 * SEGMENT_EVENTS)
    assert [event.seq for event in read(journal)] == [*range(1, 65), *range(129, 193)]


def test_a_heap_that_is_full_is_told_like_that(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = logged(3)

    def full(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(FrailNvm, "read", full)
    assert (journal.page(0, 9).readable, journal.page(0, 9).to_seq) == (False, 3)


def test_where_no_name_can_be_read_there_is_no_way_on() -> None:
    journal, nvm = logged(3)
    nvm.listable = False
    page = journal.page(1, 9)
    assert (page.readable, page.events, page.to_seq, page.first_seq) == (False, [], 1, 1)


def test_what_could_not_be_stored_leaves_a_gap() -> None:
    journal, nvm = logged(2)
    nvm.writes_left = 0
    journal.log("not_stored")
    page = journal.page(2, 9)
    assert (page.events, page.to_seq, page.readable, journal.seq) == ([], 3, True, 3)
