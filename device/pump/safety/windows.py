"""What was granted in the last hour and the last day."""

from pump.core.ring import IntRing
from pump.core.units import MS_PER_MINUTE

HOUR_MINUTES = 60
DAY_MINUTES = 1440


class Windows:
    """Grants of the last 24 h, by the minute. *tick*: `elapse`, `add`; they allocate nothing.

    A window that ends inside a minute begins inside another; both are counted whole (61 and 1441 minutes), so that
    `hour_steps` and `day_steps` are never less than what any window of exactly 1 h or 24 h that ends now holds.
    """

    def __init__(self, minutes: "IntRing | None" = None) -> None:
        """`minutes`: the grants of the last 1441 minutes, none by default."""
        self.minutes = minutes or IntRing(DAY_MINUTES + 1)
        self.minute_ms = 0
        self.hour_steps = 0
        self.day_steps = 0

    def copy(self) -> "Windows":
        """*loop*, with the tick held off. The same grants, which stay as they are now."""
        windows = Windows(self.minutes.copy())
        windows.minute_ms = self.minute_ms
        windows.hour_steps = self.hour_steps
        windows.day_steps = self.day_steps
        return windows

    def scale(self, numerator: int, denominator: int) -> None:
        """*loop*, with the tick held off. Count every grant as `numerator` / `denominator` of itself, rounded up over
        any time until now: in microsteps of another concentration it holds the same dose."""
        minutes = self.minutes
        minutes.scale(numerator, denominator)
        self.hour_steps = sum(minutes.back(age) for age in range(HOUR_MINUTES + 1))
        self.day_steps = sum(minutes.back(age) for age in range(DAY_MINUTES + 1))

    def add(self, steps: int) -> None:
        """`steps` are granted now."""
        self.minutes.grow(steps)
        self.hour_steps += steps
        self.day_steps += steps

    def elapse(self, dt_ms: int) -> None:
        """Let `dt_ms` >= 0 pass."""
        minute_ms = self.minute_ms + dt_ms
        if minute_ms >= MS_PER_MINUTE:
            if minute_ms // MS_PER_MINUTE > DAY_MINUTES:
                self._forget()
            else:
                for _ in range(minute_ms // MS_PER_MINUTE):
                    self._turn()
            minute_ms = minute_ms % MS_PER_MINUTE
        self.minute_ms = minute_ms

    def _turn(self) -> None:
        minutes = self.minutes
        self.hour_steps -= minutes.back(HOUR_MINUTES)
        self.day_steps -= minutes.back(DAY_MINUTES)
        minutes.push(0)

    def _forget(self) -> None:
        self.minutes.clear()
        self.hour_steps = 0
        self.day_steps = 0
