"""Stories of the memory itself: a journal that turns to a new segment, and a record of an older version."""

from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS
from pump.memory.slots import SOUND, Slots
from twin.flash.nor import NorFlash
from twin.flash.store import open_store
from twin.power.check import require
from twin.power.story import NOON_MS, Story
from twin.power.world import MONDAY, PumpWorld

# A restart and what follows it log fewer events than this.
BEFORE_TURN = 12
OLD, NEW = b"old" * 100, b"new" * 120
RECORD = "record"
FLASH_BLOCKS = 16


class Rotation(Story):
    """The journal turns from one segment to the next, the `segments`-th; beyond the limit it drops the oldest."""

    def __init__(self, board, segments: int) -> None:
        super().__init__(board)
        self._segments = segments

    def prepare(self, world: PumpWorld) -> None:
        super().prepare(world)
        journal = world.app.journal
        while journal.seq < self._segments * SEGMENT_EVENTS - BEFORE_TURN:
            journal.log("filling", journal.seq)

    def act(self, world: PumpWorld) -> None:
        require(world.app.journal.seq < self._segments * SEGMENT_EVENTS, "the turn came before the story")
        while world.app.journal.seq < self._segments * SEGMENT_EVENTS + 3:
            world.app.control.set_time(NOON_MS, MONDAY)
            world.slice()

    def check_more(self, world: PumpWorld, cuts: str) -> None:
        journal = world.app.journal
        first = journal.page(0, 1).first_seq
        most = SEGMENTS * SEGMENT_EVENTS
        least_seq = max(journal.seq - most, 0) // SEGMENT_EVENTS * SEGMENT_EVENTS + 1
        require(least_seq <= first <= least_seq + SEGMENT_EVENTS, "%s: the journal begins with %d" % (cuts, first))
        require(first == 1 or journal.seq - first >= 2000, "%s: kept %d to %d" % (cuts, first, journal.seq))


class SlotsWorld:
    """A flash with a record in slots."""

    def __init__(self) -> None:
        self.flash = NorFlash(FLASH_BLOCKS)
        self.payload = b""


class Migration:
    """A firmware that knows version 2 finds a record of version 1, brings it forward, and stores a new one."""

    def begin(self) -> SlotsWorld:
        """Both copies are of version 1."""
        world = SlotsWorld()
        slots = Slots(open_store(world.flash), RECORD, 1)
        for payload in (b"first", b"second", OLD):
            slots.write(payload)
        return world

    def act(self, world: SlotsWorld) -> None:
        """Start, and store something."""
        _start(world).write(NEW)

    def restart(self, world: SlotsWorld) -> None:
        """Start again."""
        _start(world)

    def check(self, world: SlotsWorld, cuts: str) -> None:
        """The old record, brought forward once, or the new one stands; and takes the next."""
        accepted = (_forward(OLD), NEW) if cuts else (NEW,)
        require(world.payload in accepted, "%s: found %s" % (cuts, world.payload))
        slots = _start(world)
        slots.write(b"next")
        again = Slots(open_store(world.flash), RECORD, 2)
        require((again.read(), again.finding) == (b"next", SOUND), "%s: %s" % (cuts, again.finding))


def _start(world: SlotsWorld) -> Slots:
    slots = Slots(open_store(world.flash), RECORD, 2, {1: _forward})
    world.payload = slots.read() or b""
    require(slots.finding == SOUND, "the record is %s" % slots.finding)
    if not slots.whole:
        slots.mend(world.payload)
    return slots


def _forward(payload: bytes) -> bytes:
    """What version 2 has: a mark in front."""
    return b"2:" + payload
