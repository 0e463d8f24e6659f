"""Therapies are read exactly as they were written: weekends, pulses, plans, requests, trials, the minimum rate."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.boards.board import load_board
from itb.errors import InputError
from itb.rx.orders import BasalStep, PatientBolus, Periodic, Stage, TrialStep, day_dose_ug
from itb.rx.prescription import parse_prescription
from itb.tables import read_table
from prescriptions import CONTINUOUS, changed, continuous, example, plan, read

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
EVERY_THREE_HOURS = '[periodic]\ndose = "40 ug"\nover = "5 min"\nevery = "3 h"\n'
TWO_STAGES = (
    '[plan]\nkind = "{}"\n\n[[plan.stage]]\nfrom_day = 3\ndaily = "{}"\n\n[[plan.stage]]\nfrom_day = 4\ndaily = "{}"\n'
)
NOTHING = (BasalStep(0, Fraction(0)),)


@pytest.mark.req("D-08")
def test_a_weekend_has_a_day_of_its_own(tmp_path: Path):
    rx = read(example("weekend"), tmp_path)
    weekday, weekend = rx.patterns
    assert (rx.mode, rx.basal, rx.plan) == ("flex", rx.patterns, (Stage(0, 0, 1),))
    assert [step.start_ms for step in weekend] == [0, 7.5 * HOUR_MS, 11 * HOUR_MS, 23.5 * HOUR_MS]
    assert (day_dose_ug(weekday), day_dose_ug(weekend)) == (294, Fraction(5650, 20))


@pytest.mark.req("D-08")
def test_a_weekend_can_have_48_steps_too(tmp_path: Path):
    day = "".join(
        f'[[basal.{{}}]]\nstart = "{place // 2:02d}:{place % 2 * 30:02d}"\nrate = "{5 + place} ug/h"\n'
        for place in range(48)
    )
    both = day.replace("{}", "step") + day.replace("{}", "weekend_step")
    rx = read(changed(CONTINUOUS, ('mode = "continuous"\nrate = "400 ug/day"\n', 'mode = "flex"\n')) + both, tmp_path)
    assert [len(pattern) for pattern in rx.patterns] == [48, 48]


def test_the_minimum_rate_is_the_boards_own(tmp_path: Path):
    rx = read(example("minimum-rate"), tmp_path)
    assert (rx.mode, rx.basal, rx.patterns) == ("minimum", (), ())
    accepted = plan(example("minimum-rate"), tmp_path).prescription
    assert accepted.patterns == accepted.basal == ((BasalStep(0, Fraction(96)),),)
    assert accepted.volume_nl(Fraction(96)) == load_board("sim").min_rate_nl_day


def test_another_basal_has_no_minimum_rate_put_in(tmp_path: Path):
    rx = read(CONTINUOUS, tmp_path)
    assert rx.at_minimum_rate(Fraction(1)) is rx


def test_a_periodic_bolus_becomes_rows_of_the_day(tmp_path: Path):
    rx = read(example("periodic-bolus"), tmp_path)
    assert rx.periodic == Periodic(Fraction(40), 5 * MINUTE_MS, 3 * HOUR_MS, 30 * MINUTE_MS)
    assert (rx.mode, rx.basal) == ("none", ())
    (day,) = rx.patterns
    pulse = Fraction(40 * 1440, 5)
    assert day[:4] == (
        BasalStep(0, Fraction(0)),
        BasalStep(30 * MINUTE_MS, pulse),
        BasalStep(35 * MINUTE_MS, Fraction(0)),
        BasalStep(3 * HOUR_MS + 30 * MINUTE_MS, pulse),
    )
    assert (len(day), day_dose_ug(day)) == (17, 8 * 40)


def test_a_periodic_bolus_lies_on_top_of_every_step_of_the_basal(tmp_path: Path):
    rx = read(example("periodic-with-basal"), tmp_path)
    (day,) = rx.patterns
    rates = {step.start_ms: step.rate_ug_day / 24 for step in day}
    assert (rates[0], rates[5 * MINUTE_MS], rates[6 * HOUR_MS]) == (161, 5, Fraction("163.5"))
    assert (rates[20 * HOUR_MS], rates[20 * HOUR_MS + 5 * MINUTE_MS]) == (Fraction("161.25"), Fraction("5.25"))
    assert day_dose_ug(day) == day_dose_ug(rx.basal[0]) + 12 * 13 == 156 + 156


def test_a_step_of_the_basal_within_a_pulse_changes_the_rate_there(tmp_path: Path):
    text = changed(example("periodic-with-basal"), ('start = "06:00"', 'start = "06:03"'))
    (day,) = read(text, tmp_path).patterns
    around = [step.rate_ug_day / 24 for step in day if 6 * HOUR_MS <= step.start_ms < 7 * HOUR_MS]
    assert around == [161, Fraction("163.5"), Fraction("7.5")]


@pytest.mark.parametrize("first, over", [("02:55", "5 min"), ("00:00", "179 min"), ("02:59", "1 min")])
def test_the_last_periodic_bolus_may_end_at_midnight(first: str, over: str, tmp_path: Path):
    text = changed(example("periodic-bolus"), ('"00:30"', f'"{first}"'), ('"5 min"', f'"{over}"'))
    (day,) = read(text, tmp_path).patterns
    assert (len(day), day_dose_ug(day)) == (16, 320)


def test_both_days_of_a_week_get_the_periodic_bolus(tmp_path: Path):
    text = changed(example("weekend"), ("[limits]", EVERY_THREE_HOURS + "\n[limits]"))
    rx = read(text, tmp_path)
    assert [day_dose_ug(day) for day in rx.patterns] == [294 + 320, Fraction(5650, 20) + 320]


@pytest.mark.req("D-05")
@pytest.mark.parametrize("kind, doses", [("taper", ("90 %", "270 ug/day")), ("titration", ("110 %", "450 ug/day"))])
def test_a_plan_scales_the_day_exactly(kind: str, doses: tuple[str, str], tmp_path: Path):
    rx = read(continuous("400 ug/day", TWO_STAGES.format(kind, *doses)), tmp_path)
    shares = [Fraction(dose.split()[0]) for dose in doses]
    assert rx.plan_kind == kind
    assert rx.plan == (Stage(0, 0, 0), Stage(2, 1, 1), Stage(3, 2, 2))
    assert [day_dose_ug(day) for day in rx.patterns] == [400, 4 * shares[0], shares[1]]
    assert rx.growth(2) == shares[1] / 400


def test_a_plan_keeps_the_shape_of_weekdays_and_weekend(tmp_path: Path):
    text = changed(example("weekend"), ("[limits]", TWO_STAGES.format("taper", "50 %", "98 ug/day") + "\n[limits]"))
    rx = read(text, tmp_path)
    assert rx.plan == (Stage(0, 0, 1), Stage(2, 2, 3), Stage(3, 4, 5))
    for first, scaled, factor in ((0, 2, Fraction(1, 2)), (1, 3, Fraction(1, 2)), (1, 5, Fraction(1, 3))):
        assert rx.patterns[scaled] == tuple(
            BasalStep(step.start_ms, step.rate_ug_day * factor) for step in rx.patterns[first]
        )


def test_a_taper_may_end_with_nothing_on_all_days(tmp_path: Path):
    text = changed(example("weekend"), ("[limits]", TWO_STAGES.format("taper", "50 %", "0 %") + "\n[limits]"))
    rx = read(text, tmp_path)
    assert rx.plan[-1] == Stage(3, 4, 4)
    assert rx.patterns[4] == NOTHING


def test_the_most_stages_and_rows_that_the_pump_takes_are_accepted(tmp_path: Path):
    stages = "".join(f'[[plan.stage]]\nfrom_day = {day}\ndaily = "{100 - day} %"\n' for day in range(2, 25))
    rx = read(continuous("400 ug/day", '[plan]\nkind = "taper"\n' + stages), tmp_path)
    assert (len(rx.patterns), len(rx.plan)) == (24, 24)
    stages = "".join(f'[[plan.stage]]\nfrom_day = {day}\ndaily = "{100 - day} %"\n' for day in range(2, 5))
    rx = read(
        changed(example("forty-eight-steps"), ("[basal]", f'[plan]\nkind = "taper"\n{stages}\n[basal]')), tmp_path
    )
    assert sum(len(day) for day in rx.patterns) == 192


@pytest.mark.req("D-09")
def test_a_patient_bolus_is_read(tmp_path: Path):
    rx = read(example("patient-bolus"), tmp_path)
    assert rx.patient == PatientBolus(Fraction(10), 10 * MINUTE_MS, 4 * HOUR_MS, 4)


@pytest.mark.req("D-09")
@pytest.mark.parametrize(
    "lockout, per_day, most",
    [("4 h", 4, 4), ("4 h", 6, 6), ("4 h", 7, 6), ("5 h", 48, 5), ("24 h", 2, 1), ("30 min", 48, 48)],
)
def test_a_lockout_lets_no_more_begin_in_24_hours(lockout: str, per_day: int, most: int, tmp_path: Path):
    text = changed(example("patient-bolus"), ('"4 h"', f'"{lockout}"'), ("per_day = 4", f"per_day = {per_day}"))
    patient = read(text, tmp_path).patient
    assert patient
    assert patient.most_per_day == most


@pytest.mark.req("D-09")
@pytest.mark.parametrize(
    "key, old, new",
    [
        ("lockout_ms", '"4 h"', '"10 min"'),
        ("lockout_ms", '"4 h"', '"24 h"'),
        ("per_day", "= 4", "= 1"),
        ("per_day", "= 4", "= 48"),
    ],
)
def test_the_bounds_of_lockout_and_maximum_are_accepted(key: str, old: str, new: str, tmp_path: Path):
    patient = read(changed(example("patient-bolus"), (old, new)), tmp_path).patient
    expected = {'"10 min"': 10 * MINUTE_MS, '"24 h"': 24 * HOUR_MS, "= 1": 1, "= 48": 48}
    assert getattr(patient, key) == expected[new]


@pytest.mark.req("D-15")
def test_a_trial_is_read_and_needs_no_basal(tmp_path: Path):
    rx = read(example("screening-trial"), tmp_path)
    assert rx.trial == tuple(TrialStep(Fraction(dose), 10 * MINUTE_MS) for dose in (50, 75, 100))
    assert (rx.mode, rx.patterns) == ("none", (NOTHING,))


@pytest.mark.req("D-12")
def test_the_concentration_is_a_whole_number_of_ng_per_ml(tmp_path: Path):
    rx = read(changed(CONTINUOUS, ("2000 ug/mL", "1999.999 ug/mL")), tmp_path)
    assert rx.concentration_ng_ml == 1_999_999


def test_a_prescription_within_another_file_has_names_from_there(tmp_path: Path):
    rx = read_table(
        tmp_path / written("story.toml", "[rx.start]\n" + CONTINUOUS.replace("[", "[rx.start."), tmp_path), ""
    )
    parsed = parse_prescription(rx.table("rx").table("start"), tmp_path)
    assert (parsed.title, parsed.patterns) == ("One rate", ((BasalStep(0, Fraction(400)),),))
    assert parsed.field("basal.rate") == "story.toml: rx.start.basal.rate"


def test_a_prescription_within_another_file_can_be_a_file_of_its_own(tmp_path: Path):
    written("one.toml", CONTINUOUS, tmp_path)
    table = read_table(tmp_path / written("story.toml", '[rx.start]\nfile = "one.toml"\n', tmp_path), "")
    parsed = parse_prescription(table.table("rx").table("start"), tmp_path)
    assert (parsed.file, parsed.field("title")) == ("one.toml", "one.toml: title")
    table = read_table(tmp_path / written("story.toml", '[rx]\nfile = "one.toml"\ntitle = "Two"\n', tmp_path), "")
    with pytest.raises(InputError, match=r"rx\.title: an unknown key"):
        parse_prescription(table.table("rx"), tmp_path)


def test_a_prescription_of_its_own_names_no_other_file(tmp_path: Path):
    with pytest.raises(InputError, match="title: \\(missing\\)"):
        read('file = "rx.toml"\n', tmp_path)


def written(name: str, text: str, directory: Path) -> str:
    (directory / name).write_text(text, encoding="utf-8")
    return name
