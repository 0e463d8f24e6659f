"""The journal: every event, in order, in bounded memory, whatever becomes of that memory."""

from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frail import FrailNvm
from journals import first, line, logged, memory, read, recovered, stored
from pump.memory.journal import RECENT_EVENTS, SEGMENT_EVENTS, SEGMENTS, Journal

pytestmark = pytest.mark.req("I-03")

LEAST_KEPT = 2000


class TestOneLife:
    def test_a_new_journal_is_empty(self) -> None:
        journal, nvm = logged(0)
        assert (journal.seq, journal.since(0), read(journal), first(journal)) == (0, [], [], 1)
        assert nvm.names() == []

    def test_an_event_has_number_times_kind_and_its_two_numbers(self) -> None:
        journal, _ = logged(1)
        journal.day_ms = 4000
        journal.log("quiet")
        one, second = journal.page(0, 9).events
        assert (one.seq, one.uptime_ms, one.day_ms, one.kind, one.a, one.b) == (1, 10, -1, "kind", 1, -1)
        assert (second.seq, second.uptime_ms, second.day_ms, second.kind, second.a, second.b) == (
            2,
            10,
            4000,
            "quiet",
            0,
            0,
        )

    def test_each_event_is_a_line_with_a_check_of_its_own(self) -> None:
        journal = Journal(nvm := FrailNvm())
        journal.log("one", 5)
        journal.uptime_ms = 70
        journal.log("two")
        assert nvm.files() == {"journal.0": line(1, "one", 5) + line(2, "two", uptime_ms=70)}

    def test_since_gives_what_came_after_the_oldest_first(self) -> None:
        journal, _ = logged(10)
        assert [event.seq for event in journal.since(7)] == [8, 9, 10]
        assert journal.since(10) == []

    @given(count=st.integers(1, 5 * RECENT_EVENTS))
    def test_at_hand_are_the_newest_64(self, count: int) -> None:
        journal, _ = logged(count)
        assert [event.seq for event in journal.since(0)] == list(range(max(1, count - RECENT_EVENTS + 1), count + 1))

    def test_at_every_moment_2049_events_at_least_are_kept_without_a_gap(self) -> None:
        journal, nvm = logged(0)
        oldest = count = 0
        for count in range(1, (SEGMENTS + 3) * SEGMENT_EVENTS):
            journal.log("kind")
            oldest = first(journal)
            kept = count - oldest + 1
            assert kept >= min(count, (SEGMENTS - 1) * SEGMENT_EVENTS + 1) >= min(count, LEAST_KEPT)
            assert kept <= SEGMENTS * SEGMENT_EVENTS
            assert len(nvm.names()) <= SEGMENTS
        assert stored(journal) == list(range(oldest, count + 1))


class TestRestart:
    @given(lives=st.lists(st.integers(0, 2 * SEGMENT_EVENTS), max_size=5))
    def test_it_counts_on_without_a_gap(self, lives: list[int]) -> None:
        nvm = FrailNvm()
        total = 0
        for count in lives:
            journal = recovered(nvm)
            assert (journal.seq, journal.damaged) == (total, 0)
            for _ in range(count):
                journal.uptime_ms += 10
                journal.log("kind")
            total += count
            assert journal.uptime_ms == 10 * total
        assert stored(recovered(nvm)) == list(range(1, total + 1))

    @given(
        count=st.integers(1, 2 * SEGMENT_EVENTS + 1),
        cuts=st.lists(st.integers(0, 60), min_size=1, max_size=6),
    )
    @example(count=SEGMENT_EVENTS, cuts=[5, 0, 1, 30, 30])
    def test_over_any_cuts_in_a_line_no_number_comes_twice(self, count: int, cuts: list[int]) -> None:
        """Each life ends in a line of which only so many bytes are stored, and which was told before that."""
        _, nvm = logged(count)
        told = set(range(1, count + 1))
        kept = set(told)
        for cut in cuts:
            journal = recovered(nvm)
            name, whole = "", 0
            for _ in range(2):
                before = nvm.files()
                journal.log("kind")
                assert journal.seq not in told or cut == 0
                told.add(journal.seq)
                name = f"journal.{(journal.seq - 1) // SEGMENT_EVENTS}"
                whole = len(before.get(name, b""))
                kept.add(journal.seq)
            data = nvm.files()[name][: whole + cut]
            nvm.put_back({**nvm.files(), name: data})
            if journal.seq not in stored(journal):
                kept.discard(journal.seq)
            if cut == 0:
                told.discard(journal.seq)
        assert stored(recovered(nvm)) == sorted(kept)

    def test_a_torn_line_had_its_number(self) -> None:
        journal = recovered(memory({0: line(1) + line(2)[:-4]}))
        assert (journal.seq, journal.damaged) == (2, 1)
        journal.log("next")
        assert stored(journal) == [1, 3]

    def test_a_line_that_lacks_its_end_alone_is_whole(self) -> None:
        journal = recovered(memory({0: line(1) + line(2)[:-1]}))
        assert (journal.seq, journal.damaged) == (2, 0)
        journal.log("next")
        assert stored(journal) == [1, 2, 3]

    def test_after_the_first_torn_line_of_a_segment_it_goes_on_in_it(self) -> None:
        nvm = logged(SEGMENT_EVENTS)[1]
        nvm.append("journal.1", line(SEGMENT_EVENTS + 1)[:9])
        journal = recovered(nvm)
        journal.log("next")
        assert (journal.seq, stored(journal)[-2:]) == (66, [64, 66])
        assert journal.uptime_ms == 640

    def test_an_empty_segment_gave_no_number(self) -> None:
        nvm = logged(SEGMENT_EVENTS)[1]
        nvm.append("journal.1", b"")
        journal = recovered(nvm)
        assert (journal.seq, journal.damaged, journal.uptime_ms) == (SEGMENT_EVENTS, 0, 640)


class TestDamage:
    """What is damaged is passed over, and no number that may have been in it is given again."""

    @pytest.mark.parametrize(
        "data",
        [
            line(1) + line(2) + b"?\n",
            line(1) + line(2) + b"?\n?",
            line(1) + line(2) + line(2),
            line(1) + line(2) + line(1),
            line(1) + line(2) + line(SEGMENT_EVENTS + 1),
            line(1) + line(2) + line(0),
            b"?\n",
            b"?\n?\n",
        ],
    )
    def test_after_a_damaged_end_it_goes_on_in_the_next_segment(self, data: bytes) -> None:
        journal = recovered(memory({0: data}))
        assert journal.seq == SEGMENT_EVENTS
        assert journal.damaged >= 1
        journal.log("next")
        assert stored(journal) == ([1, 2] if b"1 0" in data else []) + [SEGMENT_EVENTS + 1]

    def test_within_a_segment_it_costs_its_lines_only(self) -> None:
        journal = recovered(memory({0: line(1) + b"?\n" + line(3) + line(4)}))
        assert (journal.seq, journal.damaged, stored(journal)) == (4, 1, [1, 3, 4])

    def test_a_segment_that_cannot_be_read_is_damaged(self) -> None:
        _, nvm = logged(2 * SEGMENT_EVENTS + 5)
        nvm.unreadable = {"journal.2"}
        journal = recovered(nvm)
        assert (journal.seq, journal.damaged, journal.uptime_ms) == (3 * SEGMENT_EVENTS, 1, 10 * 2 * SEGMENT_EVENTS)
        journal.log("next")
        nvm.unreadable = {"journal.0", "journal.2"}
        assert stored(journal) == [*range(65, 129), 3 * SEGMENT_EVENTS + 1]

    def test_swapped_segments_are_damaged_and_their_numbers_gone(self) -> None:
        _, nvm = logged(2 * SEGMENT_EVENTS)
        files = nvm.files()
        nvm.put_back({"journal.0": files["journal.1"], "journal.1": files["journal.0"]})
        journal = recovered(nvm)
        assert (journal.seq, stored(journal)) == (2 * SEGMENT_EVENTS, [])
        assert journal.damaged == 2 * SEGMENT_EVENTS

    def test_an_old_segment_put_back_changes_no_number(self) -> None:
        nvm = logged(SEGMENT_EVENTS)[1]
        old = nvm.files()["journal.0"]
        journal = recovered(nvm)
        for _ in range(SEGMENTS * SEGMENT_EVENTS):
            journal.log("kind")
        assert first(journal) == SEGMENT_EVENTS + 1
        nvm.write("journal.0", old)
        again = recovered(nvm)
        assert (again.seq, again.damaged, first(again)) == (journal.seq, 0, 1)

    def test_numbers_that_another_record_knows_are_not_given_again(self) -> None:
        _, nvm = logged(5)
        nvm.write("journal.0", line(1) + line(2))
        journal = recovered(nvm)
        journal.go_on_after(5)
        journal.log("next")
        assert stored(journal) == [1, 2, 6]
        journal.go_on_after(3)
        assert journal.seq == 6

    def test_names_that_are_none_of_its_own_are_left_alone(self) -> None:
        names = ["journal.", "journal.x", "journal.01", "journal.-1", "journal.1_0", "journal.\u00b2", "state.a"]
        nvm = FrailNvm()
        for name in names:
            nvm.write(name, line(1))
        journal = recovered(nvm)
        assert (journal.seq, journal.damaged) == (0, 0)

    @pytest.mark.parametrize(
        "text", [b"", b"1", b"1 2 3", b"x 0 0 kind 0 0", b"1 0 0 kind 0", b"1 0 0 k k 0 0", b"1 0 0 \xff 0 0"]
    )
    def test_a_line_with_a_right_check_and_no_event_is_damaged(self, text: bytes) -> None:
        journal = recovered(memory({0: line(1) + b"%s %08x\n" % (text, crc32(text)) + line(3)}))
        assert (journal.damaged, stored(journal)) == (1, [1, 3])

    @given(
        damage=st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 255)), min_size=1, max_size=4),
        cut=st.integers(0, 200),
    )
    def test_over_any_damage_what_is_read_was_logged_and_no_number_comes_twice(
        self, damage: list[tuple[int, int]], cut: int
    ) -> None:
        count = 2 * SEGMENT_EVENTS + 20
        journal, nvm = logged(count)
        logged_events = {event.seq: (event.uptime_ms, event.a, event.b) for event in read(journal)}
        files = nvm.files()
        whole = b"".join(files.values())
        changed = bytearray(whole)
        for at, byte in damage:
            changed[at % len(whole)] = byte
        at = 0
        for name, data in files.items():
            nvm.write(name, bytes(changed[at : at + len(data)]))
            at += len(data)
        again = recovered(nvm)
        assert again.seq >= (count if len(damage) == 1 else 2 * SEGMENT_EVENTS)
        for event in read(again):
            assert logged_events[event.seq] == (event.uptime_ms, event.a, event.b)
        newest = f"journal.{max(int(name[8:]) for name in files)}"
        nvm.write(newest, files[newest][: max(len(files[newest]) - cut, 0)])
        assert recovered(nvm).seq >= 2 * SEGMENT_EVENTS

    @given(contents=st.dictionaries(st.integers(0, 5), st.binary(max_size=80), max_size=3))
    def test_whatever_bytes_stand_there_nothing_is_raised(self, contents: dict[int, bytes]) -> None:
        journal = recovered(memory(contents))
        before = journal.seq
        journal.log("next")
        assert stored(journal)[-1] == journal.seq == before + 1


class TestMemoryThatFails:
    def test_an_event_that_cannot_be_stored_is_counted_and_at_hand(self) -> None:
        journal, nvm = logged(2)
        nvm.writes_left = 0
        journal.log("not_stored")
        journal.log("not_stored")
        assert (journal.unwritten, journal.seq, [event.seq for event in journal.since(2)]) == (2, 4, [3, 4])
        nvm.writes_left = None
        journal.log("stored_again")
        assert (journal.unwritten, stored(journal)) == (2, [1, 2, 5])

    def test_old_segments_that_cannot_be_dropped_are_dropped_later(self) -> None:
        journal, nvm = logged(SEGMENTS * SEGMENT_EVENTS)
        nvm.writes_left = 0
        journal.log("not_stored")
        assert first(journal) == 1
        nvm.writes_left = None
        journal.log("stored")
        assert (first(journal), journal.unwritten, len(nvm.names())) == (SEGMENT_EVENTS + 1, 1, SEGMENTS)

    def test_a_full_heap_is_counted_like_a_full_memory(self) -> None:
        journal, nvm = logged(2)
        nvm.error = MemoryError()
        nvm.writes_left = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FrailNvm, "append", FrailNvm.write)
            journal.log("not_stored")
        assert (journal.unwritten, stored(journal)) == (1, [1, 2])

    def test_a_memory_that_cannot_be_listed_stops_nothing_and_is_written_no_number_twice(self) -> None:
        _, nvm = logged(5)
        before = nvm.files()
        nvm.listable = False
        journal = recovered(nvm)
        assert (journal.damaged, read(journal), first(journal)) == (1, [], 1)
        nvm.listable = True
        journal.log("not_stored")
        assert (journal.unwritten, nvm.files()) == (1, before)
        assert recovered(nvm).seq == 5
