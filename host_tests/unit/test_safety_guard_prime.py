"""A prime is granted within its volume and counts as no dose; all that is not about dose holds for it too."""

import pytest

from pump.core.units import MS_PER_MINUTE, SMALL_MAX
from pump.safety.alarms import OCCLUSION
from pump.safety.guard import CATCH_UP, EMPTY, HALTED, HOUR_CAP, LEASE, PRIME_VOLUME, REASONS
from unit.builders import GuardBench


def priming(steps: int = 1000, **bounds: int) -> GuardBench:
    bench = GuardBench(**bounds)
    bench.guard.begin_prime(steps)
    return bench


def counted(bench: GuardBench) -> tuple[int, int, int, int]:
    guard = bench.guard
    return guard.granted.total(), guard.primed.total(), bench.windows.hour_steps, bench.windows.day_steps


def test_a_new_guard_does_not_prime() -> None:
    guard = GuardBench().guard
    assert (guard.priming, guard.prime_left_steps, guard.primed.total()) == (False, 0, 0)


def test_the_prime_volume_has_its_words() -> None:
    assert (PRIME_VOLUME, REASONS[PRIME_VOLUME]) == (6, "prime volume")


@pytest.mark.req("D-13")
def test_a_prime_is_granted_and_counted_apart_and_is_in_no_window() -> None:
    bench = priming(1000, hour=10, day=10)
    assert (bench.guard.priming, bench.guard.prime_left_steps) == (True, 1000)
    assert bench.guard.grant(400, 0) == 400
    assert bench.guard.grant(100, 0) == 100
    assert counted(bench) == (500, 500, 0, 0)
    assert bench.guard.prime_left_steps == 500
    assert bench.withheld() == {}


@pytest.mark.req("D-13")
@pytest.mark.parametrize("asked", [7, 8, SMALL_MAX])
def test_no_more_than_the_prime_volume_is_ever_granted(asked: int) -> None:
    bench = priming(10)
    assert bench.guard.grant(4, 0) == 4
    assert bench.guard.grant(6, 0) == 6
    bench = priming(10)
    assert bench.guard.grant(4, 0) == 4
    assert bench.guard.grant(asked, 0) == 6
    assert bench.guard.grant(1, 0) == 0
    assert bench.withheld() == {PRIME_VOLUME: 2}
    assert counted(bench) == (10, 10, 0, 0)


@pytest.mark.req("D-06", "D-13")
def test_after_the_prime_what_is_granted_is_therapy_again_and_the_windows_are_as_free_as_before() -> None:
    bench = priming(1000, hour=30)
    bench.guard.grant(900, 0)
    bench.guard.end_prime()
    assert (bench.guard.priming, bench.guard.prime_left_steps) == (False, 0)
    assert bench.guard.grant(31, 0) == 30
    assert counted(bench) == (930, 900, 30, 30)
    assert bench.withheld() == {HOUR_CAP: 1}


@pytest.mark.req("D-06")
@pytest.mark.parametrize("owed", [1, 30])
def test_a_spent_window_does_not_bound_a_prime_and_a_prime_does_not_free_it(owed: int) -> None:
    bench = GuardBench(hour=30, day=30)
    bench.guard.grant(30, 0)
    bench.guard.begin_prime(owed)
    assert bench.guard.grant(owed, 0) == owed
    bench.guard.end_prime()
    bench.guard.elapse(60 * MS_PER_MINUTE)
    assert bench.guard.grant(1, 0) == 0
    bench.guard.elapse(MS_PER_MINUTE)
    assert bench.windows.hour_steps == 0


def test_a_prime_ended_early_leaves_nothing_for_the_next() -> None:
    bench = priming(100)
    bench.guard.grant(40, 0)
    bench.guard.end_prime()
    bench.guard.begin_prime(20)
    assert bench.guard.grant(30, 0) == 20
    assert counted(bench) == (60, 60, 0, 0)


@pytest.mark.req("M-10")
def test_the_burst_bounds_a_prime() -> None:
    bench = priming(100, burst=65)
    assert bench.guard.grant(80, 0) == 65
    assert bench.withheld() == {CATCH_UP: 1}
    assert bench.guard.grant(80, 0) == 35
    assert bench.withheld() == {CATCH_UP: 1, PRIME_VOLUME: 1}


@pytest.mark.req("R-03")
def test_an_empty_reservoir_bounds_a_prime() -> None:
    bench = priming(100, fill=70, residual=20)
    assert bench.guard.grant(100, 5) == 45
    assert bench.withheld() == {EMPTY: 1}
    assert (bench.guard.prime_left_steps, bench.guard.primed.total()) == (55, 45)


def test_a_halt_ends_a_prime() -> None:
    bench = priming(100)
    bench.halt.latch(OCCLUSION)
    assert bench.guard.grant(10, 0) == 0
    assert bench.withheld() == {HALTED: 1}
    assert (bench.guard.prime_left_steps, counted(bench)) == (100, (0, 0, 0, 0))


def test_nothing_owed_takes_nothing_from_a_prime() -> None:
    bench = priming(100)
    assert bench.guard.grant(0, 0) == 0
    assert (bench.guard.prime_left_steps, bench.withheld()) == (100, {})


@pytest.mark.req("M-02")
@pytest.mark.parametrize("lease, granted, why", [(69, 69, LEASE), (70, 70, PRIME_VOLUME), (71, 70, PRIME_VOLUME)])
def test_a_lease_bounds_a_prime_and_is_used_up_by_it(lease: int, granted: int, why: int) -> None:
    bench = priming(70, lease=lease)
    assert bench.guard.grant(100, 0) == granted
    assert bench.withheld() == {why: 1}
    assert bench.guard.lease_left_steps == lease - granted
