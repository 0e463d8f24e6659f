"""Answers the programmer's requests, a line each."""

import json

from pump.core.ports import Link

LINE_MAX = 64


class Server:
    """One JSON line for every request line; `status` is the one request so far. *loop* only.

    Whatever comes in, what is kept of it is bounded, and every bad line gets one answer that names what is accepted.
    """

    def __init__(self, link: Link, status) -> None:
        """`status()` gives the pump's status as a mapping."""
        self._link = link
        self._status = status
        self._line = bytearray()
        self._too_long = False

    def poll(self) -> None:
        """Take in what came and answer each finished line."""
        for byte in self._link.receive():
            if byte == 10:
                self._answer()
                self._line = bytearray()
                self._too_long = False
            elif len(self._line) < LINE_MAX:
                self._line.append(byte)
            else:
                self._too_long = True

    def _answer(self) -> None:
        if not self._too_long and self._line == b"status":
            answer = self._status()
        else:
            answer = {"error": "request is refused; accepted: status"}
        self._link.send(json.dumps(answer).encode() + b"\n")
