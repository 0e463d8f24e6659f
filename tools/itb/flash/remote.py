"""A board at a serial port, through the raw REPL of its MicroPython. The wire protocol is mpremote's."""

import json
import re
import struct
from ast import literal_eval
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from itb.flash.failures import Lost, NoMicroPython, NoRoom
from itb.flash.image import DATA, FOLDER, FORGOTTEN, INCOMING
from itb.flash.target import Listing, Machine

# Some 1.4 KB of source each: little beside the heap of any board, and much for one turn of the wire.
CHUNK_BYTES = 1024
# The longest that a board may be silent: while it starts anew, or erases flash.
PATIENCE_S = 10.0
_TAIL = 300
# A board that is just starting, or a pump that is just letting go, may miss the first call.
_ATTEMPTS = 2
_NO_SPACE = re.compile(r"OSError: (\[Errno 28\]|28\b|.*ENOSPC)")

_MACHINE = """
import sys, json
i = sys.implementation
print(json.dumps([sys.platform, i[0], list(i[1]), getattr(i, "_machine", ""), getattr(i, "_mpy", 0)]))
"""
# A line for each file: its size, its hash ("-" for what is not hashed), its path. For a folder: "folder", "-", path. At
# last the bytes of a block and the free blocks. Nothing is looked up twice: a walk through littlefs is slow.
_LISTING = """
import hashlib
buffer = memoryview(bytearray(1024))
def hashed(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while True:
            count = file.readinto(buffer)
            if not count:
                return hexlify(digest.digest()).decode()
            digest.update(buffer[:count])
def look(folder):
    for entry in os.ilistdir(folder or "/"):
        path = folder + "/" + entry[0]
        if path == {data!r}:
            continue
        if entry[1] & 0x4000:
            print("folder -", repr(path))
            look(path)
        else:
            ours = not folder or path.startswith({ours!r})
            print(entry[3], hashed(path) if ours else "-", repr(path))
look("")
room = os.statvfs("/")
print(room[1], room[3])
"""
# The memory loses its name first, in one go: cut off at any moment, the pump has all of it or nothing. What an earlier
# call left is removed before, or the name would be taken. Prints how many files there were.
_FORGET = """
def clear(folder):
    count = 0
    try:
        entries = list(os.ilistdir(folder))
    except OSError:
        return 0
    for entry in entries:
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            count += clear(path)
        else:
            os.remove(path)
            count += 1
    os.rmdir(folder)
    return count
clear({forgotten!r})
try:
    os.rename({data!r}, {forgotten!r})
except OSError as error:
    if error.errno != 2:
        raise
print(clear({forgotten!r}))
"""
# `begin`, `more` once or several times, `end`: the content goes into a file of its own, which then takes its place.
_TOOLS = """
import os
from binascii import a2b_base64, hexlify
def begin():
    global incoming
    incoming = open({incoming!r}, "wb")
def more(text):
    incoming.write(a2b_base64(text))
def end(path):
    incoming.close()
    os.rename({incoming!r}, path)
"""


class RemoteBoard:
    """The Target at a serial port. A context, which leaves the board at its prompt; `restart` starts it anew."""

    def __init__(self, port: str, patience_s: float = PATIENCE_S) -> None:
        """Stop what runs there. Raises TransportError or OSError when the port does not open, NoMicroPython when
        nothing answers for `patience_s`."""
        self._patience_s = patience_s
        # Sent with the first request.
        self._tools = _TOOLS.format(incoming=INCOMING)
        self._transport = SerialTransport(port, timeout=patience_s)
        self._transport.serial.write_timeout = patience_s
        for attempt in range(_ATTEMPTS):
            said = StringIO()
            try:
                # It prints what it does not understand.
                with redirect_stdout(said):
                    self._transport.enter_raw_repl(soft_reset=True, timeout_overall=patience_s)
                break
            except (TransportError, OSError) as error:
                if attempt == _ATTEMPTS - 1:
                    self.close()
                    raise NoMicroPython(said.getvalue().strip()[-_TAIL:]) from error

    def __enter__(self) -> "RemoteBoard":
        return self

    def __exit__(self, *raised: object) -> None:
        if self._transport.in_raw_repl:
            with suppress(OSError):
                self._transport.exit_raw_repl()
        self.close()

    def close(self) -> None:
        """Let go of the port. Harmless when it is gone."""
        with suppress(OSError):
            self._transport.close()
        # Which it does not reach when the port is gone.
        with suppress(OSError):
            self._transport.serial.close()

    def restart(self) -> None:
        """Reset the board, as its button does, and let go of the port."""
        with self._talking():
            # Time for the board to acknowledge: a reset takes its USB away.
            self._transport.exec_raw_no_follow("import machine, time\ntime.sleep_ms(100)\nmachine.reset()")
        self._transport.in_raw_repl = False
        self.close()

    def machine(self) -> Machine:
        """What the board is."""
        platform, name, version, machine, mpy = json.loads(self._run(_MACHINE))
        return Machine(str(platform), str(name), tuple(int(part) for part in version[:3]), str(machine), int(mpy))

    def listing(self) -> Listing:
        """What lies on it, hashed by the board in one go."""
        sizes: dict[str, int] = {}
        hashes: dict[str, str] = {}
        folders: set[str] = set()
        *entries, room = self._run(_LISTING.format(data=DATA, ours=FOLDER + "/")).decode().splitlines()
        for entry in entries:
            size, of, quoted = entry.split(" ", 2)
            path = str(literal_eval(quoted))
            if size == "folder":
                folders.add(path)
                continue
            sizes[path] = int(size)
            if of != "-":
                hashes[path] = of
        block_bytes, free_blocks = map(int, room.split())
        return Listing(sizes, hashes, frozenset(folders), block_bytes, free_blocks)

    def read(self, path: str) -> bytes:
        """The content of a small file."""
        with self._talking():
            return bytes(self._transport.fs_readfile(path, chunk_size=CHUNK_BYTES))

    def write(self, path: str, content: bytes) -> None:
        """Write it beside, then put it in its place in one go."""
        parts = [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)] or [b""]
        calls = [f"more({b64encode(part)!r})" for part in parts]
        calls[0] = "begin()\n" + calls[0]
        calls[-1] += f"\nend({path!r})"
        for call in calls:
            self._run(call)

    def rename(self, path: str, new_path: str) -> None:
        """In one go; a file that is at `new_path` is replaced."""
        self._run(f"os.rename({path!r}, {new_path!r})")

    def remove(self, path: str) -> None:
        """Remove a file."""
        self._run(f"os.remove({path!r})")

    def make_folder(self, path: str) -> None:
        """Make a folder in one that is there."""
        self._run(f"os.mkdir({path!r})")

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        self._run(f"os.rmdir({path!r})")

    def forget(self) -> int:
        """Remove the memory of the pump, in one go; how many files it was in."""
        return int(self._run(_FORGET.format(data=DATA, forgotten=FORGOTTEN)))

    def _run(self, code: str) -> bytes:
        """What `code` prints on the board."""
        with self._talking():
            printed, error = self._transport.exec_raw(self._tools + code, timeout=self._patience_s)
        self._tools = ""
        if error:
            last = error.decode(errors="replace").strip().splitlines()[-1]
            if _NO_SPACE.match(last):
                raise NoRoom("the file system of the board is full: remove what is not of the pump, and flash again")
            raise Lost(f"the board reports: {last}")
        return printed

    @contextmanager
    def _talking(self) -> Generator[None]:
        try:
            yield
        # struct.error: mpremote got nothing where it counts on two bytes.
        except (TransportError, OSError, struct.error) as error:
            self._transport.in_raw_repl = False
            raise Lost(f"the connection to the board ended ({error})") from error
