"""What was sent and what was counted: mismatch and free flow halt, and what a halt drops is neither."""

from array import array

import pytest

from benchtop import FAST, Benchtop, halted_by, running
from pump.safety.alarms import FREE_FLOW, MOTOR_MISMATCH, OCCLUSION
from pump.safety.windows import DAY_MINUTES
from rig import program

LONG_MS = 10**9


def ints_kept_by(tick: object) -> list[int]:
    """Every int that the firmware's objects hold from `tick` on."""
    found: list[int] = []
    seen: set[int] = set()
    waiting: list[object] = [tick]
    while waiting:
        one = waiting.pop()
        if type(one) is int:
            found.append(one)
        elif isinstance(one, (array, list, tuple)):
            waiting.extend(one)
        elif type(one).__module__.startswith("pump.") and id(one) not in seen:
            seen.add(id(one))
            waiting.extend(vars(one).values())
    return found


class TestAbandoned:
    @pytest.mark.req("M-03")
    @pytest.mark.parametrize("into_the_tick_ms, came_out", [(1, 1), (500, 38), (512, 39), (999, 65)])
    def test_a_burst_dropped_by_a_halt_is_abandoned_and_not_missing(self, into_the_tick_ms: int, came_out: int) -> None:
        pump = running(Benchtop())
        for times in range(1, 6):
            before = pump.status()
            pump.bench.advance(into_the_tick_ms)
            pump.control.raise_alarm(OCCLUSION)
            pump.app.tick.run_once()
            pump.slice(3)
            status = pump.status()
            abandoned = status["abandoned_steps"] - before["abandoned_steps"]
            came = status["confirmed_steps"] - before["confirmed_steps"]
            assert (abandoned, came, before["in_flight_steps"]) == (65 - came_out, came_out, 65)
            assert status["in_flight_steps"] == status["missing_steps"] == status["stray_steps"] == 0
            assert pump.alarms() == ["occlusion"]
            assert pump.bench.truth()["motor_steps"] == status["confirmed_steps"]
            pump.control.acknowledge()
            pump.control.start()
            pump.tick(4)
            assert halted_by(pump) == [], times
        assert pump.status()["abandoned_steps"] == 5 * (65 - came_out)

    @pytest.mark.req("M-03")
    def test_a_burst_stopped_by_the_halt_of_a_mismatch_adds_nothing_to_it(self) -> None:
        pump = running(Benchtop())
        pump.bench.advance(500)
        pump.bench.edges._count = (pump.bench.edges._count + 65 + 32) % 2**30
        pump.bench.step._steps_left = 0
        pump.app.tick.run_once()
        before = pump.app.tick._confirmation.disagreement_steps
        assert before >= 32
        assert halted_by(pump) == [MOTOR_MISMATCH]
        pump.slice(5)
        assert pump.app.tick._confirmation.disagreement_steps == before


class TestMismatch:
    @pytest.mark.req("M-03")
    @pytest.mark.parametrize("edges, alarms", [(31, [FREE_FLOW]), (32, [MOTOR_MISMATCH, FREE_FLOW])])
    @pytest.mark.parametrize("in_one_tick", [False, True])
    def test_free_flow_is_a_mismatch_too_from_two_full_steps_on(
        self, edges: int, alarms: list[int], in_one_tick: bool
    ) -> None:
        pump = Benchtop().programmed()
        for _ in range(1 if in_one_tick else edges):
            pump.bench.edges.see(edges if in_one_tick else 1)
            pump.tick()
        assert halted_by(pump) == alarms

    @pytest.mark.req("M-03")
    @pytest.mark.parametrize("edges", [1, 2**29, 2**30 - 1])
    @pytest.mark.parametrize("delivering", [False, True])
    def test_free_flow_without_end_keeps_all_that_the_tick_keeps_within_30_bits(
        self, edges: int, delivering: bool
    ) -> None:
        pump = Benchtop().programmed()
        for times in range(1, 9):
            if delivering:
                pump.control.stop()
                pump.control.start()
                pump.tick(3)
            pump.bench.edges.see(edges)
            pump.slice(2)
            kept = ints_kept_by(pump.app.tick)
            assert len(kept) > DAY_MINUTES
            assert max(abs(value) for value in kept) < 2**30
            status = pump.status()
            assert status["stray_steps"] <= times * edges
            assert status["reservoir_steps"] >= 0
            assert status["filled_steps"] == (
                status["reservoir_steps"] + status["confirmed_steps"] + status["wasted_steps"]
            )
            if not delivering:
                assert "free_flow" in pump.alarms()
            elif edges == 2**29:
                assert "motor_mismatch" in pump.alarms()
            if delivering:
                pump.control.acknowledge()
                pump.refill(pump.fill_steps)

    @pytest.mark.req("M-03")
    def test_one_step_less_than_two_full_steps_does_not_halt_and_two_full_steps_do(self) -> None:
        pump = Benchtop().started(FAST)
        full_steps_2 = 2 * pump.board.MICROSTEPS
        assert full_steps_2 == 32
        pump.tick(2)
        pump.bench.edges._count = (pump.bench.edges._count - (full_steps_2 - 1)) % 2**30
        pump.tick()
        assert pump.status()["missing_steps"] == full_steps_2 - 1
        assert halted_by(pump) == []
        pump.bench.edges._count = (pump.bench.edges._count - 1) % 2**30
        pump.tick()
        assert pump.status()["missing_steps"] == full_steps_2
        assert halted_by(pump) == [MOTOR_MISMATCH]
        assert not pump.bench.dead_man.enabled

    @pytest.mark.req("M-03")
    def test_lost_edges_halt_when_two_full_steps_are_missing(self) -> None:
        pump = Benchtop([["lost_edges", 1, LONG_MS, 10]]).started(FAST)
        pump.until_state("halted")
        assert pump.alarms()[0] == "motor_mismatch"
        missing = pump.status()["missing_steps"]
        assert 32 <= missing < 32 + pump.board.BURST_MAX_STEPS
        pump.slice(5)
        assert not pump.bench.truth()["enabled"]

    @pytest.mark.req("M-03")
    @pytest.mark.parametrize("delivering", [False, True])
    def test_edges_that_were_never_commanded_halt_at_once(self, delivering: bool) -> None:
        pump = Benchtop().programmed(program([[0, 1, 0]]))
        if delivering:
            pump.control.start()
        pump.tick(3)
        pump.bench.edges.see(1)
        pump.tick()
        assert halted_by(pump) == [FREE_FLOW]
        assert not pump.bench.dead_man.enabled
