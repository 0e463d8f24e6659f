"""The ports of a board that no others were made for: Python moves the pins."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.simchip import Chip
from hal.simmodules import hal
from hal.wired import ABSENT, generic_board, wired
from pump.core.errors import Refused

MODULUS = 2**30
TIMEOUT_MS = 500


class Bench:
    def __init__(self, hard_irqs: bool = True, start_us: int = 0, **changes: int | str) -> None:
        self.board: Any = generic_board(**{"BURST_MAX_STEPS": 2, "DEAD_MAN_MS": TIMEOUT_MS, **changes})
        self.chip: Chip = wired(self.board, start_us)
        self.chip.hard_irqs = hard_irqs
        module = hal(self.chip, "portable")
        self.dead_man = module.TimerDeadMan(self.board, hal(self.chip, "clock").SystemClock())
        self.step = module.PinStep(self.board)
        self.edges = module.PinEdges(self.board)

    @property
    def enabled(self) -> bool:
        return self.chip.level(self.board.PIN_ENABLE) == 0


class TestStep:
    @pytest.mark.parametrize("steps, interval_us", [(1, 10_000), (2, 5000), (2, 500)])
    def test_a_burst_is_out_when_it_returns_its_pulses_so_far_apart(self, steps: int, interval_us: int) -> None:
        bench = Bench()
        begun_us = bench.chip.now_us
        bench.step.burst(steps, interval_us)
        rises = bench.chip.rises(bench.board.PIN_STEP)
        assert rises == [begun_us + i * interval_us for i in range(steps)]
        assert bench.chip.falls(bench.board.PIN_STEP) == [rise_us + bench.board.PULSE_US for rise_us in rises]
        assert bench.chip.level(bench.board.PIN_STEP) == 0

    def test_busy_for_the_driver_s_interval_after_the_last_pulse(self) -> None:
        bench = Bench(MIN_STEP_INTERVAL_US=500)
        assert not bench.step.busy()
        bench.step.burst(1, 10_000)
        bench.chip.advance(499)
        assert bench.step.busy()
        bench.chip.advance(1)
        assert not bench.step.busy()

    def test_there_is_never_anything_to_stop(self) -> None:
        bench = Bench()
        bench.step.stop()
        bench.step.burst(2, 1000)
        bench.step.stop()
        assert bench.chip.level(bench.board.PIN_STEP) == 0

    def test_more_than_half_a_tick_it_does_not_take(self) -> None:
        with pytest.raises(Refused, match=r"BURST_MAX_STEPS: 3 .*at most 2 on this board"):
            Bench(BURST_MAX_STEPS=3)

    def test_dir_is_set(self) -> None:
        bench = Bench()
        bench.step.set_direction(True)
        assert bench.chip.level(bench.board.PIN_DIR) == 1
        bench.step.set_direction(False)
        assert bench.chip.level(bench.board.PIN_DIR) == 0


class TestEdges:
    @pytest.fixture(params=[True, False], ids=["hard", "soft"])
    def bench(self, request: pytest.FixtureRequest) -> Bench:
        bench = Bench(hard_irqs=request.param)
        bench.dead_man.feed()
        return bench

    def pulse(self, bench: Bench, pulses: int) -> None:
        for _ in range(pulses):
            bench.step.burst(1, 1000)
            # What was scheduled runs.
            bench.chip.advance(10)

    def test_counts_what_finds_the_driver_enabled_and_powered(self, bench: Bench) -> None:
        self.pulse(bench, 3)
        assert bench.edges.count() == 3

    @pytest.mark.req("M-09")
    def test_counts_nothing_while_disabled_or_unpowered(self, bench: Bench) -> None:
        bench.dead_man.release()
        self.pulse(bench, 2)
        bench.dead_man.feed()
        bench.chip.drive(bench.board.PIN_SUPPLY, 0)
        self.pulse(bench, 2)
        bench.chip.drive(bench.board.PIN_SUPPLY, 1)
        self.pulse(bench, 1)
        assert bench.edges.count() == 1

    def test_without_a_sensed_supply_enable_alone_counts(self) -> None:
        bench = Bench(PIN_SUPPLY=ABSENT)
        bench.dead_man.feed()
        self.pulse(bench, 2)
        assert bench.edges.count() == 2
        assert bench.dead_man.held()

    def test_wraps_at_two_to_the_thirty(self, bench: Bench) -> None:
        bench.edges._count = MODULUS - 1
        self.pulse(bench, 2)
        assert bench.edges.count() == 1


class TestDeadMan:
    def test_disabled_until_fed(self) -> None:
        bench = Bench()
        assert not bench.enabled
        bench.dead_man.feed()
        assert bench.enabled
        assert bench.dead_man.held()
        bench.dead_man.release()
        assert not bench.enabled
        assert not bench.dead_man.held()

    @given(
        waits=st.lists(st.integers(0, 2 * TIMEOUT_MS), min_size=1, max_size=20),
        start_us=st.integers(0, 2**41),
    )
    def test_holds_for_three_quarters_of_its_time_out_and_never_longer_than_all(
        self, waits: list[int], start_us: int
    ) -> None:
        bench = Bench(start_us=start_us)
        for wait_ms in waits:
            bench.dead_man.feed()
            assert bench.enabled
            bench.chip.advance_ms(wait_ms)
            if wait_ms < TIMEOUT_MS * 3 // 4:
                assert bench.enabled
            if wait_ms >= TIMEOUT_MS:
                assert not bench.enabled

    def test_a_python_that_hangs_keeps_the_driver_which_is_its_limit(self) -> None:
        bench = Bench()
        bench.dead_man.feed()
        bench.chip.hang(10 * TIMEOUT_MS)
        assert bench.enabled
        bench.chip.advance(1)
        assert not bench.enabled

    @pytest.mark.req("M-09")
    def test_a_driver_without_supply_is_not_held(self) -> None:
        bench = Bench()
        bench.dead_man.feed()
        bench.chip.drive(bench.board.PIN_SUPPLY, 0)
        assert not bench.dead_man.held()

    def test_closed_it_is_disabled_and_looks_no_more(self) -> None:
        bench = Bench()
        bench.dead_man.feed()
        bench.dead_man.close()
        assert not bench.enabled
        bench.chip.advance_ms(2 * TIMEOUT_MS)
        assert not bench.enabled
