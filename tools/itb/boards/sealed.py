"""The checksum over a board's constants, by which the firmware finds one that changed (requirement I-02)."""

import zlib
from collections.abc import Mapping

CHECKSUM = "CHECKSUM"


def sealed(constants: Mapping[str, int | str]) -> dict[str, int | str]:
    """`constants` and, last, their checksum, in place of one that they have."""
    plain = {name: value for name, value in constants.items() if name != CHECKSUM}
    return {**plain, CHECKSUM: checksum(plain)}


def checksum(constants: Mapping[str, int | str]) -> str:
    """CRC-32 in eight hexadecimal digits, a text since it does not fit into 30 bits: of a line for each constant, by
    name, with name, type and value. `pump.core.sealed` computes the same on the board."""
    crc = 0
    for name, value in sorted(constants.items()):
        crc = zlib.crc32(f"{name} {type(value).__name__} {value}\n".encode(), crc)
    return f"{crc:08x}"
