"""After a change of concentration the windows hold the same dose in the new microsteps, never less."""

import pytest

from pump.core.units import MS_PER_MINUTE
from pump.safety.windows import Windows

RATIOS = [(1, 4), (4, 1), (1, 1), (2, 3), (3, 2), (500, 1999), (1999, 500)]


def windows_of(by_minute: list[int], minute_ms: int = 0) -> Windows:
    """Windows with grants of one minute after another, the last of them `minute_ms` old."""
    windows = Windows()
    for place, steps in enumerate(by_minute):
        windows.elapse(MS_PER_MINUTE if place else 0)
        windows.add(steps)
    windows.elapse(minute_ms)
    return windows


def up(steps: int, ratio: tuple[int, int]) -> int:
    return -(-steps * ratio[0] // ratio[1])


# So many minutes that both windows have lost some, with gaps, with odd counts.
BY_MINUTE = [minute * 7919 % 13 if minute % 5 else 0 for minute in range(1600)]


@pytest.mark.req("D-06", "D-12")
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("minutes", [1, 30, 61, 62, 1441, 1600])
def test_each_window_holds_what_it_did_times_the_ratio_rounded_up(ratio: tuple[int, int], minutes: int) -> None:
    by_minute = BY_MINUTE[:minutes]
    windows = windows_of(by_minute)
    windows.scale(*ratio)
    assert windows.hour_steps == up(sum(by_minute[-61:]), ratio)
    assert windows.day_steps == up(sum(by_minute[-1441:]), ratio)


@pytest.mark.req("D-06", "D-12")
@pytest.mark.parametrize("ratio", RATIOS)
def test_as_time_passes_each_window_still_holds_the_newest_of_it_rounded_up_once(ratio: tuple[int, int]) -> None:
    windows = windows_of(BY_MINUTE, 59_999)
    windows.scale(*ratio)
    windows.elapse(1)
    for passed in range(1, 1500):
        hour, day = BY_MINUTE[max(1600 + passed - 61, 0) :], BY_MINUTE[max(1600 + passed - 1441, 0) :]
        assert (windows.hour_steps, windows.day_steps) == (up(sum(hour), ratio), up(sum(day), ratio))
        windows.elapse(MS_PER_MINUTE)
    assert (windows.hour_steps, windows.day_steps) == (0, 0)


@pytest.mark.req("D-06")
def test_what_is_granted_after_the_change_counts_as_it_is() -> None:
    windows = windows_of([10, 10], 30_000)
    windows.scale(1, 4)
    assert (windows.hour_steps, windows.day_steps, windows.minute_ms) == (5, 5, 30_000)
    windows.add(7)
    assert (windows.hour_steps, windows.day_steps) == (12, 12)
    # The older of the two leaves the hour: the newer was rounded up to 3.
    windows.elapse(60 * MS_PER_MINUTE - 30_000)
    assert (windows.hour_steps, windows.day_steps) == (10, 12)
    windows.elapse(MS_PER_MINUTE)
    assert (windows.hour_steps, windows.day_steps) == (0, 12)


def test_windows_that_hold_nothing_hold_nothing_afterwards() -> None:
    windows = Windows()
    windows.scale(4, 1)
    assert (windows.hour_steps, windows.day_steps) == (0, 0)


@pytest.mark.req("D-06")
@pytest.mark.parametrize("ratio", RATIOS)
def test_a_copy_made_before_keeps_the_old_microsteps(ratio: tuple[int, int]) -> None:
    windows = windows_of(BY_MINUTE)
    copy = windows.copy()
    before = (windows.hour_steps, windows.day_steps)
    windows.scale(*ratio)
    assert (copy.hour_steps, copy.day_steps) == before
    copy.elapse(MS_PER_MINUTE)
    assert copy.day_steps == sum(BY_MINUTE[-1440:])
