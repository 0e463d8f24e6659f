"""So many microsteps, evenly over so long, from so far ahead: a bolus, a bridge or a prime."""

from pump.therapy.drip import Drip


class Bolus:
    """At most one at a time. *tick*: `advance`; *loop*: `arm`, `cancel`, with the tick held off.

    Of its `steps` and `duration_ms`, `left_steps` and `left_ms` are still to come.
    """

    def __init__(self) -> None:
        self.active = False
        self.left_steps = 0
        self.steps = 0
        self.duration_ms = 1
        self._wait_ms = 0
        self.left_ms = 0
        self._drip = Drip(1, 1)

    def arm(self, steps: int, wait_ms: int, duration_ms: int) -> None:
        """Owe `steps` evenly over `duration_ms` >= 1, beginning `wait_ms` >= 0 from now."""
        self._drip = Drip(1, duration_ms)
        self._drip.set_rate(steps, 0)
        self._wait_ms = wait_ms
        self.left_ms = duration_ms
        self.duration_ms = duration_ms
        self.steps = steps
        self.left_steps = steps
        self.active = True

    def running(self) -> bool:
        """Whether it has begun and is not over."""
        return self.active and self._wait_ms == 0

    def cancel(self) -> int:
        """End it here; the microsteps it no longer owes."""
        left_steps = self.left_steps
        self.active = False
        self.left_steps = 0
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
        steps = self._drip.advance(dt_ms)
        self.left_steps -= steps
        if self.left_ms == 0:
            self.active = False
        return steps
