"""The loop: senses, follows, signals, answers, and feeds the watchdog only when the tick beats."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchtop import SECOND_MS, Benchtop
from pump.link.server import REFUSAL
from pump.safety.alarms import HIGH, LOW, MEDIUM, SILENT
from rig import program

LONG_MS = 10**9


def feeds(pump: Benchtop) -> int:
    return pump.bench.watchdog.feeds


def test_the_watchdog_is_fed_once_for_each_beat_and_not_without_one() -> None:
    pump = Benchtop().started()
    pump.slice()
    fed = feeds(pump)
    pump.app.loop.poll()
    pump.app.loop.poll()
    assert feeds(pump) == fed
    pump.slice()
    assert feeds(pump) == fed + 1
    pump.tick(3)
    pump.app.loop.poll()
    assert feeds(pump) == fed + 2


def test_a_tick_that_is_held_off_for_good_lets_the_watchdog_reset_the_chip() -> None:
    pump = Benchtop().started()
    pump.slice()
    pump.app.tick.hold_off()
    pump.slice(30)
    assert pump.bench.watchdog.expiries == 1


def test_a_running_pump_never_lets_the_watchdog_expire() -> None:
    pump = Benchtop().started()
    pump.slice(100)
    assert pump.bench.watchdog.expiries == 0


def test_before_the_first_tick_the_watchdog_is_not_fed() -> None:
    pump = Benchtop()
    pump.app.loop.poll()
    assert feeds(pump) == 0


def test_uptime_counts_across_the_wrap_of_the_clock() -> None:
    pump = Benchtop()
    pump.bench.clock._now_ticks = 2**30 - 1
    pump.app.loop._last_ticks = 2**30 - 1
    pump.slice(10)
    assert pump.app.journal.uptime_ms == 10 * SECOND_MS


@pytest.mark.req("A-01")
def test_the_sounder_shows_the_highest_priority_that_stands() -> None:
    pump = Benchtop([["stall", 15_000, LONG_MS, 0]])
    pump.fill_steps = pump.board.RESERVOIR_LOW_STEPS + 50
    sounder = pump.bench.ports.sounder
    pump.started(day_ms=None)
    assert sounder.priority == SILENT
    pump.slice()
    assert (sounder.priority, pump.alarms()) == (LOW, ["time_unknown"])
    pump.slice(10)
    assert (sounder.priority, pump.alarms()) == (MEDIUM, ["reservoir_low", "time_unknown"])
    pump.slice(10)
    assert (sounder.priority, pump.alarms()) == (HIGH, ["motor_stall", "reservoir_low"])
    pump.control.acknowledge()
    pump.refill(pump.board.RESERVOIR_CAPACITY_STEPS)
    pump.slice()
    assert (sounder.priority, pump.alarms()) == (SILENT, [])


@pytest.mark.req("M-03")
def test_a_stalled_motor_halts() -> None:
    pump = Benchtop([["stall", 5000, LONG_MS, 0]]).started()
    pump.slice(10)
    assert pump.control.state == "halted"
    assert pump.alarms() == ["motor_stall"]


def test_a_blocked_catheter_halts_as_soon_as_its_pressure_reaches_the_boards_threshold() -> None:
    pump = Benchtop([["occlusion", 1, LONG_MS, 0]]).started(program([[0, 5_000_000, 0]]))
    highest_kpa = 0.0
    while pump.control.state == "delivering":
        highest_kpa = pump.bench.plant.pressure_kpa()
        pump.slice()
    assert highest_kpa + 0.5 < pump.board.OCCLUSION_KPA
    assert pump.alarms() == ["occlusion"]


def test_an_occlusion_that_still_stands_halts_again_after_it_was_acknowledged() -> None:
    pump = Benchtop([["occlusion", 1, LONG_MS, 0]]).started(program([[0, 5_000_000, 0]]))
    pump.until_state("halted", slices=2000)
    pump.control.acknowledge()
    pump.slice()
    assert pump.control.state == "halted"


def test_a_request_on_the_link_is_answered_within_one_poll() -> None:
    pump = Benchtop().started()
    pump.slice(3)
    assert pump.asked(b"status")["state"] == "delivering"
    assert pump.asked(b"start") == {"error": REFUSAL}
    assert pump.asked(b"journal 0")["last"] == pump.app.journal.seq


REQUESTS = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([b"status", b"journal 0", b"journal 1073741823", b"journal", b"start", b"{}", b"x" * 400]),
)


@pytest.mark.req("I-09")
@settings(max_examples=60, deadline=None)
@given(lines=st.lists(REQUESTS, max_size=8), delivering=st.booleans())
def test_whatever_comes_in_over_the_link_changes_nothing_and_moves_nothing(
    lines: list[bytes], delivering: bool
) -> None:
    pump, other = (Benchtop().started() if delivering else Benchtop().programmed() for _ in range(2))
    for line in lines:
        before = pump.snapshot()
        pump.bench.ports.link.put(line + b"\n")
        pump.app.loop.poll()
        assert pump.snapshot() == before
        pump.slice()
        other.slice()
        assert (pump.status(), pump.bench.motor.steps) == (other.status(), other.bench.motor.steps)
