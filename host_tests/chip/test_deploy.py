"""`itb flash` onto an emulated Pico with a stock MicroPython and an empty file system, through mpremote and USB."""

import os
import pty
import shutil
import subprocess
import sys
import tty
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from chip.stock import NoFirmware, stock_uf2
from itb.firmware import PUMP
from itb.flash.command import Order, flash
from itb.flash.image import CONSTANTS

pytestmark = pytest.mark.skipif("CHIP" not in os.environ, reason="ten minutes of emulation: `make chip` runs it")

BOARD = "pico_bench"
# An emulated second takes half a minute, and much longer on a busy machine.
PATIENCE_S, BACK_S = 120, 600


@pytest.fixture
def port() -> Iterator[str]:
    """The port of an emulated Pico."""
    try:
        stock_uf2()
    except NoFirmware as reason:
        pytest.skip(str(reason))
    far, near = pty.openpty()
    tty.setraw(near)
    command = [sys.executable, str(Path(__file__).with_name("cabled.py")), BOARD, str(far)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    chip = subprocess.Popen(command, pass_fds=[far], env=environment)
    yield os.ttyname(near)
    chip.kill()
    chip.wait()
    os.close(far)
    os.close(near)


def flashed(device: Path, port: str, verify: bool = False, reboot: bool = True) -> tuple[int, str, str]:
    """Exit status, what was said, and what was said on the error side."""
    out, errors = StringIO(), StringIO()
    order = Order(BOARD, port, verify, reboot, device=device, patience_s=PATIENCE_S, back_s=BACK_S)
    status = flash(order, Console(file=out, width=100), Console(file=errors, width=100))
    return status, out.getvalue(), errors.getvalue()


@pytest.mark.timeout(1800)
@pytest.mark.req("I-01")
def test_an_empty_pico_gets_the_firmware_restarts_and_tells_its_self_test(port: str, tmp_path: Path) -> None:
    # Of its own, as one build is compared with the other.
    device = Path(shutil.copytree(PUMP.parent, tmp_path / "device"))
    status, out, errors = flashed(device, port)
    assert (status, errors) == (0, "")
    assert "on Raspberry Pi Pico W with RP2040" in out
    for path in (*CONSTANTS, "/pump/app.mpy"):
        assert f"copied {path}, " in out
    assert "Self-test passed; the pump is stopped; alarms: " in out
    # The pump runs, and lets go of the cable when it is asked to. What it has is what was sent.
    status, out, errors = flashed(device, port, verify=True, reboot=False)
    assert (status, errors) == (0, "")
    assert "Nothing to copy: the board has this build." in out
