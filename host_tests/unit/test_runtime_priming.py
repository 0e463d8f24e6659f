"""The prime: path and catheter filled once after a refill, within bounds of its own, and outside of all therapy."""

from typing import Any

import pytest

from pump.core.errors import Refused
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, program
from watched import Watched

STEPS_DAY = 24_000
STEPS, DURATION_MS = 6000, 20 * MINUTE_MS
# 1 mL, what the build takes for the volume of any line.
MOST_STEPS = 230_564


def order(**parts: object) -> dict[str, Any]:
    return program([[0, STEPS_DAY, 0]], parts=parts, hour=1100, day=25_000)


def fresh() -> Watched:
    """Filled for the first time, without a program."""
    pump = Watched(MINUTE_MS)
    pump.control.refill(pump.fill_steps, 0, NG_ML)
    return pump


def stopped(hours: int = 2) -> Watched:
    """Stopped after some therapy, and refilled: the line holds drug."""
    pump = Watched(MINUTE_MS)
    pump.started(order())
    pump.run(hours * HOUR_MS)
    pump.control.stop()
    pump.slice(2)
    pump.refill(pump.fill_steps)
    return pump


def primed(pump: Watched, steps: int = STEPS, duration_ms: int = DURATION_MS) -> Watched:
    pump.control.prime(steps, duration_ms, True)
    return pump


class TestAPrime:
    @pytest.mark.req("D-13")
    def test_its_steps_go_out_evenly_over_its_duration_and_the_pump_is_stopped_again(self) -> None:
        pump = primed(fresh())
        assert pump.control.state == "priming"
        assert pump.events("prime") == [(STEPS, DURATION_MS)]
        pump.run(DURATION_MS // 2)
        assert pump.status()["ordered_steps"] == STEPS // 2
        assert pump.status()["rate_steps_day"] == STEPS * DAY_MS // DURATION_MS
        pump.run(DURATION_MS // 2 + 2 * MINUTE_MS)
        assert pump.control.state == "stopped"
        assert pump.bench.motor.steps == STEPS
        assert pump.events("prime_end") == [(STEPS, 0)]
        assert pump.alarms() == []

    @pytest.mark.req("D-13", "R-01", "M-01")
    def test_it_stands_in_the_ledger_and_the_reservoir_and_apart_from_all_therapy(self) -> None:
        pump = stopped()
        before = pump.status()
        primed(pump)
        pump.until_state("stopped")
        status = pump.status()
        for name in ("ordered_steps", "granted_steps", "confirmed_steps"):
            assert status[name] - before[name] == STEPS
        assert status["primed_ordered_steps"] == status["primed_steps"] == STEPS
        assert before["reservoir_steps"] - status["reservoir_steps"] == STEPS
        # No window holds any of it: only minutes of the therapy before have left them.
        assert status["hour_steps"] <= before["hour_steps"]
        assert status["day_steps"] == before["day_steps"]
        pump.check_laws(1100)

    @pytest.mark.req("D-13", "D-06")
    def test_the_caps_of_the_therapy_bind_it_no_more_than_it_uses_them_up(self) -> None:
        pump = primed(stopped(), 50_000, HOUR_MS)
        pump.until_state("stopped")
        pump.control.start()
        pump.run(2 * DAY_MS)
        status = pump.status()
        assert status["primed_steps"] == 50_000
        assert status["ordered_steps"] - status["primed_ordered_steps"] == 2 * STEPS_DAY + 2000
        assert pump.alarms() == []

    @pytest.mark.req("D-13")
    def test_with_a_late_tick_no_more_goes_out_than_was_ordered(self) -> None:
        pump = primed(fresh())
        for span_ms in (1000, 150_000, 7, 250_000, 90_000):
            pump.slice(1, span_ms)
        pump.until_state("stopped")
        assert pump.bench.motor.steps == pump.status()["primed_steps"] == STEPS

    def test_time_of_day_passes_and_the_plan_stays(self) -> None:
        plan = {"patterns": [[[0, 24_000, 0]], [[0, 12_000, 0]]], "plan": [[0, 0, 0], [1, 1, 1]]}
        pump = Watched(MINUTE_MS)
        pump.programmed(order(**plan), DAY_MS - HOUR_MS)
        primed(pump, duration_ms=2 * HOUR_MS)
        pump.until_state("stopped", 200)
        status = pump.status()
        assert status["weekday"] == 1
        assert abs(status["day_ms"] - HOUR_MS) <= 2 * MINUTE_MS
        assert status["plan_day"] == 0

    @pytest.mark.req("M-08")
    def test_it_is_no_delivery_that_a_patient_waits_for(self) -> None:
        pump = stopped()
        primed(pump)
        pump.until_state("stopped")
        assert pump.status()["idle_ms"] > DURATION_MS


class TestItsBounds:
    @pytest.mark.parametrize(
        "arguments, field",
        [
            ((0, DURATION_MS, True), "prime.steps"),
            ((-1, DURATION_MS, True), "prime.steps"),
            ((1.0, DURATION_MS, True), "prime.steps"),
            ((MOST_STEPS + 1, DURATION_MS, True), "prime.steps"),
            ((STEPS, 0, True), "prime.duration_ms"),
            ((STEPS, DAY_MS + 1, True), "prime.duration_ms"),
            ((STEPS, None, True), "prime.duration_ms"),
        ],
    )
    def test_volume_and_duration_beyond_them_are_refused_naming_the_field(
        self, arguments: tuple[int, int, bool], field: str
    ) -> None:
        pump = fresh()
        assert pump.refused(pump.control.prime, *arguments).field == field
        assert pump.control.state == "stopped"
        # It is not used up by that.
        primed(pump)

    def test_the_largest_is_taken(self) -> None:
        primed(fresh(), MOST_STEPS, DAY_MS)

    def test_more_than_the_reservoir_can_give_is_refused(self) -> None:
        pump = Watched(MINUTE_MS, fill_steps=69_170 + STEPS)
        pump.control.refill(pump.fill_steps, 0, NG_ML)
        refusal = pump.refused(pump.control.prime, STEPS + 1, DURATION_MS, True)
        assert str(refusal) == (
            f"prime.steps: {STEPS + 1} is refused; accepted: at most {STEPS}, what can be delivered"
        )

    @pytest.mark.req("R-03")
    def test_one_that_takes_all_there_is_ends_with_the_reservoir_empty(self) -> None:
        pump = Watched(MINUTE_MS, fill_steps=69_170 + STEPS)
        pump.control.refill(pump.fill_steps, 0, NG_ML)
        primed(pump)
        pump.until_state("halted")
        assert pump.alarms() == ["reservoir_empty", "reservoir_low"]
        pump.slice()
        assert pump.bench.motor.steps == STEPS

    @pytest.mark.parametrize("state", ["boot", "inhibited", "delivering", "halted", "priming"])
    def test_only_a_stopped_pump_primes(self, state: str) -> None:
        pump = Watched(MINUTE_MS, opened=state not in ("boot", "inhibited"))
        if state == "inhibited":
            pump.control.self_tested(["sounder"])
        pump.control.refill(pump.fill_steps, 0, NG_ML)
        if pump.control.state == "stopped":
            pump.control.load(order())
        if state == "delivering":
            pump.control.start()
        elif state == "halted":
            pump.halt()
        elif state == "priming":
            primed(pump)
        assert pump.control.state == state
        refusal = pump.refused(pump.control.prime, STEPS, DURATION_MS, True)
        assert refusal.value == ("a prime without a refill" if state == "priming" else f"while {state}")

    @pytest.mark.req("D-13")
    def test_one_prime_after_each_refill(self) -> None:
        pump = Watched(MINUTE_MS)
        assert pump.refused(pump.control.prime, STEPS, DURATION_MS, True).value == "a prime without a refill"
        pump.control.refill(pump.fill_steps, 0, NG_ML)
        primed(pump)
        pump.until_state("stopped")
        assert str(pump.refused(pump.control.prime, STEPS, DURATION_MS, True)) == (
            "prime: a prime without a refill is refused; accepted: one prime after each refill"
        )
        pump.refill(pump.fill_steps)
        primed(pump)

    @pytest.mark.req("D-13")
    @pytest.mark.parametrize("before", ["therapy", "prime", "override"])
    def test_a_line_that_holds_drug_must_have_been_emptied(self, before: str) -> None:
        pump = stopped() if before != "prime" else primed(fresh())
        if before == "prime":
            pump.until_state("stopped")
            pump.refill(pump.fill_steps)
        elif before == "override":
            pump.refill(pump.fill_steps, 2 * NG_ML)
            pump.control.load(order(concentration_ng_ml=2 * NG_ML, override="a new catheter"))
        refusal = pump.refused(pump.control.prime, STEPS, DURATION_MS, False)
        assert str(refusal) == (
            "prime.emptied: no is refused; "
            "accepted: the word that path and catheter were emptied: what they hold would be given at once"
        )
        primed(pump)

    def test_a_line_that_never_held_drug_needs_no_word(self) -> None:
        fresh().control.prime(STEPS, DURATION_MS, False)

    def test_where_a_bridge_waits_it_is_refused(self) -> None:
        pump = stopped()
        pump.refill(pump.fill_steps, 2 * NG_ML)
        pump.control.load(order(concentration_ng_ml=2 * NG_ML, bridge=[STEPS, DAY_MS]))
        assert pump.refused(pump.control.prime, STEPS, DURATION_MS, True).value == "while a bridge waits"

    @pytest.mark.req("D-12", "D-13")
    def test_a_line_that_was_emptied_and_primed_needs_no_bridge(self) -> None:
        pump = stopped()
        windows = pump.status()["day_steps"]
        pump.refill(pump.fill_steps, 2 * NG_ML)
        primed(pump)
        pump.until_state("stopped")
        assert pump.status()["day_steps"] == -(-windows // 2)
        with pytest.raises(Refused, match="neither, where the concentration does not change"):
            pump.control.load(order(concentration_ng_ml=2 * NG_ML, bridge=[STEPS, DAY_MS]))
        pump.control.load(order(concentration_ng_ml=2 * NG_ML))
        pump.control.start()


class TestBroughtToAnEnd:
    def test_too_fast_for_the_mechanism_it_times_out_with_an_alarm_and_the_rest_never_comes(self) -> None:
        # The burst of a minute's slice holds 3,843: in the minute of patience after it, two of them.
        pump = primed(fresh(), 20_000, 1000)
        pump.run(5 * MINUTE_MS)
        assert pump.control.state == "stopped"
        ((left, _),) = pump.events("prime_timeout")
        assert left > 0
        assert pump.bench.motor.steps == 20_000 - left
        assert pump.alarms() == ["prime_incomplete"]
        assert pump.status()["priority"] == 2
        pump.control.load(order())
        pump.control.set_time(0, 0)
        pump.control.start()
        pump.run(DAY_MS)
        assert pump.status()["primed_steps"] == 20_000 - left
        assert pump.status()["ordered_steps"] - pump.status()["primed_ordered_steps"] == STEPS_DAY
        assert pump.alarms() == ["prime_incomplete"]
        pump.control.acknowledge()
        assert pump.alarms() == []
        pump.check_laws(1100)

    @pytest.mark.req("D-10")
    @pytest.mark.parametrize("how", ["stop", "halt"])
    def test_a_stop_and_a_halt_end_it_and_it_does_not_go_on(self, how: str) -> None:
        pump = primed(stopped())
        pump.run(DURATION_MS // 2)
        (pump.control.stop if how == "stop" else pump.halt)()
        assert pump.events("prime_cancelled") == [(STEPS // 2, 0)]
        assert pump.control.state == ("stopped" if how == "stop" else "halted")
        pump.resume()
        ordered = pump.status()["ordered_steps"]
        pump.run(HOUR_MS)
        assert pump.status()["ordered_steps"] - ordered == 1000
        assert pump.status()["primed_steps"] == STEPS // 2
        pump.check_laws(1100)

    def test_a_driver_that_fails_halts_it(self) -> None:
        pump = Watched(MINUTE_MS, faults=[["driver_off", 5 * MINUTE_MS, DAY_MS, 0]])
        pump.control.refill(pump.fill_steps, 0, NG_ML)
        primed(pump)
        pump.until_state("halted")
        assert pump.alarms() == ["driver_off"]
        assert len(pump.events("prime_cancelled")) == 1
        assert pump.status()["confirmed_steps"] == pump.bench.motor.steps < STEPS

    @pytest.mark.parametrize(
        "command", ["start", "keep_open", "run_program", "request_bolus", "give_trial_step", "load", "refill"]
    )
    def test_nothing_else_is_begun_meanwhile(self, command: str) -> None:
        pump = stopped()
        patient = {"patient": [10, 0, MINUTE_MS, HOUR_MS, 1], "trial": [[10, 0, MINUTE_MS]]}
        pump.control.load(order(**patient))
        primed(pump)
        pump.run(MINUTE_MS)
        arguments = {"load": [order()], "refill": [pump.fill_steps, 0, NG_ML]}.get(command, [])
        refusal = pump.refused(getattr(pump.control, command), *arguments)
        assert refusal.value in ("while priming", "not delivering")
        pump.until_state("stopped")
        assert pump.bench.motor.steps == 2000 + STEPS
