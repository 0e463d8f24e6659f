"""Whole numbers in as few bytes as they need, seven bits in each."""

from pump.core.units import SMALL_MAX


def packed(numbers) -> bytearray:
    """`numbers`, each 0..2**30-1, one after the other. Raises ValueError on any other."""
    data = bytearray()
    for number in numbers:
        if not 0 <= number <= SMALL_MAX:
            raise ValueError("varint: %d; accepted: 0..%d" % (number, SMALL_MAX))
        while number > 0x7F:
            data.append(number & 0x7F | 0x80)
            number >>= 7
        data.append(number)
    return data


def unpacked(data: "bytes | bytearray"):
    """One after the other what `packed` packed: a list of them may want more memory in one piece than a chip has.
    Raises ValueError where the data are none of its."""
    number = 0
    shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if number > SMALL_MAX or (shift and byte == 0):
            raise ValueError("varint: a number that was never packed")
        shift += 7
        if byte < 0x80:
            yield number
            number = 0
            shift = 0
    if shift:
        raise ValueError("varint: a number is cut off")
