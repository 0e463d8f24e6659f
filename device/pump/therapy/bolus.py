"""So many microsteps, evenly over so long, from so far ahead: a bolus, a bridge or a prime."""

from pump.therapy.drip import Drip


class Bolus:
    """At most one at a time. *tick*: `advance`, `sound`; *loop*: `arm`, `cancel`, with the tick held off.

    Of its `steps` and `duration_ms`, `left_steps` and `left_ms` are still to come. Whatever else says, no more than
    `left_steps` come.
    """

    GUARDED = ("left_steps", "steps", "duration_ms")

    def __init__(self) -> None:
        self.active = False
        self._order(0, 1)
        self._wait_ms = 0
        self.left_ms = 0
        self._leave(0)
        self._drip = Drip(1, 1)

    def arm(self, steps: int, wait_ms: int, duration_ms: int) -> None:
        """Owe `steps` evenly over `duration_ms` >= 1, beginning `wait_ms` >= 0 from now."""
        self._drip = Drip(1, duration_ms)
        self._drip.set_rate(steps, 0)
        self._wait_ms = wait_ms
        self.left_ms = duration_ms
        self._order(steps, duration_ms)
        self._leave(steps)
        self.active = True

    def sound(self) -> bool:
        """Whether what it is, and what is left of it, agree with their complements; to be asked while `active`."""
        return (self.left_steps ^ self._not_left_steps) & (
            self.steps ^ self.duration_ms ^ self._not_ordered
        ) == -1 and self._drip.sound()

    def _order(self, steps: int, duration_ms: int) -> None:
        self.steps = steps
        self.duration_ms = duration_ms
        self._not_ordered = ~(steps ^ duration_ms)

    def _leave(self, steps: int) -> None:
        self.left_steps = steps
        self._not_left_steps = ~steps

    def running(self) -> bool:
        """Whether it has begun and is not over."""
        return self.active and self._wait_ms == 0

    def cancel(self) -> int:
        """End it here; the microsteps it no longer owes."""
        left_steps = self.left_steps
        self.active = False
        self._leave(0)
        self.left_ms = 0
        return left_steps

    def advance(self, dt_ms: int) -> int:
        """The microsteps that became owed within the next `dt_ms` >= 0."""
        if not self.active:
            return 0
        if dt_ms <= self._wait_ms:
            self._wait_ms -= dt_ms
            return 0
        dt_ms = min(dt_ms - self._wait_ms, self.left_ms)
        self._wait_ms = 0
        self.left_ms -= dt_ms
        steps = min(self._drip.advance(dt_ms), self.left_steps)
        self.left_steps -= steps
        self._not_left_steps += steps
        if self.left_ms == 0:
            self.active = False
        return steps
