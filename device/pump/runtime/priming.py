"""The prime: path and catheter are filled, within bounds of its own and outside of all therapy."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import MS_PER_DAY, MS_PER_MINUTE
from pump.memory.journal import Journal
from pump.motion.confirmation import Confirmation
from pump.runtime.tick import Tick
from pump.safety.guard import Guard

# What is not out so long after its time will not come.
PATIENCE_MS = MS_PER_MINUTE
RUNNING, ENDED, TIMED_OUT = 0, 1, 2


class Priming:
    """One prime per refill, and only into a line that holds no drug: what it pushes out at the tip would be a dose.

    *loop* only; the caller keeps to states.
    """

    def __init__(self, tick: Tick, guard: Guard, confirmation: Confirmation, journal: Journal, most_steps: int) -> None:
        """A prime takes `most_steps` at most."""
        self.allowed = False
        self._tick = tick
        self._guard = guard
        self._confirmation = confirmation
        self._journal = journal
        self._most_steps = most_steps
        self._until_ms = 0

    def check(self, steps: int, duration_ms: int, line_holds_drug: bool, emptied: bool) -> None:
        """Raise Refused, naming the field, unless a prime of `steps` over `duration_ms` may begin."""
        refuse_unless_int("prime.steps", steps, 1, self._most_steps)
        refuse_unless_int("prime.duration_ms", duration_ms, 1, MS_PER_DAY)
        if not self.allowed:
            raise Refused("prime", "a prime without a refill", "one prime after each refill")
        if line_holds_drug and not emptied:
            accepted = "the word that path and catheter were emptied: what they hold would be given at once"
            raise Refused("prime.emptied", "no", accepted)

    def begin(self, steps: int, duration_ms: int) -> None:
        """Begin the prime that was checked."""
        self.allowed = False
        self._tick.hold_off()
        self._guard.begin_prime(steps)
        self._tick.demand.begin_prime(steps, duration_ms)
        self._tick.go_on()
        self._until_ms = self._journal.uptime_ms + duration_ms + PATIENCE_MS
        self._journal.log("prime", steps, duration_ms)

    def poll(self) -> int:
        """Whether it is RUNNING, has ENDED or TIMED_OUT."""
        demand = self._tick.demand
        if not demand.prime.active and demand.owed_steps == 0 and self._confirmation.in_flight_steps == 0:
            self._journal.log("prime_end", demand.prime.steps)
            return ENDED
        if self._journal.uptime_ms > self._until_ms:
            self._journal.log("prime_timeout", self._left_steps())
            return TIMED_OUT
        return RUNNING

    def cancelled(self) -> None:
        """It is stopped before its end."""
        self._journal.log("prime_cancelled", self._left_steps())

    def end(self) -> None:
        """No more of it: nothing is delivered any more, and what comes next is therapy."""
        self._tick.hold_off()
        self._tick.demand.end_prime()
        self._guard.end_prime()
        self._tick.go_on()

    def _left_steps(self) -> int:
        return self._tick.demand.prime.left_steps + self._tick.demand.owed_steps
