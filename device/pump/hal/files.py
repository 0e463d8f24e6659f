"""Non-volatile memory in the files of the chip's own file system, littlefs."""

import os
from errno import ENOENT

from pump.core.ports import Nvm

FOLDER = "/data"
# Ends the names of files that are being written.
FRESH = "~"


class Files(Nvm):
    """A file for each name, in one folder that is made when it is missing. No name ends with "~". *loop*."""

    def __init__(self, folder: str = FOLDER) -> None:
        """A memory in which no folder can be made is found out when it is first used: the pump must come up to tell."""
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            pass

    def read(self, name: str) -> "bytes | None":
        try:
            with open(self._path(name), "rb") as file:
                return file.read()
        except OSError as error:
            if error.errno != ENOENT:
                raise
        # Without its folder the memory is not empty: it is missing.
        os.stat(self._folder)
        return None

    def write(self, name: str, data: bytes) -> None:
        # littlefs takes over what is in a file when that is closed, and renames, in one go: after a power cut the old
        # or the new stands. Only a file that is new would stand there empty before it is closed.
        path = self._path(name)
        new = not self._exists(path)
        with open(path + FRESH if new else path, "wb") as file:
            file.write(data)
        if new:
            os.rename(path + FRESH, path)

    def append(self, name: str, data: bytes) -> None:
        with open(self._path(name), "ab") as file:
            file.write(data)

    def remove(self, name: str) -> None:
        try:
            os.remove(self._path(name))
        except OSError as error:
            if error.errno != ENOENT:
                raise

    def names(self) -> "list[str]":
        return sorted(name for name in os.listdir(self._folder) if not name.endswith(FRESH))

    def _exists(self, path: str) -> bool:
        try:
            os.stat(path)
        except OSError:
            return False
        return True

    def _path(self, name: str) -> str:
        return self._folder + "/" + name
