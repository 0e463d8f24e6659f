"""A ring of small counts in a fixed piece of memory."""

from array import array


class IntRing:
    """The last `size` counts, newest first. All methods but `copy` are tick-safe and allocate nothing."""

    def __init__(self, size: int) -> None:
        self._counts = array("i", bytes(4 * size))
        self._size = size
        self._newest = 0

    def push(self, count: int) -> None:
        """Make `count` the newest; the oldest is forgotten."""
        newest = self._newest + 1
        if newest == self._size:
            newest = 0
        self._newest = newest
        self._counts[newest] = count

    def grow(self, count: int) -> None:
        """Add `count` to the newest."""
        self._counts[self._newest] += count

    def back(self, age: int) -> int:
        """The count pushed `age` pushes ago, 0 <= age < size; 0 is the newest."""
        place = self._newest - age
        if place < 0:
            place += self._size
        return self._counts[place]

    def copy(self) -> "IntRing":
        """*loop.* A ring of its own with the same counts."""
        ring = IntRing(0)
        ring._counts = self._counts[:]
        ring._size = self._size
        ring._newest = self._newest
        return ring

    def clear(self) -> None:
        """Forget everything."""
        for place in range(self._size):
            self._counts[place] = 0
