"""The power goes at any millisecond of delivery: between bursts, and with a burst half out."""

from twin.power.check import check_pump, facts, require
from twin.power.story import Story
from twin.power.world import PumpWorld

# Each cut is of another kind, and lasts differently long.
CAUSES = (("power", 5000), ("power", 1), ("watchdog", 0), ("soft", 0))


class Bursts(Story):
    """Delivers, with a bolus of the patient's on top. `cuts` were tried, `half_out` of them with a burst half out."""

    def __init__(self, board) -> None:
        super().__init__(board)
        self.cuts = 0
        self.half_out = 0

    def act(self, world: PumpWorld) -> None:
        world.app.control.request_bolus()

    def cut_every(self, every_ms: int, until_ms: int) -> None:
        """Cut at `every_ms` after the bolus began, at twice that, and so on, until `until_ms`. Raises AssertionError
        where something is wrong."""
        for at_ms in range(every_ms, until_ms + 1, every_ms):
            self._cut(at_ms)

    def _cut(self, at_ms: int) -> None:
        world = self.begin()
        self.act(world)
        tick_ms = self._board.TICK_MS
        world.slice(at_ms // tick_ms)
        before = world.bench.motor.steps
        if at_ms % tick_ms:
            world.bench.advance(at_ms % tick_ms)
        self.half_out += world.bench.step.busy() and world.bench.motor.steps > before
        cause, off_ms = CAUSES[self.cuts % len(CAUSES)]
        world.restart(cause, off_ms)
        self.cuts += 1
        name = "%s at %d ms" % (cause, at_ms)
        require(facts(world)[0] == "delivering", "%s: %s" % (name, facts(world)))
        require(world.app.control.boluses.patient_wait_ms() > 0, "%s: no lockout" % name)
        check_pump(world, name)
