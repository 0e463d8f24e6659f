"""The account: every law is held against what was said, and each way of breaking one fails just its check."""

from dataclasses import replace
from fractions import Fraction
from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console

from itb.account.account import Account, account
from itb.account.facts import facts
from itb.account.summary import failing, summary
from itb.account.told import bolus_told
from itb.rx.prescribed import MS_PER_DAY
from itb.sim.messages import End, Event, Sample, Start
from itb.sim.record import Record
from runs import BOLUS_AT_MS, MS_PER_HOUR, course_of, events, sample_at, sound_run, truth, with_status


def account_of(record: Record) -> Account:
    return account(record, course_of(record))


def failed(record: Record) -> list[str]:
    return list(failing(account_of(record)))


def line(account: Account, text: str) -> Fraction:
    return next(line.steps for line in account.lines if line.text == text)


@pytest.mark.req("M-01", "R-01", "D-07")
def test_a_sound_run_balances() -> None:
    whole = account_of(sound_run())
    assert whole.balanced
    assert whole.why == "done"
    assert line(whole, "prescribed for the whole time") == Fraction(4901, 2)
    assert line(whole, "below a whole microstep, carried") == Fraction(-1, 2)
    assert line(whole, "confirmed") == 2450


def test_the_lines_lead_from_the_prescription_to_the_ledger() -> None:
    record = halted_at_noon()
    total = Fraction(0)
    for entry in account_of(record).lines:
        if entry.is_sum:
            assert total in (0, entry.steps)
            total = entry.steps
        else:
            total += entry.steps
    assert total == record.last.status.confirmed_steps


LAST = sound_run().last
MOTOR_BEHIND = replace(LAST, plant=replace(LAST.plant, motor_steps=LAST.plant.motor_steps - 1))
EDGE_TOO_MANY = replace(LAST, plant=replace(LAST.plant, edges=LAST.plant.edges + 1))


@pytest.mark.parametrize(
    "last, checks",
    [
        (MOTOR_BEHIND, ["motor"]),
        (EDGE_TOO_MANY, ["ledger"]),
        (with_status(LAST, reservoir_steps=LAST.status.reservoir_steps + 1), ["reservoir"]),
        (with_status(LAST, owed_steps=1), ["demand"]),
        (with_status(LAST, missing_steps=1), ["grant"]),
        (with_status(LAST, abandoned_steps=1), ["grant"]),
        (replace(LAST, plant=replace(LAST.plant, watchdog_expiries=1)), ["watchdog"]),
        (with_status(LAST, granted_steps=2451, stray_steps=-1), ["demand"]),
        (with_status(LAST, ordered_steps=2451, dropped_steps=1), ["prescription", "whole"]),
        (with_status(LAST, ordered_steps=2448, owed_steps=-2), ["prescription", "whole"]),
        # Of two therapies each may hold back a part of a microstep, but not a whole one.
        (with_status(LAST, ordered_steps=2449, owed_steps=-1), ["whole"]),
    ],
)
def test_each_broken_law_fails_its_check_and_no_other(last: Sample, checks: list[str]) -> None:
    record = sound_run()
    record.samples[-1] = last
    assert failed(record) == checks


def test_a_program_understood_otherwise_fails_the_day_total() -> None:
    record = sound_run()
    record.start = Start("sim", 0, (2401, 1))
    assert failed(record) == ["day total"]


def test_a_gap_in_the_journal_fails() -> None:
    record = sound_run()
    record.events.append(Event(MS_PER_DAY, 4, "refill", 1, 0))
    assert failed(record) == ["journal"]


def test_a_law_broken_only_for_a_while_fails_too() -> None:
    record = sound_run()
    record.samples[5] = with_status(record.samples[5], wasted_steps=3)
    assert failed(record) == ["reservoir"]


@pytest.mark.req("D-11")
def test_a_ledger_ahead_of_the_prescription_at_any_sample_fails() -> None:
    record = sound_run()
    at_hour_4 = 4801 * 4 // 48
    ahead = at_hour_4 + 1
    record.samples[3] = sample_at(4 * MS_PER_HOUR, **dict.fromkeys(COUNTS, ahead), reservoir_steps=1_000_000 - ahead)
    assert failed(record) == ["never ahead", "whole"]


COUNTS = ("ordered_steps", "granted_steps", "confirmed_steps")


def halted_at_noon() -> Record:
    """A stall at noon: the motor owes nothing after it, and eight microsteps that were owed are dropped."""
    record = Record(start=Start("sim", 0, (4801, 2)))
    noon_ms = 12 * MS_PER_HOUR
    for hour in range(1, 13):
        record.add(sample_at(hour * MS_PER_HOUR))
    ordered = record.last.status.ordered_steps
    given = ordered - 8
    for hour in range(13, 25):
        counts = {"granted_steps": given, "confirmed_steps": given, "reservoir_steps": 1_000_000 - given}
        halted = sample_at(hour * MS_PER_HOUR, ordered_steps=ordered, dropped_steps=8, state="halted", **counts)
        record.add(halted)
    last = record.last
    record.add(End(last.t_ms, "done", last.status, last.plant, 0, 0))
    record.events = events(
        (0, "state_delivering", 0, 0),
        (BOLUS_AT_MS, "bolus", 50, 0),
        (noon_ms, "state_halted", 0, 0),
        (noon_ms, "alarm", 5, 3),
    )
    return record


def test_a_halt_is_explained_and_an_alarm_alone_unbalances_nothing() -> None:
    halted = account_of(halted_at_noon())
    assert halted.balanced
    assert line(halted, "basal while the pump did not deliver") == -Fraction(4801, 4)
    assert line(halted, "dropped when delivery ended") == -8
    assert [(alarm.name, alarm.until_ms) for alarm in halted.alarms] == [("motor_stall", None)]


@pytest.mark.parametrize("outcome", ["bolus_denied", "bolus_missed"])
def test_a_bolus_that_was_not_given_is_not_asked_for(outcome: str) -> None:
    record = Record(start=Start("sim", 0, (4801, 2)))
    for hour in range(1, 25):
        steps = 4801 * hour // 48
        counts = dict.fromkeys(COUNTS, steps)
        record.add(sample_at(hour * MS_PER_HOUR, **counts, reservoir_steps=1_000_000 - steps))
    record.events = events((0, "state_delivering", 0, 0), (BOLUS_AT_MS, outcome, 50, 0))
    without = account_of(record)
    assert without.balanced
    assert line(without, "boluses refused, missed or not begun") == -50


def test_a_bolus_cut_short_by_a_stop_is_asked_for_only_until_then() -> None:
    record = Record(start=Start("sim", 0, (4801, 2)))
    stopped_ms = BOLUS_AT_MS + MS_PER_HOUR // 2
    steps = 4801 * 13 // 96 + 25
    counts = dict.fromkeys(COUNTS, steps)
    record.add(sample_at(stopped_ms, **counts, reservoir_steps=1_000_000 - steps))
    record.add(sample_at(12 * MS_PER_HOUR, **counts, reservoir_steps=1_000_000 - steps))
    record.events = events(
        (0, "state_delivering", 0, 0),
        (BOLUS_AT_MS, "bolus", 50, 0),
        (stopped_ms, "bolus_cancelled", 25, 0),
        (stopped_ms, "state_stopped", 0, 0),
    )
    cut = account_of(record)
    assert cut.balanced
    assert line(cut, "boluses cut short") == -25
    assert cut.why == "broken off"
    assert told(cut) == ["cut short, 0.5 of 1 ug"]
    assert [bolus["outcome"] for bolus in bolus_facts(cut)] == ["cut short"]
    assert [(bolus["steps"], bolus["ordered_steps"]) for bolus in bolus_facts(cut)] == [(50, 25)]
    assert "cut short, 0.5 of 1 ug" in printed(cut)


def bolus_facts(account: Account) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", facts(account)["boluses"])


def told(account: Account) -> list[str]:
    return [bolus_told(bolus) for bolus in account.boluses]


def printed(account: Account) -> str:
    console = Console(file=StringIO(), width=120)
    with console.capture() as capture:
        console.print(summary(account))
    return capture.get()


def run_with_bolus_begun_late(late_ms: int, hours: int) -> Record:
    """As `sound_run`, but for a bolus that began `late_ms` after its time."""
    record = Record(start=Start("sim", 0, (4801, 2)))
    for hour in range(1, hours + 1):
        t_ms = hour * MS_PER_HOUR
        bolus_steps = 50 * min(max(t_ms - BOLUS_AT_MS - late_ms, 0), MS_PER_HOUR) // MS_PER_HOUR
        steps = 4801 * hour // 48 + bolus_steps
        changes = {**dict.fromkeys(COUNTS, steps), "reservoir_steps": 1_000_000 - steps}
        begun = t_ms > BOLUS_AT_MS
        record.add(sample_at(t_ms, **changes, bolus_left_steps=50 - bolus_steps if begun else 0))
    record.events = events((0, "state_delivering", 0, 0), (BOLUS_AT_MS + late_ms - 500, "bolus", 50, 500))
    return record


@pytest.mark.parametrize("hours", [7, 8, 24])
def test_a_bolus_begun_late_is_asked_for_from_then_on(hours: int) -> None:
    late = account_of(run_with_bolus_begun_late(600_000, hours))
    assert late.balanced
    assert line(late, "boluses begun late, still to come") == (-Fraction(50, 6) if hours == 7 else 0)
    assert [(bolus["prescribed_ms"], bolus["t_ms"]) for bolus in bolus_facts(late)] == [
        (BOLUS_AT_MS, BOLUS_AT_MS + 600_000)
    ]
    assert told(late) == ["given, 600 s late"] if hours > 7 else ["running, 0.8 of 1 ug, 600 s late"]
    assert told(late)[0] in printed(late)


def test_a_bolus_the_firmware_never_came_to_is_not_given_once_its_time_has_come() -> None:
    halted = halted_at_noon()
    halted.events = halted.events[:1]
    assert told(account_of(halted)) == ["not given"]
    early = sound_run(hours=5)
    early.events = early.events[:1]
    assert told(account_of(early)) == []


def test_what_was_stopped_on_the_way_is_a_line_of_its_own() -> None:
    record = sound_run()
    fewer = {"confirmed_steps": 2440, "reservoir_steps": 997_560, "abandoned_steps": 10}
    last = sample_at(MS_PER_DAY, **fewer)
    record.samples[-1] = last
    stopped = account_of(record)
    assert stopped.balanced
    assert line(stopped, "sent, stopped on the way") == -10


def test_a_dead_mans_switch_that_let_go_is_told_only_then() -> None:
    record = sound_run()
    assert "let go" not in printed(account_of(record))
    last = record.last
    record.samples[-1] = replace(last, plant=replace(last.plant, let_go=2))
    assert account_of(record).balanced
    assert "The dead-man's switch let go by itself 2 times." in printed(account_of(record))
    assert facts(account_of(record))["dead_man_let_go"] == 2


def test_days_are_told_apart_by_the_ledger() -> None:
    days = account_of(sound_run(hours=60)).days
    assert [(day.day, day.steps, day.complete) for day in days] == [(1, 2450, True), (2, 2401, True), (3, 1200, False)]
    assert sum(day.steps for day in days) == sound_run(hours=60).last.status.confirmed_steps


def test_the_worst_deviation_is_the_farthest_the_ledger_was_behind() -> None:
    record = sound_run()
    at = record.samples[7]
    late = at.status.confirmed_steps - 9
    record.samples[7] = with_status(at, confirmed_steps=late, in_flight_steps=9, reservoir_steps=1_000_000 - late)
    worst = account_of(record).worst
    assert (worst.steps, worst.t_ms) == (9, 8 * MS_PER_HOUR)
    assert account_of(record).balanced


def test_facts_derive_dose_and_volume_from_the_ledger_not_from_the_order() -> None:
    record = sound_run()
    late = with_status(record.last, confirmed_steps=2400, in_flight_steps=50, reservoir_steps=997_600)
    record.samples[-1] = replace(late, plant=truth(2400))
    told = facts(account_of(record))
    assert told["ordered_ug"] == 49.0
    assert told["ledger_ug"] == 48.0
    assert told["ledger_ml"] == 0.024
    assert told["balanced"] is True


def test_a_bolus_is_told_at_its_time_though_the_firmware_takes_it_up_before() -> None:
    record = sound_run()
    assert next(event.t_ms for event in record.events if event.kind == "bolus") < BOLUS_AT_MS
    assert [(bolus.outcome, bolus.t_ms) for bolus in account_of(record).boluses] == [("given", BOLUS_AT_MS)]
