"""Windows that are counted in other microsteps hold the same dose, rounded up: never less, however often it is done."""

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.safety.windows import Windows
from rig import MINUTE_MS

RATIOS = st.tuples(st.integers(1, 4000), st.integers(1, 4000))
# A grant and so many minutes after it, or a change of concentration.
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(0, 500), st.one_of(st.integers(0, 70), st.integers(0, 1500))),
        st.tuples(st.just("scale"), RATIOS, st.just(0)),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.req("D-06", "D-12")
@given(EVENTS)
def test_at_every_minute_both_windows_hold_at_least_the_dose_of_their_minutes(
    events: list[tuple[str, Any, int]],
) -> None:
    windows = Windows()
    grants: list[tuple[int, Fraction]] = []
    rounded_up = Fraction(0)
    minute = 0
    for what, value, minutes in events:
        if what == "scale":
            ratio = Fraction(*value)
            windows.scale(*value)
            grants = [(at, steps * ratio) for at, steps in grants]
            # What was rounded up before is scaled, too, and it is rounded up once more.
            rounded_up = rounded_up * ratio + 1
        else:
            windows.add(value)
            grants.append((minute, Fraction(value)))
            windows.elapse(minutes * MINUTE_MS)
            minute += minutes
        for held, length in ((windows.hour_steps, 61), (windows.day_steps, 1441)):
            exact = sum((steps for at, steps in grants if at > minute - length), Fraction(0))
            assert exact <= held <= exact + rounded_up


@pytest.mark.req("D-06", "D-12")
@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=100),
    RATIOS,
    st.integers(0, 100),
)
def test_scaled_once_what_is_left_of_it_is_rounded_up_once(
    by_minute: list[int], ratio: tuple[int, int], minutes: int
) -> None:
    windows = Windows()
    for steps in by_minute:
        windows.elapse(MINUTE_MS)
        windows.add(steps)
    windows.scale(*ratio)
    windows.elapse(minutes * MINUTE_MS)
    left = sum(by_minute[-(61 - minutes) :]) if minutes < 61 else 0
    assert windows.hour_steps == ceil(left * Fraction(*ratio))
    assert windows.day_steps == ceil(sum(by_minute) * Fraction(*ratio))
