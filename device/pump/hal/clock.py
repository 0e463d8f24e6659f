"""The clock of the machine the pump runs on."""

import time

from pump.core.ports import Clock
from pump.core.ticks import MASK


class SystemClock(Clock):
    """Milliseconds since some start. The chips wrap them at 2**30 by themselves; a wider machine is cut to that."""

    def ticks_ms(self) -> int:
        # The stubs keep ticks opaque so that nobody computes with them; this port is where they become numbers.
        return time.ticks_ms() & MASK  # pyright: ignore[reportOperatorIssue]
