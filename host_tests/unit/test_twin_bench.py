"""The bench as a whole: time cut in any way gives the same pulses, and faults take exactly their share."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.bench import Bench
from twin.faults import Faults

FILL_STEPS = 1_000_000
STEP_NL = 13880 / 3200


class BoardConstants:
    MECHANISM = "syringe"
    NL_PER_REV = 13880
    STEPS_PER_REV = 3200
    TICK_MS = 1000
    DEAD_MAN_MS = 5000
    WATCHDOG_MS = 8388
    DIR_SETUP_US = 1
    MIN_STEP_INTERVAL_US = 100


def bench_with(faults: list[list[object]], seed: int = 1) -> Bench:
    """A bench with its driver set forward, at 1 ms."""
    bench = Bench(BoardConstants, FILL_STEPS, Faults(faults), seed)
    bench.step.set_direction(True)
    bench.advance(1)
    return bench


def tick(bench: Bench, steps: int, interval_us: int) -> None:
    """What the firmware's tick does, as far as the wires go."""
    if not bench.dead_man.held():
        bench.dead_man.release()
    bench.dead_man.feed()
    if steps and bench.dead_man.held() and not bench.step.busy():
        bench.step.burst(steps, interval_us)


FAULTS = st.lists(
    st.tuples(
        st.sampled_from(["stall", "slip", "driver_off", "occlusion", "lost_edges"]),
        st.integers(0, 20_000),
        st.integers(1, 10_000),
        st.integers(1, 100),
    ).map(lambda row: [row[0], row[1], row[1] + row[2], row[3]]),
    max_size=4,
)
TICKS = st.lists(
    st.tuples(
        st.integers(0, 300),
        st.integers(100, 5000),
        st.lists(st.integers(1, 7000), min_size=1, max_size=5),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(faults=FAULTS, ticks=TICKS)
def test_cutting_time_changes_no_pulse_and_no_flow(
    faults: list[list[object]], ticks: list[tuple[int, int, list[int]]]
) -> None:
    whole, cut = bench_with(faults), bench_with(faults)
    for steps, interval_us, parts_ms in ticks:
        tick(whole, steps, interval_us)
        tick(cut, steps, interval_us)
        whole.advance(sum(parts_ms))
        for part_ms in parts_ms:
            cut.advance(part_ms)
        assert cut.edges.count() == whole.edges.count()
        assert cut.motor.steps == whole.motor.steps
        assert cut.step.busy() == whole.step.busy()
        assert cut.dead_man.held() == whole.dead_man.held()
        assert cut.dead_man.let_go == whole.dead_man.let_go
        assert cut.ports.stall.read() == whole.ports.stall.read()
        assert cut.clock.ticks_ms() == whole.clock.ticks_ms()
        if all(row[0] != "slip" for row in faults):
            assert cut.plant.catheter_nl() == pytest.approx(whole.plant.catheter_nl(), abs=1e-6)


@settings(deadline=None)
@given(faults=FAULTS, ticks=TICKS)
def test_nothing_is_made_of_nothing(faults: list[list[object]], ticks: list[tuple[int, int, list[int]]]) -> None:
    bench = bench_with(faults)
    for steps, interval_us, parts_ms in ticks:
        tick(bench, steps, interval_us)
        bench.advance(sum(parts_ms))
        truth = bench.truth()
        assert truth["motor_steps"] <= truth["edges"] + bench.edges.lost
        assert bench.plant.plunger_nl() == pytest.approx(truth["motor_steps"] * STEP_NL)
        assert bench.plant.reservoir_steps + bench.motor.steps == FILL_STEPS
        assert 0 <= bench.clock.ticks_ms() < 2**30
        assert 0 <= bench.edges.count() < 2**30


@pytest.mark.parametrize("percent", [1, 33, 50, 99, 100])
def test_slip_takes_exactly_its_share_over_a_long_run(percent: int) -> None:
    bench = bench_with([["slip", 0, 10**9, percent]])
    for steps in range(1, 200):
        tick(bench, steps, 1000)
        bench.advance(1000)
    pulses = 199 * 200 // 2
    assert bench.truth()["edges"] == pulses
    assert bench.motor.steps == pulses - pulses * percent // 100


def test_a_driver_without_supply_moves_nothing_and_its_edges_do_not_count() -> None:
    bench = bench_with([["driver_off", 1001, 3001, 0]])
    tick(bench, 300, 10_000)
    bench.advance(4000)
    assert bench.truth()["edges"] == bench.truth()["motor_steps"]
    assert bench.motor.steps == 100
    assert bench.plant.plunger_nl() == pytest.approx(100 * STEP_NL)


def test_at_the_end_stop_the_motor_stalls() -> None:
    bench = Bench(BoardConstants, 50, Faults([]))
    bench.step.set_direction(True)
    bench.advance(1)
    tick(bench, 80, 1000)
    bench.advance(1000)
    assert bench.motor.steps == 50
    assert bench.ports.stall.read()


def test_an_occlusion_shows_on_the_pressure_sensor_and_its_release_empties_the_give() -> None:
    bench = bench_with([["occlusion", 1, 600_001, 0]])
    for _ in range(600):
        tick(bench, 4, 100_000)
        bench.advance(1000)
    assert bench.ports.pressure.read() == round(2400 * STEP_NL / 100)
    assert bench.plant.catheter_nl() == pytest.approx(0, abs=1e-6)
    bench.advance(1000)
    assert bench.ports.pressure.read() == 0
    assert bench.plant.catheter_nl() == pytest.approx(2400 * STEP_NL, abs=0.1)


def test_the_seed_alone_decides_where_clock_and_edge_counter_begin() -> None:
    def start(seed: int) -> tuple[int, int]:
        bench = Bench(BoardConstants, FILL_STEPS, Faults([]), seed)
        return bench.clock.ticks_ms(), bench.edges.count()

    starts = [start(seed) for seed in range(200)]
    assert starts == [start(seed) for seed in range(200)]
    assert len(set(starts)) == 200
    assert all(0 <= ticks < 2**30 and 0 <= edges < 2**30 for ticks, edges in starts)


def test_an_unfed_watchdog_is_noticed() -> None:
    bench = bench_with([])
    bench.watchdog.feed()
    bench.advance(60_000)
    assert (bench.watchdog.expiries, bench.watchdog.expired_at_ms) == (1, 1 + 8388)
    assert bench.truth()["watchdog_expiries"] == 1


def test_a_dead_mans_switch_that_lets_go_is_told() -> None:
    bench = bench_with([])
    assert bench.truth()["let_go"] == 0
    bench.dead_man.feed()
    bench.advance(60_000)
    assert bench.truth()["let_go"] == 1
