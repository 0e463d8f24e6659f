"""The fluid of the twin: volumes are conserved, an occlusion builds pressure and gives it back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.core.errors import Refused
from twin.plant import Plant

MS_PER_HOUR = 3_600_000
# 0.2 mL/day, 4.3375 nL per microstep.
STEPS_PER_MINUTE = 32
STEP_NL = 13880 / 3200
FILL_STEPS = 1_000_000


class BoardConstants:
    MECHANISM = "syringe"
    NL_PER_REV = 13880
    STEPS_PER_REV = 3200


class PeristalticBoard(BoardConstants):
    MECHANISM = "peristaltic"


def plant(fill_steps: int = FILL_STEPS, **params: float) -> Plant:
    return Plant(BoardConstants, fill_steps, params)


def run_minutes(fluid: Plant, minutes: int) -> None:
    for _ in range(minutes):
        fluid.flow(60_000_000, min(STEPS_PER_MINUTE, fluid.room_steps()), 0, 1_875_000)


def test_what_leaves_the_tip_is_the_integral_of_pressure_over_resistance() -> None:
    # With 2000 nL/kPa the time constant is about one second: slow enough to integrate by hand in steps of 1 ms.
    fluid = plant(compliance_nl_per_kpa=2000.0)
    # Hagen-Poiseuille for a bore of 0.16 mL over 80 cm, in kPa s/nL, worked out with the bore: 128 mu L / (pi d**4).
    area_m2 = 160e-9 / 0.8
    bore_m = (4 * area_m2 / 3.141592653589793) ** 0.5
    resistance = 128 * 1e-3 * 0.8 / (3.141592653589793 * bore_m**4) * 1e-15
    out_nl = 0.0
    for ms in range(5000):
        steps = 1 if ms < 2000 and ms % 10 == 0 else 0
        fluid.flow(500, steps, 0, 0)
        out_nl += fluid.pressure_kpa() / resistance * 1e-3
        fluid.flow(500, 0, 0, 0)
    assert fluid.plunger_nl() == pytest.approx(200 * STEP_NL)
    assert out_nl == pytest.approx(fluid.catheter_nl(), rel=1e-3)


def test_at_the_usual_rate_the_pressure_stays_far_below_the_threshold() -> None:
    fluid = plant()
    for _ in range(60 * 32):
        fluid.flow(1_875, 1, 0, 0)
        assert fluid.pressure_kpa() < 2.0
    # Even at one microstep every 1.9 ms, a thousand times the usual rate.


def test_an_occlusion_reaches_80_kpa_within_an_hour_at_the_usual_rate() -> None:
    fluid = plant()
    run_minutes(fluid, 10)
    out_nl = fluid.catheter_nl()
    fluid.occluded = True
    minutes = 0
    while fluid.pressure_kpa() < 80:
        run_minutes(fluid, 1)
        minutes += 1
        assert fluid.catheter_nl() == pytest.approx(out_nl, abs=1e-6)
    assert minutes == 58
    assert fluid.stored_nl() == pytest.approx(58 * STEPS_PER_MINUTE * STEP_NL, rel=1e-9)


def test_the_bolus_after_release_is_what_was_stored_and_no_more() -> None:
    fluid = plant()
    fluid.occluded = True
    run_minutes(fluid, 58)
    stored_nl = fluid.stored_nl()
    out_nl = fluid.catheter_nl()
    assert stored_nl <= 100.0 * 81
    fluid.occluded = False
    fluid.flow(1_000_000, 0, 0, 0)
    assert fluid.catheter_nl() - out_nl == pytest.approx(stored_nl, rel=1e-6)
    assert fluid.pressure_kpa() == pytest.approx(0, abs=1e-5)
    fluid.flow(60_000_000, 0, 0, 0)
    assert fluid.catheter_nl() == fluid.plunger_nl()


def test_the_motor_is_held_at_the_stall_pressure() -> None:
    fluid = plant(stall_kpa=90.0)
    fluid.occluded = True
    run_minutes(fluid, 200)
    assert fluid.room_steps() == 0
    assert 90.0 - STEP_NL / 100 < fluid.pressure_kpa() <= 90.0


def test_a_syringe_has_an_end_stop() -> None:
    fluid = plant(fill_steps=100)
    run_minutes(fluid, 10)
    assert fluid.room_steps() == 0
    assert fluid.displaced_steps == 100
    assert fluid.reservoir_nl() == 0


def test_a_peristaltic_pump_runs_on_dry_and_delivers_nothing() -> None:
    fluid = Plant(PeristalticBoard, 100, {})
    run_minutes(fluid, 10)
    assert fluid.room_steps() > 0
    assert fluid.displaced_steps == 100


def test_a_refill_withdraws_what_was_left() -> None:
    fluid = plant(fill_steps=1000)
    run_minutes(fluid, 1)
    fluid.refill(5000)
    assert (fluid.withdrawn_steps, fluid.reservoir_steps) == (1000 - STEPS_PER_MINUTE, 5000)
    assert fluid.displaced_steps == STEPS_PER_MINUTE


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"colour": 1}, "plant.colour: 1 is refused; accepted: only catheter_length_mm, "),
        ({"catheter_nl": 0}, "plant.catheter_nl: 0 is refused; accepted: a number above 0"),
        ({"path_nl": -1}, "plant.path_nl: -1 is refused; accepted: a number from 0, at most 1e9"),
        ({"stall_kpa": float("inf")}, "plant.stall_kpa: inf is refused"),
        ({"stall_kpa": float("nan")}, "plant.stall_kpa: nan is refused"),
        ({"stall_kpa": "high"}, "plant.stall_kpa: high is refused"),
        ({"stall_kpa": True}, "plant.stall_kpa: True is refused"),
    ],
)
def test_refuses_parameters_it_cannot_use(params: dict[str, object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        Plant(BoardConstants, FILL_STEPS, params)


@given(
    compliance=st.floats(0.1, 1e5),
    steps=st.integers(1, 200),
    interval_us=st.integers(100, 2_000_000),
    cut=st.integers(0, 200),
    occluded=st.booleans(),
)
def test_a_burst_in_one_span_or_cut_in_two_stores_the_same(
    compliance: float, steps: int, interval_us: int, cut: int, occluded: bool
) -> None:
    cut = min(cut, steps)
    span_us = steps * interval_us + 1000
    whole, parts = plant(compliance_nl_per_kpa=compliance), plant(compliance_nl_per_kpa=compliance)
    whole.occluded = parts.occluded = occluded
    whole.flow(span_us, steps, 0, interval_us)
    if cut:
        parts.flow(cut * interval_us, cut, 0, interval_us)
    parts.flow(span_us - cut * interval_us, steps - cut, 0, interval_us)
    assert parts.displaced_steps == whole.displaced_steps == steps
    assert parts.stored_nl() == pytest.approx(whole.stored_nl(), rel=1e-9, abs=1e-12)


@given(
    compliance=st.floats(0.1, 1e5),
    spans=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5000), st.booleans()), max_size=30),
)
def test_what_is_stored_is_never_negative_and_never_more_than_was_displaced(
    compliance: float, spans: list[tuple[int, int, bool]]
) -> None:
    fluid = plant(compliance_nl_per_kpa=compliance)
    out_nl = 0.0
    for steps, interval_us, occluded in spans:
        fluid.occluded = occluded
        fluid.flow(max(1, steps) * interval_us, steps, 0, interval_us)
        assert fluid.stored_nl() >= 0
        assert fluid.catheter_nl() >= out_nl - 1e-6
        out_nl = fluid.catheter_nl()
    assert fluid.displaced_steps == sum(steps for steps, _, _ in spans)
    assert fluid.reservoir_steps == FILL_STEPS - fluid.displaced_steps
