"""Device tests of the twin: what the tick calls allocates nothing, so any allocation found is the firmware's own."""

from support import without_allocation

from pump.core.errors import Misuse
from pump.core.units import SMALL_MAX
from twin.bench import Bench
from twin.faults import Faults

# Generated; it is there only in the guest.
board = __import__("board")

ROUNDS = 400
# The edge counter wraps in the middle of them.
EDGES_START = SMALL_MAX - 25 * ROUNDS // 2
BURST_STEPS = 30
INTERVAL_US = 1000
SLICE_MS = 25


def _bench(faults):
    bench = Bench(
        board, 1 << 20, Faults(faults), clock_start=SMALL_MAX - ROUNDS * SLICE_MS // 2, edges_start=EDGES_START
    )
    bench.step.set_direction(True)
    bench.advance(1)
    return bench


class _Wires:
    """What a tick reads and calls, at hand without taking a bound method."""

    def __init__(self, bench):
        self.ports = bench.ports
        self.edges = 0
        self.now_ticks = 0
        self.stalled = False
        self.held = False


def _tick(wires):
    ports = wires.ports
    wires.now_ticks = ports.clock.ticks_ms()
    wires.edges = ports.edges.count()
    wires.stalled = ports.stall.read()
    wires.held = ports.dead_man.held()
    if not wires.held:
        ports.dead_man.release()
    ports.dead_man.feed()
    if ports.step.busy():
        ports.step.stop()
    if ports.dead_man.held():
        ports.step.burst(BURST_STEPS, INTERVAL_US)


def _run(faults):
    bench = _bench(faults)
    wires = _Wires(bench)
    for _ in range(ROUNDS):
        without_allocation(_tick, wires)
        bench.advance(SLICE_MS)
    without_allocation(_tick, wires)
    return bench, wires


def test_what_the_tick_calls_allocates_nothing_across_the_wraps():
    bench, wires = _run([])
    # Every burst was stopped after the 25 pulses that leave in 25 ms.
    assert wires.edges == EDGES_START + 25 * ROUNDS - (SMALL_MAX + 1)
    assert wires.now_ticks == ROUNDS * SLICE_MS // 2
    assert bench.truth()["motor_steps"] == 25 * ROUNDS


def test_what_the_tick_calls_allocates_nothing_under_faults():
    end_ms = ROUNDS * SLICE_MS
    bench, wires = _run(
        [
            ["lost_edges", 0, end_ms, 3],
            ["slip", 10, 2000, 40],
            ["stall", 2000, 3000, 0],
            ["driver_off", 3003, 4004, 0],
            ["occlusion", 5000, 7000, 0],
        ]
    )
    truth = bench.truth()
    assert 0 < truth["edges"] < 25 * ROUNDS
    assert 0 < truth["motor_steps"] < 25 * ROUNDS
    assert wires.held


def test_a_partial_burst_has_its_edges_only():
    bench = _bench([])
    before = bench.edges.count()
    bench.dead_man.feed()
    bench.step.burst(10, 1500)
    bench.advance(4)
    assert bench.edges.count() - before == 3
    assert bench.step.busy()


def test_misuse_is_loud():
    bench = _bench([])
    try:
        bench.step.burst(1, INTERVAL_US)
    except Misuse as misuse:
        assert "not held" in str(misuse)
    else:
        raise AssertionError("a burst with the driver disabled went through")
