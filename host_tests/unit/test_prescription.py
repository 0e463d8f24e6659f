"""Prescriptions are read exactly as they were written."""

from fractions import Fraction
from pathlib import Path

import pytest

import pump.therapy.program
from itb.rx.prescription import BOLUS_GAP_MS, BasalStep, ScheduledBolus, Stage, clock, moment
from prescriptions import CONTINUOUS, FLEX, changed, continuous, read


def test_a_flex_day_is_read_in_every_part(tmp_path: Path):
    rx = read(FLEX, tmp_path)
    assert (rx.title, rx.notes, rx.mode) == ("A flex day", "", "flex")
    assert (rx.drug.label, rx.concentration_ug_ml) == ("drug baclofen/spinal", 2000)
    assert rx.basal == rx.patterns == ((BasalStep(0, Fraction(240)), BasalStep(21_600_000, Fraction(480))),)
    assert (rx.plan_kind, rx.plan) == ("", (Stage(0, 0, 0),))
    assert rx.boluses == (
        ScheduledBolus(1, 28_800_000, Fraction(20), 600_000),
        ScheduledBolus(2, 43_200_000, Fraction(10), 600_000),
    )
    assert rx.limits_ug == {"daily": 600, "hourly": 60, "bolus": 25}
    assert rx.fill_nl == 18_000_000


def test_what_is_optional_can_be_left_out(tmp_path: Path):
    rx = read(CONTINUOUS, tmp_path)
    assert (rx.boluses, rx.limits_ug, rx.fill_nl, rx.notes) == ((), {}, None, "")
    assert read(CONTINUOUS + "\n[reservoir]\n", tmp_path).fill_nl is None
    assert read('notes = "For the bench."\n' + CONTINUOUS, tmp_path).notes == "For the bench."


@pytest.mark.req("D-01")
@pytest.mark.parametrize("rate", ["400 ug/day", "0.2 mL/day", "200 uL/day", "400 µg/day", "400 mcg/day"])
def test_one_rate_can_be_written_as_dose_or_as_volume(rate: str, tmp_path: Path):
    assert read(continuous(rate), tmp_path).patterns == ((BasalStep(0, Fraction(400)),),)


def test_a_rate_that_no_decimal_holds_stays_exact(tmp_path: Path):
    rx = read(changed(continuous("0.1 mL/h"), ("2000 ug/mL", "1234.5 ug/mL")), tmp_path)
    assert rx.patterns[0][0].rate_ug_day == Fraction(24, 10) * Fraction(12345, 10)


def test_a_bolus_is_never_faster_than_was_asked(tmp_path: Path):
    rx = read(continuous("400 ug/day", '[[bolus]]\nat = "08:00"\ndose = "10 ug"\nrate = "70 ug/h"\n'), tmp_path)
    bolus = rx.boluses[0]
    assert bolus.duration_ms == 514_286
    assert bolus.dose_ug * 3_600_000 / bolus.duration_ms <= 70 < bolus.dose_ug * 3_600_000 / (bolus.duration_ms - 1)


def test_a_bolus_may_begin_a_minute_after_the_one_before_has_ended(tmp_path: Path):
    text = changed(FLEX, ('day = 2\nat = "12:00"', 'at = "08:11"'))
    first, second = read(text, tmp_path).boluses
    assert second.start_ms - first.end_ms == BOLUS_GAP_MS


def test_the_pump_and_the_tool_want_the_same_pause_between_boluses():
    assert BOLUS_GAP_MS == pump.therapy.program.BOLUS_GAP_MS


def test_dose_and_volume_are_two_sides_of_one_thing(tmp_path: Path):
    rx = read(CONTINUOUS, tmp_path)
    assert rx.volume_nl(Fraction(400)) == 200_000
    assert rx.dose_ug(Fraction(200_000)) == 400


@pytest.mark.req("D-08")
def test_a_day_can_have_48_steps(tmp_path: Path):
    steps = "".join(
        f'[[basal.step]]\nstart = "{place // 2:02d}:{place % 2 * 30:02d}"\nrate = "{5 + place} ug/h"\n'
        for place in range(48)
    )
    text = changed(CONTINUOUS, ('mode = "continuous"\nrate = "400 ug/day"\n', 'mode = "flex"\n')) + steps
    rx = read(text, tmp_path)
    assert [step.start_ms for step in rx.patterns[0]] == [place * 1_800_000 for place in range(48)]
    assert rx.patterns[0][47].rate_ug_day == 52 * 24


def test_times_are_shown_as_clocks_and_days():
    assert clock(23_400_000) == "06:30"
    assert clock(23_401_000) == "06:30:01"
    assert moment(86_400_000 + 23_400_000) == "day 2 06:30"
    assert moment(60_001) == "day 1 00:01"
    assert moment(60_001, up=True) == "day 1 00:02"
