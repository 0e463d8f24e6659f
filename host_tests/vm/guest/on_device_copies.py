"""Device tests of the two copies of the board's constants: a copy that is being mended, on the VM's own littlefs on a
simulated flash, is cut at every operation."""

import sys

import board
from support import Skip

from pump.hal.settings import COPIES, Settings
from twin.flash.cuts import Torture
from twin.flash.nor import NorFlash
from twin.flash.store import FOLDER, MOUNT, has_littlefs, open_store

REQUIREMENTS = {
    "test_a_damaged_first_copy_is_mended_over_every_cut": ["I-02"],
    "test_a_damaged_second_copy_is_mended_over_every_cut": ["I-02"],
    "test_a_missing_first_copy_is_mended_over_every_cut": ["I-02"],
    "test_a_missing_second_copy_is_mended_over_every_cut": ["I-02"],
}
BLOCKS = 16
ROOT = MOUNT + FOLDER
NAMES = [name for name in sorted(dir(board)) if name[0] != "_"]
OWN = [getattr(board, name) for name in NAMES]
GOOD = "".join(["%s = %r\n" % (name, value) for name, value in zip(NAMES, OWN)]).encode()


class World:
    def __init__(self) -> None:
        self.flash = NorFlash(BLOCKS)


class Mend:
    """A story for the torture: a pump with `damaged` in place of copy `number` starts, and mends it."""

    def __init__(self, number: int, damaged: "bytes | None") -> None:
        self._number = number
        self._damaged = damaged

    def begin(self) -> World:
        world = World()
        nvm = open_store(world.flash)
        for number in (0, 1):
            content = self._damaged if number == self._number else GOOD
            if content is not None:
                nvm.write(COPIES[number] + ".py", content)
        return world

    def act(self, world: World) -> None:
        self._start(world)

    def restart(self, world: World) -> None:
        self._start(world)

    def check(self, world: World, cuts: str) -> None:
        open_store(world.flash)
        assert not Settings(ROOT).damaged, cuts

    def _start(self, world: World) -> None:
        nvm = open_store(world.flash)
        found = Settings(ROOT)
        assert [getattr(found.board, name) for name in NAMES] == OWN
        found.mend()
        # Raises when the power has gone; `mend` itself lives with a memory that does not answer.
        nvm.names()


def _mended_over_every_cut(number: int, damaged: "bytes | None") -> None:
    if sys.implementation.name != "micropython" or not has_littlefs():
        raise Skip("nothing is imported from a littlefs here")
    sys.path.insert(0, ROOT)
    try:
        tally = Torture(Mend(number, damaged), double_every=4).run()
    finally:
        sys.path.remove(ROOT)
    assert tally.single > 10
    assert tally.double > 3


def test_a_damaged_first_copy_is_mended_over_every_cut():
    _mended_over_every_cut(0, GOOD.replace(b"TICK_MS = 1", b"TICK_MS = 2"))


def test_a_damaged_second_copy_is_mended_over_every_cut():
    _mended_over_every_cut(1, GOOD[:500])


def test_a_missing_first_copy_is_mended_over_every_cut():
    _mended_over_every_cut(0, None)


def test_a_missing_second_copy_is_mended_over_every_cut():
    _mended_over_every_cut(1, None)
