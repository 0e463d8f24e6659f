"""The journal of a pump that delivers, on a flash, read out over its link by the host tool."""

from zlib import crc32

import pytest

from benchtop import STEADY
from cable import Cable
from itb.journal.answers import Event
from itb.journal.reading import Reading, read_journal
from itb.journal.wire import Wire
from itb.ports import Port
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS
from rig import MONDAY, NG_ML, board_module
from twin.flash.nor import NorFlash
from twin.power.world import FLASH_BLOCKS, PumpWorld

pytestmark = pytest.mark.req("I-03")

MOST = SEGMENTS * SEGMENT_EVENTS


def delivering() -> PumpWorld:
    world = PumpWorld(board_module(), NorFlash(FLASH_BLOCKS))
    control = world.app.control
    control.refill(world.board.RESERVOIR_CAPACITY_STEPS, 0, NG_ML)
    control.load(STEADY)
    control.set_time(0, MONDAY)
    control.start()
    world.slice(5)
    return world


def log_until(world: PumpWorld, seq: int) -> None:
    """Events of commands, with time between them."""
    journal = world.app.journal
    while journal.seq < seq:
        world.app.control.set_time(journal.seq % 86_400_000, MONDAY)
        world.slice()


def stored(world: PumpWorld) -> list[Event]:
    """What stands in the memory, made from the description of the format."""
    nvm = world.bench.ports.nvm
    names = sorted((name for name in nvm.names() if name.startswith("journal.")), key=lambda name: int(name[8:]))
    events: list[Event] = []
    for line in b"".join(nvm.read(name) or b"" for name in names).splitlines():
        text, _, check = line.rpartition(b" ")
        assert int(check, 16) == crc32(text)
        seq, uptime_ms, day_ms, kind, a, b = text.decode().split()
        day = None if day_ms == "-1" else int(day_ms)
        events.append(Event(int(seq), int(uptime_ms), day, kind, int(a), int(b)))
    return events


def read(world: PumpWorld, restart_at: int = 0) -> Reading:
    """Read over a cable; the pump goes on meanwhile, a tick and a poll at a time. Its power goes once it was asked for
    what comes after `restart_at`."""
    left = [restart_at] if restart_at else []

    def serve(came: bytes) -> bytes:
        if left and came == b"journal %d\n" % left[0]:
            left.clear()
            world.restart()
            return b""
        world.bench.ports.link.put(came)
        world.slice()
        return world.bench.ports.link.take()

    with Cable(serve) as cable, Wire(Port(cable.port)) as wire:
        return read_journal(wire.ask, 0, lambda *_: None)


def test_a_journal_that_dropped_events_is_read_as_it_stands() -> None:
    world = delivering()
    log_until(world, MOST + 100)
    made_steps = world.bench.motor.steps
    reading = read(world)
    assert [str(span) for span in reading.dropped] == ["1 to 128"]
    assert (reading.unreadable, reading.missing, reading.unwritten, reading.damaged) == ([], [], 0, 0)
    assert reading.events == stored(world)
    assert len(reading.events) > 2000
    # It delivered on, and nothing but time came of being asked.
    assert world.bench.motor.steps > made_steps
    assert world.app.control.state == "delivering"
    assert reading.to == world.app.journal.seq


def test_a_pump_that_is_cut_while_it_is_read_is_read_on() -> None:
    world = delivering()
    log_until(world, 200)
    reading = read(world, restart_at=96)
    assert world.restarts == 1
    assert reading.events == stored(world)[: len(reading.events)]
    assert (reading.whole, len(reading.events)) == (True, reading.to)
    assert reading.to >= 200
    assert "reset_power" in [event.kind for event in stored(world)]
