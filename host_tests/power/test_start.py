"""What a restart costs until steps may go out again, as `make bench` counts it."""

from itb.sim.ask import answer
from itb.sim.measure_memory import NL_DAY, TICK_MS
from itb.sim.wear import steps_day


def counted(full: bool) -> dict[str, int]:
    return answer("start", f"main({steps_day(NL_DAY)}, {full})", TICK_MS)


def test_the_first_tick_after_a_restart_may_let_steps_out_whatever_the_journal_holds() -> None:
    empty, full = counted(False), counted(True)
    for counts in (empty, full):
        # The lease of this life is stored before anything goes out, in two copies.
        assert counts["programs"] >= 2
        assert counts["reads"] > counts["programs"] > counts["erases"] >= 0
    assert full["reads"] > empty["reads"]
