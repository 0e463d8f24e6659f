"""The programs of the RP2040's state machines, cycle by cycle: what they take of its memory, and STEP.

They run in an emulator of a state machine, assembled by a stand-in for MicroPython's assembler; the ports that they
serve are those of `pump.hal.rp2`, unchanged. A cycle of STEP's machine is 40 ns. The edges and the dead-man's switch
have files of their own.
"""

from itertools import pairwise
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itb.boards.board import board_names, load_board
from itb.boards.drivers import DRIVERS, Driver
from pio_assembler import MEMORY_WORDS, AssemblyError, assembled
from pio_machine import Pin, StateMachine, on_chip

RP2 = on_chip("pump.hal.rp2")
PIO: ModuleType = RP2.rp2_pio

PIN_STEP, PIN_DIR = 2, 5

CYCLES_PER_US = 25
CYCLE_NS = 40


def sender(high_cycles: int) -> StateMachine:
    machine = StateMachine(9, PIO.burst(high_cycles), set_base=Pin(PIN_STEP))
    machine.active(1)
    return machine


class TestMemory:
    @pytest.mark.parametrize("program, words", [("edges", 4), ("powered_edges", 8), ("dead_man", 7)])
    def test_words_of_the_programs(self, program: str, words: int):
        assert len(assembled(getattr(PIO, program)())) == words

    @pytest.mark.parametrize("high_cycles, words", [(1, 14), (32, 14), (33, 15), (64, 15)])
    def test_a_high_time_beyond_one_instruction_takes_one_more(self, high_cycles: int, words: int):
        assert len(assembled(PIO.burst(high_cycles))) == words

    def test_all_that_a_board_loads_fits_one_block(self):
        most = sum(len(assembled(program)) for program in (PIO.burst(64), PIO.powered_edges(), PIO.dead_man()))
        assert most == 30 <= MEMORY_WORDS

    @pytest.mark.parametrize("high_cycles", [0, 65])
    def test_a_high_time_out_of_range_does_not_assemble(self, high_cycles: int):
        with pytest.raises(AssemblyError, match="delay"):
            PIO.burst(high_cycles)


# From the cycle that takes the third word to the one that sets the pin.
FIRST_EDGE_CYCLES = 1
# From the words of a burst to its first edge, and from its last turn of rest to the word that says so.
START_CYCLES = 8

high_times = st.integers(1, 64)


def assert_sends_a_burst(
    machine: StateMachine, turns: int, steps: int, high_cycles: int, last_word_late: int = 0, rest_turns: int = 0
):
    """From a machine that waits for its first word, now."""
    machine.changes.clear()
    # Two cycles each to take and move the first two words: before that the third is not looked for.
    ready = machine.now + 4
    machine.put(turns)
    machine.put(steps - 1)
    machine.run(last_word_late)
    machine.put(rest_turns)
    first = max(machine.now, ready) + FIRST_EDGE_CYCLES
    rises = [first + count * (high_cycles + PIO.STEP_OVERHEAD_CYCLES + turns) for count in range(steps)]
    falls = [rise + high_cycles for rise in rises]
    machine.run_to(rises[-1] + high_cycles + PIO.REST_OVERHEAD_CYCLES + rest_turns)
    assert machine.rx_fifo() == 0
    machine.run(1)
    assert machine.rx_fifo() == 1
    machine.run(10_000)
    assert (machine.rises, machine.falls) == (rises, falls)
    # Nothing more without three words.
    assert (machine.rx_fifo(), machine.tx_fifo(), machine.set_level) == (1, 0, 0)
    machine.get()


class TestBurst:
    @pytest.mark.parametrize("turns", [0, 1, 2, 1000])
    @pytest.mark.parametrize("steps", [1, 2, 3, 50])
    @pytest.mark.parametrize("high_cycles", [1, 2, 32, 33, 64])
    def test_pulses_are_as_many_as_long_and_as_far_apart_as_said(self, turns: int, steps: int, high_cycles: int):
        machine = sender(high_cycles)
        machine.run(5)
        assert_sends_a_burst(machine, turns, steps, high_cycles)

    @given(
        high_times,
        st.lists(
            st.tuples(st.integers(0, 3000), st.integers(1, 30), st.integers(0, 200), st.integers(0, 3000)), min_size=2
        ),
    )
    @settings(max_examples=40)
    def test_one_burst_after_another(self, high_cycles: int, bursts: list[tuple[int, int, int, int]]):
        machine = sender(high_cycles)
        for turns, steps, last_word_late, rest_turns in bursts:
            assert_sends_a_burst(machine, turns, steps, high_cycles, last_word_late, rest_turns)

    @given(high_times, st.integers(0, 400), st.integers(1, 4), st.lists(st.integers(0, 500), max_size=8))
    @settings(max_examples=25)
    def test_waits_that_the_emulator_takes_at_once_are_the_same_cycle_by_cycle(
        self, high_cycles: int, turns: int, steps: int, stretches: list[int]
    ):
        machines = [sender(high_cycles) for _ in range(2)]
        machines[0].leaps = False
        for machine in machines:
            machine.put(turns)
            machine.put(steps - 1)
            machine.put(turns)
        for stretch in stretches:
            for machine in machines:
                machine.run(stretch)
            assert machines[0].changes == machines[1].changes
            assert machines[0].rx_fifo() == machines[1].rx_fifo()


def stepper(pulse_ns: int, least_interval_us: int) -> tuple[Any, StateMachine]:
    """The port and the machine behind it."""
    board = SimpleNamespace(
        PULSE_NS=pulse_ns, MIN_STEP_INTERVAL_US=least_interval_us, PIN_STEP=PIN_STEP, PIN_DIR=PIN_DIR, DIR_SETUP_US=1
    )
    port = RP2.PioStep(board)
    machine = StateMachine.made[RP2.STEP_MACHINE]
    assert machine.hz == CYCLES_PER_US * 1_000_000
    return port, machine


def assert_even(machine: StateMachine, driver: Driver, steps: int, interval_us: int):
    assert len(machine.rises) == steps
    assert {after - before for before, after in pairwise(machine.rises)} <= {interval_us * CYCLES_PER_US}
    high = {fall - rise for rise, fall in zip(machine.rises, machine.falls, strict=True)}
    low = {rise - fall for fall, rise in zip(machine.falls, machine.rises[1:], strict=False)}
    assert all(0 <= cycles * CYCLE_NS - driver.step_high_ns < CYCLE_NS for cycles in high)
    assert all(cycles * CYCLE_NS >= driver.step_low_ns for cycles in low)


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)
class TestStepPort:
    @given(st.data(), st.integers(1, 5))
    @settings(max_examples=30)
    def test_pulses_are_exactly_the_interval_apart(self, driver: Driver, data: st.DataObject, steps: int):
        port, machine = stepper(driver.step_high_ns, driver.least_interval_us)
        for interval_us in (driver.least_interval_us, data.draw(st.integers(driver.least_interval_us, 10_000)), 10_000):
            machine.changes.clear()
            port.burst(steps, interval_us)
            assert port.busy()
            machine.run(steps * interval_us * CYCLES_PER_US + START_CYCLES)
            assert not port.busy()
            assert_even(machine, driver, steps, interval_us)

    def test_what_boards_may_ask_for_at_most_the_machine_can_do(self, driver: Driver):
        """The least interval of a board file is the driver's, or the file is refused."""
        shortest_us = {"A4988": 2, "DRV8825": 3, "TMC2209": 1}[driver.name]
        assert shortest_us <= driver.least_interval_us
        port, machine = stepper(driver.step_high_ns, shortest_us + 1)
        port.burst(20, shortest_us)
        machine.run((20 * shortest_us + 1) * CYCLES_PER_US + START_CYCLES)
        assert {after - before for before, after in pairwise(machine.rises)} == {shortest_us * CYCLES_PER_US}
        assert not port.busy()

    def test_an_interval_shorter_than_that_sends_one_pulse_and_waits_for_minutes(self, driver: Driver):
        port, machine = stepper(driver.step_high_ns, driver.least_interval_us)
        port.burst(20, {"A4988": 1, "DRV8825": 2, "TMC2209": 0}[driver.name])
        machine.run(170 * 1_000_000 * CYCLES_PER_US)
        assert len(machine.rises) == 1
        assert port.busy()

    def test_no_burst_begins_sooner_after_the_last_pulse_than_the_motor_bears(self, driver: Driver):
        least_us = 500
        port, machine = stepper(driver.step_high_ns, least_us)
        port.burst(2, 5000)
        machine.run(5000 * CYCLES_PER_US)
        while port.busy():
            machine.run(1)
        port.burst(1, 5000)
        machine.run(100)
        after_cycles = machine.rises[2] - machine.rises[1]
        assert least_us * CYCLES_PER_US <= after_cycles <= least_us * CYCLES_PER_US + 10

    @pytest.mark.req("I-10")
    @given(st.integers(0, 700), st.integers(1, 4))
    @settings(max_examples=40)
    def test_stopped_at_any_cycle_the_pin_is_low_at_once_and_the_next_burst_whole(
        self, driver: Driver, cycle: int, steps: int
    ):
        port, machine = stepper(driver.step_high_ns, driver.least_interval_us)
        port.burst(4, 6)
        machine.run(cycle)
        begun = len(machine.rises)
        port.stop()
        assert (machine.set_level, port.busy()) == (0, False)
        machine.run(10_000)
        assert len(machine.rises) == begun
        machine.changes.clear()
        port.burst(steps, 6)
        assert port.busy()
        machine.run(steps * 6 * CYCLES_PER_US + START_CYCLES)
        assert not port.busy()
        assert_even(machine, driver, steps, 6)


@pytest.mark.parametrize("name", [name for name in board_names() if load_board(name).chip.startswith("rp2")])
def test_every_board_with_this_chip_steps_at_its_fastest(name: str):
    board = load_board(name)
    port, machine = stepper(board.driver.step_high_ns, board.min_step_interval_us)
    port.burst(3, board.min_step_interval_us)
    machine.run(3 * board.min_step_interval_us * CYCLES_PER_US)
    assert_even(machine, board.driver, 3, board.min_step_interval_us)
