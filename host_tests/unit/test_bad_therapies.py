"""Therapies that cannot be meant: each is refused by field, value and what would be accepted."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import CONTINUOUS, changed, example, from_first, plan

RATE = (
    'a dose rate with its unit (ug/day, ug/h, ug/min), like "300 ug/day" or a volume rate with '
    'its unit (nL/day, uL/day, mL/day, uL/h, mL/h, nL/s), like "0.2 mL/day", above 0'
)
TIME = 'a time with its unit (ms, us, s, min, h, day), like "10 min"'
REPRESENTABLE = "a representable value, whose microsteps share a denominator up to 1048576 with those before it"

# Name, a good prescription, what is replaced in it by what, and what a user is told.
REFUSED = [
    (
        "the weekend from 07:30 on",
        example("weekend"),
        [('[[basal.weekend_step]]\nstart = "00:00"', '[[basal.weekend_step]]\nstart = "07:30"')],
        "basal.weekend_step[1].start: '07:30' is refused; accepted: \"00:00\": the first step begins the day",
    ),
    (
        "a weekend out of order",
        example("weekend"),
        [('start = "11:00"', 'start = "07:30"')],
        "basal.weekend_step[3].start: '07:30' is refused; accepted: a time after the step before it, 07:30",
    ),
    (
        "a weekend without weekdays",
        example("weekend"),
        [("[[basal.step]]", "[[basal.stpe]]")],
        "basal.step[1].start: '05:30' is refused; accepted: \"00:00\": the first step begins the day",
    ),
    (
        "a continuous weekend",
        CONTINUOUS,
        [('rate = "400 ug/day"', 'rate = "400 ug/day"\n\n[[basal.weekend_step]]\nstart = "00:00"\nrate = "10 ug/h"')],
        "basal.weekend_step: an unknown key is refused; accepted: the keys mode, rate",
    ),
    (
        "a weekend rate without unit",
        example("weekend"),
        [('rate = "16 ug/h"', 'rate = "16"')],
        ("basal.weekend_step[2].rate: '16' is refused; accepted: " + RATE),
    ),
    (
        "a rate of the minimum",
        example("minimum-rate"),
        [('mode = "minimum"', 'mode = "minimum"\nrate = "0.1 mL/day"')],
        "basal.rate: an unknown key is refused; accepted: the keys mode",
    ),
    (
        "periodic without an interval",
        example("periodic-bolus"),
        [('every = "3 h"\n', "")],
        ("periodic.every: (missing) is refused; accepted: " + TIME),
    ),
    (
        "an interval that 24 h do not hold",
        example("periodic-bolus"),
        [('every = "3 h"', 'every = "7 h"')],
        (
            "periodic.every: '7 h' is refused; accepted: an interval that divides 24 h evenly, like \"30 "
            'min", "1 h", "90 min" or "6 h"'
        ),
    ),
    (
        "an interval that is too short",
        example("periodic-bolus"),
        [('every = "3 h"', 'every = "29 min"')],
        ("periodic.every: '29 min' is refused; accepted: " + TIME + ", from 30 min up to 24 h"),
    ),
    (
        "an interval of days",
        example("periodic-bolus"),
        [('every = "3 h"', 'every = "2 day"')],
        ("periodic.every: '2 day' is refused; accepted: " + TIME + ", from 30 min up to 24 h"),
    ),
    (
        "a first one after the second",
        example("periodic-bolus"),
        [('first = "00:30"', 'first = "03:00"')],
        "periodic.first: '03:00' is refused; accepted: a time before 03:00, within the first interval of the day",
    ),
    (
        "a periodic bolus past midnight",
        example("periodic-bolus"),
        [('first = "00:30"', 'first = "02:56"')],
        "periodic.over: a bolus of 5 min is refused; accepted: one of at most 4 min, which ends by midnight",
    ),
    (
        "a periodic bolus without a pause",
        example("periodic-with-basal"),
        [('rate = "156 ug/h"', 'over = "2 h"')],
        (
            "periodic.over: a bolus of 120 min is refused; accepted: one of less than 120 min, which ends"
            " before the next begins"
        ),
    ),
    (
        "a periodic bolus of all the time",
        example("periodic-with-basal"),
        [('rate = "156 ug/h"', 'rate = "6 ug/h"')],
        (
            "periodic.rate: a bolus of 130 min is refused; accepted: one of less than 120 min, which ends"
            " before the next begins"
        ),
    ),
    (
        "periodic by rate and by time",
        example("periodic-bolus"),
        [('over = "5 min"', 'over = "5 min"\nrate = "480 ug/h"')],
        'periodic.rate: both of rate and over is refused; accepted: either rate = "120 ug/h" or over = "10 min"',
    ),
    (
        "a periodic dose of nothing",
        example("periodic-bolus"),
        [('dose = "40 ug"', 'dose = "0 ug"')],
        "periodic.dose: '0 ug' is refused; accepted: a dose with its unit (ug), like \"20 ug\", above 0",
    ),
    (
        "a periodic bolus that ends between milliseconds",
        example("periodic-with-basal"),
        [('rate = "156 ug/h"', 'rate = "157 ug/h"')],
        (
            "periodic.dose: '28528512000000/31824547' microsteps is refused; accepted: "
            + REPRESENTABLE
            + " (here 31824547): use fewer decimals or a rounder concentration"
        ),
    ),
    (
        "more rows than a day can have",
        example("forty-eight-steps"),
        [("[basal]", '[periodic]\ndose = "1 ug"\nover = "7 min"\nfirst = "00:05"\nevery = "30 min"\n\n[basal]')],
        (
            "periodic.every: 48 boluses over 48 steps of the basal, which are 144 rows of the day is "
            "refused; accepted: a longer interval or fewer steps of the basal: at most 96 rows"
        ),
    ),
    (
        "a patient bolus without lockout",
        example("patient-bolus"),
        [('lockout = "4 h"\n', "")],
        ("patient_bolus.lockout: (missing) is refused; accepted: " + TIME),
    ),
    (
        "a lockout of seconds",
        example("patient-bolus"),
        [('lockout = "4 h"', 'lockout = "59 s"')],
        ("patient_bolus.lockout: '59 s' is refused; accepted: " + TIME + ", from 1 min up to 24 h"),
    ),
    (
        "a lockout of more than a day",
        example("patient-bolus"),
        [('lockout = "4 h"', 'lockout = "25 h"')],
        ("patient_bolus.lockout: '25 h' is refused; accepted: " + TIME + ", from 1 min up to 24 h"),
    ),
    (
        "a lockout shorter than the bolus",
        example("patient-bolus"),
        [('lockout = "4 h"', 'lockout = "9 min"')],
        "patient_bolus.lockout: '9 min' is refused; accepted: at least as long as the bolus itself takes, 10 min",
    ),
    (
        "no bolus a day",
        example("patient-bolus"),
        [("per_day = 4", "per_day = 0")],
        "patient_bolus.per_day: 0 is refused; accepted: a whole number from 1 to 48, without quotes",
    ),
    (
        "49 boluses a day",
        example("patient-bolus"),
        [("per_day = 4", "per_day = 49")],
        "patient_bolus.per_day: 49 is refused; accepted: a whole number from 1 to 48, without quotes",
    ),
    (
        "no maximum a day",
        example("patient-bolus"),
        [("per_day = 4\n", "")],
        "patient_bolus.per_day: (missing) is refused; accepted: a whole number from 1 to 48, without quotes",
    ),
    (
        "half a bolus a day",
        example("patient-bolus"),
        [("per_day = 4", "per_day = 0.5")],
        "patient_bolus.per_day: 0.5 is refused; accepted: a whole number from 1 to 48, without quotes",
    ),
    (
        "a patient bolus by rate and by time",
        example("patient-bolus"),
        [('over = "10 min"', 'over = "10 min"\nrate = "60 ug/h"')],
        'patient_bolus.rate: both of rate and over is refused; accepted: either rate = "120 ug/h" or over = "10 min"',
    ),
    (
        "two patient boluses",
        example("patient-bolus"),
        [("[patient_bolus]", "[[patient_bolus]]")],
        "patient_bolus: a list is refused; accepted: a table [patient_bolus]",
    ),
    (
        "a patient bolus at a time",
        example("patient-bolus"),
        [("per_day = 4", 'per_day = 4\nat = "08:00"')],
        (
            "patient_bolus.at: an unknown key is refused; accepted: the keys dose, rate, over, lockout, "
            'per_day (is "rate" meant?)'
        ),
    ),
    (
        "a trial with a basal",
        example("screening-trial"),
        [("[[trial.step]]", '[basal]\nmode = "continuous"\nrate = "100 ug/day"\n\n[[trial.step]]')],
        (
            "basal: a table is refused; accepted: no basal beside a trial: a screening trial is given "
            "alone, step by step"
        ),
    ),
    (
        "a trial with a patient bolus",
        example("screening-trial"),
        [
            (
                "[[trial.step]]",
                '[patient_bolus]\ndose = "5 ug"\nover = "5 min"\nlockout = "4 h"\nper_day = 1\n\n[[trial.step]]',
            )
        ],
        (
            "patient_bolus: a table is refused; accepted: no patient_bolus beside a trial: a screening "
            "trial is given alone, step by step"
        ),
    ),
    (
        "a trial with a bolus at a time",
        example("screening-trial"),
        [("[[trial.step]]", '[[bolus]]\nat = "08:00"\ndose = "5 ug"\nover = "5 min"\n\n[[trial.step]]')],
        "bolus: a list is refused; accepted: no bolus beside a trial: a screening trial is given alone, step by step",
    ),
    (
        "a trial that does not rise",
        example("screening-trial"),
        [('dose = "75 ug"', 'dose = "50 ug"')],
        "trial.step[2].dose: '50 ug' is refused; accepted: more than the step before it, 50 ug",
    ),
    (
        "a trial of four steps",
        example("screening-trial"),
        [("[[trial.step]]", '[[trial.step]]\ndose = "25 ug"\nover = "10 min"\n\n[[trial.step]]')],
        "trial.step: 4 tables is refused; accepted: 1 to 3 tables [[trial.step]]",
    ),
    (
        "a trial of no steps",
        example("screening-trial"),
        [(from_first(example("screening-trial"), "[[trial.step]]"), "[trial]\nstep = []\n")],
        "trial.step: 0 tables is refused; accepted: 1 to 3 tables [[trial.step]]",
    ),
    (
        "a trial at times of its own",
        example("screening-trial"),
        [('dose = "50 ug"', 'dose = "50 ug"\nat = "08:00"')],
        'trial.step[1].at: an unknown key is refused; accepted: the keys dose, rate, over (is "rate" meant?)',
    ),
]


@pytest.mark.req("D-01")
@pytest.mark.parametrize("text, changes, message", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_is_refused_in_these_words(text: str, changes: list[tuple[str, str]], message: str, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(text, *changes), tmp_path)
    assert str(caught.value) == f"rx.toml: {message}"
