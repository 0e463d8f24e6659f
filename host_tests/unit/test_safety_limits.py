"""Of several limits the lowest holds, and its refusal names it, its value and who set it."""

import pytest

from pump.safety.limits import BUILD_BOLUS_NL, BUILD_DAY_NL, BUILD_HOUR_NL, Limit, Limits, lowest
from unit.builders import refusal


@pytest.mark.req("D-02")
@pytest.mark.parametrize("steps", [0, 1, 99, 100])
def test_up_to_the_limit_nothing_is_refused(steps: int) -> None:
    Limit("hour", 100, "board").refuse_above("basal", steps)


@pytest.mark.req("D-02", "D-03")
@pytest.mark.parametrize("steps", [101, 102, 10_000])
def test_above_the_limit_the_refusal_names_limit_value_and_source(steps: int) -> None:
    limit = Limit("hour", 100, "drug baclofen/spinal")
    assert refusal(lambda: limit.refuse_above("basal", steps)) == (
        "basal",
        f"{steps} microsteps",
        "at most 100 microsteps, the hour limit of the drug baclofen/spinal",
    )


@pytest.mark.req("D-03")
@pytest.mark.parametrize(
    "candidates, steps, source",
    [
        ([(5, "build")], 5, "build"),
        ([(5, "build"), (4, "board"), (6, "drug"), (7, "prescription")], 4, "board"),
        ([(5, "build"), (6, "board"), (4, "drug"), (7, "prescription")], 4, "drug"),
        ([(5, "build"), (6, "board"), (7, "drug"), (4, "prescription")], 4, "prescription"),
        ([(4, "build"), (6, "board"), (7, "drug"), (5, "prescription")], 4, "build"),
        ([(9, "build"), (8, "board"), (7, "drug"), (6, "prescription")], 6, "prescription"),
        ([(5, "build"), (5, "board")], 5, "build"),
        ([(6, "build"), (5, "board"), (5, "drug")], 5, "board"),
    ],
)
def test_the_lowest_limit_holds_and_of_equals_the_first(
    candidates: list[tuple[int, str]], steps: int, source: str
) -> None:
    limit = lowest("day", candidates)
    assert (limit.name, limit.steps, limit.source) == ("day", steps, source)


def test_limits_are_one_for_the_hour_one_for_the_day_and_one_for_a_bolus() -> None:
    hour, day, bolus = Limit("hour", 1, "a"), Limit("day", 2, "b"), Limit("bolus", 3, "c")
    limits = Limits(hour, day, bolus)
    assert (limits.hour, limits.day, limits.bolus) == (hour, day, bolus)


def test_the_build_allows_24_ml_a_day_and_of_that_1_ml_in_an_hour_or_a_bolus() -> None:
    ml_nl = 1_000_000
    assert ml_nl == BUILD_HOUR_NL
    assert 24 * ml_nl == BUILD_DAY_NL
    assert ml_nl == BUILD_BOLUS_NL
