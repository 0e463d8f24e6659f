"""What the prescription asks for by any time, exactly."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.rx.prescribed import MS_PER_DAY, Prescribed, PrescribedBolus

HALF_DAY_MS = MS_PER_DAY // 2
FLEX = Prescribed([(0, Fraction(100)), (HALF_DAY_MS, Fraction(301))])
BOLUS = PrescribedBolus(1000, Fraction(7, 2), 2000)


def test_a_day_asks_for_the_sum_of_its_segments() -> None:
    assert FLEX.day_steps == Fraction(401, 2)
    assert FLEX.basal_by(MS_PER_DAY) == FLEX.day_steps
    assert FLEX.basal_by(3 * MS_PER_DAY + HALF_DAY_MS) == 3 * FLEX.day_steps + 50


def test_each_segment_holds_from_its_start_to_the_next() -> None:
    assert FLEX.rate_steps_day(HALF_DAY_MS - 1) == 100
    assert FLEX.rate_steps_day(HALF_DAY_MS) == 301
    assert FLEX.rate_steps_day(MS_PER_DAY) == 100


def test_a_bolus_is_asked_for_evenly_and_only_within_its_time() -> None:
    assert [BOLUS.steps_by(t_ms) for t_ms in (0, 1000, 2000)] == [0, 0, Fraction(7, 4)]
    assert BOLUS.steps_by(3000) == BOLUS.steps_by(9000) == Fraction(7, 2)


def test_a_bolus_ends_with_the_span_it_began_in() -> None:
    cut = FLEX.during([(0, 2000), (2500, 5000)], [BOLUS])
    assert cut.bolus_steps == Fraction(7, 4)


def test_a_bolus_that_would_begin_outside_is_not_asked_for() -> None:
    assert FLEX.during([(0, 1000), (1001, 5000)], [BOLUS]).bolus_steps == 0


@given(st.lists(st.integers(0, 3 * MS_PER_DAY), min_size=2, max_size=8))
def test_spans_that_touch_ask_for_as_much_as_the_whole(cuts: list[int]) -> None:
    edges = sorted(cuts)
    pieces = list(pairwise(edges))
    whole = FLEX.during([(edges[0], edges[-1])], [])
    assert FLEX.during(pieces, []).basal_steps == whole.basal_steps == whole.steps


@pytest.mark.parametrize("starts", [[], [1], [0, 5, 5], [0, 9, 3]])
def test_a_schedule_that_is_no_day_is_refused(starts: list[int]) -> None:
    with pytest.raises(ValueError, match="must begin with 0 and ascend"):
        Prescribed([(start, Fraction(1)) for start in starts])
