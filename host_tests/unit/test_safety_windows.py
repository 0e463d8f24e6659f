"""The windows hold what was granted in the last 61 and 1441 minutes, counted whole."""

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_MINUTE
from pump.safety.windows import DAY_MINUTES, HOUR_MINUTES, Windows

DAYS_MS = [2 * MS_PER_DAY, 100 * MS_PER_DAY]


def granted(steps: int) -> Windows:
    windows = Windows()
    windows.add(steps)
    return windows


def held(windows: Windows) -> tuple[int, int]:
    return windows.hour_steps, windows.day_steps


def test_windows_are_an_hour_and_a_day() -> None:
    assert (HOUR_MINUTES, DAY_MINUTES) == (60, 1440)


def test_new_windows_hold_nothing() -> None:
    assert held(Windows()) == (0, 0)
    assert Windows().minute_ms == 0


@pytest.mark.req("D-06")
@pytest.mark.parametrize(
    "minutes, hour_steps, day_steps",
    [(0, 7, 7), (1, 7, 7), (59, 7, 7), (60, 7, 7), (61, 0, 7), (1439, 0, 7), (1440, 0, 7), (1441, 0, 0), (1442, 0, 0)],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_grant_leaves_the_hour_with_the_61st_minute_and_the_day_with_the_1441st(
    minutes: int, hour_steps: int, day_steps: int, at_once: bool
) -> None:
    windows = granted(7)
    for _ in range(1 if at_once else minutes):
        windows.elapse(MS_PER_MINUTE * (minutes if at_once else 1))
    assert held(windows) == (hour_steps, day_steps)


@pytest.mark.parametrize("minutes, kept", [(61, (0, 7)), (1441, (0, 0))])
def test_one_millisecond_before_the_minute_turns_the_grant_still_counts(minutes: int, kept: tuple[int, int]) -> None:
    windows = granted(7)
    before = (7, 7) if minutes == 61 else (0, 7)
    windows.elapse(minutes * MS_PER_MINUTE - 1)
    assert held(windows) == before
    windows.elapse(1)
    assert held(windows) == kept


@pytest.mark.req("D-06")
def test_a_grant_late_in_its_minute_counts_for_the_whole_hour_after_it() -> None:
    windows = Windows()
    windows.elapse(MS_PER_MINUTE - 1)
    windows.add(7)
    windows.elapse(60 * MS_PER_MINUTE)
    assert held(windows) == (7, 7)
    windows.elapse(1)
    assert held(windows) == (0, 7)


@pytest.mark.parametrize("span_ms", [0, 1, 59_999, 60_000, 60_001, 61 * 60_000 - 1, 1440 * 60_000, *DAYS_MS])
def test_the_place_within_the_minute_is_kept(span_ms: int) -> None:
    windows = Windows()
    windows.elapse(1234)
    windows.elapse(span_ms)
    assert windows.minute_ms == (1234 + span_ms) % MS_PER_MINUTE


@pytest.mark.parametrize("span_ms", [0, 1, 59_999, 60_000, 60_001, 61 * 60_000 - 1, 1440 * 60_000, *DAYS_MS])
def test_what_passed_from_one_look_to_another_is_told_to_the_millisecond(span_ms: int) -> None:
    windows = Windows()
    windows.elapse(1234)
    before_ms = windows.passed_ms()
    windows.elapse(span_ms)
    assert windows.passed_ms() - before_ms == span_ms
    windows.add(7)
    windows.scale(1, 2)
    assert windows.passed_ms() - before_ms == span_ms
    assert windows.sound()


def test_milliseconds_add_up_to_minutes() -> None:
    windows = granted(7)
    for _ in range(61 * 60 * 10 - 1):
        windows.elapse(100)
    assert held(windows) == (7, 7)
    windows.elapse(100)
    assert held(windows) == (0, 7)


def test_grants_of_one_minute_add_up_and_leave_together() -> None:
    windows = granted(7)
    windows.elapse(30_000)
    windows.add(5)
    assert held(windows) == (12, 12)
    windows.elapse(30_000)
    windows.add(1)
    windows.elapse(60 * MS_PER_MINUTE)
    assert held(windows) == (1, 13)


@pytest.mark.req("D-06")
@pytest.mark.parametrize("gap_minutes", [0, 1, 7, 60, 61, 62, 200])
def test_at_every_minute_both_windows_are_the_sum_of_their_minutes(gap_minutes: int) -> None:
    windows = Windows()
    by_minute: list[int] = []
    for minute in range(3200):
        steps = 0 if gap_minutes and minute % (gap_minutes + 1) else minute % 97
        windows.add(steps)
        by_minute.append(steps)
        assert held(windows) == (sum(by_minute[-61:]), sum(by_minute[-1441:]))
        assert windows.sound()
        windows.elapse(MS_PER_MINUTE)


@pytest.mark.parametrize("gap_ms", [1441 * MS_PER_MINUTE, 1442 * MS_PER_MINUTE - 1, *DAYS_MS])
def test_after_a_gap_longer_than_a_day_nothing_is_held_and_counting_begins_afresh(gap_ms: int) -> None:
    windows = Windows()
    for _ in range(2000):
        windows.add(3)
        windows.elapse(MS_PER_MINUTE)
    windows.elapse(gap_ms)
    assert held(windows) == (0, 0)
    assert windows.sound()
    windows.add(5)
    assert held(windows) == (5, 5)
    windows.elapse(61 * MS_PER_MINUTE)
    assert held(windows) == (0, 5)
    windows.elapse(1380 * MS_PER_MINUTE)
    assert held(windows) == (0, 0)


def test_after_a_gap_of_a_day_its_first_minute_is_still_held() -> None:
    windows = granted(7)
    windows.elapse(MS_PER_MINUTE)
    windows.add(5)
    windows.elapse(1440 * MS_PER_MINUTE)
    assert held(windows) == (0, 5)


def test_a_copy_stays_as_the_windows_were_and_ages_by_itself() -> None:
    windows = granted(7)
    windows.elapse(HOUR_MINUTES * MS_PER_MINUTE + 1000)
    windows.add(5)
    copy = windows.copy()
    windows.add(100)
    assert (held(copy), copy.minute_ms) == ((12, 12), 1000)
    # The last moment of the minute in which the first grant leaves the hour.
    copy.elapse(MS_PER_MINUTE - 1001)
    assert held(copy) == (12, 12)
    copy.elapse(1)
    assert held(copy) == (5, 12)
    assert held(windows) == (112, 112)


# Grants in every minute of more than a day, so that one minute too many or too few is seen.
EACH_MINUTE = [minute % 97 + 1 for minute in range(1500)]


def granted_in_each(by_minute: list[int], minute_ms: int = 0) -> Windows:
    """Windows with grants of one minute after another, `minute_ms` into the last."""
    windows = Windows()
    for place, steps in enumerate(by_minute):
        windows.elapse(MS_PER_MINUTE if place else 0)
        windows.add(steps)
    windows.elapse(minute_ms)
    return windows


def restored(kept: list[int]) -> Windows:
    windows = Windows()
    windows.restore(kept)
    return windows


@pytest.mark.req("D-06", "I-02")
@pytest.mark.parametrize("minutes", [0, 1, 60, 61, 62, 1440, 1441, 1500])
def test_what_was_kept_gives_back_windows_that_hold_the_same_now_and_later(minutes: int) -> None:
    live = granted_in_each(EACH_MINUTE[:minutes], 59_999)
    again = restored(list(live.kept()))
    assert again.minute_ms == live.minute_ms == 59_999
    assert again.sound()
    for _ in range(DAY_MINUTES + 2):
        assert held(again) == held(live)
        live.elapse(MS_PER_MINUTE)
        again.elapse(MS_PER_MINUTE)


@pytest.mark.req("D-06")
@pytest.mark.parametrize("minutes", [60, 61, 62, 1440, 1441, 1500])
def test_a_change_of_concentration_counts_the_minutes_that_the_windows_hold(minutes: int) -> None:
    live = granted_in_each(EACH_MINUTE[:minutes])
    twice = live.copy()
    twice.scale(2, 1)
    for _ in range(DAY_MINUTES + 2):
        assert held(twice) == (2 * live.hour_steps, 2 * live.day_steps)
        live.elapse(MS_PER_MINUTE)
        twice.elapse(MS_PER_MINUTE)


@pytest.mark.req("I-02")
def test_the_minute_that_was_kept_is_not_over() -> None:
    assert restored([MS_PER_MINUTE - 1] + [0] * (DAY_MINUTES + 1)).minute_ms == MS_PER_MINUTE - 1
    with pytest.raises(ValueError, match="not what was kept"):
        restored([MS_PER_MINUTE] + [0] * (DAY_MINUTES + 1))


@pytest.mark.req("I-02")
@pytest.mark.parametrize("count", [0, 1, DAY_MINUTES + 1, DAY_MINUTES + 3])
def test_one_minute_more_or_less_than_was_kept_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="not what was kept"):
        restored([0] * count)
