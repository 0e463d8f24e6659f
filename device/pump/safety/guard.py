"""The only door to the motor."""

from array import array

from pump.core.tally import Tally
from pump.core.units import SMALL_MAX
from pump.safety.halt import Halt
from pump.safety.limits import Limits
from pump.safety.reservoir import Reservoir
from pump.safety.windows import Windows

# Why a grant was smaller than what was owed; REASONS says it in words, in the order of `withheld_ticks`.
IN_FULL, HALTED, CATCH_UP, HOUR_CAP, DAY_CAP, EMPTY, PRIME_VOLUME, LEASE = 0, 1, 2, 3, 4, 5, 6, 7
REASONS = ("in full", "halted", "catch-up", "1 h cap", "24 h cap", "reservoir empty", "prime volume", "lease")


class Guard:
    """Grants 0..owed microsteps, and counts why not more.

    While `priming`, what goes out fills path and catheter and is no dose: `prime_left_steps` bounds it, and not the
    caps. `granted` counts all, `primed` that part. `withheld_ticks[reason]` counts the ticks in which that reason kept
    something back, up to 2**30 - 1.

    Nothing goes out beyond the lease, `lease_left_steps`: what the loop has stored as delivered ahead of time.

    *tick*: `elapse`, `grant`, `sound`; they allocate nothing. *loop*, with the tick held off: the rest.
    """

    GUARDED = ("lease_left_steps", "limits.hour.steps", "limits.day.steps")

    def __init__(
        self, halt: Halt, windows: Windows, reservoir: Reservoir, limits: Limits, burst_max_steps: int
    ) -> None:
        self.set_limits(limits)
        self.renew_lease(0)
        self.granted = Tally()
        self.primed = Tally()
        self.priming = False
        self.prime_left_steps = 0
        self.windows = windows
        self.withheld_ticks = array("i", [0] * len(REASONS))
        self._halt = halt
        self._reservoir = reservoir
        self._burst_max_steps = burst_max_steps

    def set_limits(self, limits: Limits) -> None:
        """From now on the caps of `limits` hold."""
        self.limits = limits
        self._not_caps = ~(limits.hour.steps ^ limits.day.steps)

    def renew_lease(self, steps: int) -> None:
        """From now on `steps` >= 0 may be granted, since they are stored as delivered."""
        self.lease_left_steps = steps
        self._not_lease_left_steps = ~steps

    def sound(self) -> bool:
        """Whether the lease, both caps and what the windows hold agree with their complements."""
        limits = self.limits
        return (self.lease_left_steps ^ self._not_lease_left_steps) & (
            limits.hour.steps ^ limits.day.steps ^ self._not_caps
        ) == -1 and self.windows.sound()

    def elapse(self, dt_ms: int) -> None:
        """Let `dt_ms` >= 0 pass."""
        self.windows.elapse(dt_ms)

    def begin_prime(self, steps: int) -> None:
        """Until `end_prime` grant no more than `steps`, whatever is owed, and no therapy."""
        self.priming = True
        self.prime_left_steps = steps

    def end_prime(self) -> None:
        """From now on what is owed is therapy."""
        self.priming = False
        self.prime_left_steps = 0

    def grant(self, owed_steps: int, in_flight_steps: int) -> int:
        """The microsteps that may go out now, of `owed_steps` >= 0, while `in_flight_steps` are on their way.

        What is granted counts in the windows at once: only what is later counted at the driver enters the ledger.
        """
        if owed_steps == 0:
            return 0
        steps = owed_steps
        why = IN_FULL
        if steps > self._burst_max_steps:
            steps = self._burst_max_steps
            why = CATCH_UP
        if self.priming:
            if steps > self.prime_left_steps:
                steps = self.prime_left_steps
                why = PRIME_VOLUME
        else:
            room = self.limits.hour.steps - self.windows.hour_steps
            if steps > room:
                steps = room
                why = HOUR_CAP
            room = self.limits.day.steps - self.windows.day_steps
            if steps > room:
                steps = room
                why = DAY_CAP
        room = self.lease_left_steps
        if steps > room:
            steps = room
            why = LEASE
        room = self._reservoir.usable(in_flight_steps)
        if steps > room:
            steps = room
            why = EMPTY
        if self._halt.reasons:
            steps = 0
            why = HALTED
        if why:
            self._count(why)
        if steps <= 0:
            return 0
        self.lease_left_steps -= steps
        self._not_lease_left_steps += steps
        self.granted.add(steps)
        if self.priming:
            self.primed.add(steps)
            self.prime_left_steps -= steps
        else:
            self.windows.add(steps)
        return steps

    def _count(self, why: int) -> None:
        if self.withheld_ticks[why] < SMALL_MAX:
            self.withheld_ticks[why] += 1
