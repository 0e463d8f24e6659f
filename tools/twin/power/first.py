"""The first start of a pump whose flash is blank, cut."""

from twin.flash.nor import NorFlash
from twin.power.check import check_pump, facts, require
from twin.power.story import AT_REST, RESUMED, program, source
from twin.power.world import FLASH_BLOCKS, PumpWorld


class NewPump:
    """A blank flash."""

    def __init__(self) -> None:
        self.flash = NorFlash(FLASH_BLOCKS)


class FirstStart:
    """Whatever of it was cut: the next start finds a new pump, which can be filled, programmed and started."""

    def __init__(self, board) -> None:
        self._board = board

    def begin(self) -> NewPump:
        """Nothing was ever stored."""
        return NewPump()

    def act(self, world: NewPump) -> None:
        """Start."""
        PumpWorld(self._board, world.flash).slice(5)

    def restart(self, world: NewPump) -> None:
        """Start again."""
        self.act(world)

    def check(self, world: NewPump, cuts: str) -> None:
        """Stopped without an alarm; and once programmed, it is a pump like any other."""
        pump = PumpWorld(self._board, world.flash)
        require(facts(pump)[:2] == AT_REST, "%s: %s" % (cuts, facts(pump)))
        program(pump, source())
        pump.slice(5)
        pump.restart()
        pump.slice()
        require(facts(pump)[:2] == RESUMED, "%s: %s" % (cuts, facts(pump)))
        check_pump(pump, cuts)
