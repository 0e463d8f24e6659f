"""Boluses beside one another: the clinician's and the patient's, rungs of a trial, the program's own, one carry."""

from fractions import Fraction

import pytest

from asked import (
    CLINICIANS,
    CLINICIANS_MS,
    DOSE,
    DURATION_MS,
    TRIAL,
    bolus_source,
    delivering,
    extra_steps,
    give,
    request,
    step,
)
from pump.core.errors import Refused
from rig import DAY_MS, HOUR_MS, MINUTE_MS
from watched import Watched

# A scheduled bolus is looked at two ticks before its time, and a minute lies between any two boluses.
AHEAD_MS, GAP_MS = 2 * MINUTE_MS, MINUTE_MS


def suspended(left_ms: int = 6 * MINUTE_MS) -> Watched:
    """The clinician's bolus has just been given, with `left_ms` of the patient's still to come."""
    pump = delivering()
    request(pump)
    pump.run(DURATION_MS - left_ms)
    give(pump)
    return pump


class TestTheClinicians:
    def test_it_suspends_the_patients_which_goes_on_afterwards_with_all_it_had_left(self) -> None:
        pump = suspended(6 * MINUTE_MS)
        assert pump.events("patient_suspended") == [(300, 0)]
        assert pump.events("clinician_bolus") == [(CLINICIANS, CLINICIANS_MS)]
        assert pump.status()["suspended_steps"] == 300
        pump.run(CLINICIANS_MS)
        assert extra_steps(pump) == 200 + CLINICIANS
        assert pump.events("patient_resumed") == [(300, 6 * MINUTE_MS)]
        assert pump.status()["suspended_steps"] == 0
        pump.run(3 * MINUTE_MS)
        assert extra_steps(pump) == 350 + CLINICIANS
        pump.run(3 * MINUTE_MS)
        assert extra_steps(pump) == DOSE + CLINICIANS
        assert pump.events("bolus_end") == [(CLINICIANS, 0), (300, 0)]
        assert pump.events("bolus_cancelled") == []

    def test_the_patients_can_be_suspended_again(self) -> None:
        pump = suspended(6 * MINUTE_MS)
        pump.run(CLINICIANS_MS + 2 * MINUTE_MS)
        give(pump)
        assert pump.events("patient_suspended") == [(300, 0), (200, 0)]
        pump.run(CLINICIANS_MS + 4 * MINUTE_MS)
        assert extra_steps(pump) == DOSE + 2 * CLINICIANS
        assert pump.kinds()[-1] == "bolus_end"

    def test_one_that_has_just_ended_is_not_suspended(self) -> None:
        pump = delivering()
        request(pump)
        pump.tick(DURATION_MS // MINUTE_MS)
        give(pump)
        assert pump.events("patient_suspended") == []
        assert pump.events("bolus_end") == [(DOSE, 0)]

    @pytest.mark.req("D-10")
    @pytest.mark.parametrize("how", ["stop", "halt", "keep_open"])
    def test_when_delivery_ends_both_are_cancelled_and_neither_resumes(self, how: str) -> None:
        pump = suspended(6 * MINUTE_MS)
        pump.run(4 * MINUTE_MS)
        {"stop": pump.control.stop, "halt": pump.halt, "keep_open": pump.control.keep_open}[how]()
        assert pump.events("bolus_cancelled") == [(600, 0), (300, 0)]
        pump.resume()
        if how == "keep_open":
            pump.control.run_program()
        before = pump.status()
        pump.run(HOUR_MS)
        assert pump.status()["ordered_steps"] - before["ordered_steps"] == 1000
        assert pump.events("bolus_end") == pump.events("patient_resumed") == []

    @pytest.mark.req("D-06")
    @pytest.mark.parametrize("hour, given", [(2516, 0), (2600, 1)])
    def test_what_the_patients_has_left_counts_against_it(self, hour: int, given: int) -> None:
        # An hour's basal counted in 61 minutes and two ticks is 1,051; with 500 and 1,000 more, some 2,552.
        pump = delivering(bolus_source(limits={"hour": hour}))
        request(pump)
        pump.run(MINUTE_MS)
        if given:
            give(pump)
        else:
            refusal = pump.refused(pump.control.give_bolus, CLINICIANS, 0, 1, CLINICIANS_MS)
            assert "at most 2516 microsteps, the hour limit of the test" in str(refusal)
        pump.run(3 * HOUR_MS)
        assert extra_steps(pump) == DOSE + given * CLINICIANS
        assert pump.alarms() == []
        pump.check_laws(hour)

    def test_it_starts_no_lockout_of_the_patients(self) -> None:
        pump = delivering()
        give(pump)
        pump.run(CLINICIANS_MS)
        request(pump)


class TestTheTrial:
    @pytest.mark.req("D-15")
    def test_the_rungs_come_in_order_a_day_apart_and_only_on_command(self) -> None:
        pump = delivering()
        for rung, (steps, _, _) in enumerate(TRIAL):
            step(pump)
            assert pump.events("trial_bolus")[-1] == (steps, rung)
            pump.run(DAY_MS)
        refusal = pump.refused(pump.control.give_trial_step)
        assert str(refusal) == "bolus: not in the program is refused; accepted: what the program orders"
        pump.run(3 * DAY_MS)
        assert extra_steps(pump) == 100 + 150 + 200

    @pytest.mark.req("D-15")
    def test_nothing_of_it_is_given_by_itself(self) -> None:
        pump = delivering()
        pump.run(3 * DAY_MS)
        assert extra_steps(pump) == 0

    @pytest.mark.req("D-15")
    def test_a_minute_before_its_time_it_is_denied_with_that_minute(self) -> None:
        pump = delivering()
        step(pump)
        pump.run(DAY_MS - MINUTE_MS)
        assert "lockout is refused; accepted: a request in 0 h 01 min or later" in str(
            pump.refused(pump.control.give_trial_step)
        )
        assert pump.events("trial_denied") == [(1, 1)]
        pump.run(MINUTE_MS)
        step(pump)

    def test_a_denied_rung_is_still_the_next(self) -> None:
        pump = delivering()
        pump.control.stop()
        pump.refused(pump.control.give_trial_step)
        pump.control.start()
        step(pump)
        assert pump.events("trial_bolus") == [(100, 0)]

    def test_a_rung_that_was_cancelled_counts_as_given(self) -> None:
        pump = delivering()
        step(pump)
        pump.control.stop()
        pump.control.start()
        pump.refused(pump.control.give_trial_step)
        pump.run(DAY_MS)
        step(pump)
        assert pump.events("trial_bolus") == [(100, 0), (150, 1)]

    @pytest.mark.req("D-15")
    def test_a_new_program_begins_its_ladder_anew_and_no_sooner(self) -> None:
        pump = delivering()
        step(pump)
        pump.run(HOUR_MS)
        pump.control.load(bolus_source())
        assert "23 h 00 min" in str(pump.refused(pump.control.give_trial_step))
        pump.run(23 * HOUR_MS)
        step(pump)
        assert pump.events("trial_bolus") == [(100, 0), (100, 0)]


class TestTheProgramsOwn:
    @pytest.mark.parametrize("kind", ["patient", "clinician", "trial"])
    @pytest.mark.parametrize("too_late_ms", [0, MINUTE_MS])
    def test_a_request_that_would_be_over_too_late_for_a_scheduled_one_is_denied(
        self, kind: str, too_late_ms: int
    ) -> None:
        duration_ms = {"patient": DURATION_MS, "clinician": CLINICIANS_MS, "trial": MINUTE_MS}[kind]
        command = {"patient": request, "clinician": give, "trial": step}[kind]
        at_ms = HOUR_MS + duration_ms + GAP_MS + AHEAD_MS - too_late_ms
        pump = delivering(bolus_source(boluses=[[0, at_ms, 50, 0, MINUTE_MS]]))
        pump.run(HOUR_MS)
        if too_late_ms:
            before = pump.status()
            with pytest.raises(Refused, match="bolus: another bolus is refused"):
                command(pump)
            assert pump.status() == before
            assert len(pump.events(f"{kind}_denied")) == 1
        else:
            command(pump)
        pump.run(at_ms - HOUR_MS)
        assert pump.app.tick.demand.bolus.active
        assert pump.events("bolus") == [(50, AHEAD_MS)]
        pump.run(HOUR_MS)
        assert pump.events("bolus_end")[-1] == (50, 0)

    def test_the_clinicians_leaves_room_for_what_it_suspends(self) -> None:
        # Nine minutes of the patient's, ten of the clinician's, the gap: the scheduled one is a minute early.
        at_ms = MINUTE_MS + 9 * MINUTE_MS + CLINICIANS_MS + GAP_MS + AHEAD_MS - MINUTE_MS
        pump = delivering(bolus_source(boluses=[[0, at_ms, 50, 0, MINUTE_MS]]))
        request(pump)
        pump.run(MINUTE_MS)
        assert "another bolus" in str(pump.refused(pump.control.give_bolus, 1000, 0, 1, CLINICIANS_MS))
        pump.control.give_bolus(1000, 0, 1, CLINICIANS_MS - MINUTE_MS)
        pump.run(2 * HOUR_MS)
        assert pump.events("bolus") == [(50, AHEAD_MS)]
        assert extra_steps(pump) == 50 + DOSE + 1000

    def test_one_that_the_clock_brings_near_waits_until_the_patients_is_over(self) -> None:
        at_ms = 12 * HOUR_MS
        pump = delivering(bolus_source(boluses=[[0, at_ms, 50, 0, MINUTE_MS]]))
        request(pump)
        pump.control.set_time(at_ms, 0)
        pump.run(DURATION_MS - MINUTE_MS)
        assert pump.events("bolus") == []
        pump.run(2 * MINUTE_MS)
        assert pump.events("bolus") == [(50, 0)]
        assert pump.events("bolus_end") == [(DOSE, 0), (50, 0)]

    def test_what_was_loaded_after_its_time_is_passed_over_in_silence(self) -> None:
        boluses = [[0, 8 * HOUR_MS, 50, 0, MINUTE_MS], [0, 9 * HOUR_MS, 60, 0, MINUTE_MS]]
        pump = delivering(bolus_source(boluses=boluses))
        pump.run(8 * HOUR_MS + 5 * MINUTE_MS)
        assert extra_steps(pump) == 50
        pump.control.load(bolus_source(boluses=boluses))
        pump.run(2 * HOUR_MS)
        assert extra_steps(pump) == 50 + 60
        assert pump.events("bolus_missed") == []
        assert pump.alarms() == []


@pytest.mark.req("D-07")
def test_what_doses_have_below_a_microstep_is_carried_from_any_to_any_other() -> None:
    two_thirds = [10, 2, MINUTE_MS]
    boluses = [[0, at_ms, *two_thirds] for at_ms in (3 * HOUR_MS, 4 * HOUR_MS)]
    pump = delivering(bolus_source(3, boluses, patient=[*two_thirds, MINUTE_MS, 48], trial=[two_thirds]))
    step(pump)
    asked = Fraction(32, 3)
    for _ in range(30):
        pump.run(2 * MINUTE_MS)
        request(pump)
        pump.run(2 * MINUTE_MS)
        pump.control.give_bolus(5, 3, 4, MINUTE_MS)
        asked += Fraction(32, 3) + Fraction(23, 4)
    pump.run(2 * MINUTE_MS)
    # One that came from another denominator may lose less than a millionth of a microstep.
    assert 0 <= asked - extra_steps(pump) < 1 + Fraction(60, 10**6)
    pump.run(3 * HOUR_MS)
    asked += 2 * Fraction(32, 3)
    assert 0 <= asked - extra_steps(pump) < 1 + Fraction(60, 10**6)
