"""A single bolus: so many microsteps, evenly, from so far ahead; one at a time."""

import pytest

from pump.core.units import MS_PER_DAY
from pump.therapy.bolus import Bolus
from pump.therapy.program import STEPS_MAX


def armed(steps: int, wait_ms: int, duration_ms: int) -> Bolus:
    bolus = Bolus()
    bolus.arm(steps, wait_ms, duration_ms)
    return bolus


def test_without_a_bolus_nothing_is_owed() -> None:
    bolus = Bolus()
    assert bolus.active is False
    assert bolus.advance(MS_PER_DAY) == 0
    assert (bolus.active, bolus.running(), bolus.left_steps, bolus.left_ms, bolus.steps) == (False, False, 0, 0, 0)
    # What a rate is divided by is never zero.
    assert bolus.duration_ms == 1


def test_an_armed_bolus_says_what_it_is() -> None:
    bolus = armed(30, 5, 600)
    assert (bolus.active, bolus.steps, bolus.left_steps, bolus.duration_ms) == (True, 30, 30, 600)
    assert bolus.left_ms == 600


@pytest.mark.parametrize("wait_ms", [0, 1, 999, 1000])
def test_a_bolus_waits_owing_nothing_and_then_begins(wait_ms: int) -> None:
    bolus = armed(10, wait_ms, 10)
    assert bolus.running() == (wait_ms == 0)
    assert bolus.advance(wait_ms) == 0
    assert bolus.running()
    assert bolus.advance(1) == 1
    assert bolus.left_steps == 9


def test_it_does_not_begin_a_millisecond_early() -> None:
    bolus = armed(10, 100, 10)
    assert bolus.advance(60) == 0
    assert bolus.advance(39) == 0
    assert not bolus.running()
    assert bolus.advance(1) == 0
    assert bolus.running()


def test_a_span_over_its_beginning_owes_only_the_part_after_it() -> None:
    bolus = armed(10, 100, 10)
    assert bolus.advance(103) == 3
    assert (bolus.left_steps, bolus.running()) == (7, True)
    assert bolus.advance(3) == 3


@pytest.mark.req("D-07")
@pytest.mark.parametrize("steps, duration_ms", [(7, 1000), (1000, 7), (1, 86_399), (3, 3), (0, 50), (999, 1000)])
def test_it_is_even_and_never_ahead_of_the_exact_share(steps: int, duration_ms: int) -> None:
    bolus = armed(steps, 0, duration_ms)
    owed = 0
    for now_ms in range(1, duration_ms + 1):
        assert bolus.active
        owed += bolus.advance(1)
        assert owed == steps * now_ms // duration_ms
        assert (bolus.left_steps, bolus.left_ms) == (steps - owed, duration_ms - now_ms)
    assert (owed, bolus.active, bolus.running()) == (steps, False, False)


@pytest.mark.parametrize("span_ms", [600, 601, MS_PER_DAY])
def test_a_span_beyond_its_end_owes_the_rest_and_no_more(span_ms: int) -> None:
    bolus = armed(30, 0, 600)
    assert bolus.advance(span_ms) == 30
    assert (bolus.active, bolus.left_steps, bolus.left_ms, bolus.steps) == (False, 0, 0, 30)
    assert bolus.advance(span_ms) == 0


def test_a_span_over_all_of_it_owes_all_of_it() -> None:
    bolus = armed(30, 50, 600)
    assert bolus.advance(650) == 30
    assert not bolus.active


def test_it_is_active_until_its_last_millisecond() -> None:
    bolus = armed(30, 0, 600)
    assert bolus.advance(599) == 29
    assert bolus.active
    assert bolus.advance(1) == 1
    assert not bolus.active


def test_a_cancelled_bolus_says_what_it_no_longer_owes_and_owes_no_more() -> None:
    bolus = armed(30, 0, 600)
    bolus.advance(200)
    assert bolus.cancel() == 20
    assert (bolus.active, bolus.running(), bolus.left_steps, bolus.left_ms, bolus.steps) == (False, False, 0, 0, 30)
    assert bolus.advance(600) == 0
    assert bolus.cancel() == 0


def test_a_bolus_cancelled_while_it_waits_never_begins() -> None:
    bolus = armed(30, 100, 600)
    assert bolus.cancel() == 30
    assert bolus.advance(1000) == 0


@pytest.mark.parametrize("before_ms", [0, 50, 433, 600])
def test_the_next_bolus_begins_afresh(before_ms: int) -> None:
    bolus = armed(31, 0, 600)
    bolus.advance(before_ms)
    bolus.cancel()
    bolus.arm(10, 5, 10)
    assert bolus.advance(5) == 0
    assert [bolus.advance(1) for _ in range(11)] == [1] * 10 + [0]


@pytest.mark.parametrize("duration_ms", [1, 10_000])
def test_the_largest_bolus_is_exact(duration_ms: int) -> None:
    bolus = armed(STEPS_MAX, 0, duration_ms)
    assert bolus.advance(duration_ms) == STEPS_MAX
