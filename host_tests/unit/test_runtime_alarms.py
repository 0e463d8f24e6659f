"""What an alarm does to delivery, when it comes and goes, and what acknowledging it does and does not."""

from collections.abc import Callable

import pytest

from benchtop import FAST, Benchtop
from pump.core.errors import Refused
from pump.safety.alarms import LIMIT_REACHED, MEMORY_CORRUPT, MOTOR_STALL, OCCLUSION, TABLE
from pump.safety.guard import DAY_CAP, HOUR_CAP
from rig import program

LONG_MS = 10**9


def delivering() -> Benchtop:
    pump = Benchtop().started()
    pump.slice(5)
    return pump


def halted() -> Benchtop:
    pump = delivering()
    pump.control.raise_alarm(MOTOR_STALL)
    return pump


@pytest.mark.parametrize("alarm", [row for row in range(1, len(TABLE)) if TABLE[row][5] == "halts"])
def test_an_alarm_that_halts_does_so_at_once(alarm: int) -> None:
    pump = delivering()
    pump.control.raise_alarm(alarm)
    assert pump.control.state == "halted"
    assert not pump.app.tick.delivering
    assert pump.events("alarm") == [(alarm, 3)]
    pump.tick()
    assert not pump.bench.dead_man.enabled


def test_an_alarm_that_does_not_halt_lets_the_pump_run() -> None:
    pump = delivering()
    pump.control.raise_alarm(LIMIT_REACHED)
    assert pump.control.state == "delivering"


def test_an_alarm_raised_again_is_one_alarm() -> None:
    pump = delivering()
    pump.control.raise_alarm(LIMIT_REACHED)
    pump.control.raise_alarm(LIMIT_REACHED)
    assert pump.events("alarm") == [(LIMIT_REACHED, 2)]


def test_after_a_halt_is_acknowledged_the_pump_may_be_started_and_does_not_start_by_itself() -> None:
    pump = halted()
    pump.slice(3)
    pump.control.acknowledge()
    pump.slice(5)
    assert pump.control.state == "stopped"
    assert pump.alarms() == []
    assert pump.events("alarm_end") == [(MOTOR_STALL, 0)]
    pump.control.start()
    pump.slice(5)
    assert pump.control.state == "delivering"


def test_a_mismatch_that_was_acknowledged_does_not_halt_again() -> None:
    pump = Benchtop([["lost_edges", 1000, 30_000, 2]]).started()
    pump.until_state("halted")
    pump.slice(40)
    pump.control.acknowledge()
    pump.control.start()
    pump.slice(50)
    assert pump.control.state == "delivering"


def test_a_halt_the_loop_has_not_seen_yet_is_not_lost_by_acknowledging_something_else() -> None:
    pump = delivering()
    pump.bench.edges.see(100)
    pump.tick(2)
    with pytest.raises(Refused, match="a new alarm"):
        pump.control.acknowledge()
    assert pump.events("alarm") != []
    assert pump.control.state == "halted"
    pump.control.acknowledge()
    assert pump.control.state == "stopped"


@pytest.mark.req("M-03")
@pytest.mark.parametrize("raised", [None, LIMIT_REACHED])
def test_an_acknowledge_while_delivering_does_not_forgive_what_is_missing(raised: int | None) -> None:
    # Of ten steps in each second one is lost.
    pump = Benchtop([["lost_edges", 1, LONG_MS, 10]]).started()
    while pump.control.state == "delivering":
        pump.slice(20)
        if pump.control.state == "delivering":
            if raised is not None:
                pump.control.raise_alarm(raised)
            pump.control.acknowledge()
            assert pump.status()["missing_steps"] < 32
    assert pump.status()["missing_steps"] == 32
    assert pump.alarms()[0] == "motor_mismatch"


@pytest.mark.req("M-03")
@pytest.mark.parametrize("alarm", [MOTOR_STALL, OCCLUSION])
def test_acknowledging_another_halt_does_not_forgive_what_is_missing(alarm: int) -> None:
    pump = Benchtop([["lost_edges", 1, LONG_MS, 10]]).started()
    pump.slice(30)
    missing = pump.status()["missing_steps"]
    assert 20 < missing < 32
    pump.control.raise_alarm(alarm)
    pump.slice(3)
    pump.control.acknowledge()
    pump.control.start()
    pump.until_state("halted", 34 - missing)
    assert pump.alarms() == ["motor_mismatch"]
    assert pump.status()["missing_steps"] == 32


@pytest.mark.req("A-01", "M-03")
@pytest.mark.parametrize("edges, also", [(1, []), (31, []), (32, ["motor_mismatch"])])
def test_free_flow_while_halted_for_something_else_is_alarmed_too(edges: int, also: list[str]) -> None:
    pump = delivering()
    pump.control.raise_alarm(OCCLUSION)
    pump.slice(3)
    assert pump.alarms() == ["occlusion"]
    pump.bench.edges.see(edges)
    pump.slice(3)
    assert pump.alarms() == [*also, "free_flow", "occlusion"]
    assert pump.control.state == "halted"
    assert pump.kinds().count("alarm") == 2 + len(also)


@pytest.mark.req("A-01")
def test_every_reason_of_a_halt_becomes_an_alarm_once_and_one_acknowledge_ends_them() -> None:
    pump = delivering()
    # That of a figure that changed by itself lasts until a restart.
    reasons = [alarm for alarm in range(len(TABLE)) if TABLE[alarm][5] == "halts" and alarm != MEMORY_CORRUPT]
    assert len(reasons) == 7
    for alarm in reversed(reasons):
        pump.app.tick._halt.latch(alarm)
    pump.slice(5)
    assert pump.events("alarm") == [(alarm, 3) for alarm in reasons]
    assert pump.alarms() == [TABLE[alarm][0] for alarm in reasons]
    pump.control.acknowledge()
    assert pump.events("alarm_end") == [(alarm, 0) for alarm in reasons]
    pump.control.start()
    pump.slice(5)
    assert pump.control.state == "delivering"
    assert pump.alarms() == []


@pytest.mark.req("A-01")
def test_of_several_halts_the_one_not_seen_yet_keeps_all_from_being_acknowledged() -> None:
    pump = halted()
    pump.slice(3)
    pump.bench.edges.see(1)
    pump.tick()
    with pytest.raises(Refused, match="a new alarm"):
        pump.control.acknowledge()
    assert not pump.app.tick._holds
    assert pump.alarms() == ["free_flow", "motor_stall"]
    assert pump.control.state == "halted"
    pump.control.acknowledge()
    assert pump.alarms() == []


@pytest.mark.req("M-03")
def test_what_the_tick_halted_for_is_taken_up_by_the_loop_once() -> None:
    pump = delivering()
    pump.bench.edges.see(100)
    pump.slice(4)
    assert pump.control.state == "halted"
    assert len(pump.events("alarm")) == 1


@pytest.mark.req("R-03")
def test_what_is_alarmed_while_delivering_ends_in_the_poll_that_finds_the_reservoir_empty() -> None:
    pump = Benchtop(fill_steps=80_000).started(FAST, day_ms=None)
    pump.slice()
    assert "time_unknown" in pump.alarms()
    while pump.control.state == "delivering":
        pump.slice()
    assert "reservoir_empty" in pump.alarms()
    assert "time_unknown" not in pump.alarms()


@pytest.mark.req("R-03")
@pytest.mark.parametrize("usable_steps, state", [(1, "delivering"), (0, "halted")])
def test_with_one_microstep_to_deliver_the_reservoir_is_not_empty(usable_steps: int, state: str) -> None:
    pump = Benchtop().started(program([[0, 0, 0]]))
    pump.app.tick._ledger._reservoir.left_steps = pump.board.RESERVOIR_RESIDUAL_STEPS + usable_steps
    pump.slice()
    assert pump.control.state == state


@pytest.mark.parametrize(
    "count, alarm",
    [
        (lambda pump: pump.control._guard._count(HOUR_CAP), "limit_reached"),
        (lambda pump: pump.control._guard._count(DAY_CAP), "limit_reached"),
        (lambda pump: setattr(pump.app.journal, "unwritten", 1), "memory_error"),
    ],
    ids=["hour cap", "day cap", "event not stored"],
)
def test_what_was_counted_is_alarmed_once(count: Callable[[Benchtop], None], alarm: str) -> None:
    pump = Benchtop().started()
    pump.slice()
    assert pump.alarms() == []
    count(pump)
    pump.slice()
    assert pump.alarms() == [alarm]
    pump.control.acknowledge()
    pump.slice()
    assert pump.alarms() == []
