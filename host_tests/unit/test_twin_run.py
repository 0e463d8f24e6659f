"""The guest's entry: a job file in, a stream of messages out."""

from pathlib import Path
from typing import Any

import pytest

from rig import DAY_MS, HOUR_MS, MINUTE_MS, board_module, day_total_steps
from unit.guests import FLEX, Guest, of_kind, on_a_simulated_board


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    return on_a_simulated_board(tmp_path, monkeypatch)


def test_says_how_the_device_understood_its_program(guest: Guest) -> None:
    start = guest.says()[0]
    numerator, denominator = start["day_total"]
    assert start["k"] == "start"
    assert numerator == day_total_steps(FLEX) * denominator
    assert start["board"] == "sim"
    board = board_module("sim", MINUTE_MS)
    assert start["limits"]["hour"] == [board.LIMIT_HOUR_STEPS, "build"]
    assert start["limits"]["bolus"] == [board.LIMIT_BOLUS_STEPS, "build"]
    assert set(start["limits"]) == {"hour", "day", "bolus"}


def test_samples_come_when_they_are_due_and_the_end_comes_last(guest: Guest) -> None:
    messages = guest.says()
    assert [message["t_ms"] for message in of_kind(messages, "sample")] == [n * 6 * HOUR_MS for n in (1, 2, 3, 4)]
    assert [message["k"] for message in messages].count("end") == 1
    assert (messages[-1]["k"], messages[-1]["why"], messages[-1]["t_ms"]) == ("end", "done", DAY_MS)


def test_the_firmware_s_account_and_the_truth_of_the_bench_agree(guest: Guest) -> None:
    end = guest.says()[-1]
    assert end["status"]["confirmed_steps"] == end["plant"]["motor_steps"] == end["plant"]["edges"]
    assert end["status"]["confirmed_steps"] > 69_000
    assert end["plant"]["plunger_nl"] == end["plant"]["catheter_nl"]


def test_events_come_in_order_without_a_gap(guest: Guest) -> None:
    events = of_kind(guest.says(faults=[["stall", HOUR_MS, 2 * HOUR_MS, 0]]), "event")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["t_ms"] for event in events] == sorted(event["t_ms"] for event in events)
    assert "alarm" in {event["kind"] for event in events}


def test_a_halt_does_not_end_the_run(guest: Guest) -> None:
    end = guest.says(faults=[["stall", HOUR_MS, 2 * HOUR_MS, 0]])[-1]
    assert (end["t_ms"], end["why"], end["status"]["state"]) == (DAY_MS, "done", "halted")
    assert end["plant"]["enabled"] == 0


def test_the_same_seed_says_the_same(guest: Guest) -> None:
    faults = [["late_tick", HOUR_MS, 2 * HOUR_MS, 1500], ["slip", HOUR_MS, 5 * HOUR_MS, 10]]
    assert guest.lines(seed=5, faults=faults) == guest.lines(seed=5, faults=faults)


@pytest.mark.req("M-10")
@pytest.mark.parametrize("seed", range(1, 6))
def test_wherever_clock_and_edge_counter_begin_the_total_is_the_same(guest: Guest, seed: int) -> None:
    # Thirteen days: the clock wraps at least once, from wherever it begins.
    end = guest.says(seed=seed, days_ms=13 * DAY_MS, sample_ms=13 * DAY_MS)[-1]
    assert end["status"]["ordered_steps"] == int(13 * day_total_steps(FLEX))
    # What is ordered in the last slice is still on its way.
    assert end["status"]["confirmed_steps"] + end["status"]["in_flight_steps"] == end["status"]["ordered_steps"]
    assert end["plant"]["motor_steps"] == end["status"]["confirmed_steps"]


@pytest.mark.req("M-10")
def test_late_ticks_change_no_total(guest: Guest) -> None:
    late = guest.says(faults=[["late_tick", HOUR_MS, 2 * HOUR_MS, 40_000]])[-1]
    assert late["late_ticks"] == 36
    assert late["status"]["ordered_steps"] == int(day_total_steps(FLEX))
    assert late["plant"]["motor_steps"] == late["status"]["confirmed_steps"]


def test_stops_at_a_sample_when_the_stop_file_is_there(guest: Guest) -> None:
    guest.stop_file.touch()
    end = guest.says(stop_file=str(guest.stop_file))[-1]
    assert (end["k"], end["why"], end["t_ms"]) == ("end", "stopped", 6 * HOUR_MS)


def test_runs_on_while_the_stop_file_is_not_there(guest: Guest) -> None:
    assert guest.says(stop_file=str(guest.stop_file))[-1]["why"] == "done"


def test_ends_when_the_reservoir_is_empty_if_asked_to(guest: Guest) -> None:
    fill_steps = board_module("sim", MINUTE_MS).RESERVOIR_RESIDUAL_STEPS + 20_000
    end = guest.says(fill_steps=fill_steps, until_empty=True)[-1]
    assert (end["why"], end["status"]["state"]) == ("empty", "halted")
    assert end["plant"]["motor_steps"] == end["status"]["confirmed_steps"] == 20_000
    assert guest.says(fill_steps=fill_steps)[-1]["t_ms"] == DAY_MS


def test_refills_at_the_low_mark_if_asked_to(guest: Guest) -> None:
    fill_steps = board_module("sim", MINUTE_MS).RESERVOIR_LOW_STEPS + 30_000
    messages = guest.says(fill_steps=fill_steps, refill_at_low=True)
    end = messages[-1]
    refills = [event for event in of_kind(messages, "event") if event["kind"] == "refill"]
    assert len(refills) == 3
    status = end["status"]
    assert status["filled_steps"] == 3 * fill_steps
    assert status["filled_steps"] == status["reservoir_steps"] + status["confirmed_steps"] + status["wasted_steps"]


def test_says_each_burst_only_when_traced(guest: Guest) -> None:
    bursts = of_kind(guest.says(trace=True), "burst")
    end = guest.says()[-1]
    assert sum(burst["steps"] for burst in bursts) == end["status"]["granted_steps"]
    assert not of_kind(guest.says(), "burst")


def line_changes(messages: list[dict[str, Any]], name: str) -> list[tuple[int, int]]:
    return [(line["t_ms"], line["level"]) for line in of_kind(messages, "line") if line["name"] == name]


def test_says_what_enable_and_dir_do_only_when_traced(guest: Guest) -> None:
    traced = guest.says(trace=True)
    assert line_changes(traced, "dir") == [(0, 1)]
    # The self-test enables the driver and lets it go; then the first tick with something to send holds it.
    enable = line_changes(traced, "enable")
    assert enable[:2] == [(0, 1), (0, 0)]
    assert enable[2] == (MINUTE_MS, 1)
    assert len(enable) == 3
    assert not of_kind(guest.says(), "line")


@pytest.mark.req("M-09")
def test_a_driver_without_its_supply_is_read_back_as_off_from_that_moment(guest: Guest) -> None:
    off_ms = HOUR_MS + 1234
    messages = guest.says(trace=True, faults=[["driver_off", off_ms, 2 * HOUR_MS, 0]])
    assert line_changes(messages, "enable")[-1] == (off_ms, 0)


@pytest.mark.req("M-09")
def test_enable_falls_by_itself_when_no_tick_feeds_it(guest: Guest) -> None:
    board = board_module("sim", MINUTE_MS)
    late_ms = 2 * board.DEAD_MAN_MS
    messages = guest.says(trace=True, faults=[["late_tick", HOUR_MS, HOUR_MS + 1, late_ms]])
    # The tick at the hour was on time and fed the switch.
    assert (HOUR_MS + board.DEAD_MAN_MS, 0) in line_changes(messages, "enable")


@pytest.mark.req("I-01")
def test_a_pump_that_fails_its_self_test_stays_off_with_its_alarm_and_the_run_shows_it(guest: Guest) -> None:
    messages = guest.says(faults=[["driver_off", 0, HOUR_MS, 0]], trace=True)
    kinds = [event["kind"] for event in of_kind(messages, "event")]
    assert "self_test_driver" in kinds
    assert "alarm" in kinds
    assert messages[0]["day_total"][0] == 0
    end = messages[-1]
    assert (end["k"], end["why"], end["t_ms"]) == ("end", "done", DAY_MS)
    assert (end["status"]["state"], end["status"]["alarms"]) == ("inhibited", ["self_test_failed"])
    assert end["status"]["filled_steps"] == end["status"]["reservoir_steps"] == 4_000_000
    assert end["plant"]["motor_steps"] == end["status"]["granted_steps"] == 0


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"slice_ms": 0}, "job.slice_ms: 0 is refused"),
        ({"plant": {"colour": 1}}, "plant.colour: 1 is refused"),
        ({"program": {**FLEX, "version": 1}}, "version: 1 is refused"),
        ({"fill_steps": 9_000_000}, "fill_steps: 9000000 is refused"),
    ],
)
def test_what_it_cannot_use_it_refuses_in_its_last_words(guest: Guest, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SystemExit):
        guest.lines(**changes)
    error = guest.refusal([])
    assert (error["k"], error["type"]) == ("error", "Refused")
    assert words in error["message"]


def test_a_field_that_is_missing_is_named(guest: Guest) -> None:
    guest.path.write_text("{}")
    assert "job.program: nothing is refused" in guest.refusal([])["message"]


def test_a_job_that_cannot_be_read_is_an_error_too(guest: Guest) -> None:
    guest.path.write_text("{")
    assert guest.refusal([])["type"] == "JSONDecodeError"
    guest.path.unlink()
    assert guest.refusal([])["type"] == "FileNotFoundError"
