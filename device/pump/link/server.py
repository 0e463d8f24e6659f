"""Answers the programmer's requests, a line each."""

import json

from pump.core.ports import Link
from pump.core.units import SMALL_MAX

LINE_MAX = 64
WAITING_MAX = 512
STATUS = b"status"
JOURNAL = b"journal "
# A page of the longest events is shorter than what a UART takes at once, 2048 bytes.
PAGE_EVENTS = 16
REFUSAL = "request is refused; accepted: status, journal N (N from 0 to %d)" % SMALL_MAX
NO_ROOM = b'{"error": "no memory is free for the answer; ask again"}\n'


class Server:
    """One JSON line for every request line. *loop* only. Requests only ask: none changes anything.

    - `status`: the pump's status.
    - `journal N`: the first events after number N, each [seq, uptime_ms, day_ms, kind, a, b], and what else there is to
      know (`memory.journal.Page`). It bears N as `after`, so that an answer that comes late is not taken for another.

    Whatever comes in, what is kept of it is bounded, and every bad line gets one answer that names what is accepted. A
    poll answers one line: to tell the status takes a while, and a flood of requests must not hold up the loop. What has
    no room to wait is dropped.
    """

    def __init__(self, link: Link, status, journal) -> None:
        """`status()` gives the pump's status as a mapping; `journal` is the `memory.journal.Journal`."""
        self._link = link
        self._status = status
        self._journal = journal
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
        try:
            line = json.dumps(self._answer_to(b"" if self._too_long else bytes(self._line))).encode() + b"\n"
        except MemoryError:
            # Who only asks must not end the loop.
            line = NO_ROOM
        self._link.send(line)

    def _answer_to(self, request: bytes) -> dict:
        if request == STATUS:
            return self._status()
        if request.startswith(JOURNAL):
            after_seq = _number(request[len(JOURNAL) :])
            if after_seq is not None:
                return self._page(after_seq)
        return {"error": REFUSAL}

    def _page(self, after_seq: int) -> dict:
        journal = self._journal
        page = journal.page(after_seq, PAGE_EVENTS)
        return {
            "after": after_seq,
            "first": page.first_seq,
            "to": page.to_seq,
            "last": page.last_seq,
            "readable": page.readable,
            "unwritten": journal.unwritten,
            "damaged": journal.damaged,
            "events": [[one.seq, one.uptime_ms, one.day_ms, one.kind, one.a, one.b] for one in page.events],
        }


def _number(digits: bytes) -> "int | None":
    """What `digits` say in decimal, 0 to SMALL_MAX without leading zeros; None when they do not."""
    if not digits.isdigit() or len(digits) > len(str(SMALL_MAX)) or (digits[0] == 48 and len(digits) > 1):
        return None
    number = int(digits)
    return number if number <= SMALL_MAX else None
