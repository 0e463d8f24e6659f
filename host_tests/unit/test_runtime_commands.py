"""Control's commands beside load, start and stop: in each state, verify, keep open, refill."""

from collections.abc import Callable
from typing import Any

import pytest

from pump.core.errors import Refused
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, program
from watched import Watched

STEPS_DAY = 24_000
# 0.048 mL a day on the simulated bench, the lowest rate that its mechanism holds well.
MINIMUM_STEPS_DAY = 11_068
RESIDUAL_STEPS, CAPACITY_STEPS = 69_170, 4_611_283
LONG_MS = 48 * HOUR_MS


def order(rows: list[list[int]] | None = None, **parts: object) -> dict[str, Any]:
    fields = {"patient": [10, 0, MINUTE_MS, HOUR_MS, 4], "trial": [[10, 0, MINUTE_MS]], **parts}
    return program(rows or [[0, STEPS_DAY, 0]], parts=fields)


def delivering(source: dict[str, Any] | None = None, day_ms: int | None = 0) -> Watched:
    pump = Watched(MINUTE_MS)
    pump.started(source or order(), day_ms)
    pump.slice(3)
    return pump


def stopped() -> Watched:
    pump = delivering()
    pump.control.stop()
    pump.slice(2)
    return pump


def halted() -> Watched:
    pump = delivering()
    pump.halt()
    pump.slice(2)
    return pump


def priming() -> Watched:
    pump = stopped()
    pump.control.prime(1000, HOUR_MS, True)
    pump.slice(2)
    return pump


def booted() -> Watched:
    return Watched(MINUTE_MS, opened=False)


def inhibited() -> Watched:
    pump = booted()
    pump.control.self_tested(["sounder"])
    return pump


def verify(pump: Watched) -> None:
    """What a programmer reads back, it says."""
    pump.control.verify(pump.control.programs.day_total_steps(), pump.status()["reservoir_steps"])


MAKERS: dict[str, Callable[[], Watched]] = {
    "boot": booted,
    "inhibited": inhibited,
    "stopped": stopped,
    "delivering": delivering,
    "halted": halted,
    "priming": priming,
}
COMMANDS: dict[str, Callable[[Watched], None]] = {
    "load": lambda pump: pump.control.load(order()),
    "refill": lambda pump: pump.refill(pump.fill_steps),
    "refill, other": lambda pump: pump.refill(pump.fill_steps, 3 * NG_ML),
    "set_time": lambda pump: pump.control.set_time(HOUR_MS, 6),
    "verify": verify,
    "start": lambda pump: pump.control.start(),
    "stop": lambda pump: pump.control.stop(),
    "keep_open": lambda pump: pump.control.keep_open(),
    "run_program": lambda pump: pump.control.run_program(),
    "pause_plan": lambda pump: pump.control.pause_plan(),
    "resume_plan": lambda pump: pump.control.resume_plan(),
    "clinician": lambda pump: pump.control.give_bolus(10, 0, 1, MINUTE_MS),
    "patient": lambda pump: pump.control.request_bolus(),
    "trial": lambda pump: pump.control.give_trial_step(),
    "prime": lambda pump: pump.control.prime(100, MINUTE_MS, True),
    "acknowledge": lambda pump: pump.control.acknowledge(),
}
# The states in which each is taken; all others refuse it.
TAKEN: dict[str, tuple[str, ...]] = {
    "load": ("stopped", "delivering"),
    "refill": ("boot", "inhibited", "stopped", "delivering", "halted"),
    "refill, other": ("boot", "inhibited", "stopped", "halted"),
    "set_time": tuple(MAKERS),
    "verify": tuple(MAKERS),
    "start": ("stopped",),
    "stop": tuple(MAKERS),
    "keep_open": ("delivering",),
    "run_program": (),
    "pause_plan": tuple(MAKERS),
    "resume_plan": (),
    "clinician": ("delivering",),
    "patient": ("delivering",),
    "trial": ("delivering",),
    "prime": ("stopped",),
    "acknowledge": ("stopped", "delivering", "halted", "priming"),
}
LEADS_TO = {
    ("start", "stopped"): "delivering",
    ("stop", "delivering"): "stopped",
    ("stop", "priming"): "stopped",
    ("prime", "stopped"): "priming",
    ("acknowledge", "halted"): "stopped",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", MAKERS)
def test_each_command_is_taken_or_refused_by_the_state_and_a_refusal_changes_nothing(state: str, command: str) -> None:
    pump = MAKERS[state]()
    assert pump.control.state == state
    before = pump.snapshot()
    if state in TAKEN[command]:
        COMMANDS[command](pump)
        assert pump.control.state == LEADS_TO.get((command, state), state)
    else:
        with pytest.raises(Refused):
            COMMANDS[command](pump)
        status, kinds, *others = pump.snapshot()
        assert (status, *others) == (before[0], *before[2:])
        # At most the denial itself is logged.
        assert isinstance(kinds, list)
        assert isinstance(before[1], list)
        denials = {"load": "program_refused"}.get(command, f"{command}_denied")
        assert kinds in (before[1], [*before[1], denials])
    assert not pump.app.tick._holds
    assert pump.app.tick.delivering == (pump.control.state in ("delivering", "priming"))


class TestAfterALongStop:
    @pytest.mark.req("M-08", "A-03")
    @pytest.mark.parametrize("how", ["stop", "halt"])
    def test_after_48_h_without_delivery_it_alarms_and_starts_only_once_verified(self, how: str) -> None:
        pump = delivering()
        (pump.control.stop if how == "stop" else pump.halt)()
        if how == "halt":
            pump.control.acknowledge()
        pump.run(LONG_MS)
        assert pump.alarms() == []
        pump.run(MINUTE_MS)
        assert pump.alarms() == ["stopped_long"]
        assert pump.status()["priority"] == 3
        assert str(pump.refused(pump.control.start)) == (
            "start: after 48 h without delivery is refused; accepted: a start after program and reservoir were verified"
        )
        verify(pump)
        assert pump.events("verified") == [(STEPS_DAY, pump.status()["reservoir_steps"])]
        pump.control.start()
        pump.slice()
        assert pump.alarms() == []

    @pytest.mark.req("M-08")
    def test_after_48_h_to_the_minute_it_still_starts(self) -> None:
        pump = delivering()
        pump.control.stop()
        pump.run(LONG_MS)
        pump.control.start()

    @pytest.mark.req("M-08")
    def test_neither_acknowledging_nor_priming_makes_the_wait_shorter(self) -> None:
        pump = delivering()
        pump.control.stop()
        pump.run(47 * HOUR_MS)
        pump.control.acknowledge()
        pump.control.prime(100, MINUTE_MS, True)
        pump.run(2 * HOUR_MS)
        assert pump.alarms() == ["stopped_long"]
        pump.control.acknowledge()
        assert pump.alarms() == ["stopped_long"]
        pump.refused(pump.control.start)

    @pytest.mark.req("M-08")
    @pytest.mark.parametrize("off", [(1, 0), (-1, 0), (0, 1), (0, -1), (None, 0)])
    def test_what_is_read_back_otherwise_is_refused(self, off: tuple[int | None, int]) -> None:
        pump = stopped()
        total = None if off[0] is None else STEPS_DAY + off[0]
        left = pump.status()["reservoir_steps"] + off[1]
        refusal = pump.refused(pump.control.verify, total, left)
        assert refusal.field == ("left_steps" if off[1] else "day_total_steps")
        assert pump.events("verified") == []

    @pytest.mark.req("M-08")
    def test_of_a_plan_the_greatest_day_is_read_back(self) -> None:
        days = [[[0, 1000, 0]], [[0, 3000, 0]], [[0, 2000, 0]]]
        pump = Watched(MINUTE_MS)
        pump.programmed(order(patterns=days, plan=[[0, 0, 2], [1, 1, 1]]))
        pump.control.verify(3000, pump.fill_steps)

    @pytest.mark.req("M-08")
    @pytest.mark.parametrize("then", ["load", "refill", "deliver", "wait", "stop long before"])
    def test_only_a_fresh_verify_of_what_is_there_counts(self, then: str) -> None:
        pump = stopped()
        if then == "stop long before":
            verify(pump)
        pump.run(LONG_MS)
        if then == "stop long before":
            pump.refused(pump.control.start)
            return
        verify(pump)
        if then == "load":
            pump.control.load(order())
        elif then == "refill":
            pump.refill(pump.fill_steps)
        elif then == "wait":
            pump.run(HOUR_MS + MINUTE_MS)
        else:
            pump.control.start()
            pump.control.stop()
            pump.run(LONG_MS + MINUTE_MS)
        pump.refused(pump.control.start)
        verify(pump)
        pump.run(HOUR_MS)
        pump.control.start()


class TestKeepOpen:
    @pytest.mark.req("D-11")
    @pytest.mark.parametrize(
        "steps_day, kept", [(24_000, MINIMUM_STEPS_DAY), (11_069, MINIMUM_STEPS_DAY), (11_068, 11_068), (5, 5), (0, 0)]
    )
    def test_it_delivers_the_minimum_or_less_where_the_program_has_less(self, steps_day: int, kept: int) -> None:
        pump = delivering(order([[0, steps_day, 0]]))
        pump.control.keep_open()
        assert pump.status()["rate_steps_day"] == kept
        ordered = pump.status()["ordered_steps"]
        pump.run(DAY_MS)
        assert abs(pump.status()["ordered_steps"] - ordered - kept) <= 1

    @pytest.mark.req("D-11")
    def test_it_follows_the_program_where_that_is_lower(self) -> None:
        pump = delivering(order([[0, 24_000, 0], [6 * HOUR_MS, 4000, 0], [18 * HOUR_MS, 24_000, 0]]))
        pump.control.keep_open()
        pump.run(6 * HOUR_MS)
        assert pump.status()["rate_steps_day"] == 4000
        pump.run(12 * HOUR_MS)
        assert pump.status()["rate_steps_day"] == MINIMUM_STEPS_DAY

    @pytest.mark.req("D-11")
    def test_before_the_time_of_day_is_known_the_lower_of_both_runs(self) -> None:
        pump = delivering(order([[0, 24_000, 0], [6 * HOUR_MS, 4000, 0]]), day_ms=None)
        pump.control.keep_open()
        assert pump.status()["rate_steps_day"] == 4000

    def test_it_shows_as_an_alarm_until_the_program_runs_again(self) -> None:
        pump = delivering()
        pump.control.keep_open()
        pump.slice()
        assert pump.alarms() == ["keep_open"]
        assert pump.status()["priority"] == 1
        pump.control.acknowledge()
        assert pump.alarms() == ["keep_open"]
        pump.control.run_program()
        pump.slice()
        assert pump.alarms() == []
        assert pump.status()["rate_steps_day"] == STEPS_DAY
        assert pump.kinds().count("keep_open") == pump.kinds().count("keep_open_end") == 1

    def test_it_cancels_a_bolus_that_is_not_made_up(self) -> None:
        pump = delivering()
        pump.control.give_bolus(100, 0, 1, 10 * MINUTE_MS)
        pump.run(5 * MINUTE_MS)
        pump.control.keep_open()
        assert pump.events("bolus_cancelled") == [(50, 0)]
        pump.control.run_program()
        ordered = pump.status()["ordered_steps"]
        pump.run(HOUR_MS)
        assert abs(pump.status()["ordered_steps"] - ordered - 1000) <= 1

    def test_a_scheduled_bolus_is_missed_unless_the_program_runs_again_soon(self) -> None:
        boluses = [[0, HOUR_MS, 50, 0, MINUTE_MS], [0, 2 * HOUR_MS, 60, 0, MINUTE_MS]]
        pump = delivering(order(boluses=boluses))
        pump.control.keep_open()
        pump.run(2 * HOUR_MS + 5 * MINUTE_MS)
        assert pump.events("bolus_missed") == [(50, HOUR_MS)]
        pump.control.run_program()
        pump.run(10 * MINUTE_MS)
        assert pump.events("bolus") == [(60, 0)]

    def test_it_outlasts_stop_halt_and_a_new_program(self) -> None:
        pump = delivering()
        pump.control.keep_open()
        pump.control.stop()
        assert pump.refused(pump.control.run_program).value == "while stopped"
        pump.control.start()
        pump.halt()
        pump.resume()
        pump.control.load(order())
        assert pump.status()["rate_steps_day"] == MINIMUM_STEPS_DAY

    def test_twice_and_back_twice_are_refused(self) -> None:
        pump = delivering()
        assert pump.refused(pump.control.run_program).value == "already so"
        pump.control.keep_open()
        assert pump.refused(pump.control.keep_open).value == "already so"


class TestRefill:
    @pytest.mark.req("R-05")
    @pytest.mark.parametrize("off, flagged", [(230_564, False), (230_565, True), (-230_564, False), (-230_565, True)])
    def test_more_or_less_withdrawn_than_1_of_20_ml_off_is_flagged_and_logged(self, off: int, flagged: bool) -> None:
        pump = Watched(MINUTE_MS, fill_steps=2_000_000)
        pump.programmed(order())
        pump.control.refill(CAPACITY_STEPS, 2_000_000 + off, NG_ML)
        assert pump.events("refill")[-1] == (CAPACITY_STEPS, 2_000_000 + off)
        assert pump.events("residual") == ([(2_000_000, 2_000_000 + off)] if flagged else [])
        assert pump.alarms() == (["residual_mismatch"] if flagged else [])
        pump.control.acknowledge()
        assert pump.alarms() == []

    @pytest.mark.req("R-05", "R-01")
    @pytest.mark.parametrize(
        "arguments, field",
        [
            ((CAPACITY_STEPS + 1, 0, NG_ML), "fill_steps"),
            ((RESIDUAL_STEPS - 1, 0, NG_ML), "fill_steps"),
            ((None, 0, NG_ML), "fill_steps"),
            ((CAPACITY_STEPS, -1, NG_ML), "withdrawn_steps"),
            ((CAPACITY_STEPS, 1.5, NG_ML), "withdrawn_steps"),
            ((CAPACITY_STEPS, 0, 0), "concentration_ng_ml"),
            ((CAPACITY_STEPS, 0, 1 << 30), "concentration_ng_ml"),
            ((CAPACITY_STEPS, 0, "500"), "concentration_ng_ml"),
        ],
    )
    def test_overfill_and_what_is_no_refill_are_refused_naming_the_field(
        self, arguments: tuple[int, int, int], field: str
    ) -> None:
        pump = stopped()
        assert pump.refused(pump.control.refill, *arguments).field == field
        assert pump.kinds().count("refill") == 1

    @pytest.mark.req("R-01", "R-05")
    def test_while_delivering_it_goes_on_with_every_microstep_accounted_for(self) -> None:
        pump = delivering()
        for fill_steps in (3_000_000, CAPACITY_STEPS, RESIDUAL_STEPS + 50_000):
            pump.run(5 * HOUR_MS)
            pump.refill(fill_steps)
            pump.slice(2)
        pump.check_laws(1100)
        assert pump.control.state == "delivering"
        assert abs(pump.status()["ordered_steps"] - STEPS_DAY * pump.app.journal.uptime_ms // DAY_MS) <= 1
