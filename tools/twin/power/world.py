"""A pump on a flash that is cut, life after life, and what its motor really did."""

from pump.app import App
from twin.bench import Bench
from twin.faults import Faults
from twin.flash.nor import NorFlash

FLASH_BLOCKS = 96
OFF_MS = 5000
MONDAY = 0
NG_ML = 500_000


class PumpWorld:
    """One pump. While its flash erases or programs, its ticks run on: one tick's time passes before each operation.

    `restarts` counts its lives but the first. `begun` is how things stood when `note` was last called.
    """

    def __init__(self, board, flash: NorFlash) -> None:
        """The pump boots, on what `flash` holds. May be cut by it."""
        self.board = board
        self.flash = flash
        self.bench = Bench(board, board.RESERVOIR_CAPACITY_STEPS, Faults([]), flash=self.flash)
        self.flash.meanwhile = self._tick_on
        self.restarts = 0
        self.told = []
        self.bolus_armed = False
        self._ticking = False
        self.app = App(board, self.bench.ports)
        self._open()
        self.note()

    def _open(self) -> None:
        """As `main.py` starts it: the ticks come once it is open."""
        self.app.open()
        self._ticking = True

    def restart(self, cause: str = "power", off_ms: int = OFF_MS) -> None:
        """The power goes now, comes again after `off_ms`, and the pump boots. May be cut by the flash."""
        self.off()
        if off_ms:
            self.bench.advance(off_ms)
        self.restarts += 1
        self.bench.power_on(cause)
        self.app = App(self.board, self.bench.ports)
        self._open()

    def off(self) -> None:
        """The power goes now. What the pump had said by then is remembered."""
        self.bench.power_off()
        self._ticking = False
        self.told += told(self.app.journal)
        self.bolus_armed = self.bolus_armed or self.app.tick.demand.bolus.active

    def slice(self, count: int = 1) -> None:
        """`count` times: a tick's time passes, the tick, the loop."""
        for _ in range(count):
            self._tick_on()
            self.app.loop.poll()

    def note(self) -> None:
        """Remember how things stand: from here on the account is compared with the motor."""
        status = self.app.status.read()
        # Just after a tick: what was made by now is counted, and of what is on its way nothing is made yet.
        self.begun = {
            "confirmed": status["confirmed_steps"],
            "made": self.bench.motor.steps,
            "hour": status["hour_steps"] - status["in_flight_steps"],
            "day": status["day_steps"] - status["in_flight_steps"],
        }
        self.restarts = 0

    def made_steps(self) -> int:
        """What the motor made since `note`."""
        return self.bench.motor.steps - self.begun["made"]

    def confirmed_steps(self) -> int:
        """What the pump counts as delivered since `note`."""
        return self.app.status.read()["confirmed_steps"] - self.begun["confirmed"]

    def _tick_on(self) -> None:
        if self._ticking:
            self.bench.advance(self.board.TICK_MS)
            self.app.tick.run_once()


def told(journal) -> "list[tuple]":
    """The newest events, but for the last one, which may have been cut before anybody could read it; none where some
    could not be written."""
    if journal.unwritten:
        return []
    return [_line(event) for event in journal.since(0)][:-1]


def stored(journal, after_seq: int, most: int) -> "list[tuple]":
    """What the journal has stored after `after_seq`, `most` events of it, read in pages."""
    lines = []
    while len(lines) < most:
        page = journal.page(after_seq, most - len(lines))
        lines += [_line(event) for event in page.events]
        if page.to_seq <= after_seq:
            break
        after_seq = page.to_seq
    return lines


def _line(event) -> "tuple":
    return event.seq, event.kind, event.a, event.b
