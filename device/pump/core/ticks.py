"""Arithmetic on raw milliseconds that wrap at 2**30 (12.4 days).

No intermediate leaves 30 bits: 2**30 itself would already be allocated on a chip, so it is
added or taken away as two halves. Callable from the tick; allocates nothing.
"""

HALF = 1 << 29
MASK = (1 << 30) - 1


def ticks_diff(later_ticks: int, earlier_ticks: int) -> int:
    """Milliseconds from `earlier_ticks` to `later_ticks`, right for spans below 2**29 ms (6.2 days)."""
    span_ms = later_ticks - earlier_ticks
    if span_ms >= HALF:
        return span_ms - HALF - HALF
    if span_ms < -HALF:
        return span_ms + HALF + HALF
    return span_ms


def ticks_add(at_ticks: int, span_ms: int) -> int:
    """The raw tick `span_ms` after `at_ticks`, for -2**29 < span_ms < 2**29."""
    if span_ms > 0 and at_ticks >= HALF:
        at_ticks = at_ticks - HALF - HALF
    at_ticks += span_ms
    if at_ticks < 0:
        at_ticks = at_ticks + HALF + HALF
    return at_ticks
