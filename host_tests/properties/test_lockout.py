"""Whatever is asked for, and whenever: no two begin closer than the lockout, and no 24 h hold more than the maximum."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.core.units import MS_PER_DAY, MS_PER_HOUR
from pump.therapy.lockout import ALLOWED, LOCKOUT, Lockout

INTERVAL_MS = 4 * MS_PER_HOUR

GAPS_MS = st.one_of(
    st.integers(0, 3 * MS_PER_HOUR),
    st.integers(0, 2 * MS_PER_DAY),
    st.sampled_from([1, INTERVAL_MS - 1, INTERVAL_MS, MS_PER_DAY - 1, MS_PER_DAY, MS_PER_DAY + 1]),
)
ASKED = st.tuples(GAPS_MS, st.sampled_from([1, 60_000, INTERVAL_MS, MS_PER_DAY]), st.integers(1, 5))


@pytest.mark.req("D-09")
@given(st.lists(ASKED, min_size=1, max_size=60))
def test_what_is_asked_for_is_allowed_when_neither_bound_stands_against_it_and_else_at_the_very_end_of_its_wait(
    asked: list[tuple[int, int, int]],
) -> None:
    lockout = Lockout()
    starts: list[int] = []
    now_ms = 0
    for gap_ms, interval_ms, per_day in asked:
        now_ms += gap_ms

        def fits(at_ms: int, interval_ms: int = interval_ms, per_day: int = per_day) -> bool:
            """Whether a start at `at_ms` would keep both bounds."""
            near = [start for start in starts if start > at_ms - interval_ms]
            return not near and sum(start > at_ms - MS_PER_DAY for start in starts) < per_day

        reason, wait_ms = lockout.wait(interval_ms, per_day, now_ms)
        assert (reason == ALLOWED) == (wait_ms == 0) == fits(now_ms)
        assert fits(now_ms + wait_ms)
        assert wait_ms == 0 or not fits(now_ms + wait_ms - 1)
        if reason == LOCKOUT:
            assert wait_ms == starts[-1] + interval_ms - now_ms
        if reason == ALLOWED:
            lockout.begun(now_ms)
            starts.append(now_ms)


@pytest.mark.req("D-09")
@given(st.lists(GAPS_MS, min_size=1, max_size=200), st.sampled_from([60_000, INTERVAL_MS]), st.integers(1, 6))
def test_however_often_it_is_asked_for_no_24_h_hold_more_than_the_maximum(
    gaps: list[int], interval_ms: int, per_day: int
) -> None:
    lockout = Lockout()
    starts: list[int] = []
    now_ms = 0
    for gap_ms in gaps:
        now_ms += gap_ms
        if lockout.wait(interval_ms, per_day, now_ms)[0] == ALLOWED:
            lockout.begun(now_ms)
            starts.append(now_ms)
    assert starts
    assert all(after - before >= interval_ms for before, after in pairwise(starts))
    assert all(later - first >= MS_PER_DAY for first, later in zip(starts, starts[per_day:], strict=False))
