"""The simulated flash: what it refuses, what it counts, and what a power cut leaves."""

from collections.abc import Callable

import pytest

from pump.core.errors import Misuse
from twin.flash.nor import (
    AFTER,
    BEFORE,
    BROKEN,
    FULL,
    HALF,
    READ_ONLY,
    TYPICAL_US,
    WAYS,
    WORST_US,
    BlockDevice,
    NorFlash,
    PowerCut,
)

PAGE = bytes(range(256))
BLANK = b"\xff" * 256


def content(flash: NorFlash, block: int, offset: int = 0, size: int = 256) -> bytes:
    buffer = bytearray(size)
    flash.read(block, offset, buffer)
    return bytes(buffer)


def sound(flash: NorFlash) -> dict[str, object]:
    """What must be as before where an operation was refused."""
    return {
        "operations": flash.operations,
        "bytes": flash.programmed_bytes,
        "erases": list(flash.erases),
        "pages": flash.snapshot(),
    }


class TestRules:
    def test_it_comes_erased(self) -> None:
        flash = NorFlash(3)
        assert content(flash, 2, 0, 4096) == b"\xff" * 4096

    def test_a_page_is_programmed_where_it_belongs(self) -> None:
        flash = NorFlash(3)
        flash.program(1, 512, PAGE)
        assert content(flash, 1, 256, 768) == BLANK + PAGE + BLANK
        assert content(flash, 0, 0, 4096) == content(flash, 2, 0, 4096) == b"\xff" * 4096

    def test_several_pages_at_once(self) -> None:
        flash = NorFlash(1)
        flash.program(0, 0, PAGE + PAGE[::-1])
        assert content(flash, 0, 0, 512) == PAGE + PAGE[::-1]
        assert flash.operations == 2

    @pytest.mark.parametrize("offset, size", [(0, 256), (1, 1), (250, 12), (255, 514), (4095, 1), (0, 4096)])
    def test_any_part_of_a_block_is_read(self, offset: int, size: int) -> None:
        flash = NorFlash(1)
        whole = b"".join(bytes((i * 7 + page) & 0xFF for i in range(256)) for page in range(16))
        flash.program(0, 0, whole)
        assert content(flash, 0, offset, size) == whole[offset : offset + size]

    def test_an_erased_block_reads_ff_and_takes_a_page_again(self) -> None:
        flash = NorFlash(2)
        for block in (0, 1):
            flash.program(block, 0, PAGE)
        flash.erase(0)
        assert content(flash, 0) == BLANK
        assert content(flash, 1) == PAGE
        flash.program(0, 0, PAGE[::-1])
        assert content(flash, 0) == PAGE[::-1]

    def test_a_page_is_not_programmed_twice(self) -> None:
        flash = NorFlash(1)
        flash.program(0, 256, PAGE)
        before = sound(flash)
        with pytest.raises(Misuse, match="page 1 of block 0 programmed, and not erased before"):
            flash.program(0, 0, PAGE + PAGE)
        assert sound(flash) == before
        assert "page 1 of block 0" in flash.misuse

    @pytest.mark.parametrize("offset, size", [(1, 256), (128, 256), (0, 255), (0, 32), (0, 0)])
    def test_only_whole_pages_are_programmed(self, offset: int, size: int) -> None:
        flash = NorFlash(1)
        with pytest.raises(Misuse, match="whole pages of 256"):
            flash.program(0, offset, bytes(size))
        assert flash.operations == 0

    def test_a_chip_of_smaller_pages_takes_them(self) -> None:
        flash = NorFlash(1, page_bytes=32)
        flash.program(0, 64, PAGE[:32])
        assert content(flash, 0, 64, 32) == PAGE[:32]
        with pytest.raises(Misuse, match="whole pages of 32"):
            flash.program(0, 100, PAGE[:32])

    @pytest.mark.parametrize(
        "act",
        [
            lambda flash: flash.program(2, 0, PAGE),
            lambda flash: flash.program(-1, 0, PAGE),
            lambda flash: flash.program(0, 4096, PAGE),
            lambda flash: flash.program(0, 3840, PAGE + PAGE),
            lambda flash: flash.erase(2),
            lambda flash: flash.erase(-1),
            lambda flash: flash.read(2, 0, bytearray(1)),
            lambda flash: flash.read(1, 4090, bytearray(7)),
            lambda flash: flash.read(0, -1, bytearray(1)),
            lambda flash: flash.flip(2, 0, 1),
        ],
    )
    def test_nothing_outside_the_chip_or_across_blocks(self, act: Callable[[NorFlash], None]) -> None:
        flash = NorFlash(2)
        with pytest.raises(Misuse, match="there are 2 blocks"):
            act(flash)
        assert flash.operations == 0
        assert flash.misuse


class TestCounts:
    def test_operations_erases_bytes_and_reads(self) -> None:
        flash = NorFlash(3)
        flash.erase(1)
        flash.erase(1)
        flash.program(1, 0, PAGE * 4)
        content(flash, 1)
        assert (flash.operations, flash.programmed_bytes, flash.reads) == (6, 1024, 1)
        assert flash.erases == [0, 2, 0]

    def test_stalls_are_those_of_the_calls_between_which_interrupts_are_served(self) -> None:
        flash = NorFlash(1)
        flash.erase(0)
        flash.note_stalls(TYPICAL_US)
        flash.erase(0)
        flash.program(0, 0, PAGE * 4)
        flash.program(0, 1024, PAGE)
        assert flash.take_stalls_us() == [45_000, 1600, 400]
        assert flash.take_stalls_us() == []
        flash.note_stalls(WORST_US)
        flash.erase(0)
        assert flash.take_stalls_us() == [400_000]
        flash.note_stalls(None)
        flash.erase(0)
        assert flash.take_stalls_us() == []


class TestCuts:
    def begun(self) -> NorFlash:
        """Block 0 full, block 1 erased."""
        flash = NorFlash(2)
        flash.program(0, 0, PAGE * 16)
        return flash

    @pytest.mark.parametrize(
        "way, left", [(BEFORE, PAGE * 16), (HALF, b"\xff" * 2048 + PAGE * 8), (AFTER, b"\xff" * 4096)]
    )
    def test_what_is_left_of_an_erase(self, way: str, left: bytes) -> None:
        flash = self.begun()
        flash.cut_at(1, way)
        with pytest.raises(PowerCut):
            flash.erase(0)
        flash.power_on()
        assert content(flash, 0, 0, 4096) == left

    @pytest.mark.parametrize("way, left", [(BEFORE, BLANK), (HALF, PAGE[:128] + b"\xff" * 128), (AFTER, PAGE)])
    def test_what_is_left_of_a_program_whose_second_page_is_cut(self, way: str, left: bytes) -> None:
        flash = self.begun()
        flash.cut_at(2, way)
        with pytest.raises(PowerCut):
            flash.program(1, 0, PAGE * 4)
        flash.power_on()
        assert content(flash, 1, 0, 768) == PAGE + left + BLANK

    def test_a_half_programmed_page_has_to_be_erased(self) -> None:
        flash = self.begun()
        flash.cut_at(1, HALF)
        with pytest.raises(PowerCut):
            flash.program(1, 0, PAGE)
        flash.power_on()
        with pytest.raises(Misuse, match="not erased before"):
            flash.program(1, 0, PAGE)

    def test_it_comes_at_its_operation_and_once(self) -> None:
        flash = self.begun()
        flash.cut_at(3, BEFORE)
        flash.program(1, 0, PAGE)
        content(flash, 1)
        flash.program(1, 256, PAGE)
        with pytest.raises(PowerCut):
            flash.program(1, 512, PAGE)
        flash.power_on()
        for offset in (512, 768, 1024):
            flash.program(1, offset, PAGE)
        assert content(flash, 1, 0, 1280) == PAGE * 5

    @pytest.mark.parametrize("way", WAYS)
    def test_without_power_nothing_is_read_or_changed(self, way: str) -> None:
        flash = self.begun()
        flash.cut_at(1, way)
        with pytest.raises(PowerCut):
            flash.program(1, 0, PAGE)
        before = sound(flash)
        for act in (
            lambda: flash.erase(0),
            lambda: flash.program(1, 1024, PAGE),
            # Even what would be misuse: whoever was cut off is still closing its files.
            lambda: flash.program(1, 0, PAGE),
            lambda: content(flash, 0),
        ):
            with pytest.raises(PowerCut):
                act()
        assert sound(flash) == before
        assert not flash.misuse

    def test_the_power_may_go_between_two_operations(self) -> None:
        flash = self.begun()
        flash.power_off()
        with pytest.raises(PowerCut):
            flash.erase(0)
        flash.power_on()
        assert content(flash, 0, 0, 4096) == PAGE * 16

    def test_a_cut_planned_for_a_later_life_stays_planned(self) -> None:
        flash = self.begun()
        flash.cut_at(1, BEFORE)
        flash.power_on()
        with pytest.raises(PowerCut):
            flash.erase(0)

    def test_nobody_catches_it_by_accident(self) -> None:
        assert not issubclass(PowerCut, Exception)

    @pytest.mark.parametrize("operation, way", [(0, HALF), (-1, HALF), (1, "a bit")])
    def test_no_cut_that_is_none(self, operation: int, way: str) -> None:
        with pytest.raises(Misuse, match="accepted: 1 or more, before, half, after"):
            NorFlash(1).cut_at(operation, way)


class TestMeanwhile:
    def test_it_comes_before_each_call_and_not_between_the_pages_of_one(self) -> None:
        flash = NorFlash(2)
        seen: list[int] = []
        flash.meanwhile = lambda: seen.append(flash.operations)
        flash.erase(0)
        flash.program(0, 0, bytes(1024))
        flash.program(0, 1024, bytes(256))
        assert seen == [0, 1, 5]

    def test_it_comes_before_the_operation_that_is_cut_and_not_after_the_cut(self) -> None:
        flash = NorFlash(2)
        seen: list[int] = []
        flash.meanwhile = lambda: seen.append(flash.operations)
        flash.cut_at(1, BEFORE)
        for _ in range(2):
            with pytest.raises(PowerCut):
                flash.erase(0)
        assert seen == [0]

    def test_it_does_not_come_where_the_flash_refuses(self) -> None:
        flash = NorFlash(2)
        seen: list[int] = []
        flash.meanwhile = lambda: seen.append(0)
        with pytest.raises(Misuse):
            flash.program(0, 1, bytes(256))
        flash.write_errno = READ_ONLY
        with pytest.raises(OSError, match="refuses"):
            flash.erase(0)
        assert seen == []


class TestFaults:
    @pytest.mark.parametrize("errno", [FULL, READ_ONLY, BROKEN])
    def test_a_chip_that_takes_nothing_can_still_be_read(self, errno: int) -> None:
        flash = NorFlash(1)
        flash.program(0, 0, PAGE)
        flash.write_errno = errno
        before = sound(flash)
        for act in (lambda: flash.erase(0), lambda: flash.program(0, 256, PAGE)):
            with pytest.raises(OSError, match="the flash refuses") as raised:
                act()
            assert raised.value.errno == errno
        assert sound(flash) == before
        assert content(flash, 0) == PAGE

    def test_a_chip_that_cannot_be_read(self) -> None:
        flash = NorFlash(1)
        flash.read_errno = BROKEN
        with pytest.raises(OSError, match="the flash refuses"):
            content(flash, 0)

    def test_bits_turn_over_and_back(self) -> None:
        flash = NorFlash(2)
        flash.program(1, 0, PAGE)
        before = sound(flash)
        flash.flip(1, 3, 0b101)
        assert content(flash, 1) == PAGE[:3] + bytes([PAGE[3] ^ 0b101]) + PAGE[4:]
        flash.flip(1, 3, 0b101)
        assert sound(flash) == before

    def test_a_bit_of_an_erased_page_turns_too_and_then_it_is_not_erased(self) -> None:
        flash = NorFlash(1)
        flash.flip(0, 300, 0x10)
        assert content(flash, 0, 256) == b"\xff" * 44 + b"\xef" + b"\xff" * 211
        with pytest.raises(Misuse, match="not erased before"):
            flash.program(0, 256, PAGE)

    def test_a_snapshot_comes_back_and_is_not_touched_by_what_follows(self) -> None:
        flash = NorFlash(2)
        flash.program(0, 0, PAGE)
        saved = flash.snapshot()
        flash.erase(0)
        flash.program(1, 0, PAGE)
        flash.cut_at(1, BEFORE)
        flash.restore(saved)
        assert (content(flash, 0), content(flash, 1)) == (PAGE, BLANK)
        flash.erase(0)
        flash.restore(saved)
        assert content(flash, 0) == PAGE
        assert flash.erases == [2, 0]


class TestBlockDevice:
    def test_speaks_the_protocol_of_micropython(self) -> None:
        flash = NorFlash(5)
        device = BlockDevice(flash)
        assert [device.ioctl(request, 0) for request in (1, 2, 3, 4, 5, 7)] == [0, 0, 0, 5, 4096, None]
        assert device.writeblocks(3, PAGE, 256) == 0
        buffer = bytearray(256)
        assert device.readblocks(3, buffer, 256) == 0
        assert bytes(buffer) == PAGE
        assert device.ioctl(6, 3) == 0
        assert content(flash, 3, 256) == BLANK
        device.raise_kept()

    def test_an_error_is_an_answer_until_it_is_raised(self) -> None:
        flash = NorFlash(1)
        device = BlockDevice(flash)
        flash.write_errno = FULL
        assert device.ioctl(6, 0) == -BROKEN
        flash.write_errno = 0
        assert device.writeblocks(0, PAGE, 0) == -BROKEN
        assert flash.operations == 0
        with pytest.raises(OSError, match="the flash refuses") as raised:
            device.raise_kept()
        assert raised.value.errno == FULL
        device.raise_kept()
        assert device.writeblocks(0, PAGE, 0) == 0

    def test_misuse_is_kept_too(self) -> None:
        flash = NorFlash(1)
        device = BlockDevice(flash)
        assert device.writeblocks(0, PAGE, 1) == -BROKEN
        with pytest.raises(Misuse, match="whole pages"):
            device.raise_kept()

    def test_a_power_cut_is_raised_again_and_again(self) -> None:
        flash = NorFlash(1)
        device = BlockDevice(flash)
        flash.cut_at(1, AFTER)
        assert device.writeblocks(0, PAGE, 0) == -BROKEN
        for _ in range(2):
            with pytest.raises(PowerCut):
                device.raise_kept()
        assert device.writeblocks(0, PAGE, 256) == -BROKEN

    def test_in_a_later_life_it_does_nothing(self) -> None:
        flash = NorFlash(1)
        old = BlockDevice(flash)
        flash.power_on()
        assert old.writeblocks(0, PAGE, 0) == -BROKEN
        assert old.ioctl(6, 0) == -BROKEN
        assert old.readblocks(0, bytearray(1), 0) == -BROKEN
        assert (flash.operations, flash.reads) == (0, 0)
        with pytest.raises(PowerCut):
            old.raise_kept()
        assert BlockDevice(flash).writeblocks(0, PAGE, 0) == 0
