"""A board without the board: the MicroPython unix VM with a littlefs of its own, behind a pseudo-terminal.

It has what a chip has for whoever holds its cable: boot.py and main.py, the prompt, the raw REPL, soft and hard resets,
a file system that can be full, and power that can fail at any write.
"""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
from pathlib import Path

from itb.sim.engine import HEAP

BLOCK_BYTES = 4096
PICO = "Raspberry Pi Pico with RP2040"
MPY_VERSION = 6

_HOST = "import sys, micropython_unix; sys.exit(micropython_unix.main())"
# The terminal becomes that of the process, so that Control-C reaches a running program as a signal.
_AT_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); " + _HOST
_PROMPT = b">>> "
# Printed just before main.py runs, for the cable only.
_RUNNING = "\x06"
_TO_RAW_REPL = b"\x01"

# The disk dies by itself, in the middle of a write, so that nothing of the VM lives on. It has the geometry of the rp2.
_DISK = """
import os, sys, vfs
class Disk:
    def __init__(self, path, blocks, writes_left):
        self.file = open(path, "r+b")
        self.blocks = blocks
        self.writes_left = writes_left
    def readblocks(self, number, buffer, offset=0):
        self.file.seek(number * 4096 + offset)
        self.file.readinto(buffer)
    def writeblocks(self, number, buffer, offset=0):
        self.file.seek(number * 4096 + offset)
        if self.writes_left == 0:
            self.file.write(memoryview(buffer)[: len(buffer) // 2])
            os.system("kill -9 $PPID")
        self.writes_left -= 1
        self.file.write(buffer)
    def ioctl(self, operation, argument):
        if operation == 4:
            return self.blocks
        if operation == 5:
            return 4096
        if operation == 6:
            return 0
disk = Disk({disk!r}, {blocks}, {writes_left})
try:
    root = vfs.VfsLfs2(disk, progsize=256)
except OSError:
    vfs.VfsLfs2.mkfs(disk, progsize=256)
    root = vfs.VfsLfs2(disk, progsize=256)
mark = open({mark!r}, "w")
vfs.umount("/")
vfs.mount(root, "/")
os.chdir("/")
"""
_BOARD = """
class Like:
    def __init__(self, module, **own):
        self.module = module
        for name in own:
            setattr(self, name, own[name])
    def __getattr__(self, name):
        return getattr(self.module, name)
def reset():
    mark.write("reset")
    mark.flush()
    os.system("kill -9 $PPID")
class Implementation(tuple):
    pass
implementation = Implementation(({name!r}, {version!r}))
implementation._machine = {machine!r}
implementation._mpy = {mpy}
modules = sys.modules
modules["machine"] = Like(__import__("machine"), reset=reset)
modules["sys"] = Like(sys, platform={platform!r}, implementation=implementation)
def start(names):
    for name in names:
        try:
            source = open(name).read()
        except OSError:
            continue
        if name == "/main.py":
            print({running!r})
        exec(source, {{"__name__": "__main__"}})
start({start!r})
"""
_TREE = """
import json
def walk(folder):
    for entry in os.ilistdir(folder or "/"):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            print(json.dumps([path, None]))
            walk(path)
        else:
            with open(path, "rb") as file:
                print(json.dumps([path, file.read().hex()]))
walk("")
"""
_PUT = """
for path, content in {files!r}:
    for at, letter in enumerate(path):
        if letter == "/" and at:
            try:
                os.mkdir(path[:at])
            except OSError:
                pass
    with open(path, "wb") as file:
        file.write(content)
"""


class VmBoard:
    """The board; its cable leads to `port`. A context."""

    def __init__(
        self,
        directory: Path,
        blocks: int = 256,
        name: str = "micropython",
        platform: str = "rp2",
        machine: str = PICO,
        version: tuple[int, ...] = (1, 27, 0),
        mpy: int = MPY_VERSION,
    ) -> None:
        """`blocks` of 4096 bytes each; the others are what `sys` says."""
        self.disk, self._mark = directory / "disk", directory / "mark"
        self.disk.write_bytes(bytes(blocks * BLOCK_BYTES))
        self._blocks = blocks
        self._says = {"name": name, "platform": platform, "machine": machine, "version": version, "mpy": mpy}
        self.starts: list[str] = []
        """Why it started, each time so far: "power", "soft" or "hard" for a reset."""

    def __enter__(self) -> "VmBoard":
        self.power_on()
        return self

    def __exit__(self, *raised: object) -> None:
        self.power_off()

    @property
    def port(self) -> str:
        """The port it is at, until its power fails."""
        return os.ttyname(self._slave)

    def power_on(self, writes_left: int = -1) -> None:
        """Plug it in. Its power fails at the write after `writes_left` more; -1: never."""
        self._writes_left = writes_left
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._wake_read, self._wake_write = os.pipe()
        self._start("power")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def power_off(self) -> None:
        """Pull the plug. The port is gone."""
        os.write(self._wake_write, b"x")
        self._thread.join()
        for each in (self._wake_read, self._wake_write, self._slave):
            os.close(each)

    def wait_for_start(self, why: str) -> None:
        """Wait until its last start is one of these."""
        while self.starts[-1] != why:
            time.sleep(0.02)

    def tree(self) -> dict[str, bytes | None]:
        """What lies on its file system, read by another VM: content by path, None for a folder. Only while off."""
        out = self._offline(_TREE)
        return {path: None if text is None else bytes.fromhex(text) for path, text in map(json.loads, out.splitlines())}

    def put(self, files: dict[str, bytes]) -> None:
        """Put files on it, and the folders they need. Only while off."""
        self._offline(_PUT.format(files=list(files.items())))

    def _offline(self, code: str) -> str:
        command = [sys.executable, "-c", _HOST, "-X", f"heapsize={HEAP}", "-c", self._disk_code(-1) + code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def _disk_code(self, writes_left: int) -> str:
        return _DISK.format(disk=str(self.disk), blocks=self._blocks, writes_left=writes_left, mark=str(self._mark))

    def _start(self, why: str) -> None:
        self.starts.append(why)
        self._mark.write_text("")
        # A soft reset out of the raw REPL leads back into it, without main.py.
        start = ["/boot.py"] if why == "soft" else ["/boot.py", "/main.py"]
        code = self._disk_code(self._writes_left) + _BOARD.format(start=start, running=_RUNNING, **self._says)
        self._inner, slave = pty.openpty()
        tty.setraw(slave)
        attributes = termios.tcgetattr(slave)
        attributes[3] |= termios.ISIG
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self._vm = subprocess.Popen(
            [sys.executable, "-c", _AT_TERMINAL, "-X", f"heapsize={HEAP}", "-i", "-c", code],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        # Before it stands, a Control-C would end the process around it.
        heard = b""
        while not heard.endswith((_PROMPT, _RUNNING.encode() + b"\n", _RUNNING.encode() + b"\r\n")):
            heard += os.read(self._inner, 1)
        if why == "soft":
            os.write(self._inner, _TO_RAW_REPL)
        else:
            os.write(self._master, heard.partition(_RUNNING.encode())[0])

    def _serve(self) -> None:
        """Be the cable, and start the VM anew whenever it ends. Ends with the power."""
        try:
            while True:
                ready = select.select([self._wake_read, self._master, self._inner], [], [])[0]
                if self._wake_read in ready:
                    return
                if self._master in ready:
                    os.write(self._inner, os.read(self._master, 4096))
                elif not self._pass_on() and not self._start_anew():
                    return
        finally:
            if self._vm.poll() is None:
                os.killpg(self._vm.pid, signal.SIGKILL)
            self._vm.wait()
            os.close(self._inner)
            os.close(self._master)

    def _pass_on(self) -> bool:
        """Whether the VM lives."""
        try:
            data = os.read(self._inner, 4096)
        except OSError:
            return False
        os.write(self._master, data)
        return bool(data)

    def _start_anew(self) -> bool:
        """Whether this end of the VM is a reset; else the power failed."""
        died = self._vm.wait() != 0
        if died and not self._mark.read_text():
            return False
        os.close(self._inner)
        if died:
            self._start("hard")
            return True
        os.write(self._master, b"MPY: soft reboot\r\n")
        self._start("soft")
        return True
