"""The steps of an installation: compare, remove what is stale, copy what differs, read back, and only then let it run.

What is on the board is judged by the hashes that the board computes of it, never by what an earlier installation says
it wrote. While anything is missing there is no main.py: a board that is cut off in the middle and powered again starts
no mixture of two builds, and the next installation completes it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast

from itb.flash.failures import NoRoom, Spoiled
from itb.flash.image import (
    DATA,
    FOLDER,
    FORGOTTEN,
    HELD,
    INCOMING,
    MAIN,
    MANIFEST,
    OUTDATED,
    Image,
    blocks,
    sha256,
)
from itb.flash.target import Listing, Target

# Folders of littlefs take a pair of blocks each; so does what is split while files are added.
_FOLDER_BLOCKS = 2
_SPARE_BLOCKS = 2
_LEFTOVERS = (HELD, INCOMING, OUTDATED)
# Whatever lies in these is ours: what is in the second, a memory that was being forgotten when the board was cut off.
_FOLDERS = (FOLDER, FORGOTTEN)

Tell = Callable[[str, str, int], None]
"""Called with what was done ("copied", "removed"), the path, and its size in bytes."""


@dataclass(frozen=True)
class Changes:
    """What stands between the board and the build. Paths are in the order in which they are dealt with."""

    copy: tuple[str, ...]
    missing: frozenset[str]
    """Those of `copy` that are not there at all; the others differ."""
    stale: tuple[str, ...]
    stale_folders: tuple[str, ...]
    new_folders: tuple[str, ...]
    manifest: bool
    strangers: tuple[str, ...]
    """Files that are not ours; left alone."""

    @property
    def none(self) -> bool:
        """Whether the board has this build and nothing else of ours."""
        return not (self.copy or self.stale or self.stale_folders or self.manifest)


def compare(image: Image, found: Listing, installed: bytes = b"") -> Changes:
    """What to change on a board where `found` lies; `installed` is the content of its MANIFEST, empty for none."""
    wanted = image.hashes
    ours = {path for path in found.sizes if any(_inside(path, folder) for folder in _FOLDERS)}
    # A file may also lie where a folder has to be.
    ours |= {*_LEFTOVERS, *image.folders, *_installed_paths(installed)} & found.sizes.keys()
    kept = image.files.keys() | {MANIFEST}
    strangers = found.sizes.keys() - ours - kept
    stale_folders = {path for path in found.folders if any(_inside(path, one) for one in _FOLDERS)} - {
        FOLDER,
        *image.folders,
    }
    return Changes(
        copy=tuple(path for path, of in wanted.items() if found.hashes.get(path) != of),
        missing=frozenset(wanted.keys() - found.sizes.keys()),
        stale=tuple(sorted(ours - kept)),
        # The innermost first.
        stale_folders=tuple(sorted(stale_folders, reverse=True)),
        new_folders=tuple(path for path in image.folders if path not in found.folders),
        manifest=found.hashes.get(MANIFEST) != sha256(image.manifest),
        strangers=tuple(sorted(path for path in strangers if not _inside(path, DATA))),
    )


def installed_by(installed: bytes) -> tuple[str, str, str]:
    """Version, board and build that the content of a MANIFEST tells of; empty where it does not."""
    told = _parsed(installed)
    version, board, build = (told.get(name, "") for name in ("version", "board", "build"))
    return str(version), str(board), str(build)


def install(target: Target, image: Image, found: Listing, changes: Changes, tell: Tell) -> None:
    """Carry out `changes`. Raises NoRoom before anything is touched when they cannot fit; Lost; and Spoiled when what
    the board reads back is not what was sent."""
    _refuse_unless_room(image, found, changes)
    if MAIN in found.sizes:
        target.rename(MAIN, HELD)
    # First, so that there is room for what follows.
    for path in changes.stale:
        # main.py lies there now, or will.
        if path != HELD:
            target.remove(path)
            tell("removed", path, found.sizes[path])
    for path in changes.stale_folders:
        target.remove_folder(path)
    for path in changes.new_folders:
        target.make_folder(path)
    for path in changes.copy:
        content = image.files[path]
        # It is complete, and checked, before it can be started.
        target.write(HELD if path == MAIN else path, content)
        tell("copied", path, len(content))
    _refuse_unless_whole(image, target.listing())
    target.rename(HELD, MAIN)
    target.write(MANIFEST, image.manifest)


def _refuse_unless_whole(image: Image, found: Listing) -> None:
    hashes = {**found.hashes, MAIN: found.hashes.get(HELD)}
    spoiled = [path for path, of in image.hashes.items() if hashes.get(path) != of]
    if spoiled:
        raise Spoiled(
            f"{', '.join(spoiled)}: what the board reads back is not what was sent. Flash again; if it comes back, the "
            "flash memory of the board is failing."
        )


def _refuse_unless_room(image: Image, found: Listing, changes: Changes) -> None:
    """Counts the most blocks that littlefs may take and the fewest that it may free, since it packs small files
    together: what is let through does fit."""
    old_bytes = [found.sizes.get(path, 0) for path in changes.copy]
    stale_bytes = [found.sizes[path] for path in changes.stale]
    new = sum(blocks(len(image.files[path]), found.block_bytes) for path in changes.copy)
    folders = _FOLDER_BLOCKS * (len(changes.new_folders) - len(changes.stale_folders))
    freed = sum(size // found.block_bytes for size in (*old_bytes, *stale_bytes))
    # A file that is replaced stands beside the new one for a moment.
    beside = blocks(max(old_bytes, default=0), found.block_bytes)
    manifest = blocks(len(image.manifest), found.block_bytes)
    needed = new + folders - freed + beside + manifest + _SPARE_BLOCKS
    if needed > found.free_blocks:
        raise NoRoom(
            f"there is not enough room on the board: {needed * found.block_bytes // 1024} KiB are needed, "
            f"{found.free_blocks * found.block_bytes // 1024} KiB are free. Nothing was changed."
            + (f" Not of the pump, and left alone: {', '.join(changes.strangers)}." if changes.strangers else "")
        )


def _installed_paths(installed: bytes) -> set[str]:
    """The files that an earlier installation says it put there; none of the pump's own data, whatever it says."""
    files = _parsed(installed).get("files")
    paths = cast(dict[str, object], files) if isinstance(files, dict) else {}
    return {path for path in paths if not _inside(path, DATA)}


def _parsed(installed: bytes) -> dict[str, object]:
    try:
        told = cast(object, json.loads(installed))
    except ValueError:
        return {}
    return cast(dict[str, object], told) if isinstance(told, dict) else {}


def _inside(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)
