"""What a restart in the middle of delivery costs, from power-on to the first tick that may let steps out."""

from pump.app import App
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS
from twin.bench import Bench
from twin.faults import Faults
from twin.flash.nor import NorFlash
from twin.power.check import require
from twin.power.even import open_even

FLASH_BLOCKS = 96
# A journal to which this was added is as long as it ever is, but for half a segment.
FULL_EVENTS = SEGMENTS * SEGMENT_EVENTS - SEGMENT_EVENTS // 2
SLICES = 100


class Start:
    """A pump that delivers `steps_day`. Small steps: whoever counts on a VM may collect the garbage between them, from
    outside of any function (see `twin.run` on the collector of the WebAssembly build)."""

    def __init__(self, board, steps_day: int, flash: "NorFlash | None" = None) -> None:
        self._board = board
        self._bench = Bench(board, board.RESERVOIR_CAPACITY_STEPS, Faults([]), flash=flash)
        self._app = open_even(board, self._bench, steps_day)

    def log(self, events: int) -> None:
        """Make the journal longer."""
        for _ in range(events):
            self._app.journal.log("filler", 0, 0)

    def deliver(self, slices: int) -> None:
        """Let so many ticks pass."""
        for _ in range(slices):
            self._tick()
            self._app.loop.poll()

    def _tick(self) -> None:
        self._bench.advance(self._board.TICK_MS)
        self._app.tick.run_once()

    def power_off(self) -> None:
        """Forget the pump, but for its memory."""
        self._bench.power_off()
        del self._app

    def power_on(self) -> None:
        """To the end of the first tick. Raises AssertionError where that may let nothing out."""
        self._bench.power_on()
        self._app = App(self._board, self._bench.ports)
        self._app.open()
        self._tick()
        require(self._app.tick.delivering and self._app.status.read()["lease_left_steps"] > 0, "nothing may go out")


def main(steps_day: int, full: bool) -> dict:
    """In the guest, on a flash: the reads, programs and erases of one restart, the file system's mount included."""
    flash = NorFlash(FLASH_BLOCKS)
    start = Start(__import__("board"), steps_day, flash)
    start.log(FULL_EVENTS if full else 0)
    start.deliver(SLICES)
    start.power_off()
    reads, operations, erases = flash.reads, flash.operations, sum(flash.erases)
    start.power_on()
    erases = sum(flash.erases) - erases
    return {"reads": flash.reads - reads, "programs": flash.operations - operations - erases, "erases": erases}
