"""The tick allocates nothing: under every fault the twin can inject. A third of the 100,000 ticks."""

from ticking import Lane, program, report

REQUIREMENTS = {
    "test_edges_get_lost": ["M-03"],
    "test_the_driver_loses_its_power": ["M-09"],
    "test_ticks_come_late": ["M-10"],
}

DEN = (1 << 20) - 3
BRISK = program([[0, 2_000_000, 1]], DEN)
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


def again_and_again(kind, every_ms, for_ms, amount=0, count=20):
    """The fault `kind`, standing for `for_ms` once in every `every_ms`."""
    return [[kind, i * every_ms, i * every_ms + for_ms, amount] for i in range(1, count + 1)]


def alarms(lane):
    """The numbers of the alarms among the journal's newest events."""
    return [event.a for event in lane.app.journal.since(0) if event.kind == "alarm"]


def test_edges_get_lost():
    lane = Lane(BRISK, 1000, seed=29, faults=again_and_again("lost_edges", 10 * MINUTE_MS, 3 * MINUTE_MS, 17))
    lane.run(6000)
    report("lost edges", lane)
    assert lane.wrapped()
    assert lane.restarts >= 5
    assert lane.app.status.read()["missing_steps"] > 32


def test_the_motor_stalls():
    lane = Lane(BRISK, 1000, seed=31, faults=again_and_again("stall", 7 * MINUTE_MS, MINUTE_MS))
    lane.run(5000)
    report("stall", lane)
    assert lane.wrapped()
    assert lane.restarts >= 5


def test_the_motor_slips():
    lane = Lane(BRISK, 1000, seed=37, faults=again_and_again("slip", 7 * MINUTE_MS, 5 * MINUTE_MS, 33))
    lane.run(4000, uneven=True)
    report("slip", lane)
    assert lane.wrapped()
    assert lane.bench.truth()["motor_steps"] < lane.app.status.read()["confirmed_steps"]


def test_the_driver_loses_its_power():
    faults = again_and_again("driver_off", 11 * MINUTE_MS, 20_500) + again_and_again("driver_off", 13 * MINUTE_MS, 700)
    lane = Lane(BRISK, 1000, seed=41, faults=faults)
    lane.run(6000)
    report("driver off", lane)
    assert lane.wrapped()
    assert lane.restarts >= 2
    assert lane.app.status.read()["confirmed_steps"] > 80_000


def test_the_catheter_is_blocked():
    lane = Lane(BRISK, 10_000, seed=43, faults=again_and_again("occlusion", HOUR_MS, HOUR_MS // 2))
    lane.run(4000)
    report("occlusion", lane)
    assert lane.wrapped()
    assert lane.restarts >= 5


def test_edges_come_that_were_never_sent():
    lane = Lane(BRISK, 1000, seed=53)
    for i in range(20):
        lane.bench.edges.see((1 << 29) + i)
        lane.run(50)
    report("free flow", lane)
    assert lane.wrapped()
    assert lane.restarts >= 19
    assert lane.app.status.read()["stray_steps"] > 1 << 30


def test_ticks_come_late():
    faults = again_and_again("late_tick", 20_000, 5000, 73) + again_and_again("late_tick", 33_000, 3000, 1111)
    lane = Lane(BRISK, 10, seed=47, faults=faults)
    lane.run(9000, uneven=True)
    report("late ticks", lane)
    assert lane.wrapped()
    assert lane.app.status.read()["late_ticks"] > 100
