"""Limits: the lowest is in force and is named; at a limit is accepted, above it is refused."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from itb.boards.board import Board, load_board
from itb.errors import InputError
from itb.limits.guarded import guard_window_ms
from itb.limits.limits import in_force, stack
from prescriptions import CONTINUOUS, FLEX, changed, continuous, plan, read

SIM = load_board("sim")
BOLUS = '[[bolus]]\nat = "08:00"\ndose = "{}"\nover = "{}"\n'


def refusal(text: str, directory: Path, board: Board = SIM, slice_ms: int | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        plan(text, directory, board, slice_ms)
    return caught.value


def greatest(error: InputError) -> str:
    """The greatest value that a refusal says would be accepted."""
    found = re.search(r"at most ([0-9.]+) ug", error.accepted)
    assert found, error
    return found.group(1)


def a_little_more(number: str) -> str:
    return f"{float(Fraction(number) + Fraction(2, 1000)):.3f}"


@pytest.mark.req("D-03")
@pytest.mark.parametrize(
    "board, extra, origin, volume_nl",
    [
        (SIM, "", "drug baclofen/spinal", 500_000),
        (SIM, '[limits]\ndaily = "900 ug/day"\n', "prescription", 450_000),
        (SIM, '[limits]\ndaily = "1000 ug/day"\n', "drug baclofen/spinal", 500_000),
        (SIM, '[limits]\ndaily = "1100 ug/day"\n', "drug baclofen/spinal", 500_000),
        (replace(SIM, day_nl=Fraction(400_000)), "", "board sim", 400_000),
        (replace(SIM, day_nl=Fraction(400_000)), '[limits]\ndaily = "700 ug/day"\n', "prescription", 350_000),
    ],
)
def test_the_lowest_limit_is_in_force_and_named(board: Board, extra: str, origin: str, volume_nl: int, tmp_path: Path):
    rx = read(continuous("300 ug/day", extra), tmp_path)
    limit = in_force(stack(rx, board)["day"])
    assert (limit.origin, limit.volume_nl) == (origin, volume_nl)
    assert plan(continuous("300 ug/day", extra), tmp_path, board).program.limits["day"][1] == origin
    assert f"from {origin}" in refusal(continuous("1100 ug/day", extra), tmp_path, board).accepted


@pytest.mark.req("D-03")
def test_the_build_limit_stands_above_a_generous_board(tmp_path: Path):
    generous = replace(SIM, hour_nl=Fraction(9_000_000), day_nl=Fraction(90_000_000), bolus_nl=Fraction(9_000_000))
    limits = stack(read(changed(CONTINUOUS, ("2000 ug/mL", "50 ug/mL")), tmp_path), generous)
    assert {kind: (in_force(some).origin, in_force(some).volume_nl) for kind, some in limits.items()} == {
        "hour": ("build", 1_000_000),
        "day": ("drug baclofen/spinal", 20_000_000),
        "bolus": ("build", 1_000_000),
    }


@pytest.mark.req("D-04", "D-06")
def test_the_daily_cap_holds_over_1441_minutes(tmp_path: Path):
    error = refusal(continuous("1000 ug/day"), tmp_path)
    assert (error.field, error.value) == ("rx.toml: basal", "1000 ug/day = ≈41.667 ug/h = 0.5 mL/day")
    assert "limit daily 1000 ug = 0.5 mL from drug baclofen/spinal: D-04" in error.accepted
    # 115282 whole microsteps in 1441 minutes and two ticks of 10 ms, in ug/day.
    exact = Fraction(115_282 * 13_879 * 2, 3_200_000) * 1440 / (1441 + Fraction(20, 60_000))
    assert Fraction(greatest(error)) <= exact < Fraction(greatest(error)) + Fraction(1, 1000)
    assert plan(continuous(f"{greatest(error)} ug/day"), tmp_path).findings
    refusal(continuous(f"{a_little_more(greatest(error))} ug/day"), tmp_path)


@pytest.mark.req("D-04")
def test_a_days_dose_entered_as_an_hours_is_refused_and_shown_both_ways(tmp_path: Path):
    assert plan(continuous("60 ug/day", "[limits]\n"), tmp_path, replace(SIM, min_rate_nl_day=Fraction(1))).program
    error = refusal(continuous("60 ug/h"), tmp_path)
    assert error.value == "1440 ug/day = 60 ug/h = 0.72 mL/day"


@pytest.mark.req("D-06")
def test_a_flex_day_is_held_against_the_hourly_limit_at_its_busiest_61_minutes(tmp_path: Path):
    error = refusal(changed(FLEX, ('hourly = "60 ug/h"', 'hourly = "20 ug/h"')), tmp_path)
    assert error.field == "rx.toml: basal"
    assert "the 61 min from day 1 06:00 hold 20.334 ug" in error.accepted
    assert "limit hourly 20 ug = 0.01 mL from prescription: rx.toml: limits.hourly" in error.accepted


@pytest.mark.req("D-06")
@pytest.mark.parametrize("over", ["5 min", "61 min"])
def test_a_bolus_is_held_against_the_hourly_limit_with_the_basal_around_it(over: str, tmp_path: Path):
    text = continuous("600 ug/day", BOLUS.format("{}", over), '[limits]\nhourly = "60 ug/h"\n')
    error = refusal(text.format("40 ug"), tmp_path)
    assert (error.field, error.value) == ("rx.toml: bolus[1].dose", "40 ug")
    # 25 ug of basal in an hour, and in the 61 minutes that are counted 25.417 ug.
    assert Fraction("34.5") < Fraction(greatest(error)) < Fraction("34.584")
    assert "the 61 min" in error.accepted
    assert "may hold 59.991 ug (limit hourly 60 ug" in error.accepted
    assert plan(text.format(f"{greatest(error)} ug"), tmp_path).program.boluses
    refusal(text.format(f"{a_little_more(greatest(error))} ug"), tmp_path)


@pytest.mark.req("D-06")
def test_two_boluses_share_the_hour_only_while_a_window_can_hold_both(tmp_path: Path):
    limits = '[limits]\nhourly = "60 ug/h"\n'
    pair = BOLUS.format("20 ug", "1 min") + "\n" + BOLUS.replace("08:00", "{}").format("{}", "20 ug", "1 min")
    apart = continuous("600 ug/day", pair.format("09:05"), limits)
    assert len(plan(apart, tmp_path).program.boluses) == 2
    error = refusal(continuous("600 ug/day", pair.format("08:59"), limits), tmp_path)
    assert error.field == "rx.toml: bolus[2].dose"


@pytest.mark.req("D-06")
def test_where_no_bolus_fits_none_is_offered(tmp_path: Path):
    text = continuous("600 ug/day", BOLUS.format("5 ug", "1 min"), '[limits]\nhourly = "25.43 ug/h"\n')
    assert refusal(text, tmp_path).accepted.startswith("no bolus at this time; apart from it the 61 min")


@pytest.mark.req("D-03")
def test_the_bolus_limit_takes_what_it_says_and_nothing_more(tmp_path: Path):
    text = continuous("400 ug/day", BOLUS.format("{}", "10 min"), '[limits]\nbolus = "25 ug"\n')
    # 25 ug are 2882.05 microsteps; the device is told 2882, and judges the dose without what is below a microstep.
    program = plan(text.format("25 ug"), tmp_path).program
    assert program.limits["bolus"] == (program.boluses[0].whole, "prescription") == (2882, "prescription")
    # Not a microstep above, and refused all the same.
    error = refusal(text.format("25.001 ug"), tmp_path)
    assert (error.field, error.value, greatest(error)) == ("rx.toml: bolus[1].dose", "25.001 ug", "25")


@pytest.mark.req("D-03")
@pytest.mark.parametrize("profile, most", [("spinal", 100), ("cerebral", 100), ("paediatric", 50)])
def test_each_profile_takes_a_bolus_of_its_limit(profile: str, most: int, tmp_path: Path):
    text = changed(continuous("100 ug/day", BOLUS.format("{}", "1 h")), ('"spinal"', f'"{profile}"'))
    assert plan(text.format(f"{most} ug"), tmp_path).program.boluses
    error = refusal(text.format(f"{most}.000001 ug"), tmp_path)
    assert (error.value, greatest(error)) == (f"{most}.000001 ug", str(most))
    assert f"limit bolus {most} ug" in error.accepted


@pytest.mark.req("D-02")
@pytest.mark.parametrize(
    "rate, concentration, findings",
    [
        ("50 ug/day", "500 ug/mL", []),
        ("49.9 ug/day", "500 ug/mL", ["daily dose: 49.9 ug/day; expected at least 50 ug/day"]),
        ("800 ug/day", "2000 ug/mL", []),
        ("800.1 ug/day", "2000 ug/mL", ["daily dose: 800.1 ug/day; expected at most 800 ug/day"]),
        ("300 ug/day", "500 ug/mL", []),
        ("300 ug/day", "400 ug/mL", ["drug.concentration: 400 ug/mL; expected at least 500 ug/mL"]),
    ],
)
def test_soft_limits_are_found_on_both_sides(rate: str, concentration: str, findings: list[str], tmp_path: Path):
    found = plan(changed(continuous(rate), ("2000 ug/mL", concentration)), tmp_path).findings
    assert [str(finding).split(" (")[0] for finding in found] == [f"rx.toml: {finding}" for finding in findings]


@pytest.mark.req("D-02")
@pytest.mark.parametrize(
    "dose, findings",
    [
        ("4.9 ug", ["bolus[1].dose: 4.9 ug; expected at least 5 ug"]),
        ("5 ug", []),
        ("50 ug", []),
        ("50.1 ug", ["bolus[1].dose: 50.1 ug; expected at most 50 ug"]),
        ("90 ug", ["hourly dose: 106 ug/h; expected at most 100 ug/h", "bolus[1].dose: 90 ug; expected at most 50 ug"]),
    ],
)
def test_soft_limits_on_boluses_and_hours(dose: str, findings: list[str], tmp_path: Path):
    found = plan(continuous("384 ug/day", BOLUS.format(dose, "10 min")), tmp_path).findings
    assert [str(finding).split(" (")[0] for finding in found] == [f"rx.toml: {finding}" for finding in findings]
    assert all("drug baclofen/spinal: " in finding.source for finding in found)


@pytest.mark.req("D-02")
def test_hard_low_limits_refuse(tmp_path: Path):
    slow = replace(SIM, min_rate_nl_day=Fraction(1))
    weak = ("2000 ug/mL", "500 ug/mL")
    assert plan(changed(continuous("12 ug/day"), weak), tmp_path, slow).findings
    error = refusal(changed(continuous("11.9 ug/day"), weak), tmp_path, slow)
    assert "a daily total of at least 12 ug/day (drug baclofen/spinal: label" in error.accepted
    error = refusal(changed(FLEX, ('"10 ug/h"', '"0.49 ug/h"')), tmp_path, slow)
    assert (error.field, error.accepted[:17]) == ("rx.toml: basal.step[1].rate", "at least 0.5 ug/h")


def test_rates_are_accepted_at_the_boards_bounds_and_refused_beyond(tmp_path: Path):
    assert plan(continuous("0.048 mL/day"), tmp_path).day_total_ug() == 96
    assert refusal(continuous("0.0479 mL/day"), tmp_path).field == "rx.toml: basal.rate"
    fast = continuous("0.1 mL/day", BOLUS.format("40 ug", "{}"))
    # 23.9 mL/day are left for 0.02 mL.
    assert plan(fast.format("72.302 s"), tmp_path).program.boluses
    assert "basal and bolus together" in refusal(fast.format("72.301 s"), tmp_path).value


def test_a_bolus_below_one_microstep_is_refused(tmp_path: Path):
    coarse = replace(SIM, nl_per_rev=2_000_000)
    error = refusal(continuous("0.05 mL/day", BOLUS.format("1 ug", "10 min")), tmp_path, coarse)
    assert error.accepted == "at least one microstep, 1.25 ug"


@pytest.mark.req("D-06")
def test_what_a_long_tick_lumps_together_is_counted_together(tmp_path: Path):
    assert guard_window_ms("hour", 10) == 61 * 60_000 + 20
    assert guard_window_ms("hour", 900_000) == 91 * 60_000
    assert guard_window_ms("day", 900_000) == 1471 * 60_000
    text = continuous("480 ug/day", '[limits]\nhourly = "21 ug/h"\n')
    assert plan(text, tmp_path, slice_ms=10).program
    assert "the 91 min" in refusal(text, tmp_path, slice_ms=900_000).accepted


@pytest.mark.req("D-06")
def test_demand_that_a_long_tick_grants_late_counts_in_the_window_it_is_granted_in(tmp_path: Path):
    text = continuous("400 ug/day", '[limits]\nhourly = "21.5 ug/h"\n')
    assert plan(text, tmp_path, slice_ms=60_000).program
    error = refusal(text, tmp_path, slice_ms=900_000)
    assert error.field == "rx.toml: basal"
    assert plan(continuous(f"{greatest(error)} ug/day", '[limits]\nhourly = "21.5 ug/h"\n'), tmp_path, slice_ms=900_000)
