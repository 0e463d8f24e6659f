"""STEP, its read-back and ENABLE on an ESP32 or ESP32-S3: RMT channels send, pulse counters count.

For MicroPython 1.28 and newer: `esp32.RMT` as rebuilt on ESP-IDF's newer driver, `esp32.PCNT`.

An RMT channel, once started, needs no processor until its sequence is over, and then holds its idle level. Nothing here
ever stops one: on the ESP32 `RMT.active(False)` waits with interrupts off until all was sent, or crashes (ESP-IDF issue
17692). Instead the pin is taken away from the channel, which is one store into the GPIO matrix, and works at once.
"""

import time

import esp32
from machine import Pin, mem32

from pump.core.errors import Refused
from pump.core.ports import Clock, DeadMan, EdgeCounter, StepPort
from pump.core.ticks import ticks_add, ticks_diff
from pump.hal.pins import ABSENT
from pump.hal.span import Span

# Sequences are made of parts of whole microseconds; a part is counted in 15 bits.
RMT_HZ = 1_000_000
PART_MAX_US = 32_767
# A symbol is two parts. The memory of a channel holds 48 of them on the ESP32-S3, 64 on the ESP32; one is the end mark.
# Longer sequences would be topped up by an interrupt, and sent over again where that comes late, as in a flash erase.
SYMBOLS_MAX = 47

# GPIO_FUNC0_OUT_SEL_CFG_REG, the first of a register for each pin that says what drives it (technical reference manuals
# of both chips, IO MUX and GPIO Matrix; ESP-IDF, soc/gpio_reg.h).
DRIVEN_BY = {"esp32": 0x3FF4_4530, "esp32s3": 0x6000_4554}

# A channel of the dead-man's switch is started again this much after it must be over, at the earliest.
TURN_MARGIN_MS = 5

# A pulse counter that reaches this begins again at 0, by itself.
COUNTER_WRAP = 32_767
# Looks until two counters are seen without an edge in between; a look takes some microseconds.
LOOKS_MAX = 3


class Outlet:
    """An output pin, and what drives it: its own resting level, or a channel. *tick, loop*: `rest`, `connect`; they
    take effect at once and allocate nothing."""

    def __init__(self, chip: str, number: int, resting: int) -> None:
        """At `resting`, 0 or 1."""
        self.number = number
        Pin(number, Pin.OUT, value=resting)
        self._register = DRIVEN_BY[chip] + 4 * number
        self._own = mem32[self._register]

    def channel(self, idle_level: int) -> "tuple[esp32.RMT, int]":
        """*loop.* A new RMT channel, not connected, and what to `connect` to let it drive the pin."""
        channel = esp32.RMT(pin=Pin(self.number), resolution_hz=RMT_HZ, idle_level=bool(idle_level))
        # The constructor connected it, and the register now says what that takes.
        source = mem32[self._register]
        self.rest()
        return channel, source

    def connect(self, source: int) -> None:
        """Let a channel drive the pin."""
        mem32[self._register] = source

    def rest(self) -> None:
        """Back to the resting level, whatever the channels do."""
        mem32[self._register] = self._own


class RmtStep(StepPort):
    """The STEP line on an RMT channel, DIR on a pin. *tick*: all but `set_direction`; they allocate nothing.

    Pulses are high for the driver's least, in whole microseconds, and apart by whole microseconds, without jitter. It
    stays busy for the driver's least interval after the last pulse, so that the burst of a late tick cannot follow too
    soon.
    Cannot do bursts of more than SYMBOLS_MAX steps, nor ticks of more than PART_MAX_US.
    """

    def __init__(self, board) -> None:
        """Raises Refused for a board whose bursts or ticks are too long."""
        most, tick_us = board.BURST_MAX_STEPS, board.TICK_MS * 1000
        if most > SYMBOLS_MAX:
            raise Refused("BURST_MAX_STEPS", most, "at most %d with an RMT channel" % SYMBOLS_MAX)
        if tick_us > PART_MAX_US:
            raise Refused("TICK_MS", board.TICK_MS, "at most %d with an RMT channel" % (PART_MAX_US // 1000))
        self._high_us = board.PULSE_US
        self._rest_us = board.MIN_STEP_INTERVAL_US
        self._dir = Pin(board.PIN_DIR, Pin.OUT, value=0)
        self._dir_setup_us = board.DIR_SETUP_US
        # A sequence for each number of steps, ready for what the tick will ask for: high, low, high, low...
        self._sequences = [[]]
        for steps in range(1, most + 1):
            sequence = [self._high_us, tick_us // steps - self._high_us] * steps
            sequence[-1] = self._rest_us - self._high_us
            self._sequences.append(sequence)
        self._outlet = Outlet(board.CHIP, board.PIN_STEP, 0)
        self._channel, self._source = self._outlet.channel(0)
        self._sending = False
        self._span = Span()
        # The channel takes memory for its longest sequence when it first sees one. Let that be now, unseen and all low.
        self._channel.write_pulses([1] * (2 * most), [False] * (2 * most))
        self._span.begin(2 * most)

    def set_direction(self, forward: bool) -> None:
        self._dir.value(1 if forward else 0)
        time.sleep_us(self._dir_setup_us)

    def burst(self, steps: int, interval_us: int) -> None:
        sequence = self._sequences[steps]
        low_us = interval_us - self._high_us
        if steps > 1 and sequence[1] != low_us:
            for i in range(1, 2 * steps - 2, 2):
                sequence[i] = low_us
        while self._span.runs():
            # A burst that was stopped runs on unseen, for a tick at most.
            pass
        self._outlet.connect(self._source)
        self._channel.write_pulses(sequence)
        self._span.begin((steps - 1) * interval_us + self._rest_us)
        self._sending = True

    def busy(self) -> bool:
        # By the clock, which runs from the same crystal and begins after the channel did. The channel's own word counts
        # its interrupts in a way that can miss one of a short sequence (MicroPython, esp32_rmt.c, tx_ongoing).
        return self._span.runs() and self._sending

    def stop(self) -> None:
        self._outlet.rest()
        self._sending = False


class GatedCounter:
    """Rising edges at a pin that find another pin at one level, counted by hardware.

    *tick, loop*: `look`, `since`; they allocate nothing.
    """

    def __init__(self, unit: int, number: int, gate: int, open_level: int) -> None:
        hold = {"mode_high" if open_level == 0 else "mode_low": esp32.PCNT.HOLD}
        self._counter = esp32.PCNT(
            unit, pin=Pin(number), mode_pin=Pin(gate), rising=esp32.PCNT.INCREMENT, max=COUNTER_WRAP, **hold
        )
        # Only now, for the counter pulls its pins up: a wire that came off must read as closed and as no edge.
        Pin(number, Pin.IN, Pin.PULL_DOWN)
        Pin(gate, Pin.IN, Pin.PULL_UP if open_level == 0 else Pin.PULL_DOWN)
        self._last = 0
        self._counter.start()

    def look(self) -> int:
        """What the hardware shows."""
        return self._counter.value()

    def since(self, shown: int) -> int:
        """The edges from what was handed in at the last call to `shown`, fewer than COUNTER_WRAP."""
        edges = shown - self._last
        self._last = shown
        return edges if edges >= 0 else edges + COUNTER_WRAP


class PcntEdges(EdgeCounter):
    """Rising edges at the driver's STEP pin that find ENABLE low there. *tick, loop*; allocates nothing.

    `machine.Counter` cannot be gated by a pin, so this is `esp32.PCNT`. Where the board senses the motor supply,
    another counter sees the same edges gated by the supply, and the smaller of the two counts. That is too much only
    where between two calls both gates were closed, for different edges: by those that only one counter saw.
    Must be called once in 32,766 edges, which is about 700 ticks with the longest bursts.
    """

    def __init__(self, board) -> None:
        self._enabled = GatedCounter(0, board.PIN_STEP_READBACK, board.PIN_ENABLE_READBACK, 0)
        self._powered = None
        if board.PIN_SUPPLY != ABSENT:
            self._powered = GatedCounter(1, board.PIN_STEP_READBACK, board.PIN_SUPPLY, 1)
        self._count = 0

    def count(self) -> int:
        enabled, powered = self._enabled, self._powered
        shown = enabled.look()
        if powered is None:
            edges = enabled.since(shown)
        else:
            shown_powered = powered.look()
            for _ in range(LOOKS_MAX):
                again = enabled.look()
                if again == shown:
                    break
                shown = again
                shown_powered = powered.look()
            edges = min(enabled.since(shown), powered.since(shown_powered))
        self._count = ticks_add(self._count, edges)
        return self._count


class RmtDeadMan(DeadMan):
    """The ENABLE line, low while one of two RMT channels sends a low. *tick, loop*; allocates nothing.

    A channel sends one low of DEAD_MAN_MS and is then idle, high, without the processor. It cannot be started again
    before it is over, so two take turns: when less than half is left of the one, the other starts, and takes the pin
    over while both are low. So the driver is let go between half and all of DEAD_MAN_MS after the last feed.

    That it lets go is tried out at the start, with the driver enabled for DEAD_MAN_MS and no step sent. If it does not,
    the driver stays disabled for good: `held` never becomes true, which fails the self-test.
    """

    def __init__(self, board, clock: Clock) -> None:
        """Raises Refused for a time-out that is too long for a channel, or too short for its ticks."""
        self._timeout_ms = board.DEAD_MAN_MS
        self._renew_ms = board.DEAD_MAN_MS // 2 - TURN_MARGIN_MS
        parts = -(-board.DEAD_MAN_MS * 1000 // PART_MAX_US)
        parts += parts % 2
        low, high = 2 * (2 * board.TICK_MS + TURN_MARGIN_MS), 2 * SYMBOLS_MAX * PART_MAX_US // 1000
        if not low <= board.DEAD_MAN_MS <= high:
            raise Refused("DEAD_MAN_MS", board.DEAD_MAN_MS, "%d to %d with RMT channels" % (low, high))
        self._clock = clock
        self._part_us = board.DEAD_MAN_MS * 1000 // parts
        self._lows = (False,) * parts
        self._outlet = Outlet(board.CHIP, board.PIN_ENABLE, 1)
        self._channels = []
        self._sources = []
        for _ in range(2):
            channel, source = self._outlet.channel(1)
            # A new channel idles low until it was used.
            channel.write_pulses(1, (True,))
            self._channels.append(channel)
            self._sources.append(source)
        self._turn = 0
        self._until_ticks = clock.ticks_ms()
        self._disabled = Pin(board.PIN_ENABLE_READBACK, Pin.IN, Pin.PULL_UP).value
        self._supply = None if board.PIN_SUPPLY == ABSENT else Pin(board.PIN_SUPPLY, Pin.IN, Pin.PULL_DOWN).value
        self._trusted = True
        try:
            self._trusted = self._lets_go()
        finally:
            # Control-C may come meanwhile.
            self.release()
            self.run_out()

    def feed(self) -> None:
        if not self._trusted:
            return
        left_ms = ticks_diff(self._until_ticks, self._clock.ticks_ms())
        # The channel is asked too: after days without a feed the ticks could mean anything.
        if left_ms < self._renew_ms or self._channels[self._turn].wait_done():
            self._turn = 1 - self._turn
            self._channels[self._turn].write_pulses(self._part_us, self._lows)
            self._until_ticks = ticks_add(self._clock.ticks_ms(), self._timeout_ms)
        self._outlet.connect(self._sources[self._turn])

    def release(self) -> None:
        self._outlet.rest()

    def held(self) -> bool:
        return not self._disabled() and (self._supply is None or self._supply() == 1)

    def run_out(self) -> None:
        """*loop.* Released, wait until both channels are over, or ought to be: a soft reset would stop one at work."""
        for _ in range(self._timeout_ms + 1):
            if self._channels[0].wait_done() and self._channels[1].wait_done():
                return
            time.sleep_ms(1)

    def _lets_go(self) -> bool:
        self.feed()
        enabled = not self._disabled()
        time.sleep_ms(self._timeout_ms + 1)
        return enabled and self._disabled() == 1
