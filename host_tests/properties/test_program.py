"""Programs: exact to the device's whole numbers and back, and never accepted only to be refused or withheld."""

from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from itb.boards.board import board_names, load_board
from itb.errors import InputError
from itb.limits.allotted import judged_steps
from itb.limits.doses import doses
from itb.plan.program import make_plan
from itb.rx.orders import MS_PER_DAY, MS_PER_MINUTE, BasalStep, day_dose_ug
from itb.rx.prescription import Prescription, parse_prescription
from itb.tables import Table
from minute_pump import MinutePump
from pump.core.errors import Refused
from pump.therapy.program import Program as DeviceProgram

BOARDS = [load_board(name) for name in board_names()]
MINUTES_A_DAY = 1440


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def steps_of(draw, most_steps: int, tenths) -> list[dict[str, str]]:
    """Steps of a day at any minutes, their rates in tenths of ug/h: what a person would write."""
    starts = [0, *sorted(draw(st.sets(st.integers(1, MINUTES_A_DAY - 1), max_size=most_steps)))]
    return [{"start": clock(minute), "rate": f"{draw(tenths) / 10} ug/h"} for minute in starts]


def boluses_of(draw) -> list[dict[str, object]]:
    boluses: list[dict[str, object]] = []
    minute = draw(st.integers(0, 600))
    for _ in range(draw(st.integers(0, 4))):
        dose, duration = draw(st.integers(2, 60)) / 2, draw(st.integers(3, 90))
        day, at = divmod(minute, MINUTES_A_DAY)
        boluses.append({"day": day + 1, "at": clock(at), "dose": f"{dose} ug", "over": f"{duration} min"})
        minute += duration + draw(st.integers(2, 300))
    return boluses


@st.composite
def prescriptions(draw):
    """Any therapy but a trial."""
    week = draw(st.booleans())
    most_steps = 4 if week else draw(st.sampled_from([0, 3, 47]))
    # A weekend must not be too far from its weekdays.
    tenths = st.integers(110, 130) if week else st.integers(45, 250)
    basal = {"mode": "flex", "step": steps_of(draw, most_steps, tenths)}
    if week:
        basal["weekend_step"] = steps_of(draw, most_steps, tenths)
    order: dict[str, object] = {
        "title": "Any",
        "drug": {
            "name": "baclofen",
            "profile": "spinal",
            "concentration": draw(st.sampled_from(["1000 ug/mL", "2000 ug/mL"])),
        },
        "basal": basal,
    }
    boluses = boluses_of(draw)
    if boluses:
        order["bolus"] = boluses
    if most_steps < 47 and draw(st.booleans()):
        every = draw(st.sampled_from(["4 h", "8 h", "24 h"]))
        order["periodic"] = {
            "dose": f"{draw(st.integers(2, 10))} ug",
            "over": "10 min",
            "every": every,
            "first": "00:45",
        }
    if most_steps < 47 and draw(st.booleans()):
        kind, shares = draw(st.sampled_from([("taper", (90, 70, 55)), ("titration", (105, 115, 125))]))
        days = sorted(draw(st.sets(st.integers(2, 5), min_size=1, max_size=3)))
        rows = [{"from_day": day, "daily": f"{share} %"} for day, share in zip(days, shares, strict=False)]
        order["plan"] = {"kind": kind, "stage": rows}
    if draw(st.booleans()):
        lockout = draw(st.integers(10, 700))
        order["patient_bolus"] = {
            "dose": f"{draw(st.integers(2, 20)) / 2} ug",
            "over": f"{draw(st.integers(1, 10))} min",
            "lockout": f"{lockout} min",
            "per_day": draw(st.integers(1, 10)),
        }
    return parse_prescription(Table(order, "rx.toml"), Path())


def plan_or_skip(rx: Prescription, board, slice_ms=None):
    try:
        return make_plan(rx, board, slice_ms)
    except InputError:
        assume(False)
        raise


@pytest.mark.req("D-08")
@given(prescriptions(), st.sampled_from(BOARDS))
def test_the_daily_total_shown_is_exactly_what_the_devices_numbers_say(rx, board):
    plan = plan_or_skip(rx, board)
    schedule = DeviceProgram(plan.program.as_dict()).schedule
    for place, pattern in enumerate(rx.patterns):
        assert plan.day_total_ug(place) == day_dose_ug(pattern)
        assert sum(plan.scale.ug(steps) for steps in plan.program.segment_steps(place)) == day_dose_ug(pattern)
        assert Fraction(*schedule.day_total(place)) == plan.program.day_total_steps(place)
    assert Fraction(*schedule.greatest_total()) == plan.program.greatest_day_steps()


@pytest.mark.req("D-08")
@given(prescriptions())
def test_a_periodic_bolus_adds_its_doses_to_the_day_and_a_stage_its_share(rx: Prescription):
    pulses_ug = len(rx.periodic.starts_ms) * rx.periodic.dose_ug if rx.periodic else Fraction(0)
    first = [day_dose_ug(day) + pulses_ug for day in rx.basal]
    for place, stage in enumerate(rx.plan):
        assert day_dose_ug(rx.patterns[stage.weekday]) == first[0] * rx.growth(place)
        assert day_dose_ug(rx.patterns[stage.weekend]) == first[-1] * rx.growth(place)


@pytest.mark.req("D-01", "D-08")
@given(prescriptions(), st.sampled_from(BOARDS))
def test_what_the_device_is_given_is_what_was_prescribed(rx, board):
    plan = plan_or_skip(rx, board)
    sent: Any = plan.program.as_dict()

    def ug(whole, frac):
        return plan.scale.ug(whole + Fraction(frac, sent["rate_den"]))

    assert [
        tuple(BasalStep(start_ms, ug(whole, frac)) for start_ms, whole, frac in rows) for rows in sent["patterns"]
    ] == list(rx.patterns)
    assert sent["plan"] == [[stage.from_day, stage.weekday, stage.weekend] for stage in rx.plan]
    assert [(day * MS_PER_DAY + at_ms, ug(whole, frac), span) for day, at_ms, whole, frac, span in sent["boluses"]] == [
        (bolus.start_ms, bolus.dose_ug, bolus.duration_ms) for bolus in rx.boluses
    ]
    patient = rx.patient
    assert (sent["patient"] is None) == (patient is None)
    if patient:
        whole, frac, *rest = sent["patient"]
        assert ug(whole, frac) == patient.dose_ug
        assert rest == [patient.duration_ms, patient.lockout_ms, patient.per_day]


@pytest.mark.req("D-01")
@given(prescriptions(), st.sampled_from(BOARDS))
def test_the_device_is_given_whole_numbers_it_can_hold(rx, board):
    program = plan_or_skip(rx, board).program
    assert 1 <= program.rate_den <= 1 << 20
    for part in (*(segment for pattern in program.patterns for segment in pattern), *program.boluses):
        assert type(part.whole) is type(part.frac) is int
        assert 0 <= part.whole < 1 << 30
        assert 0 <= part.frac < program.rate_den
    assert all(0 <= steps < 1 << 30 and origin for steps, origin in program.limits.values())


@pytest.mark.req("D-05", "D-06", "D-09")
@settings(max_examples=60)
@given(
    prescriptions(),
    st.integers(0, 20),
    st.integers(0, 6),
    st.sampled_from([1, 7, 61]),
    st.booleans(),
)
def test_what_the_check_accepts_the_pump_neither_denies_nor_withholds(
    rx, spare, weekday, press_every, room_for_requests
):
    board = BOARDS[0]
    loose = plan_or_skip(rx, board, MS_PER_MINUTE)
    # Limits hardly above what the schedule needs, or all that is allotted.
    guarded = loose.review.guarded
    for name, kind in (("hourly", "hour"), ("daily", "day")):
        needed = max(guarded.peaks[kind].demand, guarded.most_judged(kind))
        steps = ceil(judged_steps(guarded, kind) if room_for_requests else needed) + spare
        rx.limits_ug[name] = loose.scale.ug(Fraction(steps))
    # The largest dose is at its limit.
    rx.limits_ug["bolus"] = max((dose_ug for _, dose_ug in doses(rx)), default=Fraction(1))
    plan = plan_or_skip(rx, board, MS_PER_MINUTE)
    pump = MinutePump(plan.program.as_dict(), weekday)
    pump.accept()
    last_ms = max(
        [bolus.end_ms + 1500 * MS_PER_MINUTE for bolus in rx.boluses] + [(rx.plan[-1].from_day + 2) * MS_PER_DAY]
    )
    may_deny = any(finding.field == "rx.toml: patient_bolus" for finding in plan.findings)
    while pump.now_ms < last_ms:
        try:
            pump.minute(press=pump.now_ms // MS_PER_MINUTE % press_every == 0)
        except Refused:
            # A bolus of the schedule, for one that the patient had.
            assert may_deny
            break
    assert may_deny or (pump.denied == 0 and pump.orders.peek() is None)
