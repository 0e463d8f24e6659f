"""The ports' own Python allocates nothing where the tick calls it. Below them are parts that do not either."""

import sys

from support import without_allocation

from pump.core.ticks import MASK

MOST = 5
ROUNDS = 60


class Pin:
    IN = 0
    OUT = 1
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self.level = 0 if value is None else value

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        return None

    def irq(self, handler, trigger, hard=False):
        self.handler = handler


class Channel:
    def __init__(self, pin, resolution_hz, idle_level):
        self.written = 0
        self.turns = 0

    def write_pulses(self, duration, data=True):
        self.written += 1

    def wait_done(self):
        # Now and then it is over sooner than the clock says.
        self.turns += 1
        return self.turns % 7 == 0


class Counter:
    INCREMENT = 1
    HOLD = 2

    def __init__(self, unit, **settings):
        self.count = 0

    def start(self):
        pass

    def value(self):
        # An edge in the midst of a count, now and then, and every wrap there is.
        self.count = (self.count + 1234) % 32767
        return self.count


class Timer:
    PERIODIC = 1

    def __init__(self, number):
        pass

    def init(self, period, mode, callback):
        pass


class Memory:
    def __init__(self):
        self.held = 0

    def __getitem__(self, address):
        return 256

    def __setitem__(self, address, value):
        self.held = value


class Time:
    """A clock that gets on by itself, through all its wraps."""

    def __init__(self):
        self.now = MASK - 5000

    def ticks_us(self):
        self.now = self.now + 37 if self.now < MASK - 37 else 5
        return self.now

    def ticks_ms(self):
        return self.ticks_us()

    def ticks_add(self, ticks, span):
        return ticks + span if ticks <= MASK - span else ticks - (MASK - span) - 1

    def ticks_diff(self, later, earlier):
        span = later - earlier
        return span if -500_000_000 < span < 500_000_000 else 1

    def sleep_us(self, span_us):
        pass

    def sleep_ms(self, span_ms):
        pass


class Module:
    pass


def faked():
    machine, esp32 = Module(), Module()
    machine.Pin = Pin
    machine.Timer = Timer
    machine.mem32 = Memory()
    for name in ("ADC", "PWM", "UART", "WDT"):
        setattr(machine, name, None)
    esp32.RMT = Channel
    esp32.PCNT = Counter
    return {"machine": machine, "esp32": esp32, "time": Time()}


class Board:
    CHIP = "esp32s3"
    TICK_MS = 10
    DEAD_MAN_MS = 500
    BURST_MAX_STEPS = MOST
    MIN_STEP_INTERVAL_US = 200
    PULSE_US = 2
    DIR_SETUP_US = 1
    PIN_STEP = 4
    PIN_STEP_READBACK = 5
    PIN_DIR = 6
    PIN_ENABLE = 7
    PIN_ENABLE_READBACK = 8
    PIN_SUPPLY = 9


def opened(name):
    """The module `pump.hal.NAME` above the parts that do not allocate."""
    fakes = faked()
    kept = {}
    for each in fakes:
        if each in sys.modules:
            kept[each] = sys.modules[each]
        sys.modules[each] = fakes[each]
    try:
        return __import__("pump.hal." + name, None, None, ["*"])
    finally:
        for each in fakes:
            del sys.modules[each]
        sys.modules.update(kept)


class Clock:
    def __init__(self):
        self.now = MASK - 3000

    def ticks_ms(self):
        self.now = self.now + 10 if self.now < MASK - 10 else 5
        return self.now


def drive_steps(step_and_most):
    step, most = step_and_most
    for number in range(ROUNDS):
        steps = number % most + 1
        step.burst(steps, 10_000 // steps - number % 3)
        step.busy()
        if number % 4 == 0:
            step.stop()
        step.stop()
        step.busy()


def drive_edges(edges):
    for _ in range(ROUNDS):
        edges.count()


def drive_dead_man(dead_man):
    for number in range(ROUNDS):
        dead_man.feed()
        dead_man.held()
        if number % 5 == 0:
            dead_man.release()


def test_rmt_step_allocates_nothing():
    step = opened("esp32_step").RmtStep(Board)
    without_allocation(drive_steps, (step, MOST))
    assert step._channel.written == ROUNDS + 1


def test_pcnt_edges_allocate_nothing_through_every_wrap():
    edges = opened("esp32_step").PcntEdges(Board)
    edges._count = MASK - 100
    without_allocation(drive_edges, edges)
    assert 0 <= edges.count() <= MASK


def test_rmt_dead_man_allocates_nothing():
    dead_man = opened("esp32_step").RmtDeadMan(Board, Clock())
    # These pins do not follow, so it does not trust itself.
    dead_man._trusted = True
    without_allocation(drive_dead_man, dead_man)
    assert dead_man._channels[0].written + dead_man._channels[1].written > 4


def test_the_portable_ports_allocate_nothing():
    module = opened("portable")
    board = type("Portable", (Board,), {"BURST_MAX_STEPS": 2})
    step, edges, dead_man = module.PinStep(board), module.PinEdges(board), module.TimerDeadMan(board, Clock())
    without_allocation(drive_steps, (step, 2))
    edges._count = MASK
    without_allocation(edges._on_edge, None)
    without_allocation(drive_edges, edges)
    without_allocation(drive_dead_man, dead_man)
    without_allocation(dead_man._look, None)


def test_the_ports_of_the_esp32_are_python_these_engines_know():
    assert opened("esp32").Ports.__name__ == "Ports"
