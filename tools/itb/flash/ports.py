"""Serial ports: which one has the board, and where it is after its restart."""

import errno
from dataclasses import dataclass

import serial
from serial.tools.list_ports import comports

from itb.flash.advice import closed, put_micropython
from itb.flash.failures import FlashFailed, NoPort, PortClosed, SeveralPorts

_DENIED = (errno.EACCES, errno.EPERM)
_ABSENT = (errno.ENOENT, errno.ENODEV, errno.ENXIO)


@dataclass(frozen=True)
class Port:
    """A serial port: its name now, what it says it is, and the serial number of the USB device, if it has one."""

    name: str
    what: str = ""
    usb_serial: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.what})" if self.what else self.name

    def now(self) -> str:
        """The name it has now: a board may come back from its restart under another."""
        if self.usb_serial:
            for port in usb_ports():
                if port.usb_serial == self.usb_serial:
                    return port.name
        return self.name


def usb_ports() -> list[Port]:
    """The serial ports on USB; built-in ones have no board."""
    found = (port for port in comports() if port.vid is not None)
    return sorted((Port(port.device, port.description, port.serial_number or "") for port in found), key=str)


def find_port(wanted: str | None, chip: str) -> Port:
    """The port `wanted`, or the only one there is. Raises NoPort and SeveralPorts, with what to do for `chip`."""
    seen = usb_ports()
    if wanted:
        return next((port for port in seen if port.name == wanted), Port(wanted))
    if not seen:
        raise NoPort(
            "no board is plugged in: there is no serial port on USB. Some cables only charge.\n"
            f"A board without MicroPython shows no port, or answers nothing. {put_micropython(chip)}"
        )
    if len(seen) > 1:
        listed = ", ".join(map(str, seen))
        raise SeveralPorts(
            f"there are several boards; name the port of one (make: PORT=..., itb: --port ...): {listed}"
        )
    return seen[0]


def why_closed(port: str, chip: str) -> FlashFailed:
    """Why `port` did not open, found by trying again."""
    try:
        serial.serial_for_url(port, exclusive=True).close()
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number in _ABSENT or isinstance(error, ValueError):
            seen = ", ".join(map(str, usb_ports())) or "none"
            return NoPort(f"{port}: there is no such port; ports on USB: {seen}.\n{put_micropython(chip, port)}")
        return PortClosed(closed(port, number in _DENIED))
    return PortClosed(closed(port, denied=False))
