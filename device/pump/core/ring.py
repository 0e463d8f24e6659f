"""A ring of small counts in a fixed piece of memory."""

from array import array

# Held in pieces: a chip's heap may have no room for all of it at once.
PIECE_BITS = 8
PIECE = 1 << PIECE_BITS
WITHIN = PIECE - 1


class IntRing:
    """The last `size` counts, newest first. All methods but `copy` and `scale` are tick-safe and allocate nothing."""

    def __init__(self, size: int) -> None:
        self._pieces = [array("i", bytes(4 * PIECE)) for _ in range(-(-size // PIECE))]
        self._size = size
        self._newest = 0

    def push(self, count: int) -> None:
        """Make `count` the newest; the oldest is forgotten."""
        newest = self._newest + 1
        if newest == self._size:
            newest = 0
        self._newest = newest
        self._pieces[newest >> PIECE_BITS][newest & WITHIN] = count

    def grow(self, count: int) -> None:
        """Add `count` to the newest."""
        newest = self._newest
        self._pieces[newest >> PIECE_BITS][newest & WITHIN] += count

    def back(self, age: int) -> int:
        """The count pushed `age` pushes ago, 0 <= age < size; 0 is the newest."""
        place = self._newest - age
        if place < 0:
            place += self._size
        return self._pieces[place >> PIECE_BITS][place & WITHIN]

    def copy(self) -> "IntRing":
        """*loop.* A ring of its own with the same counts."""
        ring = IntRing(0)
        ring._pieces = [piece[:] for piece in self._pieces]
        ring._size = self._size
        ring._newest = self._newest
        return ring

    def scale(self, numerator: int, denominator: int) -> None:
        """*loop.* Multiply every count, each >= 0, by `numerator` / `denominator`, so that the sum of the newest ones,
        however many, is rounded up once."""
        total = 0
        scaled = 0
        for age in range(self._size):
            place = (self._newest - age) % self._size
            piece = self._pieces[place >> PIECE_BITS]
            total += piece[place & WITHIN]
            scaled_total = -(-total * numerator // denominator)
            piece[place & WITHIN] = scaled_total - scaled
            scaled = scaled_total

    def clear(self) -> None:
        """Forget everything."""
        for place in range(self._size):
            self._pieces[place >> PIECE_BITS][place & WITHIN] = 0
