"""What was asked of a pump in a run: by hand for each thing that can happen to it."""

from dataclasses import replace
from fractions import Fraction

import pytest

from itb.account.course import Course
from itb.account.walk import BRIDGE, KEEP_OPEN, PRIME, STOPPED, THERAPY, StageChange
from itb.rx.orders import Stage
from itb.rx.prescribed import MS_PER_DAY, DayRates, Prescribed, PrescribedBolus, PrescribedDose
from itb.sim.record import Record
from runs import MS_PER_HOUR, NG_ML, course_of, events, sample_at

NOON_MS = MS_PER_DAY // 2
FRIDAY = 4
# The hour of spring, and a quarter of an hour that the clock was slow.
SPRING_MS = 5 * MS_PER_HOUR // 4
# 100 microsteps an hour.
STEADY = Prescribed("steady", NG_ML, (DayRates([(0, Fraction(2400))]),))
DOUBLE = replace(STEADY, name="double", days=(DayRates([(0, Fraction(4800))]),))
START = (0, "state_delivering", 0, 0)


def ran(days: int, *journal: tuple[int, str, int, int], **orders: object) -> Course:
    """The course of a run of some days with this journal; it delivers STEADY from the start unless told otherwise."""
    record = Record()
    record.add(sample_at(days * MS_PER_DAY))
    record.events = events(*sorted(journal, key=lambda event: event[0]))
    return course_of(record, **{"programs": (STEADY,), **orders})


def planned(*stages: Stage) -> Prescribed:
    """3, 2 and 1 hundred microsteps an hour, in stages."""
    return replace(STEADY, days=tuple(DayRates([(0, Fraction(7200 - 2400 * n))]) for n in range(3)), plan=stages)


TAPER = planned(Stage(0, 0, 0), Stage(1, 1, 1), Stage(2, 2, 2))
A_DAY_LATE = [StageChange(2 * MS_PER_DAY, 1, 1), StageChange(3 * MS_PER_DAY, 2, 2)]


def test_nothing_is_asked_for_while_the_pump_does_not_deliver() -> None:
    course = ran(1, START, (6 * MS_PER_HOUR, "state_stopped", 0, 0), (NOON_MS, "state_delivering", 0, 0))
    assert [course.steps_by(hours * MS_PER_HOUR) for hours in (0, 6, 9, 12, 24)] == [0, 600, 600, 600, 1800]
    assert course.modes(STOPPED) == [(6 * MS_PER_HOUR, NOON_MS)]
    assert course.idle_by(MS_PER_DAY).steps == 600


def test_another_program_takes_over_where_it_was_loaded() -> None:
    course = ran(1, START, (NOON_MS, "program", 1, 0), programs=(STEADY, DOUBLE))
    assert course.steps_by(MS_PER_DAY) == 1200 + 2400
    assert [loaded.from_ms for loaded in course.loaded] == [0, NOON_MS]
    assert course.program_at(NOON_MS - 1).prescribed is STEADY
    assert course.program_at(NOON_MS).prescribed is DOUBLE


def test_what_is_below_a_microstep_goes_on_under_another_program() -> None:
    half = replace(STEADY, days=(DayRates([(0, Fraction(1))]),))
    course = ran(1, START, (NOON_MS, "program", 1, 0), programs=(half, half))
    assert course.whole_by(NOON_MS) == 0
    assert course.whole_by(MS_PER_DAY - 1) == 0
    assert course.whole_by(MS_PER_DAY) == 1


def test_a_program_drops_what_is_finer_than_its_own_parts() -> None:
    sevenths = replace(STEADY, days=(DayRates([(0, Fraction(1, 7))]),), rate_den=7)
    course = ran(1, START, (1000, "program", 1, 0), programs=(sevenths, STEADY))
    part = Fraction(1, MS_PER_DAY)
    asked = Fraction(1, 7) * 1000 * part
    assert course.steps_by(1000) == asked
    assert course.steps_by(1001) == asked - asked % part + 2400 * part
    assert 0 < asked % part < part


def test_weekends_have_their_own_rates() -> None:
    week = replace(STEADY, days=(*STEADY.days, *DOUBLE.days), plan=(Stage(0, 0, 1),))
    course = ran(4, START, programs=(week,), weekday=FRIDAY)
    assert [course.steps_by(days * MS_PER_DAY) for days in range(5)] == [0, 2400, 7200, 12_000, 14_400]


def test_a_plan_goes_on_with_each_midnight() -> None:
    course = ran(4, START, programs=(TAPER,))
    assert [course.steps_by(days * MS_PER_DAY) for days in range(5)] == [0, 7200, 12_000, 14_400, 16_800]
    assert course.stages == [StageChange(MS_PER_DAY, 1, 1), StageChange(2 * MS_PER_DAY, 2, 2)]


@pytest.mark.req("D-14")
@pytest.mark.parametrize(
    "from_kind, until_kind",
    [("plan_paused", "plan_resumed"), ("state_stopped", "state_delivering"), ("keep_open", "keep_open_end")],
)
def test_a_plan_stays_where_it_is_over_a_midnight_that_is_no_day_of_it(from_kind: str, until_kind: str) -> None:
    course = ran(3, START, (MS_PER_DAY - 1, from_kind, 0, 0), (MS_PER_DAY + 1, until_kind, 0, 0), programs=(TAPER,))
    assert course.stages == A_DAY_LATE


def test_a_stop_and_a_pause_at_midnight_come_after_it() -> None:
    paused = ran(2, START, (MS_PER_DAY, "plan_paused", 0, 0), programs=(TAPER,))
    stopped = ran(2, START, (MS_PER_DAY, "state_stopped", 0, 0), programs=(TAPER,))
    assert paused.stages == stopped.stages == [StageChange(MS_PER_DAY, 1, 1)]


def test_another_program_begins_its_own_plan_and_is_not_paused() -> None:
    journal = (START, (NOON_MS, "plan_paused", 0, 0), (MS_PER_DAY + NOON_MS, "program", 1, 0))
    course = ran(3, *journal, programs=(TAPER, TAPER))
    assert course.stages == A_DAY_LATE


def test_a_clock_set_back_over_midnight_repeats_the_time_of_day_but_no_day_of_the_plan() -> None:
    back_ms = MS_PER_DAY + MS_PER_HOUR
    course = ran(3, START, (back_ms, "time_set", MS_PER_DAY - MS_PER_HOUR, 0), programs=(TAPER,))
    assert course.stages == [StageChange(MS_PER_DAY, 1, 1), StageChange(back_ms + MS_PER_HOUR + MS_PER_DAY, 2, 2)]


@pytest.mark.req("D-05", "I-05")
@pytest.mark.parametrize(
    "on_ms, second_ms",
    [
        (SPRING_MS - 1, 2 * MS_PER_DAY - SPRING_MS + 1),
        (SPRING_MS, 2 * MS_PER_DAY - SPRING_MS),
        (SPRING_MS + 1, 3 * MS_PER_DAY - SPRING_MS - 1),
        (NOON_MS, 3 * MS_PER_DAY - NOON_MS),
        (-NOON_MS, 2 * MS_PER_DAY + NOON_MS),
    ],
)
def test_a_clock_set_on_by_more_than_in_spring_brings_no_day_of_the_plan_forward(on_ms: int, second_ms: int) -> None:
    at_ms = MS_PER_DAY + NOON_MS
    shown_ms = (NOON_MS + on_ms) % MS_PER_DAY
    journal = (START, (at_ms, "time_set", shown_ms, 1 + (NOON_MS + on_ms) // MS_PER_DAY))
    course = ran(4, *journal, programs=(TAPER,))
    # Set on by 12 h it shows midnight, which did not pass: the next comes a whole day later.
    assert course.stages == [StageChange(MS_PER_DAY, 1, 1), StageChange(second_ms, 2, 2)]


@pytest.mark.req("D-05", "I-05")
def test_a_clock_set_on_to_midnight_a_hundred_times_a_day_does_not_run_through_the_plan() -> None:
    part_ms = MS_PER_DAY // 100
    sets = [(place * part_ms - 1, "time_set", MS_PER_DAY - 1, 0) for place in range(1, 200)]
    course = ran(2, START, *sets, programs=(TAPER,))
    assert course.stages == [StageChange(part_ms, 1, 1), StageChange(96 * part_ms, 2, 2)]


@pytest.mark.req("D-05")
def test_the_first_midnight_of_a_program_is_a_day_of_its_plan_however_soon_it_comes() -> None:
    loaded_ms = MS_PER_DAY - MS_PER_HOUR
    course = ran(4, START, (loaded_ms, "program", 1, 0), programs=(STEADY, TAPER))
    assert course.stages == [StageChange(MS_PER_DAY, 1, 1), StageChange(2 * MS_PER_DAY, 2, 2)]


def test_the_time_of_day_that_is_set_decides_which_rate_holds() -> None:
    flex = replace(STEADY, days=(DayRates([(0, Fraction(2400)), (NOON_MS, Fraction(4800))]),))
    course = ran(1, START, (MS_PER_HOUR, "time_set", NOON_MS, 0), programs=(flex,))
    assert course.steps_by(2 * MS_PER_HOUR) == 100 + 200
    assert course.steps_by(MS_PER_DAY) == 100 + 12 * 200 + 11 * 100


@pytest.mark.req("D-11")
def test_keep_open_is_the_minimum_rate_or_less_where_the_program_has_less() -> None:
    flex = replace(STEADY, days=(DayRates([(0, Fraction(2400)), (NOON_MS, Fraction(120))]),))
    course = ran(1, START, (0, "keep_open", 0, 0), programs=(flex,), minimum_steps_day=240)
    assert course.steps_by(NOON_MS) == 120
    assert course.steps_by(MS_PER_DAY) == 120 + 60
    assert course.kept_open_by(MS_PER_DAY).steps == 1200 + 60 - 180
    assert course.modes(KEEP_OPEN) == [(0, MS_PER_DAY)]


BRIDGED = replace(STEADY, bridge=(1000, 4 * MS_PER_HOUR))


@pytest.mark.req("D-12")
def test_a_bridge_comes_first_and_the_basal_after_it() -> None:
    end_ms = 4 * MS_PER_HOUR
    course = ran(1, START, (end_ms + 5000, "bridge_end", 1000, 0), programs=(BRIDGED,))
    assert course.steps_by(2 * MS_PER_HOUR) == 500
    assert course.bridge_left_by(2 * MS_PER_HOUR) == 500
    assert course.steps_by(MS_PER_DAY) == 1000 + 20 * 100
    assert course.bridge.by(MS_PER_DAY).steps == 1000
    assert (course.bridge_left_by(0), course.bridge_left_by(MS_PER_DAY)) == (1000, 0)
    assert course.by_mode(BRIDGE, MS_PER_DAY).steps == 400


def test_the_basal_after_a_bridge_waits_until_the_pump_has_seen_its_end_and_is_owed_then() -> None:
    end_ms = 4 * MS_PER_HOUR
    seen_ms = end_ms + MS_PER_HOUR // 2
    course = ran(1, START, (seen_ms, "bridge_end", 1000, 0), programs=(BRIDGED,))
    assert course.steps_by(seen_ms) == 1000
    assert course.steps_by(seen_ms + MS_PER_HOUR // 2) == 1100


@pytest.mark.req("D-12")
def test_a_stop_pauses_the_bridge() -> None:
    hour = MS_PER_HOUR
    stop, start = (hour, "state_stopped", 0, 0), (3 * hour, "state_delivering", 0, 0)
    course = ran(1, START, stop, start, (3 * hour, "bridge", 750, 3 * hour), programs=(BRIDGED,))
    assert [course.steps_by(hours * hour) for hours in (1, 3, 4, 6)] == [250, 250, 500, 1000]
    assert course.modes(BRIDGE) == [(0, hour), (3 * hour, 6 * hour)]
    assert course.unsettled(5 * hour) == 2
    assert course.unsettled(7 * hour) == 1
    assert course.given_again_steps == 0


def test_what_was_owed_of_a_bridge_at_a_stop_is_given_again() -> None:
    hour = MS_PER_HOUR
    stop, start = (hour, "state_stopped", 0, 0), (3 * hour, "state_delivering", 0, 0)
    course = ran(1, START, stop, start, (3 * hour, "bridge", 760, 3 * hour + 144_000), programs=(BRIDGED,))
    assert course.given_again_steps == 10
    assert course.bridge.whole_by(MS_PER_DAY) == 1010
    assert course.bridge_left_by(3 * hour + 1) == 760


def test_a_midnight_in_a_bridge_is_no_day_of_the_plan() -> None:
    program = replace(TAPER, bridge=(1000, MS_PER_DAY + MS_PER_HOUR))
    course = ran(3, START, (MS_PER_DAY + MS_PER_HOUR, "bridge_end", 1000, 0), programs=(program,))
    assert course.stages == A_DAY_LATE


def test_an_override_ends_a_bridge_that_had_begun() -> None:
    course = ran(1, START, (MS_PER_HOUR, "program", 1, 0), programs=(BRIDGED, STEADY))
    assert course.steps_by(MS_PER_DAY) == 250 + 2300
    assert course.bridge_left_by(MS_PER_DAY) == 0


PRIMED = {"primes": ((MS_PER_HOUR, PrescribedDose(Fraction(900), MS_PER_HOUR)),)}


@pytest.mark.req("D-13")
def test_a_prime_is_asked_for_in_its_own_time_and_is_no_basal() -> None:
    journal = ((MS_PER_HOUR, "state_priming", 0, 0), (2 * MS_PER_HOUR + 20_000, "prime_end", 900, 0))
    course = ran(1, *journal, (2 * MS_PER_HOUR + 20_000, "state_stopped", 0, 0), **PRIMED)
    assert course.steps_by(MS_PER_HOUR * 3 // 2) == 450
    assert course.steps_by(MS_PER_DAY) == course.prime.steps_by(MS_PER_DAY) == 900
    assert course.modes(PRIME) == [(MS_PER_HOUR, 2 * MS_PER_HOUR + 20_000)]
    assert course.modes(THERAPY) == []


@pytest.mark.parametrize("kind", ["prime_cancelled", "prime_timeout"])
def test_a_prime_that_is_cut_short_is_asked_for_until_then(kind: str) -> None:
    cut_ms = MS_PER_HOUR * 4 // 3
    journal = ((MS_PER_HOUR, "state_priming", 0, 0), (cut_ms, kind, 600, 0), (cut_ms, "state_stopped", 0, 0))
    course = ran(1, *journal, **PRIMED)
    assert course.steps_by(MS_PER_DAY) == 300
    assert course.unsettled(MS_PER_DAY) == 2


def test_the_dose_is_that_of_what_the_reservoir_held() -> None:
    weaker = replace(STEADY, concentration_ng_ml=NG_ML // 4)
    journal = (START, (NOON_MS, "state_stopped", 0, 0), (NOON_MS, "program", 1, 0), (NOON_MS, "state_delivering", 0, 0))
    course = ran(1, *journal, programs=(STEADY, weaker), concentrations=((0, NG_ML), (NOON_MS, NG_ML // 4)))
    assert course.basal.by(NOON_MS).ug == 24
    assert course.basal.by(MS_PER_DAY).ug == 24 + 6
    assert course.doses.changes == [(NOON_MS, NG_ML, NG_ML // 4)]


BOLUSES = (
    PrescribedBolus(MS_PER_HOUR, PrescribedDose(Fraction(7, 10), 1000)),
    PrescribedBolus(2 * MS_PER_HOUR, PrescribedDose(Fraction(7, 10), 1000)),
)


@pytest.mark.req("D-07")
def test_all_boluses_share_what_is_left_over_below_a_microstep() -> None:
    program = replace(STEADY, boluses=BOLUSES, patient=PrescribedDose(Fraction(7, 10), 1000))
    journal = (
        START,
        (MS_PER_HOUR, "bolus", 0, 0),
        (2 * MS_PER_HOUR, "bolus", 1, 0),
        (NOON_MS, "patient_bolus", 1, 1000),
    )
    told = (18 * MS_PER_HOUR, "clinician_bolus", 3, 1000)
    clinician = ((18 * MS_PER_HOUR, PrescribedDose(Fraction(29, 10), 1000)),)
    course = ran(1, *journal, told, programs=(program,), clinician=clinician)
    assert [bolus.steps for bolus in course.begun] == [0, 1, 1, 3]
    assert [bolus.source for bolus in course.begun] == ["scheduled", "scheduled", "patient", "clinician"]
    assert course.bolus.whole_by(MS_PER_DAY) == 5
    assert course.steps_by(MS_PER_DAY) == 2400 + 5
    assert course.steps_by(NOON_MS) == 1200 + Fraction(14, 10)


def test_a_bolus_that_is_cut_short_is_asked_for_until_then() -> None:
    patient = replace(STEADY, patient=PrescribedDose(Fraction(90), 9000))
    journal = (START, (NOON_MS, "patient_bolus", 90, 9000), (NOON_MS + 3500, "bolus_cancelled", 55, 0))
    course = ran(1, *journal, programs=(patient,))
    assert course.bolus.steps_by(MS_PER_DAY) == course.bolus.whole_by(MS_PER_DAY) == 35
    assert course.begun[0].held_back_by(MS_PER_DAY).steps == 55
    assert not course.begun[0].ran_out


@pytest.mark.req("D-09")
def test_a_suspended_bolus_goes_on_with_the_whole_microsteps_and_the_time_that_are_left() -> None:
    patient = replace(STEADY, patient=PrescribedDose(Fraction(5), 10_000))
    journal = (
        START,
        (NOON_MS, "patient_bolus", 5, 10_000),
        (NOON_MS + 3000, "clinician_bolus", 2, 1000),
        (NOON_MS + 3000, "patient_suspended", 4, 0),
        (NOON_MS + 5000, "bolus_end", 2, 0),
        (NOON_MS + 5000, "patient_resumed", 4, 7000),
    )
    clinician = ((NOON_MS + 3000, PrescribedDose(Fraction(2), 1000)),)
    course = ran(1, *journal, programs=(patient,), clinician=clinician)
    given = [course.bolus.whole_by(NOON_MS + after_ms) for after_ms in (3000, 4000, 5000, 8500, 11_999, 12_000)]
    # One and two microsteps, then the four of the patient's that are left: two after half of the seven seconds.
    assert given == [1, 3, 3, 5, 6, 7]
    assert course.bolus.steps_by(NOON_MS + 5000) == Fraction(3, 2) + 2
    assert course.bolus.steps_by(MS_PER_DAY) == 7
    assert all(bolus.ran_out for bolus in course.begun)


def test_a_trial_gives_its_rungs_in_order() -> None:
    rungs = tuple(PrescribedDose(Fraction(steps), 1000) for steps in (50, 75))
    journal = (START, (MS_PER_HOUR, "trial_bolus", 50, 0), (2 * MS_PER_HOUR, "trial_denied", 1, 1380))
    course = ran(2, *journal, (MS_PER_DAY + NOON_MS, "trial_bolus", 75, 1), programs=(replace(STEADY, trial=rungs),))
    assert [(bolus.outcome, bolus.steps) for bolus in course.boluses] == [("given", 50), ("denied", 75), ("given", 75)]
    assert (course.boluses[1].reason, course.boluses[1].wait_minutes) == ("lockout", 1380)


def test_a_bolus_of_a_program_that_is_replaced_before_its_time_is_not_prescribed() -> None:
    program = replace(STEADY, boluses=BOLUSES)
    course = ran(1, START, (MS_PER_HOUR * 3 // 2, "program", 1, 0), programs=(program, STEADY))
    assert [(bolus.prescribed_ms, bolus.outcome) for bolus in course.boluses] == [(MS_PER_HOUR, "not given")]


def test_what_was_due_before_a_program_came_is_not_its_to_give() -> None:
    program = replace(STEADY, boluses=BOLUSES)
    loaded_ms = MS_PER_HOUR * 3 // 2
    journal = (START, (loaded_ms, "program", 1, 2), (2 * MS_PER_HOUR, "bolus", 0, 0))
    course = ran(1, *journal, programs=(STEADY, program))
    assert [(bolus.prescribed_ms, bolus.outcome) for bolus in course.boluses] == [(2 * MS_PER_HOUR, "given")]
