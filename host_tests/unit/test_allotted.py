"""What is allotted on request: found where it would exceed a limit, which the pump then keeps by denying."""

from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest

from itb.boards.board import load_board
from itb.limits.allotted import judged_steps, most_before, most_within
from itb.plan.program import make_plan
from itb.rx.orders import MS_PER_DAY, MS_PER_MINUTE, PatientBolus
from minute_pump import MinutePump
from prescriptions import changed, continuous, example, plan, read

ORDER = '[patient_bolus]\ndose = "{}"\nover = "{}"\nlockout = "{}"\nper_day = {}\n'
MORNING = '[[bolus]]\nday = 2\nat = "07:00"\ndose = "20 ug"\nover = "10 min"\n'
# The second is judged as if all of it lay in the window that still holds the first.
SLOW = MORNING.replace("day = 2", "day = 1") + "\n" + MORNING.replace("10 min", "20 h").replace("07:00", "06:00")


def findings(text: str, directory: Path) -> list[str]:
    return [str(one) for one in plan(text, directory).findings]


@pytest.mark.req("D-09")
@pytest.mark.parametrize(
    "minutes, within_ug, before_ug",
    [
        # An hour holds what began at its start; when the next may begin, 4 h later, nothing.
        (60, 10, 0),
        # 4 h and 10 min: two; and before the third, the second alone.
        (250, 20, 10),
        # 24 h hold the four of a day; after a fifth at 24 h the guard's window still holds a part of the first.
        (1440, 40, 40),
        (1441, 41, 40),
    ],
)
def test_boluses_follow_each_other_at_the_lockout(minutes: int, within_ug: int, before_ug: int):
    order = PatientBolus(Fraction(10), 10 * MS_PER_MINUTE, 240 * MS_PER_MINUTE, 4)
    assert most_within(order, minutes * MS_PER_MINUTE) == within_ug
    assert most_before(order, minutes * MS_PER_MINUTE) == before_ug


@pytest.mark.req("D-09")
def test_an_order_within_all_limits_needs_no_confirmation(tmp_path: Path):
    assert findings(example("patient-bolus"), tmp_path) == []


@pytest.mark.req("D-06", "D-09")
@pytest.mark.parametrize("kind, name", [("hour", "hourly"), ("day", "daily")])
@pytest.mark.parametrize(
    "order, more",
    [
        (("10 ug", "5 min", "5 h", 4), ""),
        (("5 ug", "10 min", "20 min", 10), ""),
        (("8 ug", "3 min", "24 h", 1), ""),
        (("3 ug", "60 min", "61 min", 48), ""),
        (("10 ug", "5 min", "2 h", 6), MORNING),
        (("8 ug", "3 min", "24 h", 1), SLOW),
    ],
)
def test_where_nothing_is_found_the_pump_denies_nothing(
    order: tuple[str, str, str, int], more: str, kind: str, name: str, tmp_path: Path
):
    rx = read(continuous("360 ug/day", ORDER.format(*order), more), tmp_path)
    board = load_board("sim")
    loose = make_plan(rx, board, MS_PER_MINUTE)
    most = ceil(judged_steps(loose.review.guarded, kind))
    rx.limits_ug[name] = loose.scale.ug(Fraction(most))
    tight = make_plan(rx, board, MS_PER_MINUTE)
    assert not [finding for finding in tight.findings if finding.field == "rx.toml: patient_bolus"]
    pump = MinutePump(tight.program.as_dict(), weekday=0)
    while pump.now_ms < 3 * MS_PER_DAY:
        pump.minute(press=True)
    assert pump.denied == 0
    assert pump.orders.peek() is None
    # One microstep less, and it is found: with its value, and whose limit it is.
    rx.limits_ug[name] = loose.scale.ug(Fraction(most - 1))
    found = [one for one in make_plan(rx, board, MS_PER_MINUTE).findings if one.field == "rx.toml: patient_bolus"]
    assert len(found) == 1
    assert found[0].value.startswith(f"{name} dose up to ")
    assert "above which the pump denies boluses" in found[0].expected
    assert f"limit {name} " in found[0].source
    assert "from prescription" in found[0].source


@pytest.mark.req("D-02", "D-09")
def test_what_is_allotted_beyond_the_usual_is_found(tmp_path: Path):
    order = ORDER.format("30 ug", "10 min", "2 h", 12)
    at_cap = continuous("440 ug/day", order)
    assert findings(at_cap, tmp_path) == []
    above = findings(continuous("441 ug/day", order), tmp_path)
    assert [one.split(" (")[0] for one in above] == [
        "rx.toml: daily dose with every allotted bolus: 801 ug/day; expected at most 800 ug/day"
    ]


@pytest.mark.req("D-02", "D-09")
def test_what_the_schedule_alone_exceeds_is_found_once(tmp_path: Path):
    found = findings(continuous("801 ug/day", ORDER.format("5 ug", "10 min", "4 h", 4)), tmp_path)
    assert [one.split(": ")[1] for one in found] == ["daily dose"]


@pytest.mark.req("D-09")
@pytest.mark.parametrize("per_day, found", [(6, False), (7, True)])
def test_a_maximum_that_the_lockout_does_not_let_happen_is_found(per_day: int, found: bool, tmp_path: Path):
    said = findings(changed(example("patient-bolus"), ("per_day = 4", f"per_day = {per_day}")), tmp_path)
    expected = "at most 6 per day: more do not fit with a lockout of 240 min"
    assert [f"rx.toml: patient_bolus.per_day: 7; expected {expected}" in one for one in said] == [True] * found


@pytest.mark.req("D-02", "D-09")
@pytest.mark.parametrize(
    "dose, expected", [("4.9 ug", "at least 5 ug"), ("5 ug", None), ("50 ug", None), ("50.1 ug", "at most 50 ug")]
)
def test_an_unusual_dose_is_found(dose: str, expected: str | None, tmp_path: Path):
    found = findings(continuous("300 ug/day", ORDER.format(dose, "30 min", "8 h", 2)), tmp_path)
    said = f"rx.toml: patient_bolus.dose: {dose}; expected {expected} (drug baclofen/spinal: "
    assert [one.startswith(said) for one in found] == ([True] if expected else [])
