"""The firmware's `Files` once more, for CPython, which has no littlefs of its own to mount on a simulated flash.

The package littlefs-python is told the parameters that MicroPython's VfsLfs2 takes, and does the same operations.
"""

from errno import ENOENT

from littlefs import LittleFS, LittleFSError, UserContext, lfs

from pump.core.ports import Nvm
from twin.flash.nor import ERASED, BlockDevice

# As in MicroPython's VfsLfs2.
CACHE_PARTS = 4
BLOCK_CYCLES = 100

# littlefs's own flags: to read, to write, to make a file that is missing, to empty it first, to write at its end.
_READ = lfs.LFSFileFlag(0x001)
_WRITE = lfs.LFSFileFlag(0x002 | 0x100 | 0x400)
_APPEND = lfs.LFSFileFlag(0x002 | 0x100 | 0x800)


class Wire(UserContext):
    """The block device as littlefs-python wants it."""

    def __init__(self, device: BlockDevice) -> None:
        self._device = device

    def read(self, cfg, block: int, off: int, size: int) -> bytearray:
        # It cannot say that reading failed; the device keeps that to itself until littlefs is done.
        buffer = bytearray([ERASED]) * size
        self._device.readblocks(block, buffer, off)
        return buffer

    def prog(self, cfg, block: int, off: int, data: bytes) -> int:
        return self._device.writeblocks(block, data, off)

    def erase(self, cfg, block: int) -> int:
        return self._device.ioctl(6, block) or 0

    def sync(self, cfg) -> int:
        return 0


class LittlefsFiles(Nvm):
    """A file for each name in one folder, by the very steps of `pump.hal.files.Files`."""

    def __init__(
        self, device: BlockDevice, folder: str, read_bytes: int, page_bytes: int, lookahead_bytes: int
    ) -> None:
        """Mount `device`, formatted where there was nothing to mount. Raises OSError when it takes nothing."""
        self._folder = folder
        self._mounted = False
        block_bytes = device.ioctl(5, 0) or 0
        self._disk = LittleFS(
            Wire(device),
            mount=False,
            block_size=block_bytes,
            block_count=device.ioctl(4, 0) or 0,
            read_size=read_bytes,
            prog_size=page_bytes,
            cache_size=min(block_bytes, CACHE_PARTS * max(read_bytes, page_bytes)),
            lookahead_size=lookahead_bytes,
            block_cycles=BLOCK_CYCLES,
        )
        try:
            self._do(lfs.mount, self._disk.cfg)
        except OSError:
            self._do(lfs.format, self._disk.cfg)
            self._do(lfs.mount, self._disk.cfg)
        self._mounted = True
        try:
            self._do(lfs.mkdir, folder)
        except OSError:
            pass

    def __del__(self) -> None:
        # Frees the buffers; the flash is not touched.
        if self._mounted:
            lfs.unmount(self._disk.fs)

    def read(self, name: str) -> "bytes | None":
        try:
            file = self._do(lfs.file_open, self._path(name), _READ)
        except OSError as error:
            if error.errno == ENOENT:
                return None
            raise
        try:
            return self._do(lfs.file_read, file, self._do(lfs.file_size, file))
        finally:
            self._do(lfs.file_close, file)

    def write(self, name: str, data: bytes) -> None:
        path = self._path(name)
        new = not self._exists(path)
        self._put(path + "~" if new else path, _WRITE, data)
        if new:
            self._do(lfs.rename, path + "~", path)

    def append(self, name: str, data: bytes) -> None:
        self._put(self._path(name), _APPEND, data)

    def remove(self, name: str) -> None:
        try:
            self._do(lfs.remove, self._path(name))
        except OSError as error:
            if error.errno != ENOENT:
                raise

    def names(self) -> "list[str]":
        found = []
        folder = self._do(lfs.dir_open, self._folder)
        try:
            entry = self._do(lfs.dir_read, folder)
            while entry is not None:
                found.append(entry.name)
                entry = self._do(lfs.dir_read, folder)
        finally:
            self._do(lfs.dir_close, folder)
        return sorted(name for name in found if name not in (".", "..") and not name.endswith("~"))

    def _put(self, path: str, flags, data: bytes) -> None:
        file = self._do(lfs.file_open, path, flags)
        try:
            self._do(lfs.file_write, file, bytes(data))
        finally:
            self._do(lfs.file_close, file)

    def _do(self, act, *arguments):
        """Let littlefs act; its errors have the numbers of errno."""
        try:
            return act(self._disk.fs, *arguments)
        except LittleFSError as error:
            raise OSError(-error.code, str(error)) from None

    def _exists(self, path: str) -> bool:
        try:
            self._do(lfs.stat, path)
        except OSError:
            return False
        return True

    def _path(self, name: str) -> str:
        return self._folder + "/" + name
