"""The edge counter on a state machine, cycle by cycle: what `test_pio_programs.py` is for STEP.

A cycle is one of the processor's, 8 ns at 125 MHz.
"""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pio_machine import Pin, StateMachine, on_chip
from pump.core.ticks import MASK

RP2 = on_chip("pump.hal.rp2")

PIN_STEP_READBACK, PIN_SUPPLY, PIN_ENABLE_READBACK = 3, 4, 7
ABSENT = -1

STEP_HIGH = 1 << PIN_STEP_READBACK
POWERED = 1 << PIN_SUPPLY
DISABLED = 1 << PIN_ENABLE_READBACK

# A pulse of the driver that takes the shortest, 104 ns high and 104 ns low, in cycles of 8 ns; a step at 1 MHz is 125.
SHORTEST = 13
# The cycle after an edge from which on a sample has it, and what a sample itself takes.
COUNTED_AFTER = {False: 3, True: 7}
SAMPLE_CYCLES = 2

either_board = pytest.mark.parametrize("sensed", [False, True], ids=["supply not sensed", "supply sensed"])


def edge_counter(sensed: bool, levels: list[int]) -> tuple[Any, StateMachine]:
    """The port and the machine behind it. `levels` of the pins by the cycle, the last one for ever."""
    board = SimpleNamespace(
        PIN_STEP_READBACK=PIN_STEP_READBACK,
        PIN_ENABLE_READBACK=PIN_ENABLE_READBACK,
        PIN_SUPPLY=PIN_SUPPLY if sensed else ABSENT,
    )
    port = RP2.PioEdges(board)
    machine = StateMachine.made[RP2.EDGE_MACHINE]
    assert machine.hz == -1
    machine.levels = lambda cycle: levels[min(cycle, len(levels) - 1)]
    return port, machine


def wave(low_cycles: int, high_cycles: int, pulses: int) -> list[int]:
    """The driver enabled and powered."""
    return ([POWERED] * low_cycles + [POWERED | STEP_HIGH] * high_cycles) * pulses + [POWERED]


def rising(levels: list[int]) -> list[int]:
    """The cycles that first find STEP high."""
    steps = [level & STEP_HIGH for level in [0, *levels]]
    return [cycle for cycle, (before, after) in enumerate(pairwise(steps)) if after > before]


@either_board
class TestEdges:
    @pytest.mark.req("M-01")
    @pytest.mark.parametrize("low_cycles, high_cycles", [(112, 13), (13, 112), (13, 13)])
    def test_all_edges_of_the_fastest_train_are_counted(self, sensed: bool, low_cycles: int, high_cycles: int):
        levels = wave(low_cycles, high_cycles, 100)
        port, machine = edge_counter(sensed, levels)
        machine.run(len(levels) + COUNTED_AFTER[sensed])
        assert port.count() == 100

    @pytest.mark.req("M-01")
    @pytest.mark.parametrize("low_cycles, high_cycles", [(112, 13), (13, 112), (13, 13)])
    def test_a_sample_at_any_cycle_of_a_pulse_loses_no_edge(self, sensed: bool, low_cycles: int, high_cycles: int):
        period = low_cycles + high_cycles
        levels = wave(low_cycles, high_cycles, period + 2)
        port, machine = edge_counter(sensed, levels)
        # A cycle further on in each period: all of them come to be the one in which the sample is taken.
        for sample in range(period):
            machine.run_to(sample * (period + 1))
            # The edge of this period, once it is so many cycles ago.
            assert port.count() == sample + (sample >= low_cycles + COUNTED_AFTER[sensed])
        machine.run_to(len(levels) + COUNTED_AFTER[sensed])
        assert port.count() == period + 2

    @pytest.mark.req("M-01", "M-09")
    @given(st.data())
    @settings(max_examples=25)
    def test_counted_is_what_found_the_driver_enabled_and_where_sensed_powered(self, sensed: bool, data: st.DataObject):
        lengths, flags = st.integers(SHORTEST, 40), st.sampled_from([0, POWERED, DISABLED, POWERED | DISABLED])
        pulses = data.draw(st.lists(st.tuples(lengths, lengths, flags), max_size=25))
        levels: list[int] = []
        for low_cycles, high_cycles, flag in pulses:
            levels += [flag] * low_cycles + [flag | STEP_HIGH] * high_cycles
        levels.append(POWERED)
        edges = rising(levels)
        moving = [
            edge
            for edge, (_, _, flag) in zip(edges, pulses, strict=True)
            if not flag & DISABLED and (flag & POWERED or not sensed)
        ]
        port, machine = edge_counter(sensed, levels)
        machine.preset_x(data.draw(st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 5, 2**30, 2**31]))))
        before = port.count()
        machine.call_cycles = data.draw(st.integers(0, 30))
        for gap in data.draw(st.lists(st.integers(0, 60), max_size=10)):
            machine.run(gap)
            sampled = machine.now + machine.call_cycles
            count = port.count() - before & MASK
            surely = sampled - COUNTED_AFTER[sensed] - 2 * SAMPLE_CYCLES
            assert sum(edge <= surely for edge in moving) <= count <= sum(edge < sampled for edge in moving)
        machine.run_to(max(machine.now, len(levels)) + COUNTED_AFTER[sensed])
        assert 0 <= port.count() <= MASK
        assert port.count() - before & MASK == len(moving)

    @pytest.mark.parametrize("x", [0, 1, 2**30 - 1, 2**30, 2**30 + 2, 3 * 2**30, 2**32 - 1])
    def test_counts_go_on_across_every_end_of_x(self, sensed: bool, x: int):
        port, machine = edge_counter(sensed, wave(SHORTEST, SHORTEST, 5))
        machine.preset_x(x)
        counts = [port.count()]
        for pulse in range(1, 6):
            machine.run_to(pulse * 2 * SHORTEST)
            counts.append(port.count())
        assert counts == [-x + pulse & MASK for pulse in range(6)]
        # More bits than these are allocated on the heap, which the tick must not do.
        assert max(machine.got) <= MASK

    @pytest.mark.req("M-09")
    def test_enable_counts_as_it_is_one_cycle_after_the_edge_and_the_supply_two(self, sensed: bool):
        def counted(before: int, after: int, change: int) -> int:
            """Of one edge, with the other levels from `change` cycles after it on."""
            levels = [before] * (50 + change) + [after] * (50 - change)
            port, machine = edge_counter(sensed, [level | STEP_HIGH * (at >= 50) for at, level in enumerate(levels)])
            machine.run(100)
            return port.count()

        changes = range(-3, 6)
        assert [counted(DISABLED | POWERED, POWERED, change) for change in changes] == [
            change <= 1 for change in changes
        ]
        assert [counted(POWERED, DISABLED | POWERED, change) for change in changes] == [
            change > 1 for change in changes
        ]
        powering = [not sensed or change <= 2 for change in changes]
        assert [counted(0, POWERED, change) for change in changes] == powering
        losing = [not sensed or change > 2 for change in changes]
        assert [counted(POWERED, 0, change) for change in changes] == losing

    def test_a_line_that_is_high_from_the_start_is_no_edge(self, sensed: bool):
        port, machine = edge_counter(sensed, [POWERED | STEP_HIGH])
        machine.run(100)
        assert port.count() == 0

    @pytest.mark.req("M-09")
    def test_edges_without_the_driver_do_not_add_up_to_anything(self, sensed: bool):
        port, machine = edge_counter(sensed, [level | DISABLED for level in wave(SHORTEST, SHORTEST, 50)])
        machine.run(2000)
        assert port.count() == 0


@either_board
def test_with_their_wires_off_step_reads_low_and_the_driver_as_disabled(sensed: bool):
    _, machine = edge_counter(sensed, [0])
    assert machine.in_pin is not None
    assert machine.jmp_to is not None
    assert machine.in_pin.configured == (Pin.IN, Pin.PULL_DOWN)
    assert machine.jmp_to.configured == (Pin.IN, Pin.PULL_UP)
