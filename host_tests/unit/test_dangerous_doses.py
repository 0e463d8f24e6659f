"""Single doses beyond a hard limit: the refusal names the limit and its source."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import FLEX, changed, example, plan

RATES = "0.048 mL/day to 24 mL/day (board sim), at this concentration 96 to 48000 ug/day"

# Name, a good prescription, what is replaced in it by what, and what a user is told.
REFUSED = [
    (
        "a bolus too fast for the motor",
        FLEX,
        [('over = "10 min"', 'over = "1 s"')],
        (
            ("bolus[1]: basal and bolus together 1728480 ug/day = 72020 ug/h = 864.24 mL/day is refused; accepted: ")
            + RATES
        ),
    ),
    (
        "a tiny bolus",
        FLEX,
        [('dose = "20 ug"', 'dose = "0.9 ug"')],
        "bolus[1].dose: 0.9 ug is refused; accepted: at least 1 ug (drug baclofen/spinal: project default)",
    ),
    (
        "a bolus above the prescriber's own limit",
        FLEX,
        [('dose = "20 ug"', 'dose = "26 ug"')],
        (
            "bolus[1].dose: 26 ug is refused; accepted: at most 25 ug (limit bolus 25 ug = 0.0125 mL "
            "from prescription: rx.toml: limits.bolus)"
        ),
    ),
    (
        "a bolus above the drug's",
        FLEX,
        [
            ('dose = "20 ug"\nover = "10 min"', 'dose = "120 ug"\nover = "1 h"'),
            ('bolus = "25 ug"\n', ""),
            ('hourly = "60 ug/h"\n', ""),
        ],
        (
            "bolus[1].dose: 120 ug is refused; accepted: at most 100 ug (limit bolus 100 ug = 0.05 mL "
            "from drug baclofen/spinal: label: largest screening bolus)"
        ),
    ),
    (
        "a periodic dose above the drug's",
        example("periodic-bolus"),
        [
            ('dose = "40 ug"', 'dose = "110 ug"'),
            ('every = "3 h"', 'every = "6 h"'),
            ('over = "5 min"', 'over = "30 min"'),
            ('hourly = "50 ug/h"\n', ""),
        ],
        (
            "periodic.dose: 110 ug is refused; accepted: at most 100 ug (limit bolus 100 ug = 0.05 mL "
            "from drug baclofen/spinal: label: largest screening bolus)"
        ),
    ),
    (
        "a tiny periodic dose",
        example("periodic-bolus"),
        [('dose = "40 ug"', 'dose = "0.5 ug"'), ('every = "3 h"', 'every = "30 min"'), ('first = "00:30"\n', "")],
        "periodic.dose: 0.5 ug is refused; accepted: at least 1 ug (drug baclofen/spinal: project default)",
    ),
    (
        "a periodic bolus too fast for the motor",
        example("periodic-bolus"),
        [('over = "5 min"', 'over = "1 min"')],
        ("periodic: 57600 ug/day = 2400 ug/h = 28.8 mL/day is refused; accepted: " + RATES),
    ),
    (
        "a periodic bolus too slow for the motor",
        example("periodic-bolus"),
        [('over = "5 min"', 'over = "2 h"'), ('dose = "40 ug"', 'dose = "7 ug"')],
        ("periodic: 84 ug/day = 3.5 ug/h = 0.042 mL/day is refused; accepted: " + RATES),
    ),
    (
        "periodic doses above the daily limit",
        example("periodic-bolus"),
        [('every = "3 h"', 'every = "2 h"')],
        (
            "periodic: 480 ug/day = 20 ug/h = 0.24 mL/day is refused; accepted: a daily total of at most "
            "393.433 ug/day in this shape; the 1441 min from day 1 00:30 hold 488.003 ug and may hold "
            "399.992 ug (limit daily 400 ug = 0.2 mL from prescription: rx.toml: limits.daily)"
        ),
    ),
    (
        "periodic doses above the hourly limit",
        example("periodic-bolus"),
        [
            ('every = "3 h"', 'every = "1 h"'),
            ('dose = "40 ug"', 'dose = "27 ug"'),
            ('daily = "400 ug/day"\n', ""),
            ('hourly = "50 ug/h"', 'hourly = "30 ug/h"'),
        ],
        (
            "periodic: 648 ug/day = 27 ug/h = 0.324 mL/day is refused; accepted: a daily total of at most"
            " 599.886 ug/day in this shape; the 61 min from day 1 00:30 hold 32.402 ug and may hold "
            "29.995 ug (limit hourly 30 ug = 0.015 mL from prescription: rx.toml: limits.hourly)"
        ),
    ),
    (
        "periodic doses below the lowest maintenance dose",
        example("periodic-bolus"),
        [('dose = "40 ug"', 'dose = "1 ug"'), ('every = "3 h"', 'every = "6 h"')],
        (
            "periodic: 4 ug/day = ≈0.167 ug/h = 0.002 mL/day is refused; accepted: a daily total of at "
            "least 12 ug/day (drug baclofen/spinal: label: lowest maintenance dose, spinal origin)"
        ),
    ),
    (
        "basal and pulses above the daily limit",
        example("periodic-with-basal"),
        [('dose = "13 ug"\nrate = "156 ug/h"', 'dose = "20 ug"\nrate = "240 ug/h"')],
        (
            "basal: 396 ug/day = 16.5 ug/h = 0.396 mL/day is refused; accepted: a daily total of at most "
            "346.388 ug/day in this shape; the 1441 min from day 1 06:00 hold 400.127 ug and may hold "
            "349.998 ug (limit daily 350 ug = 0.35 mL from prescription: rx.toml: limits.daily)"
        ),
    ),
    (
        "a patient bolus above the bolus limit",
        example("patient-bolus"),
        [('dose = "10 ug"', 'dose = "13 ug"')],
        (
            "patient_bolus.dose: 13 ug is refused; accepted: at most 12 ug (limit bolus 12 ug = 0.006 mL "
            "from prescription: rx.toml: limits.bolus)"
        ),
    ),
    (
        "a tiny patient bolus",
        example("patient-bolus"),
        [('dose = "10 ug"', 'dose = "0.9 ug"')],
        "patient_bolus.dose: 0.9 ug is refused; accepted: at least 1 ug (drug baclofen/spinal: project default)",
    ),
    (
        "a patient bolus too fast for the motor",
        example("patient-bolus"),
        [('over = "10 min"', 'over = "1 s"')],
        (
            (
                "patient_bolus: basal and bolus together 864336 ug/day = 36014 ug/h = 432.168 mL/day is "
                "refused; accepted: "
            )
            + RATES
        ),
    ),
    (
        "a trial above the ladder",
        example("screening-trial"),
        [('dose = "50 ug"', 'dose = "60 ug"')],
        (
            "trial.step[1].dose: 60 ug is refused; accepted: at most 50 ug as step 1 (drug "
            "baclofen/spinal: D-15; label: first screening bolus)"
        ),
    ),
    (
        "a trial that begins with its second dose",
        example("screening-trial"),
        [('[[trial.step]]\ndose = "50 ug"\nover = "10 min"\n\n', "")],
        (
            "trial.step[1].dose: 75 ug is refused; accepted: at most 50 ug as step 1 (drug "
            "baclofen/spinal: D-15; label: first screening bolus)"
        ),
    ),
    (
        "a trial above 100 ug",
        example("screening-trial"),
        [('dose = "100 ug"', 'dose = "101 ug"')],
        (
            "trial.step[3].dose: 101 ug is refused; accepted: at most 100 ug (limit bolus 100 ug = 0.05 "
            "mL from drug baclofen/spinal: label: largest screening bolus)"
        ),
    ),
    (
        "a child's trial of 75 ug",
        example("screening-trial"),
        [('"spinal"', '"paediatric"')],
        (
            "trial.step[2].dose: 75 ug is refused; accepted: at most 50 ug (limit bolus 50 ug = 0.025 mL "
            "from drug baclofen/paediatric: project default: the label's usual first screening bolus)"
        ),
    ),
    (
        "a trial that the prescriber's own limit cuts off",
        example("screening-trial"),
        [("[[trial.step]]", '[limits]\nbolus = "60 ug"\n\n[[trial.step]]')],
        (
            "trial.step[2].dose: 75 ug is refused; accepted: at most 60 ug (limit bolus 60 ug = 0.03 mL "
            "from prescription: rx.toml: limits.bolus)"
        ),
    ),
    (
        "a trial above the daily limit, two steps in a day",
        example("screening-trial"),
        [("[[trial.step]]", '[limits]\ndaily = "60 ug/day"\n\n[[trial.step]]')],
        (
            "trial.step[2].dose: 75 ug is refused; accepted: at most 9.931 ug; apart from it the 1441 min"
            " from day 1 00:00 hold 50 ug and may hold 59.991 ug (limit daily 60 ug = 0.03 mL from "
            "prescription: rx.toml: limits.daily)"
        ),
    ),
    (
        "a trial step too fast for the motor",
        example("screening-trial"),
        [('over = "10 min"', 'over = "1 min"')],
        (
            ("trial.step[1]: basal and bolus together 72000 ug/day = 3000 ug/h = 36 mL/day is refused; accepted: ")
            + RATES
        ),
    ),
]


@pytest.mark.req("D-02", "D-03", "D-15")
@pytest.mark.parametrize("text, changes, message", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_is_refused_in_these_words(text: str, changes: list[tuple[str, str]], message: str, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(text, *changes), tmp_path)
    assert str(caught.value) == f"rx.toml: {message}"
