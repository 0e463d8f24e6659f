"""The motor driver's wires: STEP and DIR, the read-back of STEP, and ENABLE with its dead-man's switch.

Port methods marked *tick* in `pump.core.ports` allocate nothing unless they raise. What time does to the wires happens
in `elapse`, which only the bench calls.
"""

from pump.core.errors import Misuse
from pump.core.ports import DeadMan, EdgeCounter, StepPort
from pump.core.ticks import MASK


class DeadManLine(DeadMan):
    """ENABLE, held by feeding and let go by itself; read back at the driver, together with the driver's supply."""

    def __init__(self, timeout_ms: int) -> None:
        """`timeout_ms` is the time after the last feed at which the line lets go by itself."""
        self._timeout_ms = timeout_ms
        self._unbroken = False
        self.left_ms = 0
        self.enabled = False
        self.powered = True
        self.let_go = 0

    def feed(self) -> None:
        if not self.enabled:
            self.enabled = True
            self._unbroken = self.powered
        self.left_ms = self._timeout_ms

    def release(self) -> None:
        self.enabled = False
        self._unbroken = False
        self.left_ms = 0

    def held(self) -> bool:
        return self._unbroken

    def drives(self) -> bool:
        """Whether a pulse would move the motor now."""
        return self.enabled and self.powered

    def set_power(self, powered: bool) -> None:
        """The driver gets its supply, or loses it. A loss is remembered until ENABLE was released and fed again."""
        self.powered = powered
        if not powered:
            self._unbroken = False

    def elapse(self, span_ms: int) -> None:
        """Let `span_ms` pass; the line lets go when its time-out is over. `let_go` counts how often it did."""
        if self.left_ms:
            if span_ms < self.left_ms:
                self.left_ms -= span_ms
            else:
                self.release()
                self.let_go += 1


class StepLine(StepPort):
    """STEP and DIR. A pulse due at an instant leaves as soon as time moves on from that instant.

    Raises Misuse on a burst while busy, in the DIR set-up time, with DIR never set or set to reverse (this bench has no
    retract), with the driver not held, of no pulses, or faster than the driver's shortest interval.
    """

    def __init__(self, dead_man: DeadManLine, dir_setup_us: int, min_interval_us: int) -> None:
        """`dir_setup_us` and `min_interval_us` are the driver's, from the board file."""
        self._dead_man = dead_man
        self._dir_setup_us = dir_setup_us
        self._min_interval_us = min_interval_us
        self._forward = False
        self._setup_left_us = 0
        self._steps_left = 0
        self._wait_us = 0
        self.bursts = 0
        self.burst_steps = 0
        self.interval_us = 0
        self.first_us = 0

    def set_direction(self, forward: bool) -> None:
        if self._steps_left:
            raise Misuse("set_direction: a burst is running, %d pulses are still to come" % self._steps_left)
        self._forward = forward
        self._setup_left_us = self._dir_setup_us

    def burst(self, steps: int, interval_us: int) -> None:
        if steps < 1:
            raise Misuse("burst: %d steps; accepted: 1 or more" % steps)
        if interval_us < self._min_interval_us:
            raise Misuse("burst: interval %d us; the driver needs %d us" % (interval_us, self._min_interval_us))
        if self._steps_left:
            raise Misuse("burst: busy, %d pulses are still to come" % self._steps_left)
        if not self._forward:
            raise Misuse("burst: DIR is not set forward")
        if self._setup_left_us:
            raise Misuse("burst: %d us of the DIR set-up time are still to come" % self._setup_left_us)
        if not self._dead_man.held():
            raise Misuse("burst: the driver is not held enabled")
        self._steps_left = steps
        self._wait_us = 0
        self.bursts = (self.bursts + 1) & 0xFFFFFF
        self.burst_steps = steps
        self.interval_us = interval_us

    def reset(self) -> None:
        """The pump was reset, or lost its power: no pulse leaves any more, and DIR is not set."""
        self._steps_left = 0
        self._forward = False

    def busy(self) -> bool:
        return self._steps_left > 0

    def stop(self) -> None:
        self._steps_left = 0

    def elapse(self, span_us: int) -> int:
        """Let `span_us` pass; the pulses that left in it, the first of them `first_us` after its begin."""
        if self._setup_left_us:
            self._setup_left_us = max(0, self._setup_left_us - span_us)
        if not self._steps_left:
            return 0
        wait_us = self._wait_us
        if wait_us >= span_us:
            self._wait_us = wait_us - span_us
            return 0
        interval_us = self.interval_us
        pulses = min(self._steps_left, (span_us - wait_us - 1) // interval_us + 1)
        self._steps_left -= pulses
        self._wait_us = wait_us + pulses * interval_us - span_us
        self.first_us = wait_us
        return pulses


class EdgeReadback(EdgeCounter):
    """Counts edges on the read-back wire; the bench shows it only those that find the driver enabled and powered.

    `lost` counts those it missed.
    """

    def __init__(self, start: int = 0) -> None:
        """Begin at `start`, 0 <= start < 2**30. Raises Misuse outside."""
        if not 0 <= start <= MASK:
            raise Misuse("edge counter: start %d is outside 0..2**30-1" % start)
        self._count = start
        self._lose_every = 0
        self._phase = 0
        self.lost = 0

    def count(self) -> int:
        return self._count

    def restart(self, start: int) -> None:
        """The pump begins a new life, and counts from `start` on."""
        self._count = start

    def lose_every(self, nth: int) -> None:
        """From now on miss every `nth` edge; 0: none."""
        if nth != self._lose_every:
            self._lose_every = nth
            self._phase = 0

    def see(self, pulses: int) -> None:
        """`pulses` arrived at the read-back pin."""
        if self._lose_every:
            phase = self._phase + pulses
            lost = phase // self._lose_every
            self._phase = phase % self._lose_every
            self.lost += lost
            pulses -= lost
        self._count = (self._count + pulses) & MASK
