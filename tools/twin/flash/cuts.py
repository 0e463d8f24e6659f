"""Cuts the power at every flash operation of a story, in every way, and looks at what became of it.

A story is an object with four methods:

    begin() -> world     Makes all that the story needs, the same each time; `world.flash` is the chip. Never cut.
    act(world)           What is cut. It may boot the pump. It does the same flash operations each time.
    restart(world)       Boots again, on what the flash holds. May be cut too, and is then called once more.
    check(world, cuts)   Raises whatever it likes where something is wrong. `cuts` says what was done, for its message;
                         it is empty where nothing was cut. The power is on.
"""

from pump.core.errors import Misuse
from twin.flash.nor import WAYS, PowerCut


class Tally:
    """What was tried: flash operations of the story, single cuts in it, and cuts of a restart after one of those.

    `restart_operations` is the most that a restart did. `cuts` is what is being tried.
    """

    def __init__(self) -> None:
        self.operations = 0
        self.single = 0
        self.double = 0
        self.restart_operations = 0
        self.cuts = ""

    def text(self) -> str:
        """In one line, for people."""
        return "%d operations, %d cuts, %d double cuts; up to %d operations in a restart" % (
            self.operations,
            self.single,
            self.double,
            self.restart_operations,
        )


class Torture:
    """One story under cuts. `tally` may be read at any time; after a failure `tally.cuts` says which cut it was."""

    def __init__(self, story, ways: "tuple[str, ...]" = WAYS, every: int = 1, double_every: int = 0) -> None:
        """Of all single cuts every `every`-th is tried, and of all double cuts that follow those every
        `double_every`-th, or none if it is 0. Numbers that three does not divide let the ways take turns."""
        if every < 1 or double_every < 0:
            raise Misuse("torture: every %d, double_every %d; accepted: from 1, from 0" % (every, double_every))
        self.tally = Tally()
        self._story = story
        self._ways = ways
        self._every = every
        self._double_every = double_every
        self._singles_met = 0
        self._doubles_met = 0

    def run(self) -> Tally:
        """Try it all. Raises what the story raises, and Misuse where the story does not repeat itself or the flash was
        misused."""
        world = self._begin(())
        before = world.flash.operations
        self._story.act(world)
        self.tally.operations = world.flash.operations - before
        self._finish(world)
        for operation in range(1, self.tally.operations + 1):
            for way in self._ways:
                self._singles_met += 1
                if self._singles_met % self._every == 0:
                    self._cut_once(operation, way)
        return self.tally

    def _cut_once(self, operation: int, way: str) -> None:
        """One single cut, and the double cuts that begin with it."""
        first = (operation, way)
        world = self._begin((first,))
        self._expect_cut(self._story.act, world, first)
        restart_operations = self._finish(world)
        self.tally.single += 1
        self.tally.restart_operations = max(self.tally.restart_operations, restart_operations)
        if not self._double_every:
            return
        for again in range(1, restart_operations + 1):
            for second_way in self._ways:
                self._doubles_met += 1
                if self._doubles_met % self._double_every == 0:
                    self._cut_twice(first, (again, second_way))

    def _cut_twice(self, first: "tuple[int, str]", second: "tuple[int, str]") -> None:
        world = self._begin((first, second))
        self._expect_cut(self._story.act, world, first)
        self._expect_cut(self._story.restart, world, second)
        self._finish(world)
        self.tally.double += 1

    def _begin(self, cuts: "tuple[tuple[int, str], ...]"):
        self.tally.cuts = ", then ".join(["operation %d %s" % cut for cut in cuts])
        return self._story.begin()

    def _expect_cut(self, act, world, cut: "tuple[int, str]") -> None:
        world.flash.cut_at(cut[0], cut[1])
        try:
            act(world)
        except PowerCut:
            return
        raise Misuse("torture: %s: the story ended before its cut, so it does not repeat itself" % self.tally.cuts)

    def _finish(self, world) -> int:
        """Restart and check. How many operations the restart did."""
        before = world.flash.operations
        self._story.restart(world)
        done = world.flash.operations - before
        self._story.check(world, self.tally.cuts)
        if world.flash.misuse:
            raise Misuse("torture: %s: %s" % (self.tally.cuts, world.flash.misuse))
        return done
