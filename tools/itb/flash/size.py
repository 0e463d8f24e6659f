"""`make size`: what the firmware takes on a board, by room, and in blocks of its file system."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from itb.boards.board import load_board
from itb.errors import InputError
from itb.firmware import CompileError
from itb.flash.image import BLOCK_BYTES, FOLDER, MANIFEST, Image, blocks, make_image

# A folder of littlefs is a pair of blocks.
_FOLDER_BLOCKS = 2


def by_room(image: Image) -> dict[str, list[int]]:
    """The sizes in bytes of the files of each room; modules of pump/ outside any room count under "pump", files beside
    it under their own path."""
    sizes: dict[str, list[int]] = {}
    for path, content in [*image.files.items(), (MANIFEST, image.manifest)]:
        parts = path.strip("/").split("/")
        room = path if len(parts) == 1 else parts[1] if len(parts) > 2 else FOLDER.strip("/")
        sizes.setdefault(room, []).append(len(content))
    return dict(sorted(sizes.items()))


def table(image: Image) -> Table:
    """Files, bytes and blocks of each room, of the files beside it, and in total."""
    shown = Table(title=f"The firmware on {image.board}")
    shown.add_column("room or file")
    for heading in ("files", "bytes", f"blocks of {BLOCK_BYTES:,} bytes, at most"):
        shown.add_column(heading, justify="right")
    rows = {room: (len(sizes), sum(sizes), sum(map(blocks, sizes))) for room, sizes in by_room(image).items()}
    rows["folders"] = (0, 0, _FOLDER_BLOCKS * len(image.folders))
    rows["all"] = (
        sum(row[0] for row in rows.values()),
        sum(row[1] for row in rows.values()),
        sum(row[2] for row in rows.values()),
    )
    for room, row in rows.items():
        shown.add_row(room, *(f"{number:,}" for number in row), end_section=room == "folders")
    return shown


def main() -> int:
    """Print the table. Returns 0, or 2 after printing what was refused."""
    parser = argparse.ArgumentParser(prog="python -m itb.flash.size", description="Show the size of the firmware.")
    parser.add_argument("board", help="a board of board_configs/")
    options = parser.parse_args()
    try:
        Console().print(table(make_image(load_board(options.board, field="board"))))
    except (InputError, CompileError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
