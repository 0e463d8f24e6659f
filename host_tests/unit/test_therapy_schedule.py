"""A schedule is read whole, or refused by the name of the field."""

from fractions import Fraction

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, SMALL_MAX
from pump.therapy.schedule import (
    PATTERN_ROWS_MAX,
    PATTERNS_MAX,
    ROWS_MAX,
    SATURDAY,
    STAGES_MAX,
    STEPS_MAX,
    Schedule,
)
from unit.builders import EVERY_DAY, basal_at, refusal

DEN = 10
HALF_DAY_MS = MS_PER_DAY // 2
ROWS = [[0, 100, 3], [HALF_DAY_MS, 50, 9]]


def of_row(place: int, value: object, row: int = 0) -> list[list[list[object]]]:
    """Two patterns, of which the second has `value` in its `row`."""
    patterns: list[list[list[object]]] = [[[0, 1, 0]], [[0, 100, 3], [HALF_DAY_MS, 50, 9]]]
    patterns[1][row][place] = value
    return patterns


def reading(patterns: object, plan: object = EVERY_DAY, den: int = DEN) -> Schedule:
    return Schedule(den, patterns, plan)


def planned(plan: object) -> Schedule:
    """A schedule of three patterns of one rate each, and `plan`."""
    return reading([[[0, 100, 0]], [[0, 200, 0]], [[0, 300, 0]]], plan, 1)


def whole_from(low: int, high: int) -> str:
    return f"a whole number from {low} to {high}"


def test_a_sound_schedule_is_understood_as_it_was_sent() -> None:
    schedule = reading([[[0, 7, 1]], ROWS], [[0, 0, 1], [2, 1, 1]])
    assert (schedule.rate_den, schedule.patterns, schedule.stages) == (DEN, 2, 2)
    assert list(schedule.first_row) == [0, 1, 3]
    assert list(schedule.start_ms) == [0, 0, HALF_DAY_MS]
    assert list(schedule.whole) == [7, 100, 50]
    assert list(schedule.frac) == [1, 3, 9]
    assert list(schedule.from_day) == [0, 2]
    assert [[schedule.pattern_of(stage, day) for day in range(7)] for stage in (0, 1)] == [
        [0, 0, 0, 0, 0, 1, 1],
        [1] * 7,
    ]


def test_the_widths() -> None:
    assert (PATTERNS_MAX, PATTERN_ROWS_MAX, ROWS_MAX, STAGES_MAX, SATURDAY) == (24, 96, 192, 32, 5)
    assert STEPS_MAX == (2**30 - 1 - MS_PER_DAY) // 2


@pytest.mark.parametrize(
    "patterns",
    [
        of_row(1, 0),
        of_row(1, STEPS_MAX),
        of_row(2, 0),
        of_row(2, DEN - 1),
        of_row(0, 1, row=1),
        of_row(0, MS_PER_DAY - 1, row=1),
    ],
)
def test_every_field_of_a_row_may_go_to_its_bounds(patterns: object) -> None:
    reading(patterns)


@pytest.mark.req("D-01", "D-02")
@pytest.mark.parametrize(
    "patterns, field, value, accepted",
    [
        (of_row(0, 1), "patterns[1][0].start_ms", 1, whole_from(0, 0)),
        (of_row(0, -1), "patterns[1][0].start_ms", -1, whole_from(0, 0)),
        (of_row(0, 0, row=1), "patterns[1][1].start_ms", 0, whole_from(1, MS_PER_DAY - 1)),
        (of_row(0, MS_PER_DAY, row=1), "patterns[1][1].start_ms", MS_PER_DAY, whole_from(1, MS_PER_DAY - 1)),
        (of_row(1, -1, row=1), "patterns[1][1].whole", -1, whole_from(0, STEPS_MAX)),
        (of_row(1, STEPS_MAX + 1), "patterns[1][0].whole", STEPS_MAX + 1, whole_from(0, STEPS_MAX)),
        (of_row(1, 1.5), "patterns[1][0].whole", 1.5, whole_from(0, STEPS_MAX)),
        (of_row(2, -1), "patterns[1][0].frac", -1, whole_from(0, DEN - 1)),
        (of_row(2, DEN, row=1), "patterns[1][1].frac", DEN, whole_from(0, DEN - 1)),
    ],
)
def test_every_field_of_a_row_is_refused_one_beyond_its_bounds(
    patterns: object, field: str, value: object, accepted: str
) -> None:
    assert refusal(lambda: reading(patterns)) == (field, value, accepted)


@pytest.mark.parametrize("row", [[0, 1], [0, 1, 0, 0], 7, None])
def test_a_row_has_three_numbers(row: object) -> None:
    assert refusal(lambda: reading([[row]])) == ("patterns[0][0]", row, "a list of 3 to 3 items")


def test_rows_ascend() -> None:
    patterns = [[[0, 1, 0], [5000, 1, 0], [5000, 1, 0]]]
    assert refusal(lambda: reading(patterns)) == ("patterns[0][2].start_ms", 5000, whole_from(5001, MS_PER_DAY - 1))
    reading([[[0, 1, 0], [5000, 1, 0], [5001, 1, 0]]])


@pytest.mark.req("D-08")
def test_a_pattern_has_1_to_96_rows() -> None:
    most = [[i * 900_000, i, 0] for i in range(96)]
    assert list(reading([most]).whole) == list(range(96))
    too_many = [*most, [MS_PER_DAY - 1, 0, 0]]
    assert refusal(lambda: reading([too_many])) == ("patterns[0]", too_many, "a list of 1 to 96 items")
    assert refusal(lambda: reading([[]])) == ("patterns[0]", [], "a list of 1 to 96 items")
    assert refusal(lambda: reading([most, None])) == ("patterns[1]", None, "a list of 1 to 96 items")


def test_there_are_1_to_24_patterns() -> None:
    assert reading([[[0, i, 0]] for i in range(24)]).patterns == 24
    too_many = [[[0, 1, 0]]] * 25
    assert refusal(lambda: reading(too_many)) == ("patterns", too_many, "a list of 1 to 24 items")
    assert refusal(lambda: reading([])) == ("patterns", [], "a list of 1 to 24 items")


def test_there_are_192_rows_in_all_at_most() -> None:
    most = [[i * 900_000, i, 0] for i in range(96)]
    assert len(reading([most, most]).whole) == 192
    assert refusal(lambda: reading([most, most, [[0, 1, 0]]])) == ("patterns", "193 rows", "at most 192 rows in all")


def test_a_plan_has_1_to_32_stages() -> None:
    assert planned([[i, 0, 0] for i in range(32)]).stages == 32
    too_many = [[i, 0, 0] for i in range(33)]
    assert refusal(lambda: planned(too_many)) == ("plan", too_many, "a list of 1 to 32 items")
    assert refusal(lambda: planned([])) == ("plan", [], "a list of 1 to 32 items")


@pytest.mark.parametrize("row", [[0, 1], [0, 1, 0, 0], 7, None])
def test_a_stage_has_three_numbers(row: object) -> None:
    assert refusal(lambda: planned([row])) == ("plan[0]", row, "a list of 3 to 3 items")


@pytest.mark.parametrize("plan", [[[0, 2, 0], [1, 0, 2]], [[0, 0, 0], [SMALL_MAX, 0, 0]]])
def test_every_field_of_a_stage_may_go_to_its_bounds(plan: object) -> None:
    planned(plan)


@pytest.mark.req("D-01", "D-02")
@pytest.mark.parametrize(
    "plan, field, value, accepted",
    [
        ([[1, 0, 0]], "plan[0].from_day", 1, whole_from(0, 0)),
        ([[-1, 0, 0]], "plan[0].from_day", -1, whole_from(0, 0)),
        ([[0, 0, 0], [0, 0, 0]], "plan[1].from_day", 0, whole_from(1, SMALL_MAX)),
        ([[0, 0, 0], [7, 0, 0], [7, 0, 0]], "plan[2].from_day", 7, whole_from(8, SMALL_MAX)),
        ([[0, 0, 0], [2**30, 0, 0]], "plan[1].from_day", 2**30, whole_from(1, SMALL_MAX)),
        ([[0, 3, 0]], "plan[0].weekday_pattern", 3, whole_from(0, 2)),
        ([[0, -1, 0]], "plan[0].weekday_pattern", -1, whole_from(0, 2)),
        ([[0, 0, 3]], "plan[0].weekend_pattern", 3, whole_from(0, 2)),
        ([[0, 0, -1]], "plan[0].weekend_pattern", -1, whole_from(0, 2)),
        ([[0, 0.0, 0]], "plan[0].weekday_pattern", 0.0, whole_from(0, 2)),
    ],
)
def test_every_field_of_a_stage_is_refused_one_beyond_its_bounds(
    plan: object, field: str, value: object, accepted: str
) -> None:
    assert refusal(lambda: planned(plan)) == (field, value, accepted)


@pytest.mark.req("D-11")
@pytest.mark.parametrize(
    "rates, lowest",
    [
        ([(5, 0)], 0),
        ([(5, 0), (4, 9)], 1),
        ([(4, 9), (5, 0)], 0),
        ([(5, 3), (5, 2), (5, 4)], 1),
        ([(5, 2), (5, 2)], 0),
        ([(9, 0), (5, 2), (5, 2)], 1),
        ([(3, 0), (2, 0), (1, 0)], 2),
        ([(3, 0), (2, 9), (2, 0), (8, 0)], 2),
    ],
)
def test_the_lowest_row_is_the_earliest_with_the_lowest_rate(rates: list[tuple[int, int]], lowest: int) -> None:
    rows = [[i * 1000, whole, frac] for i, (whole, frac) in enumerate(rates)]
    assert reading([rows]).lowest_row(0) == lowest
    # As the second pattern, and as that of the weekend alone.
    assert reading([[[0, 1, 0]], rows], [[0, 1, 1]]).lowest_row(0) == lowest + 1
    assert reading([[[0, 9, 1]], rows], [[0, 0, 1]]).lowest_row(0) == lowest + 1


@pytest.mark.req("D-08")
def test_the_total_of_a_day_is_exact() -> None:
    schedule = reading([[[0, 7, 1]], [[0, 100, 3], [6 * MS_PER_HOUR, 50, 9], [18 * MS_PER_HOUR, 1, 0]]])
    assert Fraction(*schedule.day_total(0)) == Fraction(71, 10)
    assert Fraction(*schedule.day_total(1)) == Fraction(1003, 40) + Fraction(509, 20) + Fraction(1, 4)


@pytest.mark.req("D-08")
def test_a_day_of_96_rows_owes_its_total_exactly() -> None:
    schedule = Schedule(97, [[[i * 900_000, 100 + 37 * i, i] for i in range(96)]], EVERY_DAY)
    total = sum(Fraction((100 + 37 * i) * 97 + i, 97 * 96) for i in range(96))
    assert Fraction(*schedule.day_total(0)) == total
    assert basal_at(0, schedule).advance(MS_PER_DAY, True) == total // 1
