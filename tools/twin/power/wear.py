"""How the flash wears: what a pump stores in a day, stored again and again, and the erases of each block counted.

Under CPython only, with littlefs-python, which erases as the chips' littlefs does (`host_tests/contract/test_store.py`
compares them).
"""

from pump.app import App
from pump.core.units import MS_PER_DAY, MS_PER_HOUR
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS
from twin.bench import Bench
from twin.faults import Faults
from twin.flash.littlefs_files import LittlefsFiles
from twin.flash.nor import ERASED, BlockDevice
from twin.flash.store import FOLDER, LOOKAHEAD_BYTES
from twin.peripherals import RamNvm
from twin.power.even import open_even
from twin.power.months import with_lease

PAGE_BYTES, BLOCK_BYTES = 256, 4096
# More at a time than the pump reads, which is faster, and erases and programs the same.
READ_BYTES = 1024
JOURNAL = "journal."
EVENT_BYTES = 50


class RecordedNvm(RamNvm):
    """Remembers what was stored: `calls` of (name, bytes), those of the journal being appended."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = []

    def write(self, name: str, data: bytes) -> None:
        super().write(name, data)
        self.calls.append((name, len(data)))

    def append(self, name: str, data: bytes) -> None:
        super().append(name, data)
        self.calls.append((JOURNAL, len(data)))


def calls_of_a_day(board, lease_steps: int, steps_day: int, boluses: int = 0) -> "list[tuple[str, int]]":
    """What a pump stores in a day of `steps_day`, evenly; with 0 it is stopped. A patient asks for `boluses`, each a
    hundredth of that. A tick of `board` is short against the time that a lease lasts."""
    bench = Bench(with_lease(board, lease_steps), board.RESERVOIR_CAPACITY_STEPS, Faults([]))
    bench.ports.nvm = nvm = RecordedNvm()
    app = open_even(board, bench, steps_day)
    _run(bench, app, board.TICK_MS, MS_PER_HOUR)
    nvm.calls = []
    for _ in range(boluses):
        app.control.request_bolus()
        _run(bench, app, board.TICK_MS, MS_PER_DAY // boluses)
    if not boluses:
        _run(bench, app, board.TICK_MS, MS_PER_DAY)
    return nvm.calls


def _run(bench: Bench, app: App, tick_ms: int, span_ms: int) -> None:
    until_ms = bench.clock.elapsed_ms + span_ms
    while bench.clock.elapsed_ms < until_ms:
        bench.advance(tick_ms)
        app.tick.run_once()
        app.loop.poll()


class Chip(BlockDevice):
    """A flash that refuses nothing, as `twin.flash.nor.NorFlash` does, and never fails: it counts, and is fast."""

    def __init__(self, blocks: int) -> None:
        self.erases = [0] * blocks
        self.programmed_bytes = 0
        self._bytes = bytearray([ERASED]) * (blocks * BLOCK_BYTES)

    def readblocks(self, block: int, buffer, offset: int) -> int:
        at = block * BLOCK_BYTES + offset
        buffer[:] = self._bytes[at : at + len(buffer)]
        return 0

    def writeblocks(self, block: int, data, offset: int) -> int:
        at = block * BLOCK_BYTES + offset
        self._bytes[at : at + len(data)] = data
        self.programmed_bytes += len(data)
        return 0

    def ioctl(self, request: int, argument: int) -> int:
        if request == 4:
            return len(self.erases)
        if request == 5:
            return BLOCK_BYTES
        if request == 6:
            self.writeblocks(argument, bytes([ERASED]) * BLOCK_BYTES, 0)
            self.programmed_bytes -= BLOCK_BYTES
            self.erases[argument] += 1
        return 0


class Wear:
    """A flash of `blocks`, of which the firmware takes `firmware_blocks`, and a journal that is full. From there on
    `erases` of each block and `programmed_bytes` are counted."""

    def __init__(self, blocks: int, firmware_blocks: int, device: "BlockDevice | None" = None) -> None:
        """`device` is what littlefs is on, in place of the Chip."""
        self.chip = Chip(blocks)
        self._files = LittlefsFiles(device or self.chip, FOLDER, READ_BYTES, PAGE_BYTES, LOOKAHEAD_BYTES)
        self._events = 0
        self._files.write("firmware", bytes(firmware_blocks * BLOCK_BYTES))
        for segment in range(SEGMENTS):
            self._files.write(JOURNAL + str(segment), bytes(SEGMENT_EVENTS * EVENT_BYTES))
        self._events = SEGMENTS * SEGMENT_EVENTS

    def store(self, calls: "list[tuple[str, int]]") -> None:
        """All of it once more."""
        for name, size in calls:
            if name == JOURNAL:
                self._log(size)
            else:
                self._files.write(name, bytes(size))

    def _log(self, size: int) -> None:
        segment = self._events // SEGMENT_EVENTS
        if self._events % SEGMENT_EVENTS == 0:
            self._files.remove(JOURNAL + str(segment - SEGMENTS))
        self._files.append(JOURNAL + str(segment), bytes(size))
        self._events += 1


def main_day(lease_steps: int, steps_day: int, boluses: int) -> "list[tuple[str, int]]":
    """In the guest: what a pump stores in a day."""
    return calls_of_a_day(__import__("board"), lease_steps, steps_day, boluses)


def main_wear(calls: "list[tuple[str, int]]", times: int, blocks: int, firmware_blocks: int) -> dict:
    """In the guest: the erases of each block, and the bytes programmed, when `calls` are stored so many times."""
    wear = Wear(blocks, firmware_blocks)
    erases, programmed_bytes = list(wear.chip.erases), wear.chip.programmed_bytes
    for _ in range(times):
        wear.store(calls)
    return {
        "erases": [now - before for now, before in zip(wear.chip.erases, erases)],
        "programmed_bytes": wear.chip.programmed_bytes - programmed_bytes,
    }
