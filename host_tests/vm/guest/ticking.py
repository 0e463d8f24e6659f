"""The whole pump on the twin's bench, in which each tick runs by itself with the heap locked.

Nothing here is random: a seed alone decides when ticks come and what is done between them, so that every engine must
come to the same counts.
"""

import gc
import json
import sys

import board
from support import micropython

from pump.app import App
from pump.core.sealed import settings_checksum
from pump.core.units import MS_PER_DAY, SMALL_MAX
from twin.bench import Bench
from twin.faults import Faults

# The WebAssembly VM's collector frees what is in use; its heap is made large enough to do without.
if getattr(sys.implementation, "_build", "") == "wasi":
    gc.disable()

# Slices a halted or stopped pump stands before it is started again.
REST_TICKS = 40
# How far below 2**30 the clock and the edge counter begin.
BEFORE_WRAP_TICKS = 2
BEFORE_WRAP_EDGES = 5
MONDAY = 0
NG_ML = 500_000


def board_with_tick(tick_ms):
    """The generated board with another tick, and with what depends on it, as its generator derives it."""

    class Sliced:
        pass

    for name in dir(board):
        if name[0] != "_":
            setattr(Sliced, name, getattr(board, name))
    Sliced.TICK_MS = tick_ms
    Sliced.DEAD_MAN_MS = max(board.DEAD_MAN_MS, 5 * tick_ms)
    Sliced.WATCHDOG_MS = max(board.WATCHDOG_MS, 6 * tick_ms)
    Sliced.BURST_MAX_STEPS = max(1, -(-board.LIMIT_DAY_STEPS * tick_ms // MS_PER_DAY))
    Sliced.LEASE_STEPS = max(board.LEASE_STEPS, 4 * Sliced.BURST_MAX_STEPS)
    Sliced.CHECKSUM = settings_checksum(Sliced)
    return Sliced


def program(rows, rate_den=1, boluses=(), hour=SMALL_MAX, day=SMALL_MAX, bolus=SMALL_MAX, parts=None):
    """A device program of one day pattern, `rows`; a limit that is not given does not bind. `parts` replaces fields."""
    source = {
        "version": 2,
        "rate_den": rate_den,
        "concentration_ng_ml": NG_ML,
        "patterns": [rows],
        "plan": [[0, 0, 0]],
        "boluses": list(boluses),
        "patient": None,
        "trial": [],
        "bridge": None,
        "override": "",
        "titration": [1000, "test"],
        "limits": {"hour": [hour, "test"], "day": [day, "test"], "bolus": [bolus, "test"]},
    }
    source.update(parts or {})
    return source


def run_locked(tick, number):
    """Call `tick` with the heap locked. Raises AssertionError naming the tick if it allocates; CPython cannot tell."""
    if micropython is None:
        tick()
        return
    micropython.heap_lock()
    caught = False
    try:
        tick()
    except MemoryError:
        caught = True
    micropython.heap_unlock()
    if caught:
        raise AssertionError("tick %d allocated" % number)


class Lane:
    """A pump that delivers `source`, with clock and edge counter about to wrap."""

    def __init__(
        self, source, tick_ms, seed=1, faults=(), fill_steps=board.RESERVOIR_CAPACITY_STEPS, day_ms=0, weekday=MONDAY
    ):
        constants = board_with_tick(tick_ms)
        self.bench = Bench(constants, fill_steps, Faults(list(faults)), seed)
        self.bench.clock._now_ticks = SMALL_MAX - BEFORE_WRAP_TICKS * tick_ms
        self.bench.edges._count = SMALL_MAX - BEFORE_WRAP_EDGES
        self.app = App(constants, self.bench.ports)
        self._tick = self.app.tick.run_once
        self.ticks = 0
        self.restarts = 0
        self._tick_ms = tick_ms
        self._fill_steps = fill_steps
        self._chance = seed
        self._rested = 0
        self.app.open()
        self.app.control.refill(fill_steps, 0, NG_ML)
        self.load(source)
        self.app.control.set_time(day_ms, weekday)
        self.app.control.start()

    def load(self, source):
        """Deliver `source` from now on, when the pump is started."""
        self.app.control.stop()
        self.app.control.load(source)

    def refill(self, concentration_ng_ml=NG_ML):
        """Draw off what the pump expects to be there, and fill it anew."""
        self.app.control.refill(self._fill_steps, self.app.status.read()["reservoir_steps"], concentration_ng_ml)
        self.bench.refill(self._fill_steps, concentration_ng_ml)

    def run(self, ticks, uneven=False, stop_every=0):
        """Let `ticks` slices pass, each with its tick locked and its loop; `uneven`: half to one and a half as long.

        Every `stop_every` ticks the pump is stopped. Whatever stopped it, it is started again later.
        """
        for _ in range(ticks):
            self._slice(uneven)
            if stop_every and self.ticks % stop_every == 0:
                self.app.control.stop()

    def _slice(self, uneven):
        bench = self.bench
        span_ms = self._tick_ms + bench.faults.late_ms
        if uneven and span_ms > 1:
            span_ms = span_ms // 2 + self._next_chance() % span_ms
        bench.advance(span_ms)
        run_locked(self._tick, self.ticks)
        self.ticks += 1
        self.app.loop.poll()
        if self.app.control.state in ("stopped", "halted"):
            self._rested += 1
            if self._rested == REST_TICKS:
                self._rested = 0
                self._start_again()

    def _next_chance(self):
        """The next of a fixed sequence of numbers below 2**16, all of whose steps stay within 30 bits."""
        self._chance = (self._chance * 75 + 74) % 65537
        return self._chance

    def _start_again(self):
        control = self.app.control
        if self.app.status.read()["reservoir_steps"] <= board.RESERVOIR_LOW_STEPS:
            self.refill()
        if control.state == "halted":
            control.acknowledge()
        control.start()
        self.restarts += 1

    def counts(self):
        """All the counts this lane came to, and what the motor really made. Fails when they do not add up."""
        assert self.app.tick.sound() or "memory_corrupt" in self.app.status.read()["alarms"]
        status = self.app.status.read()
        truth = self.bench.truth()
        names = (
            "ordered granted confirmed owed dropped in_flight missing stray abandoned hour day reservoir filled wasted "
            "primed_ordered primed bridge_left bolus_left suspended"
        )
        counts = [status[name + "_steps"] for name in names.split()]
        ordered, granted, confirmed, owed, dropped, in_flight, missing, stray, abandoned = counts[:9]
        assert ordered == granted + owed + dropped, counts
        assert granted + stray == confirmed + in_flight + missing + abandoned, counts
        assert status["filled_steps"] == status["reservoir_steps"] + confirmed + status["wasted_steps"], counts
        counts += status["withheld_ticks"]
        return counts + [
            status["late_ticks"],
            self.app.journal.seq,
            self.restarts,
            truth["motor_steps"],
            truth["edges"],
        ]

    def wrapped(self):
        """Whether both the clock and the edge counter have passed 2**30."""
        now_ticks = self.bench.clock.ticks_ms()
        return now_ticks < self.bench.clock.elapsed_ms and self.bench.edges.count() < SMALL_MAX - BEFORE_WRAP_EDGES

    def happened(self):
        """The kinds of the journal's newest events."""
        return [event.kind for event in self.app.journal.since(0)]


def report(name, lane):
    """Print the counts of `lane` for the host, which compares those of all engines."""
    print(
        json.dumps(
            {"test": "counts of " + name, "outcome": "passed", "text": "%d ticks: %s" % (lane.ticks, lane.counts())}
        )
    )
