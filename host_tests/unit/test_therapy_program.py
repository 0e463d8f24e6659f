"""A program is read whole, or refused by the name of the field that is wrong."""

from typing import Any

import pytest

from pump.core.units import MS_PER_DAY, SMALL_MAX
from pump.therapy.program import (
    BOLUSES_MAX,
    BRIDGE_MS_MAX,
    BRIDGE_STEPS_MAX,
    PER_DAY_MAX,
    RATE_DEN_MAX,
    STEPS_MAX,
    TRIAL_MAX,
    Program,
    nothing_ordered,
    read_dose,
)
from unit.builders import refusal

NAMES = [
    "version",
    "rate_den",
    "concentration_ng_ml",
    "patterns",
    "plan",
    "boluses",
    "patient",
    "trial",
    "bridge",
    "override",
    "titration",
    "limits",
]
FIELDS = ", ".join(NAMES)
MINUTE_MS = 60_000
HALF_DAY_MS = MS_PER_DAY // 2


def sound() -> dict[str, Any]:
    return {
        "version": 2,
        "rate_den": 10,
        "concentration_ng_ml": 2_000_000,
        "patterns": [[[0, 100, 3], [HALF_DAY_MS, 50, 9]], [[0, 70, 0]]],
        "plan": [[0, 0, 1], [5, 1, 1]],
        "boluses": [[0, 1000, 20, 5, 600], [1, 0, 30, 0, 1]],
        "patient": [40, 2, 5000, 7_200_000, 6],
        "trial": [[50, 1, 700], [75, 0, 800]],
        "bridge": [90, 3_600_000],
        "override": "",
        "titration": [30, "drug baclofen"],
        "limits": {"hour": [900, "board"], "day": [9000, "drug baclofen"], "bolus": [90, "prescription"]},
    }


def changed(**fields: object) -> dict[str, Any]:
    return {**sound(), **fields}


def of_list(field: str, place: int, value: object) -> dict[str, Any]:
    source = sound()
    source[field][place] = value
    return source


def of_trial(index: int, place: int, value: object) -> dict[str, Any]:
    source = sound()
    source["trial"][index][place] = value
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
    assert (program.rate_den, program.concentration_ng_ml) == (10, 2_000_000)
    schedule = program.schedule
    assert (schedule.rate_den, list(schedule.start_ms)) == (10, [0, HALF_DAY_MS, 0])
    assert (list(schedule.whole), list(schedule.frac)) == ([100, 50, 70], [3, 9, 0])
    assert list(schedule.from_day) == [0, 5]
    first, second = program.boluses
    assert (first.day, first.at_ms) == (0, 1000)
    assert (second.day, second.at_ms) == (1, 0)
    assert doses(program.boluses) == [(20, 5, 10, 600), (30, 0, 10, 1)]
    patient = program.patient
    assert patient is not None
    assert doses([patient]) == [(40, 2, 10, 5000)]
    assert (patient.lockout_ms, patient.per_day) == (7_200_000, 6)
    assert [(dose.whole, dose.frac, dose.den, dose.duration_ms) for dose in program.trial] == [
        (50, 1, 10, 700),
        (75, 0, 10, 800),
    ]
    assert program.bridge is not None
    assert (program.bridge.steps, program.bridge.duration_ms) == (90, 3_600_000)
    assert (program.override, program.titration) == ("", (30, "drug baclofen"))
    assert program.limits == {"hour": (900, "board"), "day": (9000, "drug baclofen"), "bolus": (90, "prescription")}


def doses(orders: list[Any]) -> list[tuple[int, int, int, int]]:
    return [(one.dose.whole, one.dose.frac, one.dose.den, one.dose.duration_ms) for one in orders]


def test_a_program_need_not_order_anything_on_request() -> None:
    program = Program(changed(patient=None, trial=[], bridge=None, override="the line was emptied"))
    assert (program.patient, program.trial, program.bridge) == (None, [], None)
    assert program.override == "the line was emptied"


def test_the_widths_are_those_the_tick_can_hold() -> None:
    assert RATE_DEN_MAX == 2**20
    assert STEPS_MAX == (2**30 - 1 - MS_PER_DAY) // 2
    assert BRIDGE_MS_MAX == 10 * MS_PER_DAY
    assert BRIDGE_STEPS_MAX == (2**30 - 1 - 10 * MS_PER_DAY) // 2
    assert (BOLUSES_MAX, TRIAL_MAX, PER_DAY_MAX) == (64, 3, 48)


@pytest.mark.parametrize(
    "source",
    [
        changed(rate_den=1, patterns=[[[0, 0, 0]]], plan=[[0, 0, 0]], boluses=[], patient=None, trial=[]),
        changed(rate_den=RATE_DEN_MAX),
        changed(concentration_ng_ml=1),
        changed(concentration_ng_ml=SMALL_MAX),
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
        of_list("patient", 0, 0),
        of_list("patient", 0, STEPS_MAX),
        of_list("patient", 1, 9),
        of_list("patient", 2, 1),
        of_list("patient", 2, MS_PER_DAY),
        of_list("patient", 3, MINUTE_MS),
        of_list("patient", 3, MS_PER_DAY),
        of_list("patient", 4, 1),
        of_list("patient", 4, 48),
        of_trial(0, 0, 0),
        of_trial(0, 0, STEPS_MAX),
        of_trial(0, 1, 9),
        of_trial(1, 2, 1),
        of_trial(1, 2, MS_PER_DAY),
        of_list("bridge", 0, 1),
        of_list("bridge", 0, BRIDGE_STEPS_MAX),
        of_list("bridge", 1, 1),
        of_list("bridge", 1, BRIDGE_MS_MAX),
        changed(titration=[0, ""]),
        changed(titration=[1000, "x"]),
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
        (changed(version=1), "version", 1, whole_from(2, 2)),
        (changed(version=3), "version", 3, whole_from(2, 2)),
        (changed(rate_den=0), "rate_den", 0, whole_from(1, 2**20)),
        (changed(rate_den=2**20 + 1), "rate_den", 2**20 + 1, whole_from(1, 2**20)),
        (changed(concentration_ng_ml=0), "concentration_ng_ml", 0, whole_from(1, SMALL_MAX)),
        (changed(concentration_ng_ml=2**30), "concentration_ng_ml", 2**30, whole_from(1, SMALL_MAX)),
        (changed(concentration_ng_ml=0.5), "concentration_ng_ml", 0.5, whole_from(1, SMALL_MAX)),
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
        (of_list("patient", 0, -1), "patient.whole", -1, whole_from(0, STEPS_MAX)),
        (of_list("patient", 0, STEPS_MAX + 1), "patient.whole", STEPS_MAX + 1, whole_from(0, STEPS_MAX)),
        (of_list("patient", 1, 10), "patient.frac", 10, whole_from(0, 9)),
        (of_list("patient", 2, 0), "patient.duration_ms", 0, whole_from(1, MS_PER_DAY)),
        (of_list("patient", 2, MS_PER_DAY + 1), "patient.duration_ms", MS_PER_DAY + 1, whole_from(1, MS_PER_DAY)),
        (of_list("patient", 3, 59_999), "patient.lockout_ms", 59_999, whole_from(MINUTE_MS, MS_PER_DAY)),
        (of_list("patient", 3, MS_PER_DAY + 1), "patient.lockout_ms", MS_PER_DAY + 1, whole_from(60_000, MS_PER_DAY)),
        (of_list("patient", 4, 0), "patient.per_day", 0, whole_from(1, 48)),
        (of_list("patient", 4, 49), "patient.per_day", 49, whole_from(1, 48)),
        (of_trial(0, 0, -1), "trial[0].whole", -1, whole_from(0, STEPS_MAX)),
        (of_trial(1, 0, STEPS_MAX + 1), "trial[1].whole", STEPS_MAX + 1, whole_from(0, STEPS_MAX)),
        (of_trial(1, 1, 10), "trial[1].frac", 10, whole_from(0, 9)),
        (of_trial(1, 2, 0), "trial[1].duration_ms", 0, whole_from(1, MS_PER_DAY)),
        (of_trial(0, 2, MS_PER_DAY + 1), "trial[0].duration_ms", MS_PER_DAY + 1, whole_from(1, MS_PER_DAY)),
        (of_list("bridge", 0, 0), "bridge.steps", 0, whole_from(1, BRIDGE_STEPS_MAX)),
        (
            of_list("bridge", 0, BRIDGE_STEPS_MAX + 1),
            "bridge.steps",
            BRIDGE_STEPS_MAX + 1,
            whole_from(1, BRIDGE_STEPS_MAX),
        ),
        (of_list("bridge", 1, 0), "bridge.duration_ms", 0, whole_from(1, BRIDGE_MS_MAX)),
        (
            of_list("bridge", 1, BRIDGE_MS_MAX + 1),
            "bridge.duration_ms",
            BRIDGE_MS_MAX + 1,
            whole_from(1, BRIDGE_MS_MAX),
        ),
        (changed(override=None), "override", None, "why no bridge is needed, or nothing"),
        (changed(titration=[-1, "x"]), "titration", -1, whole_from(0, 1000)),
        (changed(titration=[1001, "x"]), "titration", 1001, whole_from(0, 1000)),
        (changed(titration=[1.5, "x"]), "titration", 1.5, whole_from(0, 1000)),
        (changed(titration=[5, 7]), "titration", 7, "the name of who set it"),
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


@pytest.mark.parametrize("name", NAMES)
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


def test_a_program_has_0_to_64_boluses() -> None:
    most = [[day, 0, 1, 0, 1] for day in range(64)]
    assert len(Program(changed(boluses=most)).boluses) == 64
    assert Program(changed(boluses=[])).boluses == []
    too_many = [*most, [64, 0, 1, 0, 1]]
    assert refusal(lambda: Program(changed(boluses=too_many))) == ("boluses", too_many, "a list of 0 to 64 items")


def test_a_trial_has_0_to_3_rungs() -> None:
    assert len(Program(changed(trial=[[1, 0, 1]] * 3)).trial) == 3
    too_many = [[1, 0, 1]] * 4
    assert refusal(lambda: Program(changed(trial=too_many))) == ("trial", too_many, "a list of 0 to 3 items")


@pytest.mark.parametrize("row", [[1, 0], [1, 0, 1, 1], 7, None])
def test_a_rung_of_a_trial_has_three_numbers(row: object) -> None:
    assert refusal(lambda: Program(changed(trial=[row]))) == ("trial[0]", row, "a list of 3 to 3 items")


@pytest.mark.parametrize("row", [[1, 0, 1, 60_000], [1, 0, 1, 60_000, 1, 1], 0, False, {}])
def test_a_patients_bolus_has_five_numbers(row: object) -> None:
    assert refusal(lambda: Program(changed(patient=row))) == ("patient", row, "a list of 5 to 5 items")


@pytest.mark.parametrize("row", [[1], [1, 1, 1], 0, False])
def test_a_bridge_has_two_numbers(row: object) -> None:
    assert refusal(lambda: Program(changed(bridge=row))) == ("bridge", row, "a list of 2 to 2 items")


@pytest.mark.parametrize("value", [5, [5], [5, "x", 1], None])
def test_a_titration_limit_is_a_number_and_who_set_it(value: object) -> None:
    assert refusal(lambda: Program(changed(titration=value))) == ("titration", value, "a list of 2 to 2 items")


def test_a_dose_is_read_under_the_name_it_is_given() -> None:
    dose = read_dose("mine", 5, 3, 4, 600)
    assert (dose.whole, dose.frac, dose.den, dose.duration_ms) == (5, 3, 4, 600)
    assert refusal(lambda: read_dose("mine", 5, 4, 4, 600)) == ("mine.frac", 4, whole_from(0, 3))


@pytest.mark.req("D-08")
def test_patterns_and_plan_are_those_of_a_schedule_and_refused_as_such() -> None:
    assert refusal(lambda: Program(changed(patterns=[[[5, 1, 0]]])))[0] == "patterns[0][0].start_ms"
    assert refusal(lambda: Program(changed(patterns=[[[0, 1, 10]]]))) == ("patterns[0][0].frac", 10, whole_from(0, 9))
    assert refusal(lambda: Program(changed(plan=[[0, 2, 0]]))) == ("plan[0].weekday_pattern", 2, whole_from(0, 1))


@pytest.mark.parametrize("row", [[0, 1, 1, 0], [0, 1, 1, 0, 1, 1], "abcde"])
def test_a_bolus_has_five_numbers(row: object) -> None:
    assert refusal(lambda: Program(changed(boluses=[row]))) == ("boluses[0]", row, "a list of 5 to 5 items")


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


def test_a_pump_that_was_never_programmed_owes_nothing_and_may_deliver_nothing() -> None:
    program = nothing_ordered()
    assert (program.schedule.greatest_total()[0], program.boluses) == (0, [])
    assert (program.patient, program.trial, program.bridge, program.override) == (None, [], None, "")
    assert program.titration == (0, "no program")
    assert program.limits == dict.fromkeys(("hour", "day", "bolus"), (0, "no program"))
