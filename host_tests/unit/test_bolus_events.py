"""What the journal says of boluses."""

from itb.sim.bolus_events import DENIALS, boluses
from itb.sim.messages import Event
from itb.sim.restarts import Outage
from pump.runtime.boluses import REASONS
from runs import events, sample_at, status_at


def told(journal: list[Event], **last: object) -> list[tuple[object, ...]]:
    status = status_at(0, **last)
    return [(bolus.source, bolus.outcome, bolus.ordered_steps, bolus.spans) for bolus in boluses(journal, status)]


def test_the_reasons_are_the_firmware_s() -> None:
    assert DENIALS == REASONS


def test_a_bolus_of_the_program_begins_some_time_after_it_was_taken_up() -> None:
    journal = events((1000, "bolus", 50, 2000), (9000, "bolus_end", 50, 0))
    assert told(journal) == [("scheduled", "given", 50, ((3000, 9000),))]


def test_one_that_is_cancelled_before_it_begins_has_run_for_no_time() -> None:
    journal = events((1000, "bolus", 50, 2000), (1500, "bolus_cancelled", 50, 0))
    assert told(journal) == [("scheduled", "cut short", 0, ((3000, 3000),))]


def test_who_asked_is_told_apart() -> None:
    journal = events(
        (1, "patient_bolus", 5, 10), (20, "bolus_end", 5, 0), (30, "trial_bolus", 6, 0), (50, "bolus_end", 6, 0)
    )
    journal += events((60, "clinician_bolus", 7, 10))
    assert [(source, ordered) for source, _, ordered, _ in told(journal)] == [
        ("patient", 5),
        ("trial", 6),
        ("clinician", 7),
    ]


SUSPENDED = (
    (1000, "patient_bolus", 50, 10_000),
    (3000, "clinician_bolus", 7, 4000),
    (3000, "patient_suspended", 40, 0),
)


def test_a_bolus_that_ended_just_before_another_began_was_not_suspended() -> None:
    journal = events((1000, "patient_bolus", 50, 2000), (3000, "clinician_bolus", 7, 4000), (3000, "bolus_end", 50, 0))
    journal += events((7000, "bolus_end", 7, 0))
    assert told(journal) == [
        ("patient", "given", 50, ((1000, 3000),)),
        ("clinician", "given", 7, ((3000, 7000),)),
    ]


def cut_at(off_ms: int, seq: int, **status: object) -> Outage:
    """The power went after the event `seq`, with these steps left to give."""
    return Outage(off_ms, "power", seq, sample_at(off_ms, **status), off_ms + 1000)


def test_a_power_cut_ends_what_ran_and_what_was_suspended_though_the_journal_does_not_say() -> None:
    journal = [*events(*SUSPENDED), Event(9000, 4, "restart", 0, 0)]
    found = boluses(journal, status_at(9000), [cut_at(5000, 3, bolus_left_steps=3, suspended_steps=40)])
    assert [(one.source, one.outcome, one.ordered_steps, one.spans) for one in found] == [
        ("patient", "cut short", 10, ((1000, 3000),)),
        ("clinician", "cut short", 4, ((3000, 5000),)),
    ]


def test_a_bolus_that_was_through_before_the_power_went_was_given() -> None:
    journal = [*events((1000, "patient_bolus", 50, 2000)), Event(9000, 2, "restart", 0, 0)]
    (bolus,) = boluses(journal, status_at(9000), [cut_at(3000, 1)])
    assert (bolus.outcome, bolus.ordered_steps) == ("given", 50)


def test_one_that_begins_after_a_power_cut_has_nothing_to_do_with_it() -> None:
    journal = events((1000, "state_stopped", 0, 0), (2000, "patient_bolus", 50, 2000))
    found = boluses(journal, status_at(3000, bolus_left_steps=25), [cut_at(1500, 1)])
    assert [(one.outcome, one.ordered_steps) for one in found] == [("running", 25)]


def test_a_suspended_bolus_has_two_spans_when_it_was_resumed() -> None:
    journal = events(*SUSPENDED, (7000, "bolus_end", 7, 0), (7000, "patient_resumed", 40, 8000))
    assert told(journal) == [
        ("patient", "given", 50, ((1000, 3000), (7000, None))),
        ("clinician", "given", 7, ((3000, 7000),)),
    ]


def test_a_stop_cuts_short_the_one_that_runs_and_the_one_that_is_suspended() -> None:
    journal = events(*SUSPENDED, (4000, "bolus_cancelled", 6, 0), (4000, "bolus_cancelled", 40, 0))
    assert told(journal) == [
        ("patient", "cut short", 10, ((1000, 3000),)),
        ("clinician", "cut short", 1, ((3000, 4000),)),
    ]


def test_the_end_of_the_run_finds_one_running_and_one_suspended() -> None:
    assert told(events(*SUSPENDED), bolus_left_steps=5, suspended_steps=40) == [
        ("patient", "suspended", 10, ((1000, 3000),)),
        ("clinician", "running", 2, ((3000, None),)),
    ]


def test_denials_tell_why_and_for_how_long() -> None:
    journal = events(
        (1, "patient_denied", 1, 95),
        (2, "clinician_denied", 70, 6),
        (3, "trial_denied", 3, 0),
        (4, "bolus_denied", 50, 2000),
        (5, "bolus_missed", 50, 0),
    )
    found = boluses(journal, None)
    assert [(bolus.source, bolus.outcome, bolus.reason, bolus.wait_minutes, bolus.steps) for bolus in found] == [
        ("patient", "denied", "lockout", 95, 0),
        ("clinician", "denied", "a dose limit", 0, 70),
        ("trial", "denied", "not in the program", 0, 0),
        ("scheduled", "denied", "a dose limit", 0, 50),
        ("scheduled", "missed", "", 0, 50),
    ]
    assert not any(bolus.begun for bolus in found)
