"""Tone and light of the alarms, after IEC 60601-1-8 as requirement A-02 has it."""

import time

from machine import PWM, Pin

from pump.core.ports import Sounder
from pump.core.ticks import MASK, ticks_diff
from pump.hal.pins import ABSENT, signal_out

# A row for each priority, from silent to high: red, green, blue; how long the light is on, ms, and its period, ms.
LIGHTS = (
    (False, False, False, 0, 1000),
    (False, True, True, 1000, 1000),
    (True, True, False, 800, 1600),
    (True, False, False, 250, 500),
)
# A row for each priority: pulses in a burst; length of a pulse and from one to the next, ms; from burst to burst, ms.
TONES = (
    (0, 0, 1, 1),
    (1, 200, 400, 30_000),
    (3, 200, 400, 10_000),
    (10, 150, 250, 5_000),
)
HALF_DUTY = 32_768
# How far a tone may be off, as a share of it: what the divider of the PWM can do is much better.
TONE_TOLERANCE = 20


def lit(priority: int, elapsed_ms: int) -> bool:
    """Whether the light of `priority` is on, `elapsed_ms` after the alarm came up."""
    row = LIGHTS[priority]
    return elapsed_ms % row[4] < row[3]


def sounding(priority: int, elapsed_ms: int) -> bool:
    """Whether the tone of `priority` sounds, `elapsed_ms` after the alarm came up."""
    pulses, pulse_ms, spacing_ms, burst_ms = TONES[priority]
    within_ms = elapsed_ms % burst_ms
    return within_ms // spacing_ms < pulses and within_ms % spacing_ms < pulse_ms


class AlarmSignal(Sounder):
    """A piezo on a PWM output and a red-green-blue light. *loop*, often enough for pulses of 150 ms.

    `board` is the module of the board's constants; a part that the board does not have is left out.
    """

    def __init__(self, board) -> None:
        self._tone_hz = board.TONE_HZ
        self._tone = (
            None if board.PIN_SOUNDER == ABSENT else PWM(Pin(board.PIN_SOUNDER), freq=board.TONE_HZ, duty_u16=0)
        )
        self._lights = [
            signal_out(number) for number in (board.PIN_LIGHT_RED, board.PIN_LIGHT_GREEN, board.PIN_LIGHT_BLUE)
        ]
        self._priority = 0
        self._since_ticks = 0

    def self_test(self) -> bool:
        # Nothing on the bench hears the piezo: what can be asked is whether its driver took the tone.
        if self._tone is None:
            return True
        self._tone.freq(self._tone_hz)
        return abs(self._tone.freq() - self._tone_hz) * TONE_TOLERANCE <= self._tone_hz

    def signal(self, priority: int) -> None:
        now_ticks = time.ticks_ms() & MASK  # pyright: ignore[reportOperatorIssue]
        if priority != self._priority:
            self._priority = priority
            self._since_ticks = now_ticks
        elapsed_ms = ticks_diff(now_ticks, self._since_ticks)
        if elapsed_ms < 0:
            # An alarm older than half the wrap: only the phase of its flashing is lost.
            self._since_ticks = now_ticks
            elapsed_ms = 0
        if self._tone is not None:
            self._tone.duty_u16(HALF_DUTY if sounding(priority, elapsed_ms) else 0)
        on = lit(priority, elapsed_ms)
        for light, colour in zip(self._lights, LIGHTS[priority]):
            light.write(on and bool(colour))
