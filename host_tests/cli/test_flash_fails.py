"""`itb flash` that cannot go on, on a real MicroPython behind a pseudo-terminal: what it says, and what it leaves."""

import fcntl
import importlib.util
import os
import pty
import signal
import subprocess
import sys
import tty
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from flashed import BOARD, DATA, Flashed, Source, files_when_off
from itb.boards.board import load_board
from itb.flash.command import Order, flash
from itb.flash.image import HELD, MANIFEST, make_image
from vmboard import VmBoard

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("micropython_unix") is None, reason="there is no MicroPython unix VM for this machine"
)

COMMAND = [sys.executable, "-c", "from itb.cli import main; main()", "flash"]


@pytest.mark.parametrize(
    "says, words",
    [
        ({"machine": "Generic ESP32 module with ESP32", "platform": "esp32"}, "is no rp2040, which pico_bench needs"),
        ({"version": (1, 22, 0)}, "MicroPython 1.24 or newer is needed"),
        ({"mpy": 5}, "loads .mpy files of version 5; this build has version 6"),
        ({"name": "circuitpython", "version": (9, 2, 0)}, "circuitpython 9.2.0"),
    ],
)
def test_a_board_that_does_not_fit_is_refused_untouched(
    tmp_path: Path, source: Source, says: dict[str, object], words: str
) -> None:
    board = VmBoard(tmp_path, **says)  # pyright: ignore[reportArgumentType]
    board.put(DATA)
    with board:
        done = Flashed(source(), board.port)
        assert (done.status, done.copied) == (7, [])
        assert words in done.errors
        # What ran there before runs again.
        board.wait_for_start("hard")
        assert files_when_off(board) == DATA


def test_a_board_without_room_is_refused_untouched(tmp_path: Path, source: Source) -> None:
    board = VmBoard(tmp_path, blocks=14)
    board.put(DATA)
    with board:
        done = Flashed(source(), board.port)
        assert (done.status, done.copied) == (8, [])
        assert "there is not enough room on the board" in done.errors
        assert files_when_off(board) == DATA


def test_the_room_that_is_asked_for_is_enough(tmp_path: Path, source: Source) -> None:
    statuses: list[int] = []
    for blocks in range(10, 26, 3):
        board = VmBoard(tmp_path, blocks=blocks)
        with board:
            done = Flashed(source(), board.port)
            assert "is full" not in done.errors
            statuses.append(done.status)
    assert statuses == sorted(statuses, reverse=True)
    assert set(statuses) == {8, 0}


def test_to_forget_and_to_verify_exclude_one_another(board: VmBoard, source: Source) -> None:
    done = Flashed(source(), board.port, verify=True, forget=True)
    assert done.status == 2
    assert "--forget: together with --verify is refused; accepted: one of the two" in done.errors
    assert board.starts == ["power"]


def test_power_that_fails_while_it_forgets_leaves_all_of_the_memory_or_none(tmp_path: Path, source: Source) -> None:
    board = VmBoard(tmp_path)
    board.put(DATA)
    device = source()
    with board:
        assert Flashed(device, board.port).status == 0
    before = board.disk.read_bytes()
    cut_off = 0
    for writes in range(1000):
        board.disk.write_bytes(before)
        board.power_on(writes)
        done = Flashed(device, board.port, reboot=False, forget=True)
        board.power_off()
        left = {path: content for path, content in board.tree().items() if path.startswith("/data/") and content}
        assert left in (DATA, {})
        if done.status == 0:
            assert left == {}
            break
        cut_off += 1
        assert done.status == 9, done.errors
        assert "its memory is there, whole, or forgotten. Flash again with --forget." in done.errors
        with board:
            again = Flashed(device, board.port, reboot=False, forget=True)
        assert again.status == 0, again.errors
        assert not [path for path in board.tree() if path.startswith(("/data", "/forgotten"))]
    assert cut_off > 3


@pytest.mark.req("I-01")
def test_a_failed_self_test_names_its_checks(board: VmBoard, source: Source) -> None:
    done = Flashed(source(one="FAILED = ['driver', 'sounder']\n"), board.port)
    assert done.status == 12
    assert "its self-test failed: driver, sounder. The pump stays inhibited." in done.errors


def test_a_firmware_that_does_not_start_is_told_with_its_traceback(board: VmBoard, source: Source) -> None:
    done = Flashed(source(one="import nowhere\n"), board.port)
    assert done.status == 11
    assert "prompt is there instead of the pump" in done.errors
    assert "ImportError: no module named 'nowhere'" in done.errors


def test_a_firmware_that_says_nothing_is_told(board: VmBoard, source: Source) -> None:
    done = Flashed(source("import time\nwhile True:\n    time.sleep(1)\n"), board.port, back_s=1)
    assert done.status == 11
    assert "restarted, but does not answer" in done.errors


def test_where_nothing_answers_it_is_told_how_micropython_gets_there(source: Source) -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.write(master, b"ets Jun  8 2016 invalid header: 0xffffffff\r\n")
    device = source()
    order = Order("esp32_devkit", os.ttyname(slave), device=device, patience_s=0.5)
    errors = StringIO()
    assert flash(order, Console(file=StringIO()), Console(file=errors, width=100)) == 6
    os.close(master)
    os.close(slave)
    assert "no MicroPython answers" in errors.getvalue()
    assert "write-flash 0x1000 FILE.bin" in errors.getvalue()


def test_a_port_in_use_is_told(board: VmBoard, source: Source) -> None:
    with open(board.port, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = Flashed(source(), board.port)
    assert done.status == 5
    assert f"{board.port} is in use" in done.errors


def test_a_port_that_is_not_there_is_told(source: Source) -> None:
    done = Flashed(source(), "/dev/nowhere")
    assert done.status == 3
    assert "there is no such port" in done.errors


@pytest.mark.parametrize("name", ["sim", "nonsense"])
def test_only_a_bench_can_be_flashed(source: Source, name: str) -> None:
    done = Flashed(source(), "/dev/nowhere", name)
    assert done.status == 2
    assert "pico_bench" in done.errors


def test_source_that_does_not_compile_never_reaches_the_board(board: VmBoard, source: Source) -> None:
    done = Flashed(source(one="def f(:\n"), board.port)
    assert done.status == 1
    assert "SyntaxError" in done.errors
    assert board.starts == ["power"]


def test_power_that_fails_in_the_middle_starts_no_mixture_and_the_next_flash_completes(
    tmp_path: Path, source: Source
) -> None:
    board = VmBoard(tmp_path)
    board.put(DATA)
    with board:
        assert Flashed(source(), board.port).status == 0
    before = board.disk.read_bytes()
    old = make_image(load_board(BOARD), source())
    device = source(large=None, one="FAILED = ['new']\n", late="x = 1\n")
    new = make_image(load_board(BOARD), device)
    cut_off: list[int] = []
    for writes in range(1000):
        board.disk.write_bytes(before)
        board.power_on(writes)
        done = Flashed(device, board.port, reboot=False)
        board.power_off()
        lies = {path: content for path, content in board.tree().items() if content is not None}
        assert {path: lies[path] for path in DATA} == DATA
        if done.status == 0:
            break
        cut_off.append(writes)
        assert done.status == 9, done.errors
        modules = {path for path in lies if path.startswith("/pump/")}
        wholly = [all(lies.get(path) == of for path, of in each.files.items()) for each in (old, new)]
        only = [modules <= each.files.keys() for each in (old, new)]
        assert "/main.py" not in lies or (True, True) in zip(wholly, only, strict=True)
        with board:
            again = Flashed(device, board.port, reboot=False)
        assert again.status == 0, again.errors
        assert ("An earlier installation was cut off" in again.out) == (HELD in lies)
        assert {path for path, content in board.tree().items() if content is not None} == {*new.files, MANIFEST, *DATA}
    assert len(cut_off) > 5


def test_the_command_says_what_it_flashes_and_ends_with_the_status(board: VmBoard) -> None:
    # The firmware as it is: the unix VM has no pins, so that it is installed and ends at the prompt.
    line = [*COMMAND, "--board", BOARD, "--port", board.port]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 11
    assert "copied /pump/app.mpy" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr.startswith("itb: the board restarted, but MicroPython's prompt is there")


def test_ctrl_c_ends_it_with_what_to_do_next() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    line = [*COMMAND, "--board", BOARD, "--port", os.ttyname(slave)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Once it has called the board it waits for an answer.
    assert os.read(master, 1) == b"\r"
    process.send_signal(signal.SIGINT)
    errors = process.communicate()[1]
    os.close(master)
    os.close(slave)
    assert process.returncode == 130
    assert errors == "itb: ended by Ctrl-C. The board may not be complete: flash again.\n"


def test_the_command_needs_a_board() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--board" in done.stderr
