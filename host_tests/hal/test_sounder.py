"""Tone and light of the alarms (A-02), measured at the pins."""

from itertools import pairwise
from typing import Any

import pytest

from hal.simchip import Chip
from hal.simmodules import hal
from hal.wired import ABSENT, constants

SILENT, LOW, MEDIUM, HIGH = range(4)
RED, GREEN, BLUE = "PIN_LIGHT_RED", "PIN_LIGHT_GREEN", "PIN_LIGHT_BLUE"
# How often the loop comes by at least, ms.
POLL_MS = 5
BOARDS = ["esp32_devkit", "esp32s3", "pico_bench", "pico_tmc2209"]


class Signal:
    """The sounder of a board, and what it showed while time went by."""

    def __init__(self, board: Any, start_us: int = 0) -> None:
        self.board = board
        self.chip = Chip("generic", start_us)
        self.sounder = hal(self.chip, "sounder").AlarmSignal(board)
        self.lights: list[frozenset[str]] = []
        self.tones: list[bool] = []

    def show(self, priority: int, span_ms: int) -> None:
        for _ in range(span_ms // POLL_MS):
            self.sounder.signal(priority)
            self.lights.append(frozenset(name for name in (RED, GREEN, BLUE) if self.lit(name)))
            self.tones.append(self.chip.pwms[self.board.PIN_SOUNDER].duty > 0)
            self.chip.advance_ms(POLL_MS)

    def lit(self, name: str) -> bool:
        return self.chip.level(getattr(self.board, name)) == 1


def pulses(trace: list[Any]) -> list[tuple[Any, int]]:
    """What followed what, and for how long, in ms; the last is cut off."""
    edges = [0, *(i for i, (a, b) in enumerate(pairwise(trace), 1) if a != b)]
    return [(trace[a], (b - a) * POLL_MS) for a, b in pairwise(edges)]


@pytest.fixture
def signal() -> Signal:
    return Signal(constants("esp32_devkit"))


@pytest.mark.req("A-02")
@pytest.mark.parametrize(
    "priority, colour, low_hz, high_hz, low_duty, high_duty",
    [(HIGH, {RED}, 1.4, 2.8, 0.2, 0.8), (MEDIUM, {RED, GREEN}, 0.4, 0.8, 0.2, 0.6)],
)
def test_the_light_of_a_priority_flashes_in_its_colour_and_within_its_bounds(
    signal: Signal, priority: int, colour: set[str], low_hz: float, high_hz: float, low_duty: float, high_duty: float
) -> None:
    signal.show(priority, 20_000)
    seen = pulses(signal.lights)
    assert {light for light, _ in seen} == {frozenset(colour), frozenset()}
    # Lit at once.
    assert seen[0][0] == colour
    for (_, on_ms), (_, off_ms) in zip(seen[::2], seen[1::2], strict=False):
        period_ms = on_ms + off_ms
        assert low_hz <= 1000 / period_ms <= high_hz
        assert low_duty <= on_ms / period_ms <= high_duty
    assert len(seen) > 20


@pytest.mark.req("A-02")
def test_the_light_of_low_priority_is_cyan_and_steady(signal: Signal) -> None:
    signal.show(LOW, 60_000)
    assert set(signal.lights) == {frozenset({GREEN, BLUE})}


@pytest.mark.req("A-02")
@pytest.mark.parametrize("priority, count", [(HIGH, 10), (MEDIUM, 3), (LOW, 1)])
def test_the_tone_comes_in_bursts_of_so_many_pulses(signal: Signal, priority: int, count: int) -> None:
    signal.show(priority, 90_000)
    silences = [span_ms for on, span_ms in pulses(signal.tones) if not on]
    between = max(silences)
    burst = 0
    bursts = []
    for on, span_ms in pulses(signal.tones):
        burst += on
        if not on and span_ms == between:
            bursts.append(burst)
            burst = 0
    assert len(bursts) >= 2
    assert set(bursts) == {count}
    # It sounds at once.
    assert signal.tones[0]


@pytest.mark.req("A-02")
@pytest.mark.parametrize("name", BOARDS)
def test_the_fundamental_of_every_board_is_between_150_and_1000_hz(name: str) -> None:
    board = constants(name)
    signal = Signal(board)
    assert 150 <= signal.chip.pwms[board.PIN_SOUNDER].hz <= 1000


@pytest.mark.req("A-02")
def test_no_priority_is_dark_and_silent(signal: Signal) -> None:
    signal.show(HIGH, 100)
    signal.show(SILENT, 60_000)
    assert set(signal.lights[20:]) == {frozenset()}
    assert not any(signal.tones[20:])


def test_another_priority_begins_at_once_and_from_its_beginning(signal: Signal) -> None:
    signal.show(HIGH, 5000 - 300)
    signal.show(MEDIUM, 100)
    assert signal.lights[-1] == {RED, GREEN}
    assert signal.tones[-1]


def test_an_alarm_of_weeks_still_flashes_and_sounds() -> None:
    signal = Signal(constants("esp32_devkit"), start_us=(2**30 - 1000) * 1000)
    signal.show(HIGH, 5000)
    for _ in range(3):
        signal.chip.advance_ms(2**29 - 1)
        signal.lights.clear()
        signal.tones.clear()
        signal.show(HIGH, 10_000)
        seen = pulses(signal.lights)
        assert {light for light, _ in seen} == {frozenset({RED}), frozenset()}
        assert all(span_ms <= 250 for _, span_ms in seen)
        assert any(signal.tones)


@pytest.mark.parametrize("off_hz, answers", [(0, True), (22, True), (-22, True), (23, False), (-100, False)])
def test_the_self_test_asks_whether_the_tone_was_taken(off_hz: int, answers: bool) -> None:
    signal = Signal(constants("esp32_devkit", TONE_HZ=440))
    signal.chip.tone_off_hz = off_hz
    assert signal.sounder.self_test() == answers
    assert signal.chip.pwms[signal.board.PIN_SOUNDER].duty == 0


def test_a_board_without_sounder_and_light_shows_nothing_and_passes() -> None:
    board = constants(
        "esp32_devkit", PIN_SOUNDER=ABSENT, PIN_LIGHT_RED=ABSENT, PIN_LIGHT_GREEN=ABSENT, PIN_LIGHT_BLUE=ABSENT
    )
    chip = Chip("generic")
    sounder = hal(chip, "sounder").AlarmSignal(board)
    sounder.signal(HIGH)
    assert sounder.self_test()
    assert (chip.pwms, chip.pads) == ({}, {})
