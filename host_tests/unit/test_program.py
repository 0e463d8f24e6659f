"""Programs as the device gets them."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.errors import InputError
from itb.plan.program import Segment
from prescriptions import FLEX, changed, continuous, plan


@pytest.mark.req("D-08")
def test_a_flex_day_in_the_devices_numbers(tmp_path: Path):
    flex = plan(FLEX, tmp_path)
    # 240 ug/day of 2000 ug/mL are 120 000 nL a day, in microsteps of 13879/3200 nL.
    assert Fraction(120_000 * 3200, 13879) == 27_667 + Fraction(9707, 13879)
    assert flex.program.as_dict() == {
        "version": 2,
        "rate_den": 13879,
        "concentration_ng_ml": 2_000_000,
        "patterns": [[[0, 27_667, 9707], [21_600_000, 55_335, 5535]]],
        "plan": [[0, 0, 0]],
        "boluses": [[0, 28_800_000, 2305, 8905, 600_000], [1, 43_200_000, 1152, 11_392, 600_000]],
        "patient": None,
        "trial": [],
        "bridge": None,
        "override": "",
        "titration": [30, "drug baclofen/spinal"],
        "limits": {"hour": [6916, "prescription"], "day": [69_169, "prescription"], "bolus": [2882, "prescription"]},
    }
    assert flex.day_total_ug() == 6 * 10 + 18 * 20
    assert flex.fill_steps == 18_000_000 * 3200 // 13879


def test_a_slice_too_long_for_the_pause_between_two_boluses_is_refused(tmp_path: Path):
    close = changed(FLEX, ('day = 2\nat = "12:00"', 'at = "08:15"'), ('dose = "10 ug"', 'dose = "5 ug"'))
    assert plan(close, tmp_path, slice_ms=150_000).program
    with pytest.raises(InputError) as caught:
        plan(close, tmp_path, slice_ms=150_001)
    assert (caught.value.field, caught.value.value) == ("--slice", "150.001 s")
    assert caught.value.accepted.startswith("at most 150 s")


def test_without_a_fill_the_reservoir_is_full(tmp_path: Path):
    assert plan(continuous("400 ug/day"), tmp_path).fill_steps == 20_000_000 * 3200 // 13879


def test_whole_rates_need_no_denominator(tmp_path: Path):
    # Five revolutions a day.
    program = plan(continuous("69395 nL/day"), tmp_path).program
    assert (program.rate_den, program.patterns) == (1, ((Segment(0, 16_000, 0),),))


def test_one_unrepresentable_part_is_named(tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(FLEX, ('rate = "20 ug/h"', 'rate = "20.000000001 ug/h"')), tmp_path)
    assert caught.value.field == "rx.toml: basal.step[2].rate"
