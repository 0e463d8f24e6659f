"""An account of a pump by what its motor really did, kept beside the pump's own over any number of restarts."""

from pump.core.units import MS_PER_DAY, MS_PER_HOUR
from twin.power.check import require


class Sliding:
    """What was given within the last `span_ms`, in microsteps; `most` is the greatest that it ever was."""

    def __init__(self, span_ms: int) -> None:
        self.total = 0
        self.most = 0
        self._span_ms = span_ms
        self._given = []
        self._first = 0

    def give(self, now_ms: int, steps: int) -> None:
        """`steps` are given at `now_ms`."""
        given = self._given
        given.append((now_ms, steps))
        self.total += steps
        while given[self._first][0] <= now_ms - self._span_ms:
            self.total -= given[self._first][1]
            self._first += 1
        if self._first > 1000:
            self._given = given[self._first :]
            self._first = 0
        self.most = max(self.most, self.total)


class Audit:
    """Of a pump whose caps are `hour_steps` and `day_steps` throughout, and whose patient may have a bolus every
    `lockout_ms` and `per_day` of them in any 24 h.

    `slack_steps` is what the pump has accounted for, and the motor did not make. Every method that looks raises
    AssertionError where a promise is broken.
    """

    def __init__(self, lease_steps: int, hour_steps: int, day_steps: int, lockout_ms: int, per_day: int) -> None:
        self.slack_steps = 0
        self.restarts = 0
        self.most_slack_steps = 0
        self.hour = Sliding(MS_PER_HOUR)
        self.day = Sliding(MS_PER_DAY)
        self.begun_ms = []
        self._lease_steps = lease_steps
        self._caps = (hour_steps, day_steps)
        self._lockout_ms = lockout_ms
        self._per_day = per_day
        self._made_steps = 0

    def made(self, granted_ms: int, motor_steps: int) -> None:
        """The motor stands at `motor_steps`; what is new was granted at `granted_ms`."""
        steps = motor_steps - self._made_steps
        self._made_steps = motor_steps
        if steps == 0:
            return
        self.hour.give(granted_ms, steps)
        self.day.give(granted_ms, steps)
        for window, cap_steps in zip((self.hour, self.day), self._caps):
            require(window.total <= cap_steps, "at %d ms: %d of %d" % (granted_ms, window.total, cap_steps))

    def begun(self, now_ms: int) -> None:
        """A bolus of the patient's begins at `now_ms` (D-09)."""
        begun_ms = self.begun_ms
        begun_ms.append(now_ms)
        apart = len(begun_ms) < 2 or now_ms - begun_ms[-2] >= self._lockout_ms
        few = len(begun_ms) <= self._per_day or now_ms - begun_ms[-1 - self._per_day] >= MS_PER_DAY
        require(apart and few, "a bolus at %d ms, after %s" % (now_ms, begun_ms[-1 - self._per_day : -1]))

    def look(self, status: dict) -> None:
        """Just after a tick: everything made is confirmed, and every step counted just once (M-02, R-01)."""
        slack_steps = status["confirmed_steps"] - self._made_steps
        require(slack_steps == self.slack_steps, "slack %d, was %d" % (slack_steps, self.slack_steps))
        self._balance(status)

    def restarted(self, status: dict, boots: int = 1) -> None:
        """Just after a restart, before any tick: at most a lease more for each of its `boots`, and nothing less."""
        more_steps = status["confirmed_steps"] - self._made_steps - self.slack_steps
        require(0 <= more_steps <= boots * self._lease_steps, "%d boots add %d steps" % (boots, more_steps))
        self.slack_steps += more_steps
        self.most_slack_steps = max(self.most_slack_steps, more_steps // boots)
        self.restarts += 1
        self._balance(status)

    def _balance(self, status: dict) -> None:
        gone = status["reservoir_steps"] + status["confirmed_steps"] + status["wasted_steps"]
        require(status["filled_steps"] == gone, "filled %d, gone %d" % (status["filled_steps"], gone))
        counts = status["ordered_steps"] - status["owed_steps"] - status["dropped_steps"]
        require(counts == status["granted_steps"], "ordered %d, granted %d" % (counts, status["granted_steps"]))
        require(status["missing_steps"] == status["stray_steps"] == 0, "steps missing or stray")
