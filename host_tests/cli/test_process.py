"""The command as a process of its own: signals, exit status, and what goes where."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from itb import BENCH_ONLY

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COMMAND = [sys.executable, "-c", "from itb.cli import main; main()", "run"]


def begin(*options: str) -> subprocess.Popen[str]:
    command = [*COMMAND, str(EXAMPLES / "flex-day.toml"), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def first_line_with(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    assert any(text in line for line in process.stdout)


def test_without_a_terminal_there_are_plain_lines_and_no_escape_codes() -> None:
    out, errors = begin("--days", "1").communicate()
    assert out.splitlines()[0] == BENCH_ONLY
    assert "day 1, 12:00   50 %" in out
    assert "\x1b" not in out + errors
    assert errors == ""


@pytest.mark.parametrize("engine", ["vm", "wasm", "cpython"])
def test_ctrl_c_ends_with_the_account_so_far(engine: str) -> None:
    # Far longer than anybody waits; a Ctrl-C that were lost would run into the time-out of the tests.
    process = begin("--days", "30000", "--slice", "10 s", "--engine", engine)
    first_line_with(process, BENCH_ONLY)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "The account balances (stopped)." in out
    assert errors == "Ending at the next sample, with the account; Ctrl-C again ends it now.\n"


def test_a_second_ctrl_c_ends_it_now() -> None:
    # With ticks of 10 ms the first sample is minutes away.
    process = begin("--days", "30000", "--slice", "10 ms")
    first_line_with(process, BENCH_ONLY)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "Ctrl-C again" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate()
    assert process.returncode == 130
    assert errors == "itb: ended before there was anything to account for\n"
    assert "Traceback" not in out
