"""How much of the processor is left over."""

import time


def turns(span_ms: int) -> int:
    """Turns of an empty loop in `span_ms`: fewer, the more of the processor interrupts take."""
    count = 0
    end_ms = time.ticks_add(time.ticks_ms(), span_ms)
    while time.ticks_diff(end_ms, time.ticks_ms()) > 0:
        count += 1
    return count
