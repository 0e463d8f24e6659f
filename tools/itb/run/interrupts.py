"""Ctrl-C during a run: the first asks the simulated bench to end with its account, the second ends it now."""

import os
import signal
import sys

from itb.sim.engine import Run


class Interrupts:
    """A context that takes over SIGINT. `count` says how often it came."""

    def __init__(self, run: Run) -> None:
        self.count = 0
        self._run = run
        self._before = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> "Interrupts":
        signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *raised: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, *_: object) -> None:
        self.count += 1
        if self.count == 1:
            self._run.stop()
            # Not by print: this may come in the midst of one.
            os.write(sys.stderr.fileno(), b"Ending at the next sample, with the account; Ctrl-C again ends it now.\n")
        else:
            self._run.kill()
