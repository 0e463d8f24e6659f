"""The tick: check, confirm, demand, grant, burst, and nothing else."""

from pump.core.ports import Clock, DeadMan, StepPort
from pump.core.ticks import ticks_diff
from pump.motion.burst import Burst
from pump.motion.confirmation import Confirmation
from pump.safety.alarms import DRIVER_OFF, FREE_FLOW, MEMORY_CORRUPT, MOTOR_MISMATCH
from pump.safety.guard import Guard
from pump.safety.halt import Halt
from pump.safety.ledger import Ledger
from pump.therapy.demand import Demand

# A driver that was enabled this many ticks ago and still reads back as off will not come.
UNHELD_TICKS_MAX = 5


class Tick:
    """Runs in the tick context (on a chip: in an interrupt). Allocates nothing, within 30 bits.

    The loop holds the tick off while it changes what the tick reads. A tick held off leaves its time to the next one,
    which owes the same: demand is exact over any span.
    """

    GUARDED = ("delivering", "_last_ticks")

    def __init__(
        self,
        clock: Clock,
        steps: StepPort,
        dead_man: DeadMan,
        demand: Demand,
        guard: Guard,
        burst: Burst,
        confirmation: Confirmation,
        ledger: Ledger,
        halt: Halt,
        tick_ms: int,
        mismatch_steps: int,
    ) -> None:
        self.demand = demand
        self.delivering = False
        self._resting = True
        self._holds = 0
        self.beats = 0
        self.late_ticks = 0
        self._clock = clock
        self._steps = steps
        self._dead_man = dead_man
        self._guard = guard
        self._burst = burst
        self._confirmation = confirmation
        self._ledger = ledger
        self._halt = halt
        self._late_ms = 2 * tick_ms
        self._mismatch_steps = mismatch_steps
        self._last_ticks = clock.ticks_ms()
        self._not_last_ticks = ~self._last_ticks
        self._unheld_ticks = 0

    def deliver(self, on: bool) -> None:
        """*loop.* From now on grant what is owed, or, when not `on`, nothing."""
        self.hold_off()
        self.delivering = on
        self._resting = not on
        self.go_on()

    def drop(self) -> None:
        """*loop.* Forget what is owed (`Demand.drop`); but where a figure changed by itself, nothing is made of it."""
        self.hold_off()
        if self.sound():
            self.demand.drop()
        self.go_on()

    def sound(self) -> bool:
        """Whether every guarded figure agrees with its complement, and did whenever a tick looked.

        Guarded is what must have changed for more to go out than was ordered: whether to deliver and why not; what is
        owed, at what rate, for what time; what is left of a bolus, a bridge or a prime; caps and what counts towards
        them; lease and ledger. What else may change brings less, or no more than these let through.
        """
        return (
            self.delivering is not self._resting
            and self._last_ticks ^ self._not_last_ticks == -1
            and self._halt.sound()
            and self._ledger.delivered.sound()
            and self._guard.sound()
            and self.demand.sound()
        )

    def hold_off(self) -> None:
        """*loop.* No tick runs until `go_on` was called as often as this. Looks first whether all is sound: what is
        changed then, or made of it, may look so."""
        self._holds += 1
        if not self.sound():
            self._halt.latch(MEMORY_CORRUPT)

    def go_on(self) -> None:
        """*loop.* End one `hold_off`."""
        self._holds -= 1

    def run_once(self) -> None:
        """One tick, whenever it comes."""
        if self._holds:
            return
        self.beats = (self.beats + 1) & 0xFFFF
        if not self.sound():
            # Nothing is reckoned with any more; only what is on its way is still counted.
            self._halt.latch(MEMORY_CORRUPT)
            self._settle(0)
            self._rest()
            return
        now_ticks = self._clock.ticks_ms()
        dt_ms = max(ticks_diff(now_ticks, self._last_ticks), 0)
        self._last_ticks = now_ticks
        self._not_last_ticks = ~now_ticks
        if dt_ms >= self._late_ms:
            self.late_ticks += 1
        self._settle(dt_ms)
        self._guard.elapse(dt_ms)
        self.demand.advance(dt_ms, self.delivering)
        if self.delivering and not self._halt.reasons:
            if self._driver_ready():
                self._send()
        else:
            self._rest()

    def _rest(self) -> None:
        """Let go of the driver: at once after a halt, else when the last burst is out."""
        self._unheld_ticks = 0
        if self._halt.reasons:
            self._steps.stop()
            self._confirmation.abandon()
        if not self._steps.busy():
            self._dead_man.release()

    def _settle(self, dt_ms: int) -> None:
        confirmation = self._confirmation
        steps = confirmation.settle(dt_ms)
        if steps:
            self._ledger.confirm(steps)
        if confirmation.free_flow:
            self._halt.latch(FREE_FLOW)
        if confirmation.disagreement_steps >= self._mismatch_steps:
            self._halt.latch(MOTOR_MISMATCH)

    def _driver_ready(self) -> bool:
        """Feed the dead man's switch; whether the driver has been enabled since the last tick at least."""
        dead_man = self._dead_man
        if dead_man.held():
            dead_man.feed()
            self._unheld_ticks = 0
            return True
        # It let go, or the driver lost its supply: take hold afresh.
        dead_man.release()
        dead_man.feed()
        self._unheld_ticks += 1
        if self._unheld_ticks >= UNHELD_TICKS_MAX:
            self._halt.latch(DRIVER_OFF)
        return False

    def _send(self) -> None:
        owed_steps = self.demand.owed_steps
        if owed_steps == 0 or self._steps.busy():
            return
        steps = self._guard.grant(owed_steps, self._confirmation.in_flight_steps)
        if steps > 0:
            self.demand.take(steps)
            self._burst.send(steps)
            self._confirmation.sent(steps)
