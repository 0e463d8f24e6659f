"""One pump whose power goes hundreds of times in one story, beside an account of what its motor made.

The long form, 10,000 restarts, is `python -m itb.sim.months`, which `make torture` runs.
"""

from types import ModuleType

import pytest

from itb.sim.months import SLICE_MS
from itb.sim.wear import DEFAULT_NL, lease_steps
from pump.runtime.keeping import Keeping
from pump.therapy.lockout import Lockout
from rig import DAY_MS, HOUR_MS, MINUTE_MS, board_module
from twin.flash.nor import NorFlash
from twin.power.audit import Audit, Sliding
from twin.power.months import DAY_CAP_STEPS, FLASH_BLOCKS, HOUR_CAP_STEPS, Months, with_lease

LEASE_STEPS = lease_steps(DEFAULT_NL)
LOCKOUT_MS, PER_DAY = HOUR_MS, 3


def board() -> ModuleType:
    return with_lease(board_module(slice_ms=SLICE_MS), LEASE_STEPS)


@pytest.mark.req("M-02", "D-06", "D-09", "R-01")
def test_three_hundred_restarts_in_one_story() -> None:
    months = Months(board(), seed=1)
    months.run(300)
    audit, counts = months.audit, months.counts
    print(f"{audit.restarts} restarts in {months.days()} days: {counts}")
    assert 0 < audit.slack_steps <= 300 * LEASE_STEPS
    # Nothing of what the story is about was left out.
    assert min(counts[f"reset {cause}"] for cause in ("power", "watchdog", "soft", "other")) > 10
    assert counts["cut in burst"] > 5
    assert len(audit.begun_ms) > 5
    assert counts["ticks at the hour's cap"] > 0
    assert counts["time set"] > 20
    assert {"program", "stop", "start", "clinician's bolus", "acknowledge"} <= counts.keys()
    assert audit.hour.most > 0.9 * HOUR_CAP_STEPS
    assert audit.day.most > 0.5 * DAY_CAP_STEPS


@pytest.mark.req("M-02", "D-06", "D-09", "R-01")
def test_restarts_of_a_pump_whose_flash_is_cut_while_it_works() -> None:
    months = Months(board(), seed=4, flash=NorFlash(FLASH_BLOCKS))
    months.run(60)
    assert months.counts["cut in flash"] > 10
    assert months.counts["cut in boot"] > 5
    assert months.audit.restarts == 60


def test_the_same_seed_is_the_same_story() -> None:
    stories: list[tuple[object, ...]] = []
    for seed in (5, 5, 6):
        months = Months(board(), seed)
        months.run(10)
        stories.append((months.counts, months.bench.motor.steps, months.audit.slack_steps))
    assert stories[0] == stories[1] != stories[2]


class TestAPumpThatForgets:
    """What the story is to find is found."""

    def test_the_lease(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read = Keeping._read_lease

        def forget(self: Keeping, record: dict[str, object]) -> list[int]:
            delivered_steps, _, uptime_ms = read(self, record)
            return [delivered_steps, delivered_steps, uptime_ms]

        monkeypatch.setattr(Keeping, "_read_lease", forget)
        with pytest.raises(AssertionError, match="boots add -"):
            Months(board(), seed=1).run(200)

    def test_the_windows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        restore = Keeping.restore

        def forget(self: Keeping) -> object:
            kept = restore(self)
            self._guard.windows._forget()
            return kept

        monkeypatch.setattr(Keeping, "restore", forget)
        with pytest.raises(AssertionError, match=r"at \d+ ms: \d+ of"):
            Months(board(), seed=1).run(200)

    def test_the_lockout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def forget(self: Lockout, kept: object) -> None:
            del self, kept

        monkeypatch.setattr(Lockout, "restore", forget)
        with pytest.raises(AssertionError, match="a bolus at"):
            Months(board(), seed=1).run(200)


def status(confirmed: int, filled: int = 1000) -> dict[str, int]:
    names = ("wasted_steps", "owed_steps", "dropped_steps", "missing_steps", "stray_steps")
    return {
        "confirmed_steps": confirmed,
        "ordered_steps": confirmed,
        "granted_steps": confirmed,
        "filled_steps": filled,
        "reservoir_steps": 1000 - confirmed,
        **dict.fromkeys(names, 0),
    }


class TestAudit:
    def audit(self) -> Audit:
        return Audit(100, 50, 60, LOCKOUT_MS, PER_DAY)

    def test_a_restart_adds_up_to_a_lease_for_each_boot(self) -> None:
        audit = self.audit()
        audit.made(0, 10)
        audit.look(status(10))
        audit.restarted(status(110))
        audit.restarted(status(310), boots=2)
        assert (audit.slack_steps, audit.most_slack_steps, audit.restarts) == (300, 100, 2)

    @pytest.mark.parametrize("confirmed", [9, 111])
    def test_a_restart_that_adds_more_or_takes_away(self, confirmed: int) -> None:
        audit = self.audit()
        audit.made(0, 10)
        with pytest.raises(AssertionError, match="boots add"):
            audit.restarted(status(confirmed))

    def test_a_step_that_is_not_counted_or_counted_twice(self) -> None:
        audit = self.audit()
        audit.made(0, 10)
        for confirmed in (9, 11):
            with pytest.raises(AssertionError, match="slack"):
                audit.look(status(confirmed))

    def test_a_reservoir_that_does_not_balance(self) -> None:
        with pytest.raises(AssertionError, match="filled 999, gone 1000"):
            self.audit().look(status(0, filled=999))

    def test_a_window_over_its_cap(self) -> None:
        audit = self.audit()
        audit.made(0, 50)
        audit.made(HOUR_MS, 60)
        with pytest.raises(AssertionError, match="61 of 60"):
            audit.made(2 * HOUR_MS, 61)

    @pytest.mark.parametrize("times_ms", [[0, LOCKOUT_MS - 1], [0, 8 * HOUR_MS, 16 * HOUR_MS, DAY_MS - 1]])
    def test_a_bolus_too_early_or_one_too_many(self, times_ms: list[int]) -> None:
        audit = self.audit()
        for now_ms in times_ms[:-1]:
            audit.begun(now_ms)
        with pytest.raises(AssertionError, match="a bolus at"):
            audit.begun(times_ms[-1])

    def test_boluses_that_are_just_late_enough(self) -> None:
        audit = self.audit()
        for now_ms in (0, LOCKOUT_MS, 2 * LOCKOUT_MS, DAY_MS, DAY_MS + LOCKOUT_MS):
            audit.begun(now_ms)
        assert len(audit.begun_ms) == 5


def test_a_sliding_window_forgets_at_its_very_end() -> None:
    window = Sliding(MINUTE_MS)
    window.give(0, 3)
    window.give(MINUTE_MS - 1, 4)
    assert window.total == 7
    window.give(MINUTE_MS, 5)
    assert (window.total, window.most) == (9, 9)
