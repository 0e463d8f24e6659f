"""A program is read whole, or refused by the name of the field that is wrong."""

from typing import Any

import pytest

from pump.core.units import MS_PER_DAY, SMALL_MAX
from pump.therapy.program import (
    BOLUSES_MAX,
    RATE_DEN_MAX,
    SEGMENTS_MAX,
    STEPS_MAX,
    Program,
    nothing_ordered,
)
from unit.builders import refusal

FIELDS = "version, rate_den, segments, boluses, limits"
HALF_DAY_MS = MS_PER_DAY // 2


def sound() -> dict[str, Any]:
    return {
        "version": 1,
        "rate_den": 10,
        "segments": [[0, 100, 3], [HALF_DAY_MS, 50, 9]],
        "boluses": [[0, 1000, 20, 5, 600], [1, 0, 30, 0, 1]],
        "limits": {"hour": [900, "board"], "day": [9000, "drug baclofen"], "bolus": [90, "prescription"]},
    }


def changed(**fields: object) -> dict[str, Any]:
    return {**sound(), **fields}


def of_segment(index: int, place: int, value: object) -> dict[str, Any]:
    source = sound()
    source["segments"][index][place] = value
    return source


def of_bolus(index: int, place: int, value: object) -> dict[str, Any]:
    source = sound()
    source["boluses"][index][place] = value
    return source


def of_limit(name: str, value: object) -> dict[str, Any]:
    source = sound()
    source["limits"][name] = value
    return source


def whole_from(low: int, high: int) -> str:
    return f"a whole number from {low} to {high}"


def test_a_sound_program_is_understood_as_it_was_sent() -> None:
    program = Program(sound())
    assert program.rate_den == 10
    assert list(program.segment_start_ms) == [0, HALF_DAY_MS]
    assert list(program.segment_whole) == [100, 50]
    assert list(program.segment_frac) == [3, 9]
    first, second = program.boluses
    assert (first.day, first.at_ms, first.whole, first.frac, first.duration_ms) == (0, 1000, 20, 5, 600)
    assert (second.day, second.at_ms, second.whole, second.frac, second.duration_ms) == (1, 0, 30, 0, 1)
    assert program.limits == {"hour": (900, "board"), "day": (9000, "drug baclofen"), "bolus": (90, "prescription")}


def test_the_widths_are_those_the_tick_can_hold() -> None:
    assert RATE_DEN_MAX == 2**20
    assert STEPS_MAX == (2**30 - 1 - MS_PER_DAY) // 2
    assert (SEGMENTS_MAX, BOLUSES_MAX) == (48, 64)


@pytest.mark.parametrize(
    "source",
    [
        changed(rate_den=1, segments=[[0, 0, 0]], boluses=[]),
        changed(rate_den=RATE_DEN_MAX),
        of_segment(0, 1, 0),
        of_segment(0, 1, STEPS_MAX),
        of_segment(0, 2, 0),
        of_segment(0, 2, 9),
        of_segment(1, 0, 1),
        of_segment(1, 0, MS_PER_DAY - 1),
        of_bolus(0, 0, 0),
        of_bolus(1, 0, SMALL_MAX),
        of_bolus(0, 1, 0),
        of_bolus(1, 1, MS_PER_DAY - 1),
        of_bolus(0, 2, 0),
        of_bolus(0, 2, STEPS_MAX),
        of_bolus(0, 3, 0),
        of_bolus(0, 3, 9),
        of_bolus(0, 4, 1),
        of_bolus(1, 4, MS_PER_DAY),
        of_limit("hour", [0, ""]),
        of_limit("day", [SMALL_MAX, "x"]),
    ],
)
def test_every_field_may_go_to_its_bounds(source: dict[str, Any]) -> None:
    Program(source)


@pytest.mark.req("D-01", "D-02")
@pytest.mark.parametrize(
    "source, field, value, accepted",
    [
        (changed(version=0), "version", 0, whole_from(1, 1)),
        (changed(version=2), "version", 2, whole_from(1, 1)),
        (changed(rate_den=0), "rate_den", 0, whole_from(1, 2**20)),
        (changed(rate_den=2**20 + 1), "rate_den", 2**20 + 1, whole_from(1, 2**20)),
        (of_segment(0, 0, 1), "segments[0].start_ms", 1, whole_from(0, 0)),
        (of_segment(0, 0, -1), "segments[0].start_ms", -1, whole_from(0, 0)),
        (of_segment(1, 0, 0), "segments[1].start_ms", 0, whole_from(1, MS_PER_DAY - 1)),
        (of_segment(1, 0, MS_PER_DAY), "segments[1].start_ms", MS_PER_DAY, whole_from(1, MS_PER_DAY - 1)),
        (of_segment(1, 1, -1), "segments[1].whole", -1, whole_from(0, STEPS_MAX)),
        (of_segment(0, 1, STEPS_MAX + 1), "segments[0].whole", STEPS_MAX + 1, whole_from(0, STEPS_MAX)),
        (of_segment(0, 1, 1.5), "segments[0].whole", 1.5, whole_from(0, STEPS_MAX)),
        (of_segment(0, 2, -1), "segments[0].frac", -1, whole_from(0, 9)),
        (of_segment(1, 2, 10), "segments[1].frac", 10, whole_from(0, 9)),
        (of_bolus(0, 0, -1), "boluses[0].day", -1, whole_from(0, SMALL_MAX)),
        (of_bolus(1, 0, SMALL_MAX + 1), "boluses[1].day", SMALL_MAX + 1, whole_from(0, SMALL_MAX)),
        (of_bolus(0, 1, -1), "boluses[0].at_ms", -1, whole_from(0, MS_PER_DAY - 1)),
        (of_bolus(1, 1, MS_PER_DAY), "boluses[1].at_ms", MS_PER_DAY, whole_from(0, MS_PER_DAY - 1)),
        (of_bolus(0, 2, -1), "boluses[0].whole", -1, whole_from(0, STEPS_MAX)),
        (of_bolus(0, 2, STEPS_MAX + 1), "boluses[0].whole", STEPS_MAX + 1, whole_from(0, STEPS_MAX)),
        (of_bolus(0, 3, -1), "boluses[0].frac", -1, whole_from(0, 9)),
        (of_bolus(0, 3, 10), "boluses[0].frac", 10, whole_from(0, 9)),
        (of_bolus(1, 4, 0), "boluses[1].duration_ms", 0, whole_from(1, MS_PER_DAY)),
        (of_bolus(1, 4, MS_PER_DAY + 1), "boluses[1].duration_ms", MS_PER_DAY + 1, whole_from(1, MS_PER_DAY)),
        (of_limit("hour", [-1, "x"]), "limits.hour", -1, whole_from(0, SMALL_MAX)),
        (of_limit("day", [SMALL_MAX + 1, "x"]), "limits.day", SMALL_MAX + 1, whole_from(0, SMALL_MAX)),
        (of_limit("bolus", [float("inf"), "x"]), "limits.bolus", float("inf"), whole_from(0, SMALL_MAX)),
        (of_limit("bolus", [5, 7]), "limits.bolus", 7, "the name of who set it"),
    ],
)
def test_every_field_is_refused_one_beyond_its_bounds(
    source: dict[str, Any], field: str, value: object, accepted: str
) -> None:
    assert refusal(lambda: Program(source)) == (field, value, accepted)


@pytest.mark.parametrize("value", [None, [], "program", 3])
def test_a_program_that_is_no_mapping_is_refused(value: object) -> None:
    assert refusal(lambda: Program(value)) == ("program", value, "a mapping of " + FIELDS)


@pytest.mark.parametrize("name", ["version", "rate_den", "segments", "boluses", "limits"])
def test_every_field_of_a_program_is_required(name: str) -> None:
    source = sound()
    del source[name]
    assert refusal(lambda: Program(source)) == ("program." + name, "nothing", "this field is required")


def test_a_field_that_no_program_has_is_refused() -> None:
    assert refusal(lambda: Program(changed(rate=5))) == ("program.rate", 5, "only " + FIELDS)


def test_limits_that_are_no_mapping_are_refused() -> None:
    assert refusal(lambda: Program(changed(limits=[1]))) == ("limits", [1], "a mapping of hour, day, bolus")


@pytest.mark.parametrize("name", ["hour", "day", "bolus"])
def test_every_limit_is_required(name: str) -> None:
    source = sound()
    del source["limits"][name]
    assert refusal(lambda: Program(source)) == ("limits." + name, "nothing", "this field is required")


def test_a_limit_that_no_pump_has_is_refused() -> None:
    assert refusal(lambda: Program(of_limit("week", [1, "x"]))) == ("limits.week", [1, "x"], "only hour, day, bolus")


@pytest.mark.parametrize("name", ["hour", "day", "bolus"])
@pytest.mark.parametrize("value", [5, [5], [5, "x", 1], (5, "x")])
def test_a_limit_is_a_number_and_who_set_it(name: str, value: object) -> None:
    assert refusal(lambda: Program(of_limit(name, value))) == ("limits." + name, value, "a list of 2 to 2 items")


@pytest.mark.req("D-08")
def test_a_day_has_1_to_48_segments() -> None:
    most = [[i * 1_800_000, i, 0] for i in range(48)]
    assert list(Program(changed(segments=most)).segment_whole) == list(range(48))
    too_many = [*most, [MS_PER_DAY - 1, 0, 0]]
    assert refusal(lambda: Program(changed(segments=too_many))) == ("segments", too_many, "a list of 1 to 48 items")
    assert refusal(lambda: Program(changed(segments=[]))) == ("segments", [], "a list of 1 to 48 items")


def test_a_program_has_0_to_64_boluses() -> None:
    most = [[day, 0, 1, 0, 1] for day in range(64)]
    assert len(Program(changed(boluses=most)).boluses) == 64
    assert Program(changed(boluses=[])).boluses == []
    too_many = [*most, [64, 0, 1, 0, 1]]
    assert refusal(lambda: Program(changed(boluses=too_many))) == ("boluses", too_many, "a list of 0 to 64 items")


@pytest.mark.parametrize("row", [[0, 1], [0, 1, 0, 0], 7, None])
def test_a_segment_has_three_numbers(row: object) -> None:
    assert refusal(lambda: Program(changed(segments=[row]))) == ("segments[0]", row, "a list of 3 to 3 items")


@pytest.mark.parametrize("row", [[0, 1, 1, 0], [0, 1, 1, 0, 1, 1], "abcde"])
def test_a_bolus_has_five_numbers(row: object) -> None:
    assert refusal(lambda: Program(changed(boluses=[row]))) == ("boluses[0]", row, "a list of 5 to 5 items")


def test_segments_ascend() -> None:
    source = changed(segments=[[0, 1, 0], [5000, 1, 0], [5000, 1, 0]])
    assert refusal(lambda: Program(source)) == ("segments[2].start_ms", 5000, whole_from(5001, MS_PER_DAY - 1))
    Program(changed(segments=[[0, 1, 0], [5000, 1, 0], [5001, 1, 0]]))


@pytest.mark.parametrize(
    "first, at_ms, day",
    [([0, 1000, 9, 0, 500], 61_500, 0), ([2, MS_PER_DAY - 100, 9, 0, 300], 60_200, 3)],
)
def test_a_bolus_may_begin_a_minute_after_the_one_before_ends_and_not_earlier(
    first: list[int], at_ms: int, day: int
) -> None:
    Program(changed(boluses=[first, [day, at_ms, 9, 0, 1]]))
    Program(changed(boluses=[first, [day, at_ms + 1, 9, 0, 1]]))
    early = changed(boluses=[first, [day, at_ms - 1, 9, 0, 1]])
    accepted = "a start at least 60 s after the end of the bolus before it"
    assert refusal(lambda: Program(early)) == ("boluses[1].at_ms", at_ms - 1, accepted)


def test_boluses_may_not_go_back_a_day() -> None:
    source = changed(boluses=[[1, 0, 9, 0, 1], [0, MS_PER_DAY - 1, 9, 0, 1]])
    assert refusal(lambda: Program(source))[0] == "boluses[1].at_ms"


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
def test_the_lowest_segment_is_the_earliest_with_the_lowest_rate(rates: list[tuple[int, int]], lowest: int) -> None:
    segments = [[i * 1000, whole, frac] for i, (whole, frac) in enumerate(rates)]
    assert Program(changed(segments=segments)).lowest_segment() == lowest


def test_a_pump_that_was_never_programmed_owes_nothing_and_may_deliver_nothing() -> None:
    program = nothing_ordered()
    assert (list(program.segment_whole), list(program.segment_frac), program.boluses) == ([0], [0], [])
    assert program.limits == dict.fromkeys(("hour", "day", "bolus"), (0, "no program"))
