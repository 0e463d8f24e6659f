"""Control: each command in each state; what is refused changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from benchtop import FAST_STEPS_DAY, STEADY, STEADY_STEPS_DAY, Benchtop, logged, with_limits
from pump.core.errors import Refused
from pump.safety.alarms import MOTOR_STALL, RESERVOIR_LOW, TIME_UNKNOWN
from rig import DAY_MS, HOUR_MS, MONDAY, NG_ML, UNLIMITED, program

LONG_MS = 10**9


def booted() -> Benchtop:
    return Benchtop(opened=False)


def inhibited() -> Benchtop:
    pump = Benchtop(opened=False)
    pump.control.self_tested(["sounder"])
    return pump


def stopped() -> Benchtop:
    return Benchtop().programmed()


def delivering() -> Benchtop:
    pump = Benchtop().started()
    pump.slice(5)
    return pump


def priming() -> Benchtop:
    pump = stopped()
    pump.control.prime(10_000, 1000 * 1000, False)
    pump.slice(5)
    return pump


def halted() -> Benchtop:
    pump = delivering()
    pump.control.raise_alarm(MOTOR_STALL)
    return pump


MAKERS: dict[str, Callable[[], Benchtop]] = {
    "boot": booted,
    "inhibited": inhibited,
    "stopped": stopped,
    "delivering": delivering,
    "priming": priming,
    "halted": halted,
}
COMMANDS: dict[str, Callable[[Benchtop], None]] = {
    "load": lambda pump: pump.control.load(STEADY),
    "start": lambda pump: pump.control.start(),
    "stop": lambda pump: pump.control.stop(),
    "acknowledge": lambda pump: pump.control.acknowledge(),
    "refill": lambda pump: pump.refill(pump.fill_steps),
    "set_time": lambda pump: pump.control.set_time(HOUR_MS, MONDAY),
}
# The specification: the state that each command leads to, None where it is refused.
SPECIFIED: dict[str, dict[str, str | None]] = {
    "boot": {"load": None, "start": None, "stop": "boot", "acknowledge": None, "refill": "boot", "set_time": "boot"},
    "inhibited": {
        "load": None,
        "start": None,
        "stop": "inhibited",
        "acknowledge": None,
        "refill": "inhibited",
        "set_time": "inhibited",
    },
    "stopped": {
        "load": "stopped",
        "start": "delivering",
        "stop": "stopped",
        "acknowledge": "stopped",
        "refill": "stopped",
        "set_time": "stopped",
    },
    "delivering": {
        "load": "delivering",
        "start": None,
        "stop": "stopped",
        "acknowledge": "delivering",
        "refill": "delivering",
        "set_time": "delivering",
    },
    "priming": {
        "load": None,
        "start": None,
        "stop": "stopped",
        "acknowledge": "priming",
        "refill": None,
        "set_time": "priming",
    },
    "halted": {
        "load": None,
        "start": None,
        "stop": "halted",
        "acknowledge": "stopped",
        "refill": "halted",
        "set_time": "halted",
    },
}
PAIRS = [(state, command) for state in SPECIFIED for command in COMMANDS]


@pytest.mark.parametrize("state, command", PAIRS)
def test_each_command_in_each_state_is_taken_or_refused_and_a_refusal_changes_nothing(state: str, command: str) -> None:
    pump = MAKERS[state]()
    assert pump.control.state == state
    before = pump.snapshot()
    target = SPECIFIED[state][command]
    if target is None:
        with pytest.raises(Refused):
            COMMANDS[command](pump)
        assert pump.snapshot() == (logged(before, "program_refused") if command == "load" else before)
    else:
        COMMANDS[command](pump)
        assert pump.control.state == target
    assert not pump.app.tick._holds
    assert pump.app.tick.delivering == (pump.control.state in ("delivering", "priming"))


@pytest.mark.parametrize("state", MAKERS)
def test_a_stop_in_any_state_ends_motion_within_two_ticks(state: str) -> None:
    pump = MAKERS[state]()
    pump.control.stop()
    pump.slice(2)
    moved = pump.bench.truth()["motor_steps"]
    pump.slice(20)
    assert pump.bench.truth()["motor_steps"] == moved
    assert not pump.bench.dead_man.enabled


class TestLoad:
    @pytest.mark.parametrize("state", ["boot", "inhibited", "priming", "halted"])
    def test_the_refusal_says_when_it_is_accepted(self, state: str) -> None:
        with pytest.raises(
            Refused,
            match=f"program: while {state} is refused; accepted: a program is loaded while stopped or delivering",
        ):
            MAKERS[state]().control.load(STEADY)

    @pytest.mark.req("D-01")
    @pytest.mark.parametrize(
        "source",
        [None, {}, {**STEADY, "version": 1}, {**STEADY, "patterns": []}, {**STEADY, "surplus": 1}],
        ids=["nothing", "empty", "version", "no patterns", "surplus"],
    )
    @pytest.mark.parametrize("prepared", [stopped, delivering])
    def test_what_is_no_program_is_refused_and_logged_and_changes_nothing(
        self, prepared: Callable[[], Benchtop], source: object
    ) -> None:
        pump = prepared()
        before = pump.snapshot()
        with pytest.raises(Refused):
            pump.control.load(source)
        assert pump.snapshot() == logged(before, "program_refused")

    @pytest.mark.req("D-03")
    @pytest.mark.parametrize(
        "limits, source",
        [
            ({}, "build"),
            ({"hour": 36_619}, "test"),
        ],
    )
    def test_basal_above_the_lowest_cap_is_refused_naming_value_and_source(
        self, limits: dict[str, int], source: str
    ) -> None:
        steps_day = STEADY_STEPS_DAY if limits else 10_000_000
        pump = stopped()
        before = pump.snapshot()
        lowest = limits.get("hour", 230_564)
        with pytest.raises(Refused, match=f"at most {lowest} microsteps, the hour limit of the {source}"):
            pump.control.load(with_limits(program([[0, steps_day, 0]]), limits))
        assert pump.snapshot() == logged(before, "program_refused")

    @pytest.mark.req("D-03", "D-06")
    @pytest.mark.parametrize("steps", [36_620, 36_621])
    def test_basal_of_61_minutes_and_the_lag_of_two_ticks_at_the_cap_is_taken(self, steps: int) -> None:
        pump = stopped()
        pump.control.load(with_limits(STEADY, {"hour": steps}))
        assert pump.control.limits.hour.steps == steps

    @pytest.mark.req("D-03")
    @pytest.mark.parametrize("name", ["hour", "day", "bolus"])
    @pytest.mark.parametrize("lowest", ["build", "board", "test"])
    def test_of_build_board_and_program_the_lowest_limit_wins_and_is_named(self, name: str, lowest: str) -> None:
        pump = Benchtop()
        steps = {"build": 300_000, "board": 300_000, "test": 300_000, lowest: 200_000}
        pump.control.programs._own_limits = [
            ({"hour": UNLIMITED, "day": UNLIMITED, "bolus": UNLIMITED, name: steps[who]}, who)
            for who in ("build", "board")
        ]
        pump.control.load(with_limits(program([[0, 0, 0]]), {name: steps["test"]}))
        limit = getattr(pump.control.limits, name)
        assert (limit.name, limit.steps, limit.source) == (name, 200_000, lowest)

    def test_a_new_program_keeps_the_time_of_day_and_starts_its_own_day_count(self) -> None:
        pump = Benchtop().started(day_ms=DAY_MS - 2000)
        pump.slice(10)
        assert pump.status()["day"] == 1
        pump.control.stop()
        pump.control.load(STEADY)
        status = pump.status()
        assert (status["day"], status["day_ms"], status["weekday"], status["time_known"]) == (0, 8000, 1, True)

    def test_without_a_time_of_day_the_new_program_has_none_either(self) -> None:
        pump = Benchtop().programmed(day_ms=None)
        pump.control.load(STEADY)
        assert not pump.status()["time_known"]

    def test_the_journal_says_how_much_was_loaded(self) -> None:
        pump = Benchtop()
        pump.control.load(program([[0, 1, 0], [HOUR_MS, 2, 0]], boluses=[[0, 0, 5, 0, 1000]]))
        assert pump.events("program") == [(2, 1)]

    def test_a_cap_below_what_was_delivered_withholds_until_the_window_has_moved_on(self) -> None:
        pump = Benchtop().started()
        pump.slice(3600)
        pump.control.stop()
        pump.control.load(program([[0, STEADY_STEPS_DAY // 100, 0]], hour=20_000))
        before = pump.status()["granted_steps"]
        pump.control.start()
        pump.slice(1200)
        assert pump.status()["granted_steps"] == before
        assert pump.alarms() == ["limit_reached"]
        pump.slice(3000)
        assert pump.status()["granted_steps"] > before


class TestStart:
    def test_without_a_program_it_is_refused(self) -> None:
        pump = Benchtop()
        pump.refill(pump.fill_steps)
        with pytest.raises(Refused, match="start: no program is refused; accepted: a pump with a program loaded"):
            pump.control.start()

    @pytest.mark.req("R-03")
    def test_with_only_the_residual_in_the_reservoir_it_is_refused(self) -> None:
        pump = stopped()
        residual = pump.board.RESERVOIR_RESIDUAL_STEPS
        pump.refill(residual)
        before = pump.snapshot()
        with pytest.raises(
            Refused, match=f"reservoir: {residual} microsteps is refused; accepted: more than the {residual}"
        ):
            pump.control.start()
        assert pump.snapshot() == before
        pump.refill(residual + 1)
        pump.control.start()
        assert pump.control.state == "delivering"

    def test_the_time_a_pump_stood_is_not_made_up(self) -> None:
        pump = delivering()
        pump.control.stop()
        ordered = pump.status()["ordered_steps"]
        pump.slice(1000)
        pump.control.start()
        pump.slice(3)
        assert pump.status()["ordered_steps"] == ordered + 30


class TestRefillAndTime:
    @pytest.mark.req("R-01")
    def test_an_overfill_is_refused_and_changes_nothing(self) -> None:
        pump = stopped()
        before = pump.snapshot()
        with pytest.raises(Refused, match="fill_steps"):
            pump.refill(pump.board.RESERVOIR_CAPACITY_STEPS + 1)
        assert pump.snapshot() == before

    @pytest.mark.req("R-01")
    def test_what_was_filled_is_in_the_reservoir_delivered_or_wasted(self) -> None:
        pump = delivering()
        for fill_steps in (1_000_000, 500_000, 4_000_000):
            pump.slice(7)
            withdrawn_steps = pump.status()["reservoir_steps"]
            pump.refill(fill_steps)
            assert pump.events("refill")[-1] == (fill_steps, withdrawn_steps)
            pump.slice(7)
            status = pump.status()
            assert status["filled_steps"] == (
                status["reservoir_steps"] + status["confirmed_steps"] + status["wasted_steps"]
            )
        assert len(pump.events("refill")) == 4

    @pytest.mark.parametrize("day_ms", [-1, DAY_MS, 1.5, None, True])
    def test_a_time_outside_the_day_is_refused_and_changes_nothing(self, day_ms: Any) -> None:
        pump = stopped()
        before = pump.snapshot()
        with pytest.raises(Refused, match="day_ms"):
            pump.control.set_time(day_ms, MONDAY)
        assert pump.snapshot() == before

    @pytest.mark.parametrize("weekday", [-1, 7, 1.5, None, True])
    def test_a_day_outside_the_week_is_refused_and_changes_nothing(self, weekday: Any) -> None:
        pump = stopped()
        before = pump.snapshot()
        with pytest.raises(Refused, match="weekday"):
            pump.control.set_time(HOUR_MS, weekday)
        assert pump.snapshot() == before

    def test_the_time_and_the_day_of_the_week_are_set_together(self) -> None:
        pump = stopped()
        pump.control.set_time(DAY_MS - 1, 6)
        status = pump.status()
        assert (status["day_ms"], status["weekday"], status["time_known"]) == (DAY_MS - 1, 6, True)
        assert pump.events("time_set")[-1] == (DAY_MS - 1, 6)

    @pytest.mark.parametrize("withdrawn_steps", [-1, 2**30, 1.5, None, True])
    def test_what_cannot_have_been_withdrawn_is_refused_and_changes_nothing(self, withdrawn_steps: Any) -> None:
        pump = stopped()
        before = pump.snapshot()
        with pytest.raises(Refused, match="withdrawn_steps"):
            pump.control.refill(pump.fill_steps, withdrawn_steps, NG_ML)
        assert pump.snapshot() == before

    @pytest.mark.req("D-11")
    def test_without_the_time_of_day_the_lowest_rate_of_the_day_runs_and_alarms_until_it_is_set(self) -> None:
        source = program([[0, STEADY_STEPS_DAY, 0], [HOUR_MS, STEADY_STEPS_DAY // 5, 0]])
        pump = Benchtop().started(source, day_ms=None)
        pump.slice()
        assert pump.status()["rate_steps_day"] == STEADY_STEPS_DAY // 5
        assert pump.alarms() == ["time_unknown"]
        pump.control.set_time(0, MONDAY)
        pump.slice()
        assert pump.status()["rate_steps_day"] == STEADY_STEPS_DAY
        assert pump.alarms() == []
        assert pump.events("alarm_end") == [(TIME_UNKNOWN, 0)]

    def test_a_stopped_pump_does_not_complain_that_the_time_is_unknown(self) -> None:
        pump = Benchtop().programmed(day_ms=None)
        pump.slice()
        assert pump.alarms() == []


class TestReservoir:
    @pytest.mark.req("R-03")
    def test_empty_stops_the_motor_at_the_residual_and_not_a_step_below(self) -> None:
        pump = Benchtop()
        pump.fill_steps = pump.board.RESERVOIR_RESIDUAL_STEPS + 1000
        pump.started()
        pump.slice(150)
        assert pump.status()["reservoir_steps"] == pump.board.RESERVOIR_RESIDUAL_STEPS
        assert pump.bench.truth()["motor_steps"] == 1000
        assert pump.control.state == "halted"
        assert pump.alarms() == ["reservoir_empty", "reservoir_low"]
        pump.slice(50)
        assert pump.bench.truth()["motor_steps"] == 1000

    @pytest.mark.req("R-01", "R-03")
    @pytest.mark.parametrize("spare_steps", [0, 1, 100])
    @pytest.mark.parametrize("stopped_first", [False, True])
    def test_a_refill_while_steps_are_in_flight_never_ends_below_the_residual(
        self, spare_steps: int, stopped_first: bool
    ) -> None:
        pump = Benchtop().started(program([[0, FAST_STEPS_DAY, 0]]))
        pump.tick(3)
        if stopped_first:
            pump.control.stop()
        assert pump.status()["in_flight_steps"] == 65
        least_steps = pump.board.RESERVOIR_RESIDUAL_STEPS + 65
        before = pump.snapshot()
        with pytest.raises(Refused, match=f"fill_steps: {least_steps - 1} is refused; accepted: .* {least_steps} to "):
            pump.refill(least_steps - 1)
        assert pump.snapshot() == before
        assert not pump.app.tick._holds
        pump.refill(least_steps + spare_steps)
        for _ in range(20):
            pump.slice()
            assert pump.status()["reservoir_steps"] >= pump.board.RESERVOIR_RESIDUAL_STEPS
        left_steps = pump.status()["reservoir_steps"] - pump.board.RESERVOIR_RESIDUAL_STEPS
        assert left_steps == (spare_steps if stopped_first else 0)

    def test_low_alarms_at_its_mark_and_goes_with_a_refill(self) -> None:
        pump = Benchtop()
        pump.fill_steps = pump.board.RESERVOIR_LOW_STEPS + 100
        pump.started()
        while pump.status()["reservoir_steps"] > pump.board.RESERVOIR_LOW_STEPS:
            assert pump.alarms() == []
            pump.slice()
        assert pump.alarms() == ["reservoir_low"]
        assert pump.control.state == "delivering"
        pump.refill(pump.board.RESERVOIR_CAPACITY_STEPS)
        pump.slice()
        assert pump.alarms() == []
        assert pump.events("alarm_end") == [(RESERVOIR_LOW, 0)]
