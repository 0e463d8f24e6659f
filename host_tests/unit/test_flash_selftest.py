"""Reading the self-test back, over a pseudo-terminal, from pumps that answer, take their time, or are not there."""

import json
import os
import pty
import threading
import tty
from collections.abc import Callable, Iterator

import pytest

from itb.flash.failures import NotBack, SelfTestFailed
from itb.flash.selftest import Report, ask, refuse_unless_passed

STATUS = {"state": "stopped", "alarms": ["time_unknown"], "failed_checks": [], "reservoir_steps": 0}
SOON_S = 1.5
Answer = Callable[[int, bytes], bytes]


class Cable:
    """A port with something behind it that answers the `count`-th data that comes."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        os.write(self._slave, b"\0")
        self._thread.join()
        os.close(self._slave)
        os.close(self._master)

    def _serve(self) -> None:
        count = 0
        # Nobody but `close` sends a NUL.
        while b"\0" not in (data := os.read(self._master, 4096)):
            count += 1
            os.write(self._master, self._answer(count, data))


@pytest.fixture
def behind() -> Iterator[Callable[[Answer], str]]:
    cables: list[Cable] = []

    def connect(answer: Answer) -> str:
        cables.append(Cable(answer))
        return cables[-1].port

    yield connect
    for cable in cables:
        cable.close()


def line(fields: dict[str, object]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def test_the_answer_of_the_pump_is_read(behind: Callable[[Answer], str]) -> None:
    port = behind(lambda _, data: line(STATUS) if data == b"status\n" else b"")
    assert ask(lambda: port) == Report("stopped", ("time_unknown",), ())


def test_what_a_starting_chip_says_before_is_no_answer(behind: Callable[[Answer], str]) -> None:
    def late(count: int, _data: bytes) -> bytes:
        return b"" if count == 1 else b"rst:0x1\r\n{3}\n[1]\n" + line({"error": "refused"}) + line(STATUS)

    port = behind(late)
    assert ask(lambda: port).state == "stopped"


def test_an_answer_may_come_in_pieces(behind: Callable[[Answer], str]) -> None:
    whole = line(STATUS)
    port = behind(lambda count, _: whole[:20] if count == 1 else whole[20:] if count == 2 else b"")
    assert ask(lambda: port).state == "stopped"


def test_a_port_that_is_gone_for_a_while_is_waited_for(behind: Callable[[Answer], str]) -> None:
    port = behind(lambda *_: line(STATUS))
    names = iter(["/dev/nowhere", "/dev/nowhere"])
    assert ask(lambda: next(names, port)).state == "stopped"


def test_a_prompt_in_place_of_the_pump_is_told_with_what_was_said(behind: Callable[[Answer], str]) -> None:
    port = behind(lambda *_: b"ImportError: no module named 'pump'\r\nMicroPython v1.27.0\r\n>>> ")
    with pytest.raises(NotBack, match=r"prompt is there instead of the pump(?s:.*)no module named 'pump'"):
        ask(lambda: port)


def test_a_prompt_that_came_before_anybody_listened_is_asked_for(behind: Callable[[Answer], str]) -> None:
    # MicroPython's prompt takes a carriage return for the end of the line, and no line feed.
    port = behind(lambda _, data: b"\r\n>>> " if b"\r" in data else b"")
    with pytest.raises(NotBack, match="prompt is there"):
        ask(lambda: port)


def test_silence_is_told(behind: Callable[[Answer], str]) -> None:
    port = behind(lambda *_: b"")
    with pytest.raises(NotBack, match=rf"does not answer at {port} within 1\.5 s\. It said nothing"):
        ask(lambda: port, SOON_S)


def test_a_port_that_stays_away_is_told() -> None:
    with pytest.raises(NotBack, match=r"did not come back within 1\.5 s: its port /dev/nowhere is gone"):
        ask(lambda: "/dev/nowhere", SOON_S)


def test_failed_checks_are_named() -> None:
    with pytest.raises(SelfTestFailed, match=r"driver, sounder\. The pump stays inhibited"):
        refuse_unless_passed(Report("inhibited", ("self_test_failed",), ("driver", "sounder")))


def test_an_inhibited_pump_did_not_pass_whatever_it_names() -> None:
    with pytest.raises(SelfTestFailed, match="not told which"):
        refuse_unless_passed(Report("inhibited", (), ()))


@pytest.mark.parametrize("state", ["stopped", "halted", "delivering"])
def test_a_pump_that_is_not_inhibited_passed(state: str) -> None:
    refuse_unless_passed(Report(state, ("time_unknown",), ()))
