"""The torture tries every cut in every way, and finds a memory that does not stand it."""

import pytest

from pump.core.errors import Misuse
from twin.flash.cuts import Torture
from twin.flash.nor import HALF, WAYS, NorFlash, PowerCut

OLD, NEW = b"\x55" * 256, b"\xaa" * 256


class World:
    """Two copies, one in each block."""

    def __init__(self) -> None:
        self.flash = NorFlash(2)
        for block in (0, 1):
            self.flash.program(block, 0, OLD)
        self.restarts = 0

    def copy(self, block: int) -> bytes:
        buffer = bytearray(256)
        self.flash.read(block, 0, buffer)
        return bytes(buffer)

    def lost(self) -> list[int]:
        return [block for block in (0, 1) if self.copy(block) not in (OLD, NEW)]

    def put(self, block: int, data: bytes) -> None:
        self.flash.erase(block)
        self.flash.program(block, 0, data)


class Story:
    """The second copy is written anew; a restart mends a lost copy from the other."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.begun = 0

    def begin(self) -> World:
        self.begun += 1
        return World()

    def act(self, world: World) -> None:
        world.put(1, NEW)

    def restart(self, world: World) -> None:
        world.flash.power_on()
        world.restarts += 1
        for block in world.lost():
            world.put(block, world.copy(1 - block))

    def check(self, world: World, cuts: str) -> None:
        self.checked.append(cuts)
        assert not world.lost(), f"lost after {cuts}"


class WritesBoth(Story):
    """Erases both copies before it writes them."""

    def act(self, world: World) -> None:
        for block in (0, 1):
            world.flash.erase(block)
        for block in (0, 1):
            world.flash.program(block, 0, NEW)


class MendsBoth(Story):
    """A restart writes both copies, from what it has read."""

    def restart(self, world: World) -> None:
        world.flash.power_on()
        if world.lost():
            data = world.copy(1 - world.lost()[0])
            for block in (0, 1):
                world.flash.erase(block)
            for block in (0, 1):
                world.flash.program(block, 0, data)


class NeverTheSame(Story):
    """Does one operation less each time."""

    def act(self, world: World) -> None:
        if self.begun == 1:
            super().act(world)


class Misuser(Story):
    """Programs twice what may be programmed once, and keeps quiet about it."""

    def act(self, world: World) -> None:
        with pytest.raises((Misuse, PowerCut)):
            world.flash.program(0, 0, NEW)


def test_a_story_without_cuts_comes_first_and_then_every_operation_in_every_way() -> None:
    story = Story()
    tally = Torture(story).run()
    assert story.checked == ["", *(f"operation {operation} {way}" for operation in (1, 2) for way in WAYS)]
    assert (tally.operations, tally.single, tally.double) == (2, 6, 0)


def test_the_power_is_cut_a_second_time_at_every_operation_of_every_restart() -> None:
    story = Story()
    tally = Torture(story, double_every=1).run()
    # Four of the six cuts leave the second copy lost; the restart then erases and programs it.
    assert (tally.single, tally.double, tally.restart_operations) == (6, 4 * 2 * 3, 2)
    assert len(set(story.checked)) == len(story.checked) == 1 + 6 + 24
    assert "operation 2 half, then operation 1 after" in story.checked
    assert tally.text() == "2 operations, 6 cuts, 24 double cuts; up to 2 operations in a restart"


def test_only_the_ways_that_were_asked_for() -> None:
    story = Story()
    Torture(story, ways=(HALF,)).run()
    assert story.checked == ["", "operation 1 half", "operation 2 half"]


def test_samples_are_taken_evenly() -> None:
    story = Story()
    tally = Torture(story, every=2, double_every=5).run()
    assert story.checked[:2] == ["", "operation 1 half"]
    # Two of the three leave something to mend, each with two operations to be cut in three ways.
    assert (tally.single, tally.double) == (3, 12 // 5)


def test_a_memory_that_loses_what_it_had_is_found() -> None:
    torture = Torture(WritesBoth())
    with pytest.raises(AssertionError, match="lost after operation 2 half"):
        torture.run()
    assert torture.tally.cuts == "operation 2 half"


def test_a_restart_that_must_not_be_cut_is_found_by_double_cuts_only() -> None:
    assert Torture(MendsBoth()).run().single == 6
    with pytest.raises(AssertionError, match="lost after operation 1 half, then operation 1 half"):
        Torture(MendsBoth(), double_every=1).run()


def test_a_story_that_does_not_repeat_itself_is_refused() -> None:
    with pytest.raises(Misuse, match="operation 1 before: the story ended before its cut"):
        Torture(NeverTheSame()).run()


def test_misuse_of_the_flash_does_not_pass_unseen() -> None:
    with pytest.raises(Misuse, match="page 0 of block 0 programmed"):
        Torture(Misuser()).run()


@pytest.mark.parametrize("every, double_every", [(0, 0), (-1, 0), (1, -1)])
def test_no_sample_that_is_none(every: int, double_every: int) -> None:
    with pytest.raises(Misuse, match="accepted: from 1, from 0"):
        Torture(Story(), every=every, double_every=double_every)
