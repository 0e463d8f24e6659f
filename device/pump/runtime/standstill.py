"""How long the pump has stood still, and whether it may go on as it is."""

from pump.core.errors import Refused
from pump.core.units import MS_PER_HOUR
from pump.memory.journal import Journal

# After so long without delivery the pump alarms, and program and reservoir are verified before it resumes (M-08).
IDLE_MS_MAX = 48 * MS_PER_HOUR
# A verification is a fresh one for so long.
VERIFIED_MS_MAX = MS_PER_HOUR
NEVER = -1


class Standstill:
    """*loop* only. How long the pump was off is not known: one that stood still before that is verified, too."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._from_ms = NEVER
        self._verified_ms = NEVER
        self._was_off = False

    def ms(self) -> int:
        """How long ago delivery ended; 0 while the pump delivers, and before it first did."""
        return self._journal.uptime_ms - self._from_ms if self._from_ms != NEVER else 0

    def long(self) -> bool:
        """Whether it is so long that the pump alarms."""
        return self.ms() > IDLE_MS_MAX

    def begin(self) -> None:
        """Delivery ended."""
        self._from_ms = self._journal.uptime_ms
        self._verified_ms = NEVER

    def was_off(self) -> None:
        """Delivery ended with the power, and nobody knows when."""
        self.begin()
        self._was_off = True

    def end(self) -> None:
        """Delivery begins."""
        self._from_ms = NEVER
        self._was_off = False

    def verified(self) -> None:
        """Program and reservoir are what the programmer takes them for."""
        self._verified_ms = self._journal.uptime_ms

    def changed(self) -> None:
        """Program or reservoir are others now."""
        self._verified_ms = NEVER

    def refuse_unverified(self) -> None:
        """Raise Refused where a start wants a fresh verification, and there is none."""
        if self._verified_ms != NEVER and self._journal.uptime_ms - self._verified_ms <= VERIFIED_MS_MAX:
            return
        accepted = "a start after program and reservoir were verified"
        if self._was_off:
            raise Refused("start", "after a restart: how long it stood still is not known", accepted)
        if self.long():
            raise Refused("start", "after %d h without delivery" % (self.ms() // MS_PER_HOUR), accepted)

    def kept(self) -> int:
        """What must survive a restart."""
        return self._from_ms

    def restore(self, kept: int) -> None:
        """After a restart: what was `kept`."""
        self._from_ms = kept
        self._was_off = kept != NEVER
