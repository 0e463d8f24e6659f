"""The machine's own clock keeps the port's contract."""

from support import Skip, micropython

from pump.core.ticks import MASK, ticks_diff
from pump.hal.clock import SystemClock


def test_ticks_stay_below_2_to_the_30_and_never_go_back():
    if micropython is None:
        raise Skip("CPython has no ticks_ms")
    clock = SystemClock()
    before = clock.ticks_ms()
    for _ in range(1000):
        now = clock.ticks_ms()
        assert 0 <= now <= MASK
        assert ticks_diff(now, before) >= 0
        before = now


def test_ticks_are_milliseconds():
    if micropython is None:
        raise Skip("CPython has no ticks_ms")
    import time

    clock = SystemClock()
    before = clock.ticks_ms()
    time.sleep_ms(20)
    assert ticks_diff(clock.ticks_ms(), before) >= 20
