"""When something that is given on request may be given again."""

from pump.core.units import MS_PER_DAY

# Why not now; in words in REASONS.
ALLOWED, LOCKOUT, DAY_MAXIMUM = 0, 1, 2
REASONS = ("allowed", "lockout", "maximum in 24 h")


class Lockout:
    """The times of the last 24 h at which it was begun. *loop* only.

    It outlives the program: a new one must not end a lockout. Times are ms of uptime, which the caller gives.
    """

    def __init__(self) -> None:
        self._begun_ms = []

    def wait(self, interval_ms: int, per_day: int, now_ms: int) -> "tuple[int, int]":
        """Why it is not allowed now, `interval_ms` <= 24 h apart and `per_day` in any 24 h, and for how many ms more;
        (ALLOWED, 0) when it is."""
        reason, wait_ms = ALLOWED, 0
        begun_ms = self._begun_ms
        if begun_ms and begun_ms[-1] + interval_ms > now_ms:
            reason, wait_ms = LOCKOUT, begun_ms[-1] + interval_ms - now_ms
        if len(begun_ms) >= per_day and begun_ms[-per_day] + MS_PER_DAY > now_ms + wait_ms:
            reason, wait_ms = DAY_MAXIMUM, begun_ms[-per_day] + MS_PER_DAY - now_ms
        return reason, wait_ms

    def kept(self) -> "list[int]":
        """What must survive a restart."""
        return list(self._begun_ms)

    def restore(self, kept: "list[int]") -> None:
        """After a restart: what was `kept`."""
        self._begun_ms = kept

    def begun(self, now_ms: int) -> None:
        """It begins now."""
        self._begun_ms = [at_ms for at_ms in self._begun_ms if at_ms > now_ms - MS_PER_DAY]
        self._begun_ms.append(now_ms)
