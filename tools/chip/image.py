"""The file system of the emulated Pico: littlefs, as MicroPython for the Pico W lays it out."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from littlefs import LittleFS, UserContext

# MicroPython 1.27 for the Pico W: the last 848 KiB of 2 MiB.
START, BLOCK_BYTES, BLOCKS = 0x12_C000, 4096, 212
PROGRAM_BYTES = 256
# The form of littlefs that every MicroPython of the last years mounts.
DISK_VERSION = 0x2_0000


def made(files: Mapping[str, bytes]) -> bytes:
    """A file system that holds `files`, by path."""
    context = UserContext(buffsize=BLOCK_BYTES * BLOCKS)
    file_system = _file_system(context, mount=False)
    file_system.format()
    file_system.mount()
    for path, content in sorted(files.items()):
        folder = PurePosixPath(path).parent.as_posix()
        if folder != ".":
            file_system.makedirs(folder, exist_ok=True)
        with file_system.open(path, "wb") as file:
            file.write(content)
    file_system.unmount()
    return bytes(context.buffer)


def read(flash: bytes, path: str) -> bytes:
    """What the file system in the flash memory `flash` holds at `path`. Raises FileNotFoundError."""
    context = UserContext(buffsize=BLOCK_BYTES * BLOCKS)
    context.buffer[:] = flash[START : START + BLOCK_BYTES * BLOCKS]
    with _file_system(context, mount=True).open(path, "rb") as file:
        return file.read()


def _file_system(context: UserContext, mount: bool) -> LittleFS:
    return LittleFS(
        context=context,
        mount=mount,
        block_size=BLOCK_BYTES,
        block_count=BLOCKS,
        prog_size=PROGRAM_BYTES,
        disk_version=DISK_VERSION,
    )
