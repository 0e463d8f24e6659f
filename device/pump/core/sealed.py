"""The checksum over the board's constants, by which one that changed is found."""

from binascii import crc32


def settings_checksum(board) -> str:
    """CRC-32 over all constants of `board` but CHECKSUM, as `itb.boards.sealed` makes it. *loop* only."""
    crc = 0
    # `dir` would look through every name that MicroPython knows.
    for name in sorted(board.__dict__):
        if name[0] != "_" and name != "CHECKSUM":
            value = getattr(board, name)
            crc = crc32(("%s %s %s\n" % (name, type(value).__name__, value)).encode(), crc) & 0xFFFFFFFF
    return "%08x" % crc


def as_made(board) -> bool:
    """Whether the constants of `board` are as they were made. *loop* only."""
    return getattr(board, "CHECKSUM", "") == settings_checksum(board)
