"""The tick allocates nothing when a guarded figure changed by itself, whichever it is: it halts, on every engine."""

from ticking import Lane, program, report, run_locked

from pump.safety.alarms import MEMORY_CORRUPT
from pump.therapy.demand import BRIDGE, PRIME, THERAPY

REQUIREMENTS = {
    "test_a_flip_in_what_always_counts": ["M-02", "D-06"],
    "test_a_flip_in_a_bolus": ["M-02", "D-06"],
    "test_a_flip_in_a_prime": ["M-02", "D-06"],
    "test_a_halt_in_the_middle_of_a_burst": ["M-02", "D-06"],
}

TICK_MS = 1000
# So little that nothing is on its way while figures are flipped.
SLOW = program([[0, 1, 1]], 3)
BRISK = program([[0, 2_000_000, 1]], 3)
# All of a small int of the chips: 30 bits, and the sign.
FLIPS = [1 << bit for bit in range(30)] + [-(1 << 30)]


def of(place, *names):
    return [(place, name) for name in names]


def always(tick):
    """The guarded figures that always count."""
    guard = tick._guard
    figures = of(tick, "delivering", "_last_ticks") + of(tick._halt, "reasons")
    figures += of(tick._ledger.delivered, "high", "low") + of(guard, "lease_left_steps")
    figures += of(guard.limits.hour, "steps") + of(guard.limits.day, "steps")
    figures += of(guard.windows, "minute_ms", "minutes_turned", "hour_steps", "day_steps")
    figures += of(tick.demand, "mode", "owed_steps", "_waiting_ms", "_waiting_steps")
    return figures + of(tick.demand.basal.drip, "whole", "frac", "_den", "_per_ms")


def of_bolus(bolus):
    """The guarded figures of a bolus, a bridge or a prime that runs."""
    return of(bolus, "left_steps", "steps", "duration_ms") + of(bolus._drip, "whole", "frac", "_den", "_per_ms")


def flipped(value, bits):
    return not value if isinstance(value, bool) else value ^ bits


def halts(lane, place, name, bits):
    """Whether the next tick, run locked, halts after this flip; afterwards all is as it was before."""
    tick = lane.app.tick
    before = getattr(place, name)
    setattr(place, name, flipped(before, bits))
    lane.bench.advance(TICK_MS)
    run_locked(tick.run_once, lane.ticks)
    lane.ticks += 1
    found = tick._halt.reasons & 1 << MEMORY_CORRUPT != 0 and not tick.sound()
    setattr(place, name, before)
    tick._halt.__init__()
    assert tick.sound(), name
    return found


def assert_all_halt(lane, figures):
    granted = lane.app.status.read()["granted_steps"]
    for place, name in figures:
        for bits in [1] if name == "delivering" else FLIPS:
            assert halts(lane, place, name, bits), (name, bits)
    assert lane.app.status.read()["granted_steps"] == granted


def test_a_flip_in_what_always_counts():
    lane = Lane(SLOW, TICK_MS, seed=83)
    lane.run(20)
    assert lane.app.tick.demand.mode == THERAPY
    assert_all_halt(lane, always(lane.app.tick))
    report("flips", lane)


def test_a_flip_in_a_bolus():
    lane = Lane(SLOW, TICK_MS, seed=89)
    lane.app.control.give_bolus(1, 0, 1, 3_600_000)
    lane.run(20)
    assert lane.app.tick.demand.bolus.active
    assert_all_halt(lane, of_bolus(lane.app.tick.demand.bolus))
    report("flips in a bolus", lane)


def test_a_flip_in_a_prime():
    lane = Lane(SLOW, TICK_MS, seed=97)
    lane.app.control.stop()
    lane.run(20)
    lane.refill()
    lane.app.control.prime(1, 3_600_000, True)
    lane.run(20)
    assert lane.app.tick.demand.mode == PRIME != BRIDGE
    assert_all_halt(lane, of_bolus(lane.app.tick.demand.prime))
    report("flips in a prime", lane)


def test_a_halt_in_the_middle_of_a_burst():
    lane = Lane(BRISK, TICK_MS, seed=101)
    lane.run(20)
    lane.bench.advance(TICK_MS // 2)
    granted = lane.app.status.read()["granted_steps"]
    lane.app.tick._guard.lease_left_steps ^= 1 << 20
    # The loop of the last slice ends delivery; nothing starts it again.
    lane.run(30)
    status = lane.app.status.read()
    assert (status["granted_steps"], status["state"]) == (granted, "halted")
    assert "memory_corrupt" in status["alarms"]
    report("halt in a burst", lane)
