"""The limit on a bolus is held against its dose alone; every window holds what is carried over to it, too."""

import pytest

from pump.safety.admission import BolusAhead, refuse_unsafe_bolus
from pump.safety.limits import Limits
from pump.safety.windows import Windows
from unit.builders import limits_of, refusal, schedule, walk

NO_BASAL = schedule((0, 0))


def ask(limits: Limits, bolus: BolusAhead) -> None:
    refuse_unsafe_bolus(limits, Windows(), bolus, 0, lambda: walk(NO_BASAL, 0))


def test_what_is_not_given_of_a_bolus_ahead_is_nothing() -> None:
    bolus = BolusAhead(10, 20, 30, 40)
    assert (bolus.steps, bolus.wait_ms, bolus.duration_ms, bolus.owed_steps) == (10, 20, 30, 40)
    assert (bolus.after_ms, bolus.carried_steps) == (0, 0)
    assert BolusAhead(10, 20, 30, 40, 50, 1).carried_steps == 1


@pytest.mark.req("D-02", "D-07")
def test_a_dose_at_its_limit_may_have_a_microstep_carried_over_with_it() -> None:
    limits = limits_of(bolus=100)
    ask(limits, BolusAhead(100, 0, 1, 0))
    ask(limits, BolusAhead(101, 0, 1, 0, carried_steps=1))
    for bolus in (BolusAhead(101, 0, 1, 0), BolusAhead(102, 0, 1, 0, carried_steps=1)):
        assert refusal(lambda bolus=bolus: ask(limits, bolus)) == (
            "bolus",
            "101 microsteps",
            "at most 100 microsteps, the bolus limit of the prescription",
        )


@pytest.mark.req("D-06", "D-07")
@pytest.mark.parametrize("name", ["hour", "day"])
def test_what_is_carried_over_counts_in_every_window(name: str) -> None:
    bolus = BolusAhead(101, 0, 1, 7, carried_steps=1)
    ask(limits_of(**{name: 108}), bolus)
    assert refusal(lambda: ask(limits_of(**{name: 107}), bolus))[1] == "108 microsteps"
