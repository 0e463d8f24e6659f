"""The twin's clock with a battery: it goes by the bench's time, whatever becomes of the pump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig import DAY_MS
from twin.clock import TwinClock
from twin.wall_clock import TwinWallClock

pytestmark = pytest.mark.req("I-05")

SPANS = st.lists(st.integers(0, 3 * DAY_MS), max_size=20)


@given(
    day_ms=st.integers(0, DAY_MS // 1000 - 1).map(lambda second: second * 1000), weekday=st.integers(0, 6), spans=SPANS
)
def test_it_counts_the_seconds_of_the_week_from_where_it_was_set(day_ms: int, weekday: int, spans: list[int]) -> None:
    time = TwinClock()
    clock = TwinWallClock(time)
    time.advance(12_345)
    clock.set(day_ms, weekday)
    gone_ms = 0
    for span_ms in spans:
        time.advance(span_ms)
        gone_ms += span_ms
        days, now_ms = divmod(day_ms + gone_ms, DAY_MS)
        assert clock.read() == (now_ms - now_ms % 1000, (weekday + days) % 7)


def test_never_set_it_knows_nothing() -> None:
    assert TwinWallClock(TwinClock()).read() is None


def test_stopped_it_knows_nothing_until_it_is_set() -> None:
    time = TwinClock()
    clock = TwinWallClock(time)
    clock.set(5000, 3)
    clock.stop()
    time.advance(1000)
    assert clock.read() is None
    clock.set(9000, 4)
    time.advance(1000)
    assert clock.read() == (10_000, 4)


def test_absent_it_neither_tells_nor_takes_the_time_but_goes_on() -> None:
    time = TwinClock()
    clock = TwinWallClock(time)
    clock.set(5000, 3)
    clock.absent = True
    clock.set(0, 0)
    time.advance(2000)
    assert clock.read() is None
    clock.absent = False
    assert clock.read() == (7000, 3)
    never = TwinWallClock(time, absent=True)
    never.set(0, 0)
    assert never.read() is None


def test_it_goes_on_by_another_clock_that_goes_on_where_the_first_stood() -> None:
    first, second = TwinClock(), TwinClock(start_ticks=99)
    clock = TwinWallClock(first)
    first.advance(60_000)
    clock.set(5000, 3)
    second.elapsed_ms = first.elapsed_ms
    clock.clock = second
    second.advance(4000)
    assert clock.read() == (9000, 3)
