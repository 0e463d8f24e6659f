"""Cuts of the power at the flash operations of every story, a sample of them; `make torture` tries all.

What must hold after each is in `twin.power.check`: M-02, D-06, R-01, the journal's numbers, and that wholly the old or
wholly the new stands. Each story's own demands are in `twin.power.stories`, the lockout's (D-09) among them.
"""

from collections.abc import Callable, Generator
from functools import cache

import pytest

from itb.sim.engine import CPYTHON, VM
from itb.sim.torture import SHORT, SLICE_MS, Guests, guests, line, main
from rig import board_module
from twin.power.check import check_account, check_journal
from twin.power.stories import stories
from twin.power.torture import BURSTS, names, torture
from twin.power.world import PumpWorld
from vm.engines import missing

pytestmark = pytest.mark.req("M-02", "D-06", "D-09", "R-01", "I-02", "I-03")

BOARD = board_module("sim", SLICE_MS)
# Fewer than on the VM, which is what counts.
EVERY, DOUBLE_EVERY = 41, 1999

story_of_each = cache(stories)


@pytest.mark.parametrize("story", names(BOARD))
def test_in_cpython(story: str, record_property: Callable[[str, object], None]) -> None:
    tried = torture(BOARD, story, 131 if story == BURSTS else EVERY, DOUBLE_EVERY)
    record_property("cuts", tried["cuts"] + tried["double"])
    assert tried["cuts"] == (15 if story == BURSTS else 3 * tried["operations"] // EVERY)
    assert (tried.get("half_out", 0) > 0) == (story == BURSTS)


@pytest.fixture(scope="module")
def stage() -> Generator[Guests]:
    with guests(VM) as laid_out:
        yield laid_out


@pytest.mark.skipif(bool(missing(VM)), reason=missing(VM))
@pytest.mark.parametrize("story", names(BOARD))
def test_on_the_vm(story: str, stage: Guests, record_property: Callable[[str, object], None]) -> None:
    tried = stage.run(story, SHORT)
    assert not tried.error, line(tried)
    record_property("cuts", tried.cuts + tried.double)
    assert tried.cuts == (15 if story == BURSTS else 3 * tried.operations // SHORT.every)


@pytest.mark.skipif(bool(missing(VM)), reason=missing(VM))
def test_a_story_that_fails_says_so(stage: Guests) -> None:
    tried = stage.run("no such story", SHORT)
    assert "no such story" in tried.error
    assert "FAILED" in line(tried)


class TestTheChecksFind:
    """The checks of these stories are not blind."""

    def world(self) -> PumpWorld:
        return story_of_each(BOARD)["lease renewal"].begin()

    def test_what_the_motor_made_and_nobody_counted(self) -> None:
        world = self.world()
        world.bench.motor.steps += 1
        with pytest.raises(AssertionError, match="made 1, accounted 0"):
            check_account(world, "", windows=True)

    def test_more_than_a_lease_between_account_and_motor(self) -> None:
        world = self.world()
        world.restart()
        world.bench.motor.steps -= BOARD.LEASE_STEPS
        with pytest.raises(AssertionError, match="at most"):
            check_account(world, "", windows=True)

    def test_grants_that_the_windows_forgot(self) -> None:
        world = self.world()
        world.slice(10)
        world.app.tick._guard.windows.hour_steps -= 20
        with pytest.raises(AssertionError, match="hour"):
            check_account(world, "", windows=True)

    def test_a_reservoir_that_does_not_add_up(self) -> None:
        world = self.world()
        world.app.tick._guard._reservoir.wasted.add(1)
        with pytest.raises(AssertionError, match="filled"):
            check_account(world, "", windows=True)

    def test_an_event_that_was_told_and_is_gone(self) -> None:
        world = self.world()
        world.told.append((1, "told", 0, 0))
        with pytest.raises(AssertionError, match="told"):
            check_journal(world, "")

    def test_ticks_go_on_between_the_operations_of_the_flash(self) -> None:
        world = self.world()
        before = world.bench.clock.elapsed_ms
        operations = world.flash.operations
        world.app.control.set_time(0, 1)
        assert world.flash.operations > operations
        assert world.bench.clock.elapsed_ms > before
        assert world.made_steps() > 0


class TestTheCommand:
    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["torture", "--engine", CPYTHON, "--short", *arguments])
        return main()

    def test_a_line_for_each_story_and_the_total(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, "--only", "migration", "--only", "time set") == 0
        *lines, total, _ = capsys.readouterr().out.splitlines()
        first, second = sorted(lines)
        assert first.startswith("migration ")
        assert second.startswith("time set ")
        cuts = [int(text.split(" cuts")[0].split()[-1]) for text in (first, second)]
        assert total.startswith(f"2 stories, {sum(cuts)} cuts, ")
        assert total.endswith(" 0 stories failed")

    def test_a_failure_is_told(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run(monkeypatch, "--only", "no such story") == 1
        assert "1 stories failed" in capsys.readouterr().out
