"""The wire to the programmer: the chip's console, or a UART of its own."""

import select
import sys
import time

from machine import UART, Pin

from pump.core.ports import Link
from pump.hal.span import Span

RECEIVE_MAX_BYTES = 256
# What may wait to go out on the console, and how much of it goes in one poll of the loop: a packet of USB.
CONSOLE_QUEUE_BYTES = 4096
CONSOLE_SEND_BYTES = 64
# Bytes that go out in longer than this were waited for; then the console is left alone for the pause.
CONSOLE_SLOW_US = 50_000
CONSOLE_PAUSE_US = 5_000_000
UART_SEND_BYTES = 2048


class ConsoleLink(Link):
    """The cable that carries the REPL: USB on most boards. *loop*.

    Control-C on it stops the pump, as whoever holds the cable may: the way in for a new firmware.

    Answers wait in a queue, and `receive` sends on. On an RP2040 or RP2350 no write waits (MicroPython, mp_usbd_cdc.c:
    ready means room for one byte, and one byte is what is written). What the API leaves open:

    - An ESP32 always says that it is ready. A byte waits there for the UART, under 0.1 ms at 115,200 baud; on the USB
      of an ESP32-S3, opened by a program that does not read, for up to 0.5 s. That is borne once in CONSOLE_PAUSE_US,
      and that byte may be lost.
    - A cable that nobody opened takes everything, and USB keeps the last of it: the next program to open it may read
      the end of an answer first.
    """

    def __init__(self) -> None:
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._ready_in = select.poll()
        self._ready_in.register(sys.stdin, select.POLLIN)
        self._ready_out = select.poll()
        self._ready_out.register(sys.stdout, select.POLLOUT)
        # Whole answers, of the first of which some bytes are out; bytes still to go; what may still go in this poll.
        self._answers = []
        self._out_bytes = 0
        self._waiting_bytes = 0
        self._left_bytes = CONSOLE_SEND_BYTES
        self._pause = Span()

    def receive(self) -> bytes:
        self._left_bytes = CONSOLE_SEND_BYTES
        self._send_on()
        data = b""
        # Byte by byte: a longer read would wait for what has not come.
        while len(data) < RECEIVE_MAX_BYTES and self._ready_in.poll(0):
            data += self._in.read(1)
        return data

    def send(self, data: bytes) -> None:
        if 0 < len(data) <= CONSOLE_QUEUE_BYTES - self._waiting_bytes:
            self._answers.append(data)
            self._waiting_bytes += len(data)
        self._send_on()

    def _send_on(self) -> None:
        """Send what the cable takes at once of what waits, and no more than is left for this poll."""
        if self._pause.runs():
            return
        begun_us = time.ticks_us()
        while self._waiting_bytes and self._left_bytes and self._ready_out.poll(0):
            self._left_bytes -= 1
            # Byte by byte: a longer write would wait for room for all of it.
            taken = self._out.write(self._answers[0][self._out_bytes : self._out_bytes + 1])
            if taken:
                self._waiting_bytes -= 1
                self._out_bytes += 1
                if self._out_bytes == len(self._answers[0]):
                    self._answers.pop(0)
                    self._out_bytes = 0
            if time.ticks_diff(time.ticks_us(), begun_us) > CONSOLE_SLOW_US:
                self._pause.begin(CONSOLE_PAUSE_US)
                return
            if not taken:
                return


class UartLink(Link):
    """A UART on pins of its own. *loop*."""

    def __init__(self, number: int, baud: int, tx: int, rx: int) -> None:
        self._uart = UART(number, baudrate=baud, tx=Pin(tx), rx=Pin(rx), txbuf=UART_SEND_BYTES, rxbuf=RECEIVE_MAX_BYTES)

    def receive(self) -> bytes:
        if not self._uart.any():
            return b""
        return self._uart.read(RECEIVE_MAX_BYTES) or b""

    def send(self, data: bytes) -> None:
        # Dropped whole when the last answer is still on its way, or when it is too long for the buffer and would wait:
        # half an answer is worse than none.
        if self._uart.txdone() and len(data) <= UART_SEND_BYTES:
            self._uart.write(data)


def link(board) -> Link:
    """The link that the module of the board's constants describes."""
    if board.LINK == "uart":
        return UartLink(1, board.LINK_BAUD, board.PIN_LINK_TX, board.PIN_LINK_RX)
    return ConsoleLink()
