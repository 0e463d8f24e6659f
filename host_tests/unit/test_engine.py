"""The engines: what a guest says comes through in order, and every way it can fail is told clearly."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import itb.sim.engine
from itb.boards.board import load_board
from itb.errors import InputError
from itb.sim.engine import CPYTHON, ENGINES, VM, WASM, GuestDied, Refusal, Run, available_engine
from itb.sim.job import Job, sample_ms
from itb.sim.messages import Event, GuestError, Message

JOB = Job(program={}, days_ms=1000, slice_ms=1000, fill_steps=0, sample_ms=1000)
EVENT = '{"k": "event", "t_ms": 1, "seq": %d, "kind": "refill", "a": 3, "b": 4}'

GUEST = '''
import json
import board
EVENT = """%s"""

def main(path, emit=print):
    job = json.load(open(path))
%s
'''


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replaces the twin by a guest whose `main` has the given body."""

    def write(*body: str) -> None:
        package = tmp_path / "twin"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "run.py").write_text(GUEST % (EVENT, "\n".join("    " + line for line in body)))
        monkeypatch.setattr(itb.sim.engine, "TWIN", package)

    return write


def heard(engine: str) -> list[Message]:
    with Run(JOB, load_board("sim"), engine) as run:
        return list(run)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_said_before_a_failure_comes_through_in_order(guest: Callable[..., None], engine: str) -> None:
    guest("emit(EVENT % 1)", "emit(EVENT % board.TICK_MS)", "1 // 0")
    said: list[Message] = []
    with pytest.raises(GuestError, match="ZeroDivisionError"), Run(JOB, load_board("sim"), engine) as run:
        said.extend(run)
    assert said == [Event(1, 1, "refill", 3, 4), Event(1, JOB.slice_ms, "refill", 3, 4)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_refusal_carries_the_words_of_the_firmware(guest: Callable[..., None], engine: str) -> None:
    guest(
        'emit(json.dumps({"k": "error", "type": "Refused", "message": "rate_den: 0 is refused"}))',
        "raise SystemExit(1)",
    )
    with pytest.raises(Refusal, match="rate_den: 0 is refused"):
        heard(engine)


@pytest.mark.parametrize("engine", [VM, CPYTHON])
def test_misuse_of_a_port_is_a_failure_and_no_refusal(guest: Callable[..., None], engine: str) -> None:
    guest('emit(json.dumps({"k": "error", "type": "Misuse", "message": "burst: busy"}))', "raise SystemExit(1)")
    with pytest.raises(GuestError, match="Misuse: burst: busy") as caught:
        heard(engine)
    assert not isinstance(caught.value, Refusal)


@pytest.mark.parametrize("engine", [VM, CPYTHON])
def test_a_line_that_is_no_message_is_quoted(guest: Callable[..., None], engine: str) -> None:
    guest('emit("lorem ipsum")')
    with pytest.raises(GuestError, match="lorem ipsum"):
        heard(engine)


@pytest.mark.parametrize("engine", [VM, CPYTHON])
def test_a_guest_that_ends_without_an_account_is_told(guest: Callable[..., None], engine: str) -> None:
    guest("emit(EVENT % 1)")
    with pytest.raises(GuestDied, match="exit status 0 and gave no account"):
        heard(engine)


@pytest.mark.parametrize("engine", [VM, WASM])
def test_a_guest_that_needs_more_memory_than_the_chip_has_says_so(guest: Callable[..., None], engine: str) -> None:
    guest("big = [0] * 10_000_000")
    with pytest.raises(GuestError, match="memory allocation failed"):
        heard(engine)


def test_a_guest_that_crashes_is_told_with_its_signal(guest: Callable[..., None]) -> None:
    guest("import os", "os.kill(os.getpid(), 9)")
    with pytest.raises(GuestDied, match="was ended by SIGKILL"):
        heard(CPYTHON)


@pytest.mark.parametrize("engine", ENGINES)
def test_stop_reaches_the_guest_through_its_stop_file(guest: Callable[..., None], engine: str) -> None:
    # A loop that only the stop file ends; the bound keeps a broken stop from hanging the test.
    guest(
        "emit(EVENT % 1)",
        "for wait in range(100000):",
        "    try:",
        '        open(job["stop_file"]).close()',
        "    except OSError:",
        "        emit(EVENT % 2)",
        "        continue",
        "    emit(EVENT % 3)",
        "    break",
    )
    said: list[Message] = []
    with Run(JOB, load_board("sim"), engine) as run:
        run.stop()
        with pytest.raises(GuestDied):
            said.extend(run)
    assert said[-1] == Event(1, 3, "refill", 3, 4)


def test_kill_ends_a_guest_that_does_not_listen_and_leaves_nothing_behind(guest: Callable[..., None]) -> None:
    guest("emit(EVENT % 1)", "while True:", "    pass")
    with Run(JOB, load_board("sim"), VM) as run:
        messages = iter(run)
        assert isinstance(next(messages), Event)
        run.kill()
        with pytest.raises(GuestDied, match="SIGKILL"):
            next(messages)
    assert not run.directory.exists()


def test_a_guest_lives_in_a_session_of_its_own(guest: Callable[..., None]) -> None:
    guest("import os", "emit(EVENT % os.getsid(0))", "while True:", "    pass")
    with Run(JOB, load_board("sim"), CPYTHON) as run:
        first = next(iter(run))
    assert isinstance(first, Event)
    assert first.seq != os.getsid(0)


def test_a_slice_the_board_cannot_be_built_with_is_refused_and_leaves_nothing_behind() -> None:
    job = Job(program={}, days_ms=1000, slice_ms=0, fill_steps=0, sample_ms=1000)
    with pytest.raises(InputError, match="slice"):
        Run(job, load_board("sim"), VM)


def test_the_default_engine_is_the_unix_vm() -> None:
    assert available_engine(None) == (VM, "")


def test_without_a_unix_vm_the_default_falls_back_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    engine, reason = available_engine(None)
    assert engine == WASM
    assert "no MicroPython unix VM for this machine" in reason
    with pytest.raises(InputError, match="wasm or cpython"):
        available_engine(VM)


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="vm, wasm, cpython"):
        available_engine("emulator")


@pytest.mark.parametrize(
    "days, slice_ms, minutes", [(1, 10, 5), (30, 10_000, 5), (365, 10_000, 60), (2557, 10_000, 480), (1, 900_000, 15)]
)
def test_long_runs_are_sampled_less_often_and_always_at_midnight(days: int, slice_ms: int, minutes: int) -> None:
    assert sample_ms(days * 86_400_000, slice_ms) == minutes * 60_000
    assert 86_400_000 % sample_ms(days * 86_400_000, slice_ms) == 0
