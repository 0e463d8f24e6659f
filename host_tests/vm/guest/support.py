"""What the device tests lean on. Runs on MicroPython and CPython alike."""

import sys

try:
    import micropython
except ImportError:
    micropython = None

# Whether whole numbers beyond 30 bits live on the heap here, as they do on the chips.
SMALL_INTS_OF_31_BITS = sys.maxsize < 1 << 31


class Skip(Exception):
    """A test that has nothing to say on this engine raises it, with the reason."""


def without_allocation(function, argument) -> None:
    """Call `function(argument)` with the heap locked: any allocation in it raises MemoryError.

    CPython has no such lock; there it is a plain call.
    """
    if micropython is None:
        function(argument)
        return
    micropython.heap_lock()
    try:
        function(argument)
    finally:
        micropython.heap_unlock()


def allocates(function, argument) -> bool:
    """Whether `function(argument)` allocates. Raises Skip on CPython, which cannot tell."""
    if micropython is None:
        raise Skip("CPython has no heap_lock")
    try:
        without_allocation(function, argument)
    except MemoryError:
        return True
    return False
