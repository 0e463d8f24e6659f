"""What is owed by now: the sum of everything the prescriber asked for."""

from pump.core.tally import Tally
from pump.core.ticks import HALF
from pump.therapy.basal import Basal
from pump.therapy.bolus import Bolus

THERAPY, BRIDGE, PRIME = 0, 1, 2


class Demand:
    """Basal and bolus together; or a bridge, while the basal waits; or a prime, which is no therapy: as `mode` says.

    *tick*: `advance`, `take`, `sound`; *loop*: the rest, with the tick held off. Always: ordered = taken + owed +
    dropped; `primed` is the part of ordered that was prime.
    """

    GUARDED = ("mode", "owed_steps", "_waiting_ms", "_waiting_steps")

    def __init__(self, basal: Basal) -> None:
        self.basal = basal
        self.bolus = Bolus()
        self.bridge = Bolus()
        self.bridge_steps = 0
        self.prime = Bolus()
        self._keep_owed(0)
        self.ordered = Tally()
        self.dropped = Tally()
        self.primed = Tally()
        self.mode = THERAPY
        self._waiting_ms = 0
        self._waiting_steps = 0
        self._not_mode = ~THERAPY
        self._part = self.bolus

    def sound(self) -> bool:
        """Whether what is owed, and by what, agrees with its complement."""
        part = self._part
        return (
            (self.owed_steps ^ self._not_owed_steps)
            & (self.mode ^ self._waiting_ms ^ self._waiting_steps ^ self._not_mode)
            == -1
            and self.basal.drip.sound()
            and (not part.active or part.sound())
        )

    def advance(self, dt_ms: int, delivering: bool) -> int:
        """Let `dt_ms` pass; the microsteps owed then. Time passes, and nothing becomes owed, when not `delivering`."""
        if not delivering:
            steps = self.basal.advance(dt_ms, False)
        elif self.mode == THERAPY:
            steps = self.basal.advance(self._waiting_ms + dt_ms, True) + self._waiting_steps
            if self.bolus.active:
                steps += self.bolus.advance(dt_ms)
            if self._waiting_ms | self._waiting_steps:
                self._wait(0, 0)
        elif self.mode == BRIDGE:
            steps = self._bridged(dt_ms)
        else:
            self.basal.advance(dt_ms, False)
            steps = self.prime.advance(dt_ms)
            self.primed.add(steps)
        if steps:
            self._owe(steps)
        return self.owed_steps

    def begin_bridge(self, steps: int, duration_ms: int) -> None:
        """From the next delivery on, `steps` over `duration_ms` come before the basal."""
        self.bridge_steps = steps
        self.bridge.arm(steps, 0, duration_ms)
        self._turn_to(BRIDGE)

    def bridge_begun(self) -> bool:
        """Whether some of a bridge was owed and the loop has not seen its end: the line holds both concentrations."""
        return self.mode == BRIDGE and self.bridge.left_steps < self.bridge_steps

    def set_time(self, day_ms: int, weekday: int) -> None:
        """It is `day_ms` of `weekday`."""
        self._let_waiting_pass()
        self.basal.set_time(day_ms, weekday)

    def end_bridge(self) -> None:
        """The bridge is over, or is not to be: the basal begins, and has what waited for it."""
        self.bridge.cancel()
        self._let_waiting_pass()
        self._turn_to(THERAPY)

    def kept(self) -> "list[int]":
        """*loop.* What of a bridge must survive a restart; what is owed of it is not lost."""
        bridge = self.bridge
        if self.mode != BRIDGE:
            return [0, 0, 0, 0, 0]
        return [1, self.bridge_steps, bridge.left_steps + self.owed_steps, bridge.steps, bridge.duration_ms]

    def restore(self, kept: "list[int]", gone_steps: int) -> None:
        """*loop.* After a restart: what was `kept`, and `gone_steps` that may have left since."""
        bridging, bridge_steps, left_steps, steps, duration_ms = kept
        if not bridging:
            return
        left_steps -= gone_steps
        if left_steps > 0:
            self.begin_bridge(left_steps, -(-left_steps * duration_ms // steps))
        else:
            self._turn_to(BRIDGE)
        self.bridge_steps = bridge_steps

    def begin_prime(self, steps: int, duration_ms: int) -> None:
        """`steps` over `duration_ms`, and no therapy until `end_prime`."""
        self.prime.arm(steps, 0, duration_ms)
        self._turn_to(PRIME)

    def end_prime(self) -> None:
        """What comes next is therapy."""
        self.prime.cancel()
        self._turn_to(THERAPY)

    def _bridged(self, dt_ms: int) -> int:
        """The bridge's part. What passes after its end waits for the basal, which the loop lets begin: bridge and basal
        are under limits of their own."""
        bridge_ms = min(dt_ms, self.bridge.left_ms)
        self.basal.advance(bridge_ms, False)
        self._wait(min(self._waiting_ms + dt_ms - bridge_ms, HALF - 1), self._waiting_steps)
        return self.bridge.advance(bridge_ms)

    def _let_waiting_pass(self) -> None:
        """What the basal owes for the time that waits is kept until the bridge is out."""
        self._wait(0, self._waiting_steps + self.basal.advance(self._waiting_ms, True))

    def _turn_to(self, mode: int) -> None:
        self._not_mode ^= self.mode ^ mode
        self.mode = mode
        # Of the three, the one of which something may become owed.
        self._part = (self.bolus, self.bridge, self.prime)[mode]

    def _wait(self, ms: int, steps: int) -> None:
        self._not_mode ^= self._waiting_ms ^ ms ^ self._waiting_steps ^ steps
        self._waiting_ms = ms
        self._waiting_steps = steps

    def _keep_owed(self, steps: int) -> None:
        self.owed_steps = steps
        self._not_owed_steps = ~steps

    def _owe(self, steps: int) -> None:
        self.ordered.add(steps)
        owed_steps = self.owed_steps + steps
        if owed_steps >= HALF:
            self.dropped.add(owed_steps - HALF)
            owed_steps = HALF
        self._keep_owed(owed_steps)

    def take(self, steps: int) -> None:
        """`steps` of what is owed were granted."""
        self.owed_steps -= steps
        self._not_owed_steps += steps

    def drop(self) -> None:
        """Forget what is owed and cancel bolus and prime: an ended delivery is never made up later. But a bridge stays
        whole: what it is to push out is still in the line."""
        bridge = self.bridge
        if self.mode == BRIDGE and self.owed_steps:
            steps = bridge.left_steps + self.owed_steps
            bridge.arm(steps, 0, -(-steps * bridge.duration_ms // bridge.steps))
        self._let_waiting_pass()
        self._owe(self._waiting_steps)
        self._wait(0, 0)
        self.dropped.add(self.owed_steps)
        self._keep_owed(0)
        self.bolus.cancel()
        self.prime.cancel()
