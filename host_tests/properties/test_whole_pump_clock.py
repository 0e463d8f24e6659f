"""The whole pump with a clock that is set on to midnight again and again: its plan is where the model's is."""

import pytest

from followed import Followed
from ordered import DAY_MS, HOUR_MS, MINUTE_MS
from programmer import Programmer
from rig import MONDAY, NG_ML, board_module, program

SLICE_MS = 15 * MINUTE_MS
PLAN_MS = (22 * 60 + 45) * MINUTE_MS
STAGES = [[day, day % 2, day % 2] for day in range(8)]
SOURCE = program([], parts={"patterns": [[[0, 2400, 0]], [[0, 2500, 0]]], "plan": STAGES})


def midnight(it: Followed) -> None:
    """The clock is set to the last millisecond of a day, and that passes."""
    Programmer(it).set_time(DAY_MS - 1, MONDAY)
    it.slice(1)
    it.check()


@pytest.mark.req("D-05", "I-05")
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("every_ms", [HOUR_MS, 12 * HOUR_MS, PLAN_MS - 1, PLAN_MS, PLAN_MS + 1])
def test_the_plan_moves_with_the_first_midnight_and_then_every_23_h_at_most(every_ms: int, restarts: bool) -> None:
    it = Followed(board_module("sim", SLICE_MS), 1)
    Programmer(it).refill(NG_ML)
    Programmer(it).load(SOURCE)
    Programmer(it).start()
    midnight(it)
    since_ms, plan_days = 0, 1
    for place in range(3 * DAY_MS // every_ms):
        for _ in range((every_ms - 1) // SLICE_MS):
            it.slice(SLICE_MS)
        if (every_ms - 1) % SLICE_MS:
            it.slice((every_ms - 1) % SLICE_MS)
        if restarts and place % 8 == 0:
            # What a command stores is known after the restart. Each takes a lease out of the reservoir.
            Programmer(it).set_time(0, MONDAY)
            it.restart(off_ms=5 * HOUR_MS)
        midnight(it)
        since_ms += every_ms
        if since_ms >= PLAN_MS:
            since_ms, plan_days = 0, plan_days + 1
        assert (it.now["plan_day"], it.now["stage"]) == (plan_days, plan_days)
    assert plan_days > 1
