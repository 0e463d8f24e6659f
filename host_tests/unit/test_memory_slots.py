"""A record kept twice: what is read after every kind of damage, and what is never overwritten."""

import struct
from collections.abc import Callable
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frail import FrailNvm
from pump.memory.slots import EMPTY, LOST, NEWER, REPAIRED, SOUND, Slots

pytestmark = pytest.mark.req("I-02")

A, B = "state.a", "state.b"
COPIES = (A, B)
Migrations = dict[int, Callable[[bytes], bytes]]


def copy_of(payload: bytes, seq: int, version: int = 1, name: str = "state") -> bytes:
    """The bytes of one copy, made from the description of the format."""
    data = struct.pack("<4sHHII", b"itbS", version, len(name), seq, len(payload)) + name.encode() + payload
    return data + struct.pack("<I", crc32(data))


def memory(a: bytes | None, b: bytes | None) -> FrailNvm:
    nvm = FrailNvm()
    for name, data in ((A, a), (B, b)):
        if data is not None:
            nvm.write(name, data)
    return nvm


def read(nvm: FrailNvm, version: int = 1, migrations: Migrations | None = None) -> tuple[bytes | None, str]:
    slots = Slots(nvm, "state", version, migrations)
    return slots.read(), slots.finding


def opened(nvm: FrailNvm, wanted_seq: int | None = None) -> Slots:
    slots = Slots(nvm, "state", 1)
    slots.read(wanted_seq)
    return slots


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


class TestSound:
    def test_nothing_was_ever_written(self) -> None:
        assert read(FrailNvm()) == (None, EMPTY)

    @given(payloads=st.lists(st.binary(max_size=300), min_size=1, max_size=5))
    def test_what_was_written_last_is_read(self, payloads: list[bytes]) -> None:
        nvm = FrailNvm()
        for payload in payloads:
            opened(nvm).write(payload)
        slots = opened(nvm)
        assert (slots.read(), slots.finding, slots.whole, slots.seq) == (payloads[-1], SOUND, True, len(payloads))

    def test_both_copies_are_the_same_and_in_the_format_described(self) -> None:
        nvm = FrailNvm()
        slots = Slots(nvm, "state", 1)
        slots.write(b"one")
        slots.write(b"two")
        assert nvm.files() == {A: copy_of(b"two", 2), B: copy_of(b"two", 2)}

    @pytest.mark.parametrize("a, b", [(7, 6), (6, 7)])
    def test_a_cut_between_the_two_copies_leaves_the_newer(self, a: int, b: int) -> None:
        slots = opened(memory(copy_of(b"%d" % a, a), copy_of(b"%d" % b, b)))
        assert (slots.read(), slots.finding, slots.whole, slots.seq) == (b"7", SOUND, False, 7)

    def test_a_cut_in_the_very_first_write_leaves_one_copy(self) -> None:
        slots = opened(memory(copy_of(b"first", 1), None))
        assert (slots.read(), slots.finding, slots.whole) == (b"first", SOUND, False)

    def test_swapped_copies_are_as_good(self) -> None:
        nvm = memory(copy_of(b"old", 6), copy_of(b"new", 7))
        for _ in range(2):
            files = nvm.files()
            nvm.put_back({A: files[B], B: files[A]})
            assert read(nvm) == (b"new", SOUND)
        opened(nvm).write(b"next")
        assert nvm.files() == {A: copy_of(b"next", 8), B: copy_of(b"next", 8)}


class TestOneCopy:
    @pytest.mark.parametrize("copy", COPIES)
    def test_any_bit_of_one_copy_leaves_the_other(self, copy: str) -> None:
        whole = copy_of(b"payload", 5)
        for bit in range(8 * len(whole)):
            nvm = memory(whole, whole)
            nvm.write(copy, flipped(whole, bit))
            assert read(nvm) == (b"payload", REPAIRED)

    @given(copy=st.sampled_from(COPIES), junk=st.binary(max_size=80), cut=st.integers(0, 31))
    def test_any_other_content_of_one_copy_leaves_the_other(self, copy: str, junk: bytes, cut: int) -> None:
        whole = copy_of(b"payload", 5)
        for content in (junk, whole[:cut], whole + junk + b"!", junk + b"!" + whole):
            nvm = memory(whole, whole)
            nvm.write(copy, content)
            assert read(nvm) == (b"payload", REPAIRED)

    @pytest.mark.parametrize("copy", COPIES)
    def test_one_missing_or_unreadable_leaves_the_other(self, copy: str) -> None:
        nvm = memory(copy_of(b"payload", 5), copy_of(b"payload", 5))
        nvm.unreadable = {copy}
        assert read(nvm) == (b"payload", REPAIRED)
        nvm.unreadable = set()
        nvm.remove(copy)
        assert read(nvm) == (b"payload", REPAIRED)

    def test_a_record_of_another_name_is_none_of_this_one(self) -> None:
        other = copy_of(b"stranger", 9, name="other")
        assert read(memory(other, copy_of(b"payload", 5))) == (b"payload", REPAIRED)
        assert read(memory(other, other)) == (None, LOST)

    @pytest.mark.parametrize("old", [1, 3, 4, 2**32 - 1])
    def test_copies_that_are_no_neighbours_leave_the_newer(self, old: int) -> None:
        older, newer = sorted([(old, b"%d" % old), (6, b"6")])
        for one, other in ((older, newer), (newer, older)):
            assert read(memory(copy_of(one[1], one[0]), copy_of(other[1], other[0]))) == (newer[1], REPAIRED)

    @pytest.mark.parametrize("bad", COPIES)
    def test_the_bad_copy_is_written_first(self, bad: str) -> None:
        nvm = memory(copy_of(b"payload", 5), copy_of(b"payload", 5))
        nvm.write(bad, b"?")
        nvm.written.clear()
        opened(nvm).write(b"next")
        assert nvm.written[0] == bad
        nvm.write(bad, b"?")
        nvm.written.clear()
        opened(nvm).mend(b"next")
        assert nvm.written[0] == bad
        assert read(nvm) == (b"next", SOUND)


class TestLost:
    @pytest.mark.parametrize("a, b", [(b"?", b"?"), (b"", None), (None, b"?"), (b"", b"")])
    def test_none_stands(self, a: bytes | None, b: bytes | None) -> None:
        assert read(memory(a, b)) == (None, LOST)

    def test_what_cannot_be_read_is_not_taken_for_empty(self) -> None:
        nvm = FrailNvm()
        for unreadable in ({A}, {B}, {A, B}):
            nvm.unreadable = unreadable
            assert read(nvm) == (None, LOST)

    def test_two_truths_of_one_number_are_none(self) -> None:
        assert read(memory(copy_of(b"one", 5), copy_of(b"two", 5))) == (None, LOST)

    def test_nothing_is_written_over_it(self) -> None:
        nvm = memory(b"?", b"?")
        slots = opened(nvm)
        for act in (slots.write, slots.mend):
            with pytest.raises(OSError, match="state: lost, and stays as it is"):
                act(b"new")
        assert nvm.files() == {A: b"?", B: b"?"}

    @given(a=st.none() | st.binary(max_size=60), b=st.none() | st.binary(max_size=60))
    def test_whatever_bytes_stand_there_nothing_but_none_comes_of_them(self, a: bytes | None, b: bytes | None) -> None:
        assert read(memory(a, b)) == (None, EMPTY if a is None and b is None else LOST)


class TestWantedNumber:
    """A record that another one names by its number."""

    def test_what_was_never_in_force_is_passed_over(self) -> None:
        nvm = memory(copy_of(b"refused", 6), copy_of(b"in force", 5))
        slots = Slots(nvm, "state", 1)
        assert (slots.read(5), slots.seq, slots.finding, slots.whole) == (b"in force", 5, SOUND, False)
        slots.mend(b"in force")
        assert nvm.files() == {A: copy_of(b"in force", 5), B: copy_of(b"in force", 5)}

    @pytest.mark.parametrize("wanted_seq", [None, 0, 4, 7])
    def test_without_it_the_newest_is_read(self, wanted_seq: int | None) -> None:
        nvm = memory(copy_of(b"new", 6), copy_of(b"old", 5))
        assert Slots(nvm, "state", 1).read(wanted_seq) == b"new"

    def test_a_number_that_either_copy_may_have_is_not_given_again(self) -> None:
        nvm = memory(copy_of(b"refused", 6), copy_of(b"in force", 5))
        slots = opened(nvm, 5)
        slots.write(b"next")
        assert slots.seq == 7
        assert nvm.files() == {A: copy_of(b"next", 7), B: copy_of(b"next", 7)}


class TestWritesThatFail:
    @pytest.mark.parametrize("writes, stands", [(0, b"old"), (1, b"new"), (2, b"new")])
    def test_the_old_or_the_new_stands(self, writes: int, stands: bytes) -> None:
        nvm = memory(copy_of(b"old", 5), copy_of(b"old", 5))
        slots = opened(nvm)
        nvm.writes_left = writes
        if writes < 2:
            with pytest.raises(OSError, match="full"):
                slots.write(b"new")
            assert slots.seq == 5
        else:
            slots.write(b"new")
            assert slots.seq == 6
        assert read(nvm) == (stands, SOUND)

    def test_no_two_payloads_ever_have_one_number(self) -> None:
        nvm = memory(copy_of(b"old", 5), copy_of(b"old", 5))
        slots = opened(nvm)
        for payload in (b"one", b"two", b"three"):
            nvm.writes_left = 1
            with pytest.raises(OSError, match="full"):
                slots.write(payload)
            assert read(nvm)[0] == payload
        nvm.writes_left = None
        slots.write(b"four")
        assert read(nvm) == (b"four", SOUND)

    def test_a_heap_without_room_is_a_memory_that_cannot_be_written(self) -> None:
        class Huge(bytes):
            def __len__(self) -> int:
                raise MemoryError

        with pytest.raises(OSError, match="no memory to build it"):
            Slots(FrailNvm(), "state", 1).write(Huge())

    def test_the_numbers_end_at_32_bits(self) -> None:
        last = 2**32 - 1
        slots = opened(memory(copy_of(b"old", last - 1), copy_of(b"old", last - 1)))
        slots.write(b"last")
        assert slots.seq == last
        with pytest.raises(OSError, match="state: no sequence number is left"):
            slots.write(b"beyond")
        assert slots.read() == b"last"


STEPS: Migrations = {1: lambda payload: payload + b" 2", 2: lambda payload: payload + b" 3"}


class TestVersions:
    @pytest.mark.parametrize("version, payload", [(1, b"1 2 3"), (2, b"1 3"), (3, b"1")])
    def test_an_older_one_goes_through_every_step(self, version: int, payload: bytes) -> None:
        nvm = memory(copy_of(b"1", 5, version), copy_of(b"1", 5, version))
        slots = Slots(nvm, "state", 3, STEPS)
        assert (slots.read(), slots.finding, slots.whole) == (payload, SOUND, version == 3)
        slots.mend(payload)
        assert nvm.files() == {A: copy_of(payload, 5, 3), B: copy_of(payload, 5, 3)}

    @pytest.mark.parametrize("a, b", [(1, 3), (3, 1)])
    def test_a_migration_cut_half_way_is_gone_on_with(self, a: int, b: int) -> None:
        payloads = {1: b"1", 3: b"1 2 3"}
        slots = Slots(memory(copy_of(payloads[a], 5, a), copy_of(payloads[b], 5, b)), "state", 3, STEPS)
        assert (slots.read(), slots.finding, slots.whole) == (b"1 2 3", SOUND, False)

    @pytest.mark.parametrize("error", [ValueError, KeyError, IndexError, TypeError])
    def test_a_step_that_fails_or_is_missing_loses_nothing(self, error: type[Exception]) -> None:
        def fail(payload: bytes) -> bytes:
            raise error(payload)

        old = copy_of(b"1", 5)
        for steps in ({1: fail, 2: fail}, {1: STEPS[1], 2: fail}, {1: STEPS[1]}, {2: STEPS[2]}, None):
            nvm = memory(old, old)
            slots = Slots(nvm, "state", 3, steps)
            assert (slots.read(), slots.finding) == (None, LOST)
            with pytest.raises(OSError, match="lost, and stays"):
                slots.write(b"new")
            assert nvm.files() == {A: old, B: old}

    @pytest.mark.parametrize(
        "a, b", [((2, 6), (2, 6)), ((2, 6), (1, 5)), ((1, 5), (2, 6)), ((2, 4), (1, 5)), ((1, 5), (2, 4))]
    )
    def test_a_newer_one_is_refused_whatever_its_number_and_stays(self, a: tuple[int, int], b: tuple[int, int]) -> None:
        nvm = memory(copy_of(b"a", a[1], a[0]), copy_of(b"b", b[1], b[0]) if a != b else copy_of(b"a", a[1], a[0]))
        before = nvm.files()
        slots = opened(nvm)
        assert (slots.read(), slots.finding) == (None, NEWER)
        for act in (slots.write, slots.mend):
            with pytest.raises(OSError, match="state: newer, and stays as it is"):
                act(b"mine")
        assert nvm.files() == before

    @pytest.mark.parametrize("copy", COPIES)
    def test_a_newer_one_is_refused_beside_a_damaged_one(self, copy: str) -> None:
        nvm = memory(copy_of(b"a", 6, 2), copy_of(b"a", 6, 2))
        nvm.write(copy, b"?")
        assert read(nvm) == (None, NEWER)


@given(
    acts=st.lists(st.tuples(st.binary(max_size=20), st.integers(0, 2), st.booleans()), max_size=12),
    damage=st.sampled_from([None, A, B]),
)
def test_over_any_cuts_and_one_damage_the_last_or_what_was_cut_is_read(
    acts: list[tuple[bytes, int, bool]], damage: str | None
) -> None:
    """Each act writes a payload and is cut after so many copies; then the pump restarts, and mends or not."""
    nvm = FrailNvm()
    slots = opened(nvm)
    in_force: bytes | None = None
    for payload, copies, mends in acts:
        nvm.writes_left = copies
        try:
            slots.write(payload)
        except OSError:
            assert copies < 2
        nvm.writes_left = None
        slots = opened(nvm)
        stands = slots.read()
        assert slots.finding in (SOUND, EMPTY)
        assert stands == (payload if copies else in_force)
        in_force = stands
        if mends and stands is not None:
            slots.mend(stands)
    if damage is not None and in_force is not None and slots.whole:
        nvm.write(damage, b"?")
        assert read(nvm) == (in_force, REPAIRED)
