"""A board in memory that keeps the rules of a file system, fills up, spoils what it is told to, and can be cut off at
every single operation."""

from itb.flash.failures import Lost, NoRoom
from itb.flash.image import CONSTANTS, DATA, FOLDER, FORGOTTEN, INCOMING, Image, blocks, sha256
from itb.flash.target import Listing, Machine

BLOCK_BYTES = 4096


def image(board: str = "bench", **changed: str) -> Image:
    """A small build. `changed` replaces or adds modules of the room "core"; an empty text leaves one out."""
    modules = {"one": "first", "two": "second", **changed}
    files: dict[str, bytes] = {}
    files |= dict.fromkeys(CONSTANTS, b"NAME = '%s'" % board.encode())
    files["/pump/app.mpy"] = b"M\x06\x00\x1fapp"
    files |= {f"/pump/core/{name}.mpy": b"M\x06\x00\x1f" + text.encode() for name, text in modules.items() if text}
    files |= {"/boot.py": b"# off", "/main.py": b"# go " + modules["one"].encode()}
    return Image(board, "1.2.3", files)


class FakeBoard:
    """A Target. `operations` lists what changed it; with `operations_left` at 0 the next ends in Lost, half done."""

    def __init__(self, files: dict[str, bytes] | None = None, blocks_in_all: int = 1000) -> None:
        self.files = dict(files or {})
        self.folders = {"/"}
        for path in self.files:
            parts = path.split("/")[1:-1]
            self.folders |= {"/" + "/".join(parts[: count + 1]) for count in range(len(parts))}
        self.blocks_in_all = blocks_in_all
        self.operations: list[str] = []
        self.operations_left = -1
        self.spoils = ""

    def machine(self) -> Machine:
        return Machine("rp2", "micropython", (1, 27, 0), "Raspberry Pi Pico with RP2040", 6)

    def listing(self) -> Listing:
        self._refuse_when_cut()
        seen = {path: content for path, content in self.files.items() if not path.startswith(DATA + "/")}
        ours = {
            path: content for path, content in seen.items() if path.count("/") == 1 or path.startswith(FOLDER + "/")
        }
        return Listing(
            sizes={path: len(content) for path, content in seen.items()},
            hashes={path: sha256(content) for path, content in ours.items()},
            folders=frozenset(self.folders - {"/", DATA}),
            block_bytes=BLOCK_BYTES,
            free_blocks=self.free_blocks(),
        )

    def read(self, path: str) -> bytes:
        self._refuse_when_cut()
        return self.files[path]

    def write(self, path: str, content: bytes) -> None:
        self._refuse_unless_folder(INCOMING)
        self.files[INCOMING] = content[: len(content) // 2]
        self._begin(f"write {path}")
        self.files[INCOMING] = content[:-1] + b"?" if path == self.spoils else content
        if self.free_blocks() < 0:
            raise NoRoom("full")
        self._begin(f"in its place {path}")
        self._refuse_unless_folder(path)
        self.files[path] = self.files.pop(INCOMING)

    def rename(self, path: str, new_path: str) -> None:
        self._begin(f"rename {path} {new_path}")
        self._refuse_unless_folder(new_path)
        if new_path in self.folders:
            raise Lost("EISDIR")
        self.files[new_path] = self.files.pop(path)

    def remove(self, path: str) -> None:
        self._begin(f"remove {path}")
        if path not in self.files:
            raise Lost("ENOENT")
        del self.files[path]

    def make_folder(self, path: str) -> None:
        self._begin(f"mkdir {path}")
        self._refuse_unless_folder(path)
        if path in self.folders or path in self.files:
            raise Lost("EEXIST")
        self.folders.add(path)

    def remove_folder(self, path: str) -> None:
        self._begin(f"rmdir {path}")
        if any(each.startswith(path + "/") for each in (*self.files, *self.folders)):
            raise Lost("ENOTEMPTY")
        self.folders.remove(path)

    def forget(self) -> int:
        for path in self._within(FORGOTTEN):
            self.remove(path)
        self._begin(f"rename {DATA} {FORGOTTEN}")
        for path in self._within(DATA):
            self.files[FORGOTTEN + path.removeprefix(DATA)] = self.files.pop(path)
        self.folders = {FORGOTTEN + path.removeprefix(DATA) if path.startswith(DATA) else path for path in self.folders}
        gone = self._within(FORGOTTEN)
        for path in gone:
            self.remove(path)
        for path in sorted((path for path in self.folders if path.startswith(FORGOTTEN)), reverse=True):
            self.remove_folder(path)
        return len(gone)

    def _within(self, folder: str) -> list[str]:
        return [path for path in self.files if path.startswith(folder + "/")]

    def free_blocks(self) -> int:
        files = sum(blocks(len(content), BLOCK_BYTES) for content in self.files.values())
        return self.blocks_in_all - files - 2 * len(self.folders)

    def _begin(self, operation: str) -> None:
        self._refuse_when_cut()
        if self.operations_left > 0:
            self.operations_left -= 1
        self.operations.append(operation)

    def _refuse_when_cut(self) -> None:
        if self.operations_left == 0:
            raise Lost("cut off")

    def _refuse_unless_folder(self, path: str) -> None:
        if (path.rpartition("/")[0] or "/") not in self.folders:
            raise Lost(f"ENOENT {path}")
