"""What was granted in the last hour and the last day."""

from pump.core.ring import IntRing
from pump.core.units import MS_PER_MINUTE

HOUR_MINUTES = 60
DAY_MINUTES = 1440


class Windows:
    """Grants of the last 24 h, by the minute. *tick*: `elapse`, `add`, `sound`; they allocate nothing.

    A window that ends inside a minute begins inside another; both are counted whole (61 and 1441 minutes), so that
    `hour_steps` and `day_steps` are never less than what any window of exactly 1 h or 24 h that ends now holds.
    """

    GUARDED = ("minute_ms", "minutes_turned", "hour_steps", "day_steps")

    def __init__(self, minutes: "IntRing | None" = None) -> None:
        """`minutes`: the grants of the last 1441 minutes, none by default."""
        self.minutes = minutes or IntRing(DAY_MINUTES + 1)
        self.minutes_turned = 0
        self._not_minutes_turned = ~0
        self._begin(0, 0, 0)

    def _begin(self, minute_ms: int, hour_steps: int, day_steps: int) -> None:
        self.minute_ms = minute_ms
        self._not_minute_ms = ~minute_ms
        self.hour_steps = hour_steps
        self._not_hour_steps = ~hour_steps
        self.day_steps = day_steps
        self._not_day_steps = ~day_steps

    def sound(self) -> bool:
        """Whether the sums, and how much time passed, agree with their complements."""
        return (self.minute_ms ^ self._not_minute_ms) & (self.minutes_turned ^ self._not_minutes_turned) & (
            self.hour_steps ^ self._not_hour_steps
        ) & (self.day_steps ^ self._not_day_steps) == -1

    def passed_ms(self) -> int:
        """*loop*, with the tick held off. How much time passed here: from one call to another, just as much as all
        grants have aged. Where it begins says nothing."""
        return self.minutes_turned * MS_PER_MINUTE + self.minute_ms

    def copy(self) -> "Windows":
        """*loop*, with the tick held off. The same grants, which stay as they are now."""
        windows = Windows(self.minutes.copy())
        windows._begin(self.minute_ms, self.hour_steps, self.day_steps)
        return windows

    def kept(self):
        """*loop.* What must survive a restart, one after the other: how far the minute is, and the grants of each
        minute, the oldest first."""
        yield self.minute_ms
        for age in range(DAY_MINUTES, -1, -1):
            yield self.minutes.back(age)

    def restore(self, kept) -> None:
        """*loop.* After a restart: what was `kept`, one after the other. No time has passed: how long the pump was off
        is not known. Raises ValueError where it is more or less than that."""
        count = -1
        minute_ms = 0
        for number in kept:
            if count < 0:
                minute_ms = number
            else:
                self.minutes.push(number)
            count += 1
        if count != DAY_MINUTES + 1 or minute_ms >= MS_PER_MINUTE:
            raise ValueError("windows: not what was kept")
        self._sum_up(minute_ms)

    def _sum_up(self, minute_ms: int) -> None:
        # No list of them: a chip may have no room for it.
        hour_steps = 0
        day_steps = 0
        for age in range(DAY_MINUTES + 1):
            day_steps += self.minutes.back(age)
            if age == HOUR_MINUTES:
                hour_steps = day_steps
        self._begin(minute_ms, hour_steps, day_steps)

    def scale(self, numerator: int, denominator: int) -> None:
        """*loop*, with the tick held off. Count every grant as `numerator` / `denominator` of itself, rounded up over
        any time until now: in microsteps of another concentration it holds the same dose."""
        self.minutes.scale(numerator, denominator)
        self._sum_up(self.minute_ms)

    def add(self, steps: int) -> None:
        """`steps` are granted now."""
        self.minutes.grow(steps)
        # The complements count by themselves: what once differs from them differs for good.
        self.hour_steps += steps
        self._not_hour_steps -= steps
        self.day_steps += steps
        self._not_day_steps -= steps

    def elapse(self, dt_ms: int) -> None:
        """Let `dt_ms` >= 0 pass."""
        minute_ms = self.minute_ms + dt_ms
        if minute_ms >= MS_PER_MINUTE:
            minutes = minute_ms // MS_PER_MINUTE
            self.minutes_turned += minutes
            self._not_minutes_turned -= minutes
            if minutes > DAY_MINUTES:
                self._forget()
            else:
                for _ in range(minutes):
                    self._turn()
            minute_ms = minute_ms % MS_PER_MINUTE
        self.minute_ms = minute_ms
        self._not_minute_ms = ~minute_ms

    def _turn(self) -> None:
        minutes = self.minutes
        steps = minutes.back(HOUR_MINUTES)
        self.hour_steps -= steps
        self._not_hour_steps += steps
        steps = minutes.back(DAY_MINUTES)
        self.day_steps -= steps
        self._not_day_steps += steps
        minutes.push(0)

    def _forget(self) -> None:
        self.minutes.clear()
        self._begin(self.minute_ms, 0, 0)
