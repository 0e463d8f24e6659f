"""Damages the source of the board's constants, in one copy and in both, and says what the settings make of it: a line
of JSON for each damage."""

import json
import os

from pump.app import App
from pump.core.errors import Refused
from pump.core.sealed import as_made
from pump.hal.settings import COPIES, Settings
from twin.bench import Bench
from twin.faults import Faults

# A whole pump is started with one flip in so many.
PUMP_EVERY = 60
PAGE_BYTES = 256
BLOCK_BYTES = 4096


def constants_of(board) -> list:
    found = []
    for name in sorted(dir(board)):
        if name[0] != "_":
            value = getattr(board, name)
            found.append((name, type(value).__name__, "%s" % (value,)))
    return found


class Damages:
    """Of the two files in `folder`, which are sound at first."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.good = self._content(0)
        found = Settings(folder)
        assert not found.damaged
        self._own = constants_of(found.board)

    def tell(self, what, damaged: "bytes | None", number: int, with_pump: bool) -> None:
        """What became of `damaged` in place of copy `number`, and of both; None: it is missing."""
        self._write(number, damaged)
        self._write(1 - number, self.good)
        said = {"what": what, "one": self._fate(), "pump": ""}
        if with_pump:
            self._write(number, damaged)
            self._write(1 - number, self.good)
            said["pump"] = self._pump()
        self._write(0, damaged)
        self._write(1, damaged)
        said["both"] = self._fate()
        print(json.dumps(said))

    def _fate(self) -> str:
        try:
            found = Settings(self._folder)
        except Refused:
            return "not loaded"
        if not found.damaged and not as_made(found.board):
            return "noticed"
        if constants_of(found.board) != self._own:
            return "believed"
        if not found.damaged:
            return "same"
        found.mend()
        again = Settings(self._folder)
        mended = self._content(0) == self._content(1) and not again.damaged and constants_of(again.board) == self._own
        return "mended" if mended else "told"

    def _pump(self) -> str:
        """State and alarms of a pump that starts now."""
        found = Settings(self._folder)
        app = App(found.board, Bench(found.board, found.board.RESERVOIR_CAPACITY_STEPS, Faults([]), 1).ports)
        app.open(found.damaged)
        return " ".join([app.control.state] + app.status.read()["alarms"])

    def _path(self, number: int) -> str:
        return self._folder + "/" + COPIES[number] + ".py"

    def _content(self, number: int) -> bytes:
        with open(self._path(number), "rb") as file:
            return file.read()

    def _write(self, number: int, content: "bytes | None") -> None:
        try:
            os.remove(self._path(number))
        except OSError:
            pass
        if content is not None:
            with open(self._path(number), "wb") as file:
                file.write(content)


def flips(folder: str, stride: int) -> None:
    """Flip a bit every `stride` bits, in one copy and the other by turns."""
    damages = Damages(folder)
    tried = 0
    for flip in range(0, 8 * len(damages.good), stride):
        damaged = bytearray(damages.good)
        damaged[flip >> 3] ^= 1 << (flip & 7)
        damages.tell(flip, bytes(damaged), tried & 1, tried % PUMP_EVERY == 0)
        tried += 1


def pieces(folder: str, stride: int) -> None:
    """End a copy every `stride` bytes; put there, a page long, what a flash may hold that was erased or never written,
    or what another file holds; and take it away."""
    damages = Damages(folder)
    good = damages.good
    for number in (0, 1):
        damages.tell("missing", None, number, True)
        for at in range(0, len(good), stride):
            damages.tell("ends at %d" % at, good[:at], number, False)
            for other in (b"\xff", b"\x00", b"(", b"[", b"-", b"9", b"A", b"\n ", b"if 1:\n", bytes(range(256))):
                page = (other * PAGE_BYTES)[:PAGE_BYTES]
                damages.tell("%d: %s" % (at, other[:2]), good[:at] + page + good[at + PAGE_BYTES :], number, False)
        for other in (b"\xff", b"\x00", b"(", b"\n "):
            damages.tell("all %s" % other, other * BLOCK_BYTES, number, False)
