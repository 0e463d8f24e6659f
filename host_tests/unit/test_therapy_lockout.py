"""What is given on request comes so far apart, and so often within 24 h; a denial says which, and for how long."""

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR
from pump.therapy.lockout import ALLOWED, DAY_MAXIMUM, LOCKOUT, REASONS, Lockout

INTERVAL_MS = 4 * MS_PER_HOUR
# A moment of uptime, so that no time is measured from zero.
START_MS = 3 * MS_PER_DAY + 12_345


def begun_at(*times_ms: int) -> Lockout:
    lockout = Lockout()
    for at_ms in times_ms:
        lockout.begun(at_ms)
    return lockout


def test_every_reason_has_its_words() -> None:
    assert [REASONS[reason] for reason in (ALLOWED, LOCKOUT, DAY_MAXIMUM)] == ["allowed", "lockout", "maximum in 24 h"]
    assert (ALLOWED, LOCKOUT, DAY_MAXIMUM) == (0, 1, 2)


@pytest.mark.parametrize("now_ms", [0, 1, START_MS])
@pytest.mark.parametrize("interval_ms", [1, INTERVAL_MS, MS_PER_DAY])
def test_the_first_is_allowed_at_any_time(now_ms: int, interval_ms: int) -> None:
    assert Lockout().wait(interval_ms, 1, now_ms) == (ALLOWED, 0)


@pytest.mark.req("D-09")
@pytest.mark.parametrize("interval_ms", [60_000, INTERVAL_MS, MS_PER_DAY])
@pytest.mark.parametrize("start_ms", [0, START_MS])
def test_the_next_is_allowed_an_interval_after_the_start_of_the_last_and_not_a_millisecond_earlier(
    interval_ms: int, start_ms: int
) -> None:
    lockout = begun_at(start_ms)
    assert lockout.wait(interval_ms, 48, start_ms) == (LOCKOUT, interval_ms)
    assert lockout.wait(interval_ms, 48, start_ms + 1) == (LOCKOUT, interval_ms - 1)
    assert lockout.wait(interval_ms, 48, start_ms + interval_ms - 1) == (LOCKOUT, 1)
    assert lockout.wait(interval_ms, 48, start_ms + interval_ms) == (ALLOWED, 0)
    assert lockout.wait(interval_ms, 48, start_ms + interval_ms + 1) == (ALLOWED, 0)


@pytest.mark.req("D-09")
def test_it_is_the_last_start_that_locks() -> None:
    lockout = begun_at(START_MS, START_MS + INTERVAL_MS)
    assert lockout.wait(INTERVAL_MS, 48, START_MS + INTERVAL_MS + 5) == (LOCKOUT, INTERVAL_MS - 5)


@pytest.mark.req("D-09")
@pytest.mark.parametrize("per_day", [1, 2, 3, 48])
def test_no_more_than_the_maximum_begin_within_24_h_of_the_first_of_them(per_day: int) -> None:
    lockout = begun_at(*[START_MS + 60_000 * place for place in range(per_day)])
    last_ms = START_MS + 60_000 * (per_day - 1)
    for now_ms in (last_ms + 1, last_ms + 60_000, START_MS + MS_PER_DAY - 1):
        assert lockout.wait(1, per_day, now_ms) == (DAY_MAXIMUM, START_MS + MS_PER_DAY - now_ms)
    assert lockout.wait(1, per_day, START_MS + MS_PER_DAY) == (ALLOWED, 0)
    assert lockout.wait(1, per_day + 1, last_ms + 1) == (ALLOWED, 0)


@pytest.mark.req("D-09")
def test_the_maximum_slides_with_each_start_and_does_not_begin_anew() -> None:
    lockout = begun_at(START_MS, START_MS + MS_PER_HOUR)
    third_ms = START_MS + MS_PER_DAY
    lockout.begun(third_ms)
    # The first has left the 24 h, the second has not.
    assert lockout.wait(1, 2, third_ms + 1) == (DAY_MAXIMUM, MS_PER_HOUR - 1)
    assert lockout.wait(1, 2, third_ms + MS_PER_HOUR) == (ALLOWED, 0)


@pytest.mark.req("D-09")
def test_of_both_reasons_the_one_that_lasts_longer_is_said() -> None:
    lockout = begun_at(START_MS, START_MS + 20 * MS_PER_HOUR)
    now_ms = START_MS + 21 * MS_PER_HOUR
    # The maximum ends 24 h after the first, the lockout `interval` after the second.
    assert lockout.wait(4 * MS_PER_HOUR - 1, 2, now_ms) == (DAY_MAXIMUM, 3 * MS_PER_HOUR)
    assert lockout.wait(4 * MS_PER_HOUR, 2, now_ms) == (LOCKOUT, 3 * MS_PER_HOUR)
    assert lockout.wait(4 * MS_PER_HOUR + 1, 2, now_ms) == (LOCKOUT, 3 * MS_PER_HOUR + 1)


@pytest.mark.req("D-09")
def test_a_new_program_with_other_bounds_is_judged_by_the_same_starts() -> None:
    lockout = begun_at(*[START_MS + place * MS_PER_HOUR for place in range(4)])
    now_ms = START_MS + 4 * MS_PER_HOUR
    assert lockout.wait(1, 5, now_ms) == (ALLOWED, 0)
    assert lockout.wait(1, 4, now_ms) == (DAY_MAXIMUM, 20 * MS_PER_HOUR)
    assert lockout.wait(1, 2, now_ms) == (DAY_MAXIMUM, 22 * MS_PER_HOUR)
    assert lockout.wait(2 * MS_PER_HOUR, 48, now_ms) == (LOCKOUT, MS_PER_HOUR)


def test_asking_changes_nothing() -> None:
    lockout = begun_at(START_MS)
    assert [lockout.wait(INTERVAL_MS, 1, START_MS + 5) for _ in range(3)] == [(DAY_MAXIMUM, MS_PER_DAY - 5)] * 3


def test_no_start_is_kept_for_longer_than_it_counts() -> None:
    lockout = begun_at(START_MS, START_MS + 1, START_MS + MS_PER_DAY)
    assert lockout._begun_ms == [START_MS + 1, START_MS + MS_PER_DAY]
