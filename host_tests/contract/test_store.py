"""The rules of non-volatile memory on all that keep them, and littlefs on a simulated flash under power cuts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from itb.sim.engine import VM
from pump.core.errors import Misuse
from pump.core.ports import Nvm
from pump.hal.files import Files
from twin.flash.cuts import Torture
from twin.flash.nor import BROKEN, FULL, READ_ONLY, WAYS, NorFlash, PowerCut
from twin.flash.store import open_store
from twin.ideal import SmallNvm
from twin.peripherals import RamNvm
from vm.engines import Stage, missing
from vm.guest import storing

Open = Callable[[], Nvm]
OPENERS: dict[str, Callable[[Path], Open]] = {
    # What lasts as long as the run is opened again by nobody.
    "ram": lambda _: (lambda nvm: lambda: nvm)(RamNvm()),
    "files": lambda folder: lambda: Files(str(folder / "data")),
    "littlefs": lambda _: storing.opener(NorFlash(storing.BLOCKS)),
}
ACTS = (
    ("write", lambda nvm: nvm.write("piece", b"new")),
    ("append", lambda nvm: nvm.append("piece", b"new")),
    ("remove", lambda nvm: nvm.remove("piece")),
    ("read", lambda nvm: nvm.read("piece")),
    ("names", lambda nvm: nvm.names()),
)
CHANGES = ("write", "append", "remove")


@pytest.mark.parametrize("rule", storing.RULES)
@pytest.mark.parametrize("memory", OPENERS)
def test_the_rules(memory: str, rule: Callable[[Open], None], tmp_path: Path) -> None:
    rule(OPENERS[memory](tmp_path))


def test_the_small_one_forgets_and_names_too() -> None:
    nvm = SmallNvm()
    nvm.write("b", b"1")
    nvm.write("a", b"2")
    assert nvm.names() == ["a", "b"]
    nvm.remove("a")
    nvm.remove("a")
    assert (nvm.names(), nvm.read("a")) == (["b"], None)


class TestFilesOfTheHost:
    def test_a_file_still_being_written_has_no_name(self, tmp_path: Path) -> None:
        files = Files(str(tmp_path))
        files.write("whole", b"1")
        (tmp_path / "torn~").write_bytes(b"half")
        assert files.names() == ["whole"]

    def test_what_cannot_be_read_is_not_taken_for_what_is_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "piece").mkdir()
        files = Files(str(tmp_path))
        with pytest.raises(OSError, match="piece"):
            files.read("piece")
        with pytest.raises(OSError, match="piece"):
            files.remove("piece")

    def test_a_memory_without_room_for_its_folder_is_found_out_by_its_first_use(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        files = Files(str(tmp_path / "file" / "data"))
        for act in (lambda: files.write("a", b""), files.names, lambda: files.read("a")):
            with pytest.raises(OSError, match="data"):
                act()


class TestCuts:
    @pytest.mark.parametrize("story", storing.STORIES)
    def test_every_cut_leaves_the_old_or_the_new(self, story: str) -> None:
        tally = storing.cut_everywhere(story, double_every=4)
        assert tally.single == len(WAYS) * tally.operations
        assert tally.double > 0

    def test_the_first_start_of_a_new_chip(self) -> None:
        class FirstStart(storing.Acts):
            def begin(self) -> storing.World:
                world = storing.World.__new__(storing.World)
                world.flash, world.sure, world.next = NorFlash(storing.BLOCKS), {}, {}
                return world

            def act(self, world: storing.World) -> None:
                world.nvm = open_store(world.flash)
                super().act(world)

        tally = Torture(FirstStart([("write", "first", b"1")]), double_every=1).run()
        assert tally.operations == 10

    def test_a_write_that_is_not_atomic_is_found(self) -> None:
        class InPlace(storing.Acts):
            """Removes what it writes anew."""

            def act(self, world: storing.World) -> None:
                world.next = {"piece": ("write", b"new")}
                world.nvm.remove("piece")
                world.nvm.write("piece", b"new")

        story = InPlace([], past=[("write", "piece", b"old")])
        with pytest.raises(AssertionError, match="'piece', None"):
            Torture(story).run()

    def test_what_was_opened_before_the_cut_is_dead(self) -> None:
        flash = NorFlash(storing.BLOCKS)
        old = open_store(flash)
        old.write("piece", b"old")
        flash.power_off()
        for _, act in ACTS:
            with pytest.raises(PowerCut):
                act(old)
        new = open_store(flash)
        for _, act in ACTS:
            with pytest.raises(PowerCut):
                act(old)
        assert new.read("piece") == b"old"

    @settings(max_examples=150)
    @given(
        acts=st.lists(
            st.tuples(
                st.sampled_from(["write", "write", "append", "append", "remove"]),
                st.sampled_from(["a", "b", "journal.1"]),
                st.tuples(st.integers(0, 1500), st.integers(0, 7)).map(lambda drawn: storing.pattern(*drawn)),
            ),
            max_size=30,
        ),
        cut=st.tuples(st.integers(1, 200), st.sampled_from(WAYS)),
        again=st.tuples(st.integers(1, 8), st.sampled_from(WAYS)),
    )
    @example(acts=[("append", "a", b"x" * 1000)] * 8, cut=(30, "half"), again=(2, "half"))
    def test_any_acts_cut_anywhere_and_again(
        self, acts: list[tuple[str, str, bytes]], cut: tuple[int, str], again: tuple[int, str]
    ) -> None:
        story = storing.Acts(acts)
        world = story.begin()
        world.flash.cut_at(*cut)
        try:
            story.act(world)
        except PowerCut:
            world.flash.cut_at(*again)
            try:
                story.restart(world)
            except PowerCut:
                story.restart(world)
        story.check(world, f"{cut}, {again}")
        assert not world.flash.misuse


class TestTrouble:
    @pytest.mark.parametrize("errno", [FULL, READ_ONLY, BROKEN])
    def test_a_chip_that_takes_nothing_says_so_and_is_read_on(self, errno: int) -> None:
        flash = NorFlash(storing.BLOCKS)
        nvm = open_store(flash)
        nvm.write("piece", b"old")
        flash.write_errno = errno
        for name, act in ACTS:
            if name in CHANGES:
                with pytest.raises(OSError, match="the flash refuses") as raised:
                    act(nvm)
                assert raised.value.errno == errno
        assert (nvm.names(), nvm.read("piece")) == (["piece"], b"old")
        flash.write_errno = 0
        nvm.write("piece", b"new")
        assert open_store(flash).read("piece") == b"new"

    def test_a_chip_that_cannot_be_read_is_not_an_empty_one(self) -> None:
        flash = NorFlash(storing.BLOCKS)
        open_store(flash).write("piece", b"old")
        flash.read_errno = BROKEN
        with pytest.raises(OSError, match="the flash refuses"):
            open_store(flash)
        flash.read_errno = 0
        assert open_store(flash).read("piece") == b"old"

    def test_a_blank_chip_that_takes_nothing_gets_no_file_system(self) -> None:
        flash = NorFlash(storing.BLOCKS)
        flash.write_errno = READ_ONLY
        with pytest.raises(OSError, match="the flash refuses"):
            open_store(flash)

    def test_a_full_one_says_so_and_keeps_what_it_has(self) -> None:
        flash = NorFlash(storing.BLOCKS)
        nvm = open_store(flash)
        nvm.write("piece", b"old")

        def fill() -> None:
            for i in range(storing.BLOCKS):
                nvm.write(f"filling.{i}", bytes(4000))

        for act in (fill, lambda: nvm.write("piece", bytes(4000)), lambda: nvm.append("filling.0", bytes(4000))):
            with pytest.raises(OSError, match="NOSPC") as raised:
                act()
            assert raised.value.errno == FULL
        again = open_store(flash)
        assert again.read("piece") == b"old"
        again.remove(again.names()[0])
        again.write("piece", b"new")
        assert again.read("piece") == b"new"

    def test_misuse_of_the_flash_is_noticed_through_littlefs(self) -> None:
        class Unerasing(NorFlash):
            def erase(self, block: int) -> None:
                self.erases[block] += 1

        flash = Unerasing(storing.BLOCKS)
        nvm = open_store(flash)

        def write() -> None:
            for i in range(60):
                nvm.write("piece", storing.pattern(100, i))

        with pytest.raises(Misuse, match="not erased before"):
            write()
        assert "not erased before" in flash.misuse


class TestCosts:
    """What a write and an append take, on average over many, in a folder with six other small pieces. docs and the
    size of the lease rest on these bounds."""

    def cost(self, act: Callable[[Nvm, int], None], count: int) -> tuple[float, float]:
        """Pages programmed and blocks erased for each of `count` acts."""
        flash = NorFlash(64)
        nvm = open_store(flash)
        for i in range(6):
            nvm.write(f"other.{i}", bytes(300))
        operations, erases = flash.operations, sum(flash.erases)
        for i in range(count):
            act(nvm, i)
        erased = sum(flash.erases) - erases
        return (flash.operations - operations - erased) / count, erased / count

    @pytest.mark.parametrize("size, pages, erases", [(100, 4.1, 0.34), (500, 8.1, 0.51), (3000, 17.5, 1.35)])
    def test_writes_in_turn_under_two_names(self, size: int, pages: float, erases: float) -> None:
        found = self.cost(lambda nvm, i: nvm.write(f"slot.{i % 2}", storing.pattern(size, i)), 500)
        assert found[0] <= pages
        assert found[1] <= erases

    @pytest.mark.parametrize("segment, pages, erases", [(480, 2.8, 0.25), (4000, 10, 1.0)])
    def test_appends_of_40_bytes(self, segment: int, pages: float, erases: float) -> None:
        def append(nvm: Nvm, i: int) -> None:
            number, line = divmod(i * 40, segment)
            if line == 0 and number >= 4:
                nvm.remove(f"journal.{number - 4}")
            nvm.append(f"journal.{number}", storing.pattern(40, i))

        found = self.cost(append, 1000)
        assert found[0] <= pages
        assert found[1] <= erases

    def test_a_start_changes_nothing(self) -> None:
        flash = NorFlash(64)
        open_store(flash).write("piece", b"1")
        operations = flash.operations
        assert open_store(flash).read("piece") == b"1"
        assert flash.operations == operations

    def test_wear_is_spread(self) -> None:
        flash = NorFlash(16)
        nvm = open_store(flash)
        for i in range(1500):
            nvm.write("large", storing.pattern(600, i))
        assert sum(flash.erases) >= 1500
        assert max(flash.erases) <= 3 * sum(flash.erases) / 16


@pytest.mark.skipif(bool(missing(VM)), reason=missing(VM))
def test_the_vm_s_own_littlefs_under_the_firmware_s_own_files_leaves_the_same_image(tmp_path: Path) -> None:
    outcomes = Stage(tmp_path).run(VM, "store_image")
    assert {name: outcome.text for name, outcome in outcomes.items()} == {
        "image": storing.long_life(),
        "test_image": "",
    }
