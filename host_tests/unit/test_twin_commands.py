"""Commands at times: given at their very millisecond, refused without an end of the run, and true on the bench too."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, board_module, program
from unit.guests import FLEX, RATE_STEPS_DAY, Guest, Messages, events, of_kind, on_a_simulated_board

FILL_STEPS = 4_000_000
BOARD = board_module("sim", MINUTE_MS)
STEP_NL = BOARD.NL_PER_REV / BOARD.STEPS_PER_REV
# 400 ug/day of 500 and of 2000 ug/mL, in whole microsteps.
OLD_NG_ML, NEW_NG_ML = 500_000, 2_000_000
DAILY_NG = 400_000
OLD_STEPS_DAY = round(DAILY_NG / OLD_NG_ML * 1e6 / STEP_NL)
NEW_STEPS_DAY = round(DAILY_NG / NEW_NG_ML * 1e6 / STEP_NL)
# 0.4 mL between reservoir and tip.
DEAD_VOLUME = {"path_nl": 240_000, "catheter_nl": 160_000}
DEAD_STEPS = round(400_000 / STEP_NL)
# To a microstep at either end of the hour, of the stronger of the two.
HOURLY_ABS_NG = 2 * STEP_NL * NEW_NG_ML / 1e6


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    return on_a_simulated_board(tmp_path, monkeypatch)


def outcomes(messages: Messages) -> list[tuple[int, str, bool]]:
    """What became of the commands: when, which, and whether the pump accepted it."""
    return [(each["t_ms"], each["name"], each["accepted"]) for each in of_kind(messages, "command")]


def sampled(messages: Messages, at_ms: int) -> dict[str, Any]:
    """The sample of `at_ms`."""
    (sample,) = [each for each in of_kind(messages, "sample") if each["t_ms"] == at_ms]
    return sample


def tip_ng_by_hour(messages: Messages) -> list[int]:
    """The dose at the tip from sample to sample."""
    tip_ng = [sample["plant"]["tip_ng"] for sample in of_kind(messages, "sample")]
    return [after - before for before, after in pairwise(tip_ng)]


def test_a_command_is_given_at_its_very_millisecond(guest: Guest) -> None:
    stop_ms, start_ms = 3 * HOUR_MS + 12_345, 5 * HOUR_MS + 1
    messages = guest.says(commands=[[stop_ms, "stop"], [start_ms, "start"]], sample_ms=HOUR_MS)
    assert outcomes(messages) == [(stop_ms, "stop", True), (start_ms, "start", True)]
    assert events(messages, "state_stopped")[-1] == (stop_ms, 0, 0)
    assert [at_ms for at_ms, _, _ in events(messages, "state_delivering")] == [0, start_ms]
    # What is between is not delivered; what is granted last before a stop is still sent.
    stopped_ms = start_ms - stop_ms
    assert messages[-1]["status"]["ordered_steps"] == pytest.approx(
        RATE_STEPS_DAY * (12 * HOUR_MS - stopped_ms) / DAY_MS + RATE_STEPS_DAY, abs=2
    )


def test_a_command_shifts_no_later_slice_and_no_sample(guest: Guest) -> None:
    messages = guest.says(commands=[[HOUR_MS + 20_001, "pause"]], sample_ms=HOUR_MS, trace=True)
    assert [each["t_ms"] for each in of_kind(messages, "sample")] == [hour * HOUR_MS for hour in range(1, 25)]
    assert {each["t_ms"] % MINUTE_MS for each in of_kind(messages, "burst")} <= {0, 20_001}
    assert messages[-1]["status"]["alarms"] == []


def test_commands_cut_time_and_change_no_dose(guest: Guest) -> None:
    plain = guest.says()[-1]
    # The time of day again and again, at odd times and as it is: nothing but more slices.
    rows = [[at_ms, "set_time", at_ms, 0] for at_ms in range(7_777, DAY_MS, 3_333_333)]
    cut = guest.says(commands=rows)
    assert all(accepted for _, _, accepted in outcomes(cut))
    for name in ("ordered_steps", "dropped_steps", "missing_steps", "alarms"):
        assert cut[-1]["status"][name] == plain["status"][name], name
    assert cut[-1]["plant"]["motor_steps"] == cut[-1]["status"]["confirmed_steps"]
    in_flight_steps = [each["status"]["in_flight_steps"] for each in (plain, cut[-1])]
    assert abs(cut[-1]["plant"]["tip_ng"] - plain["plant"]["tip_ng"]) <= (
        1 + (sum(in_flight_steps) + cut[-1]["status"]["owed_steps"]) * STEP_NL * NG_ML / 1e6
    )


def test_commands_of_one_moment_are_given_in_their_order(guest: Guest) -> None:
    rows = [[HOUR_MS, "stop"], [HOUR_MS, "load", FLEX], [HOUR_MS, "start"], [HOUR_MS, "stop"]]
    messages = guest.says(commands=rows)
    assert outcomes(messages) == [(HOUR_MS, row[1], True) for row in rows]
    assert messages[-1]["status"]["state"] == "stopped"


def test_a_command_at_the_very_end_is_given_and_later_ones_are_not(guest: Guest) -> None:
    messages = guest.says(commands=[[DAY_MS, "stop"], [DAY_MS + 1, "start"]])
    assert outcomes(messages) == [(DAY_MS, "stop", True)]
    assert (messages[-1]["k"], messages[-1]["why"]) == ("end", "done")
    assert messages[-1]["status"]["state"] == "stopped"


def test_a_late_tick_does_not_make_a_command_late(guest: Guest) -> None:
    at_ms = HOUR_MS + 7000
    messages = guest.says(commands=[[at_ms, "stop"]], faults=[["late_tick", HOUR_MS, HOUR_MS + 1, 40_000]])
    assert outcomes(messages) == [(at_ms, "stop", True)]


def test_what_is_refused_says_why_and_the_run_goes_on(guest: Guest) -> None:
    unsound = {**FLEX, "version": 1}
    rows: list[list[Any]] = [
        [HOUR_MS, "start"],
        [HOUR_MS, "patient"],
        [HOUR_MS, "load", unsound],
        [HOUR_MS, "load", "rubbish"],
        [2 * HOUR_MS, "refill", BOARD.RESERVOIR_CAPACITY_STEPS + 1, None, NG_ML],
        [3 * HOUR_MS, "set_time", DAY_MS, 0],
        [4 * HOUR_MS, "stop"],
    ]
    plain, messages = guest.says(), guest.says(commands=rows)
    assert [accepted for _, _, accepted in outcomes(messages)] == [False] * 6 + [True]
    said = [each["message"] for each in of_kind(messages, "command")]
    assert said[0].startswith("start: while delivering is refused; accepted: ")
    assert "version: 1 is refused" in said[2]
    assert "program: rubbish is refused" in said[3]
    assert f"fill_steps: {BOARD.RESERVOIR_CAPACITY_STEPS + 1} is refused" in said[4]
    assert "day_ms: 86400000 is refused" in said[5]
    assert said[6] == ""
    assert (messages[-1]["why"], messages[-1]["t_ms"]) == ("done", DAY_MS)
    # What was refused filled nothing, on the bench either.
    assert messages[-1]["status"]["filled_steps"] == plain[-1]["status"]["filled_steps"] == FILL_STEPS
    reservoir_steps = FILL_STEPS - messages[-1]["plant"]["motor_steps"]
    assert messages[-1]["plant"]["reservoir_nl"] == pytest.approx(reservoir_steps * STEP_NL, abs=1)


def test_a_refill_fills_the_bench_too_and_tells_what_it_really_held(guest: Guest) -> None:
    at_ms = 6 * HOUR_MS
    messages = guest.says(commands=[[at_ms, "refill", 3_000_000, None, NG_ML]], faults=[["slip", 0, DAY_MS, 1]])
    held = sampled(messages, at_ms)["plant"]
    assert events(messages, "refill")[1] == (at_ms, 3_000_000, FILL_STEPS - held["motor_steps"])
    since_steps = messages[-1]["plant"]["motor_steps"] - held["motor_steps"]
    assert messages[-1]["plant"]["reservoir_nl"] == pytest.approx((3_000_000 - since_steps) * STEP_NL, abs=1)


def test_a_withdrawn_volume_that_does_not_fit_is_passed_on_as_it_is(guest: Guest) -> None:
    messages = guest.says(commands=[[HOUR_MS, "refill", 3_000_000, 1_000_000, NG_ML]])
    assert events(messages, "refill")[1] == (HOUR_MS, 3_000_000, 1_000_000)
    assert "residual_mismatch" in messages[-1]["status"]["alarms"]


@pytest.mark.req("M-08")
def test_after_more_than_48_hours_a_start_is_refused_until_what_the_pump_says_of_itself_was_verified(
    guest: Guest,
) -> None:
    late_ms = HOUR_MS + 2 * DAY_MS + 2 * MINUTE_MS
    rows: list[list[Any]] = [
        [HOUR_MS, "stop"],
        [late_ms, "start"],
        [late_ms, "verify", None, None],
        [late_ms, "start"],
    ]
    messages = guest.says(commands=rows, days_ms=3 * DAY_MS)
    assert [accepted for _, _, accepted in outcomes(messages)] == [True, False, True, True]
    assert "verified" in of_kind(messages, "command")[1]["message"]
    assert messages[-1]["status"]["state"] == "delivering"


def test_a_verify_of_other_numbers_is_refused(guest: Guest) -> None:
    rows: list[list[Any]] = [[HOUR_MS, "stop"], [2 * HOUR_MS, "verify", 1, None], [2 * HOUR_MS, "verify", None, 1]]
    messages = guest.says(commands=rows)
    assert [accepted for _, _, accepted in outcomes(messages)] == [True, False, False]


def test_every_kind_of_bolus_and_the_plan_can_be_commanded(guest: Guest) -> None:
    patient = program(
        [[0, RATE_STEPS_DAY, 0]],
        parts={"patient": [500, 0, 10 * MINUTE_MS, HOUR_MS, 4], "trial": [[300, 0, MINUTE_MS]]},
    )
    rows: list[list[Any]] = [
        [1 * HOUR_MS + 1, "bolus", 700, 1, 2, 5 * MINUTE_MS],
        [2 * HOUR_MS + 1, "patient"],
        [2 * HOUR_MS + 30 * MINUTE_MS, "patient"],
        [4 * HOUR_MS + 1, "trial"],
        [5 * HOUR_MS, "pause"],
        [6 * HOUR_MS, "resume"],
        [7 * HOUR_MS, "keep_open"],
        [8 * HOUR_MS, "run_program"],
        [9 * HOUR_MS, "acknowledge"],
    ]
    messages = guest.says(program=patient, commands=rows)
    given = [accepted for _, _, accepted in outcomes(messages)]
    assert given == [True, True, False, True, True, True, True, True, True]
    assert events(messages, "clinician_bolus") == [(HOUR_MS + 1, 700, 5 * MINUTE_MS)]
    assert events(messages, "patient_bolus") == [(2 * HOUR_MS + 1, 500, 10 * MINUTE_MS)]
    # The lockout of an hour has a little more than half of it left.
    assert events(messages, "patient_denied") == [(2 * HOUR_MS + 30 * MINUTE_MS, 1, 31)]
    assert events(messages, "trial_bolus") == [(4 * HOUR_MS + 1, 300, 0)]
    assert [at_ms for at_ms, _, _ in events(messages, "plan_paused") + events(messages, "plan_resumed")] == [
        5 * HOUR_MS,
        6 * HOUR_MS,
    ]
    kept_open = [at_ms for at_ms, _, _ in events(messages, "keep_open") + events(messages, "keep_open_end")]
    assert kept_open == [7 * HOUR_MS, 8 * HOUR_MS]


def test_the_weekday_of_the_job_is_the_day_the_run_begins_with(guest: Guest) -> None:
    weekend = program([[0, 20_000, 0]], parts={"patterns": [[[0, 20_000, 0]], [[0, 10_000, 0]]], "plan": [[0, 0, 1]]})
    ordered = [guest.says(program=weekend, weekday=day)[-1]["status"]["ordered_steps"] for day in range(7)]
    assert ordered == [20_000] * 5 + [10_000] * 2


@pytest.mark.req("D-13")
def test_a_dry_line_is_primed_before_therapy_and_apart_from_it(guest: Guest) -> None:
    story = {
        "program": program([[0, NEW_STEPS_DAY, 0]], parts={"concentration_ng_ml": NEW_NG_ML}),
        "plant": DEAD_VOLUME,
        "line_ng_ml": 0,
        "autostart": False,
        "sample_ms": HOUR_MS,
    }
    primed = guest.says(**story, commands=[[HOUR_MS, "prime", DEAD_STEPS, HOUR_MS, 0], [3 * HOUR_MS, "start"]])
    assert outcomes(primed) == [(HOUR_MS, "prime", True), (3 * HOUR_MS, "start", True)]
    assert events(primed, "prime") == [(HOUR_MS, DEAD_STEPS, HOUR_MS)]
    before = sampled(primed, 3 * HOUR_MS)
    assert (before["status"]["primed_steps"], before["status"]["confirmed_steps"]) == (DEAD_STEPS, DEAD_STEPS)
    assert before["status"]["day_steps"] == 0
    # The line is full to the tip, to the microstep.
    assert before["plant"]["tip_ng"] <= STEP_NL * NEW_NG_ML / 1e6
    assert before["plant"]["pump_ng"] == pytest.approx(800_000, abs=STEP_NL * NEW_NG_ML / 1e6)
    for dose_ng in tip_ng_by_hour(primed)[3:]:
        assert dose_ng == pytest.approx(DAILY_NG / 24, abs=HOURLY_ABS_NG)
    # Without it nothing reaches the tip for V_dead / 0.2 mL/day, two days.
    dry = guest.says(**story, days_ms=3 * DAY_MS, commands=[[3 * HOUR_MS, "start"]])
    doses_ng = tip_ng_by_hour(dry)
    assert set(doses_ng[: 3 + 47]) == {0}
    assert doses_ng[3 + 49] == pytest.approx(DAILY_NG / 24, abs=HOURLY_ABS_NG)


CHANGE_HOUR = 7


def concentration_change(new_ng_ml: int, at_ms: int, how: dict[str, Any]) -> list[list[Any]]:
    """400 ug/day of another concentration from `at_ms` on, after a stop of a minute: the last burst takes that long."""
    steps_day = {OLD_NG_ML: OLD_STEPS_DAY, NEW_NG_ML: NEW_STEPS_DAY}
    new = program([[0, steps_day[new_ng_ml], 0]], parts={"concentration_ng_ml": new_ng_ml, **how})
    refill = [at_ms, "refill", FILL_STEPS, None, new_ng_ml]
    return [[at_ms - MINUTE_MS, "stop"], refill, [at_ms, "load", new], [at_ms, "start"]]


@pytest.mark.req("D-12")
@pytest.mark.parametrize(("old_ng_ml", "new_ng_ml", "hours"), [(OLD_NG_ML, NEW_NG_ML, 12), (NEW_NG_ML, OLD_NG_ML, 48)])
def test_across_a_change_of_concentration_a_bridge_keeps_the_dose_at_the_tip(
    guest: Guest, old_ng_ml: int, new_ng_ml: int, hours: int
) -> None:
    steps_day = {OLD_NG_ML: OLD_STEPS_DAY, NEW_NG_ML: NEW_STEPS_DAY}
    old = program([[0, steps_day[old_ng_ml], 0]], parts={"concentration_ng_ml": old_ng_ml})
    # Not faster than the day before, to which whole microsteps may add a little time.
    duration_ms = -(-DEAD_STEPS * DAY_MS // steps_day[old_ng_ml])
    assert duration_ms == pytest.approx(hours * HOUR_MS, rel=1e-4)
    rows = concentration_change(new_ng_ml, CHANGE_HOUR * HOUR_MS, {"bridge": [DEAD_STEPS, duration_ms]})
    messages = guest.says(
        program=old, commands=rows, plant=DEAD_VOLUME, days_ms=4 * DAY_MS, sample_ms=HOUR_MS, fill_steps=FILL_STEPS
    )
    assert all(accepted for _, _, accepted in outcomes(messages))
    assert events(messages, "bridge") == [(CHANGE_HOUR * HOUR_MS, DEAD_STEPS, duration_ms)]
    assert len(events(messages, "bridge_end")) == 1
    for hour, dose_ng in enumerate(tip_ng_by_hour(messages), 1):
        # One hour lacks the minute of the stop. What a tick grants leaves in the minute after it.
        minutes = 59 if hour == CHANGE_HOUR else 60
        assert dose_ng == pytest.approx(DAILY_NG / 24 * minutes / 60, abs=HOURLY_ABS_NG), hour
    assert messages[-1]["status"]["alarms"] == []


@pytest.mark.req("D-12")
def test_a_change_without_bridge_or_override_is_refused_and_one_with_an_override_shows_why_at_the_tip(
    guest: Guest,
) -> None:
    old = program([[0, OLD_STEPS_DAY, 0]], parts={"concentration_ng_ml": OLD_NG_ML})
    story = {"program": old, "plant": DEAD_VOLUME, "days_ms": 4 * DAY_MS, "sample_ms": HOUR_MS}
    refused = guest.says(**story, commands=concentration_change(NEW_NG_ML, DAY_MS, {}))
    assert [(name, accepted) for _, name, accepted in outcomes(refused)] == [
        ("stop", True),
        ("refill", True),
        ("load", False),
        ("start", False),
    ]
    assert "bridge" in of_kind(refused, "command")[2]["message"]
    overridden = guest.says(
        **story, commands=concentration_change(NEW_NG_ML, DAY_MS, {"override": "to see what happens"})
    )
    assert all(accepted for _, _, accepted in outcomes(overridden))
    doses_ng = tip_ng_by_hour(overridden)
    for dose_ng in doses_ng[24 : 24 + 47]:
        assert dose_ng == pytest.approx(DAILY_NG / 24 / 4, abs=HOURLY_ABS_NG)
    for dose_ng in doses_ng[24 + 49 :]:
        assert dose_ng == pytest.approx(DAILY_NG / 24, abs=HOURLY_ABS_NG)


@pytest.mark.parametrize("fault", [None, ["occlusion", 7 * HOUR_MS, 9 * HOUR_MS, 0], ["slip", 0, 4 * DAY_MS, 3]])
def test_drug_is_conserved_across_everything(guest: Guest, fault: list[Any] | None) -> None:
    old = program([[0, OLD_STEPS_DAY, 0]], parts={"concentration_ng_ml": OLD_NG_ML})
    rows = concentration_change(NEW_NG_ML, 6 * HOUR_MS, {"override": "to see what happens"})
    faults = [fault] if fault else []
    messages = guest.says(program=old, commands=rows, plant=DEAD_VOLUME, sample_ms=HOUR_MS, faults=faults)
    at_change = sampled(messages, 6 * HOUR_MS)["plant"]
    end = messages[-1]["plant"]
    old_steps = at_change["motor_steps"]
    pumped_ng = (old_steps * OLD_NG_ML + (end["motor_steps"] - old_steps) * NEW_NG_ML) * STEP_NL / 1e6
    assert end["pump_ng"] == pytest.approx(pumped_ng, abs=1)
    # The border has not reached the tip within this day: all that left it is of the old concentration.
    assert end["motor_steps"] - old_steps < DEAD_STEPS
    assert end["tip_ng"] == pytest.approx(end["catheter_nl"] * OLD_NG_ML / 1e6, abs=1)
