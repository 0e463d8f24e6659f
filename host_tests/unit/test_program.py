"""Programs as the device gets them, and the way back."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.errors import InputError
from itb.program import Program, Segment, read_back
from prescriptions import FLEX, changed, continuous, plan


@pytest.mark.req("D-08")
def test_a_flex_day_in_the_devices_numbers(tmp_path: Path):
    flex = plan(FLEX, tmp_path)
    # 240 ug/day of 2000 ug/mL are 120 000 nL a day, in microsteps of 13879/3200 nL.
    assert Fraction(120_000 * 3200, 13879) == 27_667 + Fraction(9707, 13879)
    assert flex.program.as_dict() == {
        "version": 1,
        "rate_den": 13879,
        "segments": [[0, 27_667, 9707], [21_600_000, 55_335, 5535]],
        "boluses": [[0, 28_800_000, 2305, 8905, 600_000], [1, 43_200_000, 1152, 11_392, 600_000]],
        "limits": {"hour": [6916, "prescription"], "day": [69_169, "prescription"], "bolus": [2882, "prescription"]},
    }
    assert flex.day_total_ug() == 6 * 10 + 18 * 20
    assert flex.fill_steps == 18_000_000 * 3200 // 13879


def test_without_a_fill_the_reservoir_is_full(tmp_path: Path):
    assert plan(continuous("400 ug/day"), tmp_path).fill_steps == 20_000_000 * 3200 // 13879


def test_whole_rates_need_no_denominator(tmp_path: Path):
    # Five revolutions a day.
    program = plan(continuous("69395 nL/day"), tmp_path).program
    assert (program.rate_den, program.segments) == (1, (Segment(0, 16_000, 0),))


GOOD = Program(7, (Segment(0, 5, 6),), (), {"day": (9, "prescription")}).as_dict()


def test_a_program_is_read_back_as_it_was_sent():
    assert read_back(GOOD).steps(Segment(0, 5, 6)) == Fraction(41, 7)
    assert read_back(GOOD).demand().day == read_back(GOOD).day_total_steps() == Fraction(41, 7)


@pytest.mark.parametrize(
    "changes, fragment",
    [
        ({"version": 2}, "program.version: 2"),
        ({"rate_den": 0}, "program.rate_den: 0"),
        ({"rate_den": True}, "program.rate_den: True"),
        ({"rate_den": (1 << 20) + 1}, "program.rate_den: 1048577"),
        ({"segments": []}, "program.segments: starts at '[]'"),
        ({"segments": [[1, 5, 6]]}, "program.segments: starts at '[1]'"),
        ({"segments": [[0, 5, 6], [0, 5, 6]]}, "program.segments: starts at '[0, 0]'"),
        ({"segments": [[0, 5, 6], [86_400_000, 5, 6]]}, "program.segments: starts at"),
        ({"segments": [[0, 5, 7]]}, "program.frac: 7 is refused; accepted: a whole number from 0 to 6"),
        ({"segments": [[0, 5]]}, "program.segments: a list of 2"),
        ({"segments": [[0, 5.0, 6]]}, "program.segments: 5.0"),
        ({"segments": [5]}, "program.segments: 5 is refused; accepted: a list"),
        ({"boluses": None}, "program.boluses: None"),
        ({"boluses": [[0, 0, 1 << 30, 0, 1]]}, "program.boluses: 1073741824"),
        ({"limits": []}, "limits: a list is refused; accepted: a table"),
        ({"limits": {"day": [9]}}, "program.limits.day: a list is refused; accepted: [microsteps, origin]"),
    ],
)
def test_what_is_no_program_is_refused(changes: dict[str, object], fragment: str):
    with pytest.raises(InputError) as caught:
        read_back({**GOOD, **changes})
    assert fragment in str(caught.value)


def test_what_is_no_table_is_refused():
    with pytest.raises(InputError, match="program: a list is refused"):
        read_back([])


def test_one_unrepresentable_part_is_named(tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(FLEX, ('rate = "20 ug/h"', 'rate = "20.000000001 ug/h"')), tmp_path)
    assert caught.value.field == "rx.toml: basal.step[2].rate"
