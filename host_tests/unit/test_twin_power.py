"""The pump's lives in a run: its power goes and comes back, or its watchdog resets it."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rig import DAY_MS, HOUR_MS, MINUTE_MS, board_module
from unit.guests import FLEX, Guest, Messages, events, of_kind, on_a_simulated_board

CUT_MS, OFF_MS = 3 * HOUR_MS + 12_345, 2 * HOUR_MS + 5
BACK_MS = CUT_MS + OFF_MS
CUT: list[Any] = [CUT_MS, "power_cut", OFF_MS]


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    return on_a_simulated_board(tmp_path, monkeypatch)


def powers(messages: Messages) -> list[tuple[int, bool, str]]:
    return [(one["t_ms"], one["on"], one["cause"]) for one in of_kind(messages, "power")]


def test_the_power_goes_and_comes_back_at_their_very_millisecond(guest: Guest) -> None:
    messages = guest.says(commands=[CUT])
    assert powers(messages) == [(CUT_MS, False, "power"), (BACK_MS, True, "power")]
    before, after = of_kind(messages, "power")
    assert (before["status"]["state"], after["status"]["state"]) == ("delivering", "delivering")
    assert before["plant"]["motor_steps"] == after["plant"]["motor_steps"]


def test_without_power_nothing_moves_and_samples_say_so(guest: Guest) -> None:
    messages = guest.says(commands=[[HOUR_MS, "power_cut", 20 * HOUR_MS]])
    dark = [one for one in of_kind(messages, "sample") if HOUR_MS < one["t_ms"] < 21 * HOUR_MS]
    assert [one["t_ms"] for one in dark] == [n * 6 * HOUR_MS for n in (1, 2, 3)]
    assert {(one["status"]["state"], one["plant"]["enabled"]) for one in dark} == {("off", 0)}
    assert len({one["plant"]["motor_steps"] for one in dark}) == 1
    assert messages[-1]["plant"]["watchdog_expiries"] == 0


@pytest.mark.req("M-02")
def test_the_ledger_takes_a_lease_at_most_and_never_less_than_was_delivered(guest: Guest) -> None:
    cuts = [[n * HOUR_MS + 1000 * n, "power_cut", 1000 + 7 * n] for n in range(1, 20)]
    messages = guest.says(commands=cuts)
    lease_steps = messages[0]["lease_steps"]
    assert lease_steps == board_module("sim", MINUTE_MS).LEASE_STEPS
    lives = [one for one in of_kind(messages, "power") if one["on"]]
    gaps = [0, *(one["status"]["confirmed_steps"] - one["plant"]["motor_steps"] for one in lives)]
    assert len(gaps) == 20
    assert all(before <= after <= before + lease_steps for before, after in pairwise(gaps))
    end = messages[-1]
    assert end["status"]["confirmed_steps"] == end["plant"]["motor_steps"] + gaps[-1]


def test_the_journal_goes_on_without_a_gap_and_is_told_by_the_time_of_the_run(guest: Guest) -> None:
    messages = guest.says(commands=[CUT, [BACK_MS + HOUR_MS, "set_time", 0, 0]])
    told = of_kind(messages, "event")
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    assert [one["t_ms"] for one in told] == sorted(one["t_ms"] for one in told)
    assert [t_ms for t_ms, _, _ in events(messages, "restart")] == [BACK_MS]
    assert events(messages, "time_set")[-1] == (BACK_MS + HOUR_MS, 0, 0)


@pytest.mark.req("I-04")
def test_a_watchdogs_reset_takes_no_time(guest: Guest) -> None:
    messages = guest.says(commands=[[CUT_MS, "watchdog_reset"]])
    assert powers(messages) == [(CUT_MS, False, "watchdog"), (CUT_MS, True, "watchdog")]
    assert [t_ms for t_ms, _, _ in events(messages, "reset_watchdog")] == [CUT_MS]


def test_without_power_every_command_is_refused(guest: Guest) -> None:
    in_the_dark = [[CUT_MS + 1, "patient"], [CUT_MS + 2, "power_cut", 5], [CUT_MS + 3, "watchdog_reset"]]
    messages = guest.says(commands=[CUT, *in_the_dark, [BACK_MS, "stop"]])
    told = of_kind(messages, "command")
    assert [one["accepted"] for one in told] == [True, False, False, False, True]
    assert told[1]["message"] == "patient: while the power is off is refused; accepted: a command after it is back"
    # One that comes with the power is for the pump that lives.
    assert messages[-1]["status"]["state"] == "stopped"


def test_the_run_may_end_without_power(guest: Guest) -> None:
    messages = guest.says(commands=[[CUT_MS, "power_cut", 40 * DAY_MS]])
    assert powers(messages) == [(CUT_MS, False, "power")]
    end = messages[-1]
    assert (end["k"], end["t_ms"], end["status"]["state"]) == ("end", DAY_MS, "off")


def test_the_lines_fall_with_the_power(guest: Guest) -> None:
    messages = guest.says(trace=True, commands=[CUT])
    enable = [(one["t_ms"], one["level"]) for one in of_kind(messages, "line") if one["name"] == "enable"]
    assert (CUT_MS, 0) in enable
    assert not [t_ms for t_ms, level in enable if CUT_MS < t_ms < BACK_MS]
    assert enable[-1][1] == 1
    granted = sum(one["steps"] for one in of_kind(messages, "burst"))
    before, after = of_kind(messages, "power")
    last = messages[-1]["status"]["granted_steps"]
    assert granted == before["status"]["granted_steps"] + last - after["status"]["granted_steps"]


def test_faults_go_on_by_the_time_of_the_run(guest: Guest) -> None:
    fault = ["stall", BACK_MS + HOUR_MS, BACK_MS + 2 * HOUR_MS, 0]
    messages = guest.says(commands=[CUT], faults=[fault])
    assert next(t_ms for t_ms, _, _ in events(messages, "state_halted")) == pytest.approx(BACK_MS + HOUR_MS, abs=61_000)


@pytest.mark.req("D-10")
def test_a_halted_pump_stays_halted(guest: Guest) -> None:
    messages = guest.says(commands=[CUT], faults=[["stall", HOUR_MS, 2 * HOUR_MS, 0]])
    assert messages[-1]["status"]["state"] == "halted"
    assert "motor_stall" in messages[-1]["status"]["alarms"]


def test_a_run_on_a_simulated_flash_says_the_same_and_what_the_flash_was_put_to(guest: Guest) -> None:
    job = {"commands": [CUT, [BACK_MS + HOUR_MS, "set_time", 8 * HOUR_MS, 0]], "days_ms": 12 * HOUR_MS}
    in_ram, on_flash = guest.says(**job), guest.says(**job, flash=True)
    work = on_flash[-1].pop("flash")
    assert in_ram[-1].pop("flash") is None
    assert on_flash == in_ram
    assert work["operations"] > work["erases"] >= work["most_erases"] > 0
    assert work["programmed_bytes"] == 256 * (work["operations"] - work["erases"])


def test_the_program_is_the_one_it_had(guest: Guest) -> None:
    messages = guest.says(commands=[CUT, [BACK_MS + HOUR_MS, "set_time", 8 * HOUR_MS, 0]], days_ms=2 * DAY_MS)
    end = messages[-1]["status"]
    assert end["program_ng_ml"] == FLEX["concentration_ng_ml"]
    assert end["rate_steps_day"] > 0
