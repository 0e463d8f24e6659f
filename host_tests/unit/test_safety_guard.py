"""The guard grants the least of all that is allowed, never less than nothing, and counts why."""

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, SMALL_MAX
from pump.safety.alarms import OCCLUSION
from pump.safety.guard import CATCH_UP, DAY_CAP, EMPTY, HALTED, HOUR_CAP, IN_FULL, LEASE, PRIME_VOLUME, REASONS, Guard
from pump.safety.halt import Halt
from pump.safety.limits import Limits
from pump.safety.windows import Windows
from unit.builders import GuardBench, filled_reservoir, limits_of

CAP = 100
CAPS = {
    CATCH_UP: {"burst": CAP},
    HOUR_CAP: {"hour": CAP},
    DAY_CAP: {"day": CAP},
    LEASE: {"lease": CAP},
    EMPTY: {"fill": CAP + 40, "residual": 40},
}
EACH_CAP = pytest.mark.parametrize("why", CAPS)


def test_every_reason_has_its_words() -> None:
    assert [REASONS[why] for why in (IN_FULL, HALTED, CATCH_UP, HOUR_CAP, DAY_CAP, EMPTY, PRIME_VOLUME, LEASE)] == [
        "in full",
        "halted",
        "catch-up",
        "1 h cap",
        "24 h cap",
        "reservoir empty",
        "prime volume",
        "lease",
    ]
    assert len(REASONS) == 8


@EACH_CAP
@pytest.mark.parametrize("owed_steps", [0, 1, CAP - 1, CAP])
def test_up_to_each_cap_all_is_granted_and_no_reason_is_counted(why: int, owed_steps: int) -> None:
    bench = GuardBench(**CAPS[why])
    assert bench.guard.grant(owed_steps, 0) == owed_steps
    assert bench.withheld() == {}


@pytest.mark.req("D-06", "R-03", "M-02", "M-10")
@EACH_CAP
@pytest.mark.parametrize("owed_steps", [CAP + 1, CAP + 2, SMALL_MAX])
def test_above_each_cap_the_cap_is_granted_and_its_reason_is_counted_once(why: int, owed_steps: int) -> None:
    bench = GuardBench(**CAPS[why])
    assert bench.guard.grant(owed_steps, 0) == CAP
    assert bench.withheld() == {why: 1}


@pytest.mark.parametrize("why", [HOUR_CAP, DAY_CAP])
def test_a_spent_window_grants_nothing_more_and_counts_every_tick(why: int) -> None:
    bench = GuardBench(**CAPS[why])
    assert bench.guard.grant(CAP, 0) == CAP
    assert [bench.guard.grant(5, 0) for _ in range(3)] == [0, 0, 0]
    assert bench.withheld() == {why: 3}


def test_a_window_takes_many_grants_up_to_its_cap() -> None:
    bench = GuardBench(hour=CAP)
    assert [bench.guard.grant(30, 0) for _ in range(5)] == [30, 30, 30, 10, 0]
    assert bench.withheld() == {HOUR_CAP: 2}


@pytest.mark.req("D-06")
@pytest.mark.parametrize("why, minutes", [(HOUR_CAP, 61), (DAY_CAP, 1441)])
def test_a_spent_window_has_room_again_when_the_grant_left_it(why: int, minutes: int) -> None:
    bench = GuardBench(**CAPS[why])
    bench.guard.grant(CAP, 0)
    bench.guard.elapse(minutes * MS_PER_MINUTE - 1)
    assert bench.guard.grant(CAP, 0) == 0
    bench.guard.elapse(1)
    assert bench.guard.grant(CAP, 0) == CAP


@pytest.mark.req("R-03")
@pytest.mark.parametrize("in_flight_steps, granted", [(0, 100), (1, 99), (99, 1), (100, 0), (101, 0), (5000, 0)])
def test_steps_on_their_way_are_gone_from_the_reservoir_already(in_flight_steps: int, granted: int) -> None:
    bench = GuardBench(**CAPS[EMPTY])
    assert bench.guard.grant(CAP + 1, in_flight_steps) == granted
    assert bench.withheld() == {EMPTY: 1}


@pytest.mark.req("R-03", "M-05")
@pytest.mark.parametrize("drawn", [CAP, CAP + 1, CAP + 40, CAP + 5000])
def test_an_overdrawn_reservoir_grants_nothing_and_never_less(drawn: int) -> None:
    bench = GuardBench(**CAPS[EMPTY])
    bench.reservoir.draw(drawn)
    assert bench.guard.grant(10, 0) == 0
    assert (bench.guard.granted.total(), bench.windows.hour_steps, bench.windows.day_steps) == (0, 0, 0)
    assert bench.withheld() == {EMPTY: 1}


@pytest.mark.req("M-05")
@pytest.mark.parametrize(
    "why, lowered", [(HOUR_CAP, limits_of(hour=40)), (DAY_CAP, limits_of(day=40))], ids=["hour", "day"]
)
def test_a_cap_lowered_below_what_was_granted_grants_nothing_and_never_less(why: int, lowered: Limits) -> None:
    bench = GuardBench()
    bench.guard.grant(CAP, 0)
    bench.guard.set_limits(lowered)
    assert bench.guard.grant(10, 0) == 0
    assert (bench.guard.granted.total(), bench.windows.hour_steps, bench.windows.day_steps) == (CAP, CAP, CAP)
    assert bench.withheld() == {why: 1}


@pytest.mark.parametrize(
    "caps, granted, why",
    [
        ({"burst": 50, "hour": 60, "day": 70, "fill": 80}, 50, CATCH_UP),
        ({"burst": 60, "hour": 50, "day": 70, "fill": 80}, 50, HOUR_CAP),
        ({"burst": 60, "hour": 70, "day": 50, "fill": 80}, 50, DAY_CAP),
        ({"burst": 60, "hour": 70, "day": 80, "fill": 50}, 50, EMPTY),
        ({"burst": 80, "hour": 70, "day": 60, "fill": 50}, 50, EMPTY),
        ({"burst": 51, "hour": 50, "day": 51, "fill": 51}, 50, HOUR_CAP),
        ({"burst": 51, "hour": 51, "day": 50, "fill": 51}, 50, DAY_CAP),
        ({"burst": 51, "hour": 51, "day": 51, "fill": 50}, 50, EMPTY),
        ({"burst": 50, "hour": 51, "day": 51, "fill": 51}, 50, CATCH_UP),
        # Of equals, the one that is looked at first.
        ({"burst": 50, "hour": 50, "day": 50, "fill": 50}, 50, CATCH_UP),
        ({"burst": 60, "hour": 50, "day": 50, "fill": 50}, 50, HOUR_CAP),
        ({"burst": 60, "hour": 60, "day": 50, "fill": 50}, 50, DAY_CAP),
        ({"burst": 51, "hour": 51, "day": 51, "lease": 50, "fill": 51}, 50, LEASE),
        ({"burst": 60, "hour": 60, "day": 60, "lease": 50, "fill": 50}, 50, LEASE),
        ({"burst": 60, "hour": 60, "day": 50, "lease": 50, "fill": 50}, 50, DAY_CAP),
        ({"burst": 60, "hour": 60, "day": 60, "lease": 51, "fill": 50}, 50, EMPTY),
    ],
)
def test_of_several_caps_that_bind_the_lowest_is_granted_and_it_alone_is_counted(
    caps: dict[str, int], granted: int, why: int
) -> None:
    bench = GuardBench(**caps)
    assert bench.guard.grant(CAP, 0) == granted
    assert bench.withheld() == {why: 1}


@EACH_CAP
def test_while_halted_nothing_is_granted_and_that_is_the_reason_whatever_else_binds(why: int) -> None:
    bench = GuardBench(**CAPS[why])
    bench.halt.latch(OCCLUSION)
    assert bench.guard.grant(CAP + 1, 0) == 0
    assert bench.guard.grant(1, 0) == 0
    assert bench.withheld() == {HALTED: 2}
    assert (bench.guard.granted.total(), bench.windows.day_steps) == (0, 0)
    bench.halt.clear()
    assert bench.guard.grant(1, 0) == 1


def test_what_is_granted_counts_at_once_in_both_windows_and_in_the_total() -> None:
    bench = GuardBench()
    bench.guard.grant(30, 0)
    bench.guard.elapse(2 * MS_PER_HOUR)
    bench.guard.grant(5, 0)
    assert (bench.windows.hour_steps, bench.windows.day_steps, bench.guard.granted.total()) == (5, 35, 35)
    bench.guard.elapse(2 * MS_PER_DAY)
    assert (bench.windows.hour_steps, bench.windows.day_steps, bench.guard.granted.total()) == (0, 0, 35)


@pytest.mark.req("M-01")
def test_a_grant_alone_draws_nothing_from_the_reservoir() -> None:
    bench = GuardBench(fill=CAP)
    bench.guard.grant(CAP, 0)
    assert bench.reservoir.left_steps == CAP


def test_a_reason_is_counted_up_to_the_largest_small_int() -> None:
    bench = GuardBench(burst=1)
    bench.guard.withheld_ticks[CATCH_UP] = SMALL_MAX - 1
    bench.guard.grant(2, 0)
    assert bench.guard.withheld_ticks[CATCH_UP] == SMALL_MAX
    bench.guard.grant(2, 0)
    assert bench.guard.withheld_ticks[CATCH_UP] == SMALL_MAX


def test_when_nothing_is_owed_nothing_is_withheld_so_no_reason_is_counted() -> None:
    bench = GuardBench(hour=CAP, day=CAP, fill=CAP)
    bench.guard.grant(CAP, 0)
    bench.reservoir.draw(CAP)
    assert bench.guard.grant(0, 0) == 0
    assert bench.withheld() == {}


@pytest.mark.parametrize("lowered", [limits_of(hour=40), limits_of(day=40)], ids=["hour", "day"])
def test_when_nothing_is_owed_a_lowered_cap_withholds_nothing(lowered: Limits) -> None:
    bench = GuardBench()
    bench.guard.grant(CAP, 0)
    bench.guard.set_limits(lowered)
    assert bench.guard.grant(0, 0) == 0
    assert bench.withheld() == {}


def test_when_nothing_is_owed_an_overdrawn_reservoir_withholds_nothing() -> None:
    bench = GuardBench(fill=CAP)
    bench.reservoir.draw(CAP + 1)
    assert bench.guard.grant(0, 0) == 0
    assert bench.withheld() == {}


def test_when_nothing_is_owed_a_halt_withholds_nothing() -> None:
    bench = GuardBench()
    bench.halt.latch(OCCLUSION)
    assert bench.guard.grant(0, 0) == 0
    assert bench.withheld() == {}


def test_a_new_guard_has_withheld_and_granted_nothing() -> None:
    guard = Guard(Halt(), Windows(), filled_reservoir(), limits_of(), 1)
    assert list(guard.withheld_ticks) == [0] * len(REASONS)
    assert (guard.granted.total(), guard.primed.total()) == (0, 0)
    assert (guard.priming, guard.prime_left_steps, guard.lease_left_steps) == (False, 0, 0)


class TestLease:
    @pytest.mark.req("M-02")
    def test_a_new_guard_grants_nothing_before_a_lease_was_stored(self) -> None:
        guard = Guard(Halt(), Windows(), filled_reservoir(), limits_of(), CAP)
        assert guard.grant(1, 0) == 0
        assert guard.withheld_ticks[LEASE] == 1
        guard.renew_lease(1)
        assert guard.grant(2, 0) == 1

    @pytest.mark.req("M-02")
    @pytest.mark.parametrize("owed_steps, granted", [(39, 39), (40, 40), (41, 40), (SMALL_MAX, 40)])
    def test_it_is_used_up_by_what_is_granted_and_not_by_what_is_owed(self, owed_steps: int, granted: int) -> None:
        bench = GuardBench(lease=CAP)
        assert bench.guard.grant(60, 0) == 60
        assert bench.guard.lease_left_steps == 40
        assert bench.guard.grant(owed_steps, 0) == granted
        assert bench.guard.lease_left_steps == 40 - granted
        assert bench.withheld() == ({LEASE: 1} if owed_steps > 40 else {})

    @pytest.mark.req("M-02")
    def test_used_up_it_grants_nothing_and_counts_every_tick_until_it_is_renewed(self) -> None:
        bench = GuardBench(lease=CAP)
        bench.guard.grant(CAP, 0)
        assert [bench.guard.grant(5, 0) for _ in range(3)] == [0, 0, 0]
        assert bench.withheld() == {LEASE: 3}
        bench.guard.renew_lease(7)
        assert [bench.guard.grant(5, 0) for _ in range(3)] == [5, 2, 0]
        assert bench.guard.lease_left_steps == 0
        assert bench.guard.granted.total() == CAP + 7

    @pytest.mark.req("M-02")
    @pytest.mark.parametrize("left_steps", [0, 1, CAP, 2 * CAP])
    def test_a_renewal_sets_it_whatever_was_left(self, left_steps: int) -> None:
        bench = GuardBench(lease=CAP)
        bench.guard.grant(30, 0)
        bench.guard.renew_lease(left_steps)
        assert bench.guard.lease_left_steps == left_steps
        assert bench.guard.grant(SMALL_MAX, 0) == left_steps

    def test_what_another_cap_withholds_leaves_it_as_it_is(self) -> None:
        bench = GuardBench(lease=CAP, hour=30)
        assert bench.guard.grant(50, 0) == 30
        assert bench.guard.grant(50, 0) == 0
        assert bench.guard.lease_left_steps == CAP - 30
        bench.halt.latch(OCCLUSION)
        assert bench.guard.grant(50, 0) == 0
        assert bench.guard.lease_left_steps == CAP - 30

    def test_time_gives_nothing_back(self) -> None:
        bench = GuardBench(lease=CAP)
        bench.guard.grant(CAP, 0)
        bench.guard.elapse(2 * MS_PER_DAY)
        assert bench.guard.grant(1, 0) == 0
