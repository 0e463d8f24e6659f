"""What a prescription asks for, exactly."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itb.rx.orders import Stage
from itb.rx.prescribed import MS_PER_DAY, DayRates, Prescribed, prescribed_on
from prescriptions import FLEX as FLEX_FILE
from prescriptions import plan

HALF_DAY_MS = MS_PER_DAY // 2
FLEX = DayRates([(0, Fraction(100)), (HALF_DAY_MS, Fraction(301))])
REST = DayRates([(0, Fraction(40))])


def test_a_day_asks_for_the_sum_of_its_segments() -> None:
    assert FLEX.day_steps == Fraction(401, 2)
    assert FLEX.steps_by(MS_PER_DAY) == FLEX.day_steps
    assert FLEX.steps_by(HALF_DAY_MS) == 50
    assert FLEX.steps_by(HALF_DAY_MS + 1) == 50 + Fraction(301, MS_PER_DAY)


def test_each_segment_holds_from_its_start_to_the_next() -> None:
    assert FLEX.rate_at(HALF_DAY_MS - 1) == 100
    assert FLEX.rate_at(HALF_DAY_MS) == 301


@pytest.mark.req("D-11")
def test_a_ceiling_takes_only_what_is_above_it() -> None:
    assert FLEX.at_most(150).rates == [100, 150]
    assert FLEX.at_most(50).rates == [50, 50]
    assert FLEX.at_most(400).day_steps == FLEX.day_steps


@given(st.integers(0, MS_PER_DAY), st.integers(0, MS_PER_DAY))
def test_a_later_time_asks_for_more_and_at_the_rates_of_the_day(one_ms: int, other_ms: int) -> None:
    before_ms, after_ms = sorted((one_ms, other_ms))
    steps = FLEX.steps_by(after_ms) - FLEX.steps_by(before_ms)
    assert 100 * (after_ms - before_ms) <= steps * MS_PER_DAY <= 301 * (after_ms - before_ms)


@pytest.mark.parametrize("starts", [[], [1], [0, 5, 5], [0, 9, 3]])
def test_a_schedule_that_is_no_day_is_refused(starts: list[int]) -> None:
    with pytest.raises(ValueError, match="must begin with 0 and ascend"):
        DayRates([(start, Fraction(1)) for start in starts])


def test_a_plan_day_has_the_rates_of_its_stage_and_of_its_weekday() -> None:
    days = (FLEX, REST)
    program = Prescribed("program", 500_000, days, plan=(Stage(0, 0, 1), Stage(3, 1, 1), Stage(7, 1, 0)))
    assert [program.stage_of(day) for day in (0, 2, 3, 6, 7, 99)] == [0, 0, 1, 1, 2, 2]
    assert [program.rates_on(0, weekday) is REST for weekday in range(7)] == [False] * 5 + [True] * 2
    assert program.rates_on(2, 6) is FLEX
    assert program.day_steps == FLEX.day_steps


def test_a_prescription_asks_for_the_microsteps_of_its_doses(tmp_path: Path) -> None:
    made = plan(FLEX_FILE, tmp_path)
    program = prescribed_on(made.prescription, made.board, made.program.rate_den)
    assert program.name == "A flex day"
    assert program.concentration_ng_ml == 2_000_000
    # 420 ug of 2000 ug/mL are 210 uL, at 13879 nL for 3200 microsteps.
    assert program.day_steps == Fraction(210_000 * 3200, 13_879)
    assert [bolus.start_ms for bolus in program.boluses] == [8 * 3_600_000, MS_PER_DAY + HALF_DAY_MS]
    assert program.boluses[0].dose.steps == Fraction(10_000 * 3200, 13_879)
    assert program.boluses[1].dose.duration_ms == 600_000
    assert program.day_steps == made.program.day_total_steps()
