"""True sliding windows: what was given within a span that ends now, kept grant by grant."""

from collections import deque


class Sliding:
    """The amounts given within the last `span_ms`. Reference for the tests: exact, at every moment, in any unit."""

    def __init__(self, span_ms: int) -> None:
        self.span_ms = span_ms
        self.total = 0
        self._given: deque[tuple[int, int]] = deque()

    def copy(self) -> "Sliding":
        """The same, on its own from here on."""
        other = Sliding(self.span_ms)
        other.total, other._given = self.total, self._given.copy()
        return other

    def give(self, now_ms: int, amount: int) -> None:
        """`amount` is given at `now_ms`, not before any earlier one."""
        self._given.append((now_ms, amount))
        self.total += amount
        self.look(now_ms)

    def look(self, now_ms: int) -> int:
        """What the window (`now_ms` - span, `now_ms`] holds."""
        while self._given and self._given[0][0] <= now_ms - self.span_ms:
            self.total -= self._given.popleft()[1]
        return self.total
