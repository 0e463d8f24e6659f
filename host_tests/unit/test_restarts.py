"""Counters over the lives of a pump: they go on where they stood, and what a restart took is told apart."""

from dataclasses import replace

import pytest

from itb.sim.messages import End, GuestError, Power
from itb.sim.record import Record
from runs import MS_PER_HOUR, sample_at, status_at, truth

CUT_MS, BACK_MS = 6 * MS_PER_HOUR, 7 * MS_PER_HOUR
MADE, TAKEN = 600, 150


def off(t_ms: int = CUT_MS, **changes: int) -> Power:
    """The power goes, with MADE microsteps counted, 5 more on their way and 2 owed."""
    counts = {"ordered_steps": MADE + 7, "granted_steps": MADE + 5, "confirmed_steps": MADE, **changes}
    return Power(t_ms, False, "power", status_at(t_ms, in_flight_steps=5, owed_steps=2, **counts), truth(MADE + 3))


def on(t_ms: int = BACK_MS, cause: str = "power") -> Power:
    """The power is back: the ledger has TAKEN more, and all counters begin with it."""
    counts = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps"), MADE + TAKEN)
    return Power(t_ms, True, cause, status_at(t_ms, **counts), truth(MADE + 3))


def restarted() -> Record:
    record = Record()
    record.add(off())
    record.add(on())
    return record


def test_counters_go_on_and_the_ledger_tells_what_it_took() -> None:
    record = restarted()
    counts = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps"), MADE + TAKEN + 100)
    record.add(replace(sample_at(8 * MS_PER_HOUR, **counts), plant=truth(MADE + 103)))
    status = record.last.status
    assert (status.ordered_steps, status.granted_steps) == (MADE + 107, MADE + 105)
    # What was owed is dropped, what was on its way is not known of.
    assert (status.dropped_steps, status.cut_steps, status.owed_steps) == (2, 5, 0)
    assert (status.confirmed_steps, status.taken_steps, status.counted_steps) == (MADE + TAKEN + 100, TAKEN, MADE + 100)


@pytest.mark.req("M-02")
def test_what_was_not_delivered_of_it_is_by_the_edges_that_were_seen() -> None:
    (outage,) = restarted().outages
    assert (outage.off_ms, outage.on_ms, outage.cause) == (CUT_MS, BACK_MS, "power")
    # Three of those on their way went out.
    assert outage.uncounted_steps == TAKEN - 3


def test_what_a_new_life_does_not_know_of_the_one_before_is_forgotten() -> None:
    record = Record()
    record.add(replace(off(), uptime_ms=CUT_MS))
    record.add(replace(on(), uptime_ms=CUT_MS - 40_000))
    assert [outage.forgotten_ms for outage in record.outages] == [40_000]


def test_without_power_samples_tell_how_things_stood() -> None:
    record = Record()
    record.add(off())
    dark = replace(sample_at(CUT_MS + 1), status=status_at(CUT_MS, state="off", confirmed_steps=1))
    record.add(dark)
    assert (record.last.status.state, record.last.status.confirmed_steps) == ("off", MADE)
    assert (record.last.status.rate_steps_day, record.last.status.alarms) == (0, ())
    record.add(End(BACK_MS, "done", dark.status, truth(MADE + 3), 0, 0))
    assert record.outages[0].on_ms is None
    assert record.last.status.state == "off"


def test_each_restart_adds_to_those_before() -> None:
    record = restarted()
    again = 9 * MS_PER_HOUR
    counts = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps"), MADE + TAKEN)
    record.add(replace(off(again), status=status_at(again, **counts)))
    more = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps"), MADE + 2 * TAKEN)
    record.add(Power(again, True, "watchdog", status_at(again, **more), truth(MADE + 3)))
    assert [outage.uncounted_steps for outage in record.outages] == [TAKEN - 3, 2 * TAKEN - 3]
    record.add(sample_at(10 * MS_PER_HOUR, **more))
    assert (record.last.status.taken_steps, record.last.status.ordered_steps) == (2 * TAKEN, MADE + 7)


def test_a_power_goes_and_comes_in_turn() -> None:
    with pytest.raises(GuestError, match="switched on a power that was on"):
        Record().add(on())
    record = restarted()
    with pytest.raises(GuestError, match="switched on"):
        record.add(on())
    record.add(off(BACK_MS + 1))
    with pytest.raises(GuestError, match="cut a power that was off"):
        record.add(off(BACK_MS + 2))
