"""A NOR flash chip: what it refuses, how it wears, and what a power cut leaves of an operation.

An *operation* is what the chip does in one go: a block erased, or a page programmed. Cuts and counts go by operations.
"""

from pump.core.errors import Misuse

# What a power cut leaves of the operation it hits: nothing, the first half of the block or page, all of it.
BEFORE, HALF, AFTER = "before", "half", "after"
WAYS = (BEFORE, HALF, AFTER)

# For `write_errno` and `read_errno`.
BROKEN, FULL, READ_ONLY = 5, 28, 30

# Typical and worst, from the data sheet of the W25Q16JV on a Pico: a 4 KiB sector erased, a 256 byte page programmed.
TYPICAL_US = (45_000, 400)
WORST_US = (400_000, 3_000)

ERASED = 0xFF


class PowerCut(BaseException):
    """The power is gone in the middle of the program. Nobody but the bench catches it."""


def _nothing() -> None:
    pass


class NorFlash:
    """The chip, erased. Only the bench talks to it directly; the pump's file system has a `BlockDevice`.

    `operations`, `programmed_bytes`, `reads` and `erases` (for each block) count over its whole life. `write_errno` and
    `read_errno`, where not 0, are raised as OSError by every erase and program, or read; nothing is done then.
    `misuse` keeps the first complaint, in case the Misuse itself is lost on its way. `meanwhile` is
    called before every erase and every program: there the interrupts are served that waited for the last one.
    """

    def __init__(self, blocks: int = 64, page_bytes: int = 256, block_bytes: int = 4096) -> None:
        """`page_bytes` is the least that is programmed at once: 256 on an RP2040, whose ROM programs whole pages."""
        self.blocks = blocks
        self.page_bytes = page_bytes
        self.block_bytes = block_bytes
        self.operations = 0
        self.programmed_bytes = 0
        self.reads = 0
        self.erases = [0] * blocks
        self.write_errno = 0
        self.read_errno = 0
        self.misuse = ""
        self.meanwhile = _nothing
        self.powered = True
        self.lives = 0
        # The pages that were programmed since they were erased: a heap of a few hundred KB has no room for all.
        self._pages = {}
        self._block_pages = block_bytes // page_bytes
        self._blank = bytes([ERASED]) * page_bytes
        self._cut_at = 0
        self._cut_way = AFTER
        self._times_us = None
        self._stalls_us = []

    def read(self, block: int, offset: int, buffer) -> None:
        """Fill `buffer` from `offset` of `block`; not beyond the block's end."""
        size = len(buffer)
        self._refuse_outside(block, offset, size)
        self._refuse_unable(self.read_errno)
        self.reads += 1
        page_bytes = self.page_bytes
        at = block * self.block_bytes + offset
        inside = at % page_bytes
        if inside + size <= page_bytes:
            # Nearly all reads, and all that a mount does.
            buffer[0:size] = self._pages.get(at // page_bytes, self._blank)[inside : inside + size]
            return
        done = 0
        while done < size:
            inside = at % page_bytes
            part = min(page_bytes - inside, size - done)
            page = self._pages.get(at // page_bytes, self._blank)
            buffer[done : done + part] = page[inside : inside + part]
            at += part
            done += part

    def program(self, block: int, offset: int, data) -> None:
        """Program whole pages, each of them erased before, from `offset` of `block`. One operation each."""
        size = len(data)
        self._refuse_outside(block, offset, size)
        self._refuse_unable(self.write_errno)
        if offset % self.page_bytes or size % self.page_bytes or not size:
            self._complain("%d bytes programmed at %d; accepted: whole pages of %d" % (size, offset, self.page_bytes))
        first = block * self._block_pages + offset // self.page_bytes
        count = size // self.page_bytes
        for page in range(first, first + count):
            if self._pages.get(page, self._blank) != self._blank:
                self._complain(
                    "page %d of block %d programmed, and not erased before" % (page % self._block_pages, block)
                )
        self.meanwhile()
        for i in range(count):
            self._program_page(first + i, bytes(data[i * self.page_bytes : (i + 1) * self.page_bytes]))
        self._stall(1, count)

    def erase(self, block: int) -> None:
        """Erase `block`. One operation."""
        self._refuse_outside(block, 0, 0)
        self._refuse_unable(self.write_errno)
        self.meanwhile()
        way = self._next_way()
        if way != BEFORE:
            first = block * self._block_pages
            count = self._block_pages // 2 if way == HALF else self._block_pages
            for page in range(first, first + count):
                self._pages.pop(page, None)
            self.erases[block] += 1
        self._cut(way)
        self._stall(0, 1)

    def cut_at(self, operation: int, way: str) -> None:
        """Cut the power at the `operation`-th operation from now, 1 for the next, and leave of it what `way` says."""
        if operation < 1 or way not in WAYS:
            raise Misuse("flash: cut at operation %d, %s; accepted: 1 or more, %s" % (operation, way, ", ".join(WAYS)))
        self._cut_at = self.operations + operation
        self._cut_way = way

    def power_off(self) -> None:
        """Cut the power now, between two operations."""
        self.powered = False

    def power_on(self) -> None:
        """Begin a new life, after a cut or a reset. Whoever held the chip before has it no more. A cut that was planned
        and has not come stays planned."""
        self.powered = True
        self.lives += 1

    def snapshot(self) -> dict:
        """What the chip holds, for `restore`."""
        return dict(self._pages)

    def restore(self, pages: dict) -> None:
        """Hold what a `snapshot` of a chip of this make held, in a new life, with no cut planned. Counts go on."""
        self._pages = dict(pages)
        self._cut_at = 0
        self.power_on()

    def flip(self, block: int, offset: int, mask: int) -> None:
        """Turn the bits of `mask` over in one byte, as a fault of the chip would."""
        self._refuse_outside(block, offset, 1)
        at = block * self.block_bytes + offset
        page = bytearray(self._pages.get(at // self.page_bytes, self._blank))
        page[at % self.page_bytes] ^= mask
        self._pages[at // self.page_bytes] = bytes(page)

    def note_stalls(self, times_us: "tuple[int, int] | None") -> None:
        """Note from now on how long each call holds interrupts off: `times_us` for an erase and a page, or None."""
        self._times_us = times_us
        self._stalls_us = []

    def take_stalls_us(self) -> "list[int]":
        """The stalls since the last call, in order, in us. Between two of them interrupts are served."""
        stalls_us = self._stalls_us
        self._stalls_us = []
        return stalls_us

    def _program_page(self, page: int, data: bytes) -> None:
        way = self._next_way()
        if way == HALF:
            half = self.page_bytes // 2
            data = data[:half] + self._blank[half:]
        if way != BEFORE:
            self._pages[page] = data
            self.programmed_bytes += self.page_bytes
        self._cut(way)

    def _next_way(self) -> "str | None":
        """Count one operation. How it is cut, or None."""
        self.operations += 1
        return self._cut_way if self.operations == self._cut_at else None

    def _cut(self, way: "str | None") -> None:
        if way is not None:
            self.powered = False
            raise PowerCut()

    def _stall(self, kind: int, count: int) -> None:
        if self._times_us is not None:
            self._stalls_us.append(self._times_us[kind] * count)

    def _refuse_unable(self, errno: int) -> None:
        if not self.powered:
            raise PowerCut()
        if errno:
            raise OSError(errno, "the flash refuses")

    def _refuse_outside(self, block: int, offset: int, size: int) -> None:
        if not (0 <= block < self.blocks and offset >= 0 and offset + size <= self.block_bytes):
            self._complain("%d bytes at %d of block %d; there are %d blocks" % (size, offset, block, self.blocks))

    def _complain(self, text: str) -> None:
        self.misuse = self.misuse or text
        raise Misuse("flash: " + text)


class BlockDevice:
    """One life of the chip as `vfs.VfsLfs2` wants it; in a later life it is a dead end.

    An exception would leave littlefs half way, with files open. It is kept here instead: littlefs gets an error, and
    nothing more is done until `raise_kept`, which whoever called littlefs calls next.
    """

    def __init__(self, flash: NorFlash) -> None:
        self._flash = flash
        self._life = flash.lives
        self._kept = None

    def readblocks(self, block: int, buffer, offset: int) -> int:
        return self._answer(self._flash.read, block, offset, buffer)

    def writeblocks(self, block: int, data, offset: int) -> int:
        return self._answer(self._flash.program, block, offset, data)

    def ioctl(self, request: int, argument: int) -> "int | None":
        if request == 4:
            return self._flash.blocks
        if request == 5:
            return self._flash.block_bytes
        if request == 6:
            return self._answer(self._flash.erase, argument)
        # Begin, end and sync: nothing is held back here.
        return 0 if 1 <= request <= 3 else None

    def raise_kept(self) -> None:
        """Raise what was kept; after a cut PowerCut, again and again."""
        kept = self._kept
        self._kept = None
        if self._life != self._flash.lives or not self._flash.powered:
            raise PowerCut()
        if kept is not None:
            raise kept

    def _answer(self, act, *arguments) -> int:
        if self._life != self._flash.lives or self._kept is not None:
            return -BROKEN
        try:
            act(*arguments)
        except (OSError, Misuse, MemoryError, PowerCut) as error:
            self._kept = error
            return -BROKEN
        return 0
