"""Doses of exactly the bolus limit: what the host accepts the firmware gives, whatever doses before them carried."""

from fractions import Fraction
from itertools import accumulate
from math import floor
from pathlib import Path

import pytest

from itb.boards.board import load_board
from itb.errors import InputError
from itb.plan.program import Plan, make_plan
from itb.rx.orders import MS_PER_MINUTE
from prescriptions import changed, continuous, example, read
from rig import DAY_MS, HOUR_MS
from watched import Watched

SCHEDULED = "\n".join(f'[[bolus]]\nat = "{hour:02d}:00"\ndose = "25 ug"\nover = "10 min"\n' for hour in range(1, 24, 4))
ON_REQUEST = '[patient_bolus]\ndose = "25 ug"\nover = "10 min"\nlockout = "2 h"\nper_day = 12\n'
LIMIT = '[limits]\nbolus = "25 ug"\n'


def planned(text: str, directory: Path) -> Plan:
    return make_plan(read(text, directory), load_board("sim"), MS_PER_MINUTE)


def started(plan: Plan) -> Watched:
    """A pump that delivers the program of `plan` from midnight on."""
    pump = Watched(MS_PER_MINUTE)
    pump.refill(pump.fill_steps, plan.program.concentration_ng_ml)
    pump.control.load(plan.program.as_dict())
    pump.control.set_time(0, 0)
    pump.control.start()
    return pump


def asked_for(plan: Plan) -> tuple[int, int, int, int]:
    """The first bolus of the program, as the clinician asks for it now."""
    dose = plan.program.boluses[0]
    return dose.whole, dose.frac, plan.program.rate_den, dose.duration_ms


def given(pump: Watched, *kinds: str) -> list[int]:
    """The microsteps of each bolus of these kinds, in order."""
    return [event.a for event in pump.app.journal.since(0) if event.kind in kinds]


@pytest.mark.req("D-02", "D-03", "D-07")
def test_doses_of_exactly_the_limit_are_given_with_what_was_carried_to_them(tmp_path: Path) -> None:
    text = continuous("300 ug/day", SCHEDULED, ON_REQUEST, LIMIT)
    plan = planned(changed(text, ("2000 ug/mL", "1500 ug/mL")), tmp_path)
    # 3842.736 microsteps: most of the doses get one more than that from those before them.
    exact, limit_steps = plan.scale.steps(Fraction(25)), plan.program.limits["bolus"][0]
    assert plan.program.boluses[0].whole == limit_steps == 3842
    pump = started(plan)
    # Two hours after each of the schedule the patient asks, and the clinician an hour after that.
    pump.run(3 * HOUR_MS)
    for _ in range(6):
        pump.control.request_bolus()
        pump.run(HOUR_MS)
        pump.control.give_bolus(*asked_for(plan))
        pump.run(3 * HOUR_MS)
    assert len(given(pump, "patient_bolus")) == len(given(pump, "clinician_bolus")) == 6
    doses = given(pump, "bolus", "patient_bolus", "clinician_bolus")
    assert list(accumulate(doses)) == [floor(count * exact) for count in range(1, 19)]
    assert set(doses) == {limit_steps, limit_steps + 1}
    assert given(pump, "bolus_denied", "bolus_missed", "bolus_cancelled") == []
    assert pump.alarms() == []


@pytest.mark.req("D-02", "D-03")
def test_above_the_limit_host_and_pump_refuse(tmp_path: Path) -> None:
    text = continuous("300 ug/day", SCHEDULED, LIMIT)
    plan = planned(text, tmp_path)
    pump = started(plan)
    whole, _, den, duration_ms = asked_for(plan)
    # The first dose of a whole microstep more.
    above = plan.scale.ug(Fraction(whole + 1))
    assert Fraction("25.008") < above < Fraction("25.009")
    with pytest.raises(InputError, match=r"at most 25 ug \(limit bolus 25 ug"):
        planned(changed(text, ("25 ug", "25.009 ug")), tmp_path)
    refusal = pump.refused(pump.control.give_bolus, whole + 1, 0, den, duration_ms)
    assert str(refusal) == (
        f"bolus: {whole + 1} microsteps is refused; "
        f"accepted: at most {whole} microsteps, the bolus limit of the prescription"
    )
    pump.control.give_bolus(*asked_for(plan))


@pytest.mark.req("D-02", "D-15")
def test_the_last_step_of_a_trial_is_the_drugs_largest_bolus_and_is_given(tmp_path: Path) -> None:
    plan = planned(example("screening-trial"), tmp_path)
    assert plan.program.trial[-1].whole == plan.program.limits["bolus"][0]
    pump = started(plan)
    for _ in plan.program.trial:
        pump.run(HOUR_MS)
        pump.control.give_trial_step()
        pump.run(DAY_MS)
    ordered = list(accumulate(plan.program.steps(rung) for rung in plan.program.trial))
    assert list(accumulate(given(pump, "trial_bolus"))) == [floor(steps) for steps in ordered]
    assert pump.status()["confirmed_steps"] == floor(plan.scale.steps(Fraction(225)))
    assert pump.alarms() == []
