"""The tick allocates nothing: basal rates of every size, on ticks of every length. A third of the 100,000 ticks."""

from ticking import Lane, board_with_tick, program, report

from pump.core.units import MS_PER_DAY

REQUIREMENTS = {
    "test_a_continuous_rate_at_the_boards_tick": ["M-01", "M-10"],
    "test_the_greatest_rate_with_uneven_ticks": ["M-10"],
    "test_a_flex_day_of_48_steps": ["D-08", "M-10"],
    "test_days_in_slices_of_a_quarter_hour": ["M-10"],
    "test_ticks_of_a_millisecond": ["M-10"],
}

# The greatest denominator there is, less a little, so that it divides nothing.
DEN = (1 << 20) - 3
# The board's hour allows no more all day long.
GREATEST_STEPS_DAY = 5_400_000


def flex(steps_day):
    """48 half hours at rates from nothing to nearly `steps_day`, none a whole number of microsteps per day."""
    return [[i * 1_800_000, steps_day * (i * 29 % 48) // 48, DEN - 1 - i] for i in range(48)]


def test_a_continuous_rate_at_the_boards_tick():
    lane = Lane(program([[0, 3_000_000, DEN - 1]], DEN), 10)
    lane.run(12_000)
    report("continuous", lane)
    assert lane.wrapped()
    assert lane.app.status.read()["confirmed_steps"] > 4000


def test_the_greatest_rate_with_uneven_ticks():
    lane = Lane(program([[0, GREATEST_STEPS_DAY, 0]]), 1000, seed=5)
    lane.run(8000, uneven=True)
    report("greatest rate", lane)
    assert lane.wrapped()
    assert lane.app.status.read()["granted_steps"] > 300_000


def test_a_flex_day_of_48_steps():
    lane = Lane(program(flex(GREATEST_STEPS_DAY), DEN), 60_000, seed=7)
    lane.run(5000, uneven=True)
    report("flex", lane)
    assert lane.wrapped()
    assert lane.app.status.read()["day"] >= 3


def test_days_in_slices_of_a_quarter_hour():
    lane = Lane(program(flex(400_000), DEN), 900_000, seed=11)
    lane.run(2500)
    report("quarter hours", lane)
    assert lane.wrapped()
    assert lane.app.status.read()["day"] == 2500 * 900_000 // MS_PER_DAY


def test_ticks_of_a_millisecond():
    lane = Lane(program([[0, GREATEST_STEPS_DAY, 1]], DEN), 1, seed=13)
    lane.run(8000)
    report("milliseconds", lane)
    assert lane.wrapped()
    assert lane.app.status.read()["confirmed_steps"] > 400


def test_the_board_of_a_slice_is_what_its_generator_makes():
    assert board_with_tick(10).BURST_MAX_STEPS == 1
    assert board_with_tick(1000).BURST_MAX_STEPS == 65
    assert board_with_tick(900_000).DEAD_MAN_MS == 4_500_000
