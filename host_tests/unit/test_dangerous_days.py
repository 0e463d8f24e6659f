"""Days beyond a hard limit, or too far from the day before: the refusal names the limit and its source."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import CONTINUOUS, FLEX, changed, example, plan

RATES = "0.048 mL/day to 24 mL/day (board sim), at this concentration 96 to 48000 ug/day"
RISE_SPINAL = "(drug baclofen/spinal: D-05; label: 10-30 % at a time, once in 24 h, spinal origin)"

# Name, a good prescription, what is replaced in it by what, and what a user is told.
REFUSED = [
    (
        "a day's dose entered as an hour's, the 24x recall",
        CONTINUOUS,
        [('"400 ug/day"', '"60 ug/h"')],
        (
            "basal: 1440 ug/day = 60 ug/h = 0.72 mL/day is refused; accepted: a daily total of at most "
            "999.305 ug/day in this shape; the 1441 min from day 1 00:00 hold 1441.001 ug and may hold "
            "999.999 ug (limit daily 1000 ug = 0.5 mL from drug baclofen/spinal: D-04; label: little "
            "experience above 1000 ug/day)"
        ),
    ),
    (
        "a flex step entered per hour instead of per day",
        FLEX,
        [('rate = "20 ug/h"', 'rate = "480 ug/h"')],
        (
            "basal: 8700 ug/day = 362.5 ug/h = 4.35 mL/day is refused; accepted: a daily total of at most"
            " 599.446 ug/day in this shape; the 1441 min from day 1 06:00 hold 8708.003 ug and may hold "
            "599.997 ug (limit daily 600 ug = 0.3 mL from prescription: rx.toml: limits.daily)"
        ),
    ),
    (
        "milligrams taken for micrograms by volume",
        CONTINUOUS,
        [('"400 ug/day"', '"20 mL/day"')],
        (
            "basal: 40000 ug/day = ≈1666.667 ug/h = 20 mL/day is refused; accepted: a daily total of at "
            "most 999.305 ug/day in this shape; the 1441 min from day 1 00:00 hold 40027.788 ug and may "
            "hold 999.999 ug (limit daily 1000 ug = 0.5 mL from drug baclofen/spinal: D-04; label: little"
            " experience above 1000 ug/day)"
        ),
    ),
    (
        "above 1000 ug/day",
        CONTINUOUS,
        [('"400 ug/day"', '"1000 ug/day"')],
        (
            "basal: 1000 ug/day = ≈41.667 ug/h = 0.5 mL/day is refused; accepted: a daily total of at "
            "most 999.305 ug/day in this shape; the 1441 min from day 1 00:00 hold 1000.695 ug and may "
            "hold 999.999 ug (limit daily 1000 ug = 0.5 mL from drug baclofen/spinal: D-04; label: little"
            " experience above 1000 ug/day)"
        ),
    ),
    (
        "a trickle",
        FLEX,
        [('rate = "10 ug/h"', 'rate = "3.9 ug/h"')],
        ("basal.step[1].rate: 93.6 ug/day = 3.9 ug/h = 0.0468 mL/day is refused; accepted: " + RATES),
    ),
    (
        "a flood",
        FLEX,
        [('rate = "10 ug/h"', 'rate = "25 mL/day"')],
        ("basal.step[1].rate: 50000 ug/day = ≈2083.333 ug/h = 25 mL/day is refused; accepted: " + RATES),
    ),
    (
        "a busy hour",
        FLEX,
        [('hourly = "60 ug/h"', 'hourly = "40 ug/h"')],
        (
            "bolus[1].dose: 20 ug is refused; accepted: at most 19.603 ug; apart from it the 61 min from "
            "day 1 06:59 hold 20.334 ug and may hold 39.997 ug (limit hourly 40 ug = 0.02 mL from "
            "prescription: rx.toml: limits.hourly)"
        ),
    ),
    (
        "below the lowest maintenance dose",
        example("minimum-rate"),
        [('mode = "minimum"', 'mode = "continuous"\nrate = "0.05 mL/day"'), ('"2000 ug/mL"', '"200 ug/mL"')],
        (
            "basal: 10 ug/day = ≈0.417 ug/h = 0.05 mL/day is refused; accepted: a daily total of at least"
            " 12 ug/day (drug baclofen/spinal: label: lowest maintenance dose, spinal origin)"
        ),
    ),
    (
        "overfill",
        FLEX,
        [('fill = "18 mL"', 'fill = "20.001 mL"')],
        (
            "reservoir.fill: 20.001 mL is refused; accepted: at least 0.300008 mL, a microstep more than "
            "the residual 0.3 mL, up to 20 mL (board sim)"
        ),
    ),
    (
        "a dry reservoir",
        FLEX,
        [('fill = "18 mL"', 'fill = "0.3 mL"')],
        (
            "reservoir.fill: 0.3 mL is refused; accepted: at least 0.300008 mL, a microstep more than the"
            " residual 0.3 mL, up to 20 mL (board sim)"
        ),
    ),
    (
        "a weekend above the daily limit",
        example("weekend"),
        [('rate = "13 ug/h"', 'rate = "15.4 ug/h"'), ('daily = "400 ug/day"', 'daily = "312 ug/day"')],
        (
            "basal.weekend_step: 312.5 ug/day = ≈13.021 ug/h = 0.15625 mL/day is refused; accepted: a "
            "daily total of at most 290.38 ug/day in this shape; the 1441 min from 08:59 on a weekend day"
            " hold 335.767 ug and may hold 311.999 ug (limit daily 312 ug = 0.156 mL from prescription: "
            "rx.toml: limits.daily)"
        ),
    ),
    (
        "a weekend hour above the hourly limit",
        example("weekend"),
        [('rate = "16 ug/h"', 'rate = "26 ug/h"')],
        (
            "basal.weekend_step: 317.5 ug/day = ≈13.229 ug/h = 0.15875 mL/day is refused; accepted: a "
            "daily total of at most 300.276 ug/day in this shape; the 61 min from 07:30 on a weekend day "
            "hold 26.434 ug and may hold 24.999 ug (limit hourly 25 ug = 0.0125 mL from prescription: "
            "rx.toml: limits.hourly)"
        ),
    ),
    (
        "a weekday after a weekend above the daily limit",
        example("weekend"),
        [('daily = "400 ug/day"', 'daily = "300 ug/day"')],
        (
            "basal: 294 ug/day = 12.25 ug/h = 0.147 mL/day is refused; accepted: a daily total of at most"
            " 288.449 ug/day in this shape; the 1441 min from 08:59 on a weekend day hold 305.767 ug and "
            "may hold 299.994 ug (limit daily 300 ug = 0.15 mL from prescription: rx.toml: limits.daily)"
        ),
    ),
    (
        "a weekend that rises by more than 30 %",
        example("weekend"),
        [('rate = "13 ug/h"', 'rate = "22 ug/h"'), ('daily = "400 ug/day"\n', "")],
        (
            (
                "basal.weekend_step: a rise by ≈34.35 % from 294 ug/day to 395 ug/day from a weekday to a "
                "weekend day is refused; accepted: a rise of at most 30 % within 24 h, to 382.2 ug/day "
            )
            + RISE_SPINAL
        ),
    ),
    (
        "a Monday that rises by more than 30 %",
        example("weekend"),
        [('rate = "13 ug/h"', 'rate = "6 ug/h"')],
        (
            (
                "basal.weekend_step: a rise by ≈50.77 % from 195 ug/day to 294 ug/day from a weekend day to a"
                " weekday is refused; accepted: a rise of at most 30 % within 24 h, to 253.5 ug/day "
            )
            + RISE_SPINAL
        ),
    ),
    (
        "a weekend step below the pump's lowest rate",
        example("weekend"),
        [('rate = "13 ug/h"', 'rate = "3 ug/h"')],
        ("basal.weekend_step[3].rate: 72 ug/day = 3 ug/h = 0.036 mL/day is refused; accepted: " + RATES),
    ),
    (
        "a titration that rises by more than 30 %",
        example("titration"),
        [('daily = "120 ug/day"', 'daily = "131 ug/day"')],
        (
            (
                "plan.stage[1].daily: a rise by 31 % from 100 ug/day to 131 ug/day with day 4 is refused; "
                "accepted: a rise of at most 30 % within 24 h, to 130 ug/day "
            )
            + RISE_SPINAL
        ),
    ),
    (
        "a cerebral titration that rises by more than 15 %",
        example("titration"),
        [('"spinal"', '"cerebral"')],
        (
            "plan.stage[1].daily: a rise by 20 % from 100 ug/day to 120 ug/day with day 4 is refused; "
            "accepted: a rise of at most 15 % within 24 h, to 115 ug/day (drug baclofen/cerebral: D-05; "
            "label: 5-15 % at a time, once in 24 h, cerebral origin)"
        ),
    ),
    (
        "a child's titration that rises by more than 15 %",
        example("titration"),
        [('"spinal"', '"paediatric"')],
        (
            "plan.stage[1].daily: a rise by 20 % from 100 ug/day to 120 ug/day with day 4 is refused; "
            "accepted: a rise of at most 15 % within 24 h, to 115 ug/day (drug baclofen/paediatric: D-05;"
            " label: 5-15 % at a time, once in 24 h, paediatric patients)"
        ),
    ),
    (
        "a titration above the daily limit",
        example("titration"),
        [('daily = "220 ug/day"', 'daily = "231 ug/day"')],
        (
            "plan.stage[5].daily: 231 ug/day = 9.625 ug/h = 0.231 mL/day is refused; accepted: a daily "
            "total of at most 229.824 ug/day in this shape; the 1441 min from 06:00 on day 16 or later "
            "hold 231.174 ug and may hold 229.996 ug (limit daily 230 ug = 0.23 mL from prescription: "
            "rx.toml: limits.daily)"
        ),
    ),
    (
        "a taper below the pump's lowest rate",
        example("taper"),
        [('daily = "10 %"', 'daily = "20 ug/day"')],
        (
            "plan.stage[5].daily: 20 ug/day = ≈0.833 ug/h = 0.04 mL/day is refused; accepted: 0.048 "
            "mL/day to 24 mL/day (board sim), at this concentration 24 to 12000 ug/day"
        ),
    ),
    (
        "a stage that a weekend takes above the rise",
        example("weekend"),
        [
            (
                '[limits]\ndaily = "400 ug/day"',
                '[plan]\nkind = "titration"\n\n[[plan.stage]]\nfrom_day = 4\ndaily = "126 %"\n\n[limits]',
            )
        ],
        (
            (
                "plan.stage[1].daily: a rise by ≈31.13 % from 282.5 ug/day to 370.44 ug/day with day 4, from "
                "a weekend day to a weekday is refused; accepted: a rise of at most 30 % within 24 h, to "
                "367.25 ug/day "
            )
            + RISE_SPINAL
        ),
    ),
]


@pytest.mark.req("D-02", "D-03", "D-05")
@pytest.mark.parametrize("text, changes, message", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_is_refused_in_these_words(text: str, changes: list[tuple[str, str]], message: str, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(text, *changes), tmp_path)
    assert str(caught.value) == f"rx.toml: {message}"
