"""The power goes, or the watchdog resets the pump, in the middle of everything it can be at: the account stays exact.

M-02 is among the checks of every run here: what the ledger has is never less than what was delivered, and never more
than that by over a lease for each restart.
"""

from typing import Any

import pytest

from itb.account.checks import checks
from itb.account.walk import BRIDGE, KEEP_OPEN, POWER_OFF, STOPPED, THERAPY, UNTIMED
from ordered_runs import FILL_STEPS, Command, Ran, run
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, program
from runs import with_status

pytestmark = pytest.mark.req("M-02")

DEN = 3
FLEX = [[0, 12_000, 1], [7 * HOUR_MS, 30_000, 2], [19 * HOUR_MS, 18_000, 0]]
WEEKEND = [[0, 15_000, 0]]
# Half of it, from the third day on.
LOWER = [[0, 6_000, 2], [7 * HOUR_MS, 15_000, 1], [19 * HOUR_MS, 9_000, 0]]
LOWEST_DAY, LOWEST_DAY_OF_LOWER = 12_000, 6_000
OFF_MS = 20 * MINUTE_MS
NOON_MS = 12 * HOUR_MS
# So much shorter a day of the plan may be.
SHORTER_MS = 75 * MINUTE_MS
WEAK_NG_ML = NG_ML // 4
BRIDGE_STEPS, BRIDGE_MS = 6000, 8 * HOUR_MS


def order(**parts: object) -> dict[str, Any]:
    fields = {
        "patterns": [FLEX, WEEKEND, LOWER],
        "plan": [[0, 0, 1], [2, 2, 2]],
        "boluses": [[0, 14 * HOUR_MS, 900, 1, 30 * MINUTE_MS], [1, 9 * HOUR_MS, 600, 0, 10 * MINUTE_MS]],
        "patient": [400, 1, 20 * MINUTE_MS, 4 * HOUR_MS, 5],
        **parts,
    }
    return program([], rate_den=DEN, parts=fields)


def cut(at_ms: int, off_ms: int = OFF_MS) -> Command:
    return (at_ms, "power_cut", off_ms)


def failing(ran: Ran) -> list[str]:
    return [check.name for check in checks(ran.record, ran.course) if not check.ok]


def kinds(ran: Ran) -> list[str]:
    return [event.kind for event in ran.record.events]


def told(ran: Ran, kind: str) -> list[tuple[int, int, int]]:
    return [(event.t_ms, event.a, event.b) for event in ran.record.events if event.kind == kind]


def outcomes(ran: Ran) -> list[tuple[str, str]]:
    return [(bolus.source, bolus.outcome) for bolus in ran.course.boluses]


def set_time(at_ms: int, weekday: int | None = None) -> Command:
    return (at_ms, "set_time", at_ms % DAY_MS, at_ms // DAY_MS % 7 if weekday is None else weekday)


def changed(ng_ml: int, steps: int = BRIDGE_STEPS, over_ms: int = BRIDGE_MS) -> list[Command]:
    """Another concentration, with the bridge that it needs."""
    source = order(concentration_ng_ml=ng_ml, boluses=[], bridge=[steps, over_ms])
    refill = (NOON_MS, "refill", FILL_STEPS, None, ng_ml)
    return [(NOON_MS, "stop"), refill, (NOON_MS, "load", source), (NOON_MS, "start")]


# What goes on at what time, by the name of it.
SITUATIONS: dict[str, list[Command]] = {
    "basal": [],
    "patient": [(NOON_MS, "patient")],
    "suspended": [(NOON_MS, "patient"), (NOON_MS + 5 * MINUTE_MS, "bolus", 300, 1, 3, 10 * MINUTE_MS)],
    "clinician": [(NOON_MS, "bolus", 300, 1, 3, 30 * MINUTE_MS)],
    "scheduled": [],
    "kept_open": [(NOON_MS, "keep_open")],
    "paused": [(NOON_MS, "pause")],
    "stopped": [(NOON_MS, "stop")],
    "titrated": [(NOON_MS, "load", order(patterns=[WEEKEND, FLEX, LOWER], boluses=[]))],
    "refilled": [(NOON_MS, "refill", FILL_STEPS, None, NG_ML)],
    "bridge": changed(WEAK_NG_ML),
}
AT_MS = {"scheduled": 14 * HOUR_MS + 7 * MINUTE_MS}


@pytest.mark.parametrize("after_ms", [1, 7 * MINUTE_MS + 12_345, 3 * HOUR_MS])
@pytest.mark.parametrize("name", SITUATIONS)
def test_whatever_it_was_at_the_account_balances(name: str, after_ms: int) -> None:
    at_ms = AT_MS.get(name, NOON_MS) + after_ms
    ran = run(order(), [*SITUATIONS[name], cut(at_ms), set_time(at_ms + 2 * HOUR_MS)], days=3)
    assert failing(ran) == []
    # A pump that stands still has no lease.
    stopped = name == "stopped" and after_ms > MINUTE_MS
    assert (ran.record.last.status.taken_steps == 0) == stopped
    assert kinds(ran).count("restart") == 1


@pytest.mark.parametrize("name", SITUATIONS)
def test_and_so_it_does_over_many_restarts_of_both_kinds(name: str) -> None:
    cuts: list[Command] = []
    for count in range(12):
        at_ms = NOON_MS + 3 * MINUTE_MS + count * (47 * MINUTE_MS + 1234)
        cuts.append((at_ms, "watchdog_reset") if count % 3 == 2 else cut(at_ms, (count + 1) * 61_007))
        if count % 4 == 1:
            cuts.append(set_time(at_ms + 20 * MINUTE_MS))
    ran = run(order(), [*SITUATIONS[name], *cuts], days=2)
    assert failing(ran) == []
    assert kinds(ran).count("restart") == 12


@pytest.mark.req("D-10")
@pytest.mark.parametrize("name", ["patient", "suspended", "clinician", "scheduled"])
def test_no_bolus_resumes_by_itself(name: str) -> None:
    at_ms = AT_MS.get(name, NOON_MS) + 7 * MINUTE_MS
    ran = run(order(), [*SITUATIONS[name], cut(at_ms, MINUTE_MS)], days=1)
    begun = [bolus for bolus in ran.course.begun if bolus.t_ms < at_ms]
    assert begun
    assert {bolus.outcome for bolus in begun} == {"cut short"}
    after = [s.status for s in ran.record.samples if s.t_ms > at_ms + MINUTE_MS]
    assert {(s.bolus_left_steps, s.suspended_steps) for s in after} == {(0, 0)}
    # From then on there is the basal, and nothing else.
    lowest = LOWEST_DAY + 1 / DEN
    assert after[-1].ordered_steps - after[0].ordered_steps == pytest.approx(
        lowest * (ran.record.last.t_ms - ran.record.samples[-len(after)].t_ms) / DAY_MS, abs=1
    )


@pytest.mark.req("D-09")
def test_lockout_and_maximum_of_a_day_survive() -> None:
    asked = [HOUR_MS, HOUR_MS * 2, HOUR_MS * 7, HOUR_MS * 12]
    commands: list[Command] = [(at_ms, "patient") for at_ms in asked]
    restarts = [cut(HOUR_MS + 30 * MINUTE_MS, 5000), set_time(HOUR_MS + 31 * MINUTE_MS)]
    ran = run(order(patient=[400, 1, 20 * MINUTE_MS, 4 * HOUR_MS, 2], boluses=[]), [*commands, *restarts], days=1)
    denied = [(bolus.reason, bolus.wait_minutes) for bolus in ran.course.boluses if not bolus.begun]
    # How long the power was off it does not know, nor all of the time since the last record: it waits rather longer.
    assert [reason for reason, _ in denied] == ["lockout", "maximum in 24 h"]
    assert [3 * 60 < denied[0][1] <= 4 * 60, 13 * 60 < denied[1][1] <= 14 * 60] == [True, True]
    assert outcomes(ran).count(("patient", "given")) == 2


@pytest.mark.req("I-05", "D-11")
def test_until_the_time_is_set_the_lowest_rate_of_the_stage_runs_under_an_alarm() -> None:
    at_ms, known_ms = 8 * HOUR_MS, 15 * HOUR_MS
    ran = run(order(boluses=[]), [cut(at_ms, HOUR_MS), set_time(known_ms)], days=1)
    ordered = {s.t_ms: s.status.ordered_steps for s in ran.record.samples}
    spans = [(span.mode, span.from_ms, span.until_ms) for span in ran.course.spans]
    assert spans == [
        (THERAPY, 0, at_ms),
        (POWER_OFF, at_ms, at_ms + HOUR_MS),
        (UNTIMED, at_ms + HOUR_MS, known_ms),
        (THERAPY, known_ms, DAY_MS),
    ]
    assert ordered[at_ms] == ordered[at_ms + HOUR_MS]
    assert ordered[known_ms] - ordered[at_ms] == int((LOWEST_DAY + 1 / DEN) * 6 / 24)
    (unknown,) = [alarm for alarm in ran.record.alarms() if alarm.name == "time_unknown"]
    assert unknown.from_ms <= at_ms + HOUR_MS + MINUTE_MS
    assert unknown.until_ms is not None
    assert known_ms <= unknown.until_ms <= known_ms + MINUTE_MS


@pytest.mark.req("I-05")
def test_a_night_without_power_is_no_day_of_the_plan_and_repeats_none() -> None:
    # The second midnight passes without power, the third while the time is unknown: the lower stage waits for two more.
    night = [cut(DAY_MS + 22 * HOUR_MS, 4 * HOUR_MS), set_time(3 * DAY_MS + HOUR_MS)]
    ran = run(order(boluses=[]), night, days=6)
    assert failing(ran) == []
    assert told(ran, "stage") == [(4 * DAY_MS, 1, 2)]
    assert [change.t_ms for change in ran.course.stages] == [4 * DAY_MS]


@pytest.mark.req("I-05")
@pytest.mark.parametrize("at_ms", [DAY_MS + 1, DAY_MS + 10 * MINUTE_MS, DAY_MS + 7 * HOUR_MS])
@pytest.mark.parametrize("set_back_ms", [0, 30 * MINUTE_MS])
def test_a_day_of_the_plan_counts_once_whatever_the_clock_is_set_to_after_a_cut(at_ms: int, set_back_ms: int) -> None:
    # Set back over the midnight before, that midnight comes again and does not move the plan.
    known_ms = at_ms + 2 * MINUTE_MS
    shown_ms = (known_ms - set_back_ms) % DAY_MS
    weekday = (known_ms - set_back_ms) // DAY_MS
    ran = run(order(boluses=[]), [cut(at_ms, MINUTE_MS), (known_ms, "set_time", shown_ms, weekday)], days=4)
    assert failing(ran) == []
    ((stage_ms, stage, plan_day),) = told(ran, "stage")
    # It is seen at the end of its slice.
    assert (stage_ms // MINUTE_MS * MINUTE_MS, stage, plan_day) == (2 * DAY_MS + set_back_ms, 1, 2)


@pytest.mark.req("D-05", "I-05")
@pytest.mark.parametrize("at_ms", [DAY_MS + 7 * MINUTE_MS, DAY_MS + 7 * HOUR_MS + 12_345, 2 * DAY_MS - 2 * HOUR_MS])
@pytest.mark.parametrize("off_ms", [0, 20 * MINUTE_MS, SHORTER_MS, SHORTER_MS + 1, 90 * MINUTE_MS])
def test_time_without_power_and_time_that_is_forgotten_does_not_bring_a_stage_nearer(at_ms: int, off_ms: int) -> None:
    restart: Command = cut(at_ms, off_ms) if off_ms else (at_ms, "watchdog_reset")
    ran = run(order(boluses=[]), [restart, set_time(at_ms + off_ms + MINUTE_MS)], days=4)
    assert failing(ran) == []
    (outage,) = ran.record.outages
    # For the pump the day from the first midnight to the second is so much shorter, which it may be by 75 min.
    counts = off_ms + outage.forgotten_ms <= SHORTER_MS
    assert [change.t_ms for change in ran.course.stages] == [2 * DAY_MS if counts else 3 * DAY_MS]
    assert [event[1:] for event in told(ran, "stage")] == [(1, 2)]


@pytest.mark.req("D-05", "I-05")
@pytest.mark.parametrize("on_ms", [0, HOUR_MS, SHORTER_MS, SHORTER_MS + 1, 12 * HOUR_MS, -5 * HOUR_MS])
@pytest.mark.parametrize("cut_after_ms", [None, 1, 3 * HOUR_MS])
def test_a_clock_that_is_set_on_brings_no_stage_forward_nor_does_a_restart_after_it(
    on_ms: int, cut_after_ms: int | None
) -> None:
    at_ms = DAY_MS + 6 * HOUR_MS
    commands: list[Command] = [(at_ms, "set_time", 6 * HOUR_MS + on_ms, 1)]
    if cut_after_ms:
        known_ms = at_ms + cut_after_ms + MINUTE_MS
        commands += [cut(at_ms + cut_after_ms, 5000), (known_ms, "set_time", (known_ms + on_ms) % DAY_MS, 1)]
    ran = run(order(boluses=[]), commands, days=5)
    assert failing(ran) == []
    forgotten_ms = sum(outage.forgotten_ms + 5000 for outage in ran.record.outages)
    late_days = on_ms + forgotten_ms > SHORTER_MS
    assert [change.t_ms for change in ran.course.stages] == [(2 + late_days) * DAY_MS - on_ms]
    assert [event[1:] for event in told(ran, "stage")] == [(1, 2)]


@pytest.mark.req("I-05")
@pytest.mark.parametrize("wrong_ms", [-3 * HOUR_MS, 5 * HOUR_MS])
def test_a_clock_that_is_set_wrong_after_a_restart_gives_no_bolus_twice(wrong_ms: int) -> None:
    at_ms = 14 * HOUR_MS + 5 * MINUTE_MS
    wrong = (at_ms + HOUR_MS, "set_time", at_ms + HOUR_MS + wrong_ms, 0)
    ran = run(order(plan=[[0, 0, 0]]), [cut(at_ms, 5000), wrong], days=1)
    assert outcomes(ran).count(("scheduled", "cut short")) == 1
    assert [bolus.prescribed_ms for bolus in ran.course.begun].count(14 * HOUR_MS) == 1


@pytest.mark.req("I-04")
def test_a_watchdogs_reset_is_logged_and_alarmed_and_delivery_goes_on() -> None:
    ran = run(order(), [(NOON_MS, "watchdog_reset"), set_time(NOON_MS + 1)], days=1)
    assert [t_ms for t_ms, _, _ in told(ran, "reset_watchdog")] == [NOON_MS]
    assert next((alarm.name, alarm.from_ms) for alarm in ran.record.alarms()) == ("restarted", NOON_MS)
    assert ran.record.last.status.state == "delivering"
    assert ran.course.modes(POWER_OFF) == []


@pytest.mark.req("I-04")
def test_a_pump_that_was_stopped_stays_stopped_and_wants_to_be_verified() -> None:
    commands = [(NOON_MS, "stop"), (NOON_MS + HOUR_MS, "watchdog_reset"), set_time(NOON_MS + HOUR_MS + 1)]
    early, late = NOON_MS + 2 * HOUR_MS, NOON_MS + 3 * HOUR_MS
    ran = run(order(), [*commands, (early, "start"), (late, "verify", None, None), (late, "start")], days=1)
    assert [given.accepted for given in ran.course.orders.given] == [True, True, True, False, True, True]
    assert ran.course.modes(STOPPED) == [(NOON_MS, late)]
    assert failing(ran) == []


def test_a_prime_that_is_cut_stays_cut_with_its_alarm() -> None:
    steps, over_ms = 8000, 30 * MINUTE_MS
    ran = run(order(), [(HOUR_MS, "prime", steps, over_ms, 0), cut(HOUR_MS + 10 * MINUTE_MS)], days=1, autostart=False)
    assert failing(ran) == []
    assert ran.record.last.status.state == "stopped"
    assert {"prime_incomplete", "restarted"} <= set(ran.record.last.status.alarms)
    assert ran.record.last.status.primed_ordered_steps == pytest.approx(steps / 3, abs=1)


@pytest.mark.req("D-12")
@pytest.mark.parametrize("ng_ml", [NG_ML // 4, 2 * NG_ML])
def test_a_bridge_goes_on_to_the_side_of_less_dose(ng_ml: int) -> None:
    # The record is of some time ago: what was given of the bridge since is not known, within a lease. It is given again
    # where the line holds the stronger drug, and taken as given where it holds the weaker.
    steps, over_ms, at_ms = 30_000, 36 * HOUR_MS, NOON_MS + 3 * HOUR_MS
    ran = run(order(), [*changed(ng_ml, steps, over_ms), cut(at_ms), set_time(at_ms + HOUR_MS)], days=4)
    assert failing(ran) == []
    bridged = ran.course.bridge.whole_by(4 * DAY_MS)
    lease_steps = ran.record.start.lease_steps if ran.record.start else 0
    low, high = (steps, steps + lease_steps) if ng_ml < NG_ML else (steps - lease_steps, steps)
    assert low <= bridged <= high
    assert bridged != steps
    assert [span.mode for span in ran.course.spans].count(BRIDGE) == 2


def test_what_is_kept_open_stays_kept_open() -> None:
    ran = run(
        order(boluses=[]), [(NOON_MS, "keep_open"), cut(NOON_MS + HOUR_MS), set_time(NOON_MS + 2 * HOUR_MS)], days=1
    )
    assert [span.mode for span in ran.course.spans] == [THERAPY, KEEP_OPEN, POWER_OFF, KEEP_OPEN]
    assert ran.record.last.status.alarms == ("restarted", "keep_open")


def test_the_power_may_stay_off_to_the_end() -> None:
    ran = run(order(), [cut(NOON_MS, 3 * DAY_MS), (NOON_MS + HOUR_MS, "patient")], days=2)
    assert failing(ran) == []
    assert ran.record.last.status.state == "off"
    assert ran.record.last.plant.motor_steps == ran.record.outages[0].before.plant.motor_steps
    (given,) = ran.course.orders.given[1:]
    assert "while the power is off" in given.message


def test_a_ledger_that_forgot_what_was_delivered_fails_its_checks() -> None:
    ran = run(order(), [cut(NOON_MS), set_time(NOON_MS + HOUR_MS)], days=1)
    last = ran.record.samples[-1]
    ran.record.samples[-1] = with_status(last, confirmed_steps=last.status.confirmed_steps - 1)
    assert {"ledger", "motor"} <= set(failing(ran))
