"""A pump that is cut: how it came to where it is, and what must stand after any cut."""

from pump.therapy.program import Program
from twin.flash.nor import NorFlash
from twin.power.check import check_pump, digest, facts, require
from twin.power.world import FLASH_BLOCKS, MONDAY, NG_ML, PumpWorld

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
NOON_MS = 12 * HOUR_MS
# Forty microsteps in a second.
STEPS_DAY = 3_456_000
PATIENT = [200, 0, 10_000, HOUR_MS, 4]
# State and alarms after a restart.
RESUMED = ["delivering", ["restarted", "time_unknown"]]
KEPT_OPEN = ["delivering", ["restarted", "time_unknown", "keep_open"]]
AT_REST = ["stopped", []]


def source(steps_day: int = STEPS_DAY, **parts) -> dict:
    """A device program with a bolus for the patient, but for `parts`."""
    fields = {
        "version": 2,
        "rate_den": 1,
        "concentration_ng_ml": NG_ML,
        "patterns": [[[0, steps_day, 0]]],
        "plan": [[0, 0, 0]],
        "boluses": [],
        "patient": PATIENT,
        "trial": [[100, 0, 10_000]],
        "bridge": None,
        "override": "",
        "titration": [1000, "story"],
        "limits": {"hour": [200_000, "story"], "day": [5_000_000, "story"], "bolus": [1000, "story"]},
    }
    fields.update(parts)
    return fields


class Story:
    """A pump that was filled and programmed, and delivered for a while; then its power went, and came again.

    What follows is cut. After any cut everything stands as it did before or as it would after, and nothing in between.
    """

    delivering = True
    windows = True
    ordered = source()
    # State and alarms after a cut before anything was done, and after one when all was; and whether more differs.
    before = RESUMED
    after = RESUMED
    changes = False

    def __init__(self, board) -> None:
        self._board = board
        self._pages = {}
        self._old = None
        self._new = None
        self._worlds = 0

    def prepare(self, world: PumpWorld) -> None:
        """Make the pump whose flash every `begin` begins with."""
        program(world, self.ordered)
        world.slice(20)
        if not self.delivering:
            world.app.control.stop()
        world.slice(3)

    def program_before(self) -> Program:
        """What is ordered before anything is done."""
        return Program(self.ordered)

    def ready(self, world: PumpWorld) -> None:
        """What comes after the boot, and is never cut."""
        world.app.control.set_time(NOON_MS, MONDAY)
        if not self.delivering:
            verify(world)
        world.slice(5)

    def begin(self) -> PumpWorld:
        """A pump that is ready, just after a tick."""
        if not self._pages:
            self._pages = self._past()
            world = self._ready()
            self.restart(world)
            self._old = facts(world)
            require(self._old[:3] == self.before + [digest(self.program_before())], "before: %s" % self._old)
        return self._ready()

    def _past(self) -> dict:
        world = PumpWorld(self._board, NorFlash(FLASH_BLOCKS))
        self.prepare(world)
        world.off()
        return world.flash.snapshot()

    def _ready(self) -> PumpWorld:
        flash = NorFlash(FLASH_BLOCKS)
        flash.restore(self._pages)
        world = PumpWorld(self._board, flash)
        self.ready(world)
        world.note()
        return world

    def act(self, world: PumpWorld) -> None:
        """What is cut."""
        raise NotImplementedError

    def restart(self, world: PumpWorld) -> None:
        """The power goes and comes. Now and then what is on its way still goes out before, in part or in whole."""
        self._worlds += 1
        late_ms = (0, 30, self._board.TICK_MS - 1)[self._worlds % 3]
        if late_ms and world.bench.powered:
            world.bench.advance(late_ms)
        world.restart()
        world.slice()

    def check(self, world: PumpWorld, cuts: str) -> None:
        """All that was as it is after any restart, and everything wholly old or new."""
        found = facts(world)
        if not cuts:
            self._new = found
            require(found[:2] == self.after, "after: %s" % found)
            require((found != self._old) == self.changes, "from %s to %s" % (self._old, found))
        # A bolus that ran is cancelled, and the time of day for another is not known.
        require(not world.app.tick.demand.bolus.active, "%s: a bolus goes on" % cuts)
        require(found in (self._old, self._new), "%s: %s, neither %s nor %s" % (cuts, found, self._old, self._new))
        self.check_more(world, cuts)
        check_pump(world, cuts, self.windows)

    def check_more(self, world: PumpWorld, cuts: str) -> None:
        """What this story wants beside that."""


def program(world: PumpWorld, ordered: dict) -> None:
    """Fill the pump, program it and start it."""
    control = world.app.control
    control.refill(world.board.RESERVOIR_CAPACITY_STEPS, 0, NG_ML)
    control.load(ordered)
    control.set_time(NOON_MS, MONDAY)
    control.start()


def verify(world: PumpWorld) -> None:
    """The programmer reads program and reservoir back."""
    control = world.app.control
    control.verify(control.programs.day_total_steps(), world.app.status.read()["reservoir_steps"])


def refill(world: PumpWorld, ng_ml: int, less_steps: int = 0) -> None:
    """Fill with `less_steps` less than fit in."""
    left_steps = world.app.status.read()["reservoir_steps"]
    world.app.control.refill(world.board.RESERVOIR_CAPACITY_STEPS - less_steps, left_steps, ng_ml)
