"""The lowest dose of the last 24 h is that of a list of all doses and their times."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pump.core.units import MS_PER_HOUR
from pump.safety.titration import DoseHistory

DEN = 86_400_000
HOURS = st.one_of(st.integers(0, 30), st.sampled_from([0, 23, 24, 25, 48]))


@pytest.mark.req("D-05")
@example([(100, 0), (130, 24), (169, 24)], 0)
@given(st.lists(st.tuples(st.integers(0, 5), HOURS), max_size=30), HOURS)
def test_the_lowest_is_that_of_a_list_of_all_doses_and_their_times(noted: list[tuple[int, int]], later: int) -> None:
    doses = DoseHistory()
    spans: list[list[int]] = []
    hour = 0
    for steps, gap in noted:
        hour += gap
        doses.note((steps, DEN), hour * MS_PER_HOUR)
        if steps:
            for span in spans[-1:]:
                span[1] = hour
            spans.append([steps, 10**9])
    now = hour + later
    in_force = [steps for steps, ended in spans if ended > now - 24]
    lowest = doses.lowest(now * MS_PER_HOUR)
    assert lowest == ((min(in_force), DEN) if in_force else None)
