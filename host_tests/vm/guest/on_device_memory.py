"""Records kept twice, the journal and packed numbers, as a chip's VM computes them."""

from pump.core.varint import packed, unpacked
from pump.memory.journal import SEGMENT_EVENTS, Journal
from pump.memory.slots import LOST, NEWER, REPAIRED, SOUND, Slots
from twin.peripherals import RamNvm

REQUIREMENTS = {
    "test_a_record_of_any_content_is_read_back": ["I-02"],
    "test_one_damaged_copy_leaves_the_other": ["I-02"],
}


def stored(nvm: RamNvm, name: str) -> bytes:
    data = nvm.read(name)
    assert data is not None
    return data


def damaged(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 0x40
    return bytes(changed)


def slots_with(payload: bytes, version: int = 1) -> RamNvm:
    nvm = RamNvm()
    slots = Slots(nvm, "state", version)
    slots.write(b"before")
    slots.write(payload)
    return nvm


def test_a_record_of_any_content_is_read_back() -> None:
    for size in (0, 1, 300):
        payload = bytes([i & 0xFF for i in range(size)])
        slots = Slots(slots_with(payload), "state", 1)
        assert (slots.read(), slots.finding, slots.seq, slots.whole) == (payload, SOUND, 2, True)


def test_a_record_has_the_same_bytes_on_every_vm() -> None:
    nvm = RamNvm()
    Slots(nvm, "state", 3).write(b"abc")
    expected = b"itbS\x03\x00\x05\x00\x01\x00\x00\x00\x03\x00\x00\x00stateabcm\x08B'"
    assert (nvm.read("state.a"), nvm.read("state.b")) == (expected, expected)


def test_one_damaged_copy_leaves_the_other() -> None:
    for copy in ("state.a", "state.b"):
        nvm = slots_with(b"payload")
        data = stored(nvm, copy)
        for place in range(len(data)):
            nvm.write(copy, damaged(data, place))
            slots = Slots(nvm, "state", 1)
            assert (slots.read(), slots.finding) == (b"payload", REPAIRED)


def test_both_damaged_is_lost_and_a_newer_version_is_refused() -> None:
    nvm = slots_with(b"payload")
    for copy in ("state.a", "state.b"):
        nvm.write(copy, damaged(stored(nvm, copy), 20))
    slots = Slots(nvm, "state", 1)
    assert (slots.read(), slots.finding) == (None, LOST)
    slots = Slots(slots_with(b"payload", 2), "state", 1)
    assert (slots.read(), slots.finding) == (None, NEWER)
    try:
        slots.write(b"over it")
    except OSError:
        return
    raise AssertionError("written over a newer version")


def test_the_journal_counts_on_where_it_was() -> None:
    nvm = RamNvm()
    journal = Journal(nvm)
    count = SEGMENT_EVENTS + 6
    for i in range(count):
        # Beyond 30 bits, as after some weeks.
        journal.uptime_ms = i * 100_000_000
        journal.log("kind", i, -i)
    again = Journal(nvm)
    again.recover()
    assert (again.seq, again.uptime_ms, again.damaged, again.page(0, 1).first_seq) == (count, journal.uptime_ms, 0, 1)
    assert [event.seq for event in again.page(SEGMENT_EVENTS - 1, 3).events] == [64]
    assert [event.seq for event in again.page(SEGMENT_EVENTS, 2).events] == [65, 66]
    event = again.page(count - 1, 5).events[0]
    assert (event.uptime_ms, event.kind, event.a, event.b) == (journal.uptime_ms, "kind", count - 1, 1 - count)


def test_the_journal_passes_over_what_is_damaged() -> None:
    nvm = RamNvm()
    journal = Journal(nvm)
    for _ in range(3):
        journal.log("kind")
    nvm.write("journal.0", stored(nvm, "journal.0").replace(b"2 0 -1", b"2 0 -7"))
    nvm.append("journal.0", b"\xff\xfe 00000000")
    again = Journal(nvm)
    again.recover()
    assert (again.seq, again.damaged) == (4, 2)
    again.log("next")
    assert [event.seq for event in again.page(0, 9).events] == [1, 3, 5]


def test_numbers_are_packed_and_unpacked() -> None:
    numbers = [0, 1, 127, 128, 16_383, 16_384, (1 << 30) - 1]
    assert list(unpacked(packed(numbers))) == numbers
    for data in (b"\x80", b"\x80\x00", b"\xff\xff\xff\xff\x7f"):
        try:
            list(unpacked(data))
        except ValueError:
            continue
        raise AssertionError("unpacked")
