"""What is not to be stored, or cannot be: it is refused, and a restart takes up what stood before."""

from collections.abc import Callable
from typing import Any

import pytest

from asked import bolus_source
from benchtop import STEADY, STEADY_STEPS_DAY, Benchtop
from pump.core.errors import Refused
from pump.runtime.keeping import RETRY_MS
from restarted import failing, ran
from rig import MINUTE_MS, NG_ML, program


def stored(pump: Benchtop) -> dict[str, bytes | None]:
    """The records, both copies of each."""
    nvm: Any = pump.bench.ports.nvm
    return {name: nvm.read(name) for name in nvm.names() if not name.startswith("journal.")}


class TestAFigureThatChangedByItself:
    """Nothing of it is made to last: a restart takes up what was sound."""

    @pytest.mark.req("M-02", "I-02")
    def test_it_is_not_stored_with_the_stop_that_follows(self) -> None:
        pump = ran(100)
        before, delivered_steps = stored(pump), pump.bench.motor.steps
        pump.app.tick._ledger.delivered.low ^= 1 << 20
        pump.control.stop()
        pump.slice(RETRY_MS // 1000 + 2)
        assert stored(pump) == before
        pump.restart()
        accounted_steps = pump.status()["confirmed_steps"]
        assert delivered_steps <= accounted_steps <= delivered_steps + pump.board.LEASE_STEPS

    @pytest.mark.req("I-02")
    def test_a_program_that_comes_after_it_is_refused_and_not_stored(self) -> None:
        pump = Benchtop().programmed(STEADY)
        pump.app.tick._guard.windows.hour_steps ^= 1
        with pytest.raises(Refused, match="a memory that cannot be written"):
            pump.control.load(program([[0, STEADY_STEPS_DAY // 2, 0]]))
        assert pump.restart().control.programs.day_total_steps() == STEADY_STEPS_DAY


class TestAMemoryThatCannotBeWritten:
    """What would not survive a restart is refused, and changes nothing."""

    @pytest.mark.req("I-02", "I-03")
    @pytest.mark.parametrize(
        "command",
        [
            lambda control, fill_steps: control.refill(fill_steps, 0, NG_ML),
            lambda control, _: control.load(program([[0, STEADY_STEPS_DAY // 2, 0]])),
            lambda control, _: control.start(),
            lambda control, _: control.prime(1000, MINUTE_MS, False),
        ],
        ids=["refill", "load", "start", "prime"],
    )
    def test_a_stopped_pump_refuses(self, command: Callable[[Any, int], None]) -> None:
        pump, nvm = failing()
        pump.programmed(STEADY)
        before = pump.status()
        nvm.writes_left = 0
        with pytest.raises(Refused, match="a memory that cannot be written"):
            command(pump.control, pump.fill_steps)
        after = pump.status()
        assert {key for key, value in after.items() if value != before[key]} <= {"alarms", "priority"}
        pump.slice()
        assert pump.alarms() == ["memory_error"]
        nvm.writes_left = None
        pump.restart()
        assert pump.control.state == "stopped"
        assert pump.status()["filled_steps"] == pump.fill_steps
        assert pump.control.programs.day_total_steps() == STEADY_STEPS_DAY

    @pytest.mark.req("D-09")
    @pytest.mark.parametrize("name", ["request_bolus", "give_trial_step"])
    def test_a_bolus_whose_lockout_would_not_last_is_denied(self, name: str) -> None:
        pump, nvm = failing()
        pump.started(bolus_source())
        nvm.writes_left = 0
        with pytest.raises(Refused, match="memory that cannot be written"):
            getattr(pump.control, name)()
        assert pump.status()["bolus_left_steps"] == 0
        nvm.writes_left = None
        getattr(pump.control, name)()
        assert pump.status()["bolus_left_steps"] > 0

    def test_one_of_the_program_is_missed_and_no_limit_is_blamed(self) -> None:
        pump, nvm = failing()
        pump.started(program([[0, 24_000, 0]], 1, [[0, 100_000, 500, 0, MINUTE_MS]]))
        pump.slice(90)
        nvm.writes_left = 0
        pump.slice(60)
        assert pump.alarms() == ["memory_error", "bolus_missed"]
        assert pump.status()["bolus_left_steps"] == 0

    def test_a_refill_while_delivering_that_is_undone_keeps_the_account(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        pump.slice(100)
        nvm.writes_left = 0
        with pytest.raises(Refused):
            pump.control.refill(pump.fill_steps, 0, NG_ML)
        nvm.writes_left = None
        pump.slice(100)
        status = pump.status()
        assert status["filled_steps"] == status["reservoir_steps"] + status["confirmed_steps"]
        assert "refill_undone" in pump.kinds()

    @pytest.mark.req("R-01")
    def test_one_that_is_undone_is_undone_in_one_moment_for_the_tick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        reservoir = pump.app.tick._ledger._reservoir
        holds: list[int] = []
        restore = reservoir.restore

        def watched(kept: list[int], drawn_steps: int) -> None:
            holds.append(pump.app.tick._holds)
            restore(kept, drawn_steps)

        monkeypatch.setattr(reservoir, "restore", watched)
        nvm.writes_left = 0
        with pytest.raises(Refused):
            pump.control.refill(pump.fill_steps, 0, NG_ML)
        assert (holds, pump.app.tick._holds) == ([1], 0)

    def test_a_refill_that_is_refused_allows_no_prime(self) -> None:
        pump, nvm = failing()
        pump.programmed(STEADY)
        pump.control.prime(1000, MINUTE_MS, True)
        pump.until_state("stopped")
        nvm.writes_left = 0
        with pytest.raises(Refused, match="memory that cannot be written"):
            pump.control.refill(pump.fill_steps, 0, NG_ML)
        nvm.writes_left = None
        with pytest.raises(Refused, match="a prime without a refill"):
            pump.control.prime(1000, MINUTE_MS, True)

    def test_the_lease_has_ended_when_nothing_is_left_of_it_and_not_with_the_last_microstep(self) -> None:
        pump, nvm = failing()
        pump.started(program([[0, 0, 0]]))
        nvm.writes_left = 0
        for left_steps, ended in ((1, False), (0, True)):
            pump.control._guard.renew_lease(left_steps)
            pump.slice()
            assert ("lease_ended" in pump.alarms()) == ended

    @pytest.mark.req("I-10")
    def test_a_stop_is_taken(self) -> None:
        pump, nvm = failing()
        pump.started(STEADY)
        nvm.writes_left = 0
        pump.control.stop()
        assert pump.control.state == "stopped"
        nvm.writes_left = None
        pump.slice(RETRY_MS // 1000 + 2)
        assert pump.restart().control.state == "stopped"
