"""`itb journal`: what it shows, writes and says, of a pump behind a pseudo-terminal."""

import csv
import fcntl
import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cable import Cable
from itb import BENCH_ONLY
from itb.boards.board import load_board
from itb.cli import app
from itb.flash.image import make_image
from itb.journal import wire
from linked import Linked
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS
from vmboard import VmBoard

pytestmark = pytest.mark.req("I-03")

BOARD = "pico_bench"
MOST = SEGMENTS * SEGMENT_EVENTS


def itb(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["journal", *arguments])


def read(pump: Linked, *arguments: str) -> Result:
    with Cable(pump.serve) as cable:
        return itb("--port", cable.port, *arguments)


def table(output: str) -> list[list[str]]:
    """The cells of each row, without the head."""
    rows = [line for line in output.splitlines() if line[:10].strip().partition(" ")[0].isdigit()]
    return [re.split(r" {2,}", row.strip()) for row in rows]


def test_a_row_for_each_event_with_its_times() -> None:
    pump = Linked(2)
    pump.journal.uptime_ms = 3 * 86_400_000 + 4 * 3_600_000 + 5 * 60_000 + 6999
    pump.journal.day_ms = 86_399_999
    pump.journal.log("state_stopped")
    result = read(pump)
    assert table(result.stdout) == [
        ["1", "0 d 00:00:01", "-", "kind", "1", "-1"],
        ["2", "0 d 00:00:02", "-", "kind", "2", "-2"],
        ["3", "3 d 04:05:06", "23:59:59", "state_stopped", "0", "0"],
    ]
    assert result.stdout.endswith("Numbers 1 to 3: 3 events. Nothing is missing.\n")
    assert (result.exit_code, result.stderr) == (0, "")


def test_columns_stand_below_one_another_whatever_their_numbers() -> None:
    pump = Linked()
    pump.journal.go_on_after(2**30 - SEGMENT_EVENTS)
    pump.journal.log("quiet")
    pump.journal.uptime_ms = 9999 * 86_400_000
    pump.journal.log("self_test_calibration_changed", -(2**30), 2**30 - 1)
    after = str(pump.journal.seq - 2)
    assert read(pump, "--after", after).stdout.splitlines()[:4] == [
        "    number    after running  time of day  kind                                     a           b",
        "-" * 96,
        "1073741761     0 d 00:00:00            -  quiet                                    0           0",
        "1073741762  9999 d 00:00:00            -  self_test_calibration_changed  -1073741824  1073741823",
    ]


def test_what_is_gone_is_said_plainly() -> None:
    pump = Linked(MOST + 10)
    pump.nvm.writes_left = 0
    pump.log(2)
    pump.nvm.writes_left = None
    pump.log(1)
    result = read(pump)
    lines = result.stdout.splitlines()[-4:]
    assert lines == [
        f"Numbers 1 to {MOST + 13}: {MOST + 11 - 64:,} events.",
        f"Events 1 to 64 were dropped: the journal keeps the newest {MOST - 63:,} numbers at least.",
        f"Without an event: {MOST + 11} to {MOST + 12}. They were damaged, could not be stored, or were passed over "
        "after damage.",
        "Since its start the pump could not store 2, and found 0 damaged among the newest.",
    ]
    assert result.exit_code == 0


def test_what_could_not_be_read_is_said() -> None:
    pump = Linked(3 * SEGMENT_EVENTS)
    pump.nvm.unreadable = {"journal.1"}
    assert "Events 65 to 128 could not be read from the pump's memory." in read(pump).stdout


def test_of_many_gaps_the_first_are_named() -> None:
    pump = Linked(64)
    lines = pump.nvm.files()["journal.0"].split(b"\n")
    pump.nvm.put_back({"journal.0": b"\n".join(line if n % 2 else b"?" for n, line in enumerate(lines))})
    assert "Without an event: 1, 3, 5, 7, 9, 11, 13, 15, 17, 19 and 22 more gaps." in read(pump).stdout


def test_nothing_new_is_told_as_such() -> None:
    assert read(Linked(5), "--after", "5").stdout == "There is no event after number 5: the last has the number 5.\n"
    assert read(Linked(5), "--after", "9").stdout == "There is no event after number 9: the last has the number 5.\n"
    assert read(Linked()).stdout == "The journal is empty.\n"


def test_a_file_gets_all_events_and_what_is_gone(tmp_path: Path) -> None:
    pump = Linked(MOST + 1)
    pump.journal.day_ms = 70
    pump.journal.log("quiet", 1, 2)
    file = tmp_path / "new" / "journal.csv"
    result = read(pump, "--save", str(file))
    text = file.read_text(encoding="utf-8").splitlines()
    remarks = [line for line in text if line.startswith("# ")]
    assert f"# Events 1 to 64 were dropped: the journal keeps the newest {MOST - 63:,} numbers at least." in remarks
    head, *rows = csv.reader(text[len(remarks) :])
    assert head == ["number", "uptime_ms", "day_ms", "kind", "a", "b"]
    expected = [[str(n), str(1000 * n), "", "kind", str(n), str(-n)] for n in range(65, MOST + 2)]
    assert rows == [*expected, [str(MOST + 2), str(1000 * (MOST + 1)), "70", "quiet", "1", "2"]]
    assert result.stdout.endswith(f"Written: {file}\n")
    assert (result.exit_code, table(result.stdout)) == (0, [])


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--after", "-1"), "--after: -1 is refused; accepted: a whole number from 0 to 1073741823"),
        (("--after", "1073741824"), "--after: 1073741824 is refused"),
        (("--save", "journal.txt"), "--save: journal.txt is refused; accepted: a file ending in .csv"),
        (("--baud", "7"), "--baud: 7 is refused; accepted: a whole number from 1200 to 921600"),
    ],
)
def test_a_wrong_option_is_refused_before_anybody_is_asked(arguments: tuple[str, str], words: str) -> None:
    pump = Linked(3)
    asked: list[bytes] = []
    with Cable(lambda came: asked.append(came) or pump.serve(came)) as cable:
        result = itb("--port", cable.port, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"itb: {words}")
    assert b"".join(asked) == b""


def test_without_a_board_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itb.ports.comports", lambda: iter([]))
    assert itb().exit_code == 1
    assert "no board is plugged in" in itb().stderr
    assert "/dev/nowhere: there is no such port" in itb("--port", "/dev/nowhere").stderr


def test_a_port_in_use_is_told() -> None:
    with Cable(Linked(1).serve) as cable, open(cable.port, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = itb("--port", cable.port)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is in use" in result.stderr


def test_a_pump_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire.Wire.__init__, "__defaults__", (115_200, 0.5))
    with Cable(lambda _: b"") as cable:
        result = itb("--port", cable.port)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no pump answers within 0.5 s. It says nothing." in result.stderr


def test_ctrl_c_ends_it_and_nothing_was_changed() -> None:
    asked, told = os.pipe()
    with Cable(lambda came: os.write(told, b"x") * b"" if came else b"") as cable:
        line = [sys.executable, "-c", "from itb.cli import main; main()", "journal", "--port", cable.port]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.read(asked, 1)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate()
    os.close(asked)
    os.close(told)
    assert (process.returncode, out, errors) == (130, "", "itb: ended by Ctrl-C. Nothing was changed.\n")


def test_its_help_says_that_it_only_asks_and_what_the_bench_is_for() -> None:
    text = " ".join(itb("--help").stdout.split())
    assert "asks only, and changes nothing" in text
    assert BENCH_ONLY in text


# The firmware's own rooms of memory and link; without pins the rest of the pump does not start there.
MAIN = b"""\
import select, sys, time
from pump.core.ports import Link
from pump.hal.files import Files
from pump.link.server import Server
from pump.memory.journal import Journal

class Console(Link):
    def __init__(self):
        self.ready = select.poll()
        self.ready.register(sys.stdin, select.POLLIN)
    def receive(self):
        data = b""
        while len(data) < 256 and self.ready.poll(0):
            data += sys.stdin.buffer.read(1)
        return data
    def send(self, data):
        sys.stdout.buffer.write(data)

journal = Journal(Files())
journal.recover()
journal.log("started")
while journal.seq < 2500:
    journal.uptime_ms += 1000
    journal.log("kind", journal.seq, -journal.seq)
server = Server(Console(), dict, journal)
print("ready")
while True:
    server.poll()
    time.sleep_ms(1)
"""


@pytest.mark.skipif(importlib.util.find_spec("micropython_unix") is None, reason="there is no unix VM for this machine")
def test_of_a_real_micropython_with_a_real_file_system(tmp_path: Path) -> None:
    board = VmBoard(tmp_path)
    files = make_image(load_board(BOARD)).files
    rooms = ("/pump/__init__", "/pump/core/", "/pump/hal/__init__", "/pump/hal/files", "/pump/link/", "/pump/memory/")
    board.put({path: data for path, data in files.items() if path.startswith(rooms)} | {"/main.py": MAIN})
    for starts in (1, 2):
        file = tmp_path / f"{starts}.csv"
        with board:
            result = itb("--port", board.port, "--save", str(file))
        assert (result.exit_code, result.stderr) == (0, "")
        rows = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines() if line[0].isdigit()]
        last = 2500 + starts - 1
        assert [row[0] for row in rows] == [str(n) for n in range(449, last + 1)]
        assert "# Events 1 to 448 were dropped" in file.read_text(encoding="utf-8")
        assert rows[2499 - 448][3:] == ["kind", "2499", "-2499"]
        assert [row[0] for row in rows if row[3] == "started"] == (["2501"] if starts == 2 else [])
