"""Asks a pump over a serial port, a line at a time, and finds its answer among whatever else comes."""

import time
from contextlib import suppress

import serial

from itb.journal.answers import Answer, Refusal, parse_answer
from itb.journal.failures import Unanswered
from itb.ports import BAUD, Port, open_port, why_closed

# How long the pump may take to answer, over a restart too.
PATIENCE_S = 20.0
# After this much silence it is asked again: an answer that had no room in its buffer is lost.
_SILENCE_S = 1.0
_LISTEN_S = 0.05
_AWAY_S = 0.3
_READ_BYTES = 4096
# No line of a pump is longer.
_LINE_BYTES = 8192
# A request that noise ran into is refused once.
_REFUSALS = 3
_TAIL = 200


class Wire:
    """The cable to a pump at a port. A context."""

    def __init__(self, port: Port, baud: int = BAUD, patience_s: float = PATIENCE_S) -> None:
        """Raises PortFailed when it does not open."""
        self._port = port
        self._baud = baud
        self._patience_s = patience_s
        self._open: serial.SerialBase | None = None
        self._waiting = b""
        self._said = b""
        try:
            self._opened()
        except (OSError, ValueError) as error:
            raise why_closed(port.name, baud) from error

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *raised: object) -> None:
        self._close()

    def ask(self, after: int) -> Answer:
        """The answer to `journal N`. Raises Unanswered."""
        request = b"journal %d\n" % after
        end_s = time.monotonic() + self._patience_s
        refused: list[str] = []
        lost = ""
        while time.monotonic() < end_s:
            try:
                wire = self._opened()
                wire.write(request)
                answer = self._heard(wire, after, end_s, refused)
                lost = ""
            except (OSError, ValueError) as error:
                # A board that restarts takes its port away and brings it back.
                lost = str(error)
                self._close()
                time.sleep(_AWAY_S)
                continue
            if answer is not None:
                return answer
            if len(refused) >= _REFUSALS:
                raise Unanswered(self._refused(refused[-1]))
            if request.strip() in self._said:
                raise Unanswered(
                    f"{self._port.name} sends back what it is asked: MicroPython's prompt is there, and no pump runs. "
                    "Press the reset button of the board; if that does not help, flash it: itb flash."
                )
        raise Unanswered(self._silent(lost))

    def _heard(self, wire: serial.SerialBase, after: int, end_s: float, refused: list[str]) -> Answer | None:
        """The answer, None after silence or a refusal, which is added to those before."""
        last_s = time.monotonic()
        self._said = b""
        while time.monotonic() < min(last_s + _SILENCE_S, end_s):
            came = wire.read_until(b"\n", _READ_BYTES)
            if not came:
                continue
            last_s = time.monotonic()
            self._said = (self._said + came)[-_LINE_BYTES:]
            *lines, self._waiting = (self._waiting + came).split(b"\n")
            self._waiting = self._waiting[-_LINE_BYTES:]
            for line in lines:
                answer = parse_answer(line)
                if isinstance(answer, Answer) and answer.after == after:
                    return answer
                if isinstance(answer, Refusal):
                    refused.append(answer.words)
                    return None
        return None

    def _opened(self) -> serial.SerialBase:
        if self._open is None:
            self._waiting = b""
            self._open = open_port(self._port.now(), self._baud, _LISTEN_S, _SILENCE_S)
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            with suppress(OSError):
                self._open.close()
            self._open = None

    def _refused(self, words: str) -> str:
        old = "accepted:" in words and "journal" not in words
        hint = " The firmware on it knows no journal: flash it anew, itb flash." if old else ""
        return f"{self._port.name}: the pump does not tell its journal. It says: {words}.{hint}"

    def _silent(self, lost: str) -> str:
        name, waited = self._port.name, f"{self._patience_s:g} s"
        if lost:
            return (
                f"{name}: the connection ended ({lost}), and the pump did not answer again within {waited}. "
                "Check the cable and the pump's power, and read the journal again."
            )
        text = self._said[-_TAIL:].decode(errors="replace").strip()
        heard = f"It says: {text!r}." if text else "It says nothing."
        return (
            f"{name}: no pump answers within {waited}. {heard} Check that this is the pump's port, that its firmware "
            "is on it (itb flash), and for a link that is a UART of its own, its speed (--baud)."
        )
