"""The port of the board that is to be flashed: without one, MicroPython may be what it lacks."""

from itb import ports
from itb.flash.advice import put_micropython
from itb.flash.failures import FlashFailed, NoPort, PortClosed, SeveralPorts
from itb.ports import Port


def find_port(wanted: str | None, chip: str) -> Port:
    """The port `wanted`, or the only one there is. Raises NoPort and SeveralPorts, with what to do for `chip`."""
    try:
        return ports.find_port(wanted)
    except ports.NoPort as error:
        without = f"A board without MicroPython shows no port, or answers nothing. {put_micropython(chip)}"
        raise NoPort(f"{error}\n{without}") from error
    except ports.SeveralPorts as error:
        raise SeveralPorts(str(error)) from error


def why_closed(port: str, chip: str) -> FlashFailed:
    """Why `port` did not open, found by trying again."""
    failure = ports.why_closed(port)
    if isinstance(failure, ports.NoPort):
        return NoPort(f"{failure}\n{put_micropython(chip, port)}")
    return PortClosed(str(failure))
