"""The wire to the programmer: the chip's console, or a UART of its own."""

import select
import sys

from machine import UART, Pin

from pump.core.ports import Link

RECEIVE_MAX_BYTES = 256
UART_SEND_BYTES = 2048


class ConsoleLink(Link):
    """The cable that carries the REPL: USB on most boards. *loop*.

    Control-C on it stops the pump, as whoever holds the cable may: the way in for a new firmware.
    """

    def __init__(self) -> None:
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._ready_in = select.poll()
        self._ready_in.register(sys.stdin, select.POLLIN)
        self._ready_out = select.poll()
        self._ready_out.register(sys.stdout, select.POLLOUT)

    def receive(self) -> bytes:
        data = b""
        # Byte by byte: a longer read would wait for what has not come.
        while len(data) < RECEIVE_MAX_BYTES and self._ready_in.poll(0):
            data += self._in.read(1)
        return data

    def send(self, data: bytes) -> None:
        # A cable that nobody reads would make the write wait.
        if self._ready_out.poll(0):
            self._out.write(data)


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
