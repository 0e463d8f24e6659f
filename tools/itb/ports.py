"""Serial ports: which one has the board, where it is after a restart, and why one does not open."""

import errno
from dataclasses import dataclass

import serial
from serial.tools.list_ports import comports

try:
    from termios import error as terminal_error
except ImportError:
    # Systems without terminals of this kind raise nothing of it.
    terminal_error = OSError

BAUD = 115_200
_BUSY = (errno.EBUSY, errno.EAGAIN)
_DENIED = (errno.EACCES, errno.EPERM)
_ABSENT = (errno.ENOENT, errno.ENODEV, errno.ENXIO)


class PortFailed(Exception):
    """No port can be used. The message is for people, and says what to do."""


class NoPort(PortFailed):
    """There is no such serial port, or none at all."""


class SeveralPorts(PortFailed):
    """More than one board may be meant."""


class PortClosed(PortFailed):
    """The port is there and cannot be opened: in use, or not permitted."""


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


def find_port(wanted: str | None) -> Port:
    """The port `wanted`, or the only one there is. Raises NoPort and SeveralPorts."""
    seen = usb_ports()
    if wanted:
        return next((port for port in seen if port.name == wanted), Port(wanted))
    if not seen:
        raise NoPort("no board is plugged in: there is no serial port on USB. Some cables only charge.")
    if len(seen) > 1:
        listed = ", ".join(map(str, seen))
        raise SeveralPorts(f"there are several boards; name the port of one (--port; make flash: PORT=...): {listed}")
    return seen[0]


def open_port(name: str, baud: int, timeout_s: float, write_timeout_s: float | None = None) -> serial.SerialBase:
    """The port `name`, opened for nobody else. Raises OSError, and ValueError where no port has such a name."""
    try:
        return serial.serial_for_url(
            name, baudrate=baud, timeout=timeout_s, write_timeout=write_timeout_s, exclusive=True
        )
    except terminal_error as error:
        # pyserial lets it through, of a port that goes while it is opened; and it is no OSError.
        raise OSError(*error.args) from error


def why_closed(port: str, baud: int = BAUD) -> PortFailed:
    """Why `port` did not open, found by trying again."""
    try:
        open_port(port, baud, 0).close()
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number in _ABSENT or isinstance(error, ValueError):
            seen = ", ".join(map(str, usb_ports())) or "none"
            return NoPort(f"{port}: there is no such port; ports on USB: {seen}.")
        if number in _DENIED:
            return PortClosed(
                f"{port}: no permission to open it. On Linux: sudo usermod -a -G dialout $USER, then log out and in "
                "again (some systems call the group uucp)."
            )
        if number not in _BUSY:
            return PortClosed(f"{port} cannot be used as a serial port at {baud} baud: {error}.")
    return PortClosed(
        f"{port} is in use: close the serial terminal, mpremote, Thonny or other itb that has it open, and try again."
    )
