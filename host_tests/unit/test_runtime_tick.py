"""The tick: confirm, demand, grant, burst; whenever it comes, and never more than may be."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchtop import FAST, FAST_STEPS_DAY, SECOND_MS, Benchtop, halted_by, running
from pump.runtime.tick import UNHELD_TICKS_MAX
from pump.safety.alarms import DRIVER_OFF, OCCLUSION
from rig import program

LONG_MS = 10**9


def granted(pump: Benchtop) -> int:
    return pump.status()["granted_steps"]


class TestOrder:
    def test_a_tick_confirms_then_demands_then_grants_then_sends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pump = running(Benchtop())
        tick = pump.app.tick
        calls: list[str] = []

        def watch(target: object, name: str) -> None:
            method: Callable[..., Any] = getattr(target, name)

            def watched(*arguments: object) -> object:
                calls.append(name)
                return method(*arguments)

            monkeypatch.setattr(target, name, watched)

        watch(tick._confirmation, "settle")
        watch(tick._ledger, "confirm")
        watch(tick._guard, "elapse")
        watch(tick.demand, "advance")
        watch(tick._dead_man, "feed")
        watch(tick._guard, "grant")
        watch(tick.demand, "take")
        watch(tick._burst, "send")
        watch(tick._confirmation, "sent")
        pump.tick()
        assert calls == ["settle", "confirm", "elapse", "advance", "feed", "grant", "take", "send", "sent"]

    @pytest.mark.req("M-01")
    def test_what_is_sent_enters_the_ledger_only_when_it_was_counted(self) -> None:
        pump = Benchtop().started(FAST)
        pump.tick(2)
        status = pump.status()
        assert (status["granted_steps"], status["in_flight_steps"], status["confirmed_steps"]) == (65, 65, 0)
        pump.tick()
        status = pump.status()
        assert (status["granted_steps"], status["in_flight_steps"], status["confirmed_steps"]) == (130, 65, 65)

    def test_nothing_is_sent_while_the_last_burst_still_runs(self) -> None:
        pump = running(Benchtop())
        before = granted(pump)
        pump.tick(span_ms=SECOND_MS // 2)
        assert granted(pump) == before
        assert halted_by(pump) == []
        pump.tick(span_ms=SECOND_MS // 2)
        assert granted(pump) == before + 65

    def test_a_tick_that_owes_nothing_sends_nothing(self) -> None:
        pump = Benchtop().started(program([[0, 1, 0]]))
        pump.tick(10)
        assert pump.bench.step.bursts == 0


class TestTime:
    @pytest.mark.req("M-10")
    @settings(deadline=None, max_examples=40)
    @given(spans_ms=st.lists(st.integers(1, 5 * SECOND_MS), min_size=1, max_size=20), seed=st.integers(0, 100))
    def test_late_and_early_ticks_owe_what_even_ones_owe(self, spans_ms: list[int], seed: int) -> None:
        uneven = Benchtop(seed=seed).started(FAST)
        for span_ms in spans_ms:
            uneven.tick(span_ms=span_ms)
        even = Benchtop().started(FAST)
        even.tick(span_ms=sum(spans_ms))
        assert uneven.status()["ordered_steps"] == even.status()["ordered_steps"]

    @pytest.mark.req("M-10")
    def test_what_a_late_tick_left_is_caught_up_no_faster_than_a_burst_in_each_tick(self) -> None:
        pump = Benchtop().started(program([[0, FAST_STEPS_DAY // 20, 0]]))
        pump.tick(2)
        pump.tick(span_ms=66 * SECOND_MS)
        bursts = []
        while pump.status()["owed_steps"] > 10:
            before = granted(pump)
            pump.tick()
            bursts.append(granted(pump) - before)
        assert max(bursts) == pump.board.BURST_MAX_STEPS == 65
        assert bursts[:2] == [65, 65]

    @pytest.mark.req("M-10")
    def test_a_tick_twice_as_long_as_it_should_be_counts_as_late(self) -> None:
        pump = Benchtop().started(FAST)
        pump.tick(5)
        pump.tick(span_ms=2 * SECOND_MS - 1)
        assert pump.status()["late_ticks"] == 0
        pump.tick(span_ms=2 * SECOND_MS)
        assert pump.status()["late_ticks"] == 1

    @pytest.mark.req("M-10")
    def test_the_clock_may_wrap(self) -> None:
        pump = Benchtop()
        pump.bench.clock._now_ticks = 2**30 - 5000
        pump.app.tick.run_once()
        pump.started(FAST)
        pump.app.tick._last_ticks = pump.bench.clock.ticks_ms()
        pump.tick(10)
        assert pump.bench.clock.ticks_ms() == 5000
        assert pump.status()["ordered_steps"] == 600
        assert pump.status()["late_ticks"] == 0

    @pytest.mark.req("M-10")
    def test_a_clock_that_steps_back_gives_nothing(self) -> None:
        pump = Benchtop().started(FAST)
        pump.tick(2)
        ordered = pump.status()["ordered_steps"]
        into_the_minute_ms = pump.app.tick._guard.windows.minute_ms
        pump.bench.clock._now_ticks -= 500
        pump.app.tick.run_once()
        assert pump.status()["ordered_steps"] == ordered
        assert pump.app.tick._guard.windows.minute_ms == into_the_minute_ms

    def test_two_ticks_in_one_millisecond_are_one(self) -> None:
        pump = Benchtop().started(FAST)
        pump.tick(2)
        before = pump.status()
        pump.app.tick.run_once()
        assert pump.status() == before

    @pytest.mark.req("M-10")
    def test_a_tick_held_off_does_nothing_and_leaves_its_time_to_the_next(self) -> None:
        pump = Benchtop().started(FAST)
        pump.tick(2)
        before = pump.status()
        beats = pump.app.tick.beats
        pump.app.tick.hold_off()
        pump.tick(2)
        assert pump.status() == before
        assert pump.app.tick.beats == beats
        pump.app.tick.go_on()
        pump.tick()
        assert pump.status()["ordered_steps"] == 300

    def test_beats_wrap_at_16_bits(self) -> None:
        pump = Benchtop()
        pump.app.tick.beats = 0xFFFF
        pump.tick()
        assert pump.app.tick.beats == 0


class TestHalt:
    @pytest.mark.parametrize("into_the_tick_ms", [1, 500, 999])
    def test_a_halt_releases_the_driver_and_drops_the_burst_within_one_tick(self, into_the_tick_ms: int) -> None:
        pump = running(Benchtop())
        pump.bench.advance(into_the_tick_ms)
        pump.app.tick._halt.latch(OCCLUSION)
        pump.app.tick.run_once()
        assert not pump.bench.dead_man.enabled
        assert not pump.bench.step.busy()
        moved = pump.bench.truth()["motor_steps"]
        pump.tick(5)
        assert pump.bench.truth()["motor_steps"] == moved

    def test_a_stop_lets_the_last_burst_out_and_then_releases_the_driver(self) -> None:
        pump = running(Benchtop())
        sent = granted(pump)
        pump.control.stop()
        pump.tick()
        assert not pump.bench.dead_man.enabled
        pump.tick()
        status = pump.status()
        assert (status["granted_steps"], status["confirmed_steps"], status["missing_steps"]) == (sent, sent, 0)

    def test_a_stop_within_a_burst_keeps_the_driver_until_the_burst_is_out(self) -> None:
        pump = running(Benchtop())
        pump.bench.advance(100)
        pump.control.stop()
        pump.app.tick.run_once()
        assert pump.bench.dead_man.enabled
        pump.tick()
        assert not pump.bench.dead_man.enabled
        assert pump.status()["missing_steps"] == 0


class TestDriver:
    @pytest.mark.req("M-05", "M-09")
    def test_nothing_is_granted_before_the_driver_was_held_for_a_tick(self) -> None:
        pump = Benchtop().started(FAST)
        pump.tick()
        assert pump.bench.dead_man.held()
        assert granted(pump) == 0
        pump.tick()
        assert granted(pump) == 65

    @pytest.mark.req("M-09")
    def test_a_driver_that_does_not_come_on_halts_after_five_ticks(self) -> None:
        pump = Benchtop([["driver_off", 1, LONG_MS, 0]]).started(FAST)
        pump.tick(UNHELD_TICKS_MAX - 1)
        assert halted_by(pump) == []
        pump.tick()
        assert halted_by(pump) == [DRIVER_OFF]
        assert granted(pump) == 0
        assert UNHELD_TICKS_MAX == 5

    @pytest.mark.req("M-09")
    @settings(deadline=None, max_examples=60)
    @given(off_ms=st.integers(1, 20 * SECOND_MS), for_ms=st.integers(1, 20 * SECOND_MS), seed=st.integers(0, 50))
    def test_a_driver_without_power_never_counts_as_delivery(self, off_ms: int, for_ms: int, seed: int) -> None:
        pump = Benchtop([["driver_off", off_ms, off_ms + for_ms, 0]], seed=seed).started(FAST)
        for _ in range(45):
            pump.slice()
            assert pump.status()["confirmed_steps"] <= pump.bench.truth()["motor_steps"]

    @pytest.mark.req("M-09")
    def test_a_driver_let_go_by_its_dead_mans_switch_never_counts_as_delivery(self) -> None:
        pump = running(Benchtop())
        pump.tick(span_ms=pump.board.DEAD_MAN_MS + SECOND_MS)
        assert pump.bench.dead_man.let_go == 1
        for _ in range(5):
            pump.tick()
            assert pump.status()["confirmed_steps"] <= pump.bench.truth()["motor_steps"]

    @pytest.mark.req("M-09")
    def test_after_a_gap_of_power_shorter_than_a_tick_hold_is_taken_afresh_before_anything_is_granted(self) -> None:
        pump = Benchtop([["driver_off", 5200, 5300, 0]]).started(FAST)
        pump.tick(5)
        before = granted(pump)
        pump.tick()
        assert granted(pump) == before
        assert pump.status()["missing_steps"] == pump.status()["granted_steps"] - pump.status()["confirmed_steps"] > 0
        pump.tick()
        assert granted(pump) == before + 65
        assert halted_by(pump) == []

    @pytest.mark.req("M-10")
    def test_after_the_dead_mans_switch_let_go_delivery_goes_on(self) -> None:
        pump = running(Benchtop())
        pump.tick(span_ms=pump.board.DEAD_MAN_MS + SECOND_MS)
        before = granted(pump)
        pump.tick()
        assert granted(pump) > before
        assert halted_by(pump) == []

    @pytest.mark.req("M-09")
    def test_isolated_brown_outs_do_not_add_up(self) -> None:
        gaps = [["driver_off", at_ms, at_ms + 100, 0] for at_ms in range(5200, 85_000, 4000)]
        assert len(gaps) > 3 * UNHELD_TICKS_MAX
        pump = Benchtop(gaps).started(program([[0, FAST_STEPS_DAY // 60, 0]]))
        longest = 0
        for _ in range(90):
            pump.slice()
            longest = max(longest, pump.app.tick._unheld_ticks)
        assert longest == 1
        assert halted_by(pump) == []
        assert pump.control.state == "delivering"

    @pytest.mark.req("M-09")
    @pytest.mark.parametrize("unheld_ticks, reasons", [(3, []), (4, []), (5, [DRIVER_OFF])])
    def test_two_gaps_with_a_tick_held_between_them_are_each_counted_by_itself(
        self, unheld_ticks: int, reasons: list[int]
    ) -> None:
        # Power is back for the last of these ticks, and the driver held in the one after it.
        first_ms, off_ms = 5500, (unheld_ticks - 1) * SECOND_MS
        second_ms = first_ms + off_ms + 2 * SECOND_MS
        gaps = [["driver_off", at_ms, at_ms + off_ms, 0] for at_ms in (first_ms, second_ms)]
        pump = Benchtop(gaps).started(program([[0, FAST_STEPS_DAY // 60, 0]]))
        counted = []
        for _ in range(25):
            pump.tick()
            counted.append(pump.app.tick._unheld_ticks)
        assert halted_by(pump) == reasons
        if not reasons:
            assert counted.count(unheld_ticks) == 2
        assert max(counted) == unheld_ticks

    @pytest.mark.req("M-09")
    def test_a_stop_begins_the_count_of_unheld_ticks_anew(self) -> None:
        pump = Benchtop([["driver_off", 1, LONG_MS, 0]]).started(FAST)
        for _ in range(3):
            pump.tick(UNHELD_TICKS_MAX - 1)
            pump.control.stop()
            pump.tick()
            pump.control.start()
        assert halted_by(pump) == []

    def test_once_its_power_is_back_the_pump_can_be_started_again(self) -> None:
        pump = Benchtop([["driver_off", 1, 20 * SECOND_MS, 0]]).started(FAST)
        pump.slice(30)
        assert pump.control.state == "halted"
        pump.control.acknowledge()
        pump.control.start()
        pump.slice(10)
        assert pump.control.state == "delivering"
        assert granted(pump) > 0
