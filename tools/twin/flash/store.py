"""The pump's memory on littlefs, on a simulated flash: on a VM its own file system under the firmware's own `Files`."""

from pump.core.errors import Misuse
from pump.core.ports import Nvm
from pump.hal.files import Files
from twin.flash.nor import BlockDevice, NorFlash

try:
    from vfs import VfsLfs2, mount, umount
except ImportError:
    VfsLfs2 = mount = umount = None

MOUNT = "/nor"
FOLDER = "/data"
# What VfsLfs2 takes by default. The boot of the RP2040 gives it whole pages to program.
READ_BYTES = 32
LOOKAHEAD_BYTES = 32


def has_littlefs() -> bool:
    """Whether this engine can open a store: the unix VM can, the WebAssembly VM has no littlefs, and CPython needs the
    package littlefs-python."""
    if VfsLfs2 is not None:
        return True
    try:
        import littlefs
    except ImportError:
        return False
    return bool(littlefs)


def open_store(flash: NorFlash) -> "Store":
    """Switch `flash` on, mount it, and hand out its memory. What was opened on it before is dead from here on.

    A flash that holds no file system gets one, as the boot of the chips does it. Raises OSError when it takes none,
    PowerCut when that is cut, and Misuse where `has_littlefs()` is false.
    """
    if not has_littlefs():
        raise Misuse("store: this engine has no littlefs")
    flash.power_on()
    return Store(BlockDevice(flash), flash.page_bytes)


class Store(Nvm):
    """Files on one life of a flash. Over a power cut every method raises PowerCut, and nothing else."""

    def __init__(self, device: BlockDevice, page_bytes: int) -> None:
        self._device = device
        self._files = self._do(_mount, device, page_bytes)

    def read(self, name: str) -> "bytes | None":
        return self._do(self._files.read, name)

    def write(self, name: str, data: bytes) -> None:
        self._do(self._files.write, name, data)

    def append(self, name: str, data: bytes) -> None:
        self._do(self._files.append, name, data)

    def remove(self, name: str) -> None:
        self._do(self._files.remove, name)

    def names(self) -> "list[str]":
        return self._do(self._files.names)

    def _do(self, act, *arguments):
        try:
            done = act(*arguments)
        except OSError:
            self._device.raise_kept()
            raise
        self._device.raise_kept()
        return done


def _mount(device: BlockDevice, page_bytes: int) -> Nvm:
    if VfsLfs2 is None or mount is None or umount is None:
        from twin.flash.littlefs_files import LittlefsFiles

        return LittlefsFiles(device, FOLDER, READ_BYTES, page_bytes, LOOKAHEAD_BYTES)
    # The time of last writing would be the host's, and every run another.
    options = {"readsize": READ_BYTES, "progsize": page_bytes, "lookahead": LOOKAHEAD_BYTES, "mtime": False}
    try:
        umount(MOUNT)
    except OSError:
        pass
    try:
        disk = VfsLfs2(device, **options)
    except OSError:
        VfsLfs2.mkfs(device, **options)
        disk = VfsLfs2(device, **options)
    mount(disk, MOUNT)
    return Files(MOUNT + FOLDER)
