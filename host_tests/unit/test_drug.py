"""Drugs: hard and soft limits on both sides, each with its source."""

from pathlib import Path

import pytest

from itb.errors import InputError
from itb.rx.drug import DRUGS, SIDES, drug_names, read_profiles
from prescriptions import changed

BACLOFEN = (DRUGS / "baclofen.toml").read_text(encoding="utf-8")


@pytest.mark.req("D-02")
@pytest.mark.parametrize("name", drug_names())
def test_every_limit_of_every_profile_stands_on_both_sides_with_its_source(name: str):
    for drug in read_profiles(DRUGS / f"{name}.toml").values():
        for accepted in (drug.concentration, *drug.limits.values()):
            bounds = [getattr(accepted, side) for side in SIDES]
            assert [bound.value for bound in bounds] == sorted(bound.value for bound in bounds)
            assert all("label" in bound.source or "project default" in bound.source for bound in bounds)


@pytest.mark.req("D-04")
def test_the_hard_daily_cap_is_1000_ug_in_every_profile():
    profiles = read_profiles(DRUGS / "baclofen.toml")
    assert sorted(profiles) == ["cerebral", "paediatric", "spinal"]
    assert {drug.limits["daily"].hard_high.value for drug in profiles.values()} == {1000}


@pytest.mark.req("D-15")
def test_a_screening_trial_is_50_75_and_100_ug_24_h_apart():
    for drug in read_profiles(DRUGS / "baclofen.toml").values():
        assert [rung.value for rung in drug.trial.rungs] == [50, 75, 100]
        assert drug.trial.gap.value == 86_400_000
        assert all(bound.source.startswith("D-15; label") for bound in (*drug.trial.rungs, drug.trial.gap))


@pytest.mark.req("D-14")
def test_every_profile_warns_of_withdrawal():
    for drug in read_profiles(DRUGS / "baclofen.toml").values():
        assert str(drug.withdrawal).startswith("abrupt withdrawal can bring high fever")
        assert str(drug.withdrawal).endswith(" (label, boxed warning)")


@pytest.mark.parametrize(
    "old, new, fragments",
    [
        ('name = "baclofen"', 'name = "other"', ["name: 'other'", '"baclofen"']),
        ('"800 ug/day"', '"1001 ug/day"', ["profile.spinal.daily.hard_high: 1000 ug/day", "at least soft_high, 1001"]),
        ('"800 ug/day"', '"800 ug/h"', ["profile.spinal.daily.soft_high.value: '800 ug/h'"]),
        ("soft_low", "soft_lwo", ["concentration.soft_low: (missing)", 'found "soft_lwo"']),
        (', source = "project default" }', " }", ["profile.spinal.bolus.hard_low.source: (missing)"]),
        ("[concentration]", "colour = 1\n[concentration]", ["colour: an unknown key"]),
        ('"75 ug"', '"50 ug"', ["trial.step[2].value: '50 ug'", "more than the step before it, 50 ug"]),
        ('value = "24 h"', 'value = "25 h"', ["trial.gap.value: '25 h'", "up to 24 h"]),
        ("[withdrawal]", "[withdrawl]", ["withdrawal: (missing)", 'found "withdrawl"']),
        ('"30 %"', '"30.5 %"', ["profile.spinal.titration.rise_hard.value: '30.5 %'", "a whole number of %"]),
        ('"20 %"', '"31 %"', ["profile.spinal.titration.rise_soft: 31 %", "at most rise_hard, 30 %"]),
        ('"50 %"', '"101 %"', ["profile.spinal.titration.fall_soft.value: '101 %'", "up to 100 %"]),
    ],
)
def test_a_drug_that_cannot_be_is_refused(old: str, new: str, fragments: list[str], tmp_path: Path):
    path = tmp_path / "baclofen.toml"
    path.write_text(changed(BACLOFEN, (old, new)), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_profiles(path)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_a_drug_without_a_profile_is_refused(tmp_path: Path):
    path = tmp_path / "baclofen.toml"
    path.write_text(BACLOFEN[: BACLOFEN.index("[profile")] + "[profile]\n", encoding="utf-8")
    with pytest.raises(InputError, match="profile: a table is refused; accepted: at least one"):
        read_profiles(path)
