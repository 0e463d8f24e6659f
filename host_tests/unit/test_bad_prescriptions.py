"""Malformed prescriptions: each is refused by the field that is wrong, with its value and what would be accepted."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import CONTINUOUS, FLEX, changed, plan

RATE = (
    'a dose rate with its unit (ug/day, ug/h, ug/min), like "300 ug/day" or a volume rate with '
    'its unit (nL/day, uL/day, mL/day, uL/h, mL/h, nL/s), like "0.2 mL/day", above 0'
)
TIME = 'a time with its unit (ms, us, s, min, h, day), like "10 min"'
REPRESENTABLE = "a representable value, whose microsteps share a denominator up to 1048576 with those before it"
BAD_RATES = [
    ("no unit", '"10"'),
    ("a bare number", "10"),
    ("a float", "10.5"),
    ("a TOML nan", "nan"),
    ("a TOML inf", "inf"),
    ("nan", '"nan ug/h"'),
    ("inf", '"inf ug/h"'),
    ("negative", '"-10 ug/h"'),
    ("zero rate", '"0 ug/h"'),
    ("an exponent", '"1e9 ug/h"'),
    ("a naked point", '".5 ug/h"'),
    ("a comma", '"10,5 ug/h"'),
    ("a dose for a rate", '"10 ug"'),
    ("an unknown unit", '"10 ug/week"'),
]
STEP = '\n[[basal.step]]\nstart = "{}"\nrate = "20 ug/h"\n'
MANY_STEPS = "".join(STEP.format(f"{minute // 60:02d}:{minute % 60:02d}") for minute in range(1000, 1047))
MANY_BOLUSES = "".join(
    f'\n[[bolus]]\nday = {day}\nat = "08:00"\ndose = "5 ug"\nover = "5 min"\n' for day in range(3, 50)
)

# Name, a good prescription, what is replaced in it by what, and what a user is told.
REFUSED = [
    (
        "milligrams",
        FLEX,
        [('dose = "20 ug"', 'dose = "20 mg"')],
        "bolus[1].dose: '20 mg' is refused; accepted: a dose with its unit (ug), like \"20 ug\", above 0",
    ),
    (
        "no concentration at all",
        FLEX,
        [('"2000 ug/mL"', '"0 ug/mL"')],
        (
            "drug.concentration: '0 ug/mL' is refused; accepted: a concentration with its unit (ug/mL), "
            'like "2000 ug/mL", above 0'
        ),
    ),
    (
        "too strong",
        FLEX,
        [('"2000 ug/mL"', '"2001 ug/mL"')],
        (
            "drug.concentration: '2001 ug/mL' is refused; accepted: 50 ug/mL to 2000 ug/mL (drug "
            "baclofen/spinal: label: the strongest strength sold)"
        ),
    ),
    (
        "too weak",
        FLEX,
        [('"2000 ug/mL"', '"49 ug/mL"')],
        (
            "drug.concentration: '49 ug/mL' is refused; accepted: 50 ug/mL to 2000 ug/mL (drug "
            "baclofen/spinal: label: the strength for screening, the weakest sold)"
        ),
    ),
    (
        "a strength without its unit",
        FLEX,
        [('"2000 ug/mL"', "2000")],
        (
            "drug.concentration: 2000 is refused; accepted: a concentration with its unit (ug/mL), like "
            '"2000 ug/mL", above 0'
        ),
    ),
    (
        "a strength between whole ng/mL",
        FLEX,
        [('"2000 ug/mL"', '"1999.9999 ug/mL"')],
        (
            "drug.concentration: '1999.9999 ug/mL' is refused; accepted: a whole number of ng/mL: at most"
            " 3 decimals in ug/mL"
        ),
    ),
    (
        "an unknown drug",
        FLEX,
        [('"baclofen"', '"baclofin"')],
        'drug.name: \'baclofin\' is refused; accepted: one of "baclofen" (is "baclofen" meant?)',
    ),
    (
        "an unknown profile",
        FLEX,
        [('"spinal"', '"spine"')],
        (
            'drug.profile: \'spine\' is refused; accepted: one of "spinal", "cerebral", "paediatric" (is '
            '"spinal" meant?)'
        ),
    ),
    (
        "an unknown key",
        FLEX,
        [("[reservoir]", "[reservoir]\ncolour = 1")],
        "reservoir.colour: an unknown key is refused; accepted: the keys fill",
    ),
    (
        "an unknown table",
        FLEX,
        [("[reservoir]", "[resevoir]")],
        (
            "resevoir: an unknown key is refused; accepted: the keys title, notes, drug, trial, periodic,"
            ' basal, patient_bolus, bolus, limits, reservoir, plan (is "reservoir" meant?)'
        ),
    ),
    (
        "a misspelt key",
        FLEX,
        [("over =", "ovre =")],
        'bolus[1].ovre: an unknown key is refused; accepted: the keys day, at, dose, rate, over (is "over" meant?)',
    ),
    ("no title", FLEX, [('title = "A flex day"', "")], "title: (missing) is refused; accepted: a non-empty text"),
    ("an empty title", FLEX, [('"A flex day"', '" "')], "title: ' ' is refused; accepted: a non-empty text"),
    (
        "a misspelt title",
        FLEX,
        [("title =", "tilte =")],
        'title: (missing) is refused; accepted: a non-empty text (found "tilte": is title meant?)',
    ),
    (
        "no drug",
        FLEX,
        [("[drug]", "[durg]")],
        'drug: (missing) is refused; accepted: a table [drug] (found "durg": is drug meant?)',
    ),
    (
        "no basal, and nothing else",
        CONTINUOUS,
        [('[basal]\nmode = "continuous"\nrate = "400 ug/day"\n', "")],
        "basal: (missing) is refused; accepted: a table [basal]",
    ),
    (
        "a list for a table",
        CONTINUOUS,
        [('[basal]\nmode = "continuous"\nrate = "400 ug/day"\n', '[[basal]]\nmode = "continuous"\n')],
        "basal: a list is refused; accepted: a table [basal]",
    ),
    (
        "an unknown mode",
        FLEX,
        [('mode = "flex"', 'mode = "simple"')],
        'basal.mode: \'simple\' is refused; accepted: one of "continuous", "flex", "minimum"',
    ),
    (
        "a rate beside steps",
        FLEX,
        [('mode = "flex"', 'mode = "flex"\nrate = "1 ug/h"')],
        "basal.rate: an unknown key is refused; accepted: the keys mode, weekend_step, step",
    ),
    (
        "steps of a continuous basal",
        CONTINUOUS,
        [('mode = "continuous"', 'mode = "continuous"\nstep = []')],
        "basal.step: an unknown key is refused; accepted: the keys mode, rate",
    ),
    (
        "a first step after midnight",
        FLEX,
        [('start = "00:00"', 'start = "00:30"')],
        "basal.step[1].start: '00:30' is refused; accepted: \"00:00\": the first step begins the day",
    ),
    (
        "steps out of order",
        FLEX,
        [('start = "06:00"', 'start = "00:00"')],
        "basal.step[2].start: '00:00' is refused; accepted: a time after the step before it, 00:00",
    ),
    (
        "24:00",
        FLEX,
        [('start = "06:00"', 'start = "24:00"')],
        'basal.step[2].start: \'24:00\' is refused; accepted: a time of day from "00:00" to "23:59", like "06:30"',
    ),
    (
        "a clock with seconds",
        FLEX,
        [('start = "06:00"', 'start = "06:00:30"')],
        'basal.step[2].start: \'06:00:30\' is refused; accepted: a time of day from "00:00" to "23:59", like "06:30"',
    ),
    (
        "49 steps",
        FLEX,
        [("[[bolus]]", MANY_STEPS + "\n[[bolus]]")],
        "basal.step: 49 tables is refused; accepted: 1 to 48 tables [[basal.step]]",
    ),
    (
        "49 boluses",
        FLEX,
        [("[limits]", MANY_BOLUSES + "\n[limits]")],
        "bolus: 49 tables is refused; accepted: 1 to 48 tables [[bolus]]",
    ),
    (
        "day 0",
        FLEX,
        [("day = 2", "day = 0")],
        "bolus[2].day: 0 is refused; accepted: a whole number from 1 to 366, without quotes",
    ),
    (
        "day 367",
        FLEX,
        [("day = 2", "day = 367")],
        "bolus[2].day: 367 is refused; accepted: a whole number from 1 to 366, without quotes",
    ),
    (
        "a day in quotes",
        FLEX,
        [("day = 2", 'day = "2"')],
        "bolus[2].day: '2' is refused; accepted: a whole number from 1 to 366, without quotes",
    ),
    (
        "true for a day",
        FLEX,
        [("day = 2", "day = true")],
        "bolus[2].day: True is refused; accepted: a whole number from 1 to 366, without quotes",
    ),
    (
        "rate and over",
        FLEX,
        [('over = "10 min"', 'over = "10 min"\nrate = "9 ug/h"')],
        'bolus[1].rate: both of rate and over is refused; accepted: either rate = "120 ug/h" or over = "10 min"',
    ),
    (
        "neither rate nor over",
        FLEX,
        [('over = "10 min"\n', "")],
        'bolus[1].rate: neither of rate and over is refused; accepted: either rate = "120 ug/h" or over = "10 min"',
    ),
    (
        "a misspelt rate of a bolus",
        FLEX,
        [('rate = "60 ug/h"', 'rat = "60 ug/h"')],
        'bolus[2].rat: an unknown key is refused; accepted: the keys day, at, dose, rate, over (is "rate" meant?)',
    ),
    (
        "in no time",
        FLEX,
        [('over = "10 min"', 'over = "0 min"')],
        ("bolus[1].over: '0 min' is refused; accepted: " + TIME + ", above 0"),
    ),
    (
        "over more than a day",
        FLEX,
        [('over = "10 min"', 'over = "25 h"')],
        ("bolus[1].over: '25 h' is refused; accepted: " + TIME + ", from 1 ms up to 24 h"),
    ),
    (
        "so slow that it takes more than a day",
        FLEX,
        [('rate = "60 ug/h"', 'rate = "0.4 ug/h"')],
        (
            "bolus[2].rate: '0.4 ug/h' is refused; accepted: at least 10 ug/day = ≈0.417 ug/h: a bolus "
            "takes at most 24 h"
        ),
    ),
    (
        "overlapping boluses",
        FLEX,
        [('day = 2\nat = "12:00"', 'at = "08:09"')],
        (
            "bolus[2].at: day 1 08:09 is refused; accepted: a time 1 min after the bolus before it has "
            "ended, day 1 08:11 or later"
        ),
    ),
    (
        "boluses too close",
        FLEX,
        [('day = 2\nat = "12:00"', 'at = "08:10"')],
        (
            "bolus[2].at: day 1 08:10 is refused; accepted: a time 1 min after the bolus before it has "
            "ended, day 1 08:11 or later"
        ),
    ),
    (
        "boluses out of order",
        FLEX,
        [('[[bolus]]\nat = "08:00"', '[[bolus]]\nday = 3\nat = "08:00"')],
        (
            "bolus[2].at: day 2 12:00 is refused; accepted: a time 1 min after the bolus before it has "
            "ended, day 3 08:11 or later"
        ),
    ),
    (
        "a daily limit per hour",
        FLEX,
        [('daily = "600 ug/day"', 'daily = "60 ug/h"')],
        (
            "limits.daily: '60 ug/h' is refused; accepted: a dose in any 24 h with its unit (ug/day), "
            'like "500 ug/day", above 0'
        ),
    ),
    (
        "an hourly limit per day",
        FLEX,
        [('hourly = "60 ug/h"', 'hourly = "60 ug/day"')],
        (
            "limits.hourly: '60 ug/day' is refused; accepted: a dose in any hour with its unit (ug/h), "
            'like "60 ug/h", above 0'
        ),
    ),
    (
        "a limit of nothing",
        FLEX,
        [('bolus = "25 ug"', 'bolus = "0 ug"')],
        "limits.bolus: '0 ug' is refused; accepted: a dose with its unit (ug), like \"20 ug\", above 0",
    ),
    (
        "an unknown limit",
        FLEX,
        [('bolus = "25 ug"', 'weekly = "25 ug"')],
        "limits.weekly: an unknown key is refused; accepted: the keys daily, hourly, bolus",
    ),
    (
        "a fill without unit",
        FLEX,
        [('fill = "18 mL"', "fill = 18")],
        'reservoir.fill: 18 is refused; accepted: a volume with its unit (nL, uL, mL), like "18 mL", above 0',
    ),
    (
        "many decimals",
        FLEX,
        [('rate = "10 ug/h"', 'rate = "10.000000001 ug/h"')],
        (
            "basal.step[1].rate: '240000000024/8674375' microsteps is refused; accepted: "
            + REPRESENTABLE
            + " (here 8674375): use fewer decimals or a rounder concentration"
        ),
    ),
    (
        "an odd strength",
        FLEX,
        [('"2000 ug/mL"', '"1999 ug/mL"')],
        (
            "basal.step[1].rate: '768000000000/27744121' microsteps is refused; accepted: "
            + REPRESENTABLE
            + " (here 27744121): use fewer decimals or a rounder concentration"
        ),
    ),
    (
        "an odd dose",
        FLEX,
        [('dose = "20 ug"', 'dose = "20.00000001 ug"')],
        (
            "bolus[1].dose: '4000000002/1734875' microsteps is refused; accepted: "
            + REPRESENTABLE
            + " (here 1734875): use fewer decimals or a rounder concentration"
        ),
    ),
]


@pytest.mark.req("D-01")
@pytest.mark.parametrize("text, changes, message", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_is_refused_in_these_words(text: str, changes: list[tuple[str, str]], message: str, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(text, *changes), tmp_path)
    assert str(caught.value) == f"rx.toml: {message}"


@pytest.mark.req("D-01")
@pytest.mark.parametrize("rate", [case[1] for case in BAD_RATES], ids=[case[0] for case in BAD_RATES])
def test_a_rate_that_is_none_is_refused(rate: str, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(FLEX, ('rate = "10 ug/h"', f"rate = {rate}")), tmp_path)
    found = rate.replace('"', "'")
    assert str(caught.value) == f"rx.toml: basal.step[1].rate: {found} is refused; accepted: {RATE}"


def test_the_prescription_that_most_were_made_from_is_accepted(tmp_path: Path):
    assert plan(FLEX, tmp_path).findings == []


def test_there_are_enough_of_them():
    assert len({case[0] for case in [*BAD_RATES, *REFUSED]}) == len(BAD_RATES) + len(REFUSED) >= 60
