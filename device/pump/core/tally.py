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

    def total(self) -> int:
        """The whole count."""
        return (self.high << 20) + self.low
