"""Every rule of the fake driver fires: STEP and DIR, the read-back of STEP, ENABLE with its dead-man's switch."""

import pytest

from pump.core.errors import Misuse
from twin.bench import Bench
from twin.driver import DeadManLine, EdgeReadback, StepLine
from twin.faults import Faults

MODULUS = 2**30
DIR_SETUP_US = 2500
MIN_INTERVAL_US = 100
TIMEOUT_MS = 500


@pytest.fixture
def dead_man() -> DeadManLine:
    line = DeadManLine(TIMEOUT_MS)
    line.feed()
    return line


@pytest.fixture
def step(dead_man: DeadManLine) -> StepLine:
    """Set forward, set-up time over, driver held."""
    line = StepLine(dead_man, DIR_SETUP_US, MIN_INTERVAL_US)
    line.set_direction(True)
    line.elapse(DIR_SETUP_US)
    return line


class TestStepPort:
    def test_a_burst_leaves_at_its_interval_the_first_pulse_at_once(self, step: StepLine) -> None:
        step.burst(4, 1000)
        leaving = [step.elapse(500) for _ in range(8)]
        assert leaving == [1, 0, 1, 0, 1, 0, 1, 0]

    def test_a_pulse_leaves_as_soon_as_time_moves_on_from_its_instant(self, step: StepLine) -> None:
        step.burst(3, 1000)
        assert [step.elapse(1000), step.elapse(1), step.elapse(999), step.elapse(1)] == [1, 1, 0, 1]

    def test_busy_until_the_last_pulse_has_left(self, step: StepLine) -> None:
        step.burst(2, 1000)
        step.elapse(1000)
        assert step.busy()
        step.elapse(1)
        assert not step.busy()

    def test_stop_drops_what_is_still_to_come_and_may_be_repeated(self, step: StepLine) -> None:
        step.burst(10, 1000)
        assert step.elapse(3000) == 3
        step.stop()
        step.stop()
        assert not step.busy()
        assert step.elapse(10_000) == 0

    def test_no_burst_in_the_set_up_time_of_dir(self, step: StepLine) -> None:
        step.set_direction(True)
        step.elapse(DIR_SETUP_US - 1)
        with pytest.raises(Misuse, match="1 us of the DIR set-up time"):
            step.burst(1, 1000)
        step.elapse(1)
        step.burst(1, 1000)
        assert step.busy()

    def test_no_burst_before_dir_was_ever_set(self, dead_man: DeadManLine) -> None:
        line = StepLine(dead_man, DIR_SETUP_US, MIN_INTERVAL_US)
        line.elapse(DIR_SETUP_US)
        with pytest.raises(Misuse, match="DIR is not set forward"):
            line.burst(1, 1000)

    def test_no_burst_in_reverse(self, step: StepLine) -> None:
        step.set_direction(False)
        step.elapse(DIR_SETUP_US)
        with pytest.raises(Misuse, match="DIR is not set forward"):
            step.burst(1, 1000)

    def test_no_change_of_dir_while_busy(self, step: StepLine) -> None:
        step.burst(2, 1000)
        with pytest.raises(Misuse, match="a burst is running"):
            step.set_direction(True)

    def test_no_burst_while_busy(self, step: StepLine) -> None:
        step.burst(2, 1000)
        with pytest.raises(Misuse, match="busy, 2 pulses"):
            step.burst(1, 1000)
        step.elapse(1001)
        step.burst(1, 1000)
        assert step.busy()

    def test_no_burst_while_disabled(self, step: StepLine, dead_man: DeadManLine) -> None:
        dead_man.release()
        with pytest.raises(Misuse, match="not held enabled"):
            step.burst(1, 1000)

    def test_no_burst_after_a_gap_in_the_driver_supply(self, step: StepLine, dead_man: DeadManLine) -> None:
        dead_man.set_power(False)
        dead_man.set_power(True)
        with pytest.raises(Misuse, match="not held enabled"):
            step.burst(1, 1000)

    def test_no_burst_faster_than_the_driver_allows(self, step: StepLine) -> None:
        with pytest.raises(Misuse, match="interval 99 us; the driver needs 100 us"):
            step.burst(1, MIN_INTERVAL_US - 1)
        step.burst(1, MIN_INTERVAL_US)
        assert step.busy()

    @pytest.mark.parametrize("steps", [0, -1])
    def test_no_burst_of_no_pulses(self, step: StepLine, steps: int) -> None:
        with pytest.raises(Misuse, match="accepted: 1 or more"):
            step.burst(steps, 1000)

    def test_a_refused_burst_sends_nothing(self, step: StepLine) -> None:
        with pytest.raises(Misuse):
            step.burst(5, MIN_INTERVAL_US - 1)
        assert not step.busy()
        assert step.bursts == 0
        assert step.elapse(1_000_000) == 0


class TestDeadMan:
    def test_holds_from_the_first_feed(self) -> None:
        line = DeadManLine(TIMEOUT_MS)
        assert not line.held()
        line.feed()
        assert line.held()

    def test_lets_go_at_exactly_its_time_out_and_not_one_ms_before(self, dead_man: DeadManLine) -> None:
        dead_man.elapse(TIMEOUT_MS - 1)
        assert dead_man.held()
        assert dead_man.let_go == 0
        dead_man.elapse(1)
        assert not dead_man.held()
        assert not dead_man.enabled
        assert dead_man.let_go == 1

    def test_each_feed_gives_one_whole_time_out(self, dead_man: DeadManLine) -> None:
        for _ in range(5):
            dead_man.elapse(TIMEOUT_MS - 1)
            dead_man.feed()
        assert dead_man.held()

    def test_release_lets_go_at_once_and_may_be_repeated(self, dead_man: DeadManLine) -> None:
        dead_man.release()
        dead_man.release()
        assert not dead_man.held()
        assert dead_man.let_go == 0

    def test_a_feed_after_letting_go_enables_anew(self, dead_man: DeadManLine) -> None:
        dead_man.elapse(TIMEOUT_MS)
        dead_man.feed()
        assert dead_man.held()

    def test_a_gap_in_the_supply_stays_noticed_through_feeds(self, dead_man: DeadManLine) -> None:
        dead_man.set_power(False)
        assert not dead_man.held()
        dead_man.set_power(True)
        dead_man.feed()
        assert dead_man.enabled
        assert not dead_man.held()

    def test_release_and_feed_forget_a_gap_that_is_over(self, dead_man: DeadManLine) -> None:
        dead_man.set_power(False)
        dead_man.set_power(True)
        dead_man.release()
        dead_man.feed()
        assert dead_man.held()

    def test_feeding_an_unpowered_driver_does_not_hold_it(self) -> None:
        line = DeadManLine(TIMEOUT_MS)
        line.set_power(False)
        line.feed()
        assert not line.held()


class TestEdgeCounter:
    def test_counts_only_the_edges_of_the_pulses_that_left(self, step: StepLine) -> None:
        edges = EdgeReadback(0)
        step.burst(10, 1000)
        edges.see(step.elapse(3500))
        assert edges.count() == 4
        edges.see(step.elapse(10_000))
        assert edges.count() == 10

    def test_wraps_at_two_to_the_thirty(self) -> None:
        edges = EdgeReadback(MODULUS - 3)
        edges.see(2)
        assert edges.count() == MODULUS - 1
        edges.see(1)
        assert edges.count() == 0
        edges.see(7)
        assert edges.count() == 7

    @pytest.mark.parametrize("start", [-1, MODULUS])
    def test_cannot_begin_outside_its_width(self, start: int) -> None:
        with pytest.raises(Misuse, match="outside"):
            EdgeReadback(start)

    @pytest.mark.parametrize("nth", [1, 2, 7])
    def test_loses_every_nth_edge_exactly_however_they_come(self, nth: int) -> None:
        edges = EdgeReadback(0)
        edges.lose_every(nth)
        seen = []
        for _ in range(50):
            before = edges.count()
            edges.see(1)
            seen.append(edges.count() - before)
        assert seen == [0 if i % nth == 0 else 1 for i in range(1, 51)]

        whole = EdgeReadback(0)
        whole.lose_every(nth)
        whole.see(50)
        assert whole.count() == edges.count() == 50 - 50 // nth
        assert whole.lost == 50 // nth

    def test_loses_none_after_the_fault(self) -> None:
        edges = EdgeReadback(0)
        edges.lose_every(2)
        edges.see(3)
        edges.lose_every(0)
        edges.see(100)
        assert edges.count() == 102


class BoardConstants:
    MECHANISM = "syringe"
    NL_PER_REV = 13880
    STEPS_PER_REV = 3200
    TICK_MS = 10
    DEAD_MAN_MS = TIMEOUT_MS
    WATCHDOG_MS = 8388
    DIR_SETUP_US = 1
    MIN_STEP_INTERVAL_US = MIN_INTERVAL_US


def held_bench(faults: list[list[object]]) -> Bench:
    """A bench one millisecond after its driver was set forward, with the driver just fed."""
    bench = Bench(BoardConstants, 100_000, Faults(faults), seed=3)
    bench.step.set_direction(True)
    bench.advance(1)
    bench.dead_man.feed()
    return bench


class TestTogether:
    def test_pulses_after_letting_go_move_nothing_and_are_not_counted(self) -> None:
        bench = held_bench([])
        bench.step.burst(100, 10_000)
        bench.advance(1000)
        assert bench.truth()["edges"] == bench.truth()["motor_steps"] == TIMEOUT_MS // 10

    def test_the_supply_fails_and_returns_within_one_advance_and_the_gap_shows(self) -> None:
        bench = held_bench([["driver_off", 100, 150, 0]])
        bench.step.burst(40, 5000)
        bench.advance(200)
        assert bench.truth()["edges"] == bench.truth()["motor_steps"] == 30
        assert bench.truth()["enabled"] == 1
        assert not bench.dead_man.held()

    def test_a_stalled_motor_raises_the_stall_line(self) -> None:
        bench = held_bench([["stall", 50, 100, 0]])
        lines = []
        for _ in range(12):
            bench.step.burst(1, 10_000)
            bench.advance(10)
            lines.append(bench.ports.stall.read())
        assert lines == [False] * 5 + [True] * 5 + [False] * 2
        assert bench.truth()["motor_steps"] == 7
        assert bench.truth()["edges"] == 12

    def test_the_stall_line_clears_when_the_driver_is_released(self) -> None:
        bench = held_bench([["stall", 0, 1000, 0]])
        bench.step.burst(1, 10_000)
        bench.advance(10)
        assert bench.ports.stall.read()
        bench.dead_man.release()
        bench.advance(10)
        assert not bench.ports.stall.read()

    def test_the_stall_line_is_an_input(self) -> None:
        with pytest.raises(Misuse, match="input"):
            held_bench([]).ports.stall.write(True)

    def test_an_advance_of_nothing_is_misuse(self) -> None:
        with pytest.raises(Misuse, match="0 ms"):
            held_bench([]).advance(0)
