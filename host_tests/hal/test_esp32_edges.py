"""The pulse counters: every edge that moved the motor, once, and none that did not."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.simchip import Chip
from hal.simmodules import hal
from hal.wired import ABSENT, constants, wired

MODULUS = 2**30
WRAP = 32_767
SENSED = constants("esp32_devkit")
UNSENSED = constants("esp32_devkit", PIN_SUPPLY=ABSENT)


class Bench:
    """Read-back pins in the hand of the test, and the counter on them. At first the driver is enabled and powered."""

    def __init__(self, board: Any) -> None:
        self.board = board
        self.chip: Chip = wired(board)
        self.chip.drive(board.PIN_ENABLE_READBACK, 0)
        self.chip.drive(board.PIN_STEP_READBACK, 0)
        self.edges = hal(self.chip, "esp32_step").PcntEdges(board)

    def enable(self, enabled: bool) -> None:
        self.chip.drive(self.board.PIN_ENABLE_READBACK, 0 if enabled else 1)

    def power(self, powered: bool) -> None:
        if self.board.PIN_SUPPLY != ABSENT:
            self.chip.drive(self.board.PIN_SUPPLY, 1 if powered else 0)

    def pulse(self, pulses: int = 1) -> None:
        for _ in range(pulses):
            self.chip.drive(self.board.PIN_STEP_READBACK, 1)
            self.chip.drive(self.board.PIN_STEP_READBACK, 0)


@pytest.fixture(params=[SENSED, UNSENSED], ids=["supply sensed", "supply not sensed"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


def test_counts_rising_edges(bench: Bench) -> None:
    assert bench.edges.count() == 0
    bench.pulse(3)
    assert bench.edges.count() == 3
    assert bench.edges.count() == 3


@pytest.mark.req("M-09")
def test_an_edge_that_finds_the_driver_disabled_is_not_counted(bench: Bench) -> None:
    bench.pulse(2)
    bench.enable(False)
    bench.pulse(5)
    bench.enable(True)
    bench.pulse()
    assert bench.edges.count() == 3


@pytest.mark.req("M-09")
def test_an_edge_that_finds_the_driver_without_supply_is_not_counted() -> None:
    bench = Bench(SENSED)
    bench.pulse(2)
    bench.power(False)
    bench.pulse(5)
    bench.power(True)
    bench.pulse()
    assert bench.edges.count() == 3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pulse", "look", "disable", "enable", "cut", "power"]),
            st.integers(1, 40),
        ),
        max_size=30,
    )
)
def test_with_one_gate_closed_at_a_time_the_count_is_exact(story: list[tuple[str, int]]) -> None:
    bench = Bench(SENSED)
    enabled, powered, moved = True, True, 0
    for what, pulses in story:
        if what == "pulse":
            bench.pulse(pulses)
            moved += pulses if enabled and powered else 0
        elif what == "look":
            assert bench.edges.count() == moved
        elif what in ("disable", "enable") and powered:
            # Asked in between, as a tick would: only then may the other gate close.
            assert bench.edges.count() == moved
            enabled = what == "enable"
            bench.enable(enabled)
        elif what in ("cut", "power") and enabled:
            assert bench.edges.count() == moved
            powered = what == "power"
            bench.power(powered)
    assert bench.edges.count() == moved


@given(st.lists(st.integers(0, WRAP - 1), max_size=12))
def test_nothing_is_lost_where_the_hardware_wraps(parts: list[int]) -> None:
    bench = Bench(UNSENSED)
    counter = bench.edges._enabled._counter
    total = 0
    for part in parts:
        # The hardware's own arithmetic, without a million pulses.
        counter.count = (counter.count + part) % WRAP
        total += part
        assert bench.edges.count() == total % MODULUS


def test_the_hardware_wraps_as_that_says() -> None:
    bench = Bench(UNSENSED)
    bench.edges._enabled._counter.count = WRAP - 2
    bench.edges._enabled._last = WRAP - 2
    for expected in (1, 2, 3):
        bench.pulse()
        assert bench.edges.count() == expected


def test_the_count_wraps_at_two_to_the_thirty(bench: Bench) -> None:
    bench.edges._count = MODULUS - 2
    seen = []
    for _ in range(3):
        bench.pulse()
        seen.append(bench.edges.count())
    assert seen == [MODULUS - 1, 0, 1]


@pytest.mark.parametrize("looks_before", range(6))
def test_an_edge_in_the_midst_of_a_count_is_counted_once(looks_before: int) -> None:
    bench = Bench(SENSED)
    looks = []

    def slip_in() -> None:
        if len(looks) == looks_before:
            bench.pulse()
        looks.append(None)

    bench.chip.on_look = slip_in
    for _ in range(6):
        bench.edges.count()
    assert bench.edges.count() == 1


def test_an_edge_at_every_look_ends_the_count_all_the_same() -> None:
    bench = Bench(SENSED)
    pulse: Callable[[], None] = bench.pulse
    bench.chip.on_look = pulse
    before = bench.edges.count()
    assert 0 < bench.edges.count() - before < 10


@pytest.mark.parametrize("wire", ["PIN_STEP_READBACK", "PIN_ENABLE_READBACK"])
def test_a_wire_that_came_off_reads_as_no_edges(wire: str) -> None:
    board = SENSED
    chip = wired(board)
    edges = hal(chip, "esp32_step").PcntEdges(board)
    machine = hal(chip, "pins").Pin
    step, enable = machine(board.PIN_STEP, 1, value=0), machine(board.PIN_ENABLE, 1, value=0)
    chip.cut(getattr(board, wire))
    for _ in range(4):
        step.value(1)
        step.value(0)
    assert edges.count() == 0
    enable.value(1)


def test_a_supply_wire_that_came_off_reads_as_no_supply() -> None:
    bench = Bench(SENSED)
    bench.chip.pad(SENSED.PIN_SUPPLY).outside = None
    bench.chip.settle()
    bench.pulse(4)
    assert bench.edges.count() == 0
