"""A count that outgrows 30 bits, kept as two small ints."""


class Tally:
    """A count of microsteps, without bound. `add` is tick-safe; `total` is for the loop (it may allocate)."""

    def __init__(self) -> None:
        self.high = 0
        self.low = 0

    def add(self, steps: int) -> None:
        """Add 0..2**30-1 `steps`."""
        low = self.low + (steps & 0xFFFFF)
        self.high += (steps >> 20) + (low >> 20)
        self.low = low & 0xFFFFF

    def set(self, total: int) -> None:
        """*loop.* Make the whole count `total` >= 0."""
        self.high = total >> 20
        self.low = total & 0xFFFFF

    def total(self) -> int:
        """The whole count."""
        return (self.high << 20) + self.low


class MirroredTally(Tally):
    """A tally beside its complement, which counts the other way by itself: what once differs from it differs for good.

    *tick*: `add`, `sound`; *loop*: the rest.
    """

    GUARDED = ("high", "low")

    def __init__(self) -> None:
        self.set(0)

    def add(self, steps: int) -> None:
        """Add 0..2**30-1 `steps`."""
        high = steps >> 20
        steps &= 0xFFFFF
        low = self.low + steps
        self.high += high + (low >> 20)
        self.low = low & 0xFFFFF
        not_low = self._not_low - steps
        self._not_high -= high + (~not_low >> 20)
        self._not_low = not_low | ~0xFFFFF

    def set(self, total: int) -> None:
        """*loop.* Make the whole count `total` >= 0."""
        super().set(total)
        self._not_high = ~(total >> 20)
        self._not_low = ~(total & 0xFFFFF)

    def sound(self) -> bool:
        """Whether both parts agree with their complements."""
        return (self.high ^ self._not_high) & (self.low ^ self._not_low) == -1
