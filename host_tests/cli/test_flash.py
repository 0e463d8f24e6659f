"""`itb flash` on a real MicroPython with a real littlefs, behind a pseudo-terminal: every step, and every failure."""

import fcntl
import importlib.util
import os
import pty
import signal
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from itb.boards.board import load_board
from itb.flash import command
from itb.flash.command import Order, flash
from itb.flash.image import HELD, MANIFEST, make_image
from vmboard import VmBoard

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("micropython_unix") is None, reason="there is no MicroPython unix VM for this machine"
)

BOARD = "pico_bench"
PATIENCE_S = 5
MAIN = """\
import json
import sys

import board
from pump.core.one import FAILED

while True:
    if sys.stdin.readline() == "status\\n":
        state = "inhibited" if FAILED else "stopped"
        print(json.dumps({"state": state, "alarms": [], "failed_checks": FAILED}))
"""
MODULES = {
    "pump/__init__.py": "",
    "pump/core/__init__.py": "",
    "pump/core/one.py": "FAILED = []\n",
    # Larger than a block and than a chunk of the wire, and no two parts of it alike.
    "pump/core/large.py": "TEXT = '" + " ".join(str(number * number) for number in range(900)) + "'\n",
}
DATA = {"/data/settings": b"\x00mine\xff", "/data/journal/0": b"seq 1"}
Source = Callable[..., Path]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Writes a small firmware, with modules replaced or, where the text is None, left out; gives its directory."""

    def write(main: str = MAIN, **modules: str | None) -> Path:
        texts: dict[str, str | None] = {"boot.py": "import board\n", "main.py": main, **MODULES}
        texts.update({f"pump/core/{name}.py": text for name, text in modules.items()})
        for name, text in texts.items():
            path = tmp_path / "device" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text)
        return tmp_path / "device"

    return write


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VmBoard]:
    board = VmBoard(tmp_path)
    board.put(DATA)
    with board:
        yield board


class Flashed:
    """An `itb flash`: exit status, and what was said."""

    def __init__(
        self,
        device: Path,
        port: str,
        name: str = BOARD,
        verify: bool = False,
        reboot: bool = True,
        back_s: float = PATIENCE_S,
        forget: bool = False,
    ) -> None:
        order = Order(name, port, verify, reboot, device=device, patience_s=PATIENCE_S, back_s=back_s, forget=forget)
        out, errors = StringIO(), StringIO()
        self.status = flash(order, Console(file=out, width=100), Console(file=errors, width=100))
        self.out, self.errors = out.getvalue(), errors.getvalue()
        self.copied = [line.split()[1].rstrip(",") for line in self.out.splitlines() if line.startswith("copied")]
        self.removed = [line.split()[1].rstrip(",") for line in self.out.splitlines() if line.startswith("removed")]


def tree_when_off(board: VmBoard) -> dict[str, bytes | None]:
    board.power_off()
    try:
        return board.tree()
    finally:
        board.power_on()


def files_when_off(board: VmBoard) -> dict[str, bytes | None]:
    return {path: content for path, content in tree_when_off(board).items() if content is not None}


def test_an_empty_board_gets_the_build_starts_it_and_tells_its_self_test(board: VmBoard, source: Source) -> None:
    device = source()
    image = make_image(load_board(BOARD), device)
    done = Flashed(device, board.port)
    assert (done.status, done.errors) == (0, "")
    assert done.copied == list(image.files)
    assert board.starts == ["power", "soft", "hard"]
    last = done.out.splitlines()[-1]
    assert last == (
        f"The board runs itb {image.version}, build {image.build}, for {BOARD}. "
        "Self-test passed; the pump is stopped; alarms: none."
    )
    assert files_when_off(board) == {**image.files, MANIFEST: image.manifest, **DATA}


def test_the_second_time_nothing_is_copied(board: VmBoard, source: Source) -> None:
    Flashed(source(), board.port)
    done = Flashed(source(), board.port)
    assert (done.status, done.copied) == (0, [])
    assert "Nothing to copy: the board has this build." in done.out
    assert "Self-test passed" in done.out


def test_only_what_changed_is_copied_and_what_is_gone_removed(board: VmBoard, source: Source) -> None:
    Flashed(source(), board.port)
    device = source(large=None, one="FAILED = []\nmore = 1\n", late="x = 1\n")
    done = Flashed(device, board.port)
    image = make_image(load_board(BOARD), device)
    assert done.status == 0
    assert done.copied == ["/pump/core/late.mpy", "/pump/core/one.mpy"]
    assert done.removed == ["/pump/core/large.mpy"]
    assert files_when_off(board) == {**image.files, MANIFEST: image.manifest, **DATA}


def test_files_of_others_stay_and_are_listed(tmp_path: Path, source: Source) -> None:
    theirs = {"/notes, mine.txt": b"n", "/lib/they're.py": b"x = 1"}
    board = VmBoard(tmp_path)
    board.put({**theirs, "/pump/room/ours.mpy": b"old", "/board.py": b"NAME = 'other'", **DATA})
    with board:
        done = Flashed(source(), board.port)
        assert done.status == 0
        assert "Not of the pump, left alone: /lib/they're.py, /notes, mine.txt" in done.out
        assert done.removed == ["/board.py", "/pump/room/ours.mpy"]
        tree = tree_when_off(board)
    assert "/pump/room" not in tree
    assert {path: tree[path] for path in (*theirs, *DATA)} == {**theirs, **DATA}


def test_verify_passes_on_what_was_flashed_and_writes_nothing(board: VmBoard, source: Source) -> None:
    Flashed(source(), board.port)
    before = files_when_off(board)
    done = Flashed(source(), board.port, verify=True)
    assert (done.status, done.copied) == (0, [])
    assert "Self-test passed" in done.out
    assert files_when_off(board) == before


def test_verify_names_what_differs_and_the_pump_goes_on(board: VmBoard, source: Source) -> None:
    Flashed(source(), board.port)
    before = files_when_off(board)
    done = Flashed(source(large=None, one="FAILED = [1]\n", late="x = 1\n"), board.port, verify=True)
    assert done.status == 1
    assert "missing: /pump/core/late.mpy; different: /pump/core/one.mpy" in done.errors
    assert f"not in this build: /pump/core/large.mpy; record of the installation: {MANIFEST}" in done.errors
    board.wait_for_start("hard")
    assert files_when_off(board) == before


def test_without_a_restart_the_board_waits_at_its_prompt(board: VmBoard, source: Source) -> None:
    done = Flashed(source(), board.port, reboot=False)
    assert done.status == 0
    assert "Not restarted" in done.out
    assert board.starts == ["power", "soft"]


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


def test_told_to_forget_it_warns_and_the_pump_starts_as_new(board: VmBoard, source: Source) -> None:
    device = source()
    image = make_image(load_board(BOARD), device)
    done = Flashed(device, board.port, forget=True)
    assert (done.status, done.errors) == (0, "")
    assert "WARNING: the pump's memory is removed." in done.out
    assert "Forgotten: 2 files. The pump starts as new." in done.out
    assert "Self-test passed" in done.out
    tree = tree_when_off(board)
    assert {path for path, content in tree.items() if content is not None} == {*image.files, MANIFEST}
    assert "/data" not in tree
    assert "/forgotten" not in tree
    again = Flashed(device, board.port, forget=True)
    assert again.status == 0
    assert "Nothing to copy" in again.out
    assert "There was no memory to forget." in again.out


def test_not_told_to_forget_it_says_nothing_of_it(board: VmBoard, source: Source) -> None:
    done = Flashed(source(), board.port)
    assert "memory" not in done.out
    assert DATA.items() <= files_when_off(board).items()


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


def test_a_pump_that_runs_is_interrupted_and_replaced(board: VmBoard, source: Source) -> None:
    Flashed(source(), board.port)
    done = Flashed(source(one="FAILED = ['steps']\n"), board.port)
    assert (done.status, done.copied) == (12, ["/pump/core/one.mpy"])


@pytest.mark.parametrize("named", [True, False])
def test_a_link_that_is_a_uart_of_its_own_is_heard_where_it_is_said_to_be(
    board: VmBoard, source: Source, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    bench = load_board(BOARD)
    bench = replace(bench, peripherals=replace(bench.peripherals, link="uart", link_baud=9600))
    monkeypatch.setattr(command, "bench", lambda _: bench)
    order = Order(BOARD, board.port, device=source(), link_port=board.port if named else None, back_s=PATIENCE_S)
    out = StringIO()
    assert flash(order, Console(file=out, width=200), Console()) == 0
    assert ("Self-test passed" in out.getvalue()) == named
    assert ("name the serial port of its adapter with --link-port" in out.getvalue()) != named


def test_on_a_terminal_a_bar_shows_how_far_it_is(board: VmBoard, source: Source) -> None:
    out = StringIO()
    order = Order(BOARD, board.port, device=source(), reboot=False)
    assert flash(order, Console(file=out, width=100, force_terminal=True), Console()) == 0
    assert "7 of 7 files" in out.getvalue()
    assert "copied /main.py" in out.getvalue()


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


COMMAND = [sys.executable, "-c", "from itb.cli import main; main()", "flash"]


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
