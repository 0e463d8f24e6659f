"""That a tick which allocates is caught, and named: without these the other tick tests could not fail."""

from support import SMALL_INTS_OF_31_BITS, Skip, micropython
from ticking import Lane, program

from pump.core.units import SMALL_MAX

BRISK = program([[0, 2_000_000, 1]], 3)
SPOILT_TICK = 17


class SpoiltDemand:
    """Stands before the pump's demand; in one tick it makes something of its own."""

    def __init__(self, demand, make):
        self._demand = demand
        self._make = make
        self._ticks = 0
        self.owed_steps = 0

    def __getattr__(self, name):
        return getattr(self._demand, name)

    def advance(self, dt_ms, delivering):
        if self._ticks == SPOILT_TICK:
            self._make(dt_ms)
        self._ticks += 1
        self.owed_steps = self._demand.advance(dt_ms, delivering)
        return self.owed_steps

    def sound(self):
        return True

    def take(self, steps):
        self._demand.take(steps)


def make_nothing(dt_ms):
    return dt_ms


def make_a_list(dt_ms):
    return [dt_ms]


def make_a_float(dt_ms):
    return dt_ms / 3


def make_the_31st_bit(dt_ms):
    return SMALL_MAX + dt_ms


def caught(make):
    """What was caught when `make` is called within a tick; empty when nothing was. Raises Skip on CPython."""
    if micropython is None:
        raise Skip("CPython has no heap_lock")
    lane = Lane(BRISK, 1000)
    lane.app.tick.demand = SpoiltDemand(lane.app.tick.demand, make)
    try:
        lane.run(2 * SPOILT_TICK)
    except AssertionError as error:
        return str(error)
    return ""


def test_a_tick_that_makes_nothing_is_not_caught():
    assert caught(make_nothing) == ""


def test_a_tick_that_makes_a_list_is_caught_and_named():
    assert caught(make_a_list) == "tick 17 allocated"


def test_a_tick_that_makes_a_float_is_caught_and_named():
    assert caught(make_a_float) == "tick 17 allocated"


def test_a_tick_that_leaves_30_bits_is_caught_where_small_ints_have_31():
    assert caught(make_the_31st_bit) == ("tick 17 allocated" if SMALL_INTS_OF_31_BITS else "")


def test_the_heap_is_free_again_after_a_tick_was_caught():
    caught(make_a_list)
    assert [1] == make_a_list(1)
