"""`itb flash` on a real MicroPython with a real littlefs, behind a pseudo-terminal: what it brings, keeps and says."""

import importlib.util
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from flashed import BOARD, DATA, PATIENCE_S, Flashed, Source, files_when_off, tree_when_off
from itb.boards.board import load_board
from itb.flash import command
from itb.flash.command import Order, flash
from itb.flash.image import CONSTANTS, MANIFEST, make_image
from vmboard import VmBoard

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("micropython_unix") is None, reason="there is no MicroPython unix VM for this machine"
)


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
    board.put({**theirs, "/pump/room/ours.mpy": b"old", "/board.mpy": b"M\x06old", **DATA})
    with board:
        done = Flashed(source(), board.port)
        assert done.status == 0
        assert "Not of the pump, left alone: /lib/they're.py, /notes, mine.txt" in done.out
        assert done.removed == ["/board.mpy", "/pump/room/ours.mpy"]
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


@pytest.mark.req("I-02")
def test_a_board_whose_constants_cannot_be_loaded_is_told_and_gets_both_copies_back(
    board: VmBoard, source: Source
) -> None:
    Flashed(source(), board.port)
    board.power_off()
    board.put(dict.fromkeys(CONSTANTS, b"NAME = ("))
    board.power_on()
    told = Flashed(source(), board.port, verify=True)
    assert told.status == 1
    assert "different: /board.py, /board_copy.py" in told.errors
    board.wait_for_start("hard")
    done = Flashed(source(), board.port)
    assert (done.status, done.copied) == (0, list(CONSTANTS))


def test_without_a_restart_the_board_waits_at_its_prompt(board: VmBoard, source: Source) -> None:
    done = Flashed(source(), board.port, reboot=False)
    assert done.status == 0
    assert "Not restarted" in done.out
    assert board.starts == ["power", "soft"]


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
    assert "8 of 8 files" in out.getvalue()
    assert "copied /main.py" in out.getvalue()
