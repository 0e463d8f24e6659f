"""The rules of non-volatile memory, and stories for the torture of a store; shared by all engines.

Every rule takes `open_nvm()`, which opens the same memory again each time it is called.
"""

from binascii import crc32

from twin.flash.cuts import Torture
from twin.flash.nor import HALF, NorFlash, PowerCut
from twin.flash.store import open_store

BLOCKS = 16


def pattern(size: int, salt: int = 0) -> bytes:
    """`size` bytes that differ with `salt`."""
    data = bytearray(size)
    for i in range(size):
        data[i] = (i * 7 + i // 251 + salt * 31) & 0xFF
    return bytes(data)


def rule_nothing_is_there_at_first(open_nvm) -> None:
    nvm = open_nvm()
    assert nvm.read("lease") is None
    assert nvm.names() == []


def rule_a_write_replaces_and_an_append_adds(open_nvm) -> None:
    nvm = open_nvm()
    nvm.write("journal", b"one")
    nvm.append("journal", b"two")
    nvm.append("new", b"three")
    assert nvm.read("journal") == b"onetwo"
    assert nvm.read("new") == b"three"
    nvm.write("journal", b"four")
    assert nvm.read("journal") == b"four"


def rule_a_removed_name_is_gone_and_its_neighbours_stand(open_nvm) -> None:
    nvm = open_nvm()
    for name in ("b", "a", "c"):
        nvm.write(name, name.encode())
    nvm.remove("a")
    assert nvm.read("a") is None
    assert nvm.names() == ["b", "c"]
    assert (nvm.read("b"), nvm.read("c")) == (b"b", b"c")
    nvm.append("a", b"again")
    assert nvm.read("a") == b"again"


def rule_to_remove_what_is_not_there_is_nothing(open_nvm) -> None:
    nvm = open_nvm()
    nvm.remove("never")
    assert nvm.names() == []


def rule_names_are_in_alphabetical_order(open_nvm) -> None:
    nvm = open_nvm()
    for name in ("journal.2", "slots.b", "journal.1", "slots.a"):
        nvm.append(name, b"x")
    assert nvm.names() == ["journal.1", "journal.2", "slots.a", "slots.b"]


def rule_it_keeps_a_copy_and_not_the_writer_s_buffer(open_nvm) -> None:
    nvm = open_nvm()
    for put in (nvm.write, nvm.append):
        buffer = bytearray(b"abc")
        put("piece", buffer)
        buffer[0] = 0
    assert nvm.read("piece") == b"abcabc"


def rule_an_empty_piece_is_there(open_nvm) -> None:
    nvm = open_nvm()
    nvm.write("empty", b"")
    assert nvm.read("empty") == b""
    assert nvm.names() == ["empty"]


def rule_pieces_of_all_sizes_come_back_as_they_were(open_nvm) -> None:
    nvm = open_nvm()
    # Around littlefs's own bounds: in its log up to 512 bytes, pages of 256, blocks of 4096.
    for size in (1, 255, 256, 257, 511, 512, 513, 1024, 3000, 4095, 4096, 4097, 5000):
        nvm.write("piece", pattern(size, size))
        assert nvm.read("piece") == pattern(size, size)


def rule_what_was_written_stands_when_it_is_opened_again(open_nvm) -> None:
    nvm = open_nvm()
    nvm.write("small", pattern(100))
    nvm.write("large", pattern(3000))
    nvm.write("gone", b"x")
    nvm.remove("gone")
    again = open_nvm()
    assert again.names() == ["large", "small"]
    assert (again.read("small"), again.read("large")) == (pattern(100), pattern(3000))


RULES = (
    rule_nothing_is_there_at_first,
    rule_a_write_replaces_and_an_append_adds,
    rule_a_removed_name_is_gone_and_its_neighbours_stand,
    rule_to_remove_what_is_not_there_is_nothing,
    rule_names_are_in_alphabetical_order,
    rule_it_keeps_a_copy_and_not_the_writer_s_buffer,
    rule_an_empty_piece_is_there,
    rule_pieces_of_all_sizes_come_back_as_they_were,
    rule_what_was_written_stands_when_it_is_opened_again,
)


def opener(flash: NorFlash):
    """What a rule takes, on `flash`."""
    return lambda: open_store(flash)


class World:
    """A chip with a store, and what the story did to it so far."""

    def __init__(self, flash: NorFlash) -> None:
        self.flash = flash
        self.nvm = open_store(flash)
        # What stands under each name for certain, and what one more act, perhaps under way, makes of it.
        self.sure = {}
        self.next = {}


class Acts:
    """A story for the torture: acts on a store, each (method, name, data), after `past` that nothing cuts.

    A write or a remove is done or not, and an append up to any byte. A restart writes something too: that clears away
    what a cut has left, and a second cut hits it.
    """

    def __init__(self, acts, past=()) -> None:
        self._acts = acts
        self._past = past

    def begin(self) -> World:
        world = World(NorFlash(BLOCKS))
        for act in self._past:
            _do(world, act)
        return world

    def act(self, world: World) -> None:
        for act in self._acts:
            _do(world, act)

    def restart(self, world: World) -> None:
        world.nvm = open_store(world.flash)
        world.nvm.write("started", b"yes")

    def check(self, world: World, cuts: str) -> None:
        nvm = world.nvm
        names = nvm.names()
        known = set(world.sure) | set(world.next)
        assert known | {"started"} >= set(names), (cuts, names)
        for name in known:
            found = nvm.read(name)
            assert (found is None) == (name not in names), (cuts, name)
            assert _may_stand(world, name, found), (cuts, name, found)


def _may_stand(world: World, name: str, found) -> bool:
    old = world.sure.get(name)
    if name not in world.next or found == old:
        return found == old
    method, new = world.next[name]
    if method == "append" and found is not None:
        return found.startswith(old or b"") and new.startswith(found)
    return found == new


def _do(world: World, act) -> None:
    method, name, data = act
    new = {"write": data, "append": (world.sure.get(name) or b"") + data, "remove": None}[method]
    world.next = {name: (method, new)}
    if method == "remove":
        world.nvm.remove(name)
    else:
        getattr(world.nvm, method)(name, data)
    world.sure[name] = new
    world.next = {}


def _series(method: str, size: int, count: int):
    return [(method, "piece", pattern(size, i)) for i in range(count)]


# Each long enough to meet a full log of littlefs, which is then written anew.
STORIES = {
    "small writes": Acts(_series("write", 100, 16)),
    "large writes": Acts(_series("write", 3000, 4)),
    "appends in the log": Acts(_series("append", 40, 12)),
    "appends to a block": Acts(_series("append", 40, 6), past=[("write", "piece", pattern(900))]),
    "writes and removes": Acts(
        [
            ("write", "a", pattern(900)),
            ("write", "b", b"b"),
            ("append", "a", pattern(50, 1)),
            ("remove", "a", b""),
            ("write", "b", pattern(600)),
            ("append", "a", b"again"),
            ("remove", "b", b""),
        ],
        past=[("write", "other", pattern(300))],
    ),
}


def cut_everywhere(name: str, double_every: int):
    """The tally of one of STORIES with every single cut."""
    return Torture(STORIES[name], double_every=double_every).run()


def image(flash: NorFlash) -> str:
    """The CRC-32 of all that the chip holds, and what it did so far."""
    crc = 0
    block = bytearray(flash.block_bytes)
    for i in range(flash.blocks):
        flash.read(i, 0, block)
        crc = crc32(block, crc)
    return "%08x after %d operations, erases %s" % (crc & 0xFFFFFFFF, flash.operations, flash.erases)


def long_life() -> str:
    """The image of a flash after a life with everything in it, a cut too."""
    flash = NorFlash(BLOCKS)
    nvm = open_store(flash)
    for i in range(60):
        nvm.write("slots.%d" % (i % 2), pattern(100 + 40 * (i % 20), i))
        nvm.append("journal.%d" % (i // 25), pattern(40, i))
        if i % 10 == 9:
            nvm.write("large", pattern(3000, i))
            nvm.remove("slots.0")
    flash.cut_at(5, HALF)
    try:
        nvm.write("large", pattern(2000))
    except PowerCut:
        nvm = open_store(flash)
    nvm.write("large", pattern(1500))
    return image(flash)
