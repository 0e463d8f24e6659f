"""Answers the programmer's requests, a line each."""

import json

from pump.core.ports import Link

LINE_MAX = 64
WAITING_MAX = 512


class Server:
    """One JSON line for every request line; `status` is the one request so far. *loop* only.

    Whatever comes in, what is kept of it is bounded, and every bad line gets one answer that names what is accepted. A
    poll answers one line: to tell the status takes a while, and a flood of requests must not hold up the loop. What has
    no room to wait is dropped.
    """

    def __init__(self, link: Link, status) -> None:
        """`status()` gives the pump's status as a mapping."""
        self._link = link
        self._status = status
        self._waiting = b""
        self._line = bytearray()
        self._too_long = False

    def poll(self) -> None:
        """Take in what came, and answer the first line that is finished."""
        came = (self._waiting + self._link.receive())[:WAITING_MAX]
        self._waiting = b""
        for place in range(len(came)):
            byte = came[place]
            if byte == 10:
                self._waiting = came[place + 1 :]
                self._answer()
                self._line = bytearray()
                self._too_long = False
                return
            if len(self._line) < LINE_MAX:
                self._line.append(byte)
            else:
                self._too_long = True

    def _answer(self) -> None:
        if not self._too_long and self._line == b"status":
            answer = self._status()
        else:
            answer = {"error": "request is refused; accepted: status"}
        self._link.send(json.dumps(answer).encode() + b"\n")
