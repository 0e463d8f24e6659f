"""Reads a scale: typed weights, and lines from a serial port.

A line is a weight with its unit, with or without the marks that balances put around it:

    12.3456 g           stable, by most makes set to print when stable
    12.3456 g ?         unstable (Ohaus, Radwag)
    ST,GS,+  12.3456 g  stable; US: unstable; GS, NT: gross, net (A&D and its many likes)
    S S     12.3456 g   stable; S D: unstable (Mettler-Toledo SICS)

Anything else is refused: tare readings, pieces, percent, ounces, a display that ran over.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import serial

from itb.errors import InputError
from itb.quantity import MASS, shown

ACCEPTED = 'a stable weight in g or mg, like "12.3456 g" or "ST,GS,+  12.3456 g"'
LINE_SETTINGS = "9600 8N1"

_LINE = re.compile(
    r"(?:(?P<header>ST|US),\s*(?:(?:GS|NT),)?|S (?P<sics>[SD])\s)?"
    r"\s*(?P<sign>[+-]?)\s*(?P<number>[0-9]{1,9}(?:\.(?P<places>[0-9]{1,6}))?)\s*(?P<unit>[A-Za-z]+)\s*(?P<moving>\?)?"
)
_SETTINGS = re.compile(r"([0-9]{3,6}) ([78])([NEO])([12])")
_ENDS = re.compile(rb"[\r\n]")
# At 300 baud, the slowest there is, two characters of one line are 37 ms apart.
_SILENCE_S = 0.3
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Reading:
    """What a scale showed, in mg; `step_mg` is one of its last digit."""

    mass_mg: Fraction
    step_mg: Fraction
    stable: bool


class Scale(Protocol):
    """Something that weighs."""

    def weigh(self) -> Reading:
        """The next stable reading. Raises InputError when there is none."""
        ...


def read_line(line: str, field: str) -> Reading:
    """The reading in `line`. Raises InputError for what is no weight, or not in g or mg."""
    match = _LINE.fullmatch(line.strip())
    unit = MASS.units.get(match["unit"]) if match else None
    if not match or unit is None:
        raise InputError(field, shown(line.strip()), ACCEPTED)
    mass_mg = Fraction(match["sign"] + match["number"]) * unit
    moving = match["header"] == "US" or match["sics"] == "D" or match["moving"] is not None
    return Reading(mass_mg, unit / 10 ** len(match["places"] or ""), not moving)


class TypedScale:
    """The user reads the scale and types what it shows; a slip is said, and asked again.

    `ask` shows a text and gives the line typed, without its end; None when there will be no more.
    """

    def __init__(self, ask: Callable[[str], str | None], say: Callable[[str], None]) -> None:
        self._ask = ask
        self._say = say

    def weigh(self) -> Reading:
        """The weight typed. Raises InputError when the input ends."""
        while True:
            line = self._ask("The scale shows, with its unit: ")
            if line is None:
                raise InputError("weight", "the end of the input", ACCEPTED)
            try:
                reading = read_line(line, "weight")
                if reading.stable:
                    return reading
                raise InputError("weight", shown(line) + ", which is unstable,", ACCEPTED)
            except InputError as error:
                self._say(str(error))


class SerialScale:
    """A scale on a serial port that prints lines: all the time, when stable, or when its key is pressed.

    Nothing is ever sent to it. Use it as a context.
    """

    def __init__(self, port: str, settings: str = LINE_SETTINGS, patience_s: float = 60.0) -> None:
        """`settings` are baud, data bits, parity and stop bits, such as "9600 8N1". Raises InputError."""
        match = _SETTINGS.fullmatch(settings)
        if not match:
            accepted = 'baud, data bits, parity (N, E or O) and stop bits, like "9600 8N1" or "2400 7E1"'
            raise InputError("--line", repr(settings), accepted)
        self._field = f"--scale {port}"
        self._patience_s = patience_s
        self._pending = b""
        baud, bits, parity, stops = match.groups()
        try:
            self._port = serial.serial_for_url(
                port, int(baud), bytesize=int(bits), parity=parity, stopbits=int(stops), timeout=_SILENCE_S
            )
        except (OSError, ValueError) as error:
            # SerialException is an OSError, often without a number.
            raise InputError("--scale", repr(port), f"a serial port that opens ({error})") from error
        # A line under way when the port opens may lack its beginning, and "56 g" is a weight too.
        self._torn = True

    def __enter__(self) -> "SerialScale":
        return self

    def __exit__(self, *raised: object) -> None:
        self._port.close()

    def weigh(self) -> Reading:
        """The first stable reading from now on; what was printed before is dropped.

        Raises InputError for a line that is no weight, and when nothing stable came in time.
        """
        last = "silence"
        until_s = time.monotonic() + self._patience_s
        try:
            self._drop_old()
            while time.monotonic() < until_s:
                line = self._line(until_s)
                if line and line.strip():
                    reading = read_line(line, self._field)
                    if reading.stable:
                        return reading
                    last = shown(line.strip())
        except OSError as error:
            raise InputError(self._field, f"a port that failed ({error})", ACCEPTED) from error
        raise InputError(self._field, f"{last} for {self._patience_s:g} s", ACCEPTED)

    def _drop_old(self) -> None:
        """Drop whole lines; keep the beginning of one that is just coming."""
        self._pending += self._port.read(self._port.in_waiting)
        if self._torn and not self._pending:
            self._pending = self._port.read(1)
            # After a silence, the next character begins a line.
            self._torn = bool(self._pending)
        *old, self._pending = _ENDS.split(self._pending)
        self._torn = self._torn and not old

    def _line(self, until_s: float) -> str | None:
        """The next line that is whole; None when time is up, or when it was not whole."""
        while not (end := _ENDS.search(self._pending)):
            if time.monotonic() >= until_s:
                return None
            if len(self._pending) > _LONGEST_LINE:
                raise InputError(self._field, f"a line of more than {_LONGEST_LINE} characters", ACCEPTED)
            self._pending += self._port.read(max(1, self._port.in_waiting))
        line, self._pending = self._pending[: end.start()], self._pending[end.end() :]
        torn, self._torn = self._torn, False
        return None if torn else line.decode("ascii", "replace")
