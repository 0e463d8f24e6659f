"""Asks the firmware with its twin something that no run of therapy answers: one question, one guest, one answer."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from itb.boards.board import load_board, write_constants
from itb.firmware import PUMP, TWIN
from itb.sim.engine import CPYTHON, lay_out_guest, vm_command
from itb.sim.messages import GuestError

BOARD = "sim"
# A simulated flash holds all its pages, and a story of months keeps books on what the motor made in a day.
HEAP = "64M"
_GUEST = """
import sys
sys.path[:{keep}] = {path}
import json
from twin.power import {module}
print(json.dumps({module}.{call}))
"""


def answer(module: str, call: str, slice_ms: int, engine: str = CPYTHON) -> Any:
    """What `call`, like "main(3)", of twin.power.`module` returns on `engine`, CPython or the unix VM. The ticks are
    of `slice_ms`.

    Raises GuestError with what the guest said instead.
    """
    with tempfile.TemporaryDirectory(prefix="itb-ask-") as name:
        directory = Path(name).resolve()
        path, keep = [str(directory)], ""
        if engine == CPYTHON:
            write_constants(load_board(BOARD), directory, slice_ms)
            path, keep = [str(directory), str(PUMP.parent), str(TWIN.parent)], "0"
        else:
            lay_out_guest(directory, load_board(BOARD), slice_ms)
        code = _GUEST.format(keep=keep, path=path, module=module, call=call)
        command = [sys.executable, "-c", code] if engine == CPYTHON else vm_command(code, HEAP)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GuestError(f"{module}.{call} on {engine}:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)
