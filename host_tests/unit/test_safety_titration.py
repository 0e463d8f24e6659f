"""The daily dose rises by no more than so many percent over the lowest that was in force within the last 24 h."""

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR
from pump.safety.titration import DoseHistory, refuse_steep_rise
from unit.builders import refusal

DEN = 86_400_000
Dose = tuple[int, int]


def rise(before: Dose, after: Dose, percent: int) -> tuple[str, object, str]:
    return refusal(lambda: refuse_steep_rise(before, after, percent, "drug"))


@pytest.mark.req("D-05")
@pytest.mark.parametrize(
    "before, percent, most",
    [(100, 30, 130), (1000, 15, 1150), (10, 30, 13), (200, 0, 200), (7, 1000, 77), (1, 100, 2), (999, 1, 1008)],
)
@pytest.mark.parametrize("den, after_den", [(1, 1), (DEN, DEN), (7, 3)])
def test_a_rise_of_the_percent_is_taken_and_one_above_it_refused(
    before: int, percent: int, most: int, den: int, after_den: int
) -> None:
    for steps in (0, 1, before - 1, before, most - 1, most):
        refuse_steep_rise((before * den, den), (steps * after_den, after_den), percent, "drug")
    field, _, accepted = rise((before * den, den), ((most + 1) * after_den, after_den), percent)
    assert field == "daily dose"
    assert accepted == f"a rise of at most {percent} % within 24 h, the titration limit of the drug"


@pytest.mark.req("D-05")
@pytest.mark.parametrize("den", [1, 3, DEN])
def test_the_rise_is_compared_exactly(den: int) -> None:
    before = (100 * den, den)
    refuse_steep_rise(before, (130 * den, den), 30, "drug")
    assert rise(before, (130 * den + 1, den), 30)[1] == "a rise of 31 %"
    assert rise(before, (131 * den, den), 30)[1] == "a rise of 31 %"
    assert rise(before, (131 * den + 1, den), 30)[1] == "a rise of 32 %"
    # The same doses with denominators of their own.
    refuse_steep_rise(before, (260, 2), 30, "drug")
    assert rise(before, (261, 2), 30)[1] == "a rise of 31 %"


@pytest.mark.req("D-03", "D-05")
def test_a_refusal_says_by_how_much_it_rises_and_who_set_the_limit() -> None:
    assert refusal(lambda: refuse_steep_rise((2, 1), (7, 1), 30, "prescription")) == (
        "daily dose",
        "a rise of 250 %",
        "a rise of at most 30 % within 24 h, the titration limit of the prescription",
    )


@pytest.mark.req("D-05")
@pytest.mark.parametrize("den", [1, DEN])
def test_from_no_dose_at_all_any_is_taken(den: int) -> None:
    refuse_steep_rise((0, den), (10**9, 1), 0, "drug")
    refuse_steep_rise((0, den), (0, 1), 0, "drug")


@pytest.mark.req("D-05")
@pytest.mark.parametrize("percent", [0, 30])
def test_a_fall_is_always_taken(percent: int) -> None:
    for steps in (99, 50, 1, 0):
        refuse_steep_rise((100, 1), (steps, 1), percent, "drug")


@pytest.mark.parametrize("now_ms", [0, 5 * MS_PER_DAY])
def test_before_the_first_dose_there_is_none(now_ms: int) -> None:
    assert DoseHistory().lowest(now_ms) is None


@pytest.mark.req("D-05")
@pytest.mark.parametrize("later_ms", [0, 1, MS_PER_DAY, 100 * MS_PER_DAY])
def test_a_dose_stays_in_force_until_another_is_noted(later_ms: int) -> None:
    doses = DoseHistory()
    doses.note((100, 1), 7)
    assert doses.lowest(7 + later_ms) == (100, 1)


def history(*noted: tuple[int, int]) -> DoseHistory:
    """Doses of (steps, hour), in the same denominator."""
    doses = DoseHistory()
    for steps, hour in noted:
        doses.note((steps, DEN), hour * MS_PER_HOUR)
    return doses


@pytest.mark.req("D-05")
@pytest.mark.parametrize("first_hour", [0, 30])
def test_a_dose_counts_for_24_h_after_its_end_and_not_a_millisecond_longer(first_hour: int) -> None:
    # From the hour of 40 on the higher dose is in force: the lower one has been for as long as the hour of 64 is away.
    doses = history((100, first_hour), (130, 40))
    end_ms = 40 * MS_PER_HOUR
    for now_ms in (end_ms, end_ms + MS_PER_DAY - 1):
        assert doses.lowest(now_ms) == (100, DEN)
    for now_ms in (end_ms + MS_PER_DAY, end_ms + 2 * MS_PER_DAY):
        assert doses.lowest(now_ms) == (130, DEN)


@pytest.mark.req("D-05")
@pytest.mark.parametrize(
    "noted, now_hour, lowest",
    [
        ([(100, 0), (90, 1), (80, 2)], 3, 80),
        ([(80, 0), (90, 1), (100, 2)], 3, 80),
        ([(90, 0), (80, 1), (100, 2)], 3, 80),
        ([(80, 0), (90, 1), (100, 2)], 24, 80),
        ([(80, 0), (90, 1), (100, 2)], 25, 90),
        ([(80, 0), (90, 1), (100, 2)], 26, 100),
        ([(80, 0), (100, 1), (90, 2)], 25, 90),
        ([(80, 0), (100, 1), (90, 2)], 26, 90),
        ([(80, 0), (80, 1), (100, 2)], 25, 80),
        ([(80, 0), (80, 1), (100, 2)], 26, 100),
    ],
)
def test_the_lowest_is_the_least_of_all_in_force_within_24_h(
    noted: list[tuple[int, int]], now_hour: int, lowest: int
) -> None:
    assert history(*noted).lowest(now_hour * MS_PER_HOUR) == (lowest, DEN)


@pytest.mark.req("D-05")
@pytest.mark.parametrize(
    "one, other, lowest",
    [((1, 3), (1, 2), (1, 3)), ((1, 2), (1, 3), (1, 3)), ((5, 2), (2, 1), (2, 1)), ((200, 2), (101, 1), (200, 2))],
)
def test_doses_compare_across_denominators(one: Dose, other: Dose, lowest: Dose) -> None:
    doses = DoseHistory()
    doses.note(one, 0)
    doses.note(other, 1)
    assert doses.lowest(2) == lowest


@pytest.mark.req("D-05")
def test_of_equal_doses_the_earlier_is_named() -> None:
    doses = DoseHistory()
    doses.note((1, 2), 0)
    doses.note((2, 4), 1)
    assert doses.lowest(2) == (1, 2)


@pytest.mark.req("D-05")
def test_a_day_without_basal_is_no_dose_to_rise_from_and_ends_none() -> None:
    doses = DoseHistory()
    doses.note((0, DEN), 0)
    assert doses.lowest(0) is None
    doses = history((100, 0), (0, 1), (0, 50))
    assert doses.lowest(100 * MS_PER_HOUR) == (100, DEN)
    doses.note((120, DEN), 100 * MS_PER_HOUR)
    assert doses.lowest(100 * MS_PER_HOUR) == (100, DEN)
    assert doses.lowest(124 * MS_PER_HOUR) == (120, DEN)


def test_the_history_is_no_longer_than_it_must_be() -> None:
    doses = DoseHistory()
    for hour in range(1000):
        doses.note((100 + hour % 7, DEN), hour * MS_PER_HOUR)
    # The one that ended less than 24 h ago, and each that began since then.
    assert [since_ms // MS_PER_HOUR for _, since_ms in doses._doses] == list(range(975, 1000))
    doses = history((100, 0), (120, 1), (130, 30))
    assert [dose[0] for dose, _ in doses._doses] == [120, 130]
    doses = history((100, 0), (100, 1), (100, 30))
    assert doses._doses == [((100, DEN), 0)]
