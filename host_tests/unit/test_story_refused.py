"""Stories that are refused before anything runs: the field, and what the user is told."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import CONTINUOUS
from stories import DEAD_VOLUME, event, rx, story, text

STRONG = rx("strong", ug_ml=2000)
FILL = 'fill = "18 mL"'
WEAK = 'concentration = "500 ug/mL"'
CHANGE = event("06 10:00", "concentration", 'rx = "strong"', FILL)
EARLY = '[[rx.early.bolus]]\nat = "09:00"\ndose = "5 ug"\nover = "10 min"\n'
LATE_STOP = event("06 10:00", "stop", "confirm_withdrawal = false")

REFUSED = {
    # The story itself.
    "no start": (text().replace('start = "2026-01-05"', ""), "start: (missing)", 'like "2026-01-05"'),
    "a start without quotes": (text().replace('"2026-01-05"', "2026-01-05"), "start: ", "a date in quotes"),
    "no such day": (text().replace("01-05", "02-30"), "start: '2026-02-30'", "a date"),
    "a week's date": (text().replace("2026-01-05", "2026-W02-1"), "start: '2026-W02-1'", "a date"),
    "no first": (text().replace('first = "one"', ""), "first: (missing)", 'one of "one"'),
    "an unknown first": (text().replace('first = "one"', 'first = "two"'), "first: 'two'", 'one of "one"'),
    "no programs": ('title = "x"\nstart = "2026-01-05"\nfirst = "one"\n', "rx: (missing)", "tables [rx.NAME]"),
    "programs that are no table": (
        'title = "x"\nstart = "2026-01-05"\nfirst = "one"\nrx = 5\n',
        "rx: 5",
        "a table [rx]",
    ),
    "an empty list of programs": (
        'title = "x"\nstart = "2026-01-05"\nfirst = "one"\n[rx]\n',
        "rx: a table",
        "1 to 50 tables",
    ),
    "until before start": (
        text(head='until = "2026-01-05"\n'),
        "until: '2026-01-05'",
        "a date after start, 2026-01-05",
    ),
    "until a time": (text(head='until = "2026-01-07 10:00"\n'), "until: '2026-01-07 10:00'", "a date in quotes"),
    "until in two hundred years": (text(head='until = "2226-01-07"\n'), "until: ", "36500 days at most"),
    "another line": (text(head='line = "full"\n'), "line: 'full'", 'one of "empty"'),
    "delivering in words": (text(head='delivering = "yes"\n'), "delivering: 'yes'", "true or false, without quotes"),
    "more than fits in": (text(head='fill = "21 mL"\n'), "fill: '21 mL'", "up to 20 mL (board sim)"),
    "nothing to deliver": (text(head='fill = "0.3 mL"\n'), "fill: '0.3 mL'", "more than the residual 0.3 mL"),
    "an unknown key": (text(head='unitl = "2026-01-07"\n'), "unitl: an unknown key", 'is "until" meant?'),
    "a wrong prescription": (text(rx("two", "400")), "rx.two.basal.rate: '400'", "ug/day"),
    "a prescription that is limited": (text(rx("two", "60 ug/h")), "rx.two.basal: 1440 ug/day = 60 ug/h", "1000 ug"),
    "a prescription's unknown key": (text(rx("two", "400 ug/day", 500, "[rx.two.drugs]")), "rx.two.drugs", 'is "drug"'),
    "a missing file": (text('[rx.two]\nfile = "nowhere.toml"\n'), "nowhere.toml", "a prescription"),
    # Times.
    "an event without a time": (text('[[event]]\ndo = "start"\n'), "event[1].at: (missing)", "2026-01-12 10:00"),
    "an event with a date alone": (
        text('[[event]]\nat = "2026-01-06"\ndo = "start"\n'),
        "event[1].at",
        "a time of day",
    ),
    "an event in the 25th hour": (text(event("06 24:00", "start")), "event[1].at: '2026-01-06 24:00'", "a date and"),
    "an event at the start": (text(event("05 00:00", "start")), "event[1].at", "after the start, 2026-01-05 00:00"),
    "an event at the end": (
        text(event("07 00:00", "start"), head='until = "2026-01-07"\n'),
        "event[1].at: '2026-01-07 00:00'",
        "a time before until, 2026-01-07 00:00",
    ),
    "events out of order": (
        text(event("07 10:00", "start"), event("06 10:00", "start")),
        "event[2].at: '2026-01-06 10:00'",
        "not before that of the event above, 2026-01-07 10:00",
    ),
    # What is done.
    "nothing done": (text('[[event]]\nat = "2026-01-06 10:00"\n'), "event[1].do: (missing)", 'one of "program"'),
    "something unknown done": (text(event("06 10:00", "patient bolsu")), "event[1].do", 'is "patient bolus" meant?'),
    "another expectation": (text(event("06 10:00", "start", 'expect = "taken"')), "event[1].expect", '"refused"'),
    "a key of another kind": (text(event("06 10:00", "start", FILL)), "event[1].fill: an unknown key", "keys at, do"),
    "expecting a change of concentration to fail": (
        text(STRONG, DEAD_VOLUME, CHANGE + 'expect = "refused"\n'),
        "event[1].expect: an unknown key",
        "the keys at, do",
    ),
    "expecting a power cut to fail": (
        text(event("06 10:00", "power cut", 'expect = "refused"')),
        "event[1].expect: an unknown key",
        "the keys at, do, off",
    ),
    "a power cut for ever": (text(event("06 10:00", "power cut", 'off = "366 day"')), "event[1].off", "365 day"),
    "a power cut for no time": (text(event("06 10:00", "power cut", 'off = "0 s"')), "event[1].off", "above 0"),
    "a watchdog that takes its time": (
        text(event("06 10:00", "watchdog reset", 'off = "1 s"')),
        "event[1].off: an unknown key",
        "the keys at, do",
    ),
    "a command in the dark": (
        text(event("06 10:00", "power cut", 'off = "89 s"'), event("06 10:01", "acknowledge")),
        "event[2].at: '2026-01-06 10:01'",
        'a time when the power is back, 2026-01-06 10:02 or later; before it only what has expect = "refused"',
    ),
    "an unconfirmed stop": (
        text(event("06 10:00", "stop")),
        "event[1].confirm_withdrawal: (missing)",
        "abrupt withdrawal can bring high fever, altered mental state, rebound spasticity and muscle rigidity, and",
    ),
    "a stop that is denied": (text(LATE_STOP), "event[1].confirm_withdrawal: False", "offer a taper instead"),
    "an unknown program": (text(event("06 10:00", "program", 'rx = "two"')), "event[1].rx: 'two'", "[rx.NAME]: one"),
    "a program without a name": (text(event("06 10:00", "program")), "event[1].rx: (missing)", "a non-empty text"),
    "a rise of the dose": (
        text(rx("two", "521 ug/day"), event("06 10:00", "program", 'rx = "two"')),
        "event[1].rx: a rise by 30.25 % from 400 ug/day to 521 ug/day",
        "at most 30 % within 24 h, to 520 ug/day (drug baclofen/spinal: D-05",
    ),
    "a rise with the concentration": (
        text(rx("two", "521 ug/day", 2000), DEAD_VOLUME, CHANGE.replace("strong", "two")),
        "event[1].rx: a rise by 30.25 % from 400 ug/day to 521 ug/day",
        "at most 30 % within 24 h",
    ),
    "two rises on one day": (
        text(
            rx("two", "480 ug/day"),
            rx("three", "560 ug/day"),
            event("06 10:00", "program", 'rx = "two"'),
            event("07 09:59", "program", 'rx = "three"'),
        ),
        "event[2].rx: a rise by 40 % from 400 ug/day to 560 ug/day",
        "within 24 h",
    ),
    "a program for another strength": (
        text(STRONG, event("06 10:00", "program", 'rx = "strong"')),
        "event[1].rx: 'strong'",
        'for the 500 ug/mL in the reservoir (this one is for 2000 ug/mL); do = "concentration"',
    ),
    "a bolus before the program is loaded": (
        text(rx("early", "400 ug/day", 500, EARLY), event("06 10:00", "program", 'rx = "early"')),
        "event[1].rx: 'early'",
        "a program without boluses before 10:00 of its day 1, the day it is loaded on (here 09:00)",
    ),
    # Changes of concentration.
    "no bridge": (text(STRONG, CHANGE), "event[1].override: neither an override nor a dead volume", "[dead_volume]"),
    "an empty reason": (text(STRONG, CHANGE + 'override = " "\n'), "event[1].override: ' '", "a non-empty text"),
    "a change to the same": (
        text(rx("two"), DEAD_VOLUME, CHANGE.replace("strong", "two")),
        "event[1].rx: 'two'",
        'another concentration than 500 ug/mL; without one do = "refill"',
    ),
    "a change without a filling": (
        text(STRONG, DEAD_VOLUME, event("06 10:00", "concentration", 'rx = "strong"')),
        "event[1].fill: (missing)",
        "a volume",
    ),
    "half of a dead volume": (
        text(STRONG, CHANGE, DEAD_VOLUME.replace('path = "0.18 mL"\n', "")),
        "dead_volume.path: (missing)",
        "a volume",
    ),
    "a bridge for weeks": (
        text(STRONG, CHANGE, DEAD_VOLUME.replace("100 cm", "200 cm").replace("0.0022", "0.05")),
        "event[1].rx: a bridge of 10.18 mL at 0.8 mL/day = 400 ug/day for ≈12.72 days",
        "at most 10 day: at this rate a dead volume of at most 8 mL",
    ),
    # Refills.
    "an overfill": (text(event("06 10:00", "refill", 'fill = "20.1 mL"', WEAK)), "event[1].fill: '20.1 mL'", "20 mL"),
    "a refill without its strength": (
        text(event("06 10:00", "refill", FILL)),
        "event[1].concentration: (missing)",
        "a concentration with its unit",
    ),
    "a refill of another strength": (
        text(event("06 10:00", "refill", FILL, 'concentration = "2000 ug/mL"')),
        "event[1].concentration: '2000 ug/mL'",
        '500 ug/mL, as in the reservoir; do = "concentration"',
    ),
    "a withdrawal without a unit": (
        text(event("06 10:00", "refill", FILL, WEAK, 'withdrawn = "3"')),
        "event[1].withdrawn: '3'",
        "a volume with its unit",
    ),
    # Boluses and primes.
    "a bolus without a time": (
        text(event("06 10:00", "bolus", 'dose = "20 ug"')),
        "neither of rate and over",
        "either",
    ),
    "a bolus without a unit": (
        text(event("06 10:00", "bolus", "dose = 20", 'over = "5 min"')),
        "event[1].dose: 20",
        "a dose with its unit",
    ),
    "a bolus above the limit": (
        text(event("06 10:00", "bolus", 'dose = "100.001 ug"', 'over = "30 min"')),
        "event[1].dose: 100.001 ug",
        "at most 100 ug (limit bolus 100 ug = 0.2 mL from drug baclofen/spinal: label: largest screening bolus)",
    ),
    "a bolus below the limit": (
        text(event("06 10:00", "bolus", 'dose = "0.5 ug"', 'over = "30 min"')),
        "event[1].dose: '0.5 ug'",
        "at least 1 ug (drug baclofen/spinal",
    ),
    "a bolus with too many decimals": (
        text(event("06 10:00", "bolus", 'dose = "20.123456789 ug"', 'over = "30 min"')),
        "event[1].dose: '20.123456789 ug'",
        "use fewer decimals",
    ),
    "a prime without a dead volume": (
        text(event("06 10:00", "prime", 'over = "30 min"', "emptied = true")),
        "dead_volume: (missing)",
        "required inputs, without defaults (D-13)",
    ),
    "a prime that does not say what the line holds": (
        text(DEAD_VOLUME, event("06 10:00", "prime", 'over = "30 min"')),
        "event[1].emptied: (missing)",
        "true or false",
    ),
    "a prime that is too fast": (
        text(DEAD_VOLUME, event("06 10:00", "prime", 'over = "10 min"', "emptied = true")),
        "event[1].over: '10 min'",
        "at least 24 min: board sim gives at most 24 mL/day",
    ),
    "a prime of more than any line holds": (
        text(DEAD_VOLUME.replace("0.18", "0.79"), event("06 10:00", "prime", 'over = "2 h"', "emptied = true")),
        "event[1].do: 'prime'",
        "a prime of at most 1 mL; [dead_volume] makes 1.01 mL",
    ),
}


@pytest.mark.req("D-01", "D-02", "D-05", "D-12", "D-13", "D-14", "R-05")
@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_story_names_field_and_what_is_accepted(name: str, tmp_path: Path) -> None:
    source, found, accepted = REFUSED[name]
    with pytest.raises(InputError) as caught:
        story(source, tmp_path)
    assert found in f"{caught.value.field}: {caught.value.value}"
    assert accepted in caught.value.accepted


def test_a_prescription_does_not_name_another_file(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(CONTINUOUS, encoding="utf-8")
    with pytest.raises(InputError, match=r"story.toml: title: \(missing\) is refused"):
        story('file = "other.toml"\n', tmp_path)


@pytest.mark.req("D-02", "D-03")
def test_a_bolus_of_exactly_the_limit_is_taken_and_to_be_confirmed(tmp_path: Path) -> None:
    taken = story(text(event("06 10:00", "bolus", 'dose = "100 ug"', 'over = "30 min"')), tmp_path)
    assert [command.dose_ug for command in taken.commands] == [100]
    assert [str(one).split(" (")[0] for one in taken.findings if one.field.endswith("dose")] == [
        "story.toml: event[1].dose: 100 ug; expected at most 50 ug"
    ]


def test_more_events_than_a_story_holds_are_refused(tmp_path: Path) -> None:
    events = [event("06 10:00", "acknowledge")] * 501
    with pytest.raises(InputError, match=r"story.toml: event: 501 tables is refused; accepted: 1 to 500 tables"):
        story(text(*events), tmp_path)
