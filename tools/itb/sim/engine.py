"""Runs the firmware against the twin on one of three engines, and hands on what the bench says.

Every engine is a process in a session of its own: Ctrl-C reaches only the host, which then asks the guest to end.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from itb.boards.board import Board, write_constants
from itb.errors import InputError
from itb.firmware import PUMP, TWIN, compile_source, lay_out
from itb.sim.job import Job
from itb.sim.messages import End, Failure, GuestError, Message, parse_line

VM, WASM, CPYTHON = "vm", "wasm", "cpython"
ENGINES = (VM, WASM, CPYTHON)

# The RP2040 leaves 192 KiB of its 264 to the heap of MicroPython. Here a word has 64 bits, not 32: twice as much. The
# twin is in the heap too.
HEAP_KIB = 384
HEAP = f"{HEAP_KIB}k"
# What a byte of the job's commands takes in the heap of the VM; they are the programmer's, and no part of the pump.
_HEAP_PER_COMMAND_BYTE = 6
# A simulated flash holds all its pages.
_FLASH_KIB = 1024
# The memory of the WebAssembly VM is what it was built with. This much was tried, twice as much failed.
_MOST_WASM_COMMAND_BYTES = 32 * 1024

_VM_HOST = "import sys, micropython_unix; sys.exit(micropython_unix.main())"

# Every exception leaves as a message: one VM writes it to stdout, another drops it. The collector of the wasm VM does
# not see what a large stack frame holds (see twin.run), so every function here is small.
_GUEST = """
import sys
sys.path[:{keep}] = {path}
from io import StringIO
from json import dumps
from twin.run import main
{emit}
def trace(error):
    text = StringIO()
    if hasattr(sys, "print_exception"):
        sys.print_exception(error, text)
    else:
        __import__("traceback").print_exception(error, file=text)
    return text.getvalue()
def fail(error):
    emit(dumps({{"k": "error", "type": type(error).__name__, "message": trace(error)}}))
    sys.exit(1)
def go():
    try:
        main({job}, emit)
    except Exception as error:
        fail(error)
go()
"""
_EMIT = "emit = print"
_WASM_EMIT = """
import host
def emit(line):
    host.call("emit", dumps({"args": [line], "kwargs": {}}))
"""


class Refusal(GuestError):
    """The firmware refused its program: the input is at fault, not the code."""


class GuestDied(GuestError):
    """The guest ended without a last word. The message carries what it wrote to stderr last."""


def available_engine(wanted: str | None) -> tuple[str, str]:
    """The engine `wanted`, or the default one; and why the default is not the unix VM, empty when it is.

    Raises InputError for an engine that does not exist, or not on this machine.
    """
    if wanted is not None and wanted not in ENGINES:
        raise InputError("--engine", repr(wanted), "one of " + ", ".join(ENGINES))
    if wanted in (WASM, CPYTHON) or importlib.util.find_spec("micropython_unix") is not None:
        return wanted or VM, ""
    if wanted == VM:
        raise InputError("--engine", VM, f"{WASM} or {CPYTHON}: there is no MicroPython unix VM for this machine")
    return WASM, "There is no MicroPython unix VM for this machine; the WebAssembly VM is used instead."


class Run:
    """One run of the simulated bench. Use it as a context; iterate over it once for its messages, in order.

    Iterating raises Refusal when the firmware refuses the job, GuestDied when the guest dies, GuestError when it
    fails or says something that makes no sense.
    """

    def __init__(self, job: Job, board: Board, engine: str = VM) -> None:
        """Begin at once. Raises InputError for a slice the board cannot be built with, and for a story too large."""
        self._temporary = tempfile.TemporaryDirectory(prefix="itb-run-")
        self.directory = Path(self._temporary.name).resolve()
        self._errors = self.directory / "stderr"
        try:
            self._process = self._begin(job, board, engine)
        except BaseException:
            self._temporary.cleanup()
            raise

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *raised: object) -> None:
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()
        self._temporary.cleanup()

    def __iter__(self) -> Iterator[Message]:
        assert self._process.stdout is not None
        ended = False
        for line in self._process.stdout:
            message = parse_line(line)
            if isinstance(message, Failure):
                raise (Refusal if message.kind == "Refused" else GuestError)(f"{message.kind}: {message.message}")
            ended = isinstance(message, End)
            yield message
        if self._process.wait() != 0 or not ended:
            raise GuestDied(self._last_words())

    def stop(self) -> None:
        """Ask the guest to end at its next sample; it still says how far it came."""
        (self.directory / "stop").touch()

    def kill(self) -> None:
        """End the guest now, and all it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _begin(self, job: Job, board: Board, engine: str) -> subprocess.Popen[str]:
        heap = _heap(job, engine)
        guest_work = "/input" if engine == WASM else str(self.directory)
        fields = {**asdict(job), "stop_file": f"{guest_work}/stop"}
        (self.directory / "job.json").write_text(json.dumps(fields), encoding="utf-8")
        path, keep = [guest_work], ""
        if engine == CPYTHON:
            write_constants(board, self.directory, job.slice_ms)
            path, keep = [guest_work, str(PUMP.parent), str(TWIN.parent)], "0"
        else:
            lay_out_guest(self.directory, board, job.slice_ms)
        emit = _WASM_EMIT if engine == WASM else _EMIT
        code = _GUEST.format(keep=keep, path=path, job=repr(f"{guest_work}/job.json"), emit=emit)
        with self._errors.open("w") as errors:
            return subprocess.Popen(
                _command(engine, self.directory, code, heap),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )

    def _last_words(self) -> str:
        status = self._process.returncode
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
        lines = self._errors.read_text(errors="replace").strip().splitlines()[-6:]
        return "\n".join([f"the simulated bench {how} and gave no account", *lines])


def lay_out_guest(directory: Path, board: Board, slice_ms: int) -> None:
    """Put all that a VM imports into `directory`, as bytecode: firmware, twin, and the constants of `board`.

    Raises InputError for a slice the board cannot be built with.
    """
    lay_out(directory, (PUMP, TWIN))
    constants = write_constants(board, directory, slice_ms)
    shutil.copyfile(compile_source(constants.read_bytes(), constants.name), constants.with_suffix(".mpy"))
    constants.unlink()


def vm_command(code: str, heap: str = HEAP) -> list[str]:
    """The command that runs `code` in the unix VM."""
    return [sys.executable, "-c", _VM_HOST, "-X", f"heapsize={heap}", "-c", code]


def _heap(job: Job, engine: str) -> str:
    """The heap for the firmware and its bench, and what the commands of a story take beside them.

    Raises InputError for more than the WebAssembly VM holds.
    """
    command_bytes = len(json.dumps(job.commands))
    if engine == WASM and job.flash:
        raise InputError("--flash", f"--engine {WASM}", f"{VM} or {CPYTHON}: the WebAssembly VM has no littlefs")
    if engine == WASM and command_bytes > _MOST_WASM_COMMAND_BYTES:
        raise InputError("--engine", WASM, f"{VM} or {CPYTHON}: the programs of this story do not fit its memory")
    if job.flash:
        return f"{HEAP_KIB + _FLASH_KIB}k"
    return f"{HEAP_KIB + command_bytes * _HEAP_PER_COMMAND_BYTE // 1024}k"


def _command(engine: str, work: Path, code: str, heap: str) -> list[str]:
    if engine == VM:
        return vm_command(code, heap)
    if engine == WASM:
        return [sys.executable, "-m", "itb.sim.wasm_guest", str(work), code]
    return [sys.executable, "-u", "-c", code]
