"""The tick allocates nothing: boluses, stop and start, caps and an empty reservoir. A third of the 100,000 ticks."""

import board
from ticking import MONDAY, Lane, program, report

from pump.safety.guard import CATCH_UP, DAY_CAP, EMPTY, HOUR_CAP

REQUIREMENTS = {
    "test_boluses_at_the_boards_tick": ["M-01"],
    "test_boluses_cancelled_by_stops": ["M-01"],
    "test_the_cap_of_an_hour_bites": ["D-06"],
    "test_the_cap_of_a_day_bites": ["D-06"],
    "test_a_reservoir_runs_empty_again_and_again": ["R-01", "R-03"],
}

DEN = (1 << 20) - 3


def every(span_ms, duration_ms, steps, count=64):
    """`count` boluses of today, one every `span_ms`."""
    return [[0, i * span_ms, steps, (i * 77_777) % DEN, duration_ms] for i in range(1, count + 1)]


def withheld(lane, reason):
    return lane.app.status.read()["withheld_ticks"][reason]


def test_boluses_at_the_boards_tick():
    lane = Lane(program([[0, 1_000_000, 7]], DEN, every(70_000, 2500, 60, 24)), 10)
    for i in range(1, 25):
        # The quiet between two boluses is passed over.
        lane.app.control.set_time(i * 70_000 - 1000, MONDAY)
        lane.run(420, uneven=True)
    report("boluses", lane)
    assert lane.wrapped()
    assert lane.happened().count("bolus_end") >= 20
    assert withheld(lane, CATCH_UP) > 0


def test_boluses_cancelled_by_stops():
    lane = Lane(program([[0, 2_000_000, DEN - 1]], DEN, every(120_000, 60_000, 900, 40)), 1000, seed=3)
    lane.run(6000, stop_every=350)
    report("stops", lane)
    assert lane.wrapped()
    assert lane.restarts >= 15
    assert "bolus_cancelled" in lane.happened()


def test_the_cap_of_an_hour_bites():
    lane = Lane(program([[0, 5_000_000, 0]]), 1000, seed=17)
    lane.run(2000)
    lane.load(program([[0, 500_000, 0]], hour=22_000))
    lane.app.control.start()
    lane.run(5000, uneven=True)
    report("hour cap", lane)
    assert lane.wrapped()
    assert withheld(lane, HOUR_CAP) > 0


def test_the_cap_of_a_day_bites():
    lane = Lane(program([[0, 5_000_000, 0]]), 60_000, seed=19)
    lane.run(1500)
    lane.load(program([[0, 500_000, 0]], day=520_000))
    lane.app.control.start()
    lane.run(4500, uneven=True)
    report("day cap", lane)
    assert lane.wrapped()
    assert withheld(lane, DAY_CAP) > 0


def test_a_reservoir_runs_empty_again_and_again():
    fill_steps = board.RESERVOIR_RESIDUAL_STEPS + 20_000
    lane = Lane(program([[0, 5_000_000, 0]]), 1000, seed=23, fill_steps=fill_steps)
    lane.run(5000)
    report("empty", lane)
    assert lane.wrapped()
    assert lane.restarts >= 5
    assert lane.app.status.read()["wasted_steps"] > 0
    assert withheld(lane, EMPTY) > 0
