"""How far the daily dose may change from one day to the next: at the bound accepted, above it refused or found."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.errors import InputError
from itb.limits.titration import change_findings, refuse_rise
from itb.rx.drug import DRUGS, read_profiles
from prescriptions import changed, continuous, example, plan

PROFILES = read_profiles(DRUGS / "baclofen.toml")
TWO_DAYS = """\
title = "A weekend of its own"

[drug]
name = "baclofen"
concentration = "2000 ug/mL"
profile = "PROFILE"

[basal]
mode = "flex"

[[basal.step]]
start = "00:00"
rate = "WEEKDAY ug/day"

[[basal.weekend_step]]
start = "00:00"
rate = "WEEKEND ug/day"
"""


def two_days(weekday: str, weekend: str, profile: str = "spinal") -> str:
    return changed(TWO_DAYS, ("WEEKDAY", weekday), ("WEEKEND", weekend), ("PROFILE", profile))


def staged(kind: str, *stages: str) -> str:
    rows = "".join(f'\n[[plan.stage]]\nfrom_day = {day}\ndaily = "{daily}"\n' for day, daily in enumerate(stages, 2))
    return f'[plan]\nkind = "{kind}"\n{rows}'


def changes_found(text: str, directory: Path) -> list[str]:
    """The findings about changes of the daily dose, without their sources."""
    return [str(one).split(" (")[0] for one in plan(text, directory).findings if "within 24 h" in one.expected]


@pytest.mark.req("D-05")
@pytest.mark.parametrize("profile, hard, soft", [("spinal", 30, 20), ("cerebral", 15, 10), ("paediatric", 15, 10)])
def test_every_profile_says_how_far_the_dose_may_change_and_the_pump_is_told(
    profile: str, hard: int, soft: int, tmp_path: Path
):
    titration = PROFILES[profile].titration
    assert (titration.rise_hard.value, titration.rise_soft.value, titration.fall_soft.value) == (hard, soft, 50)
    assert titration.rise_hard.source.startswith("D-05; label")
    program = plan(changed(continuous("300 ug/day"), ("spinal", profile)), tmp_path).program
    assert program.as_dict()["titration"] == [hard, f"drug baclofen/{profile}"]


@pytest.mark.req("D-05")
@pytest.mark.parametrize("profile, most", [("spinal", 130), ("cerebral", 115), ("paediatric", 115)])
@pytest.mark.parametrize("way", ["stage", "to the weekend", "from the weekend"])
def test_a_rise_is_accepted_at_the_hard_bound_and_refused_above_it(way: str, profile: str, most: int, tmp_path: Path):
    def rising(daily: str) -> str:
        if way == "stage":
            return changed(continuous("100 ug/day", staged("titration", f"{daily} ug/day")), ("spinal", profile))
        return two_days("100", daily, profile) if way == "to the weekend" else two_days(daily, "100", profile)

    assert plan(rising(str(most)), tmp_path).findings
    with pytest.raises(InputError) as caught:
        plan(rising(f"{most}.1"), tmp_path)
    assert caught.value.field == f"rx.toml: {'plan.stage[1].daily' if way == 'stage' else 'basal.weekend_step'}"
    assert caught.value.value.startswith(f"a rise by {most - 100}.1 % from 100 ug/day to {most}.1 ug/day")
    assert (
        f"at most {most - 100} % within 24 h, to {most} ug/day (drug baclofen/{profile}: D-05" in caught.value.accepted
    )


@pytest.mark.req("D-05")
@pytest.mark.parametrize(
    "profile, daily, found",
    [
        ("spinal", "120", False),
        ("spinal", "120.1", True),
        ("cerebral", "110", False),
        ("cerebral", "110.1", True),
        ("paediatric", "110", False),
        ("paediatric", "110.1", True),
    ],
)
def test_a_rise_above_the_soft_bound_is_found(profile: str, daily: str, found: bool, tmp_path: Path):
    text = changed(continuous("100 ug/day", staged("titration", f"{daily} ug/day")), ("spinal", profile))
    share = f"{Fraction(daily) - 100}"
    expected = f"rx.toml: plan.stage[1].daily: a rise by {float(Fraction(share)):g} % from 100 ug/day to {daily} ug/day"
    at_most = f"expected a rise of at most {20 if profile == 'spinal' else 10} % within 24 h"
    assert changes_found(text, tmp_path) == ([f"{expected} with day 2; {at_most}"] if found else [])


@pytest.mark.req("D-05")
@pytest.mark.parametrize("daily, found", [("50 %", False), ("49.9 %", True), ("100.1 ug/day", False)])
def test_a_fall_by_more_than_half_is_found_with_the_warning_of_withdrawal(daily: str, found: bool, tmp_path: Path):
    weak = ("2000 ug/mL", "500 ug/mL")
    accepted = plan(changed(continuous("200 ug/day", staged("taper", daily)), weak), tmp_path)
    falls = [one for one in accepted.findings if "a fall of at most 50 % within 24 h" in one.expected]
    assert len(falls) == found
    assert all("abrupt withdrawal" in one.source and "boxed warning" in one.source for one in falls)


@pytest.mark.req("D-05")
def test_a_fall_to_a_weekend_is_looked_at_too(tmp_path: Path):
    # And the rise after it is refused before: no weekend can be less than half.
    with pytest.raises(InputError, match=r"a rise by 100\.4 %"):
        plan(two_days("250.5", "125"), tmp_path)


@pytest.mark.req("D-05")
def test_of_the_changes_to_a_stage_the_greatest_each_way_is_found(tmp_path: Path):
    weekend = two_days("100", "125")
    # With day 2 a weekday of 100 can become one of 104 or a weekend day of 130; a weekend day of 125 one of 104 or 130.
    found = changes_found(weekend + "\n" + staged("titration", "104 %"), tmp_path)
    assert [one.split("; ")[0] for one in found] == [
        "rx.toml: basal.weekend_step: a rise by 25 % from 100 ug/day to 125 ug/day from a weekday to a weekend day",
        "rx.toml: plan.stage[1].daily: a rise by 30 % from 100 ug/day to 130 ug/day with day 2, "
        "from a weekday to a weekend day",
    ]
    with pytest.raises(InputError, match=r"plan\.stage\[1\]\.daily: a rise by 31\.25 %"):
        plan(weekend + "\n" + staged("titration", "105 %"), tmp_path)


@pytest.mark.req("D-05")
def test_a_stage_that_begins_with_a_weekend_can_fall_by_more_than_half(tmp_path: Path):
    weekend = changed(two_days("200", "160"), ("2000 ug/mL", "500 ug/mL"))
    # 62.5 % of 160 ug after 200 ug are half of it.
    assert changes_found(weekend + "\n" + staged("taper", "62.5 %"), tmp_path)[1:] == []
    found = changes_found(weekend + "\n" + staged("taper", "60 %"), tmp_path)
    assert found[1:] == [
        "rx.toml: plan.stage[1].daily: a fall by 52 % from 200 ug/day to 96 ug/day with day 2, from a weekday to a "
        "weekend day; expected a fall of at most 50 % within 24 h"
    ]


@pytest.mark.req("D-05")
def test_the_periodic_bolus_counts_in_the_daily_dose(tmp_path: Path):
    text = example("periodic-with-basal") + "\n" + staged("titration", "115 %")
    assert plan(changed(text, ('"350 ug/day"', '"400 ug/day"')), tmp_path).day_total_ug(1) == 312 * Fraction("1.15")
    with pytest.raises(InputError, match=r"a rise by 15\.1 % from 312 ug/day"):
        plan(changed(text, ('"350 ug/day"', '"400 ug/day"'), ("115 %", "115.1 %")), tmp_path)


@pytest.mark.req("D-05")
def test_from_nothing_there_is_no_percentage():
    refuse_rise("rx", Fraction(0), Fraction(500), PROFILES["spinal"])
    assert not list(change_findings("rx", Fraction(0), Fraction(500), PROFILES["spinal"]))
    assert not list(change_findings("rx", Fraction(100), Fraction(100), PROFILES["spinal"]))


@pytest.mark.req("D-05", "D-14")
def test_a_discontinuation_is_found_once_with_its_warning(tmp_path: Path):
    found = plan(example("taper"), tmp_path).findings
    assert [one.field for one in found] == ["rx.toml: plan.stage[6].daily"]
    assert str(found[0]).startswith(
        "rx.toml: plan.stage[6].daily: a fall by 100 % from 30 ug/day to 0 ug/day with day 43; expected a fall of at "
        "most 50 % within 24 h (drug baclofen/spinal: D-05; abrupt withdrawal can bring high fever"
    )


@pytest.mark.req("D-02", "D-14")
@pytest.mark.parametrize(
    "last, expected",
    [
        ("50 ug/day", []),
        ("49.9 ug/day", ["at least 50 ug/day"]),
        ("12 ug/day", ["at least 50 ug/day"]),
        ("11.9 ug/day", ["at least 12 ug/day, unless the therapy is to end"]),
    ],
)
def test_a_taper_may_pass_below_the_lowest_maintenance_dose_which_is_found(
    last: str, expected: list[str], tmp_path: Path
):
    weak = ("2000 ug/mL", "200 ug/mL")
    text = changed(continuous("90 ug/day", staged("taper", "60 ug/day", "40 ug/day", last)), weak)
    if Fraction(last.split()[0]) > 40:
        text = changed(continuous("90 ug/day", staged("taper", "60 ug/day", last)), weak)
    findings = [one for one in plan(text, tmp_path).findings if "plan.stage" in one.field and "fall" not in one.value]
    assert [one.expected for one in findings] == expected
    assert all(("abrupt withdrawal" in one.source) == ("unless" in one.expected) for one in findings)


@pytest.mark.req("D-02")
def test_a_taper_that_begins_low_says_so_once(tmp_path: Path):
    text = changed(continuous("45 ug/day", staged("taper", "40 ug/day")), ("2000 ug/mL", "500 ug/mL"))
    assert [one.field for one in plan(text, tmp_path).findings] == ["rx.toml: daily dose", "rx.toml: hourly dose"]


@pytest.mark.req("D-02", "D-14")
@pytest.mark.parametrize(
    "concentration, value, expected",
    [
        ("2000 ug/mL", None, None),
        ("1000 ug/mL", "48 ug/day", "at least 50 ug/day"),
        ("250 ug/mL", "12 ug/day", "at least 50 ug/day"),
        ("200 ug/mL", "9.6 ug/day", "at least 12 ug/day, unless the therapy is to end"),
    ],
)
def test_the_minimum_rate_is_never_refused_for_being_low_and_found_where_it_is(
    concentration: str, value: str | None, expected: str | None, tmp_path: Path
):
    accepted = plan(changed(example("minimum-rate"), ('"2000 ug/mL"', f'"{concentration}"')), tmp_path)
    daily = [one for one in accepted.findings if one.field == "rx.toml: daily dose"]
    assert [(one.value, one.expected) for one in daily] == ([(value, expected)] if value else [])
