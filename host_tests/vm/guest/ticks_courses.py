"""The tick allocates nothing: over weekends and stages, in a bridge and a prime, kept open, with a bolus suspended."""

from ticking import NG_ML, Lane, program, report

from pump.core.units import MS_PER_DAY
from pump.safety.guard import PRIME_VOLUME

REQUIREMENTS = {
    "test_a_weekend_and_a_stage_begin_at_a_midnight_of_the_boards_tick": ["M-10"],
    "test_weeks_of_a_plan": ["M-10"],
    "test_a_bridge_that_is_stopped_and_goes_on": ["D-12", "M-01"],
    "test_a_prime_and_the_therapy_after_it": ["D-13", "M-01"],
}

# The greatest denominator there is, less a little, so that it divides nothing.
DEN = (1 << 20) - 3
FRIDAY = 4
MINUTE_MS = 60_000


def day(steps_day):
    """48 half hours at rates around `steps_day`, none a whole number of microsteps per day."""
    return [[i * 30 * MINUTE_MS, steps_day * (40 + i * 29 % 48) // 64, DEN - 1 - i] for i in range(48)]


def plan_of(steps_day, from_day):
    """A plan of two stages, the second from `from_day` on, whose weekdays and weekends all differ."""
    patterns = [day(steps_day), day(steps_day * 3 // 2), day(steps_day // 2), day(steps_day * 3 // 4)]
    return {"patterns": patterns, "plan": [[0, 0, 1], [from_day, 2, 3]]}


def test_a_weekend_and_a_stage_begin_at_a_midnight_of_the_boards_tick():
    for from_day in (1, 2):
        source = program([], DEN, parts=plan_of(2_000_000, from_day))
        lane = Lane(source, 10, seed=59, day_ms=MS_PER_DAY - 10_000, weekday=FRIDAY)
        lane.run(2000, uneven=True)
        report("midnight before day %d" % from_day, lane)
        assert lane.wrapped()
        status = lane.app.status.read()
        assert (status["weekday"], status["plan_day"], status["stage"]) == (5, 1, 2 - from_day)
        assert status["confirmed_steps"] > 200


def test_weeks_of_a_plan():
    lane = Lane(program([], DEN, parts=plan_of(200_000, 9)), 900_000, seed=61, weekday=FRIDAY)
    lane.run(500, uneven=True)
    lane.app.control.pause_plan()
    lane.run(200)
    lane.app.control.resume_plan()
    lane.run(1100)
    report("weeks", lane)
    assert lane.wrapped()
    status = lane.app.status.read()
    assert status["day"] >= 14
    assert status["stage"] == 1


def test_a_bridge_that_is_stopped_and_goes_on():
    lane = Lane(program([[0, 2_000_000, 1]], DEN), 1000, seed=67)
    lane.run(300)
    lane.app.control.stop()
    lane.refill(4 * NG_ML)
    bridge = {"concentration_ng_ml": 4 * NG_ML, "bridge": [12_345, 900_000]}
    lane.load(program([[0, 400_000, 1]], DEN, parts=bridge))
    lane.app.control.start()
    # Stopped twice on its way; each time it rests for a while and goes on.
    lane.run(800, uneven=True, stop_every=500)
    lane.run(1400, uneven=True)
    report("bridge", lane)
    assert lane.wrapped()
    assert lane.restarts >= 1
    assert lane.happened().count("bridge") == 1 + lane.restarts
    assert "bridge_end" in lane.happened()
    assert lane.app.status.read()["bridge_left_steps"] == 0


def test_a_prime_and_the_therapy_after_it():
    lane = Lane(program([[0, 2_000_000, 1]], DEN), 1000, seed=71)
    lane.run(300)
    lane.app.control.stop()
    lane.run(20)
    lane.refill()
    lane.app.control.prime(12_345, 500_000, True)
    lane.run(200, uneven=True)
    # More is owed than was allowed, as a fault would have it.
    lane.app.tick.demand._owe(1000)
    lane.app.tick.demand.primed.add(1000)
    lane.run(600, uneven=True)
    report("prime", lane)
    assert lane.wrapped()
    status = lane.app.status.read()
    assert status["primed_steps"] == 12_345
    assert status["withheld_ticks"][PRIME_VOLUME] > 0
    assert status["state"] == "delivering"
    assert status["confirmed_steps"] > 12_345


def test_kept_open_and_running_the_program_again():
    boluses = [[0, i * 120_000, 900, i, 60_000] for i in range(1, 20)]
    lane = Lane(program([[0, 2_000_000, DEN - 1]], DEN, boluses), 1000, seed=73)
    for _ in range(4):
        lane.run(150, uneven=True)
        lane.app.control.keep_open()
        lane.run(100, uneven=True)
        lane.app.control.run_program()
    report("keep open", lane)
    assert lane.wrapped()
    assert lane.happened().count("keep_open_end") == 4
    assert "bolus_cancelled" in lane.happened()


def test_a_patients_bolus_is_suspended_by_the_clinicians_and_resumed():
    patient = {"patient": [1200, 7, 300_000, MINUTE_MS, 48]}
    lane = Lane(program([[0, 1_000_000, DEN - 1]], DEN, parts=patient), 1000, seed=79)
    for i in range(3):
        lane.app.control.request_bolus()
        lane.run(50, uneven=True)
        lane.app.control.give_bolus(500, i, 7, 60_000)
        lane.run(450, uneven=True)
    report("suspended", lane)
    assert lane.wrapped()
    assert lane.happened().count("patient_resumed") == 3
    assert lane.happened().count("bolus_end") == 6
