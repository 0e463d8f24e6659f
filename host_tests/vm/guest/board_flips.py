"""Loads the board's bytecode with one bit of it flipped, for each of the flips from one on, and says what came of it.

A flip may hang or crash the VM: what was printed until then stands.
"""

import sys

from pump.runtime.selftest import settings_checksum

# What damaged bytecode was seen to raise, and their like. Another error ends the guest, which counts as a crash.
ERRORS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _constants(module):
    found = []
    for name in sorted(dir(module)):
        if name[0] != "_":
            value = getattr(module, name)
            found.append((name, type(value).__name__, "%s" % (value,)))
    return found


def _fate(own) -> str:
    sys.modules.pop("board", None)
    try:
        import board

        if _constants(board) == own:
            return "same"
        return "believed" if settings_checksum(board) == getattr(board, "CHECKSUM", "") else "noticed"
    except ERRORS:
        return "error"


def main(good: str, place: str, first: int, stride: int) -> None:
    """Flip one bit of every byte of the file `good` from `first` on, another one `stride` bits further each time."""
    with open(good, "rb") as file:
        content = file.read()
    with open(place, "wb") as file:
        file.write(content)
    import board

    own = _constants(board)
    for flip in range(first, 8 * len(content), stride):
        changed = bytearray(content)
        changed[flip >> 3] ^= 1 << (flip & 7)
        with open(place, "wb") as file:
            file.write(changed)
        print("flip", flip)
        print("fate", _fate(own))
