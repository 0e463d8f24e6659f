"""The board's constants as they are flashed, damaged, on the VM: one sound copy is enough, and nothing hangs or crashes
it. Damaged bytecode did both."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from itb.firmware import PUMP, TWIN, lay_out
from itb.sim.engine import VM, vm_command
from two_copies import TwoCopies
from vm.engines import GUEST, TIMEOUT_S, missing

pytestmark = [pytest.mark.req("I-02"), pytest.mark.skipif(missing(VM) != "", reason=missing(VM))]

# One bit in each byte, another one in the next. 1 tries them all, which takes some minutes.
STRIDE = 9
PIECE_BYTES = 97


@pytest.fixture
def copies(tmp_path: Path) -> TwoCopies:
    lay_out(tmp_path, (PUMP, TWIN))
    shutil.copy(GUEST / "board_flips.py", tmp_path)
    return TwoCopies(tmp_path)


def told(copies: TwoCopies, what: str, stride: int) -> list[dict[str, str]]:
    """What the guest's function `what` says; it comes to its end."""
    folder = repr(str(copies.folder))
    code = f"import sys; sys.path[:] = [{folder}]; from board_flips import {what}; {what}({folder}, {stride})"
    done = subprocess.run(vm_command(code), capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_flipped_bit_in_one_copy_costs_nothing_and_in_both_is_never_believed(copies: TwoCopies) -> None:
    tried = told(copies, "flips", STRIDE)
    assert len(tried) == len(range(0, 8 * len(copies.good), STRIDE))
    assert {each["one"] for each in tried} == {"mended"}
    pumps = Counter(each["pump"] for each in tried)
    assert pumps.keys() == {"", "stopped memory_error"}
    assert pumps["stopped memory_error"] > 10
    both = Counter(each["both"] for each in tried)
    assert both.keys() == {"not loaded", "noticed", "same"}
    # "Same" is what is in the first line, or a space.
    assert both["noticed"] + both["not loaded"] > 3 / 4 * len(tried)


def test_neither_does_a_copy_that_ends_or_holds_a_page_of_something_else(copies: TwoCopies) -> None:
    tried = told(copies, "pieces", PIECE_BYTES)
    assert len(tried) > 200
    assert {each["one"] for each in tried} == {"mended"}
    assert {each["pump"] for each in tried} == {"", "stopped memory_error"}
    assert {each["both"] for each in tried} <= {"not loaded", "noticed"}
