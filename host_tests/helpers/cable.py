"""A port with something behind it that answers."""

import os
import pty
import select
import threading
import tty
from collections.abc import Callable
from contextlib import suppress


class Cable:
    """A port with something behind it: `serve(came)` gets the bytes that came, b"" when none did for a while, and gives
    those that go back. A context."""

    def __init__(self, serve: Callable[[bytes], bytes]) -> None:
        self._serve = serve
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Cable":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        os.write(self._wake_write, b"x")
        self._thread.join()
        for each in (self._wake_read, self._wake_write, self._slave, self._master):
            os.close(each)

    def _run(self) -> None:
        while True:
            ready = select.select([self._wake_read, self._master], [], [], 0.01)[0]
            if self._wake_read in ready:
                return
            answer = self._serve(os.read(self._master, 4096) if self._master in ready else b"")
            # What nobody reads is lost.
            with suppress(BlockingIOError):
                while answer:
                    answer = answer[os.write(self._master, answer) :]
