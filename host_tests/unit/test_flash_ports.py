"""Finding the port of the board, before and after its restart, and saying why there is none."""

import errno
import os
import pty
import termios
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import serial

from itb import ports
from itb.flash.failures import NoPort, PortClosed, SeveralPorts
from itb.flash.ports import find_port, why_closed
from itb.ports import Port, open_port


@dataclass
class Listed:
    """A port as pyserial lists it."""

    device: str
    description: str = "Board in FS mode"
    vid: int | None = 0x2E8A
    serial_number: str | None = "E66164"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Listed]:
    listed: list[Listed] = []
    monkeypatch.setattr(ports, "comports", lambda: iter(listed))
    return listed


@pytest.fixture
def line() -> Iterator[str]:
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_the_only_port_on_usb_is_taken(seen: list[Listed]) -> None:
    seen += [Listed("/dev/ttyS0", vid=None), Listed("/dev/ttyACM0")]
    assert find_port(None, "rp2040") == Port("/dev/ttyACM0", "Board in FS mode", "E66164")


def test_without_a_port_it_is_told_how_micropython_gets_there(seen: list[Listed]) -> None:
    seen.append(Listed("/dev/ttyS0", vid=None))
    with pytest.raises(NoPort, match=r"no serial port on USB(?s:.*)BOOTSEL"):
        find_port(None, "rp2040")


def test_among_several_nobody_guesses(seen: list[Listed]) -> None:
    seen += [Listed("/dev/ttyACM1", "Picoprobe"), Listed("/dev/ttyACM0")]
    with pytest.raises(SeveralPorts, match=r"PORT=.*/dev/ttyACM0 \(Board in FS mode\), /dev/ttyACM1 \(Picoprobe\)"):
        find_port(None, "rp2040")


def test_a_named_port_is_taken_with_what_is_known_of_it(seen: list[Listed]) -> None:
    seen += [Listed("/dev/ttyACM1", serial_number=None), Listed("/dev/ttyACM0")]
    assert find_port("/dev/ttyACM0", "rp2040").usb_serial == "E66164"
    assert find_port("socket://bench:3000", "rp2040") == Port("socket://bench:3000")


def test_a_board_that_comes_back_under_another_name_is_found_by_its_serial_number(seen: list[Listed]) -> None:
    before = Port("/dev/ttyACM0", usb_serial="E66164")
    assert before.now() == "/dev/ttyACM0"
    seen.append(Listed("/dev/ttyACM7"))
    assert before.now() == "/dev/ttyACM7"
    assert Port("/dev/ttyUSB0").now() == "/dev/ttyUSB0"


def test_a_port_that_is_not_there_is_said_with_those_that_are(seen: list[Listed]) -> None:
    seen.append(Listed("/dev/ttyACM0"))
    failure = why_closed("/dev/nowhere", "rp2040")
    assert isinstance(failure, NoPort)
    assert "/dev/nowhere: there is no such port; ports on USB: /dev/ttyACM0" in str(failure)


def test_a_url_that_makes_no_sense_is_no_port(seen: list[Listed]) -> None:
    assert isinstance(why_closed("nonsense://x", "rp2040"), NoPort)
    assert seen == []


def test_a_port_that_another_program_holds_is_in_use(line: str) -> None:
    with serial.Serial(line, exclusive=True):
        failure = why_closed(line, "rp2040")
    assert isinstance(failure, PortClosed)
    assert f"{line} is in use" in str(failure)
    # It was let go in the meantime: then somebody had it.
    assert "is in use" in str(why_closed(line, "rp2040"))


def test_a_port_without_permission_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "Permission denied")

    monkeypatch.setattr(ports.serial, "serial_for_url", denied)
    failure = why_closed("/dev/ttyACM0", "rp2040")
    assert isinstance(failure, PortClosed)
    assert "usermod -a -G dialout" in str(failure)


def test_what_is_no_serial_port_is_not_said_to_be_in_use() -> None:
    failure = why_closed("/dev/null", "rp2040")
    assert isinstance(failure, PortClosed)
    assert "/dev/null cannot be used as a serial port at 115200 baud: " in str(failure)


def test_a_port_that_goes_while_it_is_opened_raises_what_others_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    def going(*_: object, **__: object) -> None:
        raise termios.error(errno.EIO, "Input/output error")

    monkeypatch.setattr(ports.serial, "serial_for_url", going)
    with pytest.raises(OSError, match="Input/output error"):
        open_port("/dev/ttyACM0", 115_200, 0.1)
