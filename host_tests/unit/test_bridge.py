"""Bridges: the exact plan of a change of concentration, and what it would do without one."""

from fractions import Fraction

import pytest

from itb.errors import InputError
from itb.story.bridge import LONGEST_MS, Bridge, DeadVolume, dead_steps, plan_bridge, read_dead_volume
from itb.tables import Table

INPUTS = {"path": "0.18 mL", "catheter_length": "100 cm", "volume_per_cm": "0.0022 mL/cm"}
DEAD = DeadVolume(Fraction(180_000), Fraction(1000), Fraction(220))
NL_PER_STEP = Fraction(13879, 3200)


def bridge(old_ug_ml: int, new_ug_ml: int, old_ug_day: int = 400, new_ug_day: int = 400) -> Bridge:
    old, new = (Fraction(old_ug_ml), Fraction(old_ug_day)), (Fraction(new_ug_ml), Fraction(new_ug_day))
    return plan_bridge(DEAD, old, new, "x.toml: event[1].rx")


def dead_volume(**inputs: str) -> DeadVolume:
    return read_dead_volume(Table(dict(inputs), "x.toml", "dead_volume."))


@pytest.mark.req("D-13")
def test_the_dead_volume_is_path_and_catheter() -> None:
    dead = dead_volume(**INPUTS)
    assert dead == DEAD
    assert (dead.catheter_nl, dead.volume_nl) == (220_000, 400_000)
    assert str(dead) == "0.4 mL (path 0.18 mL, catheter 100 cm of 0.0022 mL/cm)"


@pytest.mark.req("D-13")
@pytest.mark.parametrize("missing", INPUTS)
def test_no_part_of_the_dead_volume_has_a_default(missing: str) -> None:
    with pytest.raises(InputError, match=rf"x.toml: dead_volume.{missing}: \(missing\)"):
        dead_volume(**{name: value for name, value in INPUTS.items() if name != missing})


@pytest.mark.req("D-01", "D-13")
@pytest.mark.parametrize(
    "name, value, accepted",
    [
        ("path", "0.18", "a volume with its unit"),
        ("path", "2.1 mL", "up to 2 mL"),
        ("catheter_length", "100", "cm"),
        ("catheter_length", "300 cm", "up to 200 cm"),
        ("catheter_length", "0 cm", "above 0"),
        ("volume_per_cm", "0.0022 mL", "mL/cm"),
        ("volume_per_cm", "0.0022 mL/cm ", ""),
        ("volume_per_cm", "2.2 mL/cm", "up to 0.1 mL/cm"),
    ],
)
def test_each_part_has_a_unit_and_a_range(name: str, value: str, accepted: str) -> None:
    if not accepted:
        assert dead_volume(**{**INPUTS, name: value}) == DEAD
        return
    with pytest.raises(InputError) as caught:
        dead_volume(**{**INPUTS, name: value})
    assert caught.value.field == f"x.toml: dead_volume.{name}"
    assert accepted in caught.value.accepted


def test_a_path_of_nothing_is_taken_and_other_units_are_the_same() -> None:
    assert dead_volume(**{**INPUTS, "path": "0 mL"}).volume_nl == 220_000
    assert dead_volume(path="180 uL", catheter_length="1000 mm", volume_per_cm="0.22 uL/mm") == DEAD


@pytest.mark.req("D-12")
def test_golden_case_from_500_to_2000() -> None:
    found = bridge(500, 2000)
    assert found.rate_nl_day == 800_000
    assert found.days == Fraction(1, 2)
    assert found.duration_ms == 43_200_000
    assert found.new_rate_nl_day == 200_000
    omitted = found.omitted
    assert omitted is not None
    assert (omitted.percent, omitted.days) == (25, 2)
    assert str(omitted) == "25 % of the dose, 100 ug/day, for 2 days"


@pytest.mark.req("D-12")
def test_golden_case_from_2000_to_500() -> None:
    found = bridge(2000, 500)
    assert found.rate_nl_day == 200_000
    assert found.days == 2
    omitted = found.omitted
    assert omitted is not None
    assert (omitted.percent, omitted.days) == (400, Fraction(1, 2))
    assert str(omitted) == "400 % of the dose, 1600 ug/day, for 0.5 days"


@pytest.mark.req("D-12")
def test_the_bridge_runs_at_the_dose_before_and_what_it_prevents_is_told_of_the_dose_after() -> None:
    found = bridge(500, 2000, old_ug_day=300, new_ug_day=360)
    assert found.rate_nl_day == 600_000
    assert found.days == Fraction(2, 3)
    omitted = found.omitted
    assert omitted is not None
    assert (omitted.percent, omitted.ug_day, omitted.days) == (25, 90, Fraction(400, 180))
    assert str(found) == "0.4 mL at 0.6 mL/day = 300 ug/day for ≈0.67 days"


@pytest.mark.req("D-12", "D-07")
def test_whole_microsteps_are_rounded_down_and_whole_ms_up() -> None:
    found = bridge(500, 2000, old_ug_day=700)
    assert found.days * 86_400_000 == Fraction(172_800_000, 7)
    assert found.duration_ms == 24_685_715
    steps = dead_steps(DEAD, NL_PER_STEP, "x.toml: dead_volume")
    assert steps == 92_225
    assert steps * NL_PER_STEP <= 400_000 < (steps + 1) * NL_PER_STEP
    # Never faster than was planned.
    assert Fraction(steps, found.duration_ms) <= 400_000 / NL_PER_STEP / (found.days * 86_400_000)


def test_a_dead_volume_below_a_microstep_is_refused() -> None:
    tiny = DeadVolume(Fraction(0), Fraction(10), Fraction(1, 100))
    with pytest.raises(InputError, match=r"x\.toml: dead_volume: 0\.0001 uL is refused.*0\.0043"):
        dead_steps(tiny, NL_PER_STEP, "x.toml: dead_volume")


@pytest.mark.req("D-12")
def test_a_bridge_of_more_than_ten_days_is_refused() -> None:
    assert bridge(2000, 500, old_ug_day=80).duration_ms == LONGEST_MS == 864_000_000
    with pytest.raises(InputError) as caught:
        bridge(2000, 500, old_ug_day=79)
    assert caught.value.field == "x.toml: event[1].rx"
    assert caught.value.value == "a bridge of 0.4 mL at 0.0395 mL/day = 79 ug/day for ≈10.13 days"
    assert caught.value.accepted.startswith(
        "a bridge of at most 10 day: at this rate a dead volume of at most 0.395 mL"
    )


@pytest.mark.req("D-12")
def test_without_a_dose_before_there_is_no_rate_for_a_bridge() -> None:
    with pytest.raises(InputError, match=r"a bridge at 0 ug/day is refused; .*override"):
        bridge(500, 2000, old_ug_day=0)


def test_without_a_dose_after_nothing_carries_the_old_drug_on() -> None:
    assert bridge(500, 2000, new_ug_day=0).omitted is None
