"""The board's bytecode as it is flashed, damaged: it does not load, is the same to the pump, or is noticed."""

import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from itb.boards.board import load_board, write_constants
from itb.firmware import PUMP, compile_source, lay_out
from itb.sim.engine import HEAP
from vm.engines import GUEST

HOST = "import sys, micropython_unix; sys.exit(micropython_unix.main())"
# One bit in each byte, another one in the next. 1 tries them all, which takes some two minutes.
STRIDE = 9
# What says nothing for so long hangs; on a chip nobody feeds a watchdog yet, and the driver is off.
SILENCE_S = 5


@pytest.mark.req("I-02")
@pytest.mark.skipif(importlib.util.find_spec("micropython_unix") is None, reason="no MicroPython unix VM here")
def test_a_flipped_bit_in_the_boards_bytecode_is_never_believed(tmp_path: Path) -> None:
    lay_out(tmp_path, (PUMP,))
    shutil.copy(GUEST / "board_flips.py", tmp_path)
    source = write_constants(load_board("sim"), tmp_path / "source").read_bytes()
    good = tmp_path / "good"
    shutil.copy(compile_source(source, "board.py"), good)
    flips = range(0, 8 * good.stat().st_size, STRIDE)
    fates: Counter[str] = Counter()
    while fates.total() < len(flips):
        fates.update(run_from(tmp_path, flips[fates.total()]))
    assert fates["believed"] == 0
    assert fates.total() == len(flips)
    assert fates["noticed"] > len(flips) / 2
    assert set(fates) <= {"noticed", "same", "error", "hang", "crash"}


def run_from(directory: Path, first: int) -> list[str]:
    """What became of the flips from `first` on, until the VM came to their end, hung or crashed."""
    code = (
        f"import sys; sys.path[0] = {str(directory)!r}; from board_flips import main; "
        f"main({str(directory / 'good')!r}, {str(directory / 'board.mpy')!r}, {first}, {STRIDE})"
    )
    command = [sys.executable, "-c", HOST, "-X", f"heapsize={HEAP}", "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        assert process.stdout is not None
        said, end = b"", "crash"
        while True:
            if not select.select([process.stdout], [], [], SILENCE_S)[0]:
                os.killpg(process.pid, signal.SIGKILL)
                end = "hang"
                break
            more = os.read(process.stdout.fileno(), 65_536)
            if not more:
                break
            said += more
    words = [line.split() for line in said.decode().splitlines()]
    fates = [word[1] for word in words if word[0] == "fate"]
    begun = sum(word[0] == "flip" for word in words)
    assert begun
    return fates + [end] * (begun - len(fates))
