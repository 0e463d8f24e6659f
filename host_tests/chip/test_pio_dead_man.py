"""The dead-man's switch on a state machine, cycle by cycle: what `test_pio_programs.py` is for STEP.

A cycle is 1 us.
"""

from itertools import accumulate
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pio_machine import Pin, StateMachine, on_chip

RP2 = on_chip("pump.hal.rp2")

PIN_ENABLE, PIN_ENABLE_READBACK = 6, 7
ABSENT = -1

TURN = 96
# From the cycle that finds the word of a disabled driver: set the pin low, begin to count, let go.
FOUND_TO_LOW, FOUND_TO_COUNT = 1, 3


def let_go(found: int, word: int) -> int:
    """The cycle that lets go when the machine found `word` in the cycle `found`, and the driver disabled."""
    return found + FOUND_TO_COUNT + TURN * (word + 1)


def dead_man(start: int = 10) -> StateMachine:
    machine = StateMachine(9, RP2.rp2_pio.dead_man(), set_base=Pin(PIN_ENABLE))
    machine.active(1)
    machine.run(start)
    return machine


def fed_again(word: int, cycle: int, next_word: int) -> list[tuple[int, int]]:
    """What the pin does when fed in cycle 10 and once more."""
    machine = dead_man()
    machine.put(word)
    machine.run_to(cycle)
    machine.put(next_word)
    machine.run(2000)
    return machine.changes


class TestDeadMan:
    def test_turns_are_as_long_as_the_module_says(self):
        assert RP2.rp2_pio.COUNT_CYCLES == TURN

    def test_disabled_until_fed(self):
        machine = dead_man(1000)
        assert (machine.set_level, machine.changes) == (1, [])

    @pytest.mark.parametrize("word", [0, 1, 2, 100, 5206])
    def test_one_word_holds_the_driver_for_its_turns_and_one_more_and_for_good_it_lets_go(self, word: int):
        machine = dead_man()
        machine.put(word)
        machine.run(let_go(0, word) + 10_000)
        assert machine.changes == [(10 + FOUND_TO_LOW, 0), (let_go(10, word), 1)]
        machine.put(0)
        again = machine.now
        machine.run(1000)
        assert machine.changes[2:] == [(again + FOUND_TO_LOW, 0), (let_go(again, 0), 1)]

    def test_fed_at_any_cycle_but_of_the_last_turn_it_holds_on_without_a_gap(self):
        for cycle in range(10 + 1, let_go(10, 3) - TURN + 1):
            # The word is taken when a turn begins, and the count starts anew in that cycle.
            turns = -(-(cycle - 10 - FOUND_TO_COUNT) // TURN)
            taken = 10 + FOUND_TO_COUNT + TURN * max(0, turns)
            assert fed_again(3, cycle, 5) == [(10 + FOUND_TO_LOW, 0), (taken + TURN * (5 + 1), 1)]

    def test_fed_in_the_last_turn_is_too_late_it_lets_go_for_two_cycles(self):
        high = let_go(10, 3)
        for cycle in range(high - TURN + 1, high + 1):
            gap = [(high, 1), (high + 2, 0)]
            assert fed_again(3, cycle, 5) == [(10 + FOUND_TO_LOW, 0), *gap, (let_go(high + 1, 5), 1)]

    @given(st.integers(2, 12), st.data())
    @settings(max_examples=50)
    def test_fed_in_time_again_and_again_it_holds_and_then_lets_go(self, word: int, data: st.DataObject):
        machine = dead_man()
        gaps = data.draw(st.lists(st.integers(TURN, TURN * word), max_size=20))
        for feed in accumulate(gaps, initial=10):
            machine.run_to(feed)
            machine.put(word)
        last = machine.now
        machine.run(TURN * (word + 20))
        (low, _), (high, _) = machine.changes
        assert low == 10 + FOUND_TO_LOW
        assert TURN * (word + 1) <= high - last < TURN * (word + 2)


def switch(dead_man_ms: int) -> tuple[Any, StateMachine]:
    """The port and the machine behind it."""
    board = SimpleNamespace(
        DEAD_MAN_MS=dead_man_ms, PIN_ENABLE=PIN_ENABLE, PIN_ENABLE_READBACK=PIN_ENABLE_READBACK, PIN_SUPPLY=ABSENT
    )
    port = RP2.PioDeadMan(board)
    machine = StateMachine.made[RP2.DEAD_MAN_MACHINE]
    assert machine.hz == 1_000_000
    return port, machine


class TestDeadManPort:
    @pytest.mark.parametrize("dead_man_ms", [10, 96, 500])
    def test_fed_once_and_fed_just_too_late_for_a_turn_it_lets_go_in_time(self, dead_man_ms: int):
        port, machine = switch(dead_man_ms)
        machine.run(10)
        port.feed()
        machine.run(dead_man_ms * 1000 + 1000)
        assert dead_man_ms * 1000 - 2 * TURN <= machine.rises[0] - 10 <= dead_man_ms * 1000

        start = machine.now
        port.feed()
        # The cycle after one that looked for a word and found none: the wait until the next is the longest there is.
        machine.run_to(start + FOUND_TO_COUNT + TURN + 1)
        fed = machine.now
        port.feed()
        machine.run(dead_man_ms * 1000 + 1000)
        assert dead_man_ms * 1000 - 2 * TURN <= machine.rises[1] - fed <= dead_man_ms * 1000

    def test_the_time_out_is_never_longer_than_the_board_says_nor_more_than_two_turns_shorter(self):
        for dead_man_ms in (*range(10, 501), 4999, 5000, 9984, 10_000):
            port, machine = switch(dead_man_ms)
            port.feed()
            (word,) = machine.waiting
            shortest_us = FOUND_TO_COUNT + TURN * (word + 1)
            # A word that has just missed the machine's look waits for a turn.
            longest_us = TURN + TURN * (word + 1)
            assert dead_man_ms * 1000 - 2 * TURN <= shortest_us
            assert longest_us <= dead_man_ms * 1000

    @pytest.mark.req("I-10")
    @given(st.integers(0, 1000), st.booleans())
    @settings(max_examples=50)
    def test_released_at_any_cycle_it_lets_go_at_once_and_forgets_what_waits(self, cycle: int, waiting: bool):
        port, machine = switch(10)
        machine.run(10)
        port.feed()
        machine.run(100 + cycle)
        if waiting:
            port.feed()
        released = machine.now
        port.release()
        machine.run(20_000)
        assert machine.changes == [(11, 0), (released, 1)]
        fed = machine.now
        port.feed()
        machine.run(10)
        assert machine.falls[-1] == fed + FOUND_TO_LOW
