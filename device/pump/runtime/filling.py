"""Takes a refill into the account, or leaves it out where it cannot be kept."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import SMALL_MAX
from pump.memory.journal import Journal
from pump.motion.confirmation import Confirmation
from pump.runtime.priming import Priming
from pump.runtime.tick import Tick
from pump.safety.alarms import RESIDUAL_MISMATCH
from pump.safety.reservoir import Reservoir


class Filling:
    """*loop* only; the caller keeps to states."""

    def __init__(
        self,
        tick: Tick,
        confirmation: Confirmation,
        reservoir: Reservoir,
        journal: Journal,
        priming: Priming,
        save,
        raise_alarm,
    ) -> None:
        """`save()` stores what must survive a restart, and says whether it could; `raise_alarm(alarm)` shows one."""
        self._tick = tick
        self._confirmation = confirmation
        self._reservoir = reservoir
        self._journal = journal
        self._priming = priming
        self._save = save
        self._raise_alarm = raise_alarm

    def refill(self, fill_steps: int, withdrawn_steps: int, concentration_ng_ml: int) -> None:
        """`withdrawn_steps` were drawn off, and `fill_steps` of `concentration_ng_ml` filled in. Raises Refused."""
        refuse_unless_int("withdrawn_steps", withdrawn_steps, 0, SMALL_MAX)
        reservoir = self._reservoir
        self._tick.hold_off()
        try:
            before = reservoir.kept()
            unexpected = reservoir.unexpected(withdrawn_steps)
            reservoir.refill(fill_steps, concentration_ng_ml, self._confirmation.in_flight_steps)
        finally:
            self._tick.go_on()
        self._journal.log("refill", fill_steps, withdrawn_steps)
        allowed = self._priming.allowed
        self._priming.allowed = True
        if not self._save():
            self._priming.allowed = allowed
            self._undo(before, fill_steps)
            raise Refused("refill", "a memory that cannot be written", "a refill that survives a restart")
        self._journal.log("refill_kept", fill_steps)
        if unexpected:
            self._journal.log("residual", before[0], withdrawn_steps)
            self._raise_alarm(RESIDUAL_MISMATCH)
            self._save()

    def _undo(self, before: "list[int]", fill_steps: int) -> None:
        reservoir = self._reservoir
        self._tick.hold_off()
        # What was drawn since is drawn from what was there before.
        reservoir.restore(before, fill_steps - reservoir.left_steps)
        self._tick.go_on()
        self._journal.log("refill_undone")
