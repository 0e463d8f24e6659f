"""Bad prescriptions: each is refused by the field that is wrong, with its value and what would be accepted."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import FLEX, changed, plan

STEP = '\n[[basal.step]]\nstart = "{}"\nrate = "20 ug/h"\n'
MANY_STEPS = "".join(STEP.format(f"{minute // 60:02d}:{minute % 60:02d}") for minute in range(1000, 1047))
MANY_BOLUSES = "".join(
    f'\n[[bolus]]\nday = {day}\nat = "08:00"\ndose = "5 ug"\nover = "5 min"\n' for day in range(3, 50)
)

# Name, what is replaced in FLEX by what, and what the message must say.
REFUSED = [
    ("no unit", 'rate = "10 ug/h"', 'rate = "10"', ["basal.step[1].rate: '10'", '"300 ug/day"', '"0.2 mL/day"']),
    ("a bare number", 'rate = "10 ug/h"', "rate = 10", ["basal.step[1].rate: 10 ", '"300 ug/day"']),
    ("a float", 'rate = "10 ug/h"', "rate = 10.5", ["basal.step[1].rate: 10.5 ", '"300 ug/day"']),
    ("a TOML nan", 'rate = "10 ug/h"', "rate = nan", ["basal.step[1].rate: nan ", "above 0"]),
    ("a TOML inf", 'rate = "10 ug/h"', "rate = inf", ["basal.step[1].rate: inf ", "above 0"]),
    ("a huge TOML float", 'rate = "10 ug/h"', "rate = 1e9999999", ["basal.step[1].rate: inf "]),
    ("nan", 'rate = "10 ug/h"', 'rate = "nan ug/h"', ["basal.step[1].rate: 'nan ug/h'"]),
    ("inf", 'rate = "10 ug/h"', 'rate = "inf ug/h"', ["basal.step[1].rate: 'inf ug/h'"]),
    ("negative", 'rate = "10 ug/h"', 'rate = "-10 ug/h"', ["basal.step[1].rate: '-10 ug/h'", "above 0"]),
    ("zero rate", 'rate = "10 ug/h"', 'rate = "0 ug/h"', ["basal.step[1].rate: '0 ug/h'", "above 0"]),
    ("exponent", 'rate = "10 ug/h"', 'rate = "1e9999999 ug/h"', ["basal.step[1].rate: '1e9999999 ug/h'"]),
    ("wrong dimension", 'rate = "10 ug/h"', 'rate = "10 ug"', ["basal.step[1].rate: '10 ug'", "a dose rate"]),
    ("unknown unit", 'rate = "10 ug/h"', 'rate = "10 ug/week"', ["'10 ug/week'", "ug/day, ug/h, ug/min"]),
    ("milligrams", 'dose = "20 ug"', 'dose = "20 mg"', ["bolus[1].dose: '20 mg'", '"20 ug"']),
    ("zero concentration", '"2000 ug/mL"', '"0 ug/mL"', ["drug.concentration: '0 ug/mL'", "above 0"]),
    ("strong", '"2000 ug/mL"', '"2001 ug/mL"', ["drug.concentration: '2001 ug/mL'", "50 ug/mL to 2000 ug/mL", "label"]),
    ("weak", '"2000 ug/mL"', '"49 ug/mL"', ["drug.concentration: '49 ug/mL'", "50 ug/mL to 2000 ug/mL", "screening"]),
    ("unitless strength", '"2000 ug/mL"', "2000", ["drug.concentration: 2000 ", '"2000 ug/mL"']),
    ("unknown drug", '"baclofen"', '"baclofin"', ["drug.name: 'baclofin'", 'is "baclofen" meant?']),
    ("unknown profile", '"spinal"', '"spine"', ["drug.profile: 'spine'", '"spinal", "cerebral", "paediatric"']),
    ("unknown key", "[reservoir]", "[reservoir]\ncolour = 1", ["reservoir.colour: an unknown key", "the keys fill"]),
    ("unknown table", "[reservoir]", "[resevoir]", ["resevoir: an unknown key", 'is "reservoir" meant?']),
    ("misspelt key", "over =", "ovre =", ["bolus[1].ovre: an unknown key", '(is "over" meant?)']),
    ("missing title", 'title = "A flex day"', "", ["title: (missing)", "a non-empty text"]),
    ("misspelt title", "title =", "tilte =", ["title: (missing)", 'found "tilte": is title meant?']),
    ("missing drug", "[drug]", "[durg]", ["drug: (missing)", 'found "durg"']),
    ("unknown mode", 'mode = "flex"', 'mode = "simple"', ["basal.mode: 'simple'", '"continuous", "flex"']),
    ("a rate beside steps", 'mode = "flex"', 'mode = "flex"\nrate = "1 ug/h"', ["basal.rate: an unknown key"]),
    ("not at midnight", 'start = "00:00"', 'start = "00:30"', ["basal.step[1].start: '00:30'", '"00:00"']),
    (
        "not ascending",
        'start = "06:00"',
        'start = "00:00"',
        ["basal.step[2].start: '00:00'", "after the step before it"],
    ),
    ("no time", 'start = "06:00"', 'start = "24:00"', ["basal.step[2].start: '24:00'", '"00:00" to "23:59"']),
    ("49 steps", "[[bolus]]", MANY_STEPS + "\n[[bolus]]", ["basal.step: 49 tables", "1 to 48 tables"]),
    ("49 boluses", "[limits]", MANY_BOLUSES + "\n[limits]", ["bolus: 49 tables", "1 to 48 tables"]),
    ("day 0", "day = 2", "day = 0", ["bolus[2].day: 0 ", "from 1 to 366"]),
    ("a day in quotes", "day = 2", 'day = "2"', ["bolus[2].day: '2'", "without quotes"]),
    ("rate and over", 'over = "10 min"', 'over = "10 min"\nrate = "9 ug/h"', ["bolus[1].rate: both of rate and over"]),
    (
        "a misspelt rate of a bolus",
        'rate = "60 ug/h"',
        'rat = "60 ug/h"',
        ["bolus[2].rat: an unknown key", '(is "rate" meant?)'],
    ),
    ("no duration", 'over = "10 min"\n', "", ["bolus[1].rate: neither of rate and over"]),
    ("no time at all", 'over = "10 min"', 'over = "0 min"', ["bolus[1].over: '0 min'", "above 0"]),
    ("over 24 h", 'over = "10 min"', 'over = "25 h"', ["bolus[1].over: '25 h'", "up to 24 h"]),
    ("a slow bolus", 'rate = "60 ug/h"', 'rate = "0.4 ug/h"', ["bolus[2].rate: '0.4 ug/h'", "at least 10 ug/day"]),
    (
        "overlapping boluses",
        'day = 2\nat = "12:00"',
        'at = "08:09"',
        ["bolus[2].at: day 1 08:09", "day 1 08:11 or later"],
    ),
    (
        "boluses too close",
        'day = 2\nat = "12:00"',
        'at = "08:10"',
        ["bolus[2].at: day 1 08:10", "1 min after the bolus before it has ended, day 1 08:11 or later"],
    ),
    ("a late first bolus", '[[bolus]]\nat = "08:00"', '[[bolus]]\nday = 3\nat = "08:00"', ["bolus[2].at: day 2 12:00"]),
    ("daily limit per hour", 'daily = "600 ug/day"', 'daily = "60 ug/h"', ["limits.daily: '60 ug/h'", '"500 ug/day"']),
    ("hourly limit per day", 'hourly = "60 ug/h"', 'hourly = "60 ug/day"', ["limits.hourly: '60 ug/day'", '"60 ug/h"']),
    ("zero limit", 'bolus = "25 ug"', 'bolus = "0 ug"', ["limits.bolus: '0 ug'", "above 0"]),
    ("overfill", 'fill = "18 mL"', 'fill = "20.001 mL"', ["reservoir.fill: 20.001 mL", "up to 20 mL (board sim)"]),
    ("dry", 'fill = "18 mL"', 'fill = "0.3 mL"', ["reservoir.fill: 0.3 mL", "more than the residual 0.3 mL"]),
    (
        "below a microstep",
        'fill = "18 mL"',
        'fill = "0.300001 mL"',
        ["reservoir.fill: 0.300001 mL", "at least 0.300008 mL"],
    ),
    ("fill without unit", 'fill = "18 mL"', "fill = 18", ["reservoir.fill: 18 ", '"18 mL"']),
    (
        "many decimals",
        'rate = "10 ug/h"',
        'rate = "10.000000001 ug/h"',
        ["basal.step[1].rate", "1048576", "representable"],
    ),
    ("odd strength", '"2000 ug/mL"', '"1999 ug/mL"', ["basal.step[1].rate", "representable", "rounder concentration"]),
    ("odd dose", 'dose = "20 ug"', 'dose = "20.00000001 ug"', ["bolus[1].dose", "representable", "fewer decimals"]),
    (
        "a trickle",
        'rate = "10 ug/h"',
        'rate = "3.9 ug/h"',
        ["basal.step[1].rate: 93.6 ug/day = 3.9 ug/h", "0.048 mL/day"],
    ),
    (
        "a flood",
        'rate = "10 ug/h"',
        'rate = "25 mL/day"',
        ["basal.step[1].rate: 50000 ug/day", "24 mL/day (board sim)"],
    ),
    ("bolus too fast", 'over = "10 min"', 'over = "1 s"', ["bolus: basal and bolus together", "24 mL/day (board sim)"]),
    (
        "tiny bolus",
        'dose = "20 ug"',
        'dose = "0.9 ug"',
        ["bolus[1].dose: 0.9 ug", "at least 1 ug (drug baclofen/spinal"],
    ),
    (
        "big bolus",
        'dose = "20 ug"',
        'dose = "26 ug"',
        ["bolus[1].dose: 26 ug", "limit bolus 25 ug", "from prescription"],
    ),
    (
        "the 24x recall",
        'rate = "20 ug/h"',
        'rate = "480 ug/h"',
        ["basal: 8700 ug/day = 362.5 ug/h", "limit daily 600 ug"],
    ),
    ("busy hour", 'hourly = "60 ug/h"', 'hourly = "40 ug/h"', ["bolus[1].dose: 20 ug", "limit hourly 40 ug"]),
]


@pytest.mark.req("D-01")
@pytest.mark.parametrize("old, new, fragments", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_is_refused_by_field_value_and_what_would_be_accepted(old: str, new: str, fragments: list[str], tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(FLEX, (old, new)), tmp_path)
    message = str(caught.value)
    for fragment in ["rx.toml: ", " is refused; accepted: ", *fragments]:
        assert fragment in message


def test_the_prescription_that_they_were_made_from_is_accepted(tmp_path: Path):
    assert plan(FLEX, tmp_path).findings == []
