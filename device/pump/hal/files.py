"""Non-volatile memory in the files of the chip's own file system, littlefs."""

import os

from pump.core.ports import Nvm

FOLDER = "/data"


class Files(Nvm):
    """A file for each name, in one folder that is made when it is missing. *loop*."""

    def __init__(self, folder: str = FOLDER) -> None:
        self._folder = folder
        try:
            os.stat(folder)
        except OSError:
            os.mkdir(folder)

    def read(self, name: str) -> "bytes | None":
        try:
            with open(self._path(name), "rb") as file:
                return file.read()
        except OSError:
            return None

    def write(self, name: str, data: bytes) -> None:
        # littlefs renames in one go: after a power cut the old or the new stands.
        fresh = self._path(name) + "~"
        with open(fresh, "wb") as file:
            file.write(data)
        os.rename(fresh, self._path(name))

    def append(self, name: str, data: bytes) -> None:
        with open(self._path(name), "ab") as file:
            file.write(data)

    def _path(self, name: str) -> str:
        return self._folder + "/" + name
